"""The cheapest chain of segments: what each costs at its place, and what it costs to go from one to the next.

Of two kinds of step one is free: a segment's own successor in its file continues it, and no more than so many in a row;
all others are jumps, which cost what the joint does. The search is exact (A. Viterbi, IEEE Trans. Information Theory
13, 1967); its states are a segment and for how many steps its run has lasted.
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
    """

    targets: Floats
    jumps: NDArray[np.floating]
    continues: Ints


def cheapest(layers: Sequence[Layer], *, longest_run: int, run_before: int = 1) -> tuple[list[int], float]:
    """The cheapest chain, one of each layer, and what it costs; of equally cheap ones the first.

    Parameters
    ----------
    layers:
        In order; each with at least one.
    longest_run:
        So many in a row may continue each other, at least 1.
    run_before:
        For how many steps the run of what stands before the first layer has lasted.
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
    new[:, 0] = jumping[source, here]
    way[:, 0] = source * longest_run + best_run[source]
    before = layer.continues[follows]
    new[follows, 1:] = costs[before, :-1]
    way[follows, 1:] = before[:, np.newaxis] * longest_run + np.arange(longest_run - 1)
    return new + layer.targets[:, np.newaxis], way
