"""Pictures of a network's space: the map of genres, their tree, whose neighbours they are, and what the axes mean.

As in `figures`: arrays in, a `Figure` out that belongs to nobody, written by `figures.save`. Genres come by their place
among the network's labels, and each has one colour and one marker in all pictures. Needs the extra `plots`.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.plots.comparisons import Series, dots_with_intervals
from earmark.plots.figures import blank_figure, lighten, shade_cells
from earmark.plots.palette import genre_colour, genre_marker
from earmark.plots.placing import place_names
from earmark.plots.text import percent

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REGION = math.sqrt(5.991)  # standard deviations that hold 95 % in two dimensions: chi-square of 2 degrees of freedom
INK = "0.15"
LARGE = 8.5  # size of a mean's marker in points


def genre_map(
    points: ArrayLike,
    genres: ArrayLike,
    names: Sequence[str],
    *,
    means: ArrayLike,
    covariances: ArrayLike,
    explained: Sequence[float],
    title: str = "",
) -> "Figure":
    """Clips as faint points, the mean of each genre as a large one with its name and the region it may lie in.

    Parameters
    ----------
    points:
        (clips, 2) places on the map.
    genres:
        (clips,) whole numbers, each clip's place among the names.
    names:
        The genres.
    means:
        (genres, 2) mean of each genre.
    covariances:
        (genres, 2, 2) of the means, not of the clips: the ellipses hold each mean with 95 %.
    explained:
        The share of the variance that each of the two axes has.

    Raises
    ------
    ValueError
        The arrays do not fit each other, have something else than numbers, or a clip has no genre of these.
    """
    places, members, centres = checked_places(points, genres, names, means, axes=2)
    spreads = np.asarray(covariances, dtype=float)
    if spreads.shape != (len(names), 2, 2) or len(explained) != 2:
        raise ValueError(f"covariances must be ({len(names)}, 2, 2) and explained (2,), not {spreads.shape}")
    figure, (axes,) = blank_figure(width_inches=8.0, height_inches=6.4)
    for number in range(len(names)):
        _draw_genre(axes, number, places[members == number], centres[number], spreads[number])
    across, up = (f"{percent(share)} of the variance" for share in explained)
    axes.set(xlabel=f"axis 1 ({across})", ylabel=f"axis 2 ({up})", title=title)
    lighten(axes)
    figure.legend(handles=_map_legend(), loc="outside lower left", ncols=3, frameon=False)
    _measure_equally(figure, axes)
    _write_names(figure, axes, centres, names)
    return figure


def checked_places(
    points: ArrayLike, genres: ArrayLike, names: Sequence[str], means: ArrayLike, *, axes: int
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """The clips' places (clips, axes), their genres (clips,) and the genres' means (genres, axes), found to fit.

    Raises
    ------
    ValueError
        They do not fit each other, have something else than numbers, or a clip has no genre of these.
    """
    places, members, centres = np.asarray(points, dtype=float), np.asarray(genres), np.asarray(means, dtype=float)
    if places.ndim != 2 or places.shape[1] != axes or members.shape != (len(places),) or not len(places):
        raise ValueError(f"points must be (clips, {axes}) and genres (clips,), not {places.shape} and {members.shape}")
    if centres.shape != (len(names), axes):
        raise ValueError(f"means must be ({len(names)}, {axes}), not {centres.shape}")
    if not (np.isfinite(places).all() and np.isfinite(centres).all()):
        raise ValueError("points and means must be finite")
    if not np.issubdtype(members.dtype, np.integer) or members.min() < 0 or members.max() >= len(names):
        raise ValueError(f"genres must be whole numbers from 0 to {len(names) - 1}")
    return places, members.astype(np.int64), centres


def dendrogram(merges: ArrayLike, names: Sequence[str], *, label: str = "distance", title: str = "") -> "Figure":
    """The tree of genres that joins the nearest first, names on the left, the join of all on the right.

    Parameters
    ----------
    merges:
        (genres - 1, 3): the two groups that are joined, and at which distance. Groups are numbered as scipy does: the
        genres first, then each join in the order of the rows.
    names:
        The genres.
    label:
        What the distance is.

    Raises
    ------
    ValueError
        The array does not fit the names, or a row joins what is not there, or no longer there.
    """
    joins = np.asarray(merges, dtype=float)
    if len(names) < 2 or joins.shape != (len(names) - 1, 3):
        raise ValueError(f"merges must be ({len(names) - 1}, 3) for at least two names, not {joins.shape}")
    order = leaf_order(joins)
    figure, (axes,) = blank_figure(width_inches=6.4, height_inches=1.2 + 0.32 * len(names))
    heights = np.concatenate([np.zeros(len(names)), joins[:, 2]])
    rows = np.zeros(len(heights))
    rows[order] = np.arange(len(names))
    for number, (first, second) in enumerate(joins[:, :2].astype(int), start=len(names)):
        rows[number] = (rows[first] + rows[second]) / 2
        corners = [heights[first], heights[number], heights[number], heights[second]]
        axes.plot(corners, rows[[first, first, second, second]], color="0.3", linewidth=1.6, solid_joinstyle="miter")
    for genre in order:
        _draw_large(axes, 0, rows[genre], genre)
    axes.set_yticks(range(len(names)), [names[genre] for genre in order])
    axes.tick_params(axis="y", length=0, pad=10)
    axes.set(xlim=(0, 1.04 * heights.max() or 1), ylim=(len(names) - 0.5, -0.5), xlabel=label, title=title)
    lighten(axes)
    axes.spines["left"].set_visible(False)
    axes.grid(visible=False, axis="y")
    return figure


def leaf_order(merges: NDArray[np.float64]) -> list[int]:
    """The leaves of a tree from top to bottom, each group's side by side, so that no two lines cross.

    Parameters
    ----------
    merges:
        (leaves - 1, 3), as for `dendrogram`.

    Raises
    ------
    ValueError
        A row joins what is not there, or no longer there.

    >>> leaf_order(np.array([[0, 2, 1.0], [1, 3, 2.0]]))
    [1, 0, 2]
    """
    groups = {leaf: [leaf] for leaf in range(len(merges) + 1)}
    for number, (first, second) in enumerate(merges[:, :2], start=len(groups)):
        if first == second or not {first, second} <= groups.keys():
            raise ValueError(f"row {number - len(merges) - 1} joins {first:g} and {second:g}, not two groups of then")
        groups[number] = groups.pop(first) + groups.pop(second)
    (order,) = groups.values()
    return order


def neighbour_matrix(shares: ArrayLike, names: Sequence[str], *, title: str = "") -> "Figure":
    """How often the genre of a column is among the nearest of the genre of a row, in per cent.

    Parameters
    ----------
    shares:
        (genres, genres) of the bootstrap's draws, 0 to 1. The diagonal is not drawn: no genre is its own neighbour.

    Raises
    ------
    ValueError
        The matrix is not square, not as long as the names, or has something else than shares beside its diagonal.
    """
    often = np.array(shares, dtype=float)
    if often.shape != (len(names), len(names)) or not len(names):
        raise ValueError(f"shares must be ({len(names)}, {len(names)}) and not empty, not {often.shape}")
    np.fill_diagonal(often, np.nan)
    beside = often[~np.eye(len(names), dtype=bool)]
    if not ((beside >= 0) & (beside <= 1)).all():
        raise ValueError("shares must be from 0 to 1")
    side_inches = min(2.2 + 0.46 * len(names), 9.0)
    figure, (axes,) = blank_figure(width_inches=side_inches, height_inches=side_inches)
    shade_cells(axes, often, [["" if math.isnan(share) else f"{100 * share:.0f}" for share in row] for row in often])
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), names)
    axes.set(xlabel="is among the nearest, % of draws", ylabel="genre", title=title)
    return figure


def axis_correlations(
    values: ArrayLike,
    lows: ArrayLike,
    highs: ArrayLike,
    features: Sequence[str],
    axes: Sequence[str],
    *,
    label: str = "correlation with the axis",
    title: str = "",
) -> "Figure":
    """What the axes mean: a row a feature of the sound, in it a dot an axis with its interval, from -1 to 1.

    Parameters
    ----------
    values, lows, highs:
        (features, axes) correlations and the ends of their intervals, NaN where there is none.
    features, axes:
        Names, the topmost first.

    Raises
    ------
    ValueError
        The arrays do not fit the names, or there is nothing to draw.
    """
    parts = [np.asarray(part, dtype=float) for part in (values, lows, highs)]
    if any(part.shape != (len(features), len(axes)) for part in parts):
        raise ValueError(f"values, lows and highs must be ({len(features)}, {len(axes)})")
    series = []
    for place, name in enumerate(axes):
        middle, low, high = (part[:, place].tolist() for part in parts)
        series.append(Series(name, middle, low, high, place))
    return dots_with_intervals(features, series, label=label, times=1, mark=0, limits=(-1, 1), title=title)


def _draw_genre(
    axes: "Axes",
    number: int,
    points: NDArray[np.float64],
    mean: NDArray[np.float64],
    covariance: NDArray[np.float64],
) -> None:
    """One genre on its map: points (clips, 2), mean (2,), covariance (2, 2) of the mean."""
    from matplotlib.patches import Ellipse

    colour, marker = genre_colour(number), genre_marker(number)
    area = 16 * _evened(marker) ** 2
    axes.scatter(points[:, 0], points[:, 1], s=area, color=colour, marker=marker, alpha=0.4, linewidths=0, zorder=2)
    variances, directions = np.linalg.eigh(covariance)  # rising, directions in columns
    widths = 2 * REGION * np.sqrt(np.maximum(variances, 0))
    angle = math.degrees(math.atan2(directions[1, 1], directions[0, 1]))
    region = Ellipse((mean[0], mean[1]), widths[1], widths[0], angle=angle, linewidth=1.1, zorder=3)
    region.set(facecolor=(colour, 0.2), edgecolor=INK)
    axes.add_patch(region)
    _draw_large(axes, mean[0], mean[1], number)


def _draw_large(axes: "Axes", x: float, y: float, genre: int) -> None:
    """A genre's marker with a dark rim, so that pale colours stand on paper too."""
    marker = genre_marker(genre)
    (drawn,) = axes.plot(x, y, marker, color=genre_colour(genre), markersize=LARGE * _evened(marker))
    drawn.set(markeredgecolor=INK, markeredgewidth=0.9, zorder=4, clip_on=False)


