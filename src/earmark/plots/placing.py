"""Names beside the points of a picture, moved until none covers another name or a point.

Boxes and lengths are pixels of the figure unless a name says otherwise; `scale` is how many of them make a point of
type.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

# Where a label may go: steps of radius in points, each tried all round, beside the point first.
RADII = (8, 14, 22, 32, 44, 58, 74, 92, 112, 134, 160, 190)
ANGLES = tuple(math.radians(degrees) for degrees in (0, 180, 30, -30, 150, -150, 60, -60, 120, -120, 90, -90))


def place_names(
    figure: "Figure",
    axes: "Axes",
    points: NDArray[np.float64],
    names: Sequence[str],
    colours: Sequence[str],
    *,
    weight: str = "normal",
) -> "list[Annotation]":
    """Write each point's name where it covers nothing; a thin line leads back from those that went far.

    Call it last: it settles the layout, and what is drawn later may move the points.

    Parameters
    ----------
    points:
        (n, 2) in the units of the axes.
    names, colours:
        n each, the words and their ink.
    weight:
        Of the letters, as matplotlib names it.

    Returns
    -------
    The names as they stand, the most crowded point's first.
    """
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()  # settles the layout, and with it where points are
    pixels = axes.transData.transform(points)  # (n, 2)
    scale = figure.dpi / 72
    taken = [Bbox.from_bounds(x - 4 * scale, y - 4 * scale, 8 * scale, 8 * scale) for x, y in pixels]
    # Crowded points choose first: those with the nearest neighbours have the fewest places.
    distances = np.linalg.norm(pixels[:, None] - pixels[None], axis=2)
    texts = []
    for number in np.argsort(np.sort(distances, axis=1)[:, : min(4, len(points))].sum(axis=1)):
        text = axes.annotate(
            names[number],
            points[number],
            xytext=(0, 0),
            textcoords="offset points",
            color=colours[number],
            fontsize=9,
            fontweight=weight,
            va="center",
        )
        text.set_in_layout(False)  # else the layout moves once more, and the points with it
        others = np.delete(pixels, number, axis=0)
        taken.append(_settle(text, axes, pixels[number], others, taken, scale))
        texts.append(text)
    return texts


def _settle(
    text: "Annotation",
    axes: "Axes",
    point: NDArray[np.float64],
    others: NDArray[np.float64],
    taken: "Sequence[Bbox]",
    scale: float,
) -> "Bbox":
    """Move a name to the first place round its point that is free; gives the box it fills there.

    point (2,), others (n, 2), `taken` boxes that are filled. Where no place is free in every way, one where the name
    covers nothing must do.
    """
    size = text.get_window_extent()
    around = [_place(size, point, radius * scale, angle) for radius in RADII for angle in ANGLES]
    places = [(box, end) for box, end in around if _fits(box, axes, taken)]
    free = (place for place in places if _is_clear(*place, point, others, taken, scale))
    box, end = next(free, places[0] if places else _place(size, point, RADII[0] * scale, 0.0))
    text.set_position(((box.x0 - point[0]) / scale, (end[1] - point[1]) / scale))
    reach = np.linalg.norm(end - point)
    if reach > 1.1 * RADII[0] * scale:
        stop = end - 2 * scale * (end - point) / reach  # short of the letters
        (x0, y0), (x1, y1) = axes.transData.inverted().transform([point, stop])
        axes.plot([x0, x1], [y0, y1], color="0.6", linewidth=0.7, zorder=2)
    return box


def _place(size: "Bbox", point: NDArray[np.float64], reach: float, angle: float) -> "tuple[Bbox, NDArray[np.float64]]":
    """A name's box in one direction from its point, and where the line back to the point begins."""
    from matplotlib.transforms import Bbox

    end = point + reach * np.array([math.cos(angle), math.sin(angle)])
    # To the right of its point a name begins there, to the left it ends there, above and below it is centred.
    left = end[0] - size.width * (0.5 - 0.5 * np.sign(round(math.cos(angle), 3)))
    return Bbox.from_bounds(left, end[1] - size.height / 2, size.width, size.height), end


def _fits(box: "Bbox", axes: "Axes", taken: "Sequence[Bbox]") -> bool:
    """Whether a box is inside the axes and covers nothing."""
    inside = axes.bbox.x0 <= box.x0 and box.x1 <= axes.bbox.x1 and axes.bbox.y0 <= box.y0 and box.y1 <= axes.bbox.y1
    return inside and not any(box.overlaps(there) for there in taken)


def _is_clear(
    box: "Bbox",
    end: NDArray[np.float64],
    point: NDArray[np.float64],
    others: NDArray[np.float64],
    taken: "Sequence[Bbox]",
    scale: float,
) -> bool:
    """Whether it is plain whose name this is: not nearer to another's point, its line across nothing."""
    corners = np.array([[box.x0, box.y0], [box.x1, box.y1]])

    def away(points: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.linalg.norm(points - np.clip(points, corners[0], corners[1]), axis=-1))

    # Far names have a line to tell whose they are; they need not be nearest.
    if len(others) and away(others).min() < min(float(away(point)) + 3 * scale, 9 * scale):
        return False
    along = point + np.linspace(0.1, 1, 12)[:, None] * (end - point)  # (12, 2) the line back
    crossed = [there for there in taken if not there.contains(*point)]
    return not any(there.contains(*place) for there in crossed for place in along)
