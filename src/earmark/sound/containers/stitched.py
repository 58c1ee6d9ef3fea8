"""Files as containers are looked through and put right: a window on one, and one made of parts of another.

What decoders are given where a container's own word on its contents is wrong is `Stitched`. Nothing is copied: a part
is a span of the other file, or a few bytes that stand in for some of it.
"""

import os
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol

_CHUNK_BYTES = 1 << 20
_AT_HAND_BYTES = 1 << 16


class Seekable(Protocol):
    """What a part is read from."""

    def read(self, size_bytes: int = -1, /) -> bytes:
        """The next bytes."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Go to a place."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes `start` to `end` of a file."""

    start: int
    end: int


class Window:
    """A file's bytes by their place, with a chunk of it in memory.

    Parameters
    ----------
    file:
        What to look at.
    chunk_bytes:
        How much is read at once: little where places far from each other are looked at.
    """

    def __init__(self, file: Seekable, *, chunk_bytes: int | None = None) -> None:
        self._file = file
        self._chunk_bytes = chunk_bytes or _CHUNK_BYTES
        self.size_bytes = file.seek(0, os.SEEK_END)
        self.start = 0
        self.chunk = b""

    def load(self, place: int) -> None:
        """Make the chunk begin at a place."""
        self._file.seek(place)
        self.start, self.chunk = place, self._file.read(self._chunk_bytes)

    def at(self, place: int, size_bytes: int) -> bytes:
        """Bytes from a place on, at most a chunk, fewer at the end of the file."""
        within = place - self.start
        if within < 0 or (within + size_bytes > len(self.chunk) and self.start + len(self.chunk) < self.size_bytes):
            self.load(place)
            within = 0
        return self.chunk[within : within + size_bytes]

    def find(self, wanted: bytes, place: int) -> int:
        """The first place at or after this one where these bytes are; the end of the file where they are not."""
        while place + len(wanted) <= self.size_bytes:
            if not self.at(place, len(wanted)):  # the file has become shorter
                break
            found = self.chunk.find(wanted, place - self.start)
            if found >= 0:
                return self.start + found
            place = max(place, self.start + len(self.chunk) - len(wanted)) + 1
        return self.size_bytes


class Stitched:
    """Spans of a file and bytes, one after the other, as a file to read.

    Parameters
    ----------
    file:
        What the spans are of.
    parts:
        In order.
    hides_length:
        Whether who first asks for the length is told 0. libsndfile looks for a resource fork of a file that has a
        length and no signature, and without a path it looks in the folder one stands in: with `.AppleDouble` there it
        takes any mp3 for such a fork.
    """

    def __init__(self, file: Seekable, parts: Sequence[Span | bytes], *, hides_length: bool = False) -> None:
        self._hides_length = hides_length
        self._file = file
        self._parts = [part for part in parts if _length(part)]
        self._starts = [0, *accumulate(map(_length, self._parts))]  # of each part, and the end
        self._place = 0
        self._held, self._held_start = b"", 0

    def read(self, size_bytes: int = -1) -> bytes:
        """The next bytes; nothing behind the last part."""
        left = self._starts[-1] - self._place
        data = bytearray(max(0, left if size_bytes < 0 else min(left, size_bytes)))
        return bytes(data[: self.readinto(data)])

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Fill a buffer with the next bytes; gives how many there were."""
        within, size_bytes = self._place - self._held_start, len(buffer)
        if within >= 0 and within + size_bytes <= len(self._held):  # four bytes, many thousand times
            buffer[:] = self._held[within : within + size_bytes]
            self._place += size_bytes
            return size_bytes
        view = memoryview(buffer).cast("B")
        filled = 0
        while filled < len(view):
            within = self._place - self._held_start
            if not 0 <= within < len(self._held):
                self._hold()
                within = 0
                if not self._held:
                    break
            piece = self._held[within : within + len(view) - filled]
            view[filled : filled + len(piece)] = piece
            filled += len(piece)
            self._place += len(piece)
        return filled

    def _hold(self) -> None:
        """Have the next bytes at hand: decoders ask for four at a time."""
        self._held, self._held_start = b"", self._place
        if self._place < self._starts[-1]:
            number = bisect_right(self._starts, self._place) - 1
            part, within = self._parts[number], self._place - self._starts[number]
            if isinstance(part, bytes):
                self._held = part[within:]
            else:
                self._file.seek(part.start + within)
                self._held = self._file.read(min(_AT_HAND_BYTES, part.end - part.start - within))

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, as files do."""
        if self._hides_length and whence == os.SEEK_END:
            self._hides_length = False
            self._place = 0
            return 0
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._starts[-1]}[whence]
        self._place = max(0, base + offset)
        return self._place

    def tell(self) -> int:
        """The place, in bytes."""
        return self._place


def _length(part: Span | bytes) -> int:
    return len(part) if isinstance(part, bytes) else part.end - part.start
