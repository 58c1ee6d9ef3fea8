"""The cheapest chain of segments: what each costs at its place, and what it costs to go from one to the next.

Of two kinds of step one is free: a segment's own successor in its file continues it, until a run is too long; all
others are jumps, which cost what the joint does. The search is exact (A. Viterbi, IEEE Trans. Information Theory 13,
1967); its states are a segment and how long its run is, in units of time of which each segment has some.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Layer:
    """What may stand at one place of the chain.

    Attributes
    ----------
    targets:
        (n,) what each costs there.
    jumps:
        (m, n) what it costs to jump from each of the m before; (1, n) of the first layer, from what stands before it.
    continues:
        (n,) int64: which of the m before it continues; -1 where none.
    lengths:
        (n,) int64: how long each is, at least 1.
    """

    targets: Floats
    jumps: NDArray[np.floating]
    continues: Ints
    lengths: Ints


def cheapest(layers: Sequence[Layer], *, longest_run: int, run_before: int = 1) -> tuple[list[int], float]:
    """The cheapest chain, one of each layer, and what it costs; of equally cheap ones the first.

    Parameters
    ----------
    layers:
        In order; each with at least one.
    longest_run:
        So long may those in a row that continue each other be, at least 1; what is longer by itself counts as so long.
    run_before:
        How long the run of what stands before the first layer is.
    """
    costs = np.full((1, longest_run), np.inf)
    costs[0, min(run_before, longest_run) - 1] = 0.0
    ways = []
    for layer in layers:
        costs, way = _step(costs, layer, longest_run)
        ways.append(way)
    end = int(costs.argmin())
    cost, chain = float(costs.flat[end]), []
    for way in reversed(ways):
        chain.append(end // longest_run)
        end = int(way.flat[end])
    return chain[::-1], cost


def _step(costs: Floats, layer: Layer, longest_run: int) -> tuple[Floats, Ints]:
    """(n, runs) costs of each state of a layer, and from which state before, as a flat number."""
    count = len(layer.targets)
    new, way = np.full((count, longest_run), np.inf), np.zeros((count, longest_run), np.int64)
    best_run, best = costs.argmin(axis=1), costs.min(axis=1)
    jumping = best[:, np.newaxis] + layer.jumps  # (m, n)
    here = np.arange(count)
    follows = layer.continues >= 0
    # What continues is no jump: else a run would never end.
    jumping[layer.continues[follows], here[follows]] = np.inf
    source = jumping.argmin(axis=0)
    lengths = np.minimum(layer.lengths, longest_run)
    new[here, lengths - 1] = jumping[source, here]
    way[here, lengths - 1] = source * longest_run + best_run[source]
    run_before = np.arange(longest_run) - lengths[:, np.newaxis]  # (n, runs) which, with this one, is a run so long
    goes_on = follows[:, np.newaxis] & (run_before >= 0)
    before = np.broadcast_to(layer.continues[:, np.newaxis], goes_on.shape)[goes_on]
    new[goes_on] = costs[before, run_before[goes_on]]
    way[goes_on] = before * longest_run + run_before[goes_on]
    return new + layer.targets[:, np.newaxis], way
