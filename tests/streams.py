"""What streams give when all of them is taken at once, and a sound for them: for the tests of the sound room."""

from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from corpus import music
from earmark.sound.decode import blocks
from earmark.sound.mel import HOP_SAMPLES, SAMPLE_RATE_HZ, LogMel


def decoded(source: str | Path | BinaryIO, *, block_s: float = 10.0) -> NDArray[np.float32]:
    """All samples of a source."""
    return np.concatenate(list(blocks(source, block_s=block_s)))


def absolute_db(samples: NDArray[np.float32], *, hop_samples: int = HOP_SAMPLES) -> NDArray[np.float32]:
    """The log-mel of samples, not yet under its maximum."""
    stream = LogMel(hop_samples=hop_samples)
    return np.concatenate([stream.push(samples), stream.finish()], axis=1)


def music_over_noise(length_s: float) -> NDArray[np.float32]:
    """Music with a noise floor, mono at the rate of the front end."""
    samples = music(rate_hz=SAMPLE_RATE_HZ, length_s=length_s).mean(axis=1)
    return (samples + 1e-3 * np.random.default_rng(3).normal(size=samples.size)).astype(np.float32)
