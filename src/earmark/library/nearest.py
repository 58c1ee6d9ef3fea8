"""Which points of a collection are nearest to one, in order of mutual proximity: exact, and mostly one product a point.

A point has at most the mutual proximity that it has as seen from the query alone. So of those with the largest cosines
the spread is worked out, block by block, and each is given once no point that is left can be nearer (a threshold
algorithm: R. Fagin, A. Lotem & M. Naor, Journal of Computer and System Sciences 66, 2003).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.library.hubs import Crowd, Spread, apartness, distances, normal_tail

Floats = NDArray[np.float32]

_BLOCK = 1024
_PAIRS, _PAIRED = 20_000, 1024  # pairs that stand for all, and the points they are drawn from
_FEWEST_PAIRS = 100


@dataclass(frozen=True, slots=True)
class Near:
    """A point by its row, its cosine with the query, and their mutual proximity."""

    row: int
    cosine: float
    proximity: float


@dataclass(frozen=True, eq=False)
class Space:
    """The points of a collection, ready to be searched.

    Attributes
    ----------
    vectors:
        (n, d) float32 of unit length.
    crowd:
        What they are to each other.
    chance:
        How far apart pairs are that are drawn at random, or all where these are few, in order; empty where there are
        hardly any. 1 less the mutual proximity, as points are ordered by.
    """

    vectors: Floats
    crowd: Crowd
    chance: NDArray[np.float64]

    @classmethod
    def of(cls, vectors: Floats) -> "Space":
        """Of vectors, (n, d) float32 of unit length."""
        crowd = Crowd.of(vectors)
        return cls(vectors, crowd, _chance(crowd))

    def nearest_first(self, query: Floats, rows: NDArray[np.int64], *, block: int = _BLOCK) -> Iterator[Near]:
        """The points of some rows, the nearest first; of equally near ones the first.

        Parameters
        ----------
        query:
            (d,) of unit length.
        rows:
            Which points are asked about.
        block:
            How many points are looked at from both sides at first.
        """
        cosines = (self.vectors @ query)[rows]
        own = self.crowd.spread(query[np.newaxis])
        left, waiting = np.arange(len(rows)), _Waiting.none()
        while len(left):
            nearest, left = _split(cosines, left, block)
            theirs = self.crowd.spread(self.vectors[rows[nearest]])
            apart = apartness(cosines[nearest], own, theirs)
            bound = _least_apart(float(cosines[nearest].min()), own) if len(left) else np.inf
            given, waiting = waiting.with_more(rows[nearest], cosines[nearest], apart).up_to(bound)
            yield from given
            block *= 4

    def closer_than(self, proximity: float) -> float | None:
        """The share of pairs that are further apart than that; None where there are too few pairs to say."""
        if not len(self.chance):
            return None
        return 1 - float(np.searchsorted(self.chance, 1 - proximity, side="right")) / len(self.chance)


@dataclass(frozen=True, eq=False)
class _Waiting:
    """Points that were looked at from both sides, in order of how far apart they are from the query."""

    rows: NDArray[np.int64]
    cosines: Floats
    apart: NDArray[np.float64]

    @classmethod
    def none(cls) -> "_Waiting":
        return cls(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0))

    def with_more(self, rows: NDArray[np.int64], cosines: Floats, apart: NDArray[np.float64]) -> "_Waiting":
        all_rows, all_apart = np.concatenate([self.rows, rows]), np.concatenate([self.apart, apart])
        order = np.lexsort((all_rows, all_apart))
        return _Waiting(all_rows[order], np.concatenate([self.cosines, cosines])[order], all_apart[order])

    def up_to(self, bound: float) -> "tuple[list[Near], _Waiting]":
        """Those that are no further apart than that, and the rest."""
        count = int(np.searchsorted(self.apart, bound, side="right"))
        told = zip(
            self.rows[:count].tolist(), self.cosines[:count].tolist(), (1 - self.apart[:count]).tolist(), strict=True
        )
        return [Near(*each) for each in told], _Waiting(self.rows[count:], self.cosines[count:], self.apart[count:])


def _split(cosines: Floats, left: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """So many of the places that are left that have the largest cosines, and the others."""
    if len(left) <= count:
        return left, left[:0]
    order = np.argpartition(-cosines[left], count)
    return left[order[:count]], left[order[count:]]


def _least_apart(cosine: float, own: Spread) -> float:
    """How far apart a point with no larger cosine is at least; a little less, as tails are told to seven digits."""
    away = distances(np.array([cosine], np.float64))
    return float(normal_tail((own.mean - away) / own.deviation)[0]) * (1 - 1e-6)


def _chance(crowd: Crowd) -> NDArray[np.float64]:
    points = crowd.points[:: -(-len(crowd.points) // _PAIRED)]
    count = len(points)
    pairs = count * (count - 1) // 2
    if pairs < _FEWEST_PAIRS:
        return np.zeros(0)
    if pairs <= _PAIRS:
        one, other = np.triu_indices(count, 1)
    else:
        one, away = np.random.default_rng(0).integers((0, 1), count, size=(_PAIRS, 2)).T  # the same each time
        other = (one + away) % count
    spread = crowd.spread(points)
    cosines = np.einsum("ij,ij->i", points[one], points[other])
    sides = (Spread(spread.mean[rows], spread.deviation[rows]) for rows in (one, other))
    return np.sort(apartness(cosines, *sides))
