"""A track's place among the clips of an atlas, as an SVG: the first two axes, both to one scale.

Every clip is a dot in the colour of its genre, grey where that is none of the network's; every genre's mean is a disc
with its name, moved until none covers another; the track is a star. Lengths are units of the view box.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.listen.atlas import Atlas
from earmark.plots.palette import QUIET
from earmark.plots.sheet import rendered

_WIDTH, _HEIGHT, _MARGIN = 1000, 620, 40
_DISC, _STAR = 8.0, 15.0
_LETTER, _LINE = 8.6, 18.0  # about as wide as a letter of a name is, on the safe side, and as high as its line
_REACHES = (14.0, 24.0, 36.0, 50.0, 68.0, 90.0, 120.0)
_ANGLES = tuple(math.radians(degrees) for degrees in (0, 180, 90, -90, 45, -45, 135, -135))
THIS_TRACK = "this track"

Points = NDArray[np.float64]


@dataclass(frozen=True)
class Box:
    """A rectangle that something fills."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: "Box") -> bool:
        """Whether the two share more than a rim."""
        apart = self.right <= other.left or other.right <= self.left
        return not (apart or self.bottom <= other.top or other.bottom <= self.top)

    @property
    def middle(self) -> tuple[float, float]:
        """Half way across and down."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def outside(self) -> bool:
        """Whether a part of it is out of the picture."""
        return self.left < 0 or self.top < 0 or self.right > _WIDTH or self.bottom > _HEIGHT


@dataclass(frozen=True)
class Name:
    """A name that has its place: where its point is, and the box that its letters fill."""

    text: str
    point: tuple[float, float]
    box: Box

    @property
    def leader(self) -> tuple[float, float] | None:
        """Where a line from the point to the name ends; None where the name is so near that it needs none."""
        end = (min(max(self.point[0], self.box.left), self.box.right), self.box.middle[1])
        return end if math.dist(self.point, end) > 2 * _STAR else None


def track_map(atlas: Atlas, place: Sequence[float], *, colours: Mapping[str, str], track: str) -> str:
    """The map as an `<svg>`.

    Parameters
    ----------
    atlas, place:
        The clips, and where the track is on their map, (3,).
    colours:
        Of each genre of the network.
    track:
        What the track is called.
    """
    clips = atlas.places[:, :2].astype(np.float64)
    means = {genre: mean[:2].astype(np.float64) for genre, mean in atlas.genre_places().items()}
    here = np.array(place[:2], dtype=np.float64)
    scale = _Scale(np.concatenate([clips, here[np.newaxis]]))
    points = {THIS_TRACK: scale.at(here)} | {genre: scale.at(mean) for genre, mean in means.items()}
    return rendered(
        "track_map.svg.j2",
        width=_WIDTH,
        height=_HEIGHT,
        clips=len(clips),
        track=track,
        other_dots=_dots(atlas, scale.of(clips), None),
        dots=[(colours.get(label, QUIET), _dots(atlas, scale.of(clips), label)) for label in atlas.labels],
        means=[(colours.get(genre, QUIET), scale.at(mean)) for genre, mean in means.items()],
        star=_star(points[THIS_TRACK]),
        names=place_names(points),
        explained=atlas.explained.tolist(),
    )


def place_names(points: Mapping[str, tuple[float, float]]) -> list[Name]:
    """Names beside their points, none over another name or point; the first ones choose first.

    Where no place is free a name stands right beside its point.
    """
    taken = [Box(x - _DISC, y - _DISC, x + _DISC, y + _DISC) for x, y in points.values()]
    names = []
    for text, point in points.items():
        places = [_beside(point, text, reach, angle) for reach in _REACHES for angle in _ANGLES]
        free = (box for box in places if not box.outside and not any(box.overlaps(other) for other in taken))
        box = next(free, places[0])
        taken.append(box)
        names.append(Name(text, point, box))
    return names


class _Scale:
    """From the map to the view box: the same for both axes, the second one upwards, all points inside."""

    def __init__(self, points: Points) -> None:
        low, high = points.min(axis=0), points.max(axis=0)
        room = np.array([_WIDTH, _HEIGHT]) - 2 * _MARGIN
        self._middle = (low + high) / 2
        self._units = float((room / np.maximum(high - low, 1e-9)).min())

    def of(self, points: Points) -> Points:
        """(n, 2) points of the map."""
        return np.asarray(np.array([_WIDTH, _HEIGHT]) / 2 + (points - self._middle) * self._units * np.array([1, -1]))

    def at(self, point: Points) -> tuple[float, float]:
        """One point, (2,)."""
        x, y = self.of(point).tolist()
        return x, y


def _beside(point: tuple[float, float], text: str, reach: float, angle: float) -> Box:
    """The box of a name in one direction from its point."""
    width = _LETTER * len(text)
    x, y = point[0] + reach * math.cos(angle), point[1] + reach * math.sin(angle)
    # To the right of its point a name begins there, to the left it ends there, above and below it is centred.
    left = x - width * (1 - np.sign(round(math.cos(angle), 3))) / 2
    return Box(left, y - _LINE / 2, left + width, y + _LINE / 2)


def _dots(atlas: Atlas, places: Points, label: str | None) -> str:
    """The path of all clips of a genre, or with None of those that are of no genre of the network."""
    genres = np.array(atlas.genres)
    chosen = ~np.isin(genres, atlas.labels) if label is None else genres == label
    return "".join(f"M{x:.0f} {y:.0f}h0" for x, y in places[chosen])


def _star(point: tuple[float, float]) -> str:
    turns = np.arange(10) * math.pi / 5
    radii = np.where(np.arange(10) % 2, 0.45, 1.0) * _STAR
    corners = zip(point[0] + radii * np.sin(turns), point[1] - radii * np.cos(turns), strict=True)
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
