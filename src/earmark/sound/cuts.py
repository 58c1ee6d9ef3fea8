"""Sound from the middle of a file, without decoding what lies before it.

Where a container counts its frames or pages (`sound.containers`), those that hold the wanted samples are cut out, with
the few before them that a decoder needs to find into the sound, and decoded as a file of their own. So samples are
those that decoding the whole file gives, to rounding. What is joined, damaged, cut off or in no such container has no
cuts, and must be heard whole. Samples are counted as decoding the whole file counts them, at the file's own rate.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import soundfile

from earmark.sound.containers.flac import FlacIndex, flac_index
from earmark.sound.containers.kinds import FLAC, HEAD_BYTES, OGG, TEXT, UNKNOWN, WAV, Decoder, Kind, kind_of
from earmark.sound.containers.mpeg import LAYER_3, Stream, mpeg_streams
from earmark.sound.containers.ogg import Link, ogg_links
from earmark.sound.containers.riff import waves
from earmark.sound.containers.stated import stated_s
from earmark.sound.containers.stitched import Seekable, Span, Stitched, Window
from earmark.sound.containers.tag_blocks import tags_end
from earmark.sound.decoding import ForwardOnly, bits_of, fill
from earmark.sound.files import Reader
from earmark.sound.pieces import Piece

# Formats in which every sample stands by itself, so that libsndfile finds each exactly.
_BY_THE_SAMPLE = frozenset(
    {"PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"},
)
_NEAR_BYTES = 1 << 16  # read at once where places far from each other are looked at
_MPEG_DELAY = 529  # samples that mpg123 leaves out at the start of layer III
_VORBIS_LEAD = 4096  # samples: half of the longest block, which is lost at the start
_OPUS_LEAD = 9600  # samples at 48 kHz: after 0.2 s a decoder that began anywhere is one that began before


class Cuts(Protocol):
    """A file's sound, of `samples` of each channel at `rate_hz`, from any place."""

    @property
    def rate_hz(self) -> int:
        """Its own rate."""

    @property
    def samples(self) -> int:
        """How long it is."""

    def read(self, first: int, count: int) -> Piece | None:
        """Samples `first` to `first + count`, which must be there; None where the file is not as it says."""


def cuts_of(file: Reader) -> Cuts | None:
    """The cuts of a file that libsndfile decodes; None where it must be heard whole."""
    start = tags_end(file)
    file.seek(start)
    kind = kind_of(file.read(HEAD_BYTES))
    if kind.decoder is not Decoder.BASE and kind is not TEXT:
        return None
    sound = Stitched(file, [Span(start, file.size_bytes)]) if start else file
    return _BY_KIND.get(kind, _plain_cuts)(sound)


@dataclass(frozen=True, slots=True)
class _SampleCuts:
    """Of what has every sample in a place of its own."""

    opened: Callable[[], Seekable]
    rate_hz: int
    samples: int

    def read(self, first: int, count: int) -> Piece | None:
        return _decoded(self.opened(), count, first=first)


def _plain_cuts(file: Seekable) -> Cuts | None:
    file.seek(0)
    duration_s = stated_s(file.read(HEAD_BYTES))
    cuts = _sample_cuts(lambda: file)
    return cuts if cuts and duration_s * cuts.rate_hz <= cuts.samples + 1 else None


def _wav_cuts(file: Seekable) -> Cuts | None:
    found = waves(file)
    if len(found) != 1 or found[0].is_mpeg or found[0].missing_bytes:
        return None
    return _sample_cuts(lambda: found[0].opened(file))


def _sample_cuts(opened: Callable[[], Seekable]) -> Cuts | None:
    sound = _sound(opened())
    if sound is None:
        return None
    with sound:
        exact = sound.subtype in _BY_THE_SAMPLE
        return _SampleCuts(opened, sound.samplerate, sound.frames) if exact else None


@dataclass(frozen=True, slots=True)
class _FlacCuts:
    """Of a FLAC stream."""

    file: Seekable
    index: FlacIndex

    @property
    def rate_hz(self) -> int:
        return self.index.flac.rate_hz

    @property
    def samples(self) -> int:
        return self.index.flac.samples

    def read(self, first: int, count: int) -> Piece | None:
        place, at = self.index.frame_before(first)
        piece = _decoded(self.index.flac.opened_at(self.file, place), first - at + count)
        return _part(piece, first - at, count) if piece else None


def _flac_cuts(file: Seekable) -> Cuts | None:
    index = flac_index(file)
    return _FlacCuts(file, index) if index else None


