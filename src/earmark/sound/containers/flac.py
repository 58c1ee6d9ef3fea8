"""FLAC frame by frame (RFC 9639): where sound goes on after damage, and where any sample is.

libsndfile stops at the first frame that is damaged. Frames carry their number and a checksum of their header, so the
next sound one is found, and what follows is decoded as a stream of its own.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from earmark.sound.containers.stitched import Seekable, Span, Stitched, Window

_STREAMINFO_BYTES = 34
_LONGEST_HEADER_BYTES = 16
_NEAR_BYTES = 1 << 16  # read at once where places far from each other are looked at
_PROBES = 8
_NEAR_BLOCKS = 5  # so far before a wanted sample decoding may begin
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

    def next_frame(self, window: Window, place: int, *, sample: int) -> tuple[int, int] | None:
        """The first frame at or after a place that begins at or after a sample: its place, and its first sample."""
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


class FlacIndex:
    """Where the frames of one whole stream are, found by their numbers as far as asked for.

    Parameters
    ----------
    flac:
        The stream.
    window:
        Its file.
    known:
        Some of its frames, the first among them, by place and first sample, in order.
    """

    def __init__(self, flac: Flac, window: Window, known: Sequence[tuple[int, int]]) -> None:
        self.flac = flac
        self._window = window
        self._known = tuple(known)

    def frame_before(self, sample: int) -> tuple[int, int]:
        """A frame that begins at a sample or some blocks before it: its place, and its first sample."""
        after = bisect_right(self._known, sample, key=lambda frame: frame[1])
        low = self._known[after - 1]
        high = self._known[after] if after < len(self._known) else (self._window.size_bytes, self.flac.samples)
        near = _NEAR_BLOCKS * self.flac.block_samples
        while sample - low[1] > near and high[0] - low[0] > 1:
            # Where it would be were all frames of one size, and a little before.
            share = max(sample - low[1] - near // 2, 0) / max(high[1] - low[1], 1)
            place = min(low[0] + 1 + int(share * (high[0] - low[0])), high[0] - 1)
            found = self.flac.next_frame(self._window, place, sample=low[1] + 1)
            if found is None or found[1] > sample or found[0] >= high[0]:
                high = (place, min(found[1] if found else self.flac.samples, high[1]))
            else:
                low = found
        return low


def flac_index(file: Seekable) -> FlacIndex | None:
    """The frames of a file that is one FLAC stream of a stated length; None where it is not, or its end is missing."""
    flac = read_flac(file)
    if flac is None or not flac.samples or not flac.block_samples:
        return None
    window = Window(file, chunk_bytes=_NEAR_BYTES)
    step = max((window.size_bytes - flac.frames_at) // _PROBES, 1)
    known: list[tuple[int, int]] = []
    for number in range(_PROBES):
        found = flac.next_frame(window, flac.frames_at + number * step, sample=0)
        # Frames that count from the start again are those of a stream that was joined.
        if found is not None and known and found[1] < known[-1][1]:
            return None
        known += [found] if found is not None and found not in known else []
    if not known or known[0][1] or _last_sample(flac, window, known[-1]) < flac.samples:
        return None
    return FlacIndex(flac, window, known)


def _last_sample(flac: Flac, window: Window, known: tuple[int, int]) -> int:
    """Up to which sample the frames that are there may reach; `known` is one of them."""
    longest_bytes = max(2 * int.from_bytes(flac.streaminfo[7:10]), _NEAR_BYTES)
    place = max(window.size_bytes - longest_bytes, known[0])
    last = max((sample for _, sample in _frames(flac, window, place)), default=0)
    return last + flac.block_samples


def _frames(flac: Flac, window: Window, place: int) -> Iterator[tuple[int, int]]:
    """The frames from a place on."""
    found = flac.next_frame(window, place, sample=0)
    while found is not None:
        yield found
        found = flac.next_frame(window, found[0] + 1, sample=0)


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
