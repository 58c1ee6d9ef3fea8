"""One file decoded: its streams one after the other by libsndfile, then what is left by PyAV."""

import os
from collections.abc import Callable, Generator, Iterator
from typing import TYPE_CHECKING

import numpy as np
import soundfile
from numpy.typing import NDArray

from earmark.errors import EarmarkError, MissingExtraError, SoundError
from earmark.sound import pyav
from earmark.sound.containers.kinds import (
    FLAC,
    HEAD_BYTES,
    MPEG_4,
    OGG,
    PROTECTED,
    TEXT,
    UNKNOWN,
    WAV,
    Decoder,
    Kind,
    kind_of,
)
from earmark.sound.containers.stitched import Seekable, Span, Stitched, Window
from earmark.sound.containers.tag_blocks import tags_end
from earmark.sound.files import Reader
from earmark.sound.pieces import Piece, block_samples, gathered
from earmark.sound.tokens import SHORTEST_S

if TYPE_CHECKING:
    from earmark.sound.containers.flac import Flac

Floats = NDArray[np.float32]

# What libsndfile decodes in one call, and so the most that is lost before the place where a file is damaged.
_READ_SAMPLES = 4096
# Encoders add and decoders take away a little at both ends, so stated lengths are off by as much.
_OGG_SLACK_S = 0.1
_MPEG_SLACK_FRAMES = 4
_PYAV_SLACK_S = 0.5
_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_24": 24, "PCM_32": 32, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32}
_FLOATS = frozenset({"FLOAT", "DOUBLE"})
_NO_LENGTH = 1 << 62


