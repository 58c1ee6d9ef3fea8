"""Which entries come into a list: those nearest to what was asked for, spread as far as wanted, no song twice.

From the N entries that are allowed, n are drawn out of the n^(1 - spread) * N^spread nearest, the nearer the likelier:
with a spread of 0 the nearest themselves, with 1 any. No artist gets more places than can be set apart; where that
leaves the list short, this rule is given up.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.library.pool import Known, Pool

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Size:
    """How much is wanted: so many tracks, or so many seconds."""

    count: int | None = None
    length_s: float | None = None

    def about(self, typical_s: float) -> int:
        """How many tracks that is, if they are of this length."""
        if self.count is not None:
            return self.count
        return max(round(self.length_s / max(typical_s, 1.0)), 1) if self.length_s else 0

    def beside(self, count: int, length_s: float) -> "Size":
        """How much is wanted beside so many tracks of this length together; it may be nothing."""
        if self.count is not None:
            return Size(count=max(self.count - count, 0))
        return Size(length_s=max((self.length_s or 0.0) - length_s, 0.0))

    def enough(self, count: int, total_s: float, next_s: float) -> bool:
        """Whether there is enough, so that one more of this length would lead away from it."""
        if self.count is not None:
            return count >= self.count
        wanted_s = self.length_s or 0.0
        return not wanted_s or (count > 0 and total_s + next_s - wanted_s > wanted_s - total_s)


@dataclass(frozen=True, eq=False, slots=True)
class Chosen:
    """Rows of the collection, in the order in which they were chosen.

    `short` says that there were no more, `crowded` that artists have more places than can be set apart.
    """

    rows: tuple[int, ...]
    short: bool
    crowded: bool


def choose(
    pool: Pool,
    scores: Sequence[Floats],
    allowed: NDArray[np.bool_],
    size: Size,
    *,
    spread: float,
    spacing: int,
    rng: np.random.Generator,
    before: Sequence[int] = (),
    first: Sequence[int] = (),
) -> Chosen:
    """Choose entries for a list.

    Parameters
    ----------
    scores:
        Of each thing that was asked for how near the entries are to it, (n,), -inf of those that it does not allow:
        each gets its turn.
    allowed:
        (n,) which entries may come in.
    size:
        How much is wanted, beside `before`.
    spread:
        0 to 1.
    spacing:
        Within how many places an artist is to come once.
    rng:
        Draws.
    before:
        Rows that are in the list already.
    first:
        Rows to be chosen before all others.
    """
    typical_s = float(np.median(pool.lengths_s[allowed])) if allowed.any() else 1.0
    wanted = size.about(typical_s)
    most = math.ceil((wanted + len(before)) / (spacing + 1))
    order = [*first, *_turns([_drawn(each, allowed, wanted / len(scores), spread, rng) for each in scores])]
    walk = _Walk(pool, size, before)
    enough = walk.take_all(order, most=most)
    apart = len(walk.rows)
    if not enough:  # rather an artist too often than a list too short
        enough = walk.take_all(order, most=None)
    return Chosen(tuple(walk.rows), short=not enough, crowded=len(walk.rows) > apart)


def _drawn(
    scores: Floats, allowed: NDArray[np.bool_], wanted: float, spread: float, rng: np.random.Generator
) -> list[int]:
    """All rows that are allowed: first those of the nearest ones, drawn, then the others by nearness."""
    rows = np.flatnonzero(allowed & np.isfinite(scores))
    order = rows[np.argsort(-scores[rows], kind="stable")]
    count = len(order)
    near = min(math.ceil(max(wanted, 1.0) ** (1 - spread) * count**spread), count) if count else 0
    if spread > 0 and near:
        # Gumbel noise on scores in standard deviations: draws without replacement, with weights exp(score / spread).
        keys = scores[order[:near]] / max(float(scores[rows].std()), 1e-9) + spread * rng.gumbel(size=near)
        order[:near] = order[:near][np.argsort(-keys, kind="stable")]
    return [int(row) for row in order]


def _turns(lists: Sequence[Sequence[int]]) -> Iterator[int]:
    """One of each list after the other, each row once."""
    seen: set[int] = set()
    places = [0] * len(lists)
    while any(place < len(each) for place, each in zip(places, lists, strict=True)):
        for number, rows in enumerate(lists):
            while places[number] < len(rows) and rows[places[number]] in seen:
                places[number] += 1
            if places[number] < len(rows):
                seen.add(rows[places[number]])
                yield rows[places[number]]


class _Walk:
    """Rows are taken one after the other, as long as there is room."""

    def __init__(self, pool: Pool, size: Size, before: Sequence[int]) -> None:
        self._pool = pool
        self._size = size
        self._known = Known(pool, before)
        self._artists = Counter(int(pool.artists[row]) for row in before)
        self._total_s = 0.0
        self.rows: list[int] = []

    def take_all(self, order: Sequence[int], *, most: int | None) -> bool:
        """Take rows until there is enough: whose song is not there yet, and whose artist has less than so many places.

        Gives whether there is enough.
        """
        for row in order:
            artist = int(self._pool.artists[row])
            if (most is not None and self._artists[artist] >= most) or self._known.has(row):
                continue
            if self._size.enough(len(self.rows), self._total_s, float(self._pool.lengths_s[row])):
                return True
            self._known.add(row)
            self._artists[artist] += 1
            self._total_s += float(self._pool.lengths_s[row])
            self.rows.append(row)
        return self._size.enough(len(self.rows), self._total_s, 0.0)
