"""The tags of Windows Media (ASF, Microsoft's specification 01.20.06): the Extended Content Description Object.

Several texts are several descriptors of one name. Attributes that stand in the Metadata objects are left alone.
"""

import struct
from dataclasses import dataclass

from earmark.errors import TagError
from earmark.library.tags.edits import Edit, growth
from earmark.library.tags.held import CONFIDENCE, GENRE, MOOD, Source, Tags, Values, texts_of

_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
_FILE = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
_EXTENDED = bytes.fromhex("40a4d0d207e3d21197f000a0c95ea850")
_EXTENSION = bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365")
_LIBRARY = (bytes.fromhex("941c23449894d149a1411d134e457054"), bytes.fromhex("eacbf8c5af5b77488467aa8c44fa4cca"))
_TEXT = 0
NAMES = {GENRE: "WM/Genre", MOOD: "WM/Mood", CONFIDENCE: "EARMARK"}
_FIELDS = {name.lower(): field for field, name in NAMES.items()}
_MOST_TEXT_BYTES = 65_534


@dataclass(frozen=True, slots=True)
class Descriptor:
    """One attribute: where it lies in the file, its name, kind, value, and all its bytes."""

    start: int
    raw: bytes
    name: str
    kind: int
    value: bytes

    @property
    def field(self) -> str:
        """Which of our fields it is; empty where it is none."""
        return _FIELDS.get(self.name.lower(), "") if self.kind == _TEXT else ""


@dataclass(frozen=True, slots=True)
class Object:
    """One object of the header: its kind, its place, and its end."""

    kind: bytes
    start: int
    end: int


@dataclass(frozen=True)
class AsfTags:
    """As of `Tags`; `objects` are those of the header, `extended` the one that is edited, if it is there."""

    source: Source
    size_bytes: int
    objects: tuple[Object, ...]
    extended: Object | None
    descriptors: tuple[Descriptor, ...]

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """As of `Tags`."""
        found: dict[str, tuple[str, ...]] = {}
        for each in self.descriptors:
            if each.field:
                found[each.field] = (*found.get(each.field, ()), _text(each.value))
        return texts_of(found)

    @property
    def places(self) -> dict[str, str]:
        """As of `Tags`."""
        return {field: f"{name} (ASF)" for field, name in NAMES.items()}

    @property
    def others(self) -> tuple[tuple[str, bytes], ...]:
        """As of `Tags`, all other objects of the header among them."""
        plain = [each for each in self.objects if each.kind not in (_EXTENDED, _FILE)]
        objects = ((each.kind.hex(), self.source.at(each.start, each.end - each.start)) for each in plain)
        return (*((each.name, each.raw) for each in self.descriptors if not each.field), *objects)

    def edits(self, new: Values) -> list[Edit]:
        """As of `Tags`."""
        self._refuse_library(new)
        waiting = {field: [_made(NAMES[field], text) for text in texts] for field, texts in new.items()}
        changes, count = list[Edit](), len(self.descriptors)
        for each in self.descriptors:
            if each.field in new:
                texts = waiting.pop(each.field, [])
                count += len(texts) - 1
                changes.append(Edit(each.start, each.start + len(each.raw), b"".join(texts)))
        added = [text for texts in waiting.values() for text in texts]
        count += len(added)
        if self.extended:
            start, end = self.extended.start, self.extended.end
            changes.append(Edit(end, end, b"".join(added)))
            size = struct.pack("<Q", end - start + growth(changes))
            changes += [Edit(start + 16, start + 24, size), Edit(start + 24, start + 26, struct.pack("<H", count))]
        else:
            content = struct.pack("<H", count) + b"".join(added)
            end = self.size_bytes
            changes.append(Edit(end, end, _EXTENDED + struct.pack("<Q", 24 + len(content)) + content))
            changes.append(Edit(24, 28, struct.pack("<I", len(self.objects) + 1)))
        grown = growth(changes)
        changes.append(Edit(16, 24, struct.pack("<Q", self.size_bytes + grown)))
        return changes + self._file_size(grown)

    def _file_size(self, grown: int) -> list[Edit]:
        """The size of the file, which its own header names."""
        found = []
        for each in self.objects:
            if each.kind == _FILE:
                size = int.from_bytes(self.source.at(each.start + 40, 8), "little")
                if size == self.source.size_bytes:
                    found.append(Edit(each.start + 40, each.start + 48, struct.pack("<Q", size + grown)))
        return found

    def _refuse_library(self, new: Values) -> None:
        """Raise TagError where a field stands in another object, too, which would contradict."""
        for each in self.objects:
            if each.kind != _EXTENSION:
                continue
            content = self.source.at(each.start, each.end - each.start)
            for field in new:
                if any(kind in content for kind in _LIBRARY) and (NAMES[field] + "\0").encode("utf-16-le") in content:
                    said = f"The {field} of {self.source.name} stands in a part of its tags that earmark does not write"
                    raise TagError(f"{said}: it was left as it is.")


def read_asf(source: Source) -> Tags:
    """The tags of a Windows Media file."""
    head = source.at(0, 30)
    if head[:16] != _HEADER:
        raise source.damaged("it has no ASF header")
    size_bytes, count = struct.unpack("<QI", head[16:28])
    source.at(size_bytes - 1, 1)
    place, objects = 30, list[Object]()
    while place + 24 <= size_bytes:
        each = source.at(place, 24)
        end = place + int.from_bytes(each[16:], "little")
        if not place + 24 <= end <= size_bytes:
            raise source.damaged("an object of its header is too long")
        objects.append(Object(each[:16], place, end))
        place = end
    extended = [each for each in objects if each.kind == _EXTENDED]
    if len(objects) != count or place != size_bytes or len(extended) > 1:
        raise source.damaged("the objects of its header are not in order")
    descriptors = _descriptors(source, extended[0]) if extended else ()
    return AsfTags(source, size_bytes, tuple(objects), extended[0] if extended else None, descriptors)


def _descriptors(source: Source, within: Object) -> tuple[Descriptor, ...]:
    content, place, found = source.at(within.start, within.end - within.start), 26, []
    try:
        for _ in range(int.from_bytes(content[24:26], "little")):
            (name_bytes,) = struct.unpack_from("<H", content, place)
            kind, value_bytes = struct.unpack_from("<2H", content, place + 2 + name_bytes)
            start, end = place + 6 + name_bytes, place + 6 + name_bytes + value_bytes
            if end > len(content):
                raise source.damaged("an attribute is too long")
            name = _text(content[place + 2 : place + 2 + name_bytes])
            found.append(Descriptor(within.start + place, content[place:end], name, kind, content[start:end]))
            place = end
    except struct.error:
        raise source.damaged("it names too many attributes") from None
    if place != len(content):
        raise source.damaged("something among its attributes is none")
    return tuple(found)


def _made(name: str, text: str) -> bytes:
    parts = [(each + "\0").encode("utf-16-le") for each in (name, text)]
    if len(parts[1]) > _MOST_TEXT_BYTES:
        raise TagError(f"A text of {len(text)} letters is too long for ASF.")
    return struct.pack("<H", len(parts[0])) + parts[0] + struct.pack("<2H", _TEXT, len(parts[1])) + parts[1]


def _text(value: bytes) -> str:
    return value[: len(value) // 2 * 2].decode("utf-16-le", "replace").rstrip("\0")
