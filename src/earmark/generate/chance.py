"""Where chance comes from: of a piece's seed each use has a stream of its own, the same as no other's."""

from enum import IntEnum

import numpy as np


class Use(IntEnum):
    """What chance has a say in; none is 0, for numpy takes a seed and the same seed with a 0 behind it for one."""

    WAY = 1
    IMAGINED = 2
    PHASES = 3
    MIXED = 4
    SEGMENTS = 5


def stream(seed: int, use: Use) -> np.random.Generator:
    """The stream of a seed for one use."""
    return np.random.default_rng([seed, int(use)])
