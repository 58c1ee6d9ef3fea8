"""How sure a kernel distance is: as sure as it is when all is drawn again."""

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark.evaluate.generated.figures import wilson
from earmark.evaluate.generated.resampling import kernel_range, p_farther
from earmark.measure.distances import kernel_distance

Floats = NDArray[np.float64]
COUNT = 32


def drawn(rng: np.random.Generator, *, away: float, alike: int = 1) -> Floats:
    """Vectors of which so many after each other are nearly the same."""
    folders = np.repeat(rng.normal(size=(COUNT // alike, 3)), alike, axis=0)
    return folders + 0.1 * rng.normal(size=(COUNT, 3)) + away


@pytest.mark.parametrize("alike", [1, 4])
def test_a_range_is_as_wide_as_distances_of_new_draws_differ(alike: int) -> None:
    rng = np.random.default_rng(0)
    names = [f"{number // alike}" for number in range(COUNT)]
    pairs = [(drawn(rng, away=1.0, alike=alike), drawn(rng, away=0.0, alike=alike)) for _ in range(150)]
    low, high = np.quantile([kernel_distance(*pair) for pair in pairs], [0.025, 0.975])
    widths = [np.diff(kernel_range(*pair, names, names, rng))[0] for pair in pairs[:12]]
    assert np.mean(widths) == pytest.approx(high - low, rel=0.3)


def test_a_range_of_few_clips_or_of_one_folder_is_one() -> None:
    rng = np.random.default_rng(0)
    for names in (["a", "b"], ["a", "a"]):
        low, high = kernel_range(rng.normal(size=(2, 3)), rng.normal(size=(2, 3)), names, names, rng)
        assert low <= high
    with pytest.raises(ValueError, match="at least two"):
        kernel_range(np.zeros((1, 3)), np.zeros((2, 3)), ["a"], ["a", "b"], rng)


def test_what_is_farther_is_told_from_what_is_not_and_folders_are_exchanged_whole() -> None:
    rng = np.random.default_rng(3)
    each = [str(number) for number in range(COUNT)]
    found = [p_farther(*(drawn(rng, away=0.0) for _ in range(3)), each, rng) or 0.0 for _ in range(12)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.2)  # what is no farther has any p as often as another
    reference, real, far = (drawn(rng, away=away) for away in (0.0, 0.0, 1.0))
    assert p_farther(far, real, reference, each, rng) == pytest.approx(1 / 301)
    two = p_farther(far, real, reference, ["a", "b"] * (COUNT // 2), rng)
    assert two == pytest.approx(0.25, abs=0.1)  # four exchanges, of which one is as far
    assert p_farther(far[:1], real[:1], reference, ["a"], rng) is None


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"), [(19, 20, 0.764, 0.991), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0)]
)
def test_a_share_has_an_interval_of_wilson(hits: int, of: int, low: float, high: float) -> None:
    assert wilson(hits, of) == [low, high]
    assert wilson(0, 0) is None
