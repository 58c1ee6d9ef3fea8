"""Sounds that are no music any more, or not more than a few seconds of it: what a measure has to find."""

import numpy as np
from numpy.typing import NDArray

from earmark.sound.mel import SAMPLE_RATE_HZ

Floats = NDArray[np.float32]

PIECE_S, LOOP_S = 0.5, 2.0
_FADE_S = 0.01


def noise(samples: Floats, rng: np.random.Generator) -> Floats:
    """White noise as long and as loud as a sound, (samples,)."""
    level = float(np.sqrt(np.mean(np.square(samples))))
    return np.asarray(rng.normal(size=len(samples)) * level, np.float32)


def shuffled(samples: Floats, rng: np.random.Generator) -> Floats:
    """A sound cut into halves of seconds in any order, each faded in and out over 10 ms."""
    length = round(PIECE_S * SAMPLE_RATE_HZ)
    pieces = samples[: len(samples) // length * length].reshape(-1, length).copy()
    ramp = np.linspace(0, 1, round(_FADE_S * SAMPLE_RATE_HZ), dtype=np.float32)
    pieces[:, : len(ramp)] *= ramp
    pieces[:, len(pieces[0]) - len(ramp) :] *= ramp[::-1]
    return np.asarray(pieces[rng.permutation(len(pieces))].reshape(-1), np.float32)


def looped(samples: Floats, rng: np.random.Generator) -> Floats:
    """Two seconds of a sound, from anywhere in it, again and again."""
    length = round(LOOP_S * SAMPLE_RATE_HZ)
    first = int(rng.integers(max(len(samples) - length, 1)))
    return np.asarray(np.resize(samples[first : first + length], len(samples)), np.float32)
