"""The colours of every picture: one scale for amounts, one list for genres, both safe for colour-blind eyes.

The scale rises in lightness all the way, so it survives grey printing; its anchors are those of "magma" (S. van der
Walt & N. Smith, matplotlib, CC0). The list is Paul Tol's "muted" scheme with one of his darker reds (SRON technical
note SRON/EPS/TN/09-002); from the eleventh genre on come colours of his "light", "vibrant" and contrast schemes and
others between, as far from all before as can be. Colours are "#rrggbb". A genre's colour never stands without its name
or its marker.
"""

import numpy as np
from numpy.typing import NDArray

SEQUENTIAL = ("#000004", "#231151", "#5f187f", "#982d80", "#d3436e", "#f8765c", "#febb81", "#fcfdbf")
GENRE_COLOURS = (
    "#cc6677",
    "#332288",
    "#ddcc77",
    "#117733",
    "#88ccee",
    "#882255",
    "#44aa99",
    "#999933",
    "#aa4499",
    "#661100",
    "#ffaabb",
    "#0077bb",
    "#bbcc33",
    "#004488",
    "#997700",
    "#dd8866",
    "#66aa55",
    "#6655cc",
)
# Shapes by matplotlib's letters, so that a genre is known without its colour.
GENRE_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*", "<", ">")
# Seconds that decided, and all others: apart in lightness as well as in hue.
ACCENT = "#ee7733"
QUIET = "#8899aa"
# Words, lines and what they stand on, by day and by night.
LIGHT = {"ink": "#1b1f24", "paper": "#ffffff", "quiet": "#5b6570", "rule": "#d5dae0", "set-off": "#fdf1e7"}
DARK = {"ink": "#e6e9ed", "paper": "#14171b", "quiet": "#9aa5b1", "rule": "#343a41", "set-off": "#38291c"}


def sequential_table() -> NDArray[np.uint8]:
    """The scale in 256 steps from none to all, (256, 3) uint8 red, green, blue."""
    anchors = np.array([rgb(colour) for colour in SEQUENTIAL])  # (anchors, 3)
    places = np.linspace(0, len(anchors) - 1, 256)
    channels = [np.interp(places, np.arange(len(anchors)), channel) for channel in anchors.T]
    table: NDArray[np.uint8] = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    return table


def rgb(colour: str) -> tuple[int, int, int]:
    """Red, green and blue, 0 to 255, of "#rrggbb"."""
    red, green, blue = bytes.fromhex(colour.removeprefix("#"))
    return red, green, blue


def genre_colour(index: int) -> str:
    """The colour of the genre at this place among a network's labels; after the last the first comes again."""
    return GENRE_COLOURS[index % len(GENRE_COLOURS)]


def genre_marker(index: int) -> str:
    """The marker of the genre at this place, as matplotlib names it; after the last the first comes again."""
    return GENRE_MARKERS[index % len(GENRE_MARKERS)]
