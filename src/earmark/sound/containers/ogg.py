"""Ogg page by page (RFC 3533): the streams that are chained in a file, each to be decoded by itself.

libsndfile ends with the first of them, and other decoders lose a part where the next has another rate. A chain is what
a radio stream's recording is, or a jingle in front of a song. What lies in the middle of a stream can be cut out: its
head, and the pages that hold it; of Opus (RFC 6716, RFC 7845) the packets.
"""

import zlib
from array import array
from dataclasses import dataclass, field
from itertools import accumulate

from earmark.sound.containers.stitched import Seekable, Span, Stitched, Window

_PAGE = b"OggS"
_HEAD_BYTES = 27
_CONTINUES, _BEGINS = 1, 2
_NO_GRANULE = (1 << 64) - 1
# Speex and Vorbis name their rate, Opus counts at this one.
_OPUS_HZ = 48_000
# What is cut out of a longer stream begins to count later than this.
_FROM_THE_START_S = 5.0
_OPUS_HEAD = b"OpusHead"
_PRE_SKIP_AT = 10  # within that head: two bytes
# Of a packet of Opus by its configuration, samples at 48 kHz in a frame: SILK, hybrid and CELT modes.
_OPUS_FRAMES = (*(480, 960, 1920, 2880) * 3, *(480, 960) * 2, *(120, 240, 480, 960) * 4)
_BACKWARDS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))  # the bits of each byte in reverse


@dataclass(slots=True)
class Link:
    """One stream of a chain: where it lies, and what it says of its length.

    `rate_hz` is that of its counting, 0 where that is not known; `first` and `last` are the counts of samples that its
    first and last page with sound end at. `places` are those of the pages in which sound ends, `counts` the samples up
    to there; `in_order` is whether it is one stream alone, of which no page is missing.
    """

    rate_hz: int
    spans: list[Span] = field(default_factory=list)
    first: int = 0
    last: int = 0
    in_order: bool = True
    places: "array[int]" = field(default_factory=lambda: array("Q"), repr=False)
    counts: "array[int]" = field(default_factory=lambda: array("Q"), repr=False)

    @property
    def duration_s(self) -> float:
        """Seconds, 0 where that is not known."""
        if not self.rate_hz or self.last <= 0:
            return 0.0
        from_the_start = self.first < _FROM_THE_START_S * self.rate_hz
        return (self.last - (0 if from_the_start else self.first)) / self.rate_hz

    def opened(self, file: Seekable) -> Stitched:
        """The link as a file of its own."""
        return Stitched(file, self.spans)

    def opened_between(self, file: Seekable, first: int, last: int) -> Stitched:
        """The head of a link in one span, and its pages `first` to `last` of those in which sound ends."""
        return Stitched(file, [self._head, Span(self.places[first], self._end(last))])

    def pre_skip(self, file: Seekable) -> int:
        """Samples that decoders of Opus leave out at the start; 0 for other codecs."""
        page = _bytes_of(file, Span(self._head.start, self._head.start + _HEAD_BYTES + 256))
        at = page.find(_OPUS_HEAD)
        return int.from_bytes(page[at + _PRE_SKIP_AT : at + _PRE_SKIP_AT + 2], "little") if at >= 0 else 0

    def opus_from(self, file: Seekable, first: int, last: int, *, sample: int) -> tuple[Stitched, int]:
        """Opus from about a sample in page `first` on to the end of page `last`, and the sample that it begins with.

        Packets of page `first` that end before the sample are left out, and none are left out at the start by decoders.
        """
        head = bytearray(_bytes_of(file, Span(self._head.start, self.places[0])))
        at = head.find(_OPUS_HEAD) + _PRE_SKIP_AT
        head[at : at + 2] = bytes(2)
        size_bytes = _HEAD_BYTES + head[26] + sum(head[_HEAD_BYTES : _HEAD_BYTES + head[26]])
        page = _bytes_of(file, Span(self.places[first], self._end(first)))
        page, begin = _cut_page(page, self.counts[first], sample)
        rest = Span(self._end(first), self._end(last))
        return Stitched(file, [_with_checksum(bytes(head[:size_bytes])), bytes(head[size_bytes:]), page, rest]), begin

    @property
    def _head(self) -> Span:
        return Span(self.spans[0].start, self.places[0])

    def _end(self, number: int) -> int:
        """Where a page ends, with those behind it in which no sound ends."""
        return self.places[number + 1] if number + 1 < len(self.places) else self.spans[-1].end


