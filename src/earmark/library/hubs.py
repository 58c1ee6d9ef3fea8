"""Hubs, the tracks that are near to everything, and the mutual proximity that takes them out of a search.

In many dimensions a few points are among the nearest of far too many others, and fill every list. Mutual proximity asks
how likely it is that two points are nearer to each other than to a third one, seen from both: a hub is near to
everybody, so nobody is near to it in particular. The distances of a point to all others are taken as normal, and those
of two points as independent, so that a mean and a deviation of each point are enough: over all others, or over a few
thousand of a large collection. D. Schnitzer, A. Flexer, M. Schedl & G. Widmer, Local and Global Scaling Reduce Hubs in
Space, Journal of Machine Learning Research 13, 2012; the skew as a measure: M. Radovanovic et al., JMLR 11, 2010.

Vectors are (n, d) of unit length, a similarity s is their dot product and a distance sqrt(2 - 2 s). Of similarities
themselves the mean and the deviation would follow from the collection's mean and its second moments, exactly and for
less work; but their distribution is further from the normal one, and more hubs are left (`benchmarks/retrieval.py`).
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Vectors = NDArray[np.floating[Any]]

FEWEST = 30  # with fewer points nothing is known of how near they are to others, and there are no hubs
MOST = 2048  # of more points so many stand for all
_ROWS_AT_ONCE = 1024
_LEAST_DEVIATION = 1e-6
_ITSELF = 1 - 1e-6  # a point that is so similar is the same, or cannot be told from it


@dataclass(frozen=True, eq=False, slots=True)
class Spread:
    """Of points, the mean and the standard deviation of their distances to all others: (k,) float64 each."""

    mean: Floats
    deviation: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Crowd:
    """The points of a collection, as others are held against them.

    Attributes
    ----------
    points:
        (m, d), all or, of more than `MOST`, so many of them, the same ones each time.
    """

    points: Vectors

    @classmethod
    def of(cls, vectors: Vectors) -> "Crowd":
        """Of all points, (n, d); ValueError where there are none."""
        if vectors.ndim != 2 or not len(vectors):
            raise ValueError(f"need vectors (n, d), not {vectors.shape}")
        if len(vectors) <= MOST:
            return cls(vectors)
        drawn = np.random.default_rng(0).choice(len(vectors), MOST, replace=False, shuffle=False)
        return cls(vectors[np.sort(drawn)])

    def spread(self, points: Vectors) -> Spread:
        """How far points, (k, d), are from those of the collection; what is the same point does not count.

        In a collection of less than `FEWEST` points all have the same spread: mutual proximity then changes no order.
        """
        if len(self.points) < FEWEST:
            return Spread(np.zeros(len(points)), np.ones(len(points)))
        mean, deviation = np.empty(len(points)), np.empty(len(points))
        for start in range(0, len(points), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            similarities = points[rows] @ self.points.T  # (b, m)
            away = distances(similarities)
            away[similarities >= _ITSELF] = 0
            counts = np.maximum(np.count_nonzero(away, axis=1), 1)
            mean[rows] = away.sum(axis=1, dtype=np.float64) / counts
            squares = np.einsum("ij,ij->i", away, away, dtype=np.float64) / counts
            deviation[rows] = np.sqrt(np.maximum(squares - np.square(mean[rows]), _LEAST_DEVIATION**2))
        return Spread(mean, deviation)


def distances(similarities: Vectors) -> Vectors:
    """Euclidean distances of unit vectors with these similarities, of the same shape and type."""
    return np.asarray(np.sqrt(np.maximum(2 - 2 * similarities, 0)))


def apartness(similarities: ArrayLike, one: Spread, other: Spread) -> Floats:
    """1 less the mutual proximity of pairs: 0 where two are nearer to each other than to all else, 1 where to none.

    Parameters
    ----------
    similarities:
        Of the pairs, any shape.
    one, other:
        The spread of both of each pair, shaped so that they broadcast with `similarities`.

    Returns
    -------
    float64 of that shape, the same if `one` and `other` change places. What is near is told to seven digits, also
    where the proximity itself would be rounded to 1.
    """
    away = distances(np.asarray(similarities, np.float64))
    first, second = (normal_tail((spread.mean - away) / spread.deviation) for spread in (one, other))
    return np.asarray(first + second - first * second)


def mutual_proximity(similarities: ArrayLike, one: Spread, other: Spread) -> Floats:
    """How likely pairs are nearer to each other than to a third point, seen from both, 0 to 1; as `apartness`."""
    return np.asarray(1.0 - apartness(similarities, one, other))


def normal_tail(deviations: ArrayLike) -> Floats:
    """How likely a normal value lies so many standard deviations or more above its mean; float64, to seven digits.

    The complementary error function is that of Press et al., Numerical Recipes, section 6.2: its relative error is
    below 1.2e-7 everywhere. SciPy would bring it, and 100 MB.
    """
    away = np.asarray(deviations, np.float64) / np.sqrt(2)
    size = np.abs(away)
    ratio = 1.0 / (1.0 + 0.5 * size)
    exponent = np.full_like(ratio, _ERFC[-1])
    for coefficient in _ERFC[-2::-1]:
        exponent = exponent * ratio + coefficient
    upper = 0.5 * ratio * np.exp(exponent - np.square(size))
    return np.asarray(np.where(away >= 0, upper, 1.0 - upper))


_ERFC = (
    *(-1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806),
    *(0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277),
)  # of powers of the ratio, from 0 on


def occurrences(neighbours: ArrayLike, count: int) -> NDArray[np.int64]:
    """How often each of `count` points is among the nearest of another: (count,), of neighbours (n, k) as rows."""
    return np.bincount(np.asarray(neighbours, np.int64).ravel(), minlength=count)


def hub_skew(neighbours: ArrayLike, count: int) -> float:
    """The skewness of the occurrences: about 0 without hubs, above 1 where a few points fill the lists.

    Parameters
    ----------
    neighbours:
        (n, k) rows of the nearest points of each point, k = 10 in the literature.
    count:
        How many points there are.
    """
    often = occurrences(neighbours, count).astype(np.float64)
    away = often - often.mean()
    deviation = away.std()
    return float(np.mean(away**3) / deviation**3) if deviation > 0 else 0.0
