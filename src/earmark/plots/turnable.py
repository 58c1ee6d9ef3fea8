"""A map of three axes to turn in a page: a fragment of HTML that needs nothing else, in light or dark.

`turnable.js` beside this file draws it on a canvas; this file writes the data, the legend, the words and the style.
Each fragment is complete, so that a page may hold several.
"""

import json
import math
import re
from collections.abc import Sequence
from html import escape
from importlib.resources import files

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.plots.maps import checked_places
from earmark.plots.palette import genre_colour, genre_marker, rgb
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
    return _FRAGMENT.format(
        identifier=identifier,
        style=_STYLE,
        description=escape(f"Map of {len(places)} clips of {len(names)} genres on three axes, to be turned"),
        choices="".join(_choice(number, name) for number, name in enumerate(names)),
        data=json_for_script(data),
        script=files("earmark.plots").joinpath("turnable.js").read_text(encoding="utf-8"),
    )


def json_for_script(data: object) -> str:
    r"""JSON that may stand in a `<script>`: nothing in it can end the element.

    >>> json_for_script(["</script>"])
    '["\\u003c/script>"]'
    """
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


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


def _choice(number: int, name: str) -> str:
    """A genre in the legend: its marker, its name, and the box that shows or hides it."""
    colour = genre_colour(number)
    corners = " ".join(f"{x:g},{-y:g}" for x, y in marker_outline(genre_marker(number)))
    return (
        f"<label><input type=checkbox checked value={number}>"
        f"<svg viewBox='-1.2 -1.2 2.4 2.4' aria-hidden=true style='--light:{colour};--dark:{on_dark_paper(colour)}'>"
        f"<polygon points='{corners}'/></svg>{escape(name)}</label>"
    )


_STYLE = """
.turnable { --ink: #1b1f24; --paper: #ffffff; --quiet: #5b6570; --rule: #d5dae0; margin: 0 0 1.2rem;
  color: var(--ink); background: var(--paper) }
.turnable figcaption { margin-bottom: .6rem }
.turnable .stage { position: relative }
.turnable canvas { display: block; width: 100%; aspect-ratio: 4 / 3; max-height: 85vh; cursor: grab;
  touch-action: none; border: 1px solid var(--rule); box-sizing: border-box }
.turnable canvas:active { cursor: grabbing }
.turnable canvas:focus-visible { outline: 2px solid var(--ink); outline-offset: 2px }
.turnable .told { position: absolute; pointer-events: none; max-width: 22rem; padding: .4rem .6rem; font-size: .85rem;
  color: var(--ink); background: var(--paper); border: 1px solid var(--quiet); overflow-wrap: anywhere }
.turnable .told b, .turnable .told span { display: block; white-space: pre-line }
.turnable fieldset { display: flex; flex-wrap: wrap; gap: .3rem 1rem; align-items: center; margin: .6rem 0 0;
  border: 1px solid var(--rule); padding: .3rem .7rem .5rem }
.turnable label { display: inline-flex; align-items: center; gap: .3rem }
.turnable svg { width: 1rem; height: 1rem }
.turnable polygon { fill: var(--light); stroke: var(--ink); stroke-width: .12; stroke-linejoin: round }
@media (prefers-color-scheme: dark) {
  .turnable { --ink: #e6e9ed; --paper: #14171b; --quiet: #9aa5b1; --rule: #343a41 }
  .turnable polygon { fill: var(--dark) }
}
"""

_FRAGMENT = """<figure class=turnable id={identifier}>
<style>{style}</style>
<figcaption id={identifier}-use>Drag to turn the map, or use the arrow keys once it has the focus; zoom with two \
fingers, with + and &minus;, or with the wheel after a click on it; 0 brings it back. Point at a mark, or tap it, to \
read what it is. Large marks are the means of their genres; what is nearer is larger and stronger.</figcaption>
<div class=stage>
<canvas tabindex=0 role=application aria-label="{description}" aria-describedby={identifier}-use></canvas>
<div class=told hidden><b></b><span></span></div>
</div>
<p class=acts><button type=button data-act=nearer aria-label="Zoom in">+</button>
<button type=button data-act=farther aria-label="Zoom out">&minus;</button>
<button type=button data-act=reset>Reset the view</button></p>
<fieldset><legend>Genres shown</legend>{choices}
<button type=button data-act=all>All</button> <button type=button data-act=none>None</button></fieldset>
<noscript><p>This map is drawn by a script, and scripts are switched off here.</p></noscript>
<script type="application/json">{data}</script>
<script>(() => {{
{script}
new Turnable(document.getElementById("{identifier}"));
}})();</script>
</figure>
"""