def ogg_links(file: Seekable) -> list[Link]:
    """The links of a chain, in order; none where the file is no Ogg. Bytes between pages are left out."""
    window = Window(file)
    links: list[Link] = []
    place, beginning, following = 0, False, 0
    while place < window.size_bytes:
        head = window.at(place, _HEAD_BYTES + 255)
        if head[:4] != _PAGE or len(head) < _HEAD_BYTES:
            place = window.find(_PAGE, place + 1)
            continue
        body = _HEAD_BYTES + head[26]
        end = place + body + sum(head[_HEAD_BYTES:body])
        if end > window.size_bytes:
            break
        begins = bool(head[5] & _BEGINS)
        if begins and not beginning:
            links.append(Link(0))
        if links:
            link = links[-1]
            number = int.from_bytes(head[18:22], "little")
            link.in_order &= number == (0 if begins else following) and not (begins and beginning)
            following = number + 1
            if begins:
                link.rate_hz = link.rate_hz or _rate_hz(window.at(place + body, 64))
            _count(link, int.from_bytes(head[6:14], "little"), place)
            _extend(link.spans, place, end)
        beginning = begins
        place = end
    return links


def _count(link: Link, granule: int, place: int) -> None:
    if granule in (0, _NO_GRANULE) or granule >> 62:
        return
    link.in_order &= granule >= link.last
    link.first = link.first or granule
    link.last = max(link.last, granule)
    link.places.append(place)
    link.counts.append(granule)


def _extend(spans: list[Span], start: int, end: int) -> None:
    if spans and spans[-1].end == start:
        spans[-1] = Span(spans[-1].start, end)
    else:
        spans.append(Span(start, end))


def _rate_hz(packet: bytes) -> int:
    """The rate that a stream counts its samples at, from its first packet; 0 where the codec is not known."""
    if packet[:8] == _OPUS_HEAD:
        return _OPUS_HZ
    if packet[:7] == b"\x01vorbis":
        return int.from_bytes(packet[12:16], "little")
    if packet[:8] == b"Speex   ":
        return int.from_bytes(packet[36:40], "little")
    if packet[:5] == b"\x7fFLAC":  # STREAMINFO follows 9 + 4 + 4 bytes in
        return int.from_bytes(packet[27:30]) >> 4
    return 0


def _bytes_of(file: Seekable, span: Span) -> bytes:
    file.seek(span.start)
    return file.read(span.end - span.start)


def _cut_page(page: bytes, count: int, sample: int) -> tuple[bytes, int]:
    """A page of Opus, whose sound ends at `count`, from the packet on that holds a sample: the page, and its start."""
    laces = page[_HEAD_BYTES : _HEAD_BYTES + page[26]]
    body = _HEAD_BYTES + len(laces)
    ends = [number for number, lace in enumerate(laces, 1) if lace < 255]  # of packets, by laces
    begins = [0, *ends[:-1]]
    places = [0, *accumulate(laces)]
    lengths = [_opus_samples(page[body + places[lace] :][:2]) for lace in begins]
    if page[5] & _CONTINUES:  # the first packet's beginning is not here
        begins, lengths = begins[1:], lengths[1:]
    starts = [count - left for left in accumulate(reversed(lengths))][::-1]
    kept = max((number for number, start in enumerate(starts) if start <= sample), default=0)
    if not starts:
        return b"", count
    lace = begins[kept]
    head = page[:5] + bytes([page[5] & ~_CONTINUES]) + page[6:26] + bytes([len(laces) - lace])
    end = body + places[-1]
    rest = page[end:]  # pages in which no sound ends
    return _with_checksum(head + laces[lace:] + page[body + places[lace] : end]) + rest, starts[kept]


def _opus_samples(packet: bytes) -> int:
    """Samples at 48 kHz in a packet, by its first two bytes (RFC 6716, section 3.1)."""
    code = packet[0] & 3
    frames = packet[1] & 63 if code == 3 and len(packet) > 1 else (1, 2, 2, 1)[code]
    return frames * _OPUS_FRAMES[packet[0] >> 3]


def _with_checksum(page: bytes) -> bytes:
    """A page with a checksum that is true: zlib's, whose bits run the other way, begun and ended with nothing."""
    bare = page[:22] + bytes(4) + page[26:]
    backwards = zlib.crc32(bare.translate(_BACKWARDS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return bare[:22] + int(f"{backwards:032b}"[::-1], 2).to_bytes(4, "little") + bare[26:]
