"""Pictures for files, by matplotlib: the confusion matrix, the curves of a run, the reliability diagram.

Each function takes arrays and gives a `Figure` that belongs to nobody (no pyplot, no global state); `save` writes it,
the same bytes for the same figure. Colours come from the one palette. Needs the extra `plots`.
"""

import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.errors import MissingExtraError
from earmark.files import write_whole
from earmark.plots.palette import SEQUENTIAL, genre_colour

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NOT_CURVES = ("epoch", "seconds", "processor_seconds")
DARK_FROM = 0.38  # a cell of this share takes pale ink
# Files say nothing of when and by which version they were made: a picture changes when its figures do.
WITHOUT_DATE: Mapping[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None, "Creator": None},
    ".pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def confusion_matrix(counts: ArrayLike, genres: Sequence[str], *, title: str = "") -> "Figure":
    """Counts in cells, coloured by their share of the row: rows are the labels, columns the predictions.

    Parameters
    ----------
    counts:
        (genres, genres) whole numbers of 0 or more; a row of zeros is a genre without clips.
    genres:
        Names in the order of the rows.

    Raises
    ------
    ValueError
        The matrix is not square, or not as long as the names.
    """
    numbers = np.asarray(counts)
    if numbers.shape != (len(genres), len(genres)):
        raise ValueError(f"counts must be ({len(genres)}, {len(genres)}) for these genres, not {numbers.shape}")
    side_inches = 2.2 + 0.42 * len(genres)
    figure, (axes,) = blank_figure(width_inches=side_inches, height_inches=side_inches)
    shares = numbers / np.maximum(numbers.sum(axis=1, keepdims=True), 1)
    shade_cells(axes, shares, [[f"{number}" for number in row] for row in numbers])
    axes.set_xticks(range(len(genres)), genres, rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(genres)), genres)
    axes.set(xlabel="predicted", ylabel="label", title=title)
    return figure


def training_curves(rows: Sequence[Mapping[str, float]], *, title: str = "") -> "Figure":
    """The log of a run, one panel a quantity, one line a part of the data.

    Parameters
    ----------
    rows:
        One an epoch, each with `epoch` and numbers by name. The last word of a name is its panel: `loss` and
        `validation_loss` share one. `seconds` is not drawn. A number missing from a row leaves a gap.

    Raises
    ------
    ValueError
        There are no rows, or nothing to draw in them.
    """
    panels: dict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys(name for row in rows for name in row if name not in NOT_CURVES):
        panels[name.rpartition("_")[2]].append(name)
    if not panels:
        raise ValueError("there are no curves in these rows")
    epochs = [row["epoch"] for row in rows]
    parts: dict[str, int] = {}  # a part of the data has one colour in all panels
    figure, all_axes = blank_figure(width_inches=5.0 * len(panels), height_inches=3.6, columns=len(panels))
    for axes, (quantity, names) in zip(all_axes, panels.items(), strict=True):
        for name in names:
            part = name.removesuffix(quantity).rstrip("_") or "training"
            colour = genre_colour(parts.setdefault(part, len(parts)))
            axes.plot(epochs, [row.get(name, np.nan) for row in rows], color=colour, label=part)
        axes.set(xlabel="epoch", ylabel=quantity)
        axes.legend(frameon=False)
        lighten(axes)
    figure.suptitle(title)
    return figure


def reliability_diagram(
    confidence: ArrayLike, accuracy: ArrayLike, counts: ArrayLike, *, edges: ArrayLike, title: str = ""
) -> "Figure":
    """How often answers are right against how sure they were; on the diagonal they are as good as their word.

    Parameters
    ----------
    confidence, accuracy:
        (bins,) means of each bin's answers, NaN in empty bins.
    counts:
        (bins,) how many answers a bin has, drawn below.
    edges:
        (bins + 1,) rising, from 0 to 1.

    Raises
    ------
    ValueError
        The arrays do not fit each other.
    """
    sure, right, many, borders = (np.asarray(values, dtype=float) for values in (confidence, accuracy, counts, edges))
    if not sure.shape == right.shape == many.shape == (len(borders) - 1,):
        raise ValueError("confidence, accuracy and counts must be (bins,) and edges (bins + 1,)")
    figure, (above, below) = blank_figure(width_inches=4.6, height_inches=5.4, heights=(3, 1))
    colour, gap_colour = genre_colour(4), genre_colour(5)
    left, width = borders[:-1], np.diff(borders)
    above.plot([0, 1], [0, 1], color="0.5", linestyle="--", linewidth=1, label="perfect")
    above.bar(left, right, width, align="edge", color=colour, edgecolor="white", label="accuracy")
    above.plot(sure, sure, "o", color=gap_colour, markersize=4, label="confidence")
    above.vlines(sure, np.fmin(sure, right), np.fmax(sure, right), color=gap_colour, linewidth=1)
    above.set(xlim=(0, 1), ylim=(0, 1), ylabel="share right", title=title)
    above.legend(frameon=False, loc="upper left")
    below.bar(left, many, width, align="edge", color=colour, edgecolor="white")
    below.set(xlim=(0, 1), xlabel="confidence", ylabel="answers")
    for axes in (above, below):
        lighten(axes)
    return figure


def save(figure: "Figure", path: Path, *, dpi: int = 150) -> None:
    """Write a figure whole or not at all, by its suffix .png, .svg or .pdf; the same figure gives the same bytes."""
    from matplotlib import rc_context

    drawn, suffix = io.BytesIO(), path.suffix.lower()
    with rc_context({"svg.hashsalt": "earmark"}):  # else matplotlib numbers the parts of an SVG at random
        figure.savefig(drawn, format=suffix[1:], dpi=dpi, metadata=WITHOUT_DATE.get(suffix))
    write_whole(path, drawn.getvalue())


def shade_cells(
    axes: "Axes", shares: NDArray[np.float64], words: Sequence[Sequence[str]], *, fontsize: float = 9
) -> None:
    """Cells from pale for 0 to dark for 1, with words in an ink that can be read there.

    Parameters
    ----------
    shares:
        (rows, columns), 0 to 1; a cell of NaN stays as the paper is.
    words:
        As many, "" where a cell says nothing.
    """
    from matplotlib.colors import LinearSegmentedColormap

    pale_to_dark = SEQUENTIAL[::-1]  # paper is white: cells of nothing stay pale
    axes.imshow(shares, cmap=LinearSegmentedColormap.from_list("earmark", list(pale_to_dark)), vmin=0, vmax=1)
    for row, column in np.ndindex(*shares.shape):
        ink = pale_to_dark[0] if shares[row, column] > DARK_FROM else pale_to_dark[-1]
        if words[row][column]:
            axes.text(column, row, words[row][column], ha="center", va="center", color=ink, fontsize=fontsize)


def blank_figure(
    *, width_inches: float, height_inches: float, columns: int = 1, heights: Sequence[float] = (1,)
) -> "tuple[Figure, list[Axes]]":
    """A figure and its axes, row by row: `columns` of them side by side, rows as high as `heights` to each other."""
    try:
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise MissingExtraError.naming("Drawing a figure", "plots") from missing
    figure = Figure(figsize=(width_inches, height_inches), layout="constrained")
    grid = figure.subplots(len(heights), columns, squeeze=False, height_ratios=heights)
    return figure, list(grid.flat)


def lighten(axes: "Axes") -> None:
    """Take away the two borders that carry nothing, and rule the paper faintly."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="0.92", linewidth=0.8)
    axes.set_axisbelow(True)
