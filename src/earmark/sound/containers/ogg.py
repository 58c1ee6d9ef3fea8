"""Ogg page by page (RFC 3533): the streams that are chained in a file, each to be decoded by itself.

libsndfile ends with the first of them, and other decoders lose a part where the next has another rate. A chain is what
a radio stream's recording is, or a jingle in front of a song.
"""

from dataclasses import dataclass, field

from earmark.sound.containers.stitched import Seekable, Span, Stitched, Window

_PAGE = b"OggS"
_HEAD_BYTES = 27
_BEGINS = 2
_NO_GRANULE = (1 << 64) - 1
# Speex and Vorbis name their rate, Opus counts at this one.
_OPUS_HZ = 48_000
# What is cut out of a longer stream begins to count later than this.
_FROM_THE_START_S = 5.0


@dataclass(slots=True)
class Link:
    """One stream of a chain: where it lies, and what it says of its length.

    `rate_hz` is that of its counting, 0 where that is not known; `first` and `last` are the counts of samples that its
    first and last page with sound end at.
    """

    rate_hz: int
    spans: list[Span] = field(default_factory=list)
    first: int = 0
    last: int = 0

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


def ogg_links(file: Seekable) -> list[Link]:
    """The links of a chain, in order; none where the file is no Ogg. Bytes between pages are left out."""
    window = Window(file)
    links: list[Link] = []
    place, beginning = 0, False
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
        beginning = begins
        if links:
            link = links[-1]
            if begins:
                link.rate_hz = link.rate_hz or _rate_hz(window.at(place + body, 64))
            _count(link, int.from_bytes(head[6:14], "little"))
            _extend(link.spans, place, end)
        place = end
    return links


def _count(link: Link, granule: int) -> None:
    if granule in (0, _NO_GRANULE) or granule >> 62:
        return
    link.first = link.first or granule
    link.last = max(link.last, granule)


def _extend(spans: list[Span], start: int, end: int) -> None:
    if spans and spans[-1].end == start:
        spans[-1] = Span(spans[-1].start, end)
    else:
        spans.append(Span(start, end))


def _rate_hz(packet: bytes) -> int:
    """The rate that a stream counts its samples at, from its first packet; 0 where the codec is not known."""
    if packet[:8] == b"OpusHead":
        return _OPUS_HZ
    if packet[:7] == b"\x01vorbis":
        return int.from_bytes(packet[12:16], "little")
    if packet[:8] == b"Speex   ":
        return int.from_bytes(packet[36:40], "little")
    if packet[:5] == b"\x7fFLAC":  # STREAMINFO follows 9 + 4 + 4 bytes in
        return int.from_bytes(packet[27:30]) >> 4
    return 0
