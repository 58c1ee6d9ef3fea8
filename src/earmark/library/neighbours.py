"""The true neighbours of every point of a collection at once: by mutual proximity, in blocks, on one core.

Mutual proximity (`hubs`) is asked of each point's nearest by cosine alone, `CANDIDATES` of them: to ask it of all pairs
takes twenty times as long, and finds hardly any other (`benchmarks/map.py` says how few). `nearest` is the exact way
for one point. Vectors are (n, d) float32 of unit length.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.library.hubs import Crowd, Spread, apartness

Floats = NDArray[np.float32]
Rows = NDArray[np.int32]

CANDIDATES = 128
_PAIRS_AT_ONCE = 8_000_000  # similarities in memory: 32 MB


@dataclass(frozen=True, eq=False, slots=True)
class Neighbours:
    """The nearest others of each point, the nearest first.

    Attributes
    ----------
    rows:
        (n, k) int32, which points.
    cosines:
        (n, k) float32, how near: they need not fall, as mutual proximity orders.
    """

    rows: Rows
    cosines: Floats

    def first(self, count: int) -> "Neighbours":
        """So many of each, at most."""
        return Neighbours(self.rows[:, :count], self.cosines[:, :count])


def neighbours_of(
    vectors: Floats,
    count: int,
    *,
    candidates: int = CANDIDATES,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Neighbours:
    """The `count` nearest others of each point, fewer where there are not so many; of equally near ones the first.

    `progress` is told (done, total) points. Raises ValueError where there are less than two points.
    """
    points = np.ascontiguousarray(vectors, np.float32)
    if points.ndim != 2 or len(points) < 2:
        raise ValueError(f"need two vectors (n, d) or more, not {points.shape}")
    asked = min(max(candidates, count), len(points) - 1)
    spread = Crowd.of(points).spread(points)
    rows = np.empty((len(points), min(count, asked)), np.int32)
    cosines = np.empty(rows.shape, np.float32)
    step = max(1, _PAIRS_AT_ONCE // len(points))
    for start in range(0, len(points), step):
        block = slice(start, start + step)
        similarities = points[block] @ points.T  # (b, n)
        own = np.arange(start, start + len(similarities))
        similarities[np.arange(len(own)), own] = -np.inf
        near = _largest(similarities, asked)  # (b, asked)
        found = np.take_along_axis(similarities, near, axis=1)
        order = _by_proximity(found, near, own, spread)[:, : rows.shape[1]]
        rows[block] = np.take_along_axis(near, order, axis=1)
        cosines[block] = np.take_along_axis(found, order, axis=1)
        progress(min(start + step, len(points)), len(points))
    return Neighbours(rows, cosines)


def nearest_on_plane(positions: NDArray[np.floating], count: int) -> Rows:
    """The nearest others of points on a plane, (n, 2) -> (n, count) int32, in no order; fewer where there are fewer.

    Raises ValueError where there are less than two points.
    """
    places = np.asarray(positions, np.float32)
    if places.ndim != 2 or len(places) < 2:
        raise ValueError(f"need two points (n, 2) or more, not {places.shape}")
    places = places - places.mean(axis=0)
    kept = min(count, len(places) - 1)
    rows = np.empty((len(places), kept), np.int32)
    step = max(1, _PAIRS_AT_ONCE // len(places))
    for start in range(0, len(places), step):
        block = places[start : start + step]
        distances = np.square(block[:, 0, np.newaxis] - places[:, 0])
        distances += np.square(block[:, 1, np.newaxis] - places[:, 1])
        distances[np.arange(len(block)), np.arange(start, start + len(block))] = np.inf
        rows[start : start + len(block)] = _largest(-distances, kept)
    return rows


def kept_share(true: Rows, shown: Rows) -> Floats:
    """Of each point the share of its true neighbours that are among those shown, both (n, k): (n,) float32."""
    if true.shape != shown.shape:
        raise ValueError(f"need as many neighbours of each, not {true.shape} and {shown.shape}")
    kept = np.zeros(len(true), np.float32)
    for column in true.T:
        kept += (shown == column[:, np.newaxis]).any(axis=1)
    return kept / np.float32(true.shape[1])


def _largest(values: Floats, count: int) -> NDArray[np.intp]:
    """The columns of the largest values of each row, in no order, (b, n) -> (b, count)."""
    if count >= values.shape[1]:
        return np.broadcast_to(np.arange(values.shape[1]), values.shape)
    return np.asarray(np.argpartition(-values, count - 1, axis=1)[:, :count])


def _by_proximity(
    similarities: Floats, near: NDArray[np.intp], own: NDArray[np.intp], spread: Spread
) -> NDArray[np.intp]:
    """The order of candidates (b, asked) by how far apart they are from their point; ties by cosine, then by row."""
    one = Spread(spread.mean[own, np.newaxis], spread.deviation[own, np.newaxis])
    other = Spread(spread.mean[near], spread.deviation[near])
    apart = apartness(similarities, one, other)
    return np.asarray(np.lexsort((near, -similarities, apart), axis=1))
