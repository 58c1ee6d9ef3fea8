"""The page of `earmark map`: a collection on a plane, to zoom, search, colour and play, in one file without a network.

`templates/collection_map*.js` draw it on a canvas. Here its data are made small: places in 16 bits, probabilities in 8,
all as base64, texts that come again once. Ten thousand tracks are 4 MB. Files are played where they lie: below the
page's folder by a relative address, so that both may be moved together, elsewhere by an absolute one.
"""

import base64
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from earmark.files import shown
from earmark.mood import JOYFUL, MELANCHOLIC, SERENE, TENSE
from earmark.plots.palette import QUIET, genre_colour, genre_marker
from earmark.plots.sheet import pieces
from earmark.plots.turnable import marker_outline, on_dark_paper
from earmark.track import NONE

UNTOLD = 255  # of an answer in 8 bits; 0 to 254 are probabilities
_STEPS = 254
_PLACES = 65_535
_SIGNED = ("valence", "arousal")
# Of a probability, the lowest first: what is hardly there stays in the background.
_SHARES_LIGHT = ("#c3cad2", "#febb81", "#f8765c", "#b63679", "#5f187f")
_SHARES_DARK = ("#404850", "#8c2981", "#d3436e", "#f8765c", "#fcc98f")
_SIGNED_LIGHT = ("#2166ac", "#7fb3d5", "#b9bfc6", "#f0975f", "#b2182b")
_SIGNED_DARK = ("#5a9fe0", "#7fa9c9", "#6d747c", "#f0a070", "#ff6f61")
_MOODS = {JOYFUL: ("#b8860b", "*"), TENSE: ("#cc3311", "^"), MELANCHOLIC: ("#332288", "v"), SERENE: ("#44aa99", "o")}
_RANGES = ("0–20 %", "20–40 %", "40–60 %", "60–80 %", "80–100 %")
_KEPT = ("none or one", "2 or 3", "4 or 5", "6 or 7", "8 or more")
_VALENCE = ("dark", "rather dark", "between", "rather bright", "bright")
_AROUSAL = ("calm", "rather calm", "between", "rather lively", "lively")


@dataclass(frozen=True, slots=True)
class Dot:
    """A track on the page.

    Attributes
    ----------
    path:
        Absolute.
    title, artist, year:
        As its tags say; artist and year may be empty.
    duration_s:
        Its length.
    words, mood:
        Its answer and its mood in a few words; the mood may be empty.
    tags:
        Those that are told.
    start_s:
        Where it shows its genre most: what is played first.
    """

    path: str
    title: str
    artist: str
    year: str
    duration_s: float
    words: str
    mood: str
    tags: tuple[str, ...]
    start_s: float


@dataclass(frozen=True, eq=False, slots=True)
class Plane:
    """A plane that the page shows.

    Attributes
    ----------
    name:
        What it is called there.
    positions:
        (n, 2), to the right and up.
    kept:
        (n,) of each the share of its true neighbours that are its nearest here.
    ends:
        What goes with its axes, for left, right, down and up: names with their correlation, the strongest first.
    regions:
        Few large ones and many small ones, each {x, y, count, words: [{name, here, overall}]}.
    """

    name: str
    positions: NDArray[np.floating[Any]]
    kept: NDArray[np.floating[Any]]
    ends: tuple[Sequence[tuple[str, float]], ...]
    regions: tuple[Sequence[dict[str, Any]], ...]


@dataclass(frozen=True, eq=False, slots=True)
class Answers:
    """What is told of all tracks: (group, name) of each column, and (n, columns), nan where not told."""

    columns: Sequence[tuple[str, str]]
    values: NDArray[np.floating[Any]]

    def of(self, group: str) -> list[int]:
        """The columns of a group."""
        return [place for place, (each, _) in enumerate(self.columns) if each == group]


