"""Which stretches of a collection's files a part of a piece is made of, by what the collection keeps of them."""

import bisect
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from earmark.errors import GenerateError
from earmark.generate.costs import Wanted
from earmark.generate.recordings import Recordings
from earmark.generate.shelf import STRETCH_S, Place, stretches_of
from earmark.generate.stock import Stock
from earmark.generate.walk import Targets
from earmark.library.collection import Collection
from earmark.library.entry import SONG, Tokens
from earmark.library.meanings import Answer

Floats = NDArray[np.float64]
Found = TypeVar("Found")

TRACKS = 40  # that are looked into, for each point of the way
POINTS = 4  # of a part of the way, for which stretches are chosen in turn
STRETCHES = 24  # of a part
OF_A_FILE = 4  # at most
_PROTOTYPES, _FALL = 6, 0.05  # tracks that say what moments should be like, and how fast their weights fall
_TOKEN, _SHARE = 1.0, 1.0  # of a stretch's moments beside its track
_HOME = 0.5  # by which a track that the way begins or ends with is nearer than one that is the same
_KNOWN = 256  # tracks whose moments are kept in memory


class Chooser:
    """Chooses from a collection.

    Parameters
    ----------
    collection:
        Where from.
    directions:
        (n, d) its vectors as unit vectors from their mean.
    allowed:
        (n,) what may come in; all by default.
    without:
        Rows that must not come in, nor copies of these.
    answer:
        A genre that should be heard in every moment; None where none was asked for by name.
    """

    def __init__(
        self,
        collection: Collection,
        directions: NDArray[np.floating],
        *,
        allowed: NDArray[np.bool_] | None = None,
        without: tuple[int, ...] = (),
        answer: Answer | None = None,
    ) -> None:
        self.collection = collection
        self._directions = directions
        self._answer = answer
        self._tokens: dict[int, Tokens] = {}
        self._shares: dict[int, tuple[Floats, Floats]] = {}
        self._durations_s = collection.durations_s
        self._recordings = Recordings(collection)
        self._taken: list[int] = []
        barred = {*without, *(copy for row in without for copy in self._recordings.copies_of(row))}
        self._allowed = _songs(collection, tuple(sorted(barred)))
        if allowed is not None:
            self._allowed &= allowed

    def places(self, targets: Targets, *, count: int = STRETCHES) -> list[tuple[int, Place]]:
        """The stretches, each with the row of its file, that are nearest to a part of a way.

        Raises
        ------
        GenerateError
            The collection has nothing that may come in.
        """
        if self.empty:
            raise GenerateError("The collection has no song that may come in.", hint="Index more, or ask for less.")
        points = np.unique(np.linspace(0, len(targets) - 1, POINTS).round().astype(np.int64))
        scores = np.where(self._allowed, self.scores(targets)[points], -np.inf)
        prototypes = self._prototypes(scores)
        ranked = [self._ranked(own, prototype) for own, prototype in zip(scores, prototypes, strict=True)]
        chosen: dict[tuple[int, int], None] = {}
        of_file: dict[int, int] = {}
        for turn in range(max(map(len, ranked))):
            for row, number in (each[turn] for each in ranked if turn < len(each)):
                if len(chosen) >= count:
                    break
                if (row, number) not in chosen and of_file.get(row, 0) < OF_A_FILE and self._may_be_taken(row):
                    chosen[row, number] = None
                    of_file[row] = of_file.get(row, 0) + 1
        return [(row, self._place(row, number)) for row, number in chosen]

    @property
    def empty(self) -> bool:
        """Whether nothing may come in any more."""
        return not self._allowed.any()

    def leave_out(self, rows: Sequence[int]) -> None:
        """From now on nothing of these rows comes in; another file of the same recording may."""
        self._allowed[list(rows)] = False
        self._taken = [row for row in self._taken if row not in rows]

    def _may_be_taken(self, row: int) -> bool:
        """Whether a row is, or now becomes, the one of its recording that the piece is made of."""
        if row in self._taken:
            return True
        if any(self._recordings.same(row, other) for other in self._taken):
            return False
        self._taken.append(row)
        return True

    def scores(self, targets: Targets) -> Floats:
        """(steps, n) the cosine of each track to each step; more than any has, where a step is at a track itself."""
        scores = np.asarray(targets.vectors @ self._directions.T, np.float64)
        steps = np.flatnonzero(targets.homes >= 0)
        scores[steps, targets.homes[steps]] = 1 + _HOME
        return scores

    def wanted(self, stock: Stock, targets: Targets, *, spectra: NDArray[np.float32] | None = None) -> Wanted:
        """What is wanted at the steps of a part of a way, of the segments of a stock; `spectra` as in `Wanted`."""
        scores = self.scores(targets)
        shares = None if self._answer is None else self._shares_of(stock)
        return Wanted(scores, self._prototypes(np.where(self._allowed, scores, -np.inf)), shares, spectra)

    def _place(self, row: int, number: int) -> Place:
        entry = self.collection.entries[row]
        return Place(entry.path, entry.sound_id, entry.duration_s, number)

    def _ranked(self, scores: Floats, prototype: NDArray[np.float32]) -> list[tuple[int, int]]:
        """Rows and numbers of stretches, the best first."""
        nearest = np.argsort(-scores, kind="stable")[:TRACKS]
        found: list[tuple[float, int, int]] = []
        for row in nearest[np.isfinite(scores[nearest])].tolist():
            count = max(stretches_of(float(self._durations_s[row])), 1)
            worth = scores[row] + _TOKEN * self._by_stretch(self._cosines(row, prototype), count)
            if self._answer is not None:
                worth = worth + _SHARE * self._by_stretch(self._moments(row), count)
            found += [(-float(each), row, number) for number, each in enumerate(worth)]
        return [(row, number) for _, row, number in sorted(found)]

    def _cosines(self, row: int, prototype: NDArray[np.float32]) -> tuple[Floats, Floats]:
        tokens = self._tokens_of(row)
        return tokens.starts_s, (tokens.vectors @ prototype).astype(np.float64)

    @staticmethod
    def _by_stretch(moments: tuple[Floats, Floats], count: int) -> Floats:
        """(count,) the mean of what is told of moments; the least where nothing is."""
        starts_s, values = moments
        numbers = np.minimum((starts_s / STRETCH_S).astype(np.int64), count - 1)
        sums, heard = np.bincount(numbers, values, count), np.bincount(numbers, minlength=count)
        return np.asarray(np.where(heard > 0, sums / np.maximum(heard, 1), -1.0))

    def _prototypes(self, scores: Floats) -> NDArray[np.float32]:
        """(steps, 24) the moments of the tracks that are nearest to each step, mean by how near these are."""
        found = []
        for own in scores:
            nearest = np.argsort(-own, kind="stable")[:_PROTOTYPES]
            nearest = nearest[np.isfinite(own[nearest])]
            weights = np.exp((own[nearest] - own[nearest[0]]) / _FALL)
            means = [self._tokens_of(int(row)).vectors for row in nearest]
            total = sum(
                weight * (each.mean(axis=0) if len(each) else 0.0) for weight, each in zip(weights, means, strict=True)
            )
            found.append(np.asarray(total / max(float(np.linalg.norm(total)), 1e-9), np.float32))
        return np.stack(found)

    def _tokens_of(self, row: int) -> Tokens:
        return _remembered(self._tokens, row, lambda: self.collection.tokens(int(self.collection.ids[row])))

    def _moments(self, row: int) -> tuple[Floats, Floats]:
        """When moments of a track begin, and how probable the genre is in each."""
        return _remembered(self._shares, row, lambda: self._told(row))

    def _told(self, row: int) -> tuple[Floats, Floats]:
        name = self._answer.name if self._answer else ""
        heard = [each for each in self.collection.track(int(self.collection.ids[row])).timeline if not each.quiet]
        shares = [next((label.probability for label in each.genres if label.name == name), 0.0) for each in heard]
        return np.array([each.start_s for each in heard], np.float64), np.array(shares, np.float64)

    def _shares_of(self, stock: Stock) -> Floats:
        """(segments,) how probable the genre is in the moments that each overlaps; 0 where nothing is told."""
        found = np.zeros(len(stock))
        for segment in range(len(stock)):
            starts_s, shares = self._moments(int(stock.rows[segment]))
            first_s, end_s = stock.seconds(segment)
            first = max(bisect.bisect_right(starts_s, first_s) - 1, 0)
            own = shares[first : max(bisect.bisect_left(starts_s, end_s), first + 1)]
            found[segment] = own.mean() if len(own) else 0.0
        return found


def _songs(collection: Collection, without: tuple[int, ...]) -> NDArray[np.bool_]:
    """(n,) what may come in: songs, each sound once, long enough; no copy of what must not, wherever it stands."""
    barred = {collection.sound_ids[row] for row in without}
    seen = set(barred)
    allowed = np.zeros(len(collection), np.bool_)
    facts = zip(collection.kinds, collection.sound_ids, collection.durations_s.tolist(), strict=True)
    for row, (kind, sound_id, duration_s) in enumerate(facts):
        allowed[row] = kind == SONG and sound_id not in seen and stretches_of(duration_s) > 0
        seen.add(sound_id)
    if not allowed.any():  # a collection of short pieces alone
        long = [stretches_of(float(each)) > 0 for each in collection.durations_s]
        allowed = np.array(long) & [sound_id not in barred for sound_id in collection.sound_ids]
    return allowed


def _remembered(known: dict[int, Found], row: int, make: Callable[[], Found]) -> Found:
    """What is known of a row, made where it is not; the oldest is forgotten."""
    if row not in known:
        if len(known) >= _KNOWN:
            known.pop(next(iter(known)))
        known[row] = make()
    return known[row]
