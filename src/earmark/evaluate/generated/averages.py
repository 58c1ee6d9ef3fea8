"""Average spectrograms of clips, and what a generator foresees: pictures in which no single recording can be seen."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from earmark.errors import GenerateError
from earmark.generate.generator import Generator
from earmark.sound.mel import log_mel
from earmark.sound.tokens import FRAME_S

Floats = NDArray[np.float32]

LENGTH_S = 10.0
FRAMES = round(LENGTH_S / FRAME_S)
FEWEST = 3  # clips of an average
_WALKS = 8
_TEMPERATURE = 0.7


def average(clips: Sequence[Floats]) -> Floats | None:
    """(128, 129) dB: the mean of the first ten seconds of clips; None where there are fewer than three that long."""
    pictures = [log_mel(clip)[:, :FRAMES] for clip in clips]
    long = [each for each in pictures if each.shape[1] == FRAMES]
    return np.asarray(np.mean(long, axis=0), np.float32) if len(long) >= FEWEST else None


def foreseen(generator: Generator | None, genre: str, *, seed: int = 0) -> tuple[Floats | None, Floats | None]:
    """Of a genre the mean of eight walks of a generator, and one of them, (128, 129) dB; none where it knows it not."""
    if generator is None:
        return None, None
    try:
        shares = generator.shares({genre: 1.0})
    except GenerateError:
        return None, None
    walks = []
    for number in range(_WALKS):
        walk = generator.walk(np.random.default_rng([seed, number]), temperature=_TEMPERATURE, genre=shares)
        drawn = generator.decode(np.stack([next(walk) for _ in range(FRAMES // 19 + 1)]))
        walks.append(drawn.transpose(1, 0, 2).reshape(drawn.shape[1], -1)[:, :FRAMES])
    return np.asarray(np.mean(walks, axis=0), np.float32), walks[0]