def collection_page(
    dots: Sequence[Dot],
    planes: Sequence[Plane],
    answers: Answers,
    *,
    neighbours: NDArray[np.integer[Any]],
    cosines: NDArray[np.floating[Any]],
    page: Path,
    model: str,
    colour: str = "genre",
) -> Iterator[str]:
    """The page, piece by piece.

    Parameters
    ----------
    dots:
        The tracks.
    planes:
        What is shown of them first, and what else; one at least.
    answers:
        By which they can be coloured.
    neighbours, cosines:
        (n, k) the true neighbours of each, the nearest first, and how near they are.
    page:
        Where the page will be.
    model:
        Name and version of the bundle.
    colour:
        What the page is coloured by at first; one of `colours`.

    Raises
    ------
    ValueError
        It cannot be coloured so, or the arrays do not fit each other.
    """
    count = len(dots)
    if any(len(each) != count for each in (answers.values, neighbours, cosines, *(each.positions for each in planes))):
        raise ValueError(f"there must be as many places, answers and neighbours as tracks, {count}")
    modes = _modes(answers)
    first = [mode["name"] for mode in modes].index(colour)  # ValueError where there is none
    data = {
        **_texts(dots, page),
        "planes": [_plane(plane) for plane in planes],
        "columns": [name for _, name in answers.columns],
        "values": _base64(_quantised(answers)),
        "neighbours": {
            "count": neighbours.shape[1],
            "rows": _base64(neighbours.astype("<u4")),
            "cosines": _base64(np.rint(np.clip(cosines, 0, 1) * _STEPS).astype(np.uint8)),
        },
        "modes": modes,
        "first": first,
        "chance": neighbours.shape[1] / max(count - 1, 1),
    }
    return pieces("collection_map.html.j2", title=f"Map of {count} tracks", data=data, planes=planes, model=model)


def colours(columns: Iterable[tuple[str, str]]) -> list[str]:
    """What a page can be coloured by, of such columns; each name once."""
    return [mode["name"] for mode in _modes(Answers(list(columns), np.zeros((0, 0))))]


def address(path: str, page: Path) -> str:
    """Where a page finds a file: below its folder a relative address, else an absolute one.

    >>> address("/music/a b.mp3", Path("/music/map.html"))
    'a%20b.mp3'
    """
    folder = page.absolute().parent
    try:
        below = Path(path).relative_to(folder)
    except ValueError:
        return Path(path).as_uri()
    return quote(os.fsencode(below.as_posix()))


def _modes(answers: Answers) -> list[dict[str, Any]]:
    """What dots may be coloured by: classes, of which each is of one, or ranges of a number."""
    modes = []
    if genres := answers.of("genres"):
        names = [answers.columns[place][1] for place in genres]
        inks = [QUIET if name == NONE else genre_colour(number) for number, name in enumerate(names)]
        shapes = ["o" if name == NONE else genre_marker(number) for number, name in enumerate(names)]
        modes.append(_classes("genre", genres, names, inks, shapes))
    if moods := answers.of("quadrants"):
        names = [answers.columns[place][1] for place in moods]
        inks, shapes = ([_MOODS.get(name, (QUIET, "o"))[part] for name in names] for part in (0, 1))
        modes.append(_classes("mood", moods, names, inks, shapes))
    if genres:
        modes.append(_ranges("confidence", "answers", "top", genres, _RANGES))
    modes.append(_ranges("neighbours kept", "map", "kept", [], _KEPT))
    taken = {mode["name"] for mode in modes}
    for place, (group, name) in enumerate(answers.columns):
        free = f"{name} ({group})" if name in taken else name
        taken.add(free)
        if name in _SIGNED and group == "plane":
            modes.append(_signed(free, place, _VALENCE if name == "valence" else _AROUSAL))
        else:
            modes.append(_ranges(free, group, "share", [place], _RANGES))
    return modes


def _classes(
    name: str, columns: list[int], labels: list[str], inks: Sequence[str], shapes: Sequence[str]
) -> dict[str, Any]:
    return {
        "name": name,
        "group": "answers",
        "kind": "classes",
        "columns": columns,
        "labels": labels,
        "light": list(inks),
        "dark": [on_dark_paper(ink) for ink in inks],
        "shapes": [marker_outline(shape) for shape in shapes],
    }


