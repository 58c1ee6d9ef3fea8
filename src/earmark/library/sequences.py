"""Lists whose every place has its own wish: a path from A to B, or an arc of moods. One track a place, none twice.

The cost of a list is what each track lacks of its place's wish, the squared steps between neighbours, and how far steps
are from being even. A beam search takes place after place; then each place is tried anew, while that makes the list
better, with the mean step of the list as the measure of an even one.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from earmark.library.arranging import CLASH

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
BEAM = 24
CANDIDATES = 40
_ROUNDS = 4
_SWEEPS = 6


@dataclass(frozen=True, eq=False, slots=True)
class Place:
    """A place of a list: the rows that may stand there, (k,), and how much each lacks of what is wished there, (k,)."""

    rows: Rows
    lacks: Floats

    @classmethod
    def of(cls, lacks: Floats, count: int) -> "Place":
        """The rows that lack least of (n,), the best first; those of which it is inf may not stand there."""
        count = min(count, int(np.isfinite(lacks).sum()))
        if not count:
            return cls(np.zeros(0, np.int64), np.zeros(0))
        found = np.argpartition(lacks, count - 1)[:count]
        rows = found[np.argsort(lacks[found], kind="stable")]
        return cls(np.asarray(rows, np.int64), lacks[rows])

    @classmethod
    def only(cls, row: int) -> "Place":
        """A place at which nothing but this row may stand."""
        return cls(np.array([row], np.int64), np.zeros(1))


@dataclass(frozen=True, eq=False, slots=True)
class Steps:
    """What the steps between neighbours cost.

    Attributes
    ----------
    smooth:
        What a squared step costs.
    even:
        What the square of its difference to an even one costs.
    back, progress:
        What the square of a step back along a way costs, and (n,) how far each row is along it; None without a way.
    """

    smooth: float = 1.0
    even: float = 0.0
    back: float = 0.0
    progress: Floats | None = None


@dataclass(frozen=True, eq=False)
class Course:
    """What a list is to be like.

    Attributes
    ----------
    places:
        In order.
    vectors:
        (n, 128) unit vectors of all rows.
    artists:
        (n,) of all rows.
    families:
        Rows of one song have the same number, and only one of them comes in; of those without one each is its own.
    spacing:
        Within how many places an artist is to come once.
    steps:
        What steps cost.
    """

    places: Sequence[Place]
    vectors: NDArray[np.floating]
    artists: Rows
    families: Mapping[int, int] = field(default_factory=dict)
    spacing: int = 5
    steps: Steps = field(default_factory=Steps)


def candidates_for(places: int) -> int:
    """How many rows a place should have to choose from, so that there are enough for all."""
    return max(CANDIDATES, 2 * places)


def solve(course: Course) -> list[int] | None:
    """A row for every place; None where there are too few that may stand there."""
    search = _Search(course)
    rows = search.beam()
    if rows is None:
        return None
    for _ in range(_ROUNDS):
        search.expect_steps_of(rows)
        if not search.polish(rows):
            break
    return rows


def steps_of(vectors: NDArray[np.floating], rows: Iterable[int]) -> Floats:
    """The steps of a list, (places - 1,): distances between unit vectors, 0 to 2."""
    cosines = [float(vectors[one] @ vectors[other]) for one, other in pairwise(rows)]
    return np.sqrt(np.maximum(2.0 - 2.0 * np.array(cosines, np.float64), 0.0))


class _Search:
    """The search for one course."""

    def __init__(self, course: Course) -> None:
        self._course = course
        self._families = [self._family(place.rows.tolist()) for place in course.places]
        self._expected: float | None = None

    def expect_steps_of(self, rows: Sequence[int]) -> None:
        """Take the mean step of a list as an even one."""
        self._expected = float(steps_of(self._course.vectors, rows).mean()) if len(rows) > 1 else None

    def beam(self) -> list[int] | None:
        """The best list that is found going from place to place."""
        states: list[tuple[float, list[int]]] = [(0.0, [])]
        for number in range(len(self._course.places)):
            grown = [each for cost, rows in states for each in self._grown(number, cost, rows)]
            grown.sort(key=lambda each: each[0])
            states = [(cost, [*rows, row]) for cost, rows, row in grown[:BEAM]]
            if not states:
                return None
        return states[0][1]

    def _grown(self, number: int, cost: float, rows: list[int]) -> Iterable[tuple[float, list[int], int]]:
        place = self._course.places[number]
        near = rows[-self._course.spacing :] if self._course.spacing else []
        costs = cost + self._costs(number, rows, near, rows[-1:], [])
        best = np.argsort(costs, kind="stable")[:BEAM]
        return [(float(costs[each]), rows, int(place.rows[each])) for each in best if np.isfinite(costs[each])]

    def polish(self, rows: list[int]) -> bool:
        """Try every place anew, until nothing gets better; whether anything did."""
        changed = False
        for _ in range(_SWEEPS):
            better = [self._try_anew(number, rows) for number in range(len(rows))]
            if not any(better):
                break
            changed = True
        return changed

    def _try_anew(self, number: int, rows: list[int]) -> bool:
        place, spacing = self._course.places[number], self._course.spacing
        before, behind = rows[:number], rows[number + 1 :]
        near = [*before[max(number - spacing, 0) :], *behind[:spacing]]
        costs = self._costs(number, [*before, *behind], near, before[-1:], behind[:1])
        own = np.flatnonzero(place.rows == rows[number])
        best = int(np.argmin(costs))
        if not len(own) or costs[best] >= costs[own[0]] - 1e-9:
            return False
        rows[number] = int(place.rows[best])
        return True

    def _costs(
        self, number: int, others: Sequence[int], near: Sequence[int], before: Sequence[int], behind: Sequence[int]
    ) -> Floats:
        """What each row of a place would cost, (k,), with others in the list, near to it, before and behind it."""
        place = self._course.places[number]
        costs = place.lacks.copy()
        for sign, neighbours in ((1, before), (-1, behind)):
            for neighbour in neighbours:
                costs += self._steps(neighbour, place.rows) + self._backwards(sign, neighbour, place.rows)
        if near:
            costs += CLASH * np.isin(self._course.artists[place.rows], self._course.artists[list(near)])
        costs[np.isin(self._families[number], self._family(others))] = np.inf
        return costs

    def _steps(self, row: int, rows: Rows) -> Floats:
        vectors = self._course.vectors
        squared = np.maximum(2.0 - 2.0 * np.asarray(vectors[rows] @ vectors[row], np.float64), 0.0)
        costs = self._course.steps.smooth * squared
        if self._expected is not None:
            costs += self._course.steps.even * np.square(np.sqrt(squared) - self._expected)
        return np.asarray(costs)

    def _backwards(self, sign: int, neighbour: int, rows: Rows) -> Floats:
        """What it costs that the way goes back from a neighbour to a row, or with a sign of -1 from a row to it."""
        progress = self._course.steps.progress
        if progress is None:
            return np.zeros(len(rows))
        back = np.maximum(sign * (progress[neighbour] - progress[rows]), 0.0)
        return np.asarray(self._course.steps.back * np.square(back))

    def _family(self, rows: Sequence[int]) -> Rows:
        return np.array([self._course.families.get(row, row) for row in rows], np.int64)
