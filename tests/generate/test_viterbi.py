"""The cheapest chain is the cheapest of all chains, tried one by one."""

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from earmark.generate.viterbi import Layer, cheapest


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[Layer], int, int]:
    """A few small layers, how long a run may be, and how long one has lasted."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    layers, before = [], 1
    for size in sizes:
        continues = np.full(size, -1)
        for one in range(min(size, before)):
            if rng.random() < 0.6:
                continues[one] = one
        lengths = rng.integers(1, 4, size)
        layers.append(Layer(rng.random(size), 2 * rng.random((before, size)), continues, lengths))
        before = size
    longest = draw(st.integers(1, 5))
    return layers, longest, draw(st.integers(1, longest))


def cost_of(chain: tuple[int, ...], layers: list[Layer], longest_run: int, run: int) -> float:
    """What a chain costs, step by step; inf where a run is too long or goes on by a jump."""
    cost, before = 0.0, 0
    for layer, here in zip(layers, chain, strict=True):
        cost += float(layer.targets[here])
        length = int(layer.lengths[here])
        if layer.continues[here] == before:
            run += length
            if run > longest_run:
                return np.inf
        else:
            run = min(length, longest_run)
            cost += float(layer.jumps[before, here])
        before = here
    return cost


@given(problems())
def test_no_chain_is_cheaper_than_the_one_that_is_found(problem: tuple[list[Layer], int, int]) -> None:
    layers, longest_run, run = problem
    chain, cost = cheapest(layers, longest_run=longest_run, run_before=run)
    every = [cost_of(each, layers, longest_run, run) for each in product(*(range(len(one.targets)) for one in layers))]
    assert cost == min(every) or np.isclose(cost, min(every))
    if np.isfinite(cost):
        assert np.isclose(cost_of(tuple(chain), layers, longest_run, run), cost)


def test_a_run_ends_when_it_has_lasted_long_enough() -> None:
    follow = np.array([0, -1])
    for length in (1, 2):
        lengths = np.full(2, length)
        layers = [Layer(np.array([0.0, 0.5]), np.ones((2, 2)), follow, lengths) for _ in range(4)]
        layers[0] = Layer(layers[0].targets, np.zeros((1, 2)), np.array([-1, -1]), lengths)
        assert cheapest(layers, longest_run=9 * length)[0] == [0, 0, 0, 0]
        assert cheapest(layers, longest_run=3 * length - 1)[0] == [0, 0, 1, 0]
