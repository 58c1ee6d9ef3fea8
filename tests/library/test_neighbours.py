"""The neighbours of all points at once: those that an exact search finds, in its order, without the point itself."""

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark.library import neighbours
from earmark.library.nearest import Space
from earmark.library.neighbours import kept_share, nearest_on_plane, neighbours_of


def points(count: int, *, seed: int = 0, numbers: int = 24) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(8, numbers))[np.arange(count) % 8] + rng.normal(size=(count, numbers))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def exact(vectors: NDArray[np.float32], row: int, count: int) -> list[int]:
    others = np.delete(np.arange(len(vectors)), row)
    near = Space.of(vectors).nearest_first(vectors[row], others)
    return [each.row for each, _ in zip(near, range(count), strict=False)]


def test_with_all_points_as_candidates_they_are_those_of_the_exact_search() -> None:
    vectors = points(200)
    found = neighbours_of(vectors, 10, candidates=199)
    for row in range(0, 200, 7):
        assert found.rows[row].tolist() == exact(vectors, row, 10)


def test_with_few_candidates_nearly_all_of_them_are() -> None:
    vectors = points(1500)
    found = neighbours_of(vectors, 10)
    shared = [len({*found.rows[row].tolist()} & {*exact(vectors, row, 10)}) for row in range(0, 1500, 50)]
    assert np.mean(shared) > 9.5


def test_no_point_is_its_own_neighbour_and_cosines_are_those_of_the_vectors() -> None:
    vectors = points(90)
    found = neighbours_of(vectors, 6)
    assert not (found.rows == np.arange(90)[:, np.newaxis]).any()
    np.testing.assert_allclose(found.cosines, np.einsum("id,ikd->ik", vectors, vectors[found.rows]), atol=1e-5)


def test_of_few_points_the_cosine_alone_orders() -> None:
    vectors = points(20)
    found = neighbours_of(vectors, 5)
    cosines = vectors @ vectors.T - 9 * np.eye(20, dtype=np.float32)
    assert found.rows.tolist() == np.argsort(-cosines, axis=1)[:, :5].tolist()


def test_more_neighbours_than_there_are_are_all_of_them() -> None:
    found = neighbours_of(points(4), 10)
    assert [sorted(row) for row in found.rows.tolist()] == [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]


def test_it_does_not_matter_how_many_are_looked_at_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = points(120)
    whole = neighbours_of(vectors, 8), nearest_on_plane(vectors[:, :2], 8)
    monkeypatch.setattr(neighbours, "_PAIRS_AT_ONCE", 1000)
    parts = neighbours_of(vectors, 8), nearest_on_plane(vectors[:, :2], 8)
    assert np.array_equal(whole[0].rows, parts[0].rows)
    assert np.array_equal(np.sort(whole[1]), np.sort(parts[1]))


def test_the_nearest_on_a_plane_are_those_at_the_smallest_distances() -> None:
    places = np.random.default_rng(1).normal(size=(80, 2)) + 1000  # far from 0, where float32 is coarse
    distances = np.linalg.norm(places[:, np.newaxis] - places, axis=2) + 1e9 * np.eye(80)
    expected = np.sort(np.argsort(distances, axis=1)[:, :5], axis=1)
    assert np.mean(np.sort(nearest_on_plane(places, 5), axis=1) == expected) > 0.99


def test_the_share_that_is_kept_counts_what_both_lists_have() -> None:
    true = np.array([[1, 2], [0, 2], [0, 1]], np.int32)
    shown = np.array([[2, 1], [0, 3], [3, 4]], np.int32)
    assert kept_share(true, shown).tolist() == [1.0, 0.5, 0.0]
    with pytest.raises(ValueError, match="as many neighbours"):
        kept_share(true, shown[:, :1])


@pytest.mark.parametrize("shape", [(0, 3), (1, 3), (3,)])
def test_a_single_point_has_no_neighbours(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="two vectors"):
        neighbours_of(np.ones(shape, np.float32), 3)
    with pytest.raises(ValueError, match="two points"):
        nearest_on_plane(np.ones(shape, np.float32), 3)


def test_points_in_one_place_are_neighbours_all_the_same() -> None:
    vectors = np.tile(points(1), (40, 1))
    found = neighbours_of(vectors, 3)
    assert np.isfinite(found.cosines).all()
    assert not (found.rows == np.arange(40)[:, np.newaxis]).any()
