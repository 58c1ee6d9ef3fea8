"""A picture for files, by matplotlib: how much of the differences between trials each option explains.

In the manner of `plots.figures`, whose `save` writes it. Needs the extra `plots`.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from earmark.errors import MissingExtraError
from earmark.plots.palette import genre_colour

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def importance_bars(shares: Mapping[str, float], *, title: str = "") -> "Figure":
    """One bar an option, the largest on top, with its share in words.

    Parameters
    ----------
    shares:
        The share of each option, by name, 0 to 1.

    Raises
    ------
    ValueError
        There are no options.
    """
    if not shares:
        raise ValueError("there are no options to draw")
    try:
        from matplotlib.figure import Figure
    except ImportError as missing:
        raise MissingExtraError.naming("Drawing a figure", "plots") from missing
    rising = sorted(shares.items(), key=lambda item: item[1])  # the axis goes upwards
    figure = Figure(figsize=(6.4, 1.4 + 0.34 * len(rising)), layout="constrained")
    axes = figure.subplots()
    bars = axes.barh([name for name, _ in rising], [share for _, share in rising], color=genre_colour(4))
    axes.bar_label(bars, labels=[f"{share:.0%}" for _, share in rising], padding=4, fontsize=9)
    axes.set(xlim=(0, 1), xlabel="share of the differences explained", title=title)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
