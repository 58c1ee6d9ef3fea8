"""The plane by neighbours: its forces are the exact ones, its gradient falls, and it keeps who is near whom."""

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark.library.embedding import Graph, embed, pushed, repulsion
from earmark.library.neighbours import kept_share, nearest_on_plane, neighbours_of


def clusters(count: int, *, of: int = 6, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    drawn = 2 * rng.normal(size=(of, 32))[np.arange(count) % of] + rng.normal(size=(count, 32))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def pushed_exactly(places: NDArray[np.float64]) -> NDArray[np.float64]:
    apart = places[:, np.newaxis] - places
    near = 1 / (1 + np.square(apart).sum(axis=2))
    np.fill_diagonal(near, 0)
    return np.einsum("ij,ijk->ik", near**2, apart) / near.sum()


@pytest.mark.parametrize(
    ("wide", "cell", "most"), [(3, 0.3, 0.01), (25, 0.3, 0.02), (25, 0.9, 0.25), (0.001, 0.9, 0.25)]
)
def test_what_all_points_do_to_one_is_read_off_the_grid(wide: float, cell: float, most: float) -> None:
    places = np.random.default_rng(0).uniform(-wide, wide, (300, 2))
    exact = pushed_exactly(places)
    away = np.linalg.norm(repulsion(places.astype(np.float32), cell=cell) - exact)
    assert away < most * np.linalg.norm(exact)


def test_of_few_points_all_pairs_are_looked_at() -> None:
    places = np.random.default_rng(0).uniform(-30, 30, (50, 2))
    np.testing.assert_allclose(pushed(places.astype(np.float32)), pushed_exactly(places), atol=1e-6)


def test_what_a_point_does_to_itself_does_not_count_on_a_coarse_grid_either() -> None:
    places = np.random.default_rng(0).uniform(-300, 300, (600, 2))
    found, exact = repulsion(places.astype(np.float32)), pushed_exactly(places)
    assert np.linalg.norm(found) < 2 * np.linalg.norm(exact)
    assert np.corrcoef(found.ravel(), exact.ravel())[0, 1] > 0.85


@pytest.mark.parametrize("count", [30, 60, 100])
def test_few_points_do_not_fly_apart(count: int) -> None:
    vectors = clusters(count)
    places = embed(neighbours_of(vectors, 12).rows, vectors[:, :2])
    assert np.ptp(places) < 100


def test_points_far_apart_do_not_meet_around_the_edge_of_the_grid() -> None:
    places = np.array([[-60.0, 0], [60, 0], [0, 60]], np.float32)
    pushed = repulsion(places, cell=0.3)
    assert pushed[0, 0] < 0 < pushed[1, 0]
    assert pushed[2, 1] > 0


def test_neighbours_of_each_other_weigh_twice_and_all_weights_sum_to_one() -> None:
    graph = Graph.of([[1], [0], [0]])
    told = {(one, other): weight for one, other, weight in zip(graph.one, graph.other, graph.weights, strict=True)}
    assert told == pytest.approx({(0, 1): 1 / 3, (1, 0): 1 / 3, (0, 2): 1 / 6, (2, 0): 1 / 6})
    assert graph.starts.tolist() == [0, 2, 3]


def test_a_point_is_drawn_to_its_neighbours_by_how_near_they_are() -> None:
    graph = Graph.of([[1], [0], [0]])
    places = np.array([[0.0, 0], [1, 0], [0, 2]], np.float32)
    drawn = graph.attraction(places)
    np.testing.assert_allclose(drawn[1], [(1 / 3) / 2, 0], atol=1e-6)
    np.testing.assert_allclose(drawn[2], [0, (1 / 6) * 2 / 5], atol=1e-6)
    np.testing.assert_allclose(drawn.sum(axis=0), 0, atol=1e-6)


def test_the_same_points_come_to_the_same_plane_and_another_seed_to_a_similar_one() -> None:
    vectors = clusters(200)
    near = neighbours_of(vectors, 10)
    start = vectors[:, :2]
    one, again, other = (embed(near.rows, start, seed=seed, early=60, late=100) for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)
    shown = [kept_share(near.rows, nearest_on_plane(places, 10)).mean() for places in (one, other)]
    assert shown[0] == pytest.approx(shown[1], abs=0.05)


def test_it_keeps_far_more_neighbours_than_the_start() -> None:
    vectors = clusters(600)
    near = neighbours_of(vectors, 10)
    start = vectors[:, :2]
    before, after = (
        kept_share(near.rows, nearest_on_plane(each, 10)).mean() for each in (start, embed(near.rows, start))
    )
    assert after > 3 * before


def test_clusters_that_are_apart_are_shown_apart() -> None:
    rng = np.random.default_rng(2)
    member = np.arange(300) % 3
    drawn = 10 * np.eye(3, 32)[member] + rng.normal(size=(300, 32))
    vectors = np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)
    places = embed(neighbours_of(vectors, 10).rows, vectors[:, :2])
    shown = nearest_on_plane(places, 10)
    assert (member[shown] == member[:, np.newaxis]).mean() > 0.99


def test_points_in_one_place_part() -> None:
    ring = (np.arange(40)[:, np.newaxis] + [1, 2, 3]) % 40
    places = embed(ring, np.zeros((40, 2)))
    assert np.isfinite(places).all()
    assert len(np.unique(places.round(2), axis=0)) == 40


def test_it_lies_around_the_middle() -> None:
    vectors = clusters(100)
    places = embed(neighbours_of(vectors, 5).rows, vectors[:, :2] + 100, early=30, late=30)
    np.testing.assert_allclose(places.mean(axis=0), 0, atol=1e-3)


@pytest.mark.parametrize(
    ("neighbours", "start", "words"),
    [
        (np.zeros((3, 0)), np.zeros((3, 2)), "need neighbours"),
        (np.zeros(3), np.zeros((3, 2)), "need neighbours"),
        ([[1], [0]], np.zeros((3, 2)), "need places"),
        ([[1], [0]], [[0, np.nan], [0, 0]], "need places"),
    ],
)
def test_bad_input_is_named(neighbours: object, start: object, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        embed(neighbours, start)  # type: ignore[arg-type]
