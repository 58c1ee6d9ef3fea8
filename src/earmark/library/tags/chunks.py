"""The tags of WAV and AIFF: an ID3v2 in a chunk of its own; the genre also in the INFO of a WAV that has such a list.

INFO has one text a name, so that several genres are joined by "; " there. Into a new ID3v2 title and the like of the
INFO are copied, as players that find an ID3v2 do not ask further. RF64 (EBU Tech 3306) is as WAV.
"""

import hashlib
from dataclasses import dataclass

from earmark.errors import TagError
from earmark.library.tags.edits import Edit, growth
from earmark.library.tags.held import GENRE, JOINER, Source, Tags, Values, texts_of
from earmark.library.tags.id3 import Id3, made_tag, places_in, read_id3

_LONG = (b"RF64", b"BW64")
_FORMS = (*((name, b"WAVE") for name in (b"RIFF", *_LONG)), (b"FORM", b"AIFF"), (b"FORM", b"AIFC"))
_ID3_NAMES = (b"id3 ", b"ID3 ")
_SOUND = (b"data", b"SSND")
_LIST, _INFO, _INFO_GENRE = b"LIST", b"INFO", b"IGNR"
_INFO_FRAMES = {
    b"INAM": "TIT2",
    b"IART": "TPE1",
    b"IPRD": "TALB",
    b"ICRD": "TDRC",
    b"ITRK": "TRCK",
    b"IPRT": "TRCK",
    b"ICMT": "COMM",
}
_UNKNOWN_BYTES = 0xFFFF_FFFF
_HEAD_BYTES = 8
_SHORT_BYTES = 1 << 16  # up to here a chunk is compared by its bytes, a longer one by their hash
_MOST_CHUNKS = 100_000


@dataclass(frozen=True, slots=True)
class Chunk:
    """One chunk: its name, its place, and how many bytes are in it; `padded` where one more stands behind."""

    name: bytes
    start: int
    size_bytes: int
    padded: bool

    @property
    def inside(self) -> int:
        """Where what it holds begins."""
        return self.start + _HEAD_BYTES

    @property
    def end(self) -> int:
        """Where what it holds ends."""
        return self.inside + self.size_bytes

    @property
    def after(self) -> int:
        """Where the next one begins."""
        return self.end + self.padded


@dataclass(frozen=True)
class ChunkTags:
    """As of `Tags`. `order` is that of bytes, `chunks` are all, `id3` and `info` those with tags."""

    source: Source
    order: str
    chunks: tuple[Chunk, ...]
    id3: tuple[Chunk, Id3] | None
    info: tuple[Chunk, tuple[Chunk, ...]] | None

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """As of `Tags`."""
        named = [chunk for chunk in self.info[1] if chunk.name == _INFO_GENRE] if self.info else []
        texts = tuple(part for chunk in named for part in _text(self.source, chunk).split(";"))
        return texts_of({GENRE: texts}) | (self.id3[1].fields if self.id3 else {})

    @property
    def places(self) -> dict[str, str]:
        """As of `Tags`."""
        found = dict(self.id3[1].places if self.id3 else places_in(4))
        return found | ({GENRE: f"{found[GENRE]}, IGNR (INFO)"} if self.info else {})

    @property
    def copied(self) -> frozenset[str]:
        """Names of others that are there afterwards and were not before: what a new ID3v2 takes over."""
        return frozenset() if self.id3 else frozenset(f"ID3 {name}" for name in self._said)

    @property
    def _said(self) -> dict[str, str]:
        """What INFO says, by the names that ID3v2.4 has for it."""
        named = {chunk.name: _text(self.source, chunk) for chunk in self.info[1]} if self.info else {}
        return {frame: named[name] for name, frame in _INFO_FRAMES.items() if named.get(name)}

    @property
    def others(self) -> tuple[tuple[str, bytes], ...]:
        """As of `Tags`, all other chunks but that of the sound among them."""
        tagged = {self.id3[0].start} if self.id3 else set()
        tagged |= {self.info[0].start} if self.info else set()
        plain = [chunk for chunk in self.chunks if chunk.start not in tagged and chunk.name not in (*_SOUND, b"ds64")]
        named = [chunk for chunk in self.info[1] if chunk.name != _INFO_GENRE] if self.info else []
        chunks = ((chunk.name.decode("latin-1"), _brief(self.source, chunk)) for chunk in (*plain, *named))
        return (*(self.id3[1].others if self.id3 else ()), *chunks)

    def edits(self, new: Values) -> list[Edit]:
        """As of `Tags`."""
        found = list[Edit]()
        if self.id3:
            found += self._grown(self.id3[0], self.id3[1].edits(new))
        else:
            tag, end = made_tag({**self.fields, **new}, self._said), self._end
            name = _ID3_NAMES[self.order == "big"]
            gap = bytes(end % 2)  # a last chunk that lacks its padding
            found.append(Edit(end, end, gap + name + self._number(len(tag)) + tag + bytes(len(tag) % 2)))
        if self.info and GENRE in new:
            found += self._with_genre(*self.info, JOINER.join(new[GENRE]))
        return found + self._whole(growth(found))

    @property
    def _end(self) -> int:
        return self.chunks[-1].after

    def _with_genre(self, info: Chunk, within: tuple[Chunk, ...], text: str) -> list[Edit]:
        content = text.encode() + b"\0"
        made = _INFO_GENRE + self._number(len(content)) + content + bytes(len(content) % 2)
        places = [Edit(chunk.start, chunk.after, b"") for chunk in within if chunk.name == _INFO_GENRE]
        if places:
            changes = [Edit(places[0].start, places[0].end, made), *places[1:]]
        else:
            end = within[-1].after if within else info.inside + 4
            changes = [Edit(end, end, made)]
        return self._grown(info, changes)

    def _grown(self, chunk: Chunk, changes: list[Edit]) -> list[Edit]:
        """Changes within a chunk, with those of its size and its padding."""
        grown = growth(changes)
        if not grown:
            return changes
        size_bytes = chunk.size_bytes + grown
        size = Edit(chunk.start + 4, chunk.inside, self._number(size_bytes))
        return [size, *changes, Edit(chunk.end, chunk.after, bytes(size_bytes % 2))]

    def _whole(self, grown: int) -> list[Edit]:
        """Another size of the whole."""
        if self.source.at(0, 4) in _LONG:
            place = next(chunk.inside for chunk in self.chunks if chunk.name == b"ds64")
            size_bytes = int.from_bytes(self.source.at(place, 8), "little") + grown
            return [Edit(place, place + 8, size_bytes.to_bytes(8, "little"))]
        return [Edit(4, 8, self._number(self._end - _HEAD_BYTES + grown))]

    def _number(self, number: int) -> bytes:
        if number >= _UNKNOWN_BYTES:
            raise TagError(f"{self.source.name} has no room for more tags: it was left as it is.")
        return number.to_bytes(4, "big" if self.order == "big" else "little")


