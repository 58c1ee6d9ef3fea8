"""APEv2 item by item (wiki.hydrogenaud.io, "APEv2 specification"): at the end of a file, in front of an ID3v1.

Several texts of an item are parted by zeros. An APEv1, which has no text but ASCII, is refused.
"""

import struct
from dataclasses import dataclass
from typing import Self

from earmark.errors import TagError
from earmark.library.tags.edits import Edit, growth
from earmark.library.tags.held import CONFIDENCE, GENRE, MOOD, OWN, Source, Values, texts_of

_MARK = b"APETAGEX"
_FOOTER_BYTES = 32
_VERSION = 2000
_HAS_HEADER, _IS_HEADER = 1 << 31, 1 << 29
_READ_ONLY, _KIND = 1, 6
NAMES = {GENRE: "Genre", MOOD: "Mood", CONFIDENCE: OWN}
_FIELDS = {name.lower(): field for field, name in NAMES.items()}
_USUAL = {"title", "artist", "album"}


@dataclass(frozen=True, slots=True)
class Item:
    """One item: its name, where it lies in the file, its bytes with their head, and its value."""

    name: str
    start: int
    raw: bytes
    flags: int
    value: bytes

    @property
    def field(self) -> str:
        """Which of our fields it is; empty where it is none."""
        return _FIELDS.get(self.name.lower(), "") if not self.flags & _KIND else ""


@dataclass(frozen=True)
class Ape:
    """A tag that is in a file: `start` to `end` with header and footer, or a place for a new one, of no length."""

    source: Source
    start: int
    end: int
    flags: int = _HAS_HEADER
    items: tuple[Item, ...] = ()

    @property
    def is_there(self) -> bool:
        """Whether the file has it."""
        return self.end > self.start

    @property
    def names_a_track(self) -> bool:
        """Whether it has the title, artist or album, and not merely how loud the track is to be played."""
        return any(item.name.lower() in _USUAL for item in self.items)

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """As of `Tags`."""
        found: dict[str, tuple[str, ...]] = {}
        for item in self.items:
            if item.field:
                texts = tuple(item.value.decode("utf-8", "replace").split("\0"))
                found[item.field] = (*found.get(item.field, ()), *texts)
        return texts_of(found)

    @property
    def places(self) -> dict[str, str]:
        """As of `Tags`."""
        return {field: f"{name} (APEv2)" for field, name in NAMES.items()}

    @property
    def others(self) -> tuple[tuple[str, bytes], ...]:
        """As of `Tags`."""
        return tuple((f"APE {item.name}", item.raw) for item in self.items if not item.field)

    def edits(self, new: Values) -> list[Edit]:
        """As of `Tags`."""
        waiting = {field: _item(NAMES[field], texts) for field, texts in new.items() if texts}
        if not self.is_there:
            return [Edit(self.start, self.end, _made(list(waiting.values())))]
        changes, count = list[Edit](), len(self.items)
        for item in self.items:
            if item.field not in new:
                continue
            if item.flags & _READ_ONLY:
                raise TagError(f"The {item.name} of {self.source.name} is locked by its tag: it was left as it is.")
            content = waiting.pop(item.field, b"")
            count -= not content
            changes.append(Edit(item.start, item.start + len(item.raw), content))
        items_end = self.end - _FOOTER_BYTES
        changes.append(Edit(items_end, items_end, b"".join(waiting.values())))
        count += len(waiting)
        old = self.end - self.start - (_FOOTER_BYTES if self.flags & _HAS_HEADER else 0)
        numbers = struct.pack("<2I", old + growth(changes), count)
        ends = [items_end] + ([self.start] if self.flags & _HAS_HEADER else [])
        return changes + [Edit(end + 12, end + 20, numbers) for end in ends]

    @classmethod
    def read(cls, source: Source, end: int) -> Self:
        """The tag that ends at a place, or the place where none is; TagError where it is not understood."""
        footer = source.some(end - _FOOTER_BYTES, _FOOTER_BYTES) if end >= _FOOTER_BYTES else b""
        if footer[:8] != _MARK:
            return cls(source, end, end)
        version, size_bytes, count, flags = struct.unpack("<4I", footer[8:24])
        if version != _VERSION or flags & _IS_HEADER:
            raise source.damaged("an APEv1" if version == 1000 else "an APE tag of another version")
        start = end - size_bytes
        if size_bytes < _FOOTER_BYTES or start < 0:
            raise source.damaged("the APE tag names a wrong size")
        items = _items(source, start, end - _FOOTER_BYTES, count)
        if flags & _HAS_HEADER:
            start -= _FOOTER_BYTES
            if start < 0 or source.at(start, 8) != _MARK:
                raise source.damaged("the APE tag has lost its header")
        return cls(source, start, end, flags, items)


def _items(source: Source, start: int, end: int, count: int) -> tuple[Item, ...]:
    content, place, found = source.at(start, end - start), 0, []
    for _ in range(count):
        if place + 8 > len(content):
            raise source.damaged("the APE tag names too many items")
        size_bytes, flags = struct.unpack("<2I", content[place : place + 8])
        zero = content.find(b"\0", place + 8)
        item_end = zero + 1 + size_bytes
        if zero < 0 or item_end > len(content):
            raise source.damaged("an item of the APE tag is too long")
        name = content[place + 8 : zero].decode("latin-1")
        found.append(Item(name, start + place, content[place:item_end], flags, content[zero + 1 : item_end]))
        place = item_end
    if place != len(content):
        raise source.damaged("something in the APE tag is no item")
    return tuple(found)


def _item(name: str, texts: tuple[str, ...]) -> bytes:
    value = "\0".join(texts).encode()
    return struct.pack("<2I", len(value), 0) + name.encode() + b"\0" + value


def _made(items: list[bytes]) -> bytes:
    size_bytes = sum(map(len, items)) + _FOOTER_BYTES
    head, foot = (
        struct.pack("<8s4I8x", _MARK, _VERSION, size_bytes, len(items), flags)
        for flags in (_HAS_HEADER | _IS_HEADER, _HAS_HEADER)
    )
    return head + b"".join(items) + foot
