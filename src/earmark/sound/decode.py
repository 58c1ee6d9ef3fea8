"""From any sound file to blocks of mono samples at 22 050 Hz, streaming.

libsndfile (through soundfile) decodes wav, flac, ogg, opus, mp3, aiff, au and more; PyAV, the extra `av`, decodes m4a,
aac, wma and whatever libsndfile refuses, and goes on where libsndfile stops too early: at damage, or where a header
lies about the length. Content decides, not the name. Channels are averaged, then soxr (HQ) resamples. A damaged or
truncated file is heard as far as it can be read; what holds less than half a second of sound is a `SoundError`.
"""

import contextlib
import itertools
import os
import threading
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import soundfile
import soxr
from numpy.typing import ArrayLike, NDArray

from earmark.errors import EarmarkError, MissingExtraError, SoundError
from earmark.sound.files import Reader, Source, name_of, opened
from earmark.sound.mel import SAMPLE_RATE_HZ
from earmark.sound.tokens import SHORTEST_S

if TYPE_CHECKING:
    from av.container import InputContainer

__all__ = ["Source", "array_blocks", "blocks", "name_of"]

_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 1_000, 10_000_000
# No sound is louder, and the power of much more would overflow float32.
_LOUDEST = 1e12
# Samples times channels in a block: bounds memory where there are many channels or a high rate.
_BLOCK_VALUES = 4_000_000
# What libsndfile decodes in one call, and so the most that is lost before the place where a file is damaged.
_READ_SAMPLES = 4096
# More than this share of a file left unread is not tags at its end: its header lied about the length.
_TAGS_SHARE = 0.1
# How files begin that only PyAV reads, (offset, bytes): MPEG-4, ASF (wma), Matroska, ADTS and ADIF (aac).
_PYAV_SIGNATURES = (
    (4, b"ftyp"),
    (0, b"\x30\x26\xb2\x75"),
    (0, b"\x1a\x45\xdf\xa3"),
    (0, b"\xff\xf1"),
    (0, b"\xff\xf9"),
    (0, b"ADIF"),
)
# FFmpeg's demuxers of sound and film. Left out are playlists, which open further files, and those that take any text
# or picture for a film.
_PYAV_DEMUXERS = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,dsf,dts,eac3,flac,flv,matroska,mov,mp3,mpc,mpc8,mpeg,mpegts,ogg,oma,rm,tak,"
    "tta,voc,w64,wav,wv"
)


def blocks(source: Source, *, block_s: float = 10.0) -> Iterator[NDArray[np.float32]]:
    """Decode a file, block by block, no sooner than asked for.

    Parameters
    ----------
    source:
        A path, or a binary file object, which is read from its start and left open.
    block_s:
        About how much a block holds, in seconds. It changes nothing but the cutting.

    Yields
    ------
    `(samples,)` float32, mono at 22 050 Hz, never empty.

    Raises
    ------
    SoundError
        Where there is nothing to hear: one sentence with the file's name.
    MissingExtraError
        Where the format needs the extra `av`.
    """
    name = name_of(source)
    path = None if hasattr(source, "read") else os.fspath(source)
    with opened(source) as file:
        decoding = _Decoding(Reader(file, name), name=name, path=path, block_s=block_s)
        yield from _resampled(decoding.pieces(), name)


def array_blocks(
    samples: ArrayLike, sample_rate_hz: float, *, block_s: float = 10.0, name: str = "The array"
) -> Iterator[NDArray[np.float32]]:
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

    Yields
    ------
    `(samples,)` float32, mono at 22 050 Hz, never empty.

    Raises
    ------
    SoundError
        Where the array is empty, has a shape or rate that no sound has, or holds NaN or infinities.
    """
    array = np.asarray(samples)
    array = array[:, None] if array.ndim == 1 else array  # (n, channels)
    if array.size == 0:
        raise SoundError(f"{name} holds no sound.", hint="Give at least half a second.")
    if array.ndim != 2 or array.shape[1] > array.shape[0]:
        raise SoundError(f"{name} has the shape {array.shape}.", hint="Give (samples,) or (samples, channels).")
    if array.dtype.kind not in "fiu":
        raise SoundError(f"{name} holds {array.dtype} values.", hint="Give floats or integers.")
    step = _block_samples(block_s, sample_rate_hz, array.shape[1])
    pieces = (_Piece(_mono(array[at : at + step]), sample_rate_hz) for at in range(0, array.shape[0], step))
    yield from _resampled(pieces, name)


class _Piece(NamedTuple):
    """Mono `(n,)` float32 at the file's own rate."""

    samples: NDArray[np.float32]
    rate_hz: float


