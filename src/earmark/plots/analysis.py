"""Pictures of what a network attends to, and of how far explanations of its answers can be trusted.

As in `figures`: arrays in, a `Figure` out that belongs to nobody, written by `figures.save`. Intervals are drawn
wherever a value is; what chance alone would give is a line. Needs the extra `plots`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.plots.comparisons import Series, diverging_map, dots_with_intervals, series_style
from earmark.plots.figures import blank_figure, lighten
from earmark.plots.palette import ACCENT, QUIET

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKED = 3  # steps of a genre that are named
PANELS = 2  # side by side
DASHES: tuple[str | tuple[int, tuple[float, ...]], ...] = (
    "-",
    (0, (6, 2)),
    (0, (1.2, 1.4)),
    (0, (6, 2, 1.2, 2)),
    (0, (10, 3)),
    (0, (6, 2, 1.2, 2, 1.2, 2)),
    (0, (3, 1.5)),
    (0, (1.2, 3)),
    (0, (8, 1.5, 1.2, 1.5)),
)
INK = "0.25"


@dataclass(frozen=True, eq=False)
class Line:
    """One curve: values with the ends of their intervals, all (k,) in the unit of the axis, NaN where there is none.

    `place` chooses colour, marker and dashes, so that a method looks the same in two pictures.
    """

    name: str
    values: Sequence[float]
    lows: Sequence[float]
    highs: Sequence[float]
    place: int


def attention_steps(
    means: ArrayLike,
    lows: ArrayLike,
    highs: ArrayLike,
    names: Sequence[str],
    *,
    uniform: float,
    step_s: float,
    title: str = "",
) -> "Figure":
    """When a network attends: a panel a genre, a bar a time step, the three highest in colour with their numbers.

    Parameters
    ----------
    means, lows, highs:
        (genres, steps) shares of the attention and the ends of their intervals; steps are numbered from 0.
    names:
        The genres.
    uniform:
        The share that each step has where nothing is attended to more, ruled as a dashed line.
    step_s:
        Seconds that a step has.

    Raises
    ------
    ValueError
        The arrays do not fit each other or the names, or are empty.
    """
    parts = [np.asarray(part, dtype=float) for part in (means, lows, highs)]
    if any(part.shape != (len(names), *parts[0].shape[1:2]) or not part.size for part in parts):
        raise ValueError(f"means, lows and highs must be ({len(names)}, steps) and not empty")
    lines = -(-len(names) // PANELS)
    figure, panels = blank_figure(
        width_inches=9.0, height_inches=1.2 + 1.35 * lines, columns=PANELS, heights=(1,) * lines
    )
    shares, below, above = (100 * part for part in parts)
    top = 1.2 * max(np.nanmax(above), 100 * uniform)  # room for the numbers
    for number, (axes, name) in enumerate(zip(panels, names, strict=False)):
        _draw_steps(axes, shares[number], below[number], above[number])
        axes.axhline(100 * uniform, color=INK, linewidth=1, linestyle="--", label="the same for every step")
        lighten(axes)
        axes.grid(visible=False, axis="x")
        axes.set(ylim=(0, top), xlim=(-0.7, shares.shape[1] - 0.3), xticks=range(0, shares.shape[1], 5))
        axes.set_title(name, loc="left", fontsize=10)
        lowest = number + PANELS >= len(names)
        axes.set_xlabel(f"time step, {step_s:g} s each" if lowest else "")
        axes.tick_params(labelleft=number % PANELS == 0, labelbottom=lowest)
    for axes in panels[len(names) :]:
        axes.set_visible(False)
    figure.legend(handles=_steps_legend(panels[0]), loc="outside lower center", ncols=3, frameon=False)
    figure.supylabel("share of the attention, %", fontsize=10)
    figure.suptitle(title)
    return figure


def curves(
    x: ArrayLike,
    lines: Sequence[Line],
    *,
    xlabel: str,
    ylabel: str,
    mark: float | None = None,
    legend: str = "",
    title: str = "",
) -> "Figure":
    """Curves over one axis with bands of their intervals, each in its colour, marker and dashes.

    Parameters
    ----------
    x:
        (k,) places on the axis, rising.
    lines:
        The curves, k values each, drawn as they are.
    mark:
        A value to rule a level line at.
    legend:
        What the curves are, over their names.

    Raises
    ------
    ValueError
        There is nothing to draw, or a curve is not as long as the axis.
    """
    across = np.asarray(x, dtype=float)
    if across.ndim != 1 or not across.size or not lines:
        raise ValueError("there are no places or no curves to draw")
    for line in lines:
        if not len(line.values) == len(line.lows) == len(line.highs) == len(across):
            raise ValueError(f"curve {line.name} must have {len(across)} values, lows and highs")
    figure, (axes,) = blank_figure(width_inches=8.4, height_inches=4.4)
    every = -(-len(across) // 12)  # markers in plenty would hide the dashes
    for number, line in enumerate(lines):
        colour, marker = series_style(line.place)
        axes.fill_between(across, line.lows, line.highs, color=colour, alpha=0.13, linewidth=0)
        (drawn,) = axes.plot(across, line.values, color=colour, linestyle=DASHES[line.place % len(DASHES)])
        first = number * every // len(lines)  # curves that run together show their markers in turn
        drawn.set(marker=marker, markersize=5.5, markevery=(first, every), linewidth=1.6, label=line.name)
    if mark is not None:
        axes.axhline(mark, color="0.35", linewidth=1)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    lighten(axes)
    figure.legend(loc="outside right upper", title=legend or None, frameon=False, handlelength=4, alignment="left")
    return figure


def scores(methods: Sequence[str], series: Sequence[Series], *, label: str, chance: float, title: str = "") -> "Figure":
    """How often methods of explanation are right: a row a method, from 0 to 1, with what chance gives as a line.

    Parameters
    ----------
    methods:
        Names, the topmost first.
    series:
        Hit rates or areas under a curve, one value a method in each series.
    label:
        What the values are.
    chance:
        The value of a method that guesses.

    Raises
    ------
    ValueError
        There is nothing to draw, or a series is not as long as the names.
    """
    return dots_with_intervals(
        methods, series, label=label, times=1, mark=chance, mark_name="chance", limits=(0, 1), title=title
    )


def similarity_map(
    values: ArrayLike,
    lows: ArrayLike,
    highs: ArrayLike,
    methods: Sequence[str],
    stages: Sequence[str],
    *,
    title: str = "",
) -> "Figure":
    """How alike explanations are before and after weights were made random: a row a method, a column a stage.

    An explanation that stays the same (blue) does not depend on what the network has learned.

    Parameters
    ----------
    values, lows, highs:
        (methods, stages) rank correlations, -1 to 1, and the ends of their intervals, NaN where there is none.
    methods, stages:
        Names, the topmost and the leftmost first.

    Raises
    ------
    ValueError
        The arrays do not fit the names, or are empty.
    """
    parts = [np.asarray(part, dtype=float) for part in (values, lows, highs)]
    if any(part.shape != (len(methods), len(stages)) or not part.size for part in parts):
        raise ValueError(f"values, lows and highs must be ({len(methods)}, {len(stages)}) and not empty")
    words = [
        [correlation_with_interval(*cell) for cell in zip(*(part[row] for part in parts), strict=True)]
        for row in range(len(methods))
    ]
    return diverging_map(parts[0], words, methods, stages, most=1, title=title)


def correlation_with_interval(value: float, low: float, high: float) -> str:
    """A correlation as it stands in a cell, its interval in a second line, and nothing for NaN.

    >>> print(correlation_with_interval(0.5, 0.444, 0.6))
    0.50
    0.44 to 0.60
    """
    if np.isnan(value):
        return ""
    one, least, most = (f"{number:.2f}".replace("-", "\N{MINUS SIGN}") for number in (value, low, high))
    return f"{one}\n{least} to {most}"


def _draw_steps(
    axes: "Axes", shares: NDArray[np.float64], lows: NDArray[np.float64], highs: NDArray[np.float64]
) -> None:
    """One genre's steps: shares, lows and highs (steps,) in per cent."""
    steps = np.arange(len(shares))
    highest = np.argsort(-np.nan_to_num(shares, nan=-np.inf), kind="stable")[:MARKED]
    colours = [ACCENT if step in highest else QUIET for step in steps]
    axes.bar(steps, shares, width=0.82, color=colours)
    axes.vlines(steps, lows, highs, color=INK, linewidth=1.1)
    for step in highest:
        axes.annotate(
            f"{step}", (step, highs[step]), xytext=(0, 2), textcoords="offset points", ha="center", fontsize=8
        )


def _steps_legend(axes: "Axes") -> list[object]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    (uniform,) = axes.get_lines()
    interval = Line2D([], [], color=INK, linewidth=1.1, marker="|", linestyle="", markersize=9, label="95 % interval")
    return [Patch(color=ACCENT, label="the three highest, with their numbers"), interval, uniform]
