"""From any sound file to blocks of mono samples at 22 050 Hz, streaming.

libsndfile (through soundfile) decodes wav, flac, ogg, opus, mp3, aiff, au and more; PyAV, the extra `av`, decodes m4a,
aac, wma and whatever libsndfile refuses. Content decides, not the name. Of wav, flac, ogg and mp3 the containers are
read here (`riff`, `flac`, `ogg`, `mpeg`), so that no header has to be believed: streams that are joined are heard one
after the other, damage is stepped over, and what is missing is counted. What holds less than half a second of sound is
a `SoundError`.
"""

from collections.abc import Callable, Generator, Iterator
from typing import Self

import numpy as np
import soundfile
from numpy.typing import ArrayLike, NDArray

from earmark.errors import EarmarkError, MissingExtraError, SoundError
from earmark.sound import pyav
from earmark.sound.containers.flac import Flac, read_flac
from earmark.sound.containers.kinds import FLAC, HEAD_BYTES, OGG, TEXT, UNKNOWN, WAV, Decoder, Kind, kind_of
from earmark.sound.containers.mpeg import is_free_format, mpeg_streams, tags_end
from earmark.sound.containers.ogg import ogg_links
from earmark.sound.containers.riff import waves
from earmark.sound.containers.stated import stated_s
from earmark.sound.containers.stitched import Seekable, Span, Stitched
from earmark.sound.files import Reader, Source, name_of, opened
from earmark.sound.pieces import Levels, Piece, at_full_scale, block_samples, check_rate, gathered, mono_blocks
from earmark.sound.tokens import SHORTEST_S
from earmark.sound.watchdog import PATIENCE_S, Pulse, watched

__all__ = ["Blocks", "Source", "array_blocks", "blocks", "name_of"]

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