class Decoding:
    """One file being decoded: its streams by libsndfile, then by PyAV what libsndfile did not know or gave up."""

    def __init__(self, file: Reader, *, name: str, block_s: float) -> None:
        self._file = file
        self._name = name
        self._block_s = block_s
        self._heard_s = 0.0
        self._missing_s = 0.0
        self._opened = False

    @property
    def unread_s(self) -> float:
        """Seconds that are missing; known when all pieces are taken."""
        return round(self._missing_s, 3)

    def pieces(self) -> Iterator[Piece]:
        """All that can be decoded, then the error if that is too little."""
        start = tags_end(self._file)
        self._file.seek(start)
        kind = kind_of(self._file.read(HEAD_BYTES))
        self._file.check()
        if kind.decoder is Decoder.NOBODY and kind is not TEXT:  # what begins like a text may be an mp3 behind rubbish
            raise self._nothing_heard(kind)
        whole = True
        if kind.decoder is Decoder.BASE or kind is TEXT:
            sound = Stitched(self._file, [Span(start, self._file.size_bytes)]) if start else self._file
            whole, self._heard_s = yield from _timed(_BY_KIND.get(kind, Decoding._plain)(self, sound))
            self._file.check()
        if not self._heard_s or not whole:
            yield from self._rest_by_pyav()
            self._file.check()
        if not self._heard_s:
            raise self._nothing_heard(kind)
        if self._heard_s < SHORTEST_S:
            raise SoundError(
                f"{self._name} holds only {self._heard_s:.2f} s of sound, less than half a second.",
                hint="Check that it is whole.",
            )

    # Each kind's way gives pieces; its value is whether nothing is left that another decoder could read. What reads a
    # container is imported by its way alone: a start takes milliseconds less.

    def _wav(self, file: Seekable) -> Generator[Piece, None, bool]:
        from earmark.sound.containers.riff import waves

        found = waves(file)
        for wave in found:
            if wave.is_mpeg:
                inner = Stitched(file, [wave.data])
                yield from self._mpeg(inner)
            else:
                yield from self._by_libsndfile(wave.opened(file))
            self._missing_s += wave.lost_s
        return bool(found)

    def _ogg(self, file: Seekable) -> Generator[Piece, None, bool]:
        from earmark.sound.containers.ogg import ogg_links

        whole = True
        for link in ogg_links(file):
            whole &= yield from self._measured(
                self._by_libsndfile(link.opened(file)), link.duration_s, slack_s=_OGG_SLACK_S
            )
        return whole

    def _flac(self, file: Seekable) -> Generator[Piece, None, bool]:
        from earmark.sound.containers.flac import next_flac, read_flac

        flac = read_flac(file)
        if flac is None:
            return (yield from self._by_libsndfile(file))
        while flac is not None:
            yield from self._measured(self._flac_frames(file, flac), flac.duration_s)
            flac = next_flac(file, flac.frames_at)
        return True

    def _flac_frames(self, file: Seekable, flac: "Flac") -> Generator[Piece, None, bool]:
        """Frames from the start, and from behind each damaged one."""
        part = Stitched(file, [Span(flac.at, file.seek(0, os.SEEK_END))])
        place, first = flac.frames_at, 0
        while True:
            undamaged, heard_s = yield from _timed(self._by_libsndfile(part))
            next_sample = first + round(heard_s * flac.rate_hz)
            if next_sample >= flac.samples if flac.samples else undamaged:
                return True
            found = flac.next_frame(Window(file), place + 1, sample=next_sample)
            if found is None:
                return True
            place, first = found
            part = flac.opened_at(file, place)

    def _mpeg(self, file: Seekable) -> Generator[Piece, None, bool]:
        from earmark.sound.containers.mpeg import mpeg_streams

        streams = mpeg_streams(file)
        for stream in streams:
            slack_s = _MPEG_SLACK_FRAMES * stream.format.frame_s
            yield from self._measured(self._by_libsndfile(stream.opened(file)), stream.duration_s, slack_s=slack_s)
            self._missing_s += stream.lost_s
        return bool(streams)

    def _unnamed(self, file: Seekable) -> Generator[Piece, None, bool]:
        """What has no signature may be MPEG audio, or something that libsndfile alone knows."""
        from earmark.sound.containers.mpeg import is_free_format

        known = yield from self._mpeg(file)
        if known:
            return True
        file.seek(0)
        # libsndfile would take anything for MPEG audio that begins with a one in eleven bits.
        seems_mpeg = int.from_bytes(file.read(2)) >= 0xFFE0 and not is_free_format(file)
        return not seems_mpeg and (yield from self._by_libsndfile(file))

    def _plain(self, file: Seekable) -> Generator[Piece, None, bool]:
        """What libsndfile reads as it is."""
        from earmark.sound.containers.stated import stated_s

        file.seek(0)
        duration_s = stated_s(file.read(HEAD_BYTES))
        return (yield from self._measured(self._by_libsndfile(file), duration_s))

    def _measured(
        self, pieces: Generator[Piece, None, bool], duration_s: float, *, slack_s: float = 0.0
    ) -> Generator[Piece, None, bool]:
        """Pieces of a stream that should last so long, 0 where that is not known."""
        whole, heard_s = yield from _timed(pieces)
        missing_s = duration_s - heard_s
        if missing_s > slack_s:
            self._missing_s += missing_s
        return whole and missing_s <= slack_s

    def _by_libsndfile(self, file: Seekable) -> Generator[Piece, None, bool]:
        """Decode with libsndfile; the value is whether it knew the file and met no damage."""
        file.seek(0)
        try:
            sound = ForwardOnly(file)
        except (soundfile.LibsndfileError, TypeError):
            return False
        self._opened = True
        with sound:
            bits = bits_of(sound)
            step = block_samples(self._block_s, sound.samplerate, sound.channels)
            buffer = np.empty((step, sound.channels), np.float32)
            filled, undamaged, heard = -1, True, 0
            while filled and undamaged:
                filled, undamaged = fill(buffer, sound)
                heard += filled
                if filled:
                    yield Piece(buffer[:filled], sound.samplerate, bits)
            return undamaged and (sound.frames >= _NO_LENGTH or heard >= sound.frames)

    def _rest_by_pyav(self) -> Generator[Piece, None, None]:
        """Decode with PyAV what has not been heard yet."""
        if not pyav.is_installed():
            return
        before_s, found = self._heard_s, pyav.Found()
        fresh = _after(before_s, gathered(pyav.pyav_pieces(self._file, found), self._block_s))
        for piece in fresh:
            self._heard_s += len(piece.samples) / piece.rate_hz
            yield piece
        self._opened |= found.opened
        self._missing_s = max(0.0, self._missing_s - (self._heard_s - before_s))
        if found.duration_s - self._heard_s > _PYAV_SLACK_S:
            self._missing_s = max(self._missing_s, found.duration_s - self._heard_s)

    def _nothing_heard(self, kind: Kind) -> EarmarkError:
        """The error for a file of which not one sample could be decoded."""
        if kind is MPEG_4 and Window(self._file).find(b"drms", 0) < self._file.size_bytes:
            kind = PROTECTED
        if kind.decoder is Decoder.NOBODY:
            return SoundError(f"{self._name} is not sound but {kind.name}.", hint=kind.hint)
        if kind.decoder is Decoder.PYAV and not pyav.is_installed():
            return MissingExtraError.naming(f"{self._name} is {kind.name}: reading it", "av")
        if self._opened:
            return SoundError(f"{self._name} holds no sound.", hint="Check how it was made, or copy it again.")
        hint = "Check that it is what its name says, or copy it again."
        if kind is UNKNOWN:
            return SoundError(f"{self._name} is not sound: it is damaged, or in a format that is not known.", hint=hint)
        if kind is not FLAC and not pyav.is_installed():
            hint += " What is new or rare in it may need the extra 'av': pip install 'earmark[av]'"
        return SoundError(f"{self._name} begins like {kind.name}, but no sound in it can be read.", hint=hint)


