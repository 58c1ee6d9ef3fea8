"""ID3v2 frame by frame (id3.org: 2.2, 2.3, 2.4): a tag keeps its version, and each frame but ours its bytes.

In 2.4 the texts of a frame are parted by zeros. 2.3 and 2.2 have one text a frame: several are joined by "; ", which
players part again. The mood is TMOO in 2.4, and TXXX:MOOD in the others, which do not know it. What this does not
understand (extended headers, footers, compressed or encrypted genres) is refused.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from earmark.errors import TagError
from earmark.library.tags.edits import Edit
from earmark.library.tags.held import CONFIDENCE, GENRE, JOINER, MOOD, OWN, Source, Values, texts_of

HEAD_BYTES = 10
_PADDING_BYTES = 1024
_UNSYNCHRONISED, _EXTENDED, _FOOTER = 0x80, 0x40, 0x10
_LATIN1, _UTF16, _UTF16_BE, _UTF8 = range(4)
_CODECS = {_LATIN1: "latin-1", _UTF16: "utf-16", _UTF16_BE: "utf-16-be", _UTF8: "utf-8"}
_LARGEST = 1 << 28
_ID = re.compile(rb"[A-Z0-9]+")
_OPAQUE = {3: 0x00E0, 4: 0x004C}  # flags of a frame: compressed, encrypted, grouped
_FRAME_UNSYNCHRONISED, _FRAME_LENGTH = 0x02, 0x01  # in 2.4
_NAMES = {2: ("TCO", "TXX"), 3: ("TCON", "TXXX"), 4: ("TCON", "TXXX")}
_MOOD_NAME = "MOOD"


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: its name, where it lies within the frames, its bytes with their head, and what it holds."""

    name: str
    start: int
    raw: bytes
    flags: int
    body: bytes

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.raw)


@dataclass(frozen=True)
class Id3:
    """A tag that is in a file, from `start` on.

    `content` is what lies behind the head, unsynchronisation undone where it is that of the whole tag (2.3 and 2.2).
    """

    source: Source
    start: int
    version: int
    flags: int
    size_bytes: int
    content: bytes
    frames: tuple[Frame, ...]

    @property
    def end(self) -> int:
        """Where it ends in the file."""
        return self.start + HEAD_BYTES + self.size_bytes

    @property
    def called(self) -> str:
        """Its name in messages."""
        return f"ID3v2.{self.version}"

    @property
    def places(self) -> dict[str, str]:
        """As of `Tags`."""
        return places_in(self.version)

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """As of `Tags`."""
        found: dict[str, tuple[str, ...]] = {}
        for frame in self.frames:
            name = self._field(frame)
            if name:
                found[name] = (*found.get(name, ()), *self._texts(frame))
        return texts_of(found)

    @property
    def others(self) -> tuple[tuple[str, bytes], ...]:
        """As of `Tags`."""
        return tuple((f"ID3 {frame.name}", frame.raw) for frame in self.frames if not self._field(frame))

    def edits(self, new: Values) -> list[Edit]:
        """As of `Tags`."""
        frames_end = self.frames[-1].end if self.frames else 0
        changes, waiting = [], {name: self._frame(name, texts) for name, texts in new.items()}
        for frame in self.frames:
            name = self._field(frame)
            if name in new:
                changes.append(Edit(frame.start, frame.end, waiting.pop(name, b"")))
        size = frames_end + sum(change.growth for change in changes) + sum(map(len, waiting.values()))
        room = len(self.content) if size <= len(self.content) else size + _PADDING_BYTES
        changes.append(Edit(frames_end, len(self.content), b"".join(waiting.values()) + bytes(room - size)))
        if room >= _LARGEST:
            raise TagError(f"The tags of {self.source.name} are too long already: it was left as it is.")
        if self.version < 4 and self.flags & _UNSYNCHRONISED:
            body = _unsynchronised(_applied(self.content, changes))
            return [Edit(self.start + 6, self.end, _synchsafe(len(body)) + body)]
        first = self.start + HEAD_BYTES
        head = [] if room == self.size_bytes else [Edit(self.start + 6, first, _synchsafe(room))]
        return head + [Edit(first + change.start, first + change.end, change.content) for change in changes]

    def _field(self, frame: Frame) -> str:
        """Which of our fields a frame is; empty where it is none."""
        genre, own = _NAMES[self.version]
        if frame.name == genre:
            return GENRE
        if frame.name == "TMOO":
            return MOOD
        if frame.name == own and not self._is_opaque(frame):
            return {_MOOD_NAME: MOOD, OWN: CONFIDENCE}.get(self._described(frame)[0].upper(), "")
        return ""

    def _texts(self, frame: Frame) -> list[str]:
        if self._is_opaque(frame):
            raise TagError(f"The {frame.name} of {self.source.name} is compressed or encrypted: it was left as it is.")
        if frame.name == _NAMES[self.version][1]:
            description, text = self._described(frame)
            texts = text.split("\0")
            plain = description.upper() == OWN
        else:
            texts, plain = _decoded(self._body(frame)).split("\0"), False
        if self.version < 4 and not plain:
            texts = [part for text in texts for part in text.split(";")]
        return texts

    def _described(self, frame: Frame) -> tuple[str, str]:
        """Description and text of a TXXX."""
        description, _, text = _decoded(self._body(frame)).partition("\0")
        return description, text

    def _is_opaque(self, frame: Frame) -> bool:
        return bool(frame.flags & _OPAQUE.get(self.version, 0))

    def _body(self, frame: Frame) -> bytes:
        body = frame.body
        if self.version == 4:
            body = body[4:] if frame.flags & _FRAME_LENGTH else body
            if frame.flags & _FRAME_UNSYNCHRONISED or self.flags & _UNSYNCHRONISED:
                body = body.replace(b"\xff\x00", b"\xff")
        return body

    def _frame(self, field: str, texts: tuple[str, ...]) -> bytes:
        return made_frame(self.version, field, texts) if texts else b""


