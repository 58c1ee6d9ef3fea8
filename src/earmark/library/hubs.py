"""Hubs, the tracks that are near to everything, and the mutual proximity that takes them out of a search.

In many dimensions a few points are among the nearest of far too many others, and fill every list. Mutual proximity asks
how likely it is that two points are nearer to each other than to a third one, seen from both: a hub is near to
everybody, so nobody is near to it in particular. The similarities of a point to all others are taken as normal and
those of two points as independent, so that of a collection its mean vector and its matrix of second moments are enough:
O(N d^2), and exact. D. Schnitzer, A. Flexer, M. Schedl & G. Widmer, Local and Global Scaling Reduce Hubs in Space,
Journal of Machine Learning Research 13, 2012; the skew as a measure: M. Radovanovic et al., JMLR 11, 2010.

Vectors are (n, d) and a similarity is their dot product, of unit vectors the cosine.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Vectors = NDArray[np.floating[Any]]

FEWEST = 30  # with fewer points nothing is known of how near they are to others, and there are no hubs
_ROWS_AT_ONCE = 65_536
_LEAST_DEVIATION = 1e-6


@dataclass(frozen=True, eq=False, slots=True)
class Spread:
    """Of points, the mean and the standard deviation of their similarities to all others: (k,) float64 each."""

    mean: Floats
    deviation: Floats


@dataclass(frozen=True, eq=False, slots=True)
class Crowd:
    """What is known of all points of a collection.

    Attributes
    ----------
    count:
        How many there are.
    mean:
        (d,) float64, their mean.
    moments:
        (d, d) float64, the mean of their products with themselves.
    """

    count: int
    mean: Floats
    moments: Floats

    @classmethod
    def of(cls, vectors: Vectors) -> "Crowd":
        """Of points, (n, d); ValueError where there are none."""
        if vectors.ndim != 2 or not len(vectors):
            raise ValueError(f"need vectors (n, d), not {vectors.shape}")
        count = len(vectors)
        products = np.asarray(vectors.T @ vectors, np.float64)
        return cls(count, np.asarray(vectors.mean(axis=0, dtype=np.float64)), products / count)

    def spread(self, points: Vectors, *, members: bool) -> Spread:
        """How near points, (k, d), are to those of the collection.

        Parameters
        ----------
        members:
            Whether they are points of the collection: their similarity to themselves then does not count.

        Of a collection of less than `FEWEST` points all have the same spread: mutual proximity then changes no order.
        """
        if self.count < FEWEST:
            return Spread(np.zeros(len(points)), np.ones(len(points)))
        moments = self.moments.astype(points.dtype)
        first = np.asarray(points @ self.mean.astype(points.dtype), np.float64)
        second = np.empty(len(points))
        for start in range(0, len(points), _ROWS_AT_ONCE):
            rows = points[start : start + _ROWS_AT_ONCE]
            second[start : start + len(rows)] = np.einsum("ij,ij->i", rows @ moments, rows)
        others = self.count
        if members:
            own = np.asarray(np.einsum("ij,ij->i", points, points), np.float64)
            others -= 1
            first, second = ((self.count * each - own**power) / others for each, power in ((first, 1), (second, 2)))
        deviation = np.sqrt(np.maximum(second - np.square(first), _LEAST_DEVIATION**2))
        return Spread(first, deviation)


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
    near = np.asarray(similarities, np.float64)
    first, second = (normal_tail((near - spread.mean) / spread.deviation) for spread in (one, other))
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