def _ranges(name: str, group: str, kind: str, columns: list[int], labels: Sequence[str]) -> dict[str, Any]:
    return {
        "name": name,
        "group": group,
        "kind": kind,
        "columns": columns,
        "labels": [*labels, "not told"],
        "light": [*_SHARES_LIGHT, QUIET],
        "dark": [*_SHARES_DARK, QUIET],
        "shapes": [marker_outline("o")] * (len(labels) + 1),
    }


def _signed(name: str, column: int, labels: Sequence[str]) -> dict[str, Any]:
    mode = _ranges(name, "answers", "share", [column], labels)
    return {**mode, "light": [*_SIGNED_LIGHT, QUIET], "dark": [*_SIGNED_DARK, QUIET]}


def _texts(dots: Sequence[Dot], page: Path) -> dict[str, Any]:
    """What is said of each track: texts that come again as their place in a list."""
    table: dict[str, int] = {}

    def places(texts: Iterable[str]) -> list[int]:
        return [table.setdefault(text, len(table)) for text in texts]

    told = {
        "artists": places(dot.artist for dot in dots),
        "years": places(dot.year for dot in dots),
        "words": places(dot.words for dot in dots),
        "moods": places(dot.mood for dot in dots),
        "tags": [places(dot.tags) for dot in dots],
    }
    base, rests = _split([dot.path for dot in dots])
    return {
        **told,
        "texts": list(table),
        "titles": [dot.title for dot in dots],
        "durations": [round(dot.duration_s) for dot in dots],
        "starts": [round(dot.start_s, 1) for dot in dots],
        "folder": shown(base),
        "paths": [shown(rest) for rest in rests],
        "address": f"{address(base, page)}/" if base else "",
        "addresses": _odd_addresses([dot.path for dot in dots], base, rests, page),
    }


def _split(paths: Sequence[str]) -> tuple[str, list[str]]:
    """The folder that all have in common, and what follows it, with "/" between; no folder where there is none."""
    try:
        base = os.path.commonpath([Path(path).parent for path in paths])
    except ValueError:  # two drives
        return "", [Path(path).as_posix() for path in paths]
    return base, [Path(os.path.relpath(path, base)).as_posix() for path in paths]


def _odd_addresses(paths: Sequence[str], base: str, rests: Sequence[str], page: Path) -> dict[str, str]:
    """The addresses of files whose names are no text, or not shown as they are, by their place."""
    return {
        str(place): address(path, page)
        for place, (path, rest) in enumerate(zip(paths, rests, strict=True))
        if not base or shown(rest) != rest or not rest.isprintable() or _has_surrogates(rest)
    }


def _has_surrogates(text: str) -> bool:
    return any(0xD800 <= ord(letter) <= 0xDFFF for letter in text)


def _plane(plane: Plane) -> dict[str, Any]:
    low, high = plane.positions.min(axis=0), plane.positions.max(axis=0)
    span = float((high - low).max()) or 1.0
    steps = np.rint((plane.positions - low) / span * _PLACES).astype("<u2")
    return {
        "name": plane.name,
        "low": [float(f"{value:.6g}") for value in low.tolist()],
        "step": float(f"{span / _PLACES:.9g}"),
        "places": _base64(steps),  # x and y in turn
        "kept": _base64(np.rint(10 * plane.kept).astype(np.uint8)),
        "share": float(f"{float(plane.kept.mean()):.4g}"),
        "ends": [[[name, round(value, 2)] for name, value in end] for end in plane.ends],
        "regions": plane.regions,
    }


def _quantised(answers: Answers) -> NDArray[np.uint8]:
    """(columns, n) uint8: 0 to 254, `UNTOLD` for nan."""
    values = np.asarray(answers.values, np.float32).T.copy()  # (columns, n)
    for place, (group, name) in enumerate(answers.columns):
        if group == "plane" and name in _SIGNED:
            values[place] = (values[place] + 1) / 2
    steps = np.rint(np.clip(np.nan_to_num(values), 0, 1) * _STEPS)
    return np.where(np.isfinite(values), steps, UNTOLD).astype(np.uint8)


def _base64(values: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
