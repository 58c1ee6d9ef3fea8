"""Mutual proximity: what is exact, what is symmetric, and that hubs go."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import norm, skew

from earmark.library.hubs import (
    FEWEST,
    Crowd,
    Spread,
    apartness,
    hub_skew,
    mutual_proximity,
    normal_tail,
    occurrences,
)

Vectors = NDArray[np.float64]


def units(count: int, numbers: int, seed: int = 0, *, lean: float = 0.0) -> Vectors:
    """Unit vectors, (count, numbers); with `lean` they share a direction, some more than others."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(count, numbers))
    points[:, 0] += lean * rng.exponential(size=count)
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def by_hand(vectors: Vectors) -> Spread:
    """The spread of each point's distances to all others, one point at a time."""
    rows = [np.linalg.norm(np.delete(vectors, place, axis=0) - point, axis=1) for place, point in enumerate(vectors)]
    return Spread(np.array([row.mean() for row in rows]), np.array([row.std() for row in rows]))


def proximities(vectors: Vectors, *, seen_as: type[np.floating] = np.float64) -> Vectors:
    """(n, n) mutual proximities of all pairs."""
    spread = Crowd.of(vectors.astype(seen_as)).spread(vectors.astype(seen_as))
    rows = Spread(spread.mean[:, None], spread.deviation[:, None])
    return mutual_proximity(vectors @ vectors.T, rows, spread)


@pytest.mark.parametrize("numbers", [2, 16, 128])
def test_the_spread_is_that_of_the_distances_to_all_others(numbers: int) -> None:
    vectors = units(FEWEST + 20, numbers, lean=1.0)
    said, true = Crowd.of(vectors).spread(vectors), by_hand(vectors)
    np.testing.assert_allclose(said.mean, true.mean, atol=1e-10)
    np.testing.assert_allclose(said.deviation, true.deviation, atol=1e-8)


def test_float32_vectors_give_nearly_the_same_spread() -> None:
    vectors = units(500, 128, lean=1.0)
    said, true = Crowd.of(vectors.astype(np.float32)).spread(vectors.astype(np.float32)), by_hand(vectors)
    np.testing.assert_allclose(said.mean, true.mean, atol=1e-5)
    np.testing.assert_allclose(said.deviation, true.deviation, atol=1e-4)


def test_a_point_from_outside_is_held_against_all() -> None:
    vectors, stranger = units(60, 8), units(1, 8, seed=5)
    said = Crowd.of(vectors).spread(stranger)
    away = np.linalg.norm(vectors - stranger[0], axis=1)
    np.testing.assert_allclose([said.mean[0], said.deviation[0]], [away.mean(), away.std()], atol=1e-10)


def test_of_many_points_some_stand_for_all_and_the_same_ones_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = units(1500, 32, lean=1.0)
    whole = Crowd.of(vectors).spread(vectors)
    monkeypatch.setattr("earmark.library.hubs.MOST", 600)
    crowd = Crowd.of(vectors)
    assert len(crowd.points) == 600
    np.testing.assert_array_equal(crowd.points, Crowd.of(vectors).points)
    some = crowd.spread(vectors)
    np.testing.assert_allclose(some.mean, whole.mean, rtol=0.03)
    np.testing.assert_allclose(some.deviation, whole.deviation, rtol=0.2)
    assert np.corrcoef(some.mean, whole.mean)[0, 1] > 0.99


def test_many_points_are_done_in_parts_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = units(100, 8)
    whole = Crowd.of(vectors).spread(vectors)
    monkeypatch.setattr("earmark.library.hubs._ROWS_AT_ONCE", 7)
    parts = Crowd.of(vectors).spread(vectors)
    np.testing.assert_allclose(parts.deviation, whole.deviation, rtol=1e-12)


@given(st.integers(0, 10_000), st.integers(FEWEST, 60), st.integers(2, 20), st.floats(0, 3))
@settings(deadline=None, max_examples=40)
def test_mutual_proximity_is_symmetric_and_a_probability(seed: int, count: int, numbers: int, lean: float) -> None:
    said = proximities(units(count, numbers, seed, lean=lean))
    np.testing.assert_allclose(said, said.T, atol=1e-12)
    assert said.min() >= 0
    assert said.max() <= 1


@given(st.integers(0, 10_000), st.floats(-1, 1), st.floats(-1, 1))
@settings(deadline=None, max_examples=60)
def test_of_two_that_are_seen_alike_the_nearer_one_stays_the_nearer(seed: int, low: float, high: float) -> None:
    rng = np.random.default_rng(seed)
    one, other = (Spread(rng.normal(1.3, 0.1, 1), rng.uniform(0.05, 0.3, 1)) for _ in range(2))
    low, high = sorted((low, high))
    near = mutual_proximity([low, high], one, other)
    assert near[1] >= near[0] - 1e-6
    apart = apartness([low, high], one, other)
    assert apart[1] <= apart[0] + 1e-6


def test_it_is_the_product_of_both_tails() -> None:
    one, other = Spread(np.array([1.3]), np.array([0.2])), Spread(np.array([1.4]), np.array([0.1]))
    away = np.sqrt(2 - 2 * 0.3)
    true = norm.sf(away, 1.3, 0.2) * norm.sf(away, 1.4, 0.1)
    np.testing.assert_allclose(mutual_proximity([0.3], one, other), true, rtol=1e-6)


def test_what_is_very_near_still_has_an_order() -> None:
    plain = Spread(np.full(1, 1.4), np.full(1, 0.05))
    said = apartness([0.90, 0.95, 1.0], plain, plain)  # 19 to 28 deviations: each proximity is 1 in float64
    assert (np.diff(said) < 0).all()
    assert (mutual_proximity([0.90, 0.95, 1.0], plain, plain) == 1.0).all()


def test_the_tail_is_that_of_the_normal_distribution() -> None:
    away = np.linspace(-8, 30, 500)
    np.testing.assert_allclose(normal_tail(away), norm.sf(away), rtol=3e-7)


def test_hubs_lose_their_place() -> None:
    vectors = units(400, 64, lean=2.0)
    near = vectors @ vectors.T
    np.fill_diagonal(near, -np.inf)
    corrected = proximities(vectors)
    np.fill_diagonal(corrected, -np.inf)
    before, after = (hub_skew(np.argsort(-each, axis=1)[:, :10], 400) for each in (near, corrected))
    assert before > 2
    assert after < before / 2


def test_few_points_keep_the_order_of_their_similarities() -> None:
    vectors = units(FEWEST - 1, 8, lean=2.0)
    near, said = vectors @ vectors.T, proximities(vectors)
    assert (np.argsort(near, axis=1) == np.argsort(said, axis=1)).all()


def test_points_that_are_all_the_same_are_no_trouble() -> None:
    vectors = np.repeat(units(1, 8), 40, axis=0)
    assert np.isfinite(proximities(vectors)).all()


def test_occurrences_count_and_their_skew_is_the_third_moment() -> None:
    neighbours = np.array([[1, 2], [2, 0], [1, 0], [2, 1]])
    often = occurrences(neighbours, 5)
    assert often.tolist() == [2, 3, 3, 0, 0]
    assert hub_skew(neighbours, 5) == pytest.approx(skew(often))
    assert hub_skew([[1], [0]], 2) == 0.0


@pytest.mark.parametrize("wrong", [np.zeros((0, 4)), np.zeros(4)])
def test_a_crowd_needs_vectors(wrong: Vectors) -> None:
    with pytest.raises(ValueError, match="need vectors"):
        Crowd.of(wrong)
