"""Where the entries of a collection lie on a plane: by their neighbours, and by their two principal axes.

A plane cannot hold 128 numbers: what it keeps is measured, and said beside it. The principal plane is flat, so that its
axes mean the same everywhere, and keeps hardly any neighbours; the plane by neighbours (`embedding`) keeps many and is
curved. It has no axes of its own, so it is turned until arousal rises upwards and valence to the right, as far as
they do. Positions are scaled so that nearly all are within 1 of the middle.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.library.embedding import embed
from earmark.library.neighbours import Neighbours, kept_share, nearest_on_plane, neighbours_of

Floats = NDArray[np.float32]
Progress = Callable[[int, int], None]

NEIGHBOURS = 10  # that are asked for, shown and counted
DRAWN_BY = 12  # neighbours that draw a point to them: a few more, that the whole hangs together
FEWEST = 3  # entries of a map
FEWEST_CURVED = 30  # with fewer the principal plane is shown as it is
_SEARCHED, _ALL = 30, 100  # of the work, roughly, what it is to find neighbours among a hundred thousand, and all of it
HELD = 0.98  # share of the points that are within 1 of the middle: a few far ones must not make all others small


@dataclass(frozen=True, eq=False, slots=True)
class Plane:
    """Places of all entries on a plane.

    Attributes
    ----------
    positions:
        (n, 2) float32, to the right and up.
    kept:
        (n,) float32, of each the share of its true neighbours that are among as many nearest here.
    """

    positions: Floats
    kept: Floats

    @property
    def share(self) -> float:
        """The mean of what is kept."""
        return float(self.kept.mean())


@dataclass(frozen=True, eq=False, slots=True)
class Layout:
    """Both planes, and what they are held against.

    Attributes
    ----------
    curved:
        By neighbours; the same as `flat` where there are less than `FEWEST_CURVED` entries.
    flat:
        By the two principal axes.
    explained:
        The share of the variance that each of these has.
    neighbours:
        The true ones.
    """

    curved: Plane
    flat: Plane
    explained: tuple[float, ...]
    neighbours: Neighbours

    @property
    def is_curved(self) -> bool:
        """Whether there were enough entries for a plane by neighbours."""
        return self.curved is not self.flat


def lay_out(
    vectors: Floats,
    *,
    right: ArrayLike | None = None,
    up: ArrayLike | None = None,
    seed: int = 0,
    progress: Progress = lambda done, total: None,
) -> Layout:
    """Both planes of vectors, (n, d) float32 of unit length; the same vectors and seed make the same places.

    Parameters
    ----------
    right, up:
        (n,) each, what should rise to the right and upwards on the curved plane; nan where it is not known.
    seed:
        Of the start.
    progress:
        Told (done, total) hundredths of the work.

    Raises
    ------
    ValueError
        There are less than `FEWEST` vectors.
    """
    if len(vectors) < FEWEST:
        raise ValueError(f"a map needs {FEWEST} vectors or more, not {len(vectors)}")
    drawn = neighbours_of(vectors, DRAWN_BY, progress=_part(progress, 0, _SEARCHED))
    neighbours = drawn.first(NEIGHBOURS)
    places, explained = principal_places(vectors, 2)
    flat = _measured(places, neighbours)
    curved = flat
    if len(vectors) >= FEWEST_CURVED:
        embedded = embed(drawn.rows, places, seed=seed, progress=_part(progress, _SEARCHED, _ALL))
        curved = _measured(turned(embedded, right=right, up=up), neighbours)
    return Layout(curved, flat, explained, neighbours)


def _part(progress: Progress, begin: int, end: int) -> Progress:
    """What a part of the work tells of itself, as part of the whole."""
    return lambda done, total: progress(begin + (end - begin) * done // total, _ALL)


def principal_places(vectors: ArrayLike, count: int) -> tuple[Floats, tuple[float, ...]]:
    """Places along the directions of the largest variance, (n, count), and the share that each has of all variance.

    An axis points to where its largest number is positive, so that no map flips.
    """
    points = np.asarray(vectors, np.float64)
    centred = points - points.mean(axis=0)
    variances, directions = np.linalg.eigh(centred.T @ centred)  # rising
    first = directions[:, ::-1][:, :count]
    first = first * np.sign(first[np.abs(first).argmax(axis=0), np.arange(first.shape[1])])
    shares = np.maximum(variances[::-1][:count], 0) / (max(variances.sum(), 0) or 1.0)
    return np.asarray(centred @ first, np.float32), tuple(float(share) for share in shares)


def turned(positions: Floats, *, right: ArrayLike | None, up: ArrayLike | None) -> Floats:
    """Places, (n, 2), turned until `up` rises upwards, and mirrored where `right` would fall to the right.

    Distances stay. Where `up` is not known of three entries or is the same of all, the longest way across lies flat.
    """
    centred = positions - positions.mean(axis=0)
    rising = _slope(centred, up)
    if rising is None:
        longest = np.linalg.eigh(centred.T @ centred)[1][:, 1]
        longest = longest * np.sign(longest[np.abs(longest).argmax()])
        rising = np.array([-longest[1], longest[0]])
    along = np.array([[rising[1], rising[0]], [-rising[0], rising[1]]])  # columns: to the right, and upwards
    places = np.asarray(centred @ along, np.float32)
    to_the_right = _slope(places, right)
    if to_the_right is not None and to_the_right[0] < 0:
        places[:, 0] *= -1
    return places


def _slope(places: Floats, values: ArrayLike | None) -> NDArray[np.float64] | None:
    """The direction, of length 1, in which values rise, by least squares; None where there is none."""
    if values is None:
        return None
    told = np.asarray(values, np.float64)
    known = np.isfinite(told)
    if known.sum() < FEWEST or not np.ptp(told[known]):
        return None
    points = places[known] - places[known].mean(axis=0)
    slope = np.linalg.lstsq(points.astype(np.float64), told[known] - told[known].mean(), rcond=None)[0]
    length = np.linalg.norm(slope)
    return np.asarray(slope / length) if length > 0 else None


def _measured(places: Floats, neighbours: Neighbours) -> Plane:
    middle = places.mean(axis=0)
    radius = float(np.quantile(np.linalg.norm(places - middle, axis=1), HELD)) or 1.0
    scaled = np.asarray((places - middle) / radius, np.float32)
    shown = nearest_on_plane(scaled, neighbours.rows.shape[1])
    return Plane(scaled, kept_share(neighbours.rows, shown))
