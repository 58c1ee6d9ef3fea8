"""A picture for files, by matplotlib: spectrograms side by side, a row a genre and a column a kind.

In the manner of `plots.figures`, whose `save` writes it. Needs the extra `plots`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from earmark.errors import MissingExtraError
from earmark.plots.palette import SEQUENTIAL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_RANGE_DB = 60.0


def spectrogram_grid(
    rows: Mapping[str, Sequence[NDArray[np.float32] | None]], kinds: Sequence[str], *, frame_s: float
) -> "Figure":
    """Spectrograms of each kind, a row a name.

    Parameters
    ----------
    rows:
        By name, (bands, frames) dB each, band 0 the lowest; None leaves a place empty.
    kinds:
        What the columns are.
    frame_s:
        From frame to frame.

    Raises
    ------
    ValueError
        There are no rows, or one of another length than the kinds.
    """
    if not rows or any(len(row) != len(kinds) for row in rows.values()):
        raise ValueError("need at least one row, each with as many spectrograms as kinds")
    try:
        from matplotlib.colors import LinearSegmentedColormap
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise MissingExtraError.naming("Drawing a figure", "plots") from missing
    scale = LinearSegmentedColormap.from_list("earmark", SEQUENTIAL)
    figure = Figure(figsize=(2.2 * len(kinds) + 0.9, 0.95 * len(rows) + 0.5), layout="constrained")
    grid = figure.subplots(len(rows), len(kinds), squeeze=False)
    for kind, axes in zip(kinds, grid[0], strict=True):
        axes.set_title(kind, fontsize=9)
    for (name, row), places in zip(rows.items(), grid, strict=True):
        places[0].set_ylabel(name, rotation=0, ha="right", va="center", fontsize=9)
        for picture, axes in zip(row, places, strict=True):
            axes.set(xticks=[], yticks=[])
            axes.spines[:].set_visible(False)
            if picture is not None:
                top = float(picture.max())
                length_s = picture.shape[1] * frame_s
                axes.imshow(
                    picture, origin="lower", aspect="auto", cmap=scale, vmin=top - _RANGE_DB, vmax=top,
                    extent=(0, length_s, 0, len(picture)), interpolation="nearest",
                )  # fmt: skip
    return figure
