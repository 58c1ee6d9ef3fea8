"""FLAC frame by frame (RFC 9639): where sound goes on after damage.

libsndfile stops at the first frame that is damaged. Frames carry their number and a checksum of their header, so the
next sound one is found, and what follows is decoded as a stream of its own.
"""

from dataclasses import dataclass
from functools import cache

from earmark.sound.containers.stitched import Seekable, Span, Stitched, Window

_STREAMINFO_BYTES = 34
_LONGEST_HEADER_BYTES = 16
_RATES_HZ = (0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000)


@dataclass(frozen=True, slots=True)
class Flac:
    """What the STREAMINFO says of a stream that begins `at` a place of a file.

    `frames_at` is where its frames begin, `samples` the length of each channel, 0 where it does not say.
    """

    at: int
    streaminfo: bytes
    frames_at: int
    block_samples: int
    rate_hz: int
    channels: int
    samples: int

    @property
    def duration_s(self) -> float:
        """Seconds, 0 where it does not say."""
        return self.samples / self.rate_hz

    def opened_at(self, file: Seekable, place: int) -> Stitched:
        """The frames from a place on as a file of its own, of no stated length."""
        # The number of samples (36 bits) and the checksum over all of them would be wrong.
        info = self.streaminfo[:13] + bytes([self.streaminfo[13] & 0xF0]) + bytes(20)
        size_bytes = file.seek(0, 2)
        return Stitched(file, [b"fLaC\x80" + _STREAMINFO_BYTES.to_bytes(3) + info, Span(place, size_bytes)])

    def next_frame(self, file: Seekable, place: int, *, sample: int) -> tuple[int, int] | None:
        """The first frame at or after a place that begins at or after a sample: its place, and its first sample."""
        window = Window(file)
        while (place := window.find(b"\xff", place)) < window.size_bytes:
            first = self._first_sample(window.at(place, _LONGEST_HEADER_BYTES))
            if first is not None and first >= sample and (not self.samples or first < self.samples):
                return place, first
            place += 1
        return None

    def _first_sample(self, head: bytes) -> int | None:
        """The number of a frame's first sample; None where these bytes are not the header of a frame of this file."""
        if len(head) < 6 or head[1] & 0xFE != 0xF8 or head[3] & 1:
            return None
        blocks, rate, channels = head[2] >> 4, head[2] & 15, head[3] >> 4
        if not blocks or rate == 15 or channels > 10 or (channels + 1 if channels < 8 else 2) != self.channels:
            return None
        if 0 < rate < len(_RATES_HZ) and _RATES_HZ[rate] != self.rate_hz:
            return None
        number, length = _coded_number(head[4:])
        end = 4 + length + {6: 1, 7: 2}.get(blocks, 0) + {12: 1, 13: 2, 14: 2}.get(rate, 0)
        if not length or end >= len(head) or _crc8(head[:end]) != head[end]:
            return None
        return number if head[1] & 1 else number * self.block_samples


def read_flac(file: Seekable, at: int = 0) -> Flac | None:
    """What the header of a file says, which begins at a place; None where it is no FLAC or its header is damaged."""
    file.seek(at)
    head = file.read(8 + _STREAMINFO_BYTES)
    # STREAMINFO comes first: block type 0, and always of one size.
    if len(head) < 8 + _STREAMINFO_BYTES or head[:4] != b"fLaC" or head[4] & 0x7F or head[7] != _STREAMINFO_BYTES:
        return None
    info = head[8:]
    packed = int.from_bytes(info[10:18])
    place, last, size_bytes = at + 4, False, file.seek(0, 2)
    while not last and place < size_bytes:
        file.seek(place)
        block = file.read(4)
        last = len(block) < 4 or bool(block[0] & 0x80)
        place += 4 + int.from_bytes(block[1:4])
    rate_hz = packed >> 44
    if not rate_hz:
        return None
    return Flac(
        at=at,
        streaminfo=info,
        frames_at=place,
        block_samples=int.from_bytes(info[:2]),
        rate_hz=rate_hz,
        channels=(packed >> 41 & 7) + 1,
        samples=packed & (1 << 36) - 1,
    )


def next_flac(file: Seekable, place: int) -> Flac | None:
    """The first stream that begins behind a place; None where no other was joined."""
    window = Window(file)
    while (place := window.find(b"fLaC", place + 1)) < window.size_bytes:
        if flac := read_flac(file, place):
            return flac
    return None


def _coded_number(data: bytes) -> tuple[int, int]:
    """A number coded as UTF-8 codes characters, with up to seven bytes, and how many they are; 0 where it is none."""
    first = data[0]
    if first < 0x80:
        return first, 1
    length = 8 - (first ^ 0xFF).bit_length()
    if not 2 <= length <= 7 or len(data) < length or any(byte >> 6 != 2 for byte in data[1:length]):
        return 0, 0
    number = first & (0x7F >> length)
    for byte in data[1:length]:
        number = number << 6 | byte & 0x3F
    return number, length


def _crc8(data: bytes) -> int:
    table, crc = _crc8_table(), 0
    for byte in data:
        crc = table[crc ^ byte]
    return crc


@cache
def _crc8_table() -> list[int]:
    """Of the polynomial x^8 + x^2 + x + 1."""
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = (byte << 1 ^ 0x07) & 0xFF if byte & 0x80 else byte << 1
        table.append(byte)
    return table