class Blocks(Iterator[Floats]):
    """The blocks of a sound, `(samples,)` float32, mono at 22 050 Hz, never empty; and what was noticed in them.

    Attributes
    ----------
    unread_s:
        Seconds that are known or estimated to be missing: damaged, cut off, or in no format that could be read. Known
        when all blocks are taken.
    """

    def __init__(self, made: Iterator[Floats], levels: Levels) -> None:
        self.unread_s = 0.0
        self._made = made
        self._levels = levels

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Floats:
        return next(self._made)

    def close(self) -> None:
        """Take no more: the file is closed."""
        if isinstance(self._made, Generator):
            self._made.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of the sound, a sentence each; known when all blocks are taken."""
        return tuple(self._levels.notes())

    @property
    def silence_db(self) -> float:
        """The level, absolute dB of the spectrogram, up to which there is no sound but the steps of the format; known
        from the first block on.
        """
        return self._levels.silence_db


def blocks(source: Source, *, block_s: float = 10.0, patience_s: float = PATIENCE_S) -> Blocks:
    """Decode a file, block by block, one ahead of what is asked for.

    Parameters
    ----------
    source:
        A path, or a binary file object, which is read from its start, in another thread, and left open.
    block_s:
        About how much a block holds, in seconds. It changes nothing but the cutting.
    patience_s:
        How long a decoder may go without any progress.

    Raises
    ------
    SoundError
        Where there is nothing to hear, while blocks are taken: one sentence with the file's name.
    MissingExtraError
        Where the format needs the extra `av`.
    """
    name = name_of(source)
    levels = Levels()

    def make(pulse: Pulse) -> Generator[Floats, None, None]:
        with opened(source) as file:
            decoding = _Decoding(Reader(file, name, pulse), name=name, block_s=block_s)
            yield from mono_blocks(decoding.pieces(), name, levels)
        made.unread_s = decoding.unread_s

    made = Blocks(watched(make, patience_s=patience_s, stalled=lambda: _stalled(name, patience_s)), levels)
    return made


def array_blocks(
    samples: ArrayLike, sample_rate_hz: float, *, block_s: float = 10.0, name: str = "The array"
) -> Blocks:
    """Cut samples in memory into the blocks that `blocks` would give for them in a file.

    Parameters
    ----------
    samples:
        `(n,)` or `(n, channels)`, floats of full scale 1 or integers of their own full scale.
    sample_rate_hz:
        Their rate.
    block_s:
        About how much a block holds, in seconds.
    name:
        What an error calls the samples.

    Raises
    ------
    SoundError
        Where the array is empty, has a shape or rate that no sound has; while blocks are taken, where it holds NaN or
        infinities.
    """
    array = np.asarray(samples)
    array = array[:, None] if array.ndim == 1 else array  # (n, channels)
    if array.size == 0:
        raise SoundError(f"{name} holds no sound.", hint="Give at least half a second.")
    if array.ndim != 2 or array.shape[1] > array.shape[0]:
        raise SoundError(f"{name} has the shape {array.shape}.", hint="Give (samples,) or (samples, channels).")
    if array.dtype.kind not in "fiu":
        raise SoundError(f"{name} holds {array.dtype} values.", hint="Give floats or integers.")
    check_rate(sample_rate_hz, name)
    bits = None if array.dtype.kind == "f" else 8 * array.dtype.itemsize
    step = block_samples(block_s, sample_rate_hz, array.shape[1])
    starts = range(0, array.shape[0], step)
    pieces = (Piece(at_full_scale(array[at : at + step]), sample_rate_hz, bits) for at in starts)
    levels = Levels()
    return Blocks(mono_blocks(pieces, name, levels), levels)


class _Decoding:
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
            whole = yield from self._counted(_BY_KIND.get(kind, _Decoding._plain)(self, sound))
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

    def _counted(self, pieces: Generator[Piece, None, bool]) -> Generator[Piece, None, bool]:
        while True:
            try:
                piece = next(pieces)
            except StopIteration as end:
                return bool(end.value)
            self._heard_s += len(piece.samples) / piece.rate_hz
            yield piece

    # Each kind's way gives pieces; its value is whether nothing is left that another decoder could read.

    def _wav(self, file: Seekable) -> Generator[Piece, None, bool]:
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
        whole = True
        for link in ogg_links(file):
            whole &= yield from self._measured(
                self._by_libsndfile(link.opened(file)), link.duration_s, slack_s=_OGG_SLACK_S
            )
        return whole

    def _flac(self, file: Seekable) -> Generator[Piece, None, bool]:
        flac = read_flac(file)
        if flac is None:
            return (yield from self._by_libsndfile(file))
        yield from self._measured(self._flac_frames(file, flac), flac.duration_s)
        return True

    def _flac_frames(self, file: Seekable, flac: Flac) -> Generator[Piece, None, bool]:
        """Frames from the start, and from behind each damaged one."""
        part: Seekable = file
        place, first = flac.frames_at, 0
        while True:
            samples = 0
            pieces = self._by_libsndfile(part)
            while True:
                try:
                    piece = next(pieces)
                except StopIteration:
                    break
                samples += len(piece.samples)
                yield piece
            if flac.samples and first + samples >= flac.samples:
                return True
            found = flac.next_frame(file, place + 1, sample=first + samples)
            if found is None:
                return True
            place, first = found
            part = flac.opened_at(file, place)

    def _mpeg(self, file: Seekable) -> Generator[Piece, None, bool]:
        streams = mpeg_streams(file)
        for stream in streams:
            slack_s = _MPEG_SLACK_FRAMES * stream.format.frame_s
            yield from self._measured(self._by_libsndfile(stream.opened(file)), stream.duration_s, slack_s=slack_s)
            self._missing_s += stream.lost_s
        return bool(streams)

    def _unnamed(self, file: Seekable) -> Generator[Piece, None, bool]:
        """What has no signature may be MPEG audio, or something that libsndfile alone knows."""
        known = yield from self._mpeg(file)
        if known:
            return True
        file.seek(0)
        # libsndfile would take anything for MPEG audio that begins with a one in eleven bits.
        seems_mpeg = int.from_bytes(file.read(2)) >= 0xFFE0 and not is_free_format(file)
        return not seems_mpeg and (yield from self._by_libsndfile(file))

    def _plain(self, file: Seekable) -> Generator[Piece, None, bool]:
        """What libsndfile reads as it is."""
        file.seek(0)
        duration_s = stated_s(file.read(HEAD_BYTES))
        return (yield from self._measured(self._by_libsndfile(file), duration_s))

    def _measured(
        self, pieces: Generator[Piece, None, bool], duration_s: float, *, slack_s: float = 0.0
    ) -> Generator[Piece, None, bool]:
        """Pieces of a stream that should last so long, 0 where that is not known."""
        heard_s = 0.0
        while True:
            try:
                piece = next(pieces)
            except StopIteration as end:
                missing_s = duration_s - heard_s
                if missing_s > slack_s:
                    self._missing_s += missing_s
                return bool(end.value) and missing_s <= slack_s
            heard_s += len(piece.samples) / piece.rate_hz
            yield piece

    def _by_libsndfile(self, file: Seekable) -> Generator[Piece, None, bool]:
        """Decode with libsndfile; the value is whether it knew the file and met no damage."""
        file.seek(0)
        try:
            sound = _ForwardOnly(file)
        except (soundfile.LibsndfileError, TypeError):
            return False
        self._opened = True
        with sound:
            bits = None if sound.subtype in _FLOATS else _BITS.get(sound.subtype, 16)
            step = block_samples(self._block_s, sound.samplerate, sound.channels)
            buffer = np.empty((step, sound.channels), np.float32)
            filled, undamaged, heard = -1, True, 0
            while filled and undamaged:
                filled, undamaged = _fill(buffer, sound)
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
        if kind.decoder is Decoder.NOBODY:
            return SoundError(f"{self._name} is not sound but {kind.name}.", hint=kind.hint)
        if kind.decoder is Decoder.PYAV and not pyav.is_installed():
            return MissingExtraError.naming(f"{self._name} is {kind.name}: reading it", "av")
        if self._opened:
            return SoundError(f"{self._name} holds no sound.", hint="Check how it was made, or copy it again.")
        hint = "Check that it is what its name says, or copy it again."
        if kind is UNKNOWN:
            return SoundError(f"{self._name} is not sound: it is damaged, or in a format that is not known.", hint=hint)
        return SoundError(
            f"{self._name} begins like {kind.name}, but no sound in it can be read: it is damaged.", hint=hint
        )


_BY_KIND: dict[Kind, Callable[[_Decoding, Seekable], Generator[Piece, None, bool]]] = {
    WAV: _Decoding._wav,
    OGG: _Decoding._ogg,
    FLAC: _Decoding._flac,
    TEXT: _Decoding._unnamed,
    UNKNOWN: _Decoding._unnamed,
}


class _ForwardOnly(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is never sought in.

    After each read soundfile would seek to where it is already: that costs time, and mp3 sounds different after it.
    """

    def seekable(self) -> bool:
        return False


def _fill(buffer: Floats, sound: _ForwardOnly) -> tuple[int, bool]:
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


def _after(start_s: float, pieces: Iterator[Piece]) -> Iterator[Piece]:
    """The pieces without their first seconds."""
    for piece in pieces:
        dropped = min(len(piece.samples), round(start_s * piece.rate_hz))
        start_s -= dropped / piece.rate_hz
        if dropped < len(piece.samples):
            yield piece._replace(samples=piece.samples[dropped:])


def _stalled(name: str, patience_s: float) -> SoundError:
    return SoundError(
        f"{name} was given up: for {patience_s:g} seconds nothing came of it.",
        hint="It may be damaged in a way that its decoder does not survive: convert it with another program.",
    )
