"""Ways through the space of a collection: where a piece is at each step, as unit vectors seen from the mean.

A way stays around one place, or goes from one to another along the great circle and rests a little at both ends. It
wanders: a sum of slow waves in random directions among those in which the collection differs, the wider the higher the
temperature. Any part of it can be asked for, at the cost of that part.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.library.ways import on_great_circle

Floats = NDArray[np.float64]

STEP_S = 19 * 1709 / 22_050  # a token
REST = 0.15  # of the length of a way, at either end
_WAVES = 16
_SLOWEST_S, _FASTEST_S = 90.0, 12.0
_WIDTH = 0.6  # of the wandering at a temperature of 1, beside a unit vector


@dataclass(frozen=True, eq=False)
class Targets:
    """Some steps of a way, from step `first` on.

    Attributes
    ----------
    vectors:
        (steps, d) unit vectors.
    homes:
        (steps,) int64: the row of the track that a step is at; -1 where it is at none.
    """

    first: int
    vectors: Floats
    homes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.vectors)


@dataclass(frozen=True, eq=False)
class Way:
    """Where a piece goes.

    Attributes
    ----------
    start, end:
        (d,) unit vectors; the same where it stays.
    rows:
        Of the tracks that it begins and ends with; -1 for none.
    steps:
        How many there are, of `STEP_S` each.
    waves:
        (waves, d) directions, with their `periods_s` and `phases`, (waves,).
    """

    start: Floats
    end: Floats
    rows: tuple[int, int]
    steps: int
    waves: Floats
    periods_s: Floats
    phases: Floats

    def targets(self, first: int, count: int) -> Targets:
        """So many steps from one on."""
        numbers = np.arange(first, first + count)
        along = np.array([self.along(int(number)) for number in numbers])
        places = np.stack([on_great_circle(self.start, self.end, float(each)) for each in along])
        angles = 2 * np.pi * numbers[:, np.newaxis] * STEP_S / self.periods_s + self.phases
        moved = places + np.sin(angles) @ self.waves
        vectors = moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12)
        homes = np.where(along <= 0, self.rows[0], np.where(along >= 1, self.rows[1], -1))
        return Targets(first, np.asarray(vectors), homes.astype(np.int64))

    def along(self, number: int) -> float:
        """How far the way is at a step, 0 to 1."""
        through = number / max(self.steps - 1, 1)
        return float(np.clip((through - REST) / (1 - 2 * REST), 0.0, 1.0))


def way(
    start: Floats,
    end: Floats,
    seconds: float,
    *,
    rows: tuple[int, int] = (-1, -1),
    directions: NDArray[np.floating],
    temperature: float,
    rng: np.random.Generator,
) -> Way:
    """A way of so many seconds; `directions` are the collection's, (n, d), which say where there is room to wander."""
    spread = directions - directions.mean(axis=0)
    drawn = rng.normal(size=(_WAVES, len(spread)))
    waves = drawn @ spread  # in proportion to how the collection differs
    lengths = np.maximum(np.linalg.norm(waves, axis=1, keepdims=True), 1e-12)
    periods_s = np.exp(rng.uniform(np.log(_FASTEST_S), np.log(_SLOWEST_S), _WAVES))
    phases = rng.uniform(0, 2 * np.pi, _WAVES)
    width = temperature * _WIDTH * np.sqrt(2 / _WAVES)
    steps = max(int(np.ceil(seconds / STEP_S)), 1)
    return Way(start, end, rows, steps, waves / lengths * width, periods_s, phases)