_BY_KIND: dict[Kind, Callable[[Decoding, Seekable], Generator[Piece, None, bool]]] = {
    WAV: Decoding._wav,
    OGG: Decoding._ogg,
    FLAC: Decoding._flac,
    TEXT: Decoding._unnamed,
    UNKNOWN: Decoding._unnamed,
}


class ForwardOnly(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is never sought in.

    After each read soundfile would seek to where it is already: that costs time, and mp3 sounds different after it.
    """

    def seekable(self) -> bool:
        """No."""
        return False


def bits_of(sound: soundfile.SoundFile) -> int | None:
    """The size of a step of its samples; None for floats. Lossy codecs decode to floats and are made from 16 bits."""
    return None if sound.subtype in _FLOATS else _BITS.get(sound.subtype, 16)


def fill(buffer: Floats, sound: ForwardOnly) -> tuple[int, bool]:
    """Decode into the buffer `(n, channels)`: how many samples came, and whether no damage was met."""
    filled = 0
    while filled < len(buffer):
        try:
            read = sound.buffer_read_into(buffer[filled : filled + _READ_SAMPLES], "float32")
        except soundfile.LibsndfileError:
            return filled, False
        if not read:
            break
        filled += read
    return filled, True


def _timed(pieces: Generator[Piece, None, bool]) -> Generator[Piece, None, tuple[bool, float]]:
    """The pieces; the value is theirs, and how many seconds they were."""
    heard_s = 0.0
    while True:
        try:
            piece = next(pieces)
        except StopIteration as end:
            return bool(end.value), heard_s
        heard_s += len(piece.samples) / piece.rate_hz
        yield piece


def _after(start_s: float, pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces without their first seconds."""
    for piece in pieces:
        dropped = min(len(piece.samples), round(start_s * piece.rate_hz))
        start_s -= dropped / piece.rate_hz
        if dropped < len(piece.samples):
            yield piece._replace(samples=piece.samples[dropped:])
