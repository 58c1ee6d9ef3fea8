"""Pictures that set systems side by side: accuracies with intervals, differences by genre, confusions, costs.

As in `figures`: arrays in, a `Figure` out that belongs to nobody, written by `figures.save`. Shares are drawn as per
cent. What leaks is drawn hollow, and its name says so; no colour stands without a name or a figure. Needs the extra
`plots`.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.plots.figures import blank_figure, lighten
from earmark.plots.palette import ACCENT, SEQUENTIAL, genre_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation
    from matplotlib.transforms import Bbox

# From less to more through paper, apart for colour-blind eyes: Paul Tol's "BuRd" turned round (SRON/EPS/TN/09-002).
DIVERGING = ("#b2182b", "#d6604d", "#f4a582", "#fddbc7", "#f7f7f7", "#d1e5f0", "#92c5de", "#4393c3", "#2166ac")
MOST_POINTS = 30.0  # differences beyond this have the strongest colour
PALE_INK_FROM = 0.75  # of the strongest colour
DARK_FROM = 0.38  # a cell of this share of its row takes pale ink
SERIES_COLOURS = tuple(genre_colour(number) for number in (1, 3, 5, 9, 8))  # the dark ones of the list
MARKERS = ("o", "s", "D", "^", "v")
PLAIN = "#332288"
EMPHASIS = "#b3500f"  # ACCENT, dark enough for letters
# Where a label may go: steps of radius in points, each tried all round, beside the point first.
RADII = (8, 14, 22, 32, 44, 58, 74, 92, 112, 134, 160, 190)
ANGLES = tuple(math.radians(degrees) for degrees in (0, 180, 30, -30, 150, -150, 60, -60, 120, -120, 90, -90))


@dataclass(frozen=True, eq=False)
class Series:
    """One line of dots, one dot a system: values with interval ends, shares, all (systems,), NaN where there is none.

    `place` chooses colour and shape, so that a series looks the same in two pictures; `hollow` marks what was measured
    with a leak.
    """

    name: str
    values: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    place: int
    hollow: bool = False


def dots_with_intervals(
    systems: Sequence[str], series: Sequence[Series], *, label: str, mark: float | None = None, title: str = ""
) -> "Figure":
    """A row a system, in it a dot with its interval for each series.

    Parameters
    ----------
    systems:
        Names, the topmost first.
    series:
        What is drawn, each in its colour and shape.
    label:
        What the values are; they are drawn as per cent.
    mark:
        A share to rule a line at, such as 0 for differences.

    Raises
    ------
    ValueError
        There is nothing to draw, or a series is not as long as the names.
    """
    if not systems or not series:
        raise ValueError("there are no systems or no series to draw")
    for line in series:
        if not len(line.values) == len(line.lows) == len(line.highs) == len(systems):
            raise ValueError(f"series {line.name} must have {len(systems)} values, lows and highs")
    height = 1.3 + len(systems) * max(0.3, 0.15 * len(series)) + 0.22 * len(series)
    figure, (axes,) = blank_figure(width_inches=9.0, height_inches=height)
    rows = np.arange(len(systems), dtype=float)
    gap = 0.66 / max(len(series), 2)
    for number, line in enumerate(series):
        colour, marker = SERIES_COLOURS[line.place % len(SERIES_COLOURS)], MARKERS[line.place % len(MARKERS)]
        places = rows + gap * (number - (len(series) - 1) / 2)
        values, lows, highs = (100 * np.asarray(part, dtype=float) for part in (line.values, line.lows, line.highs))
        axes.hlines(places, lows, highs, color=colour, linewidth=1.6)
        face = "white" if line.hollow else colour
        axes.plot(values, places, marker, color=colour, markerfacecolor=face, markersize=6, label=line.name, zorder=3)
    if mark is not None:
        axes.axvline(100 * mark, color="0.35", linewidth=1)
    axes.set_yticks(rows, systems)
    axes.set(ylim=(len(systems) - 0.4, -0.6), xlabel=label, title=title)
    lighten(axes)
    axes.hlines(rows[:-1] + 0.5, 0, 1, transform=axes.get_yaxis_transform(), color="0.88", linewidth=0.8, zorder=0)
    axes.grid(visible=False, axis="y")
    figure.legend(loc="outside upper left", ncols=1, frameon=False)
    return figure


def difference_map(
    differences: ArrayLike, systems: Sequence[str], columns: Sequence[str], *, title: str = ""
) -> "Figure":
    """Differences in points, each in its cell: blue is more, red is less, paper is equal.

    Parameters
    ----------
    differences:
        (systems, columns) shares, NaN where there is none.
    systems, columns:
        Names of the rows and of the columns.

    Raises
    ------
    ValueError
        The array does not fit the names, or is empty.
    """
    points = 100 * np.asarray(differences, dtype=float)
    if points.shape != (len(systems), len(columns)) or points.size == 0:
        raise ValueError(f"differences must be ({len(systems)}, {len(columns)}) and not empty, not {points.shape}")
    figure, (axes,) = blank_figure(width_inches=9.0, height_inches=1.5 + 0.32 * len(systems))
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("earmark differences", list(DIVERGING))
    axes.imshow(points, cmap=colours, vmin=-MOST_POINTS, vmax=MOST_POINTS, aspect="auto")
    for row, column in np.ndindex(*points.shape):
        value = float(points[row, column])
        ink = "white" if abs(value) > PALE_INK_FROM * MOST_POINTS else "black"
        axes.text(column, row, signed_points(value), ha="center", va="center", color=ink, fontsize=9)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(systems)), systems)
    axes.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(1, len(columns)) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, len(systems)) - 0.5, minor=True)
    axes.tick_params(which="minor", length=0)
    axes.grid(which="minor", color="white", linewidth=1.5)
    axes.set_title(title)
    return figure


def signed_points(points: float) -> str:
    """A difference in points as it stands in a cell: "+3", "−12", "0", and nothing for NaN."""
    if math.isnan(points):
        return ""
    whole = round(points)
    return "0" if whole == 0 else f"{whole:+d}".replace("-", "\N{MINUS SIGN}")


def confusion_multiples(
    counts: Mapping[str, ArrayLike], genres: Sequence[str], *, columns: int = 3, title: str = ""
) -> "Figure":
    """A small confusion matrix a system: rows are labels, columns predictions, figures are per cent of the row.

    Parameters
    ----------
    counts:
        System to (genres, genres) numbers of 0 or more. Cells below half a per cent stay empty.
    genres:
        Names in the order of the rows.
    columns:
        Matrices side by side.

    Raises
    ------
    ValueError
        There are no systems, or a matrix is not as long as the names.
    """
    if not counts:
        raise ValueError("there are no matrices to draw")
    matrices = {system: np.asarray(matrix, dtype=float) for system, matrix in counts.items()}
    for system, matrix in matrices.items():
        if matrix.shape != (len(genres), len(genres)):
            raise ValueError(f"{system}: counts must be ({len(genres)}, {len(genres)}), not {matrix.shape}")
    columns = min(columns, len(matrices))
    lines = -(-len(matrices) // columns)
    side = max(1.0 + 0.26 * len(genres), 0.4 + 0.09 * max(map(len, matrices)))  # the longest name has its room
    figure, all_axes = blank_figure(
        width_inches=side * columns, height_inches=side * lines + 0.3, columns=columns, heights=(1,) * lines
    )
    for number, (axes, (system, matrix)) in enumerate(zip(all_axes, matrices.items(), strict=False)):
        _small_matrix(axes, matrix)
        axes.set_title(system, fontsize=10)
        below, first = number + columns >= len(matrices), number % columns == 0
        axes.set_xticks(range(len(genres)), genres if below else [], rotation=90, fontsize=8)
        axes.set_yticks(range(len(genres)), genres if first else [], fontsize=8)
    for axes in all_axes[len(matrices) :]:
        axes.set_visible(False)
    figure.suptitle(title)
    return figure


def labelled_scatter(
    x: Sequence[float], y: Sequence[float], names: Sequence[str], *, xlabel: str, ylabel: str, stressed: str = ""
) -> "Figure":
    """Shares `y` (drawn as per cent) against positive `x` on a logarithmic axis, each point with its name beside it.

    Names are moved until none covers another or a point; a thin line leads back from those that went far. `stressed` is
    the one name in another colour.

    Raises
    ------
    ValueError
        There are no points, not as many of each, or an x that a logarithm does not take.
    """
    across, up = np.asarray(x, dtype=float), 100 * np.asarray(y, dtype=float)
    if not len(across) == len(up) == len(names) or not len(across):
        raise ValueError(f"x, y and names must be of one length of at least 1, not {len(x)}, {len(y)}, {len(names)}")
    if not np.all(across > 0) or not np.all(np.isfinite(across)) or not np.all(np.isfinite(up)):
        raise ValueError("x must be finite and above 0, y finite")
    figure, (axes,) = blank_figure(width_inches=5.7, height_inches=4.4)
    _rule_logarithmically(axes, math.log10(across.max() / across.min()))
    colours = [EMPHASIS if name == stressed else PLAIN for name in names]
    axes.scatter(across, up, s=34, c=[ACCENT if name == stressed else PLAIN for name in names], zorder=3)
    decades = math.log10(across.max() / across.min()) or 1.0
    rise = max(np.ptp(up), 5.0)
    # Room for the names, most of which stand to the right.
    left, right = across.min() / 10 ** (0.14 * decades), across.max() * 10 ** (0.28 * decades)
    axes.set(xlim=(left, right), xlabel=xlabel, ylabel=ylabel)
    axes.set_ylim(up.min() - 0.12 * rise, up.max() + 0.12 * rise)
    lighten(axes)
    _place_names(figure, axes, np.stack([across, up], axis=1), names, colours)
    return figure


def _rule_logarithmically(axes: "Axes", decades: float) -> None:
    """Plain figures along a logarithmic axis: 1, 2, 5 a decade where there are few decades."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if decades < 2 else (1.0,)))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:,.12g}".replace(",", "\N{NARROW NO-BREAK SPACE}"))
    )
    axes.xaxis.set_minor_formatter(NullFormatter())


