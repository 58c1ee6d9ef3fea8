"""The order of the search: what brute force finds, whatever the size of the blocks."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from earmark.library.hubs import FEWEST, Crowd, Spread, apartness
from earmark.library.nearest import Space

Floats = NDArray[np.float32]


def units(count: int, numbers: int, seed: int = 0, *, lean: float = 1.0) -> Floats:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, numbers)).astype(np.float32)
    points[:, 0] += lean * rng.exponential(size=count)
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True), np.float32)


def by_hand(vectors: Floats, row: int) -> list[int]:
    """All other rows by how far apart they are, each looked at from both sides."""
    spread = Crowd.of(vectors).spread(vectors)
    own = Spread(spread.mean[row : row + 1], spread.deviation[row : row + 1])
    apart = apartness(vectors @ vectors[row], own, spread)
    return [other for other in np.argsort(apart, kind="stable").tolist() if other != row]


@given(st.integers(0, 1000), st.integers(FEWEST, 300), st.sampled_from([1, 3, 50, 4096]))
@settings(deadline=None, max_examples=40)
def test_blocks_of_any_size_give_the_order_of_brute_force(seed: int, count: int, block: int) -> None:
    vectors = units(count, 16, seed)
    others = np.arange(1, count)
    found = list(Space.of(vectors).nearest_first(vectors[0], others, block=block))
    true = by_hand(vectors, 0)
    assert sorted(near.row for near in found) == others.tolist()
    proximities = [near.proximity for near in found]
    assert proximities == sorted(proximities, reverse=True)
    # Where two are equally far to the last digits, either may be the first.
    assert np.mean([near.row == row for near, row in zip(found, true, strict=True)]) > 0.98


def test_only_rows_that_are_asked_for_are_given() -> None:
    vectors = units(100, 8)
    asked = np.array([3, 50, 77])
    assert {near.row for near in Space.of(vectors).nearest_first(vectors[0], asked)} == {3, 50, 77}
    assert list(Space.of(vectors).nearest_first(vectors[0], asked[:0])) == []


def test_of_points_that_are_all_one_the_first_rows_come_first() -> None:
    vectors = np.repeat(units(1, 8), 50, axis=0)
    found = Space.of(vectors).nearest_first(vectors[0], np.arange(1, 50))
    assert [near.row for near in found] == list(range(1, 50))


def test_a_stranger_is_found_its_own_copy_first() -> None:
    vectors = units(200, 32)
    near = next(Space.of(vectors).nearest_first(vectors[17], np.arange(200)))
    assert near.row == 17
    assert near.cosine == pytest.approx(1.0, abs=1e-5)
    assert near.proximity == pytest.approx(1.0, abs=1e-3)


def test_a_hub_comes_later_than_by_its_cosine_alone() -> None:
    vectors = units(300, 64, lean=2.0)
    space = Space.of(vectors)
    hub = int((vectors @ vectors.mean(axis=0)).argmax())
    rank = {"cosine": 0.0, "mutual": 0.0}
    for row in range(50):
        others = np.delete(np.arange(300), [row])
        found = [near.row for near in space.nearest_first(vectors[row], others)]
        by_cosine = others[np.argsort(-(vectors @ vectors[row])[others])].tolist()
        if row != hub:
            rank["mutual"] += found.index(hub)
            rank["cosine"] += by_cosine.index(hub)
    assert rank["mutual"] > 1.3 * rank["cosine"]


@pytest.mark.parametrize("count", [20, 400])
def test_closeness_is_the_share_of_pairs_that_are_further_apart(count: int) -> None:
    vectors = units(count, 16)
    space, rows = Space.of(vectors), np.arange(count)
    near = {row: {each.row: each.proximity for each in space.nearest_first(vectors[row], rows)} for row in range(count)}
    proximities = [near[one][other] for one in range(count) for other in range(one)]
    for share in (0.05, 0.5, 0.99):
        assert space.closer_than(float(np.quantile(proximities, share))) == pytest.approx(share, abs=0.015)
    assert space.closer_than(1.0) == 1.0
    assert space.closer_than(-2.0) == 0.0
    assert Space.of(vectors).closer_than(0.3) == space.closer_than(0.3)  # drawn, and the same each time


def test_closeness_falls_as_the_order_goes_on() -> None:
    vectors = units(3000, 16)
    space = Space.of(vectors)
    told = [space.closer_than(near.proximity) for near in space.nearest_first(vectors[5], np.arange(3000))]
    assert told == sorted(told, key=lambda share: -(share or 0))
    assert told[0] == 1.0
    assert told[-1] == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("count", [1, 2, 14])
def test_of_few_points_no_closeness_is_told(count: int) -> None:
    assert Space.of(units(count, 16)).closer_than(0.5) is None
