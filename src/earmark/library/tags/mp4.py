"""The tags of MPEG-4 (`moov.udta.meta.ilst`, as iTunes writes them): several texts are several `data` of one item.

What the list grows by is taken from the `free` behind it. Where there is too little, the sound moves, and with it the
places that `stco` and `co64` name (ISO/IEC 14496-12); a film in fragments is then refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from earmark.errors import TagError
from earmark.library.tags.edits import Edit, growth
from earmark.library.tags.held import CONFIDENCE, GENRE, MOOD, OWN, Source, Tags, Values, texts_of
from earmark.library.tags.id3_genres import genre_of

_HEAD_BYTES = 8
_MOST_BOXES = 100_000
_UTF8 = 1
_MEAN = b"com.apple.iTunes"
_FREEFORM = b"----"
_PATH = (b"moov", b"udta", b"meta", b"ilst")
_WITH_TRACKS = (b"trak", b"mdia", b"minf", b"stbl")
_WIDTHS = {b"stco": 4, b"co64": 8}
_GENRES = (b"\xa9gen", b"gnre")
_NAMES = {MOOD: b"MOOD", CONFIDENCE: OWN.encode()}
_FIELDS = {name: field for field, name in _NAMES.items()}


@dataclass(frozen=True, slots=True)
class Box:
    """One box: its name, its place, where what it holds begins, and its end; `is_plain` where its size is 32 bits."""

    name: bytes
    start: int
    inside: int
    end: int
    is_plain: bool = True


@dataclass(frozen=True, slots=True)
class Item:
    """An item of the list: all its bytes, which of our fields it is, and its texts."""

    box: Box
    raw: bytes
    field: str
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Mp4Tags:
    """As of `Tags`.

    `top` are the boxes of the file, `path` those of `_PATH` that are there, `room` the free box behind the list.
    """

    source: Source
    top: tuple[Box, ...]
    path: tuple[Box, ...]
    items: tuple[Item, ...]
    room: Box | None

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """As of `Tags`."""
        found: dict[str, tuple[str, ...]] = {}
        for item in self.items:
            if item.field:
                found[item.field] = (*found.get(item.field, ()), *item.texts)
        return texts_of(found)

    @property
    def places(self) -> dict[str, str]:
        """As of `Tags`."""
        own = {field: f"----:{_MEAN.decode()}:{name.decode()} (MP4)" for field, name in _NAMES.items()}
        return {GENRE: "©gen (MP4)", **own}

    @property
    def others(self) -> tuple[tuple[str, bytes], ...]:
        """As of `Tags`."""
        return tuple((item.box.name.decode("latin-1"), item.raw) for item in self.items if not item.field)

    def edits(self, new: Values) -> list[Edit]:
        """As of `Tags`."""
        waiting = {field: _item(field, texts) for field, texts in new.items() if texts}
        changes = [
            Edit(item.box.start, item.box.end, waiting.pop(item.field, b"")) for item in self.items if item.field in new
        ]
        last = self.path[-1]
        changes.append(Edit(last.end, last.end, self._wrapped(b"".join(waiting.values()))))
        grown = growth(changes)
        if self.room and self._fits(self.room, grown):
            changes += self._sizes(self.path[-1:], grown)
            return changes + self._taken(self.room, grown)
        return changes + self._sizes(self.path, grown) + self._moved(grown)

    def _wrapped(self, items: bytes) -> bytes:
        """Items for the end of the last box of the path that is there, in those that are not."""
        missing = _PATH[len(self.path) :]
        for name in reversed(missing):
            if name == b"meta":
                handler = bytes(8) + b"mdirappl" + bytes(9)
                items = bytes(4) + _box(b"hdlr", handler) + items
            items = _box(name, items)
        return items

    def _fits(self, room: Box, grown: int) -> bool:
        size = room.end - room.start
        return len(self.path) == len(_PATH) and room.is_plain and (size == grown or size - grown >= _HEAD_BYTES)

    @staticmethod
    def _taken(room: Box, grown: int) -> list[Edit]:
        size = room.end - room.start
        if size == grown:
            return [Edit(room.start, room.end, b"")]
        end = Edit(room.end - grown, room.end, b"") if grown >= 0 else Edit(room.end, room.end, bytes(-grown))
        return [Edit(room.start, room.start + 4, (size - grown).to_bytes(4)), end]

    def _sizes(self, boxes: tuple[Box, ...], grown: int) -> list[Edit]:
        found = []
        for box in boxes:
            size = box.end - box.start + grown
            if not box.is_plain or size >= 1 << 32:
                raise self.source.damaged("the boxes of its tags have sizes of 64 bits")
            found.append(Edit(box.start, box.start + 4, size.to_bytes(4)))
        return found

    def _moved(self, grown: int) -> list[Edit]:
        """Other places of the sound where it lies behind the tags."""
        moov = self.path[0]
        if not grown or all(box.start < moov.start for box in self.top if box.name == b"mdat"):
            return []
        if any(box.name in (b"moof", b"mfra", b"sidx") for box in self.top):
            said = f"{self.source.name} is in fragments, and has no room for more tags"
            raise TagError(f"{said}: it was left as it is.")
        return [edit for box in _tables(self.source, moov) for edit in self._table(box, grown, moov.end)]

    def _table(self, box: Box, grown: int, behind: int) -> list[Edit]:
        width, first = _WIDTHS[box.name], box.inside + 8
        count = int.from_bytes(self.source.at(box.inside + 4, 4))
        if first + count * width > box.end:
            raise self.source.damaged("a table of places is too short")
        table = self.source.at(first, count * width)
        places = [int.from_bytes(table[at : at + width]) for at in range(0, len(table), width)]
        moved = [place + grown if place >= behind else place for place in places]
        if moved and max(moved) >= 1 << 8 * width:
            raise TagError(f"{self.source.name} is too long for its table of places: it was left as it is.")
        return [Edit(first, first + len(table), b"".join(place.to_bytes(width) for place in moved))]


def read_mp4(source: Source) -> Tags:
    """The tags of an MPEG-4 file."""
    top = tuple(_boxes(source, 0, source.size_bytes))
    moov = [box for box in top if box.name == b"moov"]
    if len(moov) != 1:
        raise source.damaged("it has no single moov")
    path = [moov[0]]
    room = None
    for name in _PATH[1:]:
        children = list(_children(source, path[-1]))
        found = [box for box in children if box.name == name]
        if len(found) > 1:
            raise source.damaged(f"it has several {name.decode()}")
        if name == b"ilst" and any(_handler(source, box) == b"mdta" for box in children):
            raise TagError(f"{source.name} has QuickTime's tags, which earmark does not write: it was left as it is.")
        if not found:
            break
        path.append(found[0])
        if name == b"ilst":
            room = next((box for box in children if box.name == b"free" and box.start == found[0].end), None)
    items = _items(source, path[-1]) if len(path) == len(_PATH) else ()
    return Mp4Tags(source, top, tuple(path), items, room)


def _boxes(source: Source, start: int, end: int) -> Iterator[Box]:
    place = start
    for _ in range(_MOST_BOXES):
        if end - place < _HEAD_BYTES:
            break
        head = source.some(place, 16)
        size_bytes, inside = int.from_bytes(head[:4]), place + _HEAD_BYTES
        if size_bytes == 1:
            size_bytes, inside = int.from_bytes(head[8:16]), place + 16
        is_plain = inside == place + _HEAD_BYTES and size_bytes > 0
        box_end = end if size_bytes == 0 else place + size_bytes
        if not inside <= box_end <= end:
            raise source.damaged("a box is longer than what it lies in")
        yield Box(head[4:8], place, inside, box_end, is_plain)
        place = box_end
    # A terminator of four zeros is customary at the end of udta.
    if source.some(place, end - place).strip(b"\0"):
        raise source.damaged("something is no box")


def _children(source: Source, box: Box) -> Iterator[Box]:
    inside = box.inside
    # As ISO has it, four bytes of version and flags come first; QuickTime does without.
    if box.name == b"meta" and source.some(inside + 4, 4) != b"hdlr":
        inside += 4
    return _boxes(source, inside, box.end)


def _handler(source: Source, box: Box) -> bytes:
    return source.some(box.inside + 8, 4) if box.name == b"hdlr" else b""


def _tables(source: Source, box: Box) -> Iterator[Box]:
    for child in _boxes(source, box.inside, box.end):
        if child.name in _WIDTHS:
            yield child
        elif child.name in _WITH_TRACKS:
            yield from _tables(source, child)


def _items(source: Source, within: Box) -> tuple[Item, ...]:
    found = []
    for box in _boxes(source, within.inside, within.end):
        parts = list(_boxes(source, box.inside, box.end)) if box.name in (*_GENRES, _FREEFORM) else []
        field, texts = _told(source, box.name, parts)
        found.append(Item(box, source.at(box.start, box.end - box.start), field, texts))
    return tuple(found)


def _told(source: Source, name: bytes, parts: list[Box]) -> tuple[str, tuple[str, ...]]:
    """Which of our fields an item is, and its texts; empty where it is none."""
    contents = [(part.name, source.at(part.inside, part.end - part.inside)) for part in parts]
    data = [content[8:] for part, content in contents if part == b"data"]
    texts = tuple(content.decode("utf-8", "replace") for content in data)
    if name == b"\xa9gen":
        return GENRE, texts
    if name == b"gnre":
        return GENRE, tuple(genre_of(int.from_bytes(content[:2]) - 1) for content in data if content[:2] > b"\0\0")
    named = {part: content[4:] for part, content in contents if part in (b"mean", b"name")}
    if name == _FREEFORM and named.get(b"mean") == _MEAN:
        return _FIELDS.get(named.get(b"name", b"").upper(), ""), texts
    return "", ()


def _item(field: str, texts: tuple[str, ...]) -> bytes:
    data = b"".join(_box(b"data", _UTF8.to_bytes(4) + bytes(4) + text.encode()) for text in texts)
    if field == GENRE:
        return _box(b"\xa9gen", data)
    named = _box(b"mean", bytes(4) + _MEAN) + _box(b"name", bytes(4) + _NAMES[field])
    return _box(_FREEFORM, named + data)


def _box(name: bytes, content: bytes) -> bytes:
    return (_HEAD_BYTES + len(content)).to_bytes(4) + name + content
