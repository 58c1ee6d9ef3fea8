"""Why two tracks are alike: the seconds of both that match best, and the genres, tags and moods that both have.

Segments are runs of tokens. How alike two are is the mean over all pairs of their tokens, each less the mean token of
other tracks: what everybody has is no reason. Of genres, tags and moods those count that are probable in both, and of
tags first those that are rarer elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from earmark.label import six_digits
from earmark.library.entry import Tokens
from earmark.library.names import GENRES, MOODS, TAGS, Names
from earmark.mood import QUADRANTS, SIDES
from earmark.plots.text import clock
from earmark.track import NONE

RUN_TOKENS = 7  # 10 s
FEWEST_TOKENS = 3  # 4 s
MOST_TAGS = 4

Floats = NDArray[np.float32]

_GENRE_FROM, _TAG_FROM, _QUADRANT_FROM, _SIDE_FROM = 0.3, 0.3, 0.5, 0.7  # so probable in both
_RARER = 1.2  # a tag is so many times more probable in both than elsewhere
_ROWS_AT_ONCE = 2048
_ADJACENT = 1.5  # starts that are further apart than so many tokens have something quiet between them


@dataclass(frozen=True, slots=True)
class Seconds:
    """Some seconds of a track."""

    start_s: float
    end_s: float

    @property
    def words(self) -> str:
        """ "1:10-1:22"."""
        return f"{clock(self.start_s)}-{clock(self.end_s)}"


@dataclass(frozen=True, slots=True)
class Pair:
    """Seconds of one track that are like those of another; `similarity` -1 to 1, less what all tracks have."""

    here: Seconds
    there: Seconds
    similarity: float


@dataclass(frozen=True, slots=True)
class Reason:
    """Why two tracks are alike; what they do not share is None or empty.

    `genres`, `tags` and `moods` are probable in both, the most telling first.
    """

    segments: Pair | None = None
    genres: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()

    @property
    def shared(self) -> tuple[str, ...]:
        """All that both have, each word once."""
        return tuple(dict.fromkeys((*self.genres, *self.tags, *self.moods)))

    @property
    def words(self) -> str:
        """ "1:10-1:22 here is like 0:40-0:52 there; both: electronic, synth, calm"."""
        told = []
        if self.segments:
            told.append(f"{self.segments.here.words} here is like {self.segments.there.words} there")
        if self.shared:
            told.append(f"both: {', '.join(self.shared)}")
        return "; ".join(told)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        segments = None if self.segments is None else asdict(self.segments)
        plain = {"genres": list(self.genres), "tags": list(self.tags), "moods": list(self.moods)}
        return {"segments": segments, **plain, "words": self.words}


@dataclass(frozen=True, eq=False, slots=True)
class Elsewhere:
    """What other tracks are like: `token`, (24,), their mean token, `answers`, (columns,), the mean of what is told."""

    token: Floats
    answers: Floats

    @classmethod
    def of(cls, tokens: Sequence[Tokens], answers: Floats) -> "Elsewhere":
        """Of some tracks: their tokens, and their answers, (k, columns)."""
        means = [each.vectors.mean(axis=0) for each in tokens if len(each)]
        token = np.mean(means, axis=0) if means else np.zeros(tokens[0].vectors.shape[1] if tokens else 0)
        told = np.isfinite(answers)
        counts = np.maximum(told.sum(axis=0), 1)
        return cls(
            np.asarray(token, np.float32),
            np.asarray(np.where(told, answers, 0).sum(axis=0) / counts, np.float32),
        )


def reason(
    here: Tokens, there: Tokens, answers_here: Floats, answers_there: Floats, *, names: Names, elsewhere: Elsewhere
) -> Reason:
    """Why two tracks are alike, of their tokens and their answers, (columns,) by `names`."""
    both = np.minimum(answers_here, answers_there)
    return Reason(
        best_pair(here, there, common=elsewhere.token),
        _genres(both, names),
        _tags(both, names, elsewhere.answers),
        _moods(answers_here, answers_there, names),
    )


def best_pair(here: Tokens, there: Tokens, *, common: Floats, run_tokens: int = RUN_TOKENS) -> Pair | None:
    """The segments of two tracks that are most alike; None where one of them has less than `FEWEST_TOKENS` in a row.

    Parameters
    ----------
    here, there:
        The tokens of both.
    common:
        (24,), what is taken off each token.
    run_tokens:
        How long segments are, where both tracks are as long.
    """
    for run in range(min(run_tokens, len(here), len(there)), FEWEST_TOKENS - 1, -1):
        starts = [_unbroken(each, run) for each in (here, there)]
        if all(map(len, starts)):
            means = [_means(each.vectors - common, run)[rows] for each, rows in zip((here, there), starts, strict=True)]
            first, second, near = _nearest(*means)
            return Pair(_seconds(here, int(starts[0][first]), run), _seconds(there, int(starts[1][second]), run), near)
    return None


def _unbroken(tokens: Tokens, run: int) -> NDArray[np.int64]:
    """Where runs of so many tokens begin that have nothing quiet in them."""
    lasts = tokens.starts_s[run - 1 :] - tokens.starts_s[: len(tokens) - run + 1]
    return np.flatnonzero(lasts < (run - 1 + _ADJACENT - 1) * tokens.token_s + 1e-6)


def _means(vectors: Floats, run: int) -> Floats:
    """The mean of each run, (k - run + 1, 24)."""
    return np.asarray(sliding_window_view(vectors, run, axis=0).mean(axis=-1), np.float32)


def _nearest(one: Floats, other: Floats) -> tuple[int, int, float]:
    """Rows of the two that have the largest product, and that; of equal ones the first."""
    found = []
    for start in range(0, len(one), _ROWS_AT_ONCE):  # ten hours against ten hours would take gigabytes
        near = one[start : start + _ROWS_AT_ONCE] @ other.T
        row, column = divmod(int(near.argmax()), near.shape[1])
        found.append((float(near[row, column]), -(start + row), -column))
    most, row, column = max(found)
    return -row, -column, six_digits(most)


def _seconds(tokens: Tokens, row: int, run: int) -> Seconds:
    return Seconds(float(tokens.starts_s[row]), round(float(tokens.starts_s[row + run - 1]) + tokens.token_s, 3))


def _genres(both: Floats, names: Names) -> tuple[str, ...]:
    shares = _by_name(both, names, GENRES)
    return tuple(name for name in _largest_first(shares) if name != NONE and shares[name] >= _GENRE_FROM)


def _tags(both: Floats, names: Names, usual: Floats) -> tuple[str, ...]:
    """Those that are told of both, those that are rarest elsewhere first."""
    shares, elsewhere = (_by_name(each, names, TAGS) for each in (both, usual))
    times = {name: share / max(elsewhere[name], 0.01) for name, share in shares.items() if share >= _TAG_FROM}
    return tuple(name for name in _largest_first(times) if times[name] >= _RARER)[:MOST_TAGS]


def _moods(here: Floats, there: Floats, names: Names) -> tuple[str, ...]:
    """The quadrant of both, or the sides of the plane on which both are."""
    shares = [_by_name(each, names, MOODS) for each in (here, there)]
    if set(shares[0]) != set(QUADRANTS):
        return ()
    for name in QUADRANTS:
        if min(each[name] for each in shares) >= _QUADRANT_FROM:
            return (name,)
    sides = [dict(side_shares(each)) for each in shares]
    return tuple(side for side in sides[0] if min(each[side] for each in sides) >= _SIDE_FROM)


def side_shares(quadrants: Mapping[str, float]) -> Iterator[tuple[str, float]]:
    """How probable each side of the plane of mood is: lively, calm, bright, dark."""
    for axis, names in ((1, ("lively", "calm")), (0, ("bright", "dark"))):
        for sign, name in zip((1, -1), names, strict=True):
            yield name, sum(share for quadrant, share in quadrants.items() if SIDES[quadrant][axis] == sign)


def _by_name(answers: Floats, names: Names, group: str) -> dict[str, float]:
    labels = names.groups[group]
    told = answers[names.columns(group)].tolist() if labels else []
    return {name: value for name, value in zip(labels, told, strict=True) if value == value}


def _largest_first(values: Mapping[str, float]) -> list[str]:
    return sorted(values, key=lambda name: (-values[name], name))
