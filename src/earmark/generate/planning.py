"""Which segments make a mosaic, in order: Viterbi over what lies ahead, of which the first half is settled each time.

No segment comes twice within a minute. That cannot be said to a search over pairs; so what was used is shut out for a
minute, and where the best chain itself takes something twice it is settled up to there and searched anew. Memory is
that of what lies ahead, however long the piece.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from earmark.errors import GenerateError
from earmark.generate.costs import Costs, Edges, join_costs, joints
from earmark.generate.stock import Key, Stock
from earmark.generate.viterbi import Layer, cheapest

Floats = NDArray[np.float64]

SLACK_S = 0.5  # so much before its end a part is long enough
AGAIN_S = 60.0  # after so long a segment may come again
AHEAD = 20  # segments that are searched at once
CANDIDATES = 160  # for each place, beside what continues those before it
LONGEST_RUN_S = 10.0  # of one source
_UNIT_S = 0.25  # by which runs are measured
_NOISE = 0.35  # of costs, at a temperature of 1
_STALE, _FRESH_S = 0.05, 45.0  # what a second of a file costs when it is heard again, and how long that is remembered


@dataclass
class Progress:
    """How far a piece is: what was used when, and what it ends with.

    `time_s` is how long it is; `used` when each segment ended last; `heard` how many seconds of each sound were heard
    lately; `run` how many units the last run has; `edges` (1, 4, 58) and `beat_s` (1,) of its last segment, None at
    the beginning; `last` that segment.
    """

    time_s: float = 0.0
    used: dict[Key, float] = field(default_factory=dict)
    heard: dict[str, float] = field(default_factory=dict)
    run: int = 0
    edges: Edges | None = None
    beat_s: Floats | None = None
    last: Key | None = None

    def forget(self) -> None:
        """Drop what may be used again."""
        self.used = {key: end_s for key, end_s in self.used.items() if end_s + AGAIN_S > self.time_s}
        self.heard = {sound: seconds for sound, seconds in self.heard.items() if seconds > 0.01}

    def hear(self, key: Key, length_s: float) -> None:
        """Count a segment's seconds; what was heard before fades."""
        left = np.exp(-length_s / _FRESH_S)
        self.heard = {sound: float(seconds * left) for sound, seconds in self.heard.items()}
        self.heard[key[0]] = self.heard.get(key[0], 0.0) + length_s

    def shuts_out(self, key: Key, time_s: float) -> bool:
        """Whether a segment must not begin then."""
        return self.used.get(key, -AGAIN_S) + AGAIN_S > time_s


def plan(
    stock: Stock,
    costs: Floats,
    progress: Progress,
    *,
    end_s: float,
    step_s: float,
    first_s: float,
    temperature: float,
    rng: np.random.Generator,
) -> Iterator[int]:
    """The segments of a stock with which a piece goes on until a second, each counted into the progress.

    Parameters
    ----------
    costs:
        (steps, segments) target costs; step k is at `first_s` + k * `step_s` of the piece.
    temperature:
        How much chance has a say; 0 for none.

    Raises
    ------
    GenerateError
        Everything has been used within a minute.
    """
    keys = [stock.key(segment) for segment in range(len(stock))]
    jumps = join_costs(stock)
    usual_s = float(np.median(stock.lengths_s))
    longest_run = round(LONGEST_RUN_S / _UNIT_S)
    while progress.time_s < end_s - SLACK_S:
        ahead = min(AHEAD, max(int(np.ceil((end_s - progress.time_s) / usual_s)) + 1, 1))
        steps = [int((progress.time_s + place * usual_s - first_s) / step_s) for place in range(ahead)]
        chance = temperature * _NOISE * rng.gumbel(size=(ahead, len(stock)))
        stale = _STALE * np.array([progress.heard.get(key[0], 0.0) for key in keys])
        here = costs[np.clip(steps, 0, len(costs) - 1)] + chance + stale
        rows = _candidates(stock, keys, here, progress, usual_s)
        chain, _ = cheapest(
            _layers(stock, keys, here, jumps, rows, progress),
            longest_run=longest_run,
            run_before=min(max(progress.run, 1), longest_run),
        )
        for segment in _settled([int(own[place]) for own, place in zip(rows, chain, strict=True)]):
            if progress.time_s >= end_s - SLACK_S:
                return
            if progress.shuts_out(keys[segment], progress.time_s):
                break  # what came before was shorter than was thought
            _count(stock, keys[segment], segment, progress)
            yield segment


