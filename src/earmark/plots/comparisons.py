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

from earmark.plots.figures import blank_figure, lighten, shade_cells
from earmark.plots.palette import ACCENT, genre_colour
from earmark.plots.placing import place_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# From less to more through paper, apart for colour-blind eyes: Paul Tol's "BuRd" turned round (SRON/EPS/TN/09-002).
DIVERGING = ("#b2182b", "#d6604d", "#f4a582", "#fddbc7", "#f7f7f7", "#d1e5f0", "#92c5de", "#4393c3", "#2166ac")
MOST_POINTS = 30.0  # differences beyond this have the strongest colour
PALE_INK_FROM = 0.75  # of the strongest colour
SERIES_COLOURS = tuple(genre_colour(number) for number in (1, 3, 5, 9, 8, 6, 0, 7, 4))  # the list, its dark ones first
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*", ">")
PLAIN = "#332288"
EMPHASIS = "#b3500f"  # ACCENT, dark enough for letters


@dataclass(frozen=True, eq=False)
class Series:
    """One line of dots, one dot a system: values with interval ends, all (systems,), NaN where there is none.

    `place` chooses colour and shape, so that a series looks the same in two pictures; `hollow` marks what was measured
    with a leak.
    """

    name: str
    values: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    place: int
    hollow: bool = False


def series_style(place: int) -> tuple[str, str]:
    """Colour and marker of the series at this place: nine pairs, then they come again."""
    return SERIES_COLOURS[place % len(SERIES_COLOURS)], MARKERS[place % len(MARKERS)]


def dots_with_intervals(
    systems: Sequence[str],
    series: Sequence[Series],
    *,
    label: str,
    times: float = 100,
    mark: float | None = None,
    mark_name: str = "",
    limits: tuple[float, float] | None = None,
    title: str = "",
) -> "Figure":
    """A row a system, in it a dot with its interval for each series.

    Parameters
    ----------
    systems:
        Names, the topmost first.
    series:
        What is drawn, each in its colour and shape.
    label:
        What the values are.
    times:
        What values are drawn times: shares as per cent where nothing else is said, 1 for values as they are.
    mark:
        A value to rule a line at, such as 0 for differences.
    mark_name:
        What the line is, for the legend; nothing there if empty.
    limits:
        From which value to which the axis goes; as far as the values where there are none.

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
    height = 1.3 + len(systems) * max(0.3, 0.15 * len(series)) + 0.22 * (len(series) + bool(mark_name))
    figure, (axes,) = blank_figure(width_inches=9.0, height_inches=height)
    rows = np.arange(len(systems), dtype=float)
    gap = 0.66 / max(len(series), 2)
    for number, line in enumerate(series):
        colour, marker = series_style(line.place)
        places = rows + gap * (number - (len(series) - 1) / 2)
        values, lows, highs = (times * np.asarray(part, dtype=float) for part in (line.values, line.lows, line.highs))
        axes.hlines(places, lows, highs, color=colour, linewidth=1.6)
        face = "white" if line.hollow else colour
        axes.plot(values, places, marker, color=colour, markerfacecolor=face, markersize=6, label=line.name, zorder=3)
    if mark is not None:
        axes.axvline(times * mark, color="0.35", linewidth=1, label=mark_name or None)
    if limits is not None:
        axes.set_xlim(times * limits[0], times * limits[1])
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
    words = [[signed_points(value) for value in row] for row in points]
    return diverging_map(points, words, systems, columns, most=MOST_POINTS, title=title)


def diverging_map(
    values: NDArray[np.float64],
    words: Sequence[Sequence[str]],
    rows: Sequence[str],
    columns: Sequence[str],
    *,
    most: float,
    title: str = "",
) -> "Figure":
    """Values of either sign in cells with words: blue above 0, red below, paper at 0 and where there is none.

    Parameters
    ----------
    values:
        (rows, columns), NaN where there is none; the strongest colours are at `most` and minus `most`.
    words:
        As many, "" where a cell says nothing.
    rows, columns:
        Names, the topmost and the leftmost first.
    """
    figure, (axes,) = blank_figure(width_inches=9.0, height_inches=1.5 + 0.32 * len(rows))
    from matplotlib.colors import LinearSegmentedColormap

    colours = LinearSegmentedColormap.from_list("earmark differences", list(DIVERGING))
    axes.imshow(values, cmap=colours, vmin=-most, vmax=most, aspect="auto")
    for row, column in np.ndindex(*values.shape):
        ink = "white" if abs(values[row, column]) > PALE_INK_FROM * most else "black"
        axes.text(column, row, words[row][column], ha="center", va="center", color=ink, fontsize=9)
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.tick_params(length=0, top=False, labeltop=True, bottom=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    axes.set_xticks(np.arange(1, len(columns)) - 0.5, minor=True)
    axes.set_yticks(np.arange(1, len(rows)) - 0.5, minor=True)
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
        shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
        words = [[f"{100 * share:.0f}" if share >= 0.005 else "" for share in row] for row in shares]
        shade_cells(axes, shares, words, fontsize=7.5)
        axes.tick_params(length=0)
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
    place_names(figure, axes, np.stack([across, up], axis=1), names, colours)
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
