"""The space of a network's 128 numbers: where genres lie, which are near, and what a - b + c comes to.

Arrays in, arrays out. `points` are (n, d), one a clip; `labels` (n,) whole numbers from 0. A draw is a weight for every
clip, how often its artist was drawn, so that all that is said of genre means can be said again of another choice of
artists (cluster bootstrap, as in `measure.bootstrap`). What takes thousands of draws at once is NumPy's, for SciPy's
distances and scikit-learn's neighbours take one cloud of points a call. Distances are Euclidean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.cluster.hierarchy import linkage
from scipy.linalg import orthogonal_procrustes
from scipy.spatial.distance import squareform
from sklearn.decomposition import PCA

from earmark.measure.bootstrap import artist_numbers

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def principal_axes(points: ArrayLike, axes: int) -> PCA:
    """The first `axes` axes, fitted; scikit-learn points each to where its largest number is positive, so no map flips.

    Raises
    ------
    ValueError
        There are not more points than axes, or they are all the same.
    """
    cloud = np.asarray(points, dtype=np.float64)
    if cloud.ndim != 2 or len(cloud) <= axes or cloud.shape[1] < axes:
        raise ValueError(f"{axes} axes need more than {axes} points of as many numbers, not {cloud.shape}")
    if not np.ptp(cloud, axis=0).any():
        raise ValueError("points that are all the same have no axes")
    return PCA(axes, svd_solver="full").fit(cloud)  # "auto" may take a solver of half the precision


def aligned(points: ArrayLike, target: ArrayLike, rows: ArrayLike) -> Floats:
    """`points` turned and moved onto `target`, both (n, d): the best rotation for `rows` alone (orthogonal Procrustes).

    Every network has axes of its own; a rotation changes no distance. Rows left out have no part in where they land.
    """
    moving, fixed = np.asarray(points, dtype=np.float64), np.asarray(target, dtype=np.float64)
    used = np.asarray(rows)
    from_, to = moving[used].mean(axis=0), fixed[used].mean(axis=0)
    turn, _ = orthogonal_procrustes(moving[used] - from_, fixed[used] - to)
    return np.asarray((moving - from_) @ turn + to)


def genre_means(points: ArrayLike, labels: Ints, genres: int, weights: Floats | None = None) -> Floats:
    """Where genres lie.

    Parameters
    ----------
    points, labels:
        (n, d) and (n,).
    genres:
        How many there are.
    weights:
        (draws, n), or None for every clip once.

    Returns
    -------
    (genres, d), or (draws, genres, d); NaN for a genre without clips.
    """
    cloud = np.asarray(points, dtype=np.float64)
    loads = np.ones((1, len(cloud))) if weights is None else weights
    member = np.equal.outer(np.arange(genres), labels).astype(np.float64)  # (genres, n)
    counts = loads @ member.T  # (draws, genres)
    sums = np.stack([(loads * one) @ cloud for one in member], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums / counts[:, :, None]
    return np.asarray(means[0] if weights is None else means)


def distances(means: Floats) -> Floats:
    """Between all pairs, (..., genres, d) -> (..., genres, genres)."""
    gram = means @ np.swapaxes(means, -1, -2)
    lengths = np.diagonal(gram, axis1=-2, axis2=-1)
    squares = lengths[..., :, None] + lengths[..., None, :] - 2 * gram
    return np.asarray(np.sqrt(np.maximum(squares, 0)))


def nearest(between: Floats, count: int = 2) -> Ints:
    """The `count` nearest other genres of each, the nearest first, (..., genres, genres) -> (..., genres, count)."""
    others = between.copy()
    index = np.arange(between.shape[-1])
    others[..., index, index] = np.inf
    return np.asarray(others.argsort(axis=-1, kind="stable")[..., :count], dtype=np.int64)


def nearest_shares(near: Ints, genres: int) -> Floats:
    """How often a genre (column) is among the nearest of another (row), (draws, genres, count) -> (genres, genres)."""
    among = (near[..., None] == np.arange(genres)).any(axis=2)  # (draws, genres, genres)
    return np.asarray(among.mean(axis=0))


def merges(between: Floats) -> Floats:
    """Average linkage (UPGMA): which two groups join at which height, (genres - 1, 3), numbered as SciPy does."""
    return np.asarray(linkage(squareform(between, checks=False), "average")[:, :3])


@dataclass(frozen=True, eq=False)
class Equations:
    """All a - b + c of different genres, a before c: `a`, `b`, `c` (equations,) each."""

    a: Ints
    b: Ints
    c: Ints

    @classmethod
    def all(cls, genres: int) -> "Equations":
        """Of so many genres; with ten there are 360."""
        rows = [
            (a, b, c) for a in range(genres) for c in range(a + 1, genres) for b in range(genres) if b not in (a, c)
        ]
        a, b, c = np.array(rows, dtype=np.int64).reshape(-1, 3).T
        return cls(a, b, c)

    def __len__(self) -> int:
        return len(self.a)

    def place(self, a: int, b: int, c: int) -> int:
        """The row of a - b + c."""
        first, last = min(a, c), max(a, c)
        return int(np.flatnonzero((self.a == first) & (self.b == b) & (self.c == last))[0])

    def gaps(self, means: Floats) -> Floats:
        """From a - b + c to every genre, (..., genres, d) -> (..., equations, genres)."""
        gram = means @ np.swapaxes(means, -1, -2)
        squares = np.diagonal(gram, axis1=-2, axis2=-1)  # (..., genres)
        a, b, c = self.a, self.b, self.c
        towards = gram[..., a, :] - gram[..., b, :] + gram[..., c, :]
        length = squares[..., a] + squares[..., b] + squares[..., c]
        length = length - 2 * gram[..., a, b] + 2 * gram[..., a, c] - 2 * gram[..., b, c]
        return np.asarray(np.sqrt(np.maximum(length[..., None] - 2 * towards + squares[..., None, :], 0)))

    def answers(self, gaps: Floats, *, excluding: bool = True) -> Ints:
        """The nearest genre to each, (..., equations); `excluding` a, b and c as answers, as the field mostly does."""
        return np.asarray((self._without_terms(gaps) if excluding else gaps).argmin(axis=-1), dtype=np.int64)

    def ratios(self, gaps: Floats) -> Floats:
        """How near the answer is: its gap as a share of the next one's, 0 to 1, terms excluded; (..., equations)."""
        two = np.sort(self._without_terms(gaps), axis=-1)[..., :2]
        return np.asarray(two[..., 0] / np.maximum(two[..., 1], 1e-12))

    def _without_terms(self, gaps: Floats) -> Floats:
        others = gaps.copy()
        row = np.arange(len(self))
        for term in (self.a, self.b, self.c):
            others[..., row, term] = np.inf
        return others


def permuted_labels(
    labels: Ints, artists: Sequence[str], genres: int, rounds: int, rng: np.random.Generator
) -> list[Ints]:
    """Labels dealt out again among artists, whose clips stay together; each genre has at least one artist.

    An artist with clips of several genres gets the one he has most of dealt out with him.
    """
    family = artist_numbers(artists)
    most = np.array([np.bincount(labels[family == one], minlength=genres).argmax() for one in range(family.max() + 1)])
    return [rng.permutation(most)[family] for _ in range(rounds)]


def kept_neighbours(points: ArrayLike, shown: ArrayLike, neighbours: int) -> Floats:
    """Of each point, which share of its true nearest are its nearest on the map too; (n,)."""
    true, near = (nearest(distances(np.asarray(each, dtype=np.float64)), neighbours) for each in (points, shown))
    return np.asarray((true[:, :, None] == near[:, None]).any(axis=2).mean(axis=1))