def _evened(marker: str) -> float:
    """What makes a marker look as large as the others: a star of the same width has far less paper under it."""
    return 1.6 if marker == "*" else 1.0


def _map_legend() -> list[object]:
    from matplotlib.lines import Line2D

    grey = "0.6"
    return [
        Line2D([], [], linestyle="", marker="o", color=grey, alpha=0.5, markersize=4, label="a clip"),
        Line2D([], [], linestyle="", marker="o", color=grey, mec=INK, markersize=LARGE, label="mean of a genre"),
        Line2D([], [], color=INK, linewidth=1.1, label="where that mean lies, with 95 %"),
    ]


def _measure_equally(figure: "Figure", axes: "Axes") -> None:
    """Make a step as long up as across; the paper stays filled, and nothing drawn later moves the limits."""
    axes.set_aspect("equal", adjustable="datalim")
    figure.draw_without_rendering()  # widens the limits to the paper
    axes.set_aspect("equal", adjustable="box")
    axes.autoscale(enable=False)


def _write_names(figure: "Figure", axes: "Axes", means: NDArray[np.float64], names: Sequence[str]) -> None:
    from matplotlib.patheffects import withStroke

    for text in place_names(figure, axes, means, names, [INK] * len(names), weight="bold"):
        text.set_zorder(5)
        text.set_path_effects([withStroke(linewidth=2.5, foreground="white")])  # legible on the clips