def _candidates(
    stock: Stock, keys: list[Key], costs: Floats, progress: Progress, usual_s: float
) -> list[NDArray[np.int64]]:
    """Of each place the segments that may stand there: the cheapest, and what continues those before them."""
    found: list[NDArray[np.int64]] = []
    waits = np.array([progress.used.get(key, -AGAIN_S) + AGAIN_S for key in keys])
    for place, here in enumerate(costs):
        free = waits <= progress.time_s + place * usual_s * 0.8  # shorter ones may come first
        if not free.any():
            raise GenerateError(
                "There is too little music to go on: everything was heard within the last minute.",
                hint="Ask for fewer seconds, or index more music.",
            )
        allowed = np.flatnonzero(free)
        best = allowed[np.argsort(here[allowed], kind="stable")[:CANDIDATES]]
        before = found[-1] if found else _last(stock, keys, progress)
        next_ones = stock.next[before]
        next_ones = next_ones[next_ones >= 0]
        found.append(np.union1d(best, next_ones[free[next_ones]]))
    return found


def _last(stock: Stock, keys: list[Key], progress: Progress) -> NDArray[np.int64]:
    """The segment that a piece ends with so far, where it is in the stock."""
    there = progress.last is not None and progress.last in keys
    return np.array([keys.index(progress.last)] if there and progress.last else [], np.int64)


def _layers(
    stock: Stock, keys: list[Key], costs: Floats, jumps: Costs, rows: list[NDArray[np.int64]], progress: Progress
) -> list[Layer]:
    first = rows[0]
    begin = np.zeros((1, len(first)), np.float32)
    if progress.edges is not None and progress.beat_s is not None:
        begin = joints(progress.edges, progress.beat_s, stock)[:, first]
    last = _last(stock, keys, progress)
    follows = first == stock.next[last[0]] if len(last) and stock.next[last[0]] >= 0 else np.zeros(len(first), bool)
    units = _units(stock.lengths_s)
    layers = [Layer(costs[0][first], begin, np.where(follows, 0, -1), units[first])]
    for place in range(1, len(rows)):
        before, after = rows[place - 1], rows[place]
        continues = _continues(stock, before, after)
        layers.append(Layer(costs[place][after], jumps[np.ix_(before, after)], continues, units[after]))
    return layers


def _units(lengths_s: Floats) -> NDArray[np.int64]:
    return np.maximum(np.round(np.asarray(lengths_s) / _UNIT_S), 1).astype(np.int64)


def _continues(stock: Stock, before: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) which of those before each of those after continues."""
    found = np.full(len(after), -1)
    next_ones = stock.next[before]
    places = np.searchsorted(after, next_ones)
    hits = (next_ones >= 0) & (places < len(after))
    hits[hits] = after[places[hits]] == next_ones[hits]
    found[places[hits]] = np.flatnonzero(hits)
    return found


def _settled(chain: list[int]) -> list[int]:
    """The first half of a chain, up to where it takes something twice."""
    most = max(len(chain) // 2, 1) if len(chain) >= AHEAD else len(chain)
    seen: set[int] = set()
    for place, segment in enumerate(chain[:most]):
        if segment in seen:
            return chain[:place]
        seen.add(segment)
    return chain[:most]


def _count(stock: Stock, key: Key, segment: int, progress: Progress) -> None:
    continues = progress.last is not None and (key[0], key[1], key[2] - 1) == progress.last
    progress.time_s += float(stock.lengths_s[segment])
    progress.hear(key, float(stock.lengths_s[segment]))
    progress.used[key] = progress.time_s
    progress.run = (progress.run if continues else 0) + int(_units(stock.lengths_s)[segment])
    progress.last = key
    progress.edges, progress.beat_s = stock.edges[segment][np.newaxis], stock.beat_s[segment][np.newaxis]
    if len(progress.used) > 4 * AGAIN_S:
        progress.forget()
