"""A map of three axes to turn in a page, in light or dark; a page may hold several.

`templates/turnable.js` draws it on a canvas; this file makes the data, `turnable.html.j2` the legend and the words.
"""

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.plots.maps import checked_places
from earmark.plots.palette import genre_colour, genre_marker, rgb
from earmark.plots.sheet import rendered
from earmark.plots.text import percent

Outline = tuple[tuple[float, float], ...]

HELD = 0.98  # share of the clips in the ball that the map shows at first: a few far ones must not make all others small
DIGITS = 3  # of a place in that ball of radius 1: finer than a pixel
DARK_PAPER_NEEDS = 110  # lightness, of 255, at which a colour stands on dark paper


def turnable_map(
    points: ArrayLike,
    genres: ArrayLike,
    names: Sequence[str],
    *,
    labels: Sequence[str],
    details: Sequence[str],
    means: ArrayLike,
    explained: Sequence[float],
    identifier: str,
) -> str:
    """Clips and the means of their genres in three dimensions, as an HTML `<figure>` with its script.

    Parameters
    ----------
    points:
        (clips, 3) places on the map.
    genres:
        (clips,) whole numbers, each clip's place among the names.
    names:
        The genres.
    labels, details:
        A text a clip, shown under the pointer: what it is, and what else there is to say.
    means:
        (genres, 3) mean of each genre.
    explained:
        The share of the variance that each of the three axes has.
    identifier:
        What the figure is called in its page: letters, figures and hyphens, a letter first; no other has it.

    Raises
    ------
    ValueError
        The arrays do not fit each other, have something else than numbers, or the identifier cannot be one.
    """
    places, members, centres = checked_places(points, genres, names, means, axes=3)
    if not len(labels) == len(details) == len(places) or len(explained) != 3:
        raise ValueError(f"labels and details must be {len(places)} texts each, explained (3,)")
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]*", identifier):
        raise ValueError(f"{identifier!r} cannot be an identifier: letters, figures and hyphens, a letter first")
    middle = places.mean(axis=0)
    radius = float(np.quantile(np.linalg.norm(places - middle, axis=1), HELD)) or 1.0
    colours = [genre_colour(number) for number in range(len(names))]
    data = {
        "points": _rounded((places - middle) / radius),
        "means": _rounded((centres - middle) / radius),
        "genres": members.tolist(),
        "names": list(names),
        "labels": list(labels),
        "details": list(details),
        "axes": [f"axis {number} ({percent(share)})" for number, share in enumerate(explained, start=1)],
        "shapes": [marker_outline(genre_marker(number)) for number in range(len(names))],
        "light": colours,
        "dark": [on_dark_paper(colour) for colour in colours],
    }
    return rendered("turnable.html.j2", identifier=identifier, data=data)


def on_dark_paper(colour: str) -> str:
    """A colour, with white mixed into it until it stands on dark paper; its hue is kept.

    >>> on_dark_paper("#88ccee"), on_dark_paper("#000000")
    ('#88ccee', '#6e6e6e')
    """
    channels = np.array(rgb(colour), dtype=float)
    lightness = float(channels @ [0.2126, 0.7152, 0.0722])  # Rec. 709
    white = max(0.0, (DARK_PAPER_NEEDS - lightness) / (255 - lightness))
    return "#" + bytes(np.rint(channels + white * (255 - channels)).astype(np.uint8)).hex()


def marker_outline(marker: str) -> Outline:
    """The corners of one of the palette's markers in a circle of about radius 1, y upwards.

    Raises
    ------
    KeyError
        The palette has no such marker.
    """
    return _OUTLINES[marker]


def _polygon(corners: int, *, first: float = 90, inner: float | None = None) -> Outline:
    """A regular polygon, its first corner at an angle in degrees; a star where every second corner is drawn in."""
    angles = (math.radians(first + 360 * number / corners) for number in range(corners))
    radii = [1.0, 1.0 if inner is None else inner] * corners
    return tuple(
        (round(radius * math.cos(angle), 2), round(radius * math.sin(angle), 2))
        for radius, angle in zip(radii, angles, strict=False)
    )


def _plus(turn: float) -> Outline:
    """A thick plus sign, turned by so many degrees."""
    arm, half = 1.0, 0.36
    quarter = np.array([(half, half), (half, arm), (-half, arm)])
    corners: list[NDArray[np.float64]] = []
    for degrees in (0, 90, 180, 270):
        angle = math.radians(degrees + turn)
        onward = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
        corners.extend(quarter @ onward)
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in corners)


_OUTLINES = {
    "o": _polygon(20),
    "s": _polygon(4, first=45),
    "D": _polygon(4),
    "^": _polygon(3),
    "v": _polygon(3, first=-90),
    "<": _polygon(3, first=180),
    ">": _polygon(3, first=0),
    "P": _plus(0),
    "X": _plus(45),
    "*": _polygon(10, inner=0.45),
}


def _rounded(places: NDArray[np.float64]) -> list[list[float]]:
    rounded: list[list[float]] = (np.round(places, DIGITS) + 0.0).tolist()  # no minus before a zero
    return rounded
