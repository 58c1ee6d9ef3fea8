"""Distances of distributions: laws, hand-made values, and what each does with few vectors."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.measure.distances import SCALE, frechet_distance, kernel_distance


def test_two_samples_of_one_distribution_are_as_often_nearer_than_nothing_as_farther() -> None:
    rng = np.random.default_rng(0)
    found = [kernel_distance(rng.normal(size=(20, 5)), rng.normal(size=(25, 5))) for _ in range(300)]
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(300)
    assert 0.3 < np.mean(np.array(found) < 0) < 0.7


def test_the_kernel_distance_is_what_a_hand_counts() -> None:
    reference, made = np.array([[0.0], [2.0]]), np.array([[0.0], [1.0]])
    width = 4.0  # the one squared distance within the reference
    kernel = lambda squared: np.exp(-squared / (2 * width))  # noqa: E731 - as on paper
    across = (kernel(0) + kernel(4) + kernel(1) + kernel(1)) / 4
    assert kernel_distance(made, reference) == pytest.approx(SCALE * (kernel(1) + kernel(4) - 2 * across))


@settings(max_examples=20)
@given(st.integers(0, 1000), st.floats(0.5, 4))
def test_what_is_moved_further_is_further_by_both(seed: int, shift: float) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.normal(size=(60, 3)), rng.normal(size=(60, 3))
    assert kernel_distance(one + 2 * shift, other) > kernel_distance(one + shift / 4, other)
    assert frechet_distance(one + 2 * shift, other) > frechet_distance(one + shift / 4, other)


def test_the_frechet_distance_is_that_of_two_normals_and_none_to_itself() -> None:
    rng = np.random.default_rng(0)
    one = rng.normal(size=(50_000, 2)) * [1.0, 2.0]
    other = rng.normal(size=(50_000, 2)) * [3.0, 2.0] + [1.0, 0.0]
    assert frechet_distance(one, other) == pytest.approx(1 + (3 - 1) ** 2, rel=0.03)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-8)


def test_the_frechet_distance_of_few_vectors_is_too_large_which_the_kernel_distance_is_not() -> None:
    rng = np.random.default_rng(1)
    assert frechet_distance(rng.normal(size=(15, 10)), rng.normal(size=(15, 10))) > 3
    assert abs(kernel_distance(rng.normal(size=(15, 10)), rng.normal(size=(15, 10)))) < 0.1 * SCALE


@pytest.mark.parametrize("few", [np.zeros((1, 3)), np.zeros(3), np.zeros((0, 3))])
def test_fewer_than_two_vectors_have_no_distance(few: np.ndarray) -> None:  # type: ignore[type-arg]
    for distance in (kernel_distance, frechet_distance):
        with pytest.raises(ValueError, match="at least two"):
            distance(few, np.zeros((4, 3)))