class _Decoding:
    """One file being decoded: libsndfile first, then PyAV where libsndfile could not or stopped too early."""

    def __init__(self, file: Reader, *, name: str, path: str | None, block_s: float) -> None:
        self._file = file
        self._name = name
        self._path = path
        self._block_s = block_s
        self._heard_s = 0.0
        self._pyav_missing = False

    def pieces(self) -> Iterator[_Piece]:
        """All that can be decoded, then the error if that is too little."""
        whole = yield from self._counted(self._by_libsndfile(self._file))
        self._file.check()
        if not (whole and self._heard_s):
            whole |= yield from self._counted(self._by_pyav())
            self._file.check()
        if not self._heard_s and self._path and self._path.lower().endswith(".mp3"):
            # libsndfile takes an mp3 that begins in the middle of things by its name alone.
            whole |= yield from self._counted(self._by_libsndfile(os.fsencode(self._path)))
        if not self._heard_s:
            raise self._nothing_heard(opened=whole)
        if self._heard_s < SHORTEST_S:
            raise SoundError(
                f"{self._name} holds only {self._heard_s:.2f} s of sound, less than half a second.",
                hint="Check that it is whole.",
            )

    def _counted(self, pieces: Generator[_Piece, None, bool]) -> Generator[_Piece, None, bool]:
        while True:
            try:
                piece = next(pieces)
            except StopIteration as end:
                return bool(end.value)
            self._heard_s += piece.samples.size / piece.rate_hz
            yield piece

    def _by_libsndfile(self, source: Reader | bytes) -> Generator[_Piece, None, bool]:
        """Decode with libsndfile; the value is whether it read the whole file."""
        self._file.seek(0)
        try:
            with _quiet_stderr():
                sound = _ForwardOnly(source)
        except soundfile.LibsndfileError:
            return False
        with sound:
            block_samples = _block_samples(self._block_s, sound.samplerate, sound.channels)
            buffer = np.empty((block_samples, sound.channels), np.float32)
            filled, undamaged = _fill(buffer, sound)
            while filled:
                yield _Piece(_mono(buffer[:filled]), sound.samplerate)
                filled, undamaged = _fill(buffer, sound) if undamaged else (0, False)
        return undamaged and self._file.unread_share() < _TAGS_SHARE

    def _by_pyav(self) -> Generator[_Piece, None, bool]:
        """Decode with PyAV what has not been heard yet; the value is whether it could open the file and read it."""
        try:
            import av
        except ImportError:
            self._pyav_missing = True
            return False
        self._file.seek(0)
        options = {"format_whitelist": _PYAV_DEMUXERS}
        try:
            with av.open(self._file, "r", options=options, metadata_errors="replace") as container:
                if container.streams.audio:
                    yield from _after(self._heard_s, _gathered(_pyav_frames(container), self._block_s))
        except av.error.FFmpegError:
            return False
        return True

    def _nothing_heard(self, *, opened: bool) -> EarmarkError:
        """The error for a file of which not one sample could be decoded."""
        if opened:
            return SoundError(f"{self._name} holds no sound.", hint="Check how it was made, or copy it again.")
        signature = self._file.signature()
        if self._pyav_missing and any(signature.startswith(magic, offset) for offset, magic in _PYAV_SIGNATURES):
            return MissingExtraError.naming(f"Reading {self._name}", "av")
        hint = "Check that it is what its name says, or copy it again."
        if self._pyav_missing:
            hint = "Check that it is what its name says; more formats can be read after pip install 'earmark[av]'"
        return SoundError(f"{self._name} is not sound: it is damaged, or in a format that is not known.", hint=hint)


class _ForwardOnly(soundfile.SoundFile):  # type: ignore[misc]
    """A sound file that is never sought in.

    After each read soundfile would seek to where it is already: that costs time, and mp3 sounds different after it.
    """

    def seekable(self) -> bool:
        return False


def _fill(buffer: NDArray[np.float32], sound: _ForwardOnly) -> tuple[int, bool]:
    """Decode into the buffer `(n, channels)`: how many samples came, and whether no damage was met."""
    filled = 0
    with _quiet_stderr() if sound.format == "MP3" else contextlib.nullcontext():
        while filled < len(buffer):
            try:
                read = sound.buffer_read_into(buffer[filled : filled + _READ_SAMPLES], "float32")
            except soundfile.LibsndfileError:
                return filled, False
            if not read:
                break
            filled += read
    return filled, True


