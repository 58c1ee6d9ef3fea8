"""In which order the tracks of a list are played: from one to what is near it, with an artist's tracks set apart.

The cost of an order is the sum of squared steps between neighbours, and so much for each two tracks of an artist within
the spacing that nothing else counts. A chain of nearest neighbours begins, in which an artist that is running out of
room comes first; swaps that lessen the cost end it.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float64]
CLASH = 100.0  # the cost of an artist twice within the spacing; a squared step is 4 at most
_ALL_SWAPS = 120  # places up to which every pair is tried
_SWEEPS = 12


def arrange(
    slots: Sequence[int | None],
    rows: Sequence[int],
    vectors: NDArray[np.floating],
    artists: NDArray[np.int64],
    *,
    spacing: int,
) -> list[int | None]:
    """Put rows into the free slots of a list.

    Parameters
    ----------
    slots:
        Rows that stand where they are, -1 for a track that is not in the collection, and None where there is room for
        one of `rows`; as many as those.
    rows:
        To be put in.
    vectors:
        (n, 128) unit vectors of all rows.
    artists:
        (n,) of all rows.
    spacing:
        Within how many places an artist is to come once.

    Returns
    -------
    The slots, filled; `rows[0]` comes first where the first slot is free.
    """
    order = _Order(list(slots), vectors, artists, spacing)
    free = [place for place, row in enumerate(slots) if row is None]
    left = list(rows)
    for place in free:
        row = left[0] if place == 0 else order.next(place, left)
        left.remove(row)
        order.rows[place] = row
    order.improve(free[1:] if free[:1] == [0] else free)
    return order.rows


def clashes(rows: Sequence[int | None], artists: NDArray[np.int64], spacing: int) -> int:
    """How many tracks come within the spacing after another by their artist."""
    count = 0
    last: dict[int, int] = {}
    for place, row in enumerate(rows):
        if row is None or row < 0:
            continue
        artist = int(artists[row])
        count += artist in last and place - last[artist] <= spacing
        last[artist] = place
    return count


class _Order:
    """An order in the making."""

    def __init__(
        self, rows: list[int | None], vectors: NDArray[np.floating], artists: NDArray[np.int64], spacing: int
    ) -> None:
        self.rows = rows
        self._vectors = vectors
        self._artists = artists
        self._spacing = spacing

    def next(self, place: int, left: Sequence[int]) -> int:
        """The row that comes next: near to the one before, of an artist that may come, one that must first."""
        room = sum(row is None for row in self.rows[place:])
        counts = Counter(int(self._artists[row]) for row in left)
        must = {artist for artist, count in counts.items() if (count - 1) * (self._spacing + 1) + 1 >= room}

        clashes = {artist: self._clashes_of(place, artist) for artist in counts}

        def cost(row: int) -> tuple[int, bool, float]:
            artist = int(self._artists[row])
            return clashes[artist], artist not in must, self._step(place - 1, row)

        return min(left, key=cost)

    def improve(self, places: Sequence[int]) -> None:
        """Swap rows of these places while that makes the order better."""
        for _ in range(_SWEEPS):
            troubled = [place for place in places if self._clashes(place, self.rows[place])]
            firsts = places if len(places) <= _ALL_SWAPS else troubled
            swapped = sum(self._swap(one, other) for one in firsts for other in places if one != other)
            if not swapped:
                return

    def _swap(self, one: int, other: int) -> bool:
        before = self._around(one, other)
        self.rows[one], self.rows[other] = self.rows[other], self.rows[one]
        if self._around(one, other) < before - 1e-9:
            return True
        self.rows[one], self.rows[other] = self.rows[other], self.rows[one]
        return False

    def _around(self, one: int, other: int) -> float:
        """The part of the cost that two places have a share in."""
        steps = {place for each in (one, other) for place in (each - 1, each)}
        clash = self._clashes(one, self.rows[one]) + self._clashes(other, self.rows[other])
        return CLASH * clash + sum(self._step(place, self._row(place + 1)) for place in steps)

    def _row(self, place: int) -> int | None:
        return self.rows[place] if 0 <= place < len(self.rows) else None

    def _step(self, place: int, row: int | None) -> float:
        """The squared step from a place to a row behind it; none from or to what has no vector."""
        before = self._row(place)
        if before is None or row is None or before < 0 or row < 0:
            return 0.0
        return 2.0 - 2.0 * float(self._vectors[before] @ self._vectors[row])

    def _clashes(self, place: int, row: int | None) -> int:
        return 0 if row is None or row < 0 else self._clashes_of(place, int(self._artists[row]))

    def _clashes_of(self, place: int, artist: int) -> int:
        near = range(max(place - self._spacing, 0), min(place + self._spacing + 1, len(self.rows)))
        others = (self.rows[each] for each in near if each != place)
        return sum(other is not None and other >= 0 and self._artists[other] == artist for other in others)
