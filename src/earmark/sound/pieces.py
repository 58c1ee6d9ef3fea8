"""Pieces of sound as decoders give them, and how they become mono blocks at the rate that earmark hears."""

import itertools
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import soxr
from numpy.typing import NDArray

from earmark.errors import SoundError
from earmark.sound.mel import SAMPLE_RATE_HZ
from earmark.sound.mixdown import Mixdown
from earmark.sound.tokens import silence_db

Floats = NDArray[np.float32]

_LOWEST_RATE_HZ, _HIGHEST_RATE_HZ = 1_000, 10_000_000
# No sound is louder, and the power of much more would overflow float32.
_LOUDEST = 1e12
# Samples times channels in a block: bounds memory where there are many channels or a high rate.
_BLOCK_VALUES = 4_000_000
# What is quieter than this is worth a word, though it is heard like anything else.
_QUIET_DB = -60.0


class Piece(NamedTuple):
    """`(n, channels)` float32 at the file's own rate, full scale 1; `bits` is the size of a step, None for floats."""

    samples: Floats
    rate_hz: float
    bits: int | None


@dataclass(slots=True)
class Levels:
    """What was noticed on the way to mono."""

    peak: float = 0.0
    mixed_samples: int = 0
    cancelled_samples: int = 0
    silence_db: float = float("inf")

    def notes(self) -> Iterator[str]:
        """What a person should know, a sentence each."""
        share = self.cancelled_samples / max(self.mixed_samples, 1)
        if share >= 0.5:
            yield "Its channels cancel each other, so one of them was heard."
        elif share >= 0.05:
            yield f"Its channels cancel each other in {share:.0%} of it, so one of them was heard there."
        if 0 < self.peak < 10 ** (_QUIET_DB / 20):
            yield f"It is very quiet: its loudest moment is {-20 * np.log10(self.peak):.0f} dB under full scale."


def at_full_scale(samples: NDArray[Any]) -> Floats:
    """Samples of any float or integer type as float32 of full scale 1; integers come of their type's full scale."""
    if samples.dtype.kind == "f":
        with np.errstate(over="ignore"):  # `mono_blocks` says it in words
            return np.asarray(samples, dtype=np.float32)
    full_scale = 2.0 ** (8 * samples.dtype.itemsize - 1)
    scaled = samples.astype(np.float32)
    if samples.dtype.kind == "u":
        scaled -= np.float32(full_scale)
    scaled *= np.float32(1 / full_scale)
    return scaled


def block_samples(block_s: float, rate_hz: float, channels: int) -> int:
    """How many samples a block of this length has, fewer where they would be too much at once."""
    return max(1, min(round(block_s * rate_hz), _BLOCK_VALUES // channels))


def check_rate(rate_hz: float, name: str) -> None:
    """SoundError for a rate that no sound has."""
    if not _LOWEST_RATE_HZ <= rate_hz <= _HIGHEST_RATE_HZ:  # NaN is not
        raise SoundError(f"{name} claims {rate_hz:g} samples a second.", hint="Check how it was made.")


def gathered(pieces: Iterable[Piece], block_s: float) -> Iterator[Piece]:
    """Short pieces joined to blocks."""
    kinds = itertools.groupby(pieces, key=lambda piece: (piece.rate_hz, piece.samples.shape[1], piece.bits))
    for (rate_hz, channels, bits), run in kinds:
        held: list[Floats] = []
        held_samples, wanted = 0, block_samples(block_s, rate_hz, channels)
        for piece in run:
            held.append(piece.samples)
            held_samples += len(piece.samples)
            if held_samples >= wanted:
                yield Piece(np.concatenate(held), rate_hz, bits)
                held, held_samples = [], 0
        if held:
            yield Piece(np.concatenate(held), rate_hz, bits)


def mono_blocks(pieces: Iterable[Piece], name: str, levels: Levels) -> Generator[Floats, None, None]:
    """The pieces as mono at 22 050 Hz, `(samples,)` float32, whatever rates and channels they have.

    Raises
    ------
    SoundError
        A rate that no sound has, or values that are none.
    """
    for (rate_hz, _), run in itertools.groupby(pieces, key=lambda piece: (piece.rate_hz, piece.samples.shape[1])):
        check_rate(rate_hz, name)
        mono = _mixed(run, name, levels)
        yield from mono if rate_hz == SAMPLE_RATE_HZ else _resampled(mono, rate_hz)


def _mixed(run: Iterable[Piece], name: str, levels: Levels) -> Iterator[Floats]:
    mixdown = Mixdown()
    for piece in run:
        levels.silence_db = min(levels.silence_db, silence_db(piece.bits))
        yield from _checked(mixdown.push(piece.samples), name, levels)
    yield from _checked(mixdown.finish(), name, levels)
    levels.mixed_samples += mixdown.samples
    levels.cancelled_samples += mixdown.cancelled_samples


def _checked(samples: Floats, name: str, levels: Levels) -> Iterator[Floats]:
    """The samples, unless there are none; SoundError where they are not sound."""
    if samples.size:
        peak = max(float(samples.max()), -float(samples.min()))
        if not peak <= _LOUDEST:  # NaN is not
            raise SoundError(f"{name} holds values that are not sound: NaN, infinite or huge.", hint="Export it again.")
        levels.peak = max(levels.peak, peak)
        yield samples


def _resampled(run: Iterable[Floats], rate_hz: float) -> Iterator[Floats]:
    stream = soxr.ResampleStream(rate_hz, SAMPLE_RATE_HZ, 1, dtype="float32", quality="HQ")
    for samples in run:
        block = stream.resample_chunk(samples)
        if block.size:
            yield block
    rest = stream.resample_chunk(np.empty(0, np.float32), last=True)
    if rest.size:
        yield rest
