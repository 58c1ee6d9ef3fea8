"""MPEG audio (mp1, mp2, mp3) frame by frame: where its streams begin and end, and how long they are.

The first frame may hold a table of contents (Xing, Info, VBRI). It is wrong where the file was cut, joined or damaged,
and decoders believe it; where it is missing they guess the length from the first frame. So the headers of all frames
are read here, four bytes each. Frame headers: ISO/IEC 11172-3 and 13818-3; MPEG 2.5 as everybody reads it.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from earmark.sound.containers.stitched import Seekable, Span, Stitched, Window
from earmark.sound.containers.tag_blocks import after_tags

# So many frames in a row are no accident.
_CONVINCING = 3
# How far into a file the first frame is looked for: rubbish in front of it is short.
_RUBBISH_BYTES = 1 << 20
_BITRATES_KBIT = {  # (MPEG 1?, layer): the fourteen rates that a header can name
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_MONO = 3
_HEADER_BYTES = 4
_XING_FRAMES_FLAG, _XING_BYTES_FLAG = 1, 2
LAYER_3 = 3
_NOTE_BYTES = 141  # from an Xing table's start to where encoders note their delay: 12 bits, and 12 of padding
# A frame of layer III may take so many bytes of sound from those before it, and one rings on into the next two.
_RESERVOIR_BYTES, _FRAME_HEAD_BYTES, _RINGING, _MOST_BEFORE = 511, 38, 3, 64
_MARKED = 32  # frames: of every so many the place is kept
_TABLE_BITRATE = 9  # of a table of contents that is made here: the ninth bitrate, whose frames have room for one


@dataclass(frozen=True, slots=True)
class Format:
    """What all frames of a stream have in common."""

    rate_hz: int
    layer: int
    mpeg1: bool
    mono: bool

    @property
    def frame_samples(self) -> int:
        """Samples of each channel in a frame."""
        if self.layer == 1:
            return 384
        return 1152 if self.layer == 2 or self.mpeg1 else 576

    @property
    def frame_s(self) -> float:
        """Seconds of sound in a frame."""
        return self.frame_samples / self.rate_hz


@dataclass(slots=True)
class Stream:
    """Frames of one format that follow each other, rubbish between them left out.

    Attributes
    ----------
    spans:
        Where its frames lie.
    frames:
        How many they are, that of a table of contents not counted.
    lost_frames:
        About how many are missing: those that the table names beyond what is there, and those that would fit into
        rubbish between frames.
    head:
        A first frame that names the number of frames; empty for layers I and II, which have no such thing.
    table_frames:
        1 where the file has a table of contents of its own, which stands where the first frame would.
    marks:
        Places of every 32nd frame, that of a table counted.
    """

    format: Format
    spans: list[Span] = field(default_factory=list)
    frames: int = 0
    lost_frames: int = 0
    head: bytes = b""
    table_frames: int = 0
    marks: "array[int]" = field(default_factory=lambda: array("Q"))

    @property
    def duration_s(self) -> float:
        """Seconds of sound in the frames that are there."""
        return self.frames * self.format.frame_s

    @property
    def lost_s(self) -> float:
        """Seconds of sound in the frames that are missing."""
        return self.lost_frames * self.format.frame_s

    def opened(self, file: Seekable) -> Stitched:
        """The stream as a file of its own, which names the true number of its frames."""
        return Stitched(file, [self.head, *self.spans], hides_length=True)

    def opened_between(self, file: Seekable, window: Window, first: int, end: int) -> tuple[Stitched, int]:
        """Frames `first` to `end` of a stream in one span as a file of their own, and the frame that it begins with.

        It begins so early that frame `first` has all that it may take from those before it.
        """
        places = self._places(window, max(first - _MOST_BEFORE, 0), first)
        begin = len(places) - 1
        while begin and not self._enough(places[begin:]):
            begin -= 1
        stop = self._places(window, end, end)[0] if end < self.frames else self.spans[0].end
        begin_frame = first - (len(places) - 1 - begin)
        head = b""
        if self.format.layer == LAYER_3:
            frame = _frame_at(places[begin], window)
            head = _new_table(frame, _table_place(self.format), end - begin_frame)
        return Stitched(file, [head, Span(places[begin], stop)], hides_length=True), begin_frame

    @property
    def gap(self) -> tuple[int, int]:
        """Samples that encoders add at the start and at both ends, as LAME and others note behind their table; or 0."""
        at = _table_place(self.format)
        note = self.head[at + _NOTE_BYTES : at + _NOTE_BYTES + 3]
        if not self.table_frames or len(note) < 3:
            return 0, 0
        delay, padding = int.from_bytes(note) >> 12, int.from_bytes(note) & 0xFFF
        return delay, delay + padding

    def _places(self, window: Window, first: int, last: int) -> list[int]:
        """Where frames begin, 0 the first with sound."""
        mark = (first + self.table_frames) // _MARKED
        place, places = self.marks[mark], []
        sizes: dict[bytes, int] = {}
        for number in range(mark * _MARKED - self.table_frames, last + 1):
            if number >= first:
                places.append(place)
            four = window.at(place, _HEADER_BYTES)
            if four not in sizes:
                header = _header_of(four)
                sizes[four] = header.size_bytes if header else 1  # a file that changed is found out by its decoder
            place += sizes[four]
        return places

    def _enough(self, places: list[int]) -> bool:
        """Whether decoding may begin with the first frame of these to have the last."""
        if len(places) <= _RINGING:
            return False
        sound_bytes = places[-_RINGING] - places[0] - (len(places) - _RINGING) * _FRAME_HEAD_BYTES
        return self.format.layer != LAYER_3 or sound_bytes >= _RESERVOIR_BYTES


def mpeg_streams(file: Seekable) -> list[Stream]:
    """The streams of a file, in order; none where it is not MPEG audio.

    A stream ends where sample rate, layer or the number of channels change. Frames of free format, which name no
    bitrate, are not known here.
    """
    scan = _Scan(Window(file))
    if is_free_format(file):
        return []
    return [_finished(stream, scan.window) for stream in scan.streams()]


def is_free_format(file: Seekable) -> bool:
    """Whether a file begins with a frame that names no bitrate."""
    window = Window(file)
    four = window.at(after_tags(window, 0), _HEADER_BYTES)
    if len(four) < _HEADER_BYTES or four[2] >> 4:
        return False
    return _header_of(bytes([four[0], four[1], four[2] | 0x90, four[3]])) is not None


class _Scan:
    """The walk from frame to frame."""

    def __init__(self, window: Window) -> None:
        self.window = window
        self._sizes: dict[Format, dict[bytes, int]] = {}  # of headers that were met: bytes of the frame, 0 for others

    def streams(self) -> Iterator[Stream]:
        """Each stream, as soon as the next one begins."""
        stream: Stream | None = None
        place = 0
        while place < self.window.size_bytes:
            skipped = self._after_tags(place)
            begin = self._next_frame(skipped, stream)
            if begin is None:
                break
            header = self._whole_frame(begin)
            if header is None:  # the file has become shorter
                break
            if stream is None or header.format != stream.format:
                if stream is not None:
                    yield stream
                stream = Stream(header.format)
            elif begin > skipped:
                mean_bytes = max(1, sum(span.end - span.start for span in stream.spans) // max(stream.frames, 1))
                stream.lost_frames += round((begin - skipped) / mean_bytes)
            place = self._run(begin, stream)
        if stream is not None:
            yield stream

    def _run(self, begin: int, stream: Stream) -> int:
        """Walk over frames that follow each other, note them, and give the place after them."""
        window, sizes = self.window, self._sizes.setdefault(stream.format, {})
        end, place = window.size_bytes, begin
        start, chunk = window.start, window.chunk
        marks, frames = stream.marks, stream.frames
        while True:  # over every frame of the file
            within = place - start
            if within < 0 or within + _HEADER_BYTES > len(chunk):
                window.load(place)
                start, chunk, within = place, window.chunk, 0
            four = chunk[within : within + _HEADER_BYTES]
            size_bytes = sizes.get(four)
            if size_bytes is None:
                header = _header_of(four)
                size_bytes = header.size_bytes if header and header.format == stream.format else 0
                sizes[four] = size_bytes
            if not size_bytes or place + size_bytes > end:
                break
            if not frames % _MARKED:
                marks.append(place)
            frames += 1
            place += size_bytes
        stream.frames = frames
        if place > begin:
            stream.spans.append(Span(begin, place))
        return place

    def _next_frame(self, place: int, stream: Stream | None) -> int | None:
        """Where the next run of frames begins at or after a place."""
        window = self.window
        limit = window.size_bytes if stream else min(place + _RUBBISH_BYTES, window.size_bytes)
        while place < limit and not self._convincing(place, stream):
            place = window.find(b"\xff", place + 1)
        return place if place < limit else None

    def _convincing(self, place: int, stream: Stream | None) -> bool:
        """Whether frames of one format follow each other here, one less where they go on with a stream."""
        first = self._whole_frame(place)
        if first is None:
            return False
        goes_on = stream is not None and first.format == stream.format
        for _ in range(_CONVINCING - goes_on - 1):
            place += first.size_bytes
            if place >= self.window.size_bytes or _is_tag(self.window.at(place, _HEADER_BYTES)):
                return goes_on
            after = self._whole_frame(place)
            if after is None or after.format != first.format:
                return False
            first = after
        return True

    def _whole_frame(self, place: int) -> "_Header | None":
        header = _header_of(self.window.at(place, _HEADER_BYTES))
        return header if header and place + header.size_bytes <= self.window.size_bytes else None

    def _after_tags(self, place: int) -> int:
        return after_tags(self.window, place)


@dataclass(frozen=True, slots=True)
class _Header:
    format: Format
    size_bytes: int


def _header_of(four: bytes) -> _Header | None:
    """What the first four bytes of a frame say; None where they are no header."""
    if len(four) < _HEADER_BYTES or four[0] != 0xFF or four[1] & 0xE0 != 0xE0:
        return None
    version, layer = four[1] >> 3 & 3, 4 - (four[1] >> 1 & 3)
    bitrate, rate, padding = four[2] >> 4, four[2] >> 2 & 3, four[2] >> 1 & 1
    if version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3 or four[3] & 3 == 2:
        return None
    mpeg1 = version == 3
    rate_hz = _RATES_HZ[version][rate]
    form = Format(rate_hz, layer, mpeg1, four[3] >> 6 == _MONO)
    bits = 1000 * _BITRATES_KBIT[mpeg1, layer][bitrate - 1] * form.frame_samples
    slot_bytes = 4 if layer == 1 else 1
    return _Header(form, (bits // (8 * slot_bytes * rate_hz) + padding) * slot_bytes)


def _is_tag(head: bytes) -> bool:
    return head[:3] in (b"TAG", b"ID3") or head == b"APET"


def _finished(stream: Stream, window: Window) -> Stream:
    """The stream with a table of contents that is true: its own, made so, or a new one."""
    if stream.format.layer != LAYER_3:
        return stream
    first = stream.spans[0]
    frame = _frame_at(first.start, window)
    at = _table_place(stream.format)
    is_xing = frame[at : at + 4] in (b"Xing", b"Info")
    if is_xing or frame[36:40] == b"VBRI":
        stream.spans = [Span(first.start + len(frame), first.end), *stream.spans[1:]]
        stream.frames -= 1
        stream.table_frames = 1
        named = _number(frame, at + 8) if is_xing and _number(frame, at + 4) & _XING_FRAMES_FLAG else 0
        named = named if is_xing else _number(frame, 50)
        stream.lost_frames = max(stream.lost_frames, named - stream.frames)
    stream.head = _made_true(frame, at, stream) if is_xing else _new_table(frame, at, stream.frames)
    return stream


def _frame_at(place: int, window: Window) -> bytes:
    header = _header_of(window.at(place, _HEADER_BYTES))
    return window.at(place, header.size_bytes) if header else b""


def _table_place(form: Format) -> int:
    """Where in a frame a table of contents begins: behind the side information."""
    if form.mpeg1:
        return _HEADER_BYTES + (17 if form.mono else 32)
    return _HEADER_BYTES + (9 if form.mono else 17)


def _made_true(frame: bytes, at: int, stream: Stream) -> bytes:
    """The frame of an Xing table with the numbers of frames and bytes that there are."""
    flags = _number(frame, at + 4)
    if not flags & _XING_FRAMES_FLAG:
        return _new_table(frame, at, stream.frames)
    table = bytearray(frame)
    table[at + 8 : at + 12] = stream.frames.to_bytes(4)
    if flags & _XING_BYTES_FLAG:
        size_bytes = len(frame) + sum(span.end - span.start for span in stream.spans)
        table[at + 12 : at + 16] = size_bytes.to_bytes(4)
    return bytes(table)


def _new_table(frame: bytes, at: int, frames: int) -> bytes:
    """A silent frame with an Xing table that names nothing but the number of frames."""
    header = bytes([frame[0], frame[1] | 1, _TABLE_BITRATE << 4 | frame[2] & 0x0C, frame[3]])  # no checksum, no padding
    made = _header_of(header)
    table = bytearray(made.size_bytes if made else 0)
    table[: len(header)] = header
    table[at : at + 12] = b"Xing" + _XING_FRAMES_FLAG.to_bytes(4) + frames.to_bytes(4)
    return bytes(table)


def _number(frame: bytes, at: int) -> int:
    return int.from_bytes(frame[at : at + 4])
