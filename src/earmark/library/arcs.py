"""Arcs of mood: "calm, lively, calm" as points of the plane of valence and arousal that a list goes through.

A word is a place among the collection's own tracks: calm is where the calmest tenth ends, lively where the liveliest
begins, bright and dark likewise; a quadrant is both. So an arc has as much room as the collection gives it. A number is
arousal itself, two with a slash between are valence and arousal, -1 to 1. What is not said of a point may be anything.
"""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.errors import WishError
from earmark.library.lexicon import SIDES, Lexicon
from earmark.library.meanings import Answer
from earmark.library.names import MOODS
from earmark.mood import AROUSAL, VALENCE
from earmark.mood import SIDES as SIGNS

Floats = NDArray[np.float64]
_OUTERMOST = 0.1  # the share of tracks beyond a side's place
_NUMBERS = re.compile(r"^\s*([-−+]?\d*\.?\d+)\s*(?:/\s*([-−+]?\d*\.?\d+))?\s*$")
_HINT = 'Write for example "calm, lively, calm", "joyful, melancholic" or, as valence/arousal, "0.5/-0.5, 0/0.8".'


@dataclass(frozen=True, eq=False)
class Arc:
    """Points, (points, 2) valence and arousal, nan where that may be anything, and how they were meant, in words."""

    points: Floats
    words: str

    def at(self, along: float) -> Floats:
        """(2,) what is asked for at 0 to 1 of the list, on straight lines between the points."""
        if len(self.points) == 1:
            return np.asarray(self.points[0], np.float64)
        along *= len(self.points) - 1
        before = min(int(along), len(self.points) - 2)
        part = along - before
        one, other = self.points[before], self.points[before + 1]
        between = (1 - part) * one + part * other
        nearest = one if part < 0.5 else other
        # Where one end does not say, the nearer one counts.
        return np.asarray(np.where(np.isnan(between), nearest, between), np.float64)


def read_arc(text: str, plane: Floats, lexicon: Lexicon) -> Arc:
    """The arc that a text says.

    Parameters
    ----------
    text:
        Points with commas between.
    plane:
        (n, 2) valence and arousal of the tracks that may be chosen, nan where it is not told.
    lexicon:
        What moods are called.

    Raises
    ------
    WishError
        A point is no mood, or the network tells no valence and arousal.
    """
    if not np.isfinite(plane).all(axis=1).any():
        raise WishError("The network of this collection does not tell valence and arousal.", hint="Do without --arc.")
    points, words = [], []
    for part in text.split(","):
        point = _numbers(part) or _moods(part, plane, lexicon)
        points.append(point)
        named = zip((VALENCE, AROUSAL), point, strict=True)
        said = ", ".join(f"{name} {value:+.2f}" for name, value in named if not np.isnan(value))
        words.append(f"{part.strip()} -> {said}")
    return Arc(np.array(points, np.float64), "; ".join(words))


def _numbers(part: str) -> tuple[float, float] | None:
    match = _NUMBERS.match(part)
    if match is None:
        return None
    numbers = [float(each.replace("−", "-")) for each in match.groups() if each]
    if any(abs(each) > 1 for each in numbers):
        raise WishError(f"'{part.strip()}' lies outside of the plane, -1 to 1.", hint=_HINT)
    return (np.nan, numbers[0]) if len(numbers) == 1 else (numbers[0], numbers[1])


def _moods(part: str, plane: Floats, lexicon: Lexicon) -> tuple[float, float]:
    words = part.split()
    if not words:
        raise WishError("The arc has a point without a mood.", hint=_HINT)
    whole = lexicon.meaning(part)
    phrases = [part] if whole is not None else [word for word in words if word.lower() not in ("and", "&")]
    point = [np.nan, np.nan]
    for phrase in phrases:
        for axis, sign in enumerate(_signs(phrase.strip(), lexicon)):
            if sign:
                point[axis] = float(np.nanquantile(plane[:, axis], 1 - _OUTERMOST if sign > 0 else _OUTERMOST))
    return point[0], point[1]


def _signs(phrase: str, lexicon: Lexicon) -> tuple[float, float]:
    meaning = lexicon.meaning(phrase)
    if not isinstance(meaning, Answer) or meaning.group != MOODS:
        meaning = lexicon.answer(MOODS, phrase)
    if meaning is None:
        near = lexicon.near(phrase)
        why = f"earmark does not tell {near.what}" if near else "that is no mood that is told"
        raise WishError(f"'{phrase}' in the arc is not understood: {why}.", hint=_HINT)
    quadrants = SIDES.get(meaning.name, (meaning.name,))
    signs = np.array([SIGNS[quadrant] for quadrant in quadrants], np.float64).mean(axis=0)
    return float(signs[0]), float(signs[1])
