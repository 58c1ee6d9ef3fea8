"""What a plane of entries goes with: which answers rise along its axes, and which are frequent in its regions.

Answers rise by rank (Spearman's correlation, signed), so that neither rare tags nor the scale of a probability count
for more. A curved plane has no axes that mean the same everywhere: its regions (k-means, from starts far from each
other, so that nothing is drawn) say what is heard there more often than elsewhere. Positions are (n, 2); answers
(n, columns), nan where not told.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.label import six_digits

Floats = NDArray[np.floating[Any]]

LEAST = 0.2  # of a correlation that is worth a word
MOST = 5  # answers an end of an axis
_FEWEST = 10  # entries that are told both, for a correlation
_ROUNDS = 30
_LEAST_MEAN = 0.1  # of what a region is named after
_LEAST_LIFT = 0.5  # standard deviations above the mean of all
_FEWEST_IN_REGION = 4


@dataclass(frozen=True, slots=True)
class Column:
    """An answer: the group and the name of its column; a group says what kind of word it is."""

    group: str
    name: str


@dataclass(frozen=True, slots=True)
class Bearing:
    """How an answer goes with a plane: its correlation with what lies to the right, and upwards, -1 to 1."""

    column: Column
    right: float
    up: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"group": self.column.group, "name": self.column.name, "right": self.right, "up": self.up}


@dataclass(frozen=True, slots=True)
class Word:
    """An answer that is frequent in a region: its mean there, and that of all entries."""

    column: Column
    here: float
    overall: float


@dataclass(frozen=True, slots=True)
class Region:
    """A part of a plane: its middle, how many entries it has, and what it is named after, the most telling first."""

    x: float
    y: float
    count: int
    words: tuple[Word, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        words = [{"name": word.column.name, "here": word.here, "overall": word.overall} for word in self.words]
        return {"x": self.x, "y": self.y, "count": self.count, "words": words}


def bearings(positions: Floats, answers: Floats, columns: Sequence[Column]) -> list[Bearing]:
    """How each answer goes with both axes; 0 where too few entries tell it, or all tell the same."""
    return [
        Bearing(column, *(six_digits(correlation(values, axis)) for axis in positions.T))
        for column, values in zip(columns, answers.T, strict=True)
    ]


def along(found: Sequence[Bearing], axis: str, *, most: int = MOST, least: float = LEAST) -> tuple[list[Bearing], ...]:
    """The answers that fall most along an axis, "right" or "up", and those that rise most; a name comes once."""
    ends = []
    for sign in (-1, 1):
        ranked = sorted(found, key=lambda each: -sign * float(getattr(each, axis)))
        strong = [each for each in ranked if sign * float(getattr(each, axis)) >= least]
        ends.append(list(_once(strong))[:most])
    return tuple(ends)


def correlation(one: Floats, other: Floats) -> float:
    """Spearman's, of two lists of n numbers, -1 to 1; 0 where too few are told, or all the same."""
    told = np.isfinite(one) & np.isfinite(other)
    if told.sum() < _FEWEST:
        return 0.0
    first, second = (_ranks(each[told]) for each in (one, other))
    scale = float(first.std() * second.std())
    return float(np.mean((first - first.mean()) * (second - second.mean())) / scale) if scale > 0 else 0.0


def regions(positions: Floats, answers: Floats, columns: Sequence[Column], *, count: int) -> list[Region]:
    """The parts of a plane that can be named, the largest first.

    Parameters
    ----------
    count:
        Into how many parts it is cut; those with hardly an entry, or with nothing to be named after, are left out.

    Of the columns that lead a region is named after at most one of each kind: a style first (genres, and tags of that
    group), then what is heard in it.
    """
    places = np.asarray(positions, np.float64)
    member, middles = k_means(places, count)
    plain = np.nan_to_num(np.asarray(answers, np.float64))
    mean, deviation = plain.mean(axis=0), plain.std(axis=0)
    found = []
    for number, middle in enumerate(middles):
        inside = member == number
        if inside.sum() >= _FEWEST_IN_REGION:
            here = plain[inside].mean(axis=0)
            lifts = np.where(here >= _LEAST_MEAN, (here - mean) / np.maximum(deviation, 1e-9), -np.inf)
            words = tuple(_named_after(lifts, here, mean, columns))
            found.append(Region(six_digits(middle[0]), six_digits(middle[1]), int(inside.sum()), words))
    return sorted((region for region in found if region.words), key=lambda region: -region.count)


def k_means(places: NDArray[np.float64], count: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The part of each place, (n,), and the parts' middles, (parts, 2); the first start is the place nearest to all.

    Each further start is the place farthest from those before (T. Gonzalez, Theoretical Computer Science 38, 1985).
    """
    starts = [int(np.square(places - places.mean(axis=0)).sum(axis=1).argmin())]
    away = np.full(len(places), np.inf)
    while len(starts) < min(count, len(places)):
        away = np.minimum(away, np.square(places - places[starts[-1]]).sum(axis=1))
        if not away.max():
            break
        starts.append(int(away.argmax()))
    middles = places[starts]
    member = np.zeros(len(places), np.int64)
    for _ in range(_ROUNDS):
        squares = np.square(places[:, np.newaxis] - middles).sum(axis=2)  # (n, parts)
        member = squares.argmin(axis=1)
        counts = np.bincount(member, minlength=len(middles))[:, np.newaxis]
        sums = np.stack([np.bincount(member, line, len(middles)) for line in places.T], axis=1)
        moved = np.where(counts, sums / np.maximum(counts, 1), middles)
        if np.array_equal(moved, middles):
            break
        middles = moved
    return member, middles


STYLE = ("genres", "style")  # groups that say what music is, before what is heard in it


def _named_after(
    lifts: NDArray[np.float64], here: NDArray[np.float64], mean: NDArray[np.float64], columns: Sequence[Column]
) -> Iterator[Word]:
    """The style and the other answer that stand out most."""
    order = np.argsort(-lifts, kind="stable").tolist()
    strong = [place for place in order if lifts[place] >= _LEAST_LIFT]
    style = next((place for place in strong if columns[place].group in STYLE), None)
    taken = None if style is None else columns[style].name
    other = next((each for each in strong if columns[each].group not in STYLE and columns[each].name != taken), None)
    for place in (style, other):
        if place is not None:
            yield Word(columns[place], six_digits(float(here[place])), six_digits(float(mean[place])))


def _ranks(values: Floats) -> NDArray[np.float64]:
    """From 1 on; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[place], np.float64)


def _once(found: Sequence[Bearing]) -> Iterator[Bearing]:
    """Each name once: a tag may be called like a genre."""
    names = set()
    for each in found:
        if each.column.name not in names:
            names.add(each.column.name)
            yield each