@dataclass(frozen=True, slots=True)
class _MpegCuts:
    """Of a stream of MPEG audio; its decoder leaves out `delay` samples of the encoder's at the start."""

    file: Seekable
    stream: Stream
    window: Window
    samples: int
    delay: int

    @property
    def rate_hz(self) -> int:
        return self.stream.format.rate_hz

    def read(self, first: int, count: int) -> Piece | None:
        frame_samples = self.stream.format.frame_samples
        first += self.delay
        end = min(-(-(first + count + _MPEG_DELAY) // frame_samples), self.stream.frames)
        sound, begin = self.stream.opened_between(self.file, self.window, first // frame_samples, end)
        piece = _decoded(sound, (end - begin) * frame_samples)
        return _part(piece, first - begin * frame_samples, count) if piece else None


def _mpeg_cuts(file: Seekable) -> Cuts | None:
    streams = mpeg_streams(file)
    if len(streams) != 1 or len(streams[0].spans) != 1 or streams[0].lost_frames:
        return None
    stream, window = streams[0], Window(file, chunk_bytes=_NEAR_BYTES)
    samples = stream.frames * stream.format.frame_samples
    if stream.format.layer != LAYER_3:  # no table tells its length, and nothing is left out
        return _MpegCuts(file, stream, window, samples, 0)
    sound = _sound(stream.opened(file))
    if sound is None:
        return None
    with sound:
        for delay, left_out in (stream.gap, (0, _MPEG_DELAY)):
            if samples - sound.frames == left_out:
                return _MpegCuts(file, stream, window, sound.frames, delay)
    return None  # this decoder counts in another way


@dataclass(frozen=True, slots=True)
class _OggCuts:
    """Of one stream of Vorbis or Opus: `read` is asked for by its count, which begins `skipped` samples early."""

    file: Seekable
    link: Link
    samples: int
    skipped: int

    @property
    def rate_hz(self) -> int:
        return self.link.rate_hz

    def read(self, first: int, count: int) -> Piece | None:
        first += self.skipped
        piece, at = self._opus(first, count) if self.skipped else self._vorbis(first, count)
        return _part(piece, first - at, count) if piece and at <= first else None

    def _vorbis(self, first: int, count: int) -> tuple[Piece | None, int]:
        """Pages around samples, and the sample that they begin with: it is told by the last, for the first is lost."""
        counts = self.link.counts
        begin = max(bisect_right(counts, first - _VORBIS_LEAD) - 1, -1) + 1
        last = min(bisect_left(counts, first + count), len(counts) - 1)
        before = counts[begin - 1] if begin else 0
        piece = _decoded(self.link.opened_between(self.file, begin, last), counts[last] - before)
        return piece, counts[last] - len(piece.samples) if piece else 0

    def _opus(self, first: int, count: int) -> tuple[Piece | None, int]:
        """Packets around samples, and the sample that they begin with."""
        begin = bisect_right(self.link.counts, max(first - _OPUS_LEAD, 0))
        last = min(bisect_left(self.link.counts, first + count), len(self.link.counts) - 1)
        sound, at = self.link.opus_from(self.file, begin, last, sample=first - _OPUS_LEAD)
        return _decoded(sound, first - at + count), at


def _ogg_cuts(file: Seekable) -> Cuts | None:
    links = ogg_links(file)
    if len(links) != 1:
        return None
    link = links[0]
    if not (link.in_order and len(link.spans) == 1 and link.rate_hz and link.places):
        return None
    sound = _sound(link.opened(file))
    if sound is None:
        return None
    with sound:
        skipped = link.pre_skip(file)
        # What begins to count elsewhere than at 0 was cut out of a longer stream.
        as_counted = sound.frames == link.last - skipped and sound.samplerate == link.rate_hz
        known = sound.subtype == "VORBIS" or (sound.subtype == "OPUS" and skipped)
        return _OggCuts(file, link, sound.frames, skipped) if as_counted and known else None


_BY_KIND: dict[Kind, Callable[[Seekable], Cuts | None]] = {
    WAV: _wav_cuts,
    OGG: _ogg_cuts,
    FLAC: _flac_cuts,
    TEXT: _mpeg_cuts,
    UNKNOWN: _mpeg_cuts,
}


def _sound(file: Seekable) -> ForwardOnly | None:
    file.seek(0)
    try:
        return ForwardOnly(file)
    except (soundfile.LibsndfileError, TypeError):
        return None


def _decoded(file: Seekable, count: int, *, first: int = 0) -> Piece | None:
    """The samples of a file from one on, at most so many; None where there is damage."""
    sound = _sound(file)
    if sound is None:
        return None
    with sound:
        if first:
            sound.seek(first)
        buffer = np.empty((count, sound.channels), np.float32)
        filled, undamaged = fill(buffer, sound)
        return Piece(buffer[:filled], sound.samplerate, bits_of(sound)) if undamaged else None


def _part(piece: Piece, first: int, count: int) -> Piece | None:
    """Samples of a piece; None where they are not in it."""
    part = piece._replace(samples=piece.samples[first : first + count])
    return part if len(part.samples) == count else None