_STDERR_FILE = 2
_stderr_lock = threading.Lock()


@contextlib.contextmanager
def _quiet_stderr() -> Iterator[None]:
    """Keep the mp3 decoder inside libsndfile from writing its notes on the process's stderr, which no option stops."""
    with _stderr_lock, contextlib.ExitStack() as stack:
        try:
            kept = os.dup(_STDERR_FILE)
        except OSError:  # There is no stderr.
            yield
            return
        stack.callback(os.close, kept)
        stack.callback(os.dup2, kept, _STDERR_FILE)
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), _STDERR_FILE)
        yield


def _pyav_frames(container: "InputContainer") -> Iterator[_Piece]:
    """What PyAV decodes of the first sound stream, without the packets that are damaged."""
    from av.error import InvalidDataError

    for packet in container.demux(container.streams.audio[0]):
        try:
            frames: list[Any] = packet.decode()
        except InvalidDataError:
            continue
        for frame in frames:
            values = frame.to_ndarray()
            samples = values.T if frame.format.is_planar else values.reshape(-1, frame.layout.nb_channels)
            yield _Piece(_mono(samples), frame.sample_rate)


def _gathered(frames: Iterable[_Piece], block_s: float) -> Iterator[_Piece]:
    """Short pieces joined to blocks."""
    for rate_hz, run in itertools.groupby(frames, key=lambda frame: frame.rate_hz):
        held: list[NDArray[np.float32]] = []
        held_samples = 0
        for frame in run:
            held.append(frame.samples)
            held_samples += frame.samples.size
            if held_samples >= _block_samples(block_s, rate_hz, channels=1):
                yield _Piece(np.concatenate(held), rate_hz)
                held, held_samples = [], 0
        if held:
            yield _Piece(np.concatenate(held), rate_hz)


def _after(start_s: float, pieces: Iterable[_Piece]) -> Iterator[_Piece]:
    """The pieces without their first seconds."""
    for piece in pieces:
        dropped = min(piece.samples.size, round(start_s * piece.rate_hz))
        start_s -= dropped / piece.rate_hz
        if dropped < piece.samples.size:
            yield _Piece(piece.samples[dropped:], piece.rate_hz)


def _block_samples(block_s: float, rate_hz: float, channels: int) -> int:
    return max(1, min(round(block_s * rate_hz), _BLOCK_VALUES // channels))


def _mono(samples: NDArray[Any]) -> NDArray[np.float32]:
    """The mean of the channels, `(n, channels)` of any float or integer type -> `(n,)` float32, full scale 1."""
    channels = samples.shape[1]
    full_scale = 1.0 if samples.dtype.kind == "f" else 2.0 ** (8 * samples.dtype.itemsize - 1)
    with np.errstate(over="ignore", invalid="ignore"):  # `_resampled` says it in words.
        total = samples[:, 0].astype(np.float32)
        for channel in range(1, channels):
            total += samples[:, channel]
        if samples.dtype.kind == "u":
            total -= np.float32(full_scale * channels)
        total *= np.float32(1 / (full_scale * channels))
    return total


def _resampled(pieces: Iterable[_Piece], name: str) -> Iterator[NDArray[np.float32]]:
    """The pieces at 22 050 Hz, whatever rates they have, after a look at their values."""
    for rate_hz, run in itertools.groupby(pieces, key=lambda piece: piece.rate_hz):
        if not _LOWEST_RATE_HZ <= rate_hz <= _HIGHEST_RATE_HZ:
            raise SoundError(f"{name} claims {rate_hz:g} samples a second.", hint="Check how it was made.")
        checked = (_checked(piece.samples, name) for piece in run)
        yield from checked if rate_hz == SAMPLE_RATE_HZ else _resampled_run(checked, rate_hz)


def _resampled_run(run: Iterable[NDArray[np.float32]], rate_hz: float) -> Iterator[NDArray[np.float32]]:
    stream = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality="HQ")
    for samples in run:
        block = stream.resample_chunk(samples)
        if block.size:
            yield block
    rest = stream.resample_chunk(np.empty(0, np.float32), last=True)
    if rest.size:
        yield rest


def _checked(samples: NDArray[np.float32], name: str) -> NDArray[np.float32]:
    loudest = max(samples.max(), -samples.min())
    if not loudest <= _LOUDEST:  # NaN is not
        raise SoundError(f"{name} holds values that are not sound: NaN, infinite or huge.", hint="Export it again.")
    return samples
