"""From any sound file to blocks of mono samples at 22 050 Hz, streaming.

libsndfile (through soundfile) decodes wav, flac, ogg, opus, mp3, aiff, au and more; PyAV, the extra `av`, decodes m4a,
aac, wma and whatever libsndfile refuses. Content decides, not the name. Of wav, flac, ogg and mp3 the containers are
read here (`riff`, `flac`, `ogg`, `mpeg`), so that no header has to be believed: streams that are joined are heard one
after the other, damage is stepped over, and what is missing is counted. What holds less than half a second of sound is
a `SoundError`.
"""

from collections.abc import Generator, Iterator
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.errors import SoundError
from earmark.sound.decoding import Decoding
from earmark.sound.files import Reader, Source, name_of, opened
from earmark.sound.pieces import Levels, Piece, at_full_scale, block_samples, check_rate, mono_blocks
from earmark.sound.watchdog import PATIENCE_S, Pulse, watched

__all__ = ["Blocks", "Source", "array_blocks", "blocks", "name_of"]

Floats = NDArray[np.float32]


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


def blocks(
    source: Source, *, block_s: float = 10.0, patience_s: float = PATIENCE_S, pulse: Pulse | None = None
) -> Blocks:
    """Decode a file, block by block, no sooner than asked for.

    Parameters
    ----------
    source:
        A path, or a binary file object, which is read from its start, in another thread, and left open.
    block_s:
        About how much a block holds, in seconds. It changes nothing but the cutting.
    patience_s:
        How long a decoder may go without any progress.
    pulse:
        Of who is watched already: the file is decoded in the caller's thread then, and progress beats this pulse.

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
            decoding = Decoding(Reader(file, name, pulse), name=name, block_s=block_s)
            for block in mono_blocks(decoding.pieces(), name, levels):
                pulse()
                yield block
        made.unread_s = decoding.unread_s

    guarded = watched(make, patience_s=patience_s, stalled=lambda: stalled(name, patience_s))
    made = Blocks(make(pulse) if pulse else guarded, levels)
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
    if array.dtype == np.int64 and array.min() >= -(1 << 31) and array.max() < 1 << 31:
        array = array.astype(np.int32)  # 64 bits are what Python makes of any numbers: nobody means their full scale
    bits = None if array.dtype.kind == "f" else 8 * array.dtype.itemsize
    step = block_samples(block_s, sample_rate_hz, array.shape[1])
    starts = range(0, array.shape[0], step)
    pieces = (Piece(at_full_scale(array[at : at + step]), sample_rate_hz, bits) for at in starts)
    levels = Levels()
    return Blocks(mono_blocks(pieces, name, levels), levels)


def stalled(name: str, patience_s: float) -> SoundError:
    """The error for a file of which nothing came for so long."""
    return SoundError(
        f"{name} was given up: for {patience_s:g} seconds nothing came of it.",
        hint="It may be damaged in a way that its decoder does not survive: convert it with another program.",
    )