def _small_matrix(axes: "Axes", matrix: NDArray[np.float64]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    pale_to_dark = SEQUENTIAL[::-1]
    axes.imshow(shares, cmap=LinearSegmentedColormap.from_list("earmark", list(pale_to_dark)), vmin=0, vmax=1)
    axes.tick_params(length=0)
    for row, column in np.argwhere(shares >= 0.005):
        ink = pale_to_dark[0] if shares[row, column] > DARK_FROM else pale_to_dark[-1]
        figure = f"{100 * shares[row, column]:.0f}"
        axes.text(column, row, figure, ha="center", va="center", color=ink, fontsize=7.5)


def _place_names(
    figure: "Figure", axes: "Axes", points: NDArray[np.float64], names: Sequence[str], colours: Sequence[str]
) -> None:
    """Write each point's name where it covers nothing. points: (n, 2) in the units of the axes."""
    from matplotlib.transforms import Bbox

    figure.draw_without_rendering()  # settles the layout, and with it where points are
    pixels = axes.transData.transform(points)  # (n, 2)
    scale = figure.dpi / 72
    taken = [Bbox.from_bounds(x - 4 * scale, y - 4 * scale, 8 * scale, 8 * scale) for x, y in pixels]
    # Crowded points choose first: those with the nearest neighbours have the fewest places.
    distances = np.linalg.norm(pixels[:, None] - pixels[None], axis=2)
    for number in np.argsort(np.sort(distances, axis=1)[:, : min(4, len(points))].sum(axis=1)):
        text = axes.annotate(
            names[number],
            points[number],
            xytext=(0, 0),
            textcoords="offset points",
            color=colours[number],
            fontsize=9,
            va="center",
        )
        text.set_in_layout(False)  # else the layout moves once more, and the points with it
        others = np.delete(pixels, number, axis=0)
        taken.append(_settle(text, axes, pixels[number], others, taken, scale))


def _settle(
    text: "Annotation",
    axes: "Axes",
    point: NDArray[np.float64],
    others: NDArray[np.float64],
    taken: "Sequence[Bbox]",
    scale: float,
) -> "Bbox":
    """Move a name to the first place round its point that is free; gives the box it fills there.

    point (2,) and others (n, 2) are pixels, `taken` boxes that are filled, `scale` the pixels of a point of type. Where
    no place is free in every way, one where the name covers nothing must do.
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
