"""A new file as edits of an old one: so many bytes at a place give way to others, and all else is copied.

What is not named by an edit cannot change, and the edits that lead back follow from the edits and the old bytes alone.
Places are those of the file that is edited; edits are in order and do not overlap.
"""

import base64
import hashlib
import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, BinaryIO, Self

_CHUNK_BYTES = 1 << 20
_DIGEST_BYTES = 32


@dataclass(frozen=True, slots=True)
class Edit:
    """Bytes `start` to `end` of a file become `content`."""

    start: int
    end: int
    content: bytes

    @property
    def growth(self) -> int:
        """By how many bytes the file becomes longer."""
        return len(self.content) - (self.end - self.start)

    def to_json(self) -> list[Any]:
        """Plain JSON values."""
        return [self.start, self.end, base64.b64encode(zlib.compress(self.content)).decode()]

    @classmethod
    def from_json(cls, values: Sequence[Any]) -> Self:
        """What `to_json` made; ValueError where it is none."""
        start, end, content = values
        try:
            return cls(int(start), int(end), zlib.decompress(base64.b64decode(content, validate=True)))
        except zlib.error as error:
            raise ValueError(str(error)) from error


def in_order(edits: Iterable[Edit]) -> list[Edit]:
    """Sorted, those at one place as they came, without those that change nothing; ValueError where they overlap."""
    found = sorted(
        (edit for edit in edits if edit.content or edit.end > edit.start), key=lambda edit: (edit.start, edit.end)
    )
    if any(later.start < edit.end for edit, later in pairwise(found)):
        raise ValueError("edits overlap")
    return found


def growth(edits: Iterable[Edit]) -> int:
    """By how many bytes a file becomes longer."""
    return sum(edit.growth for edit in edits)


def edited(source: BinaryIO, edits: Sequence[Edit], target: BinaryIO) -> None:
    """Copy a file with edits; OSError where it ends before them."""
    size_bytes = source.seek(0, os.SEEK_END)
    place = 0
    for edit in edits:
        _copy(source, target, place, edit.start)
        target.write(edit.content)
        place = edit.end
    _copy(source, target, place, size_bytes)


def leading_back(source: BinaryIO, edits: Sequence[Edit]) -> list[Edit]:
    """The edits that make the old file of the new one."""
    back, shift = [], 0
    for edit in edits:
        source.seek(edit.start)
        old = source.read(edit.end - edit.start)
        back.append(Edit(edit.start + shift, edit.start + shift + len(edit.content), old))
        shift += edit.growth
    return back


def digest(file: BinaryIO) -> str:
    """The hash of all bytes of a file (BLAKE2b, RFC 7693), 64 hexadecimal digits."""
    file.seek(0)
    found = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    while chunk := file.read(_CHUNK_BYTES):
        found.update(chunk)
    return found.hexdigest()


class _Hash:
    """Takes what is written, and keeps its hash alone."""

    def __init__(self) -> None:
        self.found = hashlib.blake2b(digest_size=_DIGEST_BYTES)

    def write(self, data: bytes) -> int:
        self.found.update(data)
        return len(data)


def digest_of_edited(source: BinaryIO, edits: Sequence[Edit]) -> str:
    """The hash that a file has with edits, without writing it."""
    target = _Hash()
    edited(source, edits, target)  # type: ignore[arg-type]  # it is written to, no more
    return target.found.hexdigest()


def _copy(source: BinaryIO, target: BinaryIO, start: int, end: int) -> None:
    source.seek(start)
    left = end - start
    while left > 0:
        chunk = source.read(min(left, _CHUNK_BYTES))
        if not chunk:
            raise OSError("the file became shorter")
        target.write(chunk)
        left -= len(chunk)