def places_in(version: int) -> dict[str, str]:
    """Where each field stands in a tag of a version."""
    genre, own = _NAMES[version]
    mood = "TMOO" if version == 4 else f"{own}:{_MOOD_NAME}"
    return {
        field: f"{name} (ID3v2.{version})"
        for field, name in ((GENRE, genre), (MOOD, mood), (CONFIDENCE, f"{own}:{OWN}"))
    }


def read_id3(source: Source, start: int) -> Id3 | None:
    """The tag that begins at a place; None where there is none, TagError where it is not understood."""
    head = source.some(start, HEAD_BYTES)
    if head[:3] != b"ID3" or len(head) < HEAD_BYTES or max(head[6:]) > 127:
        return None
    version, flags, size_bytes = head[3], head[5], _plain(head[6:])
    if version not in _NAMES:
        raise source.damaged(f"ID3v2.{version} is unknown")
    if flags & (_EXTENDED | _FOOTER):
        raise source.damaged("an ID3v2 with an extended header or a footer")
    content = source.at(start + HEAD_BYTES, size_bytes)
    if version < 4 and flags & _UNSYNCHRONISED:
        content = content.replace(b"\xff\x00", b"\xff")
    frames = _frames(source, content, version)
    return Id3(source, start, version, flags, size_bytes, content, frames)


def _frames(source: Source, content: bytes, version: int) -> tuple[Frame, ...]:
    """The frames; where those of 2.4 have plain sizes, as iTunes once wrote them, these count."""
    for plain_sizes in (False, True) if version == 4 else (True,):
        found = tuple(_walked(content, version, plain_sizes=plain_sizes))
        rest = content[found[-1].end if found else 0 :]
        if not rest.strip(b"\0"):
            return found
    raise source.damaged("something in the ID3v2 is no frame")


