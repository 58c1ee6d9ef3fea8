"""Where entries lie: the principal plane is scikit-learn's, the curved one keeps neighbours, both say how many."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA

from earmark.library.layout import FEWEST_CURVED, lay_out, principal_places, turned
from earmark.library.neighbours import nearest_on_plane


def vectors(count: int, *, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    drawn = 2 * rng.normal(size=(6, 32))[np.arange(count) % 6] + rng.normal(size=(count, 32))
    return np.asarray(drawn / np.linalg.norm(drawn, axis=1, keepdims=True), np.float32)


def test_the_principal_places_is_that_of_scikit_learn() -> None:
    points = vectors(80)
    places, explained = principal_places(points, 2)
    oracle = PCA(2, svd_solver="full").fit(points)
    np.testing.assert_allclose(places, oracle.transform(points), atol=1e-5)
    np.testing.assert_allclose(explained, oracle.explained_variance_ratio_, rtol=1e-5)


def test_points_that_are_all_the_same_lie_in_one_place() -> None:
    places, explained = principal_places(np.ones((5, 8)), 2)
    assert np.abs(places).max() < 1e-6
    assert explained == (0.0, 0.0)


def test_the_curved_plane_keeps_more_neighbours_and_both_count_what_they_keep() -> None:
    layout = lay_out(vectors(300))
    assert layout.is_curved
    assert layout.curved.share > 2 * layout.flat.share
    for plane in (layout.curved, layout.flat):
        shown = nearest_on_plane(plane.positions, 10)
        counted = [
            len({*one} & {*other}) for one, other in zip(layout.neighbours.rows.tolist(), shown.tolist(), strict=True)
        ]
        np.testing.assert_allclose(plane.kept, np.array(counted) / 10, atol=1e-6)
        assert np.quantile(np.linalg.norm(plane.positions, axis=1), 0.98) == pytest.approx(1, abs=1e-3)


def test_progress_rises_to_all_of_it() -> None:
    told: list[tuple[int, int]] = []
    lay_out(vectors(40), progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (100, 100)
    assert told == sorted(told)
    assert len({done for done, _ in told}) > 50


def test_the_same_vectors_and_seed_make_the_same_places() -> None:
    one, again, other = (lay_out(vectors(60), seed=seed).curved.positions for seed in (3, 3, 4))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("count", [3, 4, FEWEST_CURVED - 1])
def test_few_entries_lie_on_the_principal_places(count: int) -> None:
    layout = lay_out(vectors(count))
    assert not layout.is_curved
    assert layout.curved.positions.shape == (count, 2)
    assert layout.neighbours.rows.shape == (count, min(10, count - 1))


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_are_no_map(count: int) -> None:
    with pytest.raises(ValueError, match="3 vectors"):
        lay_out(np.ones((count, 8), np.float32))


def test_a_plane_is_turned_until_one_value_rises_upwards_and_another_to_the_right() -> None:
    rng = np.random.default_rng(0)
    places = rng.normal(size=(500, 2)).astype(np.float32)
    angle = 2.0
    up = places @ [np.cos(angle), np.sin(angle)] + rng.normal(0, 0.1, 500)
    right = places @ [-np.sin(angle), np.cos(angle)] + rng.normal(0, 0.1, 500)
    found = turned(places, right=right, up=up)
    assert np.corrcoef(found[:, 1], up)[0, 1] > 0.98
    assert np.corrcoef(found[:, 0], right)[0, 1] > 0.98


def test_turning_keeps_distances() -> None:
    places = np.random.default_rng(0).normal(size=(40, 2)).astype(np.float32)
    found = turned(places, right=places[:, 1], up=-places[:, 0])
    lengths = [np.linalg.norm(each[:, np.newaxis] - each, axis=2) for each in (places, found)]
    np.testing.assert_allclose(*lengths, atol=1e-5)


@pytest.mark.parametrize("up", [None, np.full(300, np.nan), np.zeros(300)])
def test_where_nothing_rises_the_longest_way_across_lies_flat(up: NDArray[np.float64] | None) -> None:
    rng = np.random.default_rng(0)
    across = rng.normal(size=300)
    places = (np.outer(across, [1, 2]) + 0.1 * rng.normal(size=(300, 2))).astype(np.float32)
    found = turned(places, right=None, up=up)
    assert found[:, 0].std() > 10 * found[:, 1].std()


def test_entries_whose_mood_is_not_told_have_no_part_in_the_turning() -> None:
    places = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    up = places[:, 0].astype(np.float64)
    up[::2] = np.nan
    found = turned(places, right=None, up=up)
    assert np.corrcoef(found[:, 1], places[:, 0])[0, 1] > 0.999
