"""Whitening: what it does to a cloud of points that is known, how it is fitted, and what it refuses."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from earmark.listen.whitening import EXPONENT, Whitening, fit_whitening

Floats = NDArray[np.float64]
DEVIATIONS = np.geomspace(3.0, 0.3, 128)


def cloud(count: int = 4000, *, seed: int = 0) -> Floats:
    """Points (n, 128) far from 0 that lie along few directions, none of them an axis: all cosines are near 1."""
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(np.random.default_rng(1).normal(size=(128, 128))).Q
    return 4 + (rng.normal(size=(count, 128)) * DEVIATIONS) @ directions.T


def cosines(vectors: NDArray[np.float32]) -> Floats:
    """Of all pairs of vectors of unit length."""
    return (vectors.astype(np.float64) @ vectors.T)[np.triu_indices(len(vectors), 1)]


def test_a_cloud_whitened_in_full_has_its_mean_at_0_and_equal_variances() -> None:
    points = cloud(20_000)
    spread = fit_whitening(points, exponent=0.5).spread(points)
    assert spread.mean(axis=0) == pytest.approx(np.zeros(128), abs=1e-5)
    assert np.cov(spread.T) == pytest.approx(np.eye(128), abs=0.05)


def test_whitened_in_part_a_direction_keeps_a_power_of_its_variance() -> None:
    points = cloud(20_000)
    spread = fit_whitening(points).spread(points)
    assert spread.mean(axis=0) == pytest.approx(np.zeros(128), abs=1e-5)
    variances = np.linalg.eigvalsh(np.cov(spread.T))
    assert variances == pytest.approx(np.linalg.eigvalsh(np.cov(points.T)) ** (1 - 2 * EXPONENT), rel=0.08)


def test_an_exponent_of_0_centres_alone() -> None:
    points = cloud(500)
    assert fit_whitening(points, exponent=0).spread(points) == pytest.approx(points - points.mean(axis=0), abs=1e-5)


def test_unrelated_points_it_was_not_fitted_to_are_at_right_angles() -> None:
    there = cloud(100, seed=2)
    before = there / np.linalg.norm(there, axis=1, keepdims=True)
    assert cosines(before.astype(np.float32)).min() > 0.8
    after = cosines(fit_whitening(cloud()).apply(there))
    assert abs(after.mean()) < 0.01
    assert after.std() < 0.13


def test_what_is_published_has_unit_length_in_float32_and_the_mean_itself_is_0() -> None:
    whitening = fit_whitening(cloud())
    made = whitening.apply(cloud(10, seed=3).reshape(2, 5, 128))
    assert (made.shape, made.dtype) == ((2, 5, 128), np.float32)
    assert np.linalg.norm(made, axis=2) == pytest.approx(np.ones((2, 5)), abs=1e-6)
    assert whitening.apply(whitening.mean).tolist() == [0.0] * 128


def test_length_is_all_that_is_taken_from_what_was_spread() -> None:
    whitening, vector = fit_whitening(cloud()), cloud(1, seed=4)[0]
    spread = whitening.spread(vector)
    assert whitening.apply(vector) == pytest.approx(spread / np.linalg.norm(spread), abs=1e-6)


@pytest.mark.parametrize("count", [20, 150, 2000])
def test_the_covariance_is_shrunk_as_by_scikit_learn(count: int) -> None:
    points = cloud(count, seed=5)
    shrunk, share = ledoit_wolf(points)
    assert 0 < share < 1
    matrix = fit_whitening(points, exponent=0.5).matrix.astype(np.float64)
    assert matrix @ shrunk @ matrix == pytest.approx(np.eye(128), abs=1e-3)


def test_directions_that_few_clips_do_not_have_are_not_blown_up() -> None:
    few = cloud(20)
    gains = np.linalg.eigvalsh(fit_whitening(few).matrix.astype(np.float64))
    assert gains.max() / gains.min() < 5


@pytest.mark.parametrize("points", [np.ones((1, 128)), np.ones((6, 128))])
def test_clips_that_are_all_alike_are_centred_alone(points: Floats) -> None:
    whitening = fit_whitening(points)
    assert whitening.matrix.tolist() == np.eye(128).tolist()
    assert whitening.spread(np.full(128, 3.0)).tolist() == [2.0] * 128


@pytest.mark.parametrize("points", [np.empty((0, 128)), np.ones(128)])
def test_nothing_to_fit_to_is_refused(points: Floats) -> None:
    with pytest.raises(ValueError, match="need vectors"):
        fit_whitening(points)


@pytest.mark.parametrize(
    ("mean", "matrix"),
    [
        (np.zeros(128), np.eye(127)),
        (np.zeros((1, 128)), np.eye(128)),
        (np.full(128, np.nan), np.eye(128)),
        (np.zeros(128), np.full((128, 128), np.inf)),
    ],
)
def test_constants_that_are_none_are_refused(mean: Floats, matrix: Floats) -> None:
    with pytest.raises(ValueError, match="has a whitening whose"):
        Whitening(mean.astype(np.float32), matrix.astype(np.float32))
