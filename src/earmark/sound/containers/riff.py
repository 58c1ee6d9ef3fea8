"""RIFF WAVE chunk by chunk: the format and the sound, and nothing that a decoder could stumble over.

libsndfile reads all chunks, hangs in some whose sizes are wrecked, and believes a length that a recorder left at 0 when
it died, or that a pipe could not know. What it gets here is a file of three chunks whose sizes are true. RF64 and its
`ds64` after EBU Tech 3306.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, replace

from earmark.sound.containers.stitched import Seekable, Span, Stitched, Window

_UNKNOWN = 0x7FFF_F000  # lengths from here on are what programs write that do not know
_LARGEST = 0xFFFF_FFFF
_MPEG_LAYER_3 = 0x55
_RIFF = (b"RIFF", b"RF64", b"BW64")


@dataclass(frozen=True, slots=True)
class Wave:
    """One WAVE: its `fmt ` and `fact` chunks, where its samples lie, and how many bytes of them are missing."""

    chunks: bytes
    data: Span
    missing_bytes: int
    bytes_a_second: int
    codec: int

    @property
    def lost_s(self) -> float:
        """Seconds that the header names beyond the end of the file."""
        return self.missing_bytes / self.bytes_a_second if self.bytes_a_second else 0.0

    @property
    def is_mpeg(self) -> bool:
        """Whether the samples are MPEG audio."""
        return self.codec == _MPEG_LAYER_3

    def opened(self, file: Seekable) -> Stitched:
        """The wave as a file of its own."""
        size_bytes = self.data.end - self.data.start
        whole = 4 + len(self.chunks) + 8 + size_bytes
        if whole < _UNKNOWN:
            head = b"RIFF" + struct.pack("<I", whole) + b"WAVE" + self.chunks + b"data" + struct.pack("<I", size_bytes)
        else:
            sizes = b"ds64" + struct.pack("<IQQQI", 28, whole + 36, size_bytes, 0, 0)
            head = b"RF64\xff\xff\xff\xffWAVE" + sizes + self.chunks + b"data\xff\xff\xff\xff"
        return Stitched(file, [head, self.data])


def waves(file: Seekable, at: int = 0) -> list[Wave]:
    """The waves of a file that begins with one at a place, in order; none where there is no sound in it."""
    return list(_waves(Window(file), at))


def _waves(window: Window, place: int) -> Iterator[Wave]:
    while window.at(place, 4) in _RIFF and window.at(place + 8, 4) == b"WAVE":
        wave = _wave(window, place + 12)
        if wave is None:
            return
        yield wave
        place = _after(wave.data)
        while window.at(place, 4) not in _RIFF and _is_chunk(window, place):
            if window.at(place, 4) == b"data":  # the sound goes on
                claimed = min(_size_at(window, place), window.size_bytes - place - 8)
                wave = replace(wave, data=Span(place + 8, place + 8 + claimed), missing_bytes=0)
                yield wave
            place += 8 + _size_at(window, place) + _size_at(window, place) % 2


def _after(data: Span) -> int:
    return data.end + (data.end - data.start) % 2


def _wave(window: Window, place: int) -> Wave | None:
    chunks, form, long_bytes = b"", b"", 0
    while place + 8 <= window.size_bytes:
        name, size_bytes = window.at(place, 4), _size_at(window, place)
        if name == b"data":
            if not form:
                return None
            return _with_data(window, place + 8, long_bytes if size_bytes == _LARGEST else size_bytes, chunks, form)
        if place + 8 + size_bytes > window.size_bytes or not _is_chunk(window, place):
            # The size of this chunk is wrecked: the sound may still be there.
            found = window.find(b"data", place + 4)
            if found >= window.size_bytes:
                return None
            place = found
            continue
        if name == b"ds64":
            long_bytes = int.from_bytes(window.at(place + 16, 8), "little")
        if name in (b"fmt ", b"fact"):
            chunk = window.at(place, 8 + size_bytes)
            chunks += chunk + bytes(len(chunk) % 2)
            form = chunk[8:] if name == b"fmt " else form
        place += 8 + size_bytes + size_bytes % 2
    return None


def _with_data(window: Window, start: int, claimed: int, chunks: bytes, form: bytes) -> Wave | None:
    if len(form) < 16:
        return None
    there = window.size_bytes - start
    codec, bytes_a_second = struct.unpack("<H6xI", form[:12])
    rest = start + claimed + claimed % 2
    lies = claimed > there or (rest < window.size_bytes and not _chunks_follow(window, rest))
    end = window.size_bytes if lies else start + claimed
    missing = max(0, claimed - there) if claimed < _UNKNOWN or claimed > _LARGEST else 0
    return Wave(chunks, Span(start, end), missing, bytes_a_second, codec)


def _chunks_follow(window: Window, place: int) -> bool:
    """Whether what lies behind the sound is chunks, or too little to be more sound."""
    return window.size_bytes - place < 16 or _is_chunk(window, place)


def _is_chunk(window: Window, place: int) -> bool:
    name = window.at(place, 4)
    return len(name) == 4 and all(32 <= byte < 127 for byte in name)


def _size_at(window: Window, place: int) -> int:
    return int.from_bytes(window.at(place + 4, 4), "little")