def _walked(content: bytes, version: int, *, plain_sizes: bool) -> Iterator[Frame]:
    letters, head = (3, 6) if version == 2 else (4, 10)
    place = 0
    while place + head <= len(content):
        name = content[place : place + letters]
        size = content[place + letters : place + letters + (3 if version == 2 else 4)]
        if not _ID.fullmatch(name) or (not plain_sizes and max(size) > 127):
            return
        end = place + head + (int.from_bytes(size) if plain_sizes else _plain(size))
        if end > len(content):
            return
        flags = 0 if version == 2 else int.from_bytes(content[place + 8 : place + 10])
        raw = content[place:end]
        yield Frame(name.decode("ascii"), place, raw, flags, raw[head:])
        place = end


def made_tag(values: Values, further: dict[str, str] | None = None) -> bytes:
    """A new tag of version 2.4; `further` are texts of other frames, by their names."""
    others = b"".join(_with_head(4, name, _further(name, text)) for name, text in (further or {}).items())
    frames = others + b"".join(made_frame(4, field, texts) for field, texts in values.items() if texts)
    return b"ID3\x04\0\0" + _synchsafe(len(frames) + _PADDING_BYTES) + frames + bytes(_PADDING_BYTES)


def _further(name: str, text: str) -> bytes:
    body = _encoded(4, text)
    return body[:1] + b"XXX\0" + body[1:] if name == "COMM" else body  # in no language, without a description


def made_frame(version: int, field: str, texts: tuple[str, ...]) -> bytes:
    """One frame of ours."""
    genre, own = _NAMES[version]
    text = ("\0" if version == 4 else JOINER).join(texts)
    if field == GENRE:
        return _with_head(version, genre, _encoded(version, text))
    if field == MOOD and version == 4:
        return _with_head(version, "TMOO", _encoded(version, text))
    return _with_head(version, own, _encoded(version, text, described=_MOOD_NAME if field == MOOD else OWN))


def _with_head(version: int, name: str, body: bytes) -> bytes:
    if version == 2:
        return name.encode() + len(body).to_bytes(3) + body
    # Below 128 both ways to write a size are the same, so that it fits in with those of iTunes.
    size = _synchsafe(len(body)) if version == 4 else len(body).to_bytes(4)
    return name.encode() + size + b"\0\0" + body


def _encoded(version: int, text: str, *, described: str | None = None) -> bytes:
    """A text with the byte that says how it is encoded: so that all programs read it, and nothing looks like sound."""
    codec = _LATIN1 if text.isascii() else _UTF8 if version == 4 else _UTF16
    parts = [text] if described is None else [described, text]
    end = b"\0\0" if codec == _UTF16 else b"\0"
    mark = "\ufeff" if codec == _UTF16 else ""
    plain = "utf-16-le" if codec == _UTF16 else _CODECS[codec]
    return bytes([codec]) + end.join((mark + part).encode(plain) for part in parts)


def _decoded(body: bytes) -> str:
    """The text of a frame; zeros within part several, those at the end are none."""
    if not body:
        return ""
    codec = _CODECS.get(body[0], "latin-1")
    data = body[1:]
    if codec.startswith("utf-16"):
        data = data[: len(data) // 2 * 2]
    text = data.decode(codec, "replace").rstrip("\0")
    return text.replace("\0\ufeff", "\0")


def _synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def _plain(size: bytes) -> int:
    return size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3]


def _unsynchronised(content: bytes) -> bytes:
    """With a zero behind each 255 that could be taken for the start of a frame of sound, or for such a zero."""
    found = re.sub(rb"\xff(?=[\xe0-\xff\x00])", b"\xff\x00", content)
    return found + b"\0" if found.endswith(b"\xff") else found


def _applied(content: bytes, edits: list[Edit]) -> bytes:
    parts, place = [], 0
    for edit in edits:
        parts += [content[place : edit.start], edit.content]
        place = edit.end
    return b"".join([*parts, content[place:]])
