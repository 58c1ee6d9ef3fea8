"""The tags of Ogg Vorbis and Opus (RFC 3533, RFC 7845): the packet of comments, in pages that are made anew.

Mostly they are as many pages as before; where not, those behind them get other numbers, and their sum of check. Of
streams that are chained the first is tagged.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from earmark.errors import TagError
from earmark.library.tags.edits import Edit, growth, in_order
from earmark.library.tags.held import Source, Tags, Values
from earmark.library.tags.vorbis import Comments, read_comments
from earmark.sound.containers.stitched import Span

_HEAD_BYTES = 27
_CONTINUES, _BEGINS = 1, 2
_NO_GRANULE = b"\xff" * 8
_MOST_SEGMENTS = 255
_MOST_HEADER_PAGES = 5_000
_BACKWARDS = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))  # the bits of each byte in reverse
# First packet, the mark of the packet of comments, and how many packets follow the first before the sound.
_CODECS = ((b"\x01vorbis", b"\x03vorbis", 2), (b"OpusHead", b"OpusTags", 1))
Part = Span | bytes


@dataclass(frozen=True, slots=True)
class Page:
    """One page: its place, its head with the table of segments, and where it ends."""

    start: int
    head: bytes
    end: int

    @property
    def body(self) -> int:
        """Where its packets begin."""
        return self.start + len(self.head)

    @property
    def lacing(self) -> bytes:
        """The sizes of its segments."""
        return self.head[_HEAD_BYTES:]

    @property
    def serial(self) -> bytes:
        """Which stream it is of."""
        return self.head[14:18]

    @property
    def number(self) -> int:
        """Which page of its stream it is."""
        return int.from_bytes(self.head[18:22], "little")


@dataclass(frozen=True)
class OggTags:
    """As of `Tags`.

    `pages` are those of the packets behind the first and before the sound, `packets` these packets, the comments first,
    behind `mark`.
    """

    source: Source
    pages: tuple[Page, ...]
    packets: tuple[bytes, ...]
    mark: bytes
    comments: Comments

    @property
    def fields(self) -> dict[str, tuple[str, ...]]:
        """As of `Tags`."""
        return self.comments.fields

    @property
    def places(self) -> dict[str, str]:
        """As of `Tags`."""
        return self.comments.places

    @property
    def others(self) -> tuple[tuple[str, bytes], ...]:
        """As of `Tags`, with what lies behind the comments and the other packets of the head."""
        behind = self.packets[0][len(self.mark) + self.comments.end :]
        return (
            *self.comments.others,
            ("behind the comments", behind),
            *(("packet", each) for each in self.packets[1:]),
        )

    def edits(self, new: Values) -> list[Edit]:
        """As of `Tags`."""
        mark = len(self.mark)
        changes = [Edit(mark + each.start, mark + each.end, each.content) for each in self.comments.edits(new)]
        stream = Stream(self.pages, b"".join(self.packets), in_order(changes))
        sizes = [len(self.packets[0]) + growth(changes), *map(len, self.packets[1:])]
        made, first, last = stream.paged(sizes), self.pages[0], self.pages[-1]
        shift = len(made) - len(self.pages)
        edits = _between_spans([part for page in made for part in page], first.start, last.end)
        return edits + (self._renumbered(last, shift) if shift else [])

    def _renumbered(self, last: Page, shift: int) -> list[Edit]:
        """Other numbers for the pages of this stream behind one."""
        found, place = [], last.end
        while place < self.source.size_bytes and (page := _page(self.source, place)):
            if page.head[5] & _BEGINS:
                break  # the next stream of a chain
            if page.serial != last.serial:
                raise TagError(f"{self.source.name} has several streams at once: it was left as it is.")
            number = (page.number + shift).to_bytes(4, "little")
            body = self.source.at(page.body, page.end - page.body)
            head = page.head[:18] + number + bytes(4) + page.head[26:]
            found.append(Edit(place + 18, place + 26, number + _sum(head + body)))
            place = page.end
        return found


def read_ogg(source: Source) -> Tags:
    """The tags of an Ogg file; TagError where its streams are of another kind."""
    first = _page(source, 0)
    if first is None:
        raise source.damaged("it does not begin with a page of Ogg")
    begin = source.at(first.body, min(first.end - first.body, 64))
    codec = next(((mark, count) for head, mark, count in _CODECS if begin.startswith(head)), None)
    if codec is None or len(first.lacing) != 1:
        raise TagError(f"{source.name} is an Ogg file of a kind that earmark does not tag: it was left as it is.")
    pages, packets = _packets(source, first, codec[1])
    if not packets[0].startswith(codec[0]):
        raise source.damaged("its second packet has no comments")
    return OggTags(source, pages, packets, codec[0], read_comments(source, packets[0][len(codec[0]) :]))


def _packets(source: Source, first: Page, count: int) -> tuple[tuple[Page, ...], tuple[bytes, ...]]:
    """So many packets behind the first page, and the pages that hold them and nothing else."""
    pages, packets, open_packet, place = list[Page](), list[bytes](), b"", first.end
    while len(packets) < count:
        page = _page(source, place)
        if page is None or page.head[5] & _BEGINS or page.serial != first.serial or len(pages) > _MOST_HEADER_PAGES:
            raise source.damaged("its head is not in one piece")
        pages.append(page)
        body, within = source.at(page.body, page.end - page.body), 0
        for size in page.lacing:
            open_packet += body[within : within + size]
            within += size
            if size < _MOST_SEGMENTS:
                packets.append(open_packet)
                open_packet = b""
        place = page.end
    if len(packets) != count or open_packet:
        raise source.damaged("its sound begins on a page of its head")
    return tuple(pages), tuple(packets)


def _page(source: Source, place: int) -> Page | None:
    head = source.some(place, _HEAD_BYTES + _MOST_SEGMENTS)
    if head[:4] != b"OggS" or len(head) < _HEAD_BYTES:
        return None
    head = head[: _HEAD_BYTES + head[26]]
    end = place + len(head) + sum(head[_HEAD_BYTES:])
    return Page(place, head, end) if end <= source.size_bytes else None


@dataclass(frozen=True)
class Stream:
    """The packets of some pages one behind the other, and what is edited in them."""

    pages: tuple[Page, ...]
    content: bytes
    changes: list[Edit]

    def paged(self, sizes: list[int]) -> list[list[Part]]:
        """Pages of packets of these sizes: each as its head, and spans of the old pages or bytes."""
        lacing = [size for packet in sizes for size in _laced(packet)]
        parts, place, made = list(self._parts()), 0, list[list[Part]]()
        whole = b"".join(part if isinstance(part, bytes) else self.content[part.start : part.end] for part in parts)
        for start, until in pairwise(self._shares(len(lacing))):
            row = bytes(lacing[start:until])
            continues = _CONTINUES if start and lacing[start - 1] == _MOST_SEGMENTS else 0
            granule = bytes(8) if min(row) < _MOST_SEGMENTS else _NO_GRANULE
            number = (self.pages[0].number + len(made)).to_bytes(4, "little")
            head = b"OggS\0" + bytes([continues]) + granule + self.pages[0].serial + number
            end = place + sum(row)
            page = head + bytes(4) + bytes([len(row)]) + row + whole[place:end]
            head += _sum(page) + bytes([len(row)]) + row
            made.append([head, *self._in_file(_cut(parts, place, end))])
            place = end
        return made

    def _shares(self, segments: int) -> list[int]:
        """Where pages begin and end in so many segments: as many pages as before, if they hold them."""
        least = -(-segments // _MOST_SEGMENTS)
        count = max(least, min(len(self.pages), segments))
        return [segments * number // count for number in range(count + 1)]

    def _parts(self) -> Iterator[Part]:
        """The edited packets as spans of the old ones, and bytes."""
        place = 0
        for change in self.changes:
            yield from (Span(place, change.start), change.content)
            place = change.end
        yield Span(place, len(self.content))

    def _in_file(self, parts: Iterable[Part]) -> Iterator[Part]:
        """With spans of the file instead of spans of the packets."""
        for part in parts:
            if isinstance(part, bytes):
                yield part
                continue
            first = 0
            for page in self.pages:
                size = page.end - page.body
                start, end = max(part.start, first), min(part.end, first + size)
                if start < end:
                    yield Span(page.body + start - first, page.body + end - first)
                first += size


def _cut(parts: list[Part], start: int, end: int) -> Iterator[Part]:
    """What lies between two places of parts that follow each other."""
    place = 0
    for part in parts:
        size = len(part) if isinstance(part, bytes) else part.end - part.start
        first, last = max(start - place, 0), min(end - place, size)
        if first < last:
            yield part[first:last] if isinstance(part, bytes) else Span(part.start + first, part.start + last)
        place += size


def _between_spans(parts: list[Part], start: int, end: int) -> list[Edit]:
    """The edits that make parts, spans in order, of what lies between two places of a file."""
    found, place, content = [], start, b""
    for part in parts:
        if isinstance(part, bytes):
            content += part
        else:
            found.append(Edit(place, part.start, content))
            place, content = part.end, b""
    return [*found, Edit(place, end, content)]


def _laced(size_bytes: int) -> list[int]:
    whole, rest = divmod(size_bytes, _MOST_SEGMENTS)
    return [_MOST_SEGMENTS] * whole + [rest]


def _sum(page: bytes) -> bytes:
    """The sum of check of a page whose own place for it is zero: CRC-32 with its bits in the other order."""
    found = zlib.crc32(page.translate(_BACKWARDS), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{found:032b}"[::-1], 2).to_bytes(4, "little")