def read_chunks(source: Source) -> Tags:
    """The tags of a WAV or AIFF file."""
    head = source.at(0, 12)
    order = "big" if head[:4] == b"FORM" else "little"
    if (head[:4], head[8:]) not in _FORMS:
        raise source.damaged("it begins with something else than a WAV or AIFF does")
    chunks = _walked(source, order, 12, _whole_end(source, head, order), long_data=head[:4] in _LONG)
    with_id3 = [chunk for chunk in chunks if chunk.name in _ID3_NAMES]
    infos = [chunk for chunk in chunks if chunk.name == _LIST and source.some(chunk.inside, 4) == _INFO]
    if len(with_id3) > 1 or len(infos) > 1:
        raise source.damaged("it has several chunks of tags of one kind")
    if not chunks:
        raise source.damaged("it has no chunks")
    id3 = None
    if with_id3:
        tag = read_id3(source, with_id3[0].inside)
        if tag is None or tag.end > with_id3[0].end:
            raise source.damaged("its chunk of tags holds no ID3v2")
        id3 = with_id3[0], tag
    info = None
    if infos and order == "little":
        info = infos[0], _walked(source, order, infos[0].inside + 4, infos[0].end)
    return ChunkTags(source, order, chunks, id3, info)


def _whole_end(source: Source, head: bytes, order: str) -> int:
    """Where the chunks end."""
    size_bytes = int.from_bytes(head[4:8], "big" if order == "big" else "little")
    if head[:4] in _LONG:
        if source.at(12, 4) != b"ds64":
            raise source.damaged("an RF64 without its sizes")
        size_bytes = int.from_bytes(source.at(20, 8), "little")
    end = _HEAD_BYTES + size_bytes
    if end > source.size_bytes + size_bytes % 2:
        raise source.damaged("it is shorter than it says")
    return min(end, source.size_bytes)


def _walked(source: Source, order: str, start: int, end: int, *, long_data: bool = False) -> tuple[Chunk, ...]:
    place, found = start, list[Chunk]()
    data_bytes = int.from_bytes(source.at(28, 8), "little") if long_data else 0
    while place + _HEAD_BYTES <= end and len(found) < _MOST_CHUNKS:
        head = source.at(place, _HEAD_BYTES)
        size_bytes = int.from_bytes(head[4:], "big" if order == "big" else "little")
        if long_data and head[:4] == b"data" and size_bytes == _UNKNOWN_BYTES:
            size_bytes = data_bytes
        after = place + _HEAD_BYTES + size_bytes
        if after > end:
            raise source.damaged("a chunk is longer than what it lies in")
        padded = bool(size_bytes % 2) and after < end
        found.append(Chunk(head[:4], place, size_bytes, padded))
        place = after + padded
    if source.some(place, end - place).strip(b"\0"):
        raise source.damaged("something is no chunk")
    return tuple(found)


def _text(source: Source, chunk: Chunk) -> str:
    content = source.at(chunk.inside, chunk.size_bytes).partition(b"\0")[0]
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _brief(source: Source, chunk: Chunk) -> bytes:
    if chunk.size_bytes <= _SHORT_BYTES:
        return source.at(chunk.inside, chunk.size_bytes)
    found, place = hashlib.blake2b(), chunk.inside
    while place < chunk.end:
        found.update(source.at(place, min(_SHORT_BYTES, chunk.end - place)))
        place += min(_SHORT_BYTES, chunk.end - place)
    return found.digest()
