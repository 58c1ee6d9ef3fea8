"""How vectors lie in their space: values known beforehand, and what must not change them."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.measure.spaces import active_numbers, axes_used, hoyer, share_of_zeros

EACH = [active_numbers, axes_used, hoyer, share_of_zeros]


def cloud(spreads: list[float], n: int = 4000) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(n, len(spreads))) * spreads


def test_numbers_that_hardly_vary_are_not_active() -> None:
    assert active_numbers(cloud([1, 1, 1, 0.05])) == 3
    assert active_numbers(cloud([1, 1, 1, 0.5])) == 4


def test_axes_are_as_many_as_share_the_variance_whichever_way_they_point() -> None:
    vectors = cloud([1, 1, 0, 0])
    assert axes_used(vectors) == pytest.approx(2, abs=0.02)
    assert axes_used(cloud([3, 0.01, 0.01])) == pytest.approx(1, abs=0.01)
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(4, 4)))[0]
    assert axes_used(vectors @ turn) == pytest.approx(axes_used(vectors))
    assert active_numbers(vectors @ turn) == 4
    assert axes_used(np.ones((3, 3))) == 0


def test_hoyers_measure_is_1_for_one_number_and_0_for_all_alike() -> None:
    assert hoyer([[0, 0, 7.0], [0, -2.0, 0]]) == pytest.approx(1)
    assert hoyer([[1, 1, -1.0], [5.0, 5, 5]]) == pytest.approx(0)
    assert hoyer([[3.0, 4.0], [3.0, 4.0]]) == pytest.approx((np.sqrt(2) - 7 / 5) / (np.sqrt(2) - 1))
    assert hoyer(np.zeros((2, 3))) == pytest.approx(1)
    assert share_of_zeros([[0, 1.0], [0, 1e-30]]) == 0.5


@given(st.floats(1e-3, 1e3))
def test_scale_changes_nothing(scale: float) -> None:
    vectors = cloud([2, 1, 0.5], n=50)
    for figure in EACH:
        assert figure(scale * vectors) == pytest.approx(figure(vectors))


@pytest.mark.parametrize("figure", EACH)
@pytest.mark.parametrize("vectors", [[1.0, 2.0], [[1.0], [2.0]], [[1.0, 2.0]], [[1.0, np.nan], [0.0, 1.0]]], ids=str)
def test_what_are_no_vectors_is_refused(figure: Callable[..., float], vectors: list[object]) -> None:
    with pytest.raises(ValueError, match="vectors must be"):
        figure(vectors)
