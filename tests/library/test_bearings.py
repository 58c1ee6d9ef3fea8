"""What a plane goes with: rank correlations as SciPy has them, ends of axes, and regions with their words."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from earmark.library.bearings import Bearing, Column, along, bearings, correlation, k_means, regions

METAL, ROCK, TAG_ROCK, PIANO = (
    Column("genres", "metal"),
    Column("genres", "rock"),
    Column("style", "rock"),
    Column("instrument", "piano"),
)


@pytest.mark.parametrize("steps", [1000, 4, 2])
def test_correlations_are_those_of_scipy_with_ties_and_without(steps: int) -> None:
    rng = np.random.default_rng(0)
    one = rng.integers(0, steps, 200).astype(float)
    other = one + rng.normal(0, steps / 2, 200)
    assert correlation(one, other) == pytest.approx(spearmanr(one, other).statistic)
    assert correlation(one, -other) == pytest.approx(-spearmanr(one, other).statistic)


def test_what_is_not_told_has_no_part_and_what_is_told_of_few_goes_with_nothing() -> None:
    one = np.arange(30.0)
    other = np.where(np.arange(30) % 2, np.nan, one)
    assert correlation(one, other) == pytest.approx(1)
    assert correlation(one, np.where(np.arange(30) < 9, one, np.nan)) == 0
    assert correlation(one, np.ones(30)) == 0


def test_bearings_say_both_axes_of_every_answer() -> None:
    rng = np.random.default_rng(1)
    positions = rng.normal(size=(400, 2))
    answers = np.stack([positions[:, 0], -positions[:, 1]], axis=1)
    found = bearings(positions, answers, [METAL, PIANO])
    assert [each.column for each in found] == [METAL, PIANO]
    assert (found[0].right, found[1].up) == (pytest.approx(1), pytest.approx(-1))
    assert abs(found[0].up) < 0.15
    assert found[0].to_dict() == {"group": "genres", "name": "metal", "right": found[0].right, "up": found[0].up}


def test_the_ends_of_an_axis_have_the_strongest_first_each_name_once_and_nothing_weak() -> None:
    found = [Bearing(METAL, 0.5, 0), Bearing(ROCK, 0.6, 0), Bearing(TAG_ROCK, 0.7, 0), Bearing(PIANO, -0.3, 0.1)]
    left, right = along(found, "right")
    assert [(each.column, each.right) for each in right] == [(TAG_ROCK, 0.7), (METAL, 0.5)]
    assert [each.column for each in left] == [PIANO]
    assert along(found, "up") == ([], [])


def corners() -> tuple[np.ndarray, np.ndarray]:
    """400 places around four corners; metal in the first, piano in the second and a little in the third."""
    rng = np.random.default_rng(0)
    member = np.arange(400) % 4
    places = np.array([[-1, -1], [1, 1], [1, -1], [-1, 1]])[member] + rng.normal(0, 0.1, (400, 2))
    answers = 0.02 * rng.random((400, 3))
    answers[member == 0, 0] += 0.8
    answers[member == 1, 2] += 0.6
    answers[member == 2, 2] += 0.3
    return places, answers


def test_regions_are_named_after_what_is_heard_there_more_than_elsewhere() -> None:
    places, answers = corners()
    found = regions(places, answers, [METAL, ROCK, PIANO], count=4)
    by_name = {region.words[0].column.name: region for region in found}
    assert by_name["metal"].count == 100
    assert (by_name["metal"].x, by_name["metal"].y) == (pytest.approx(-1, abs=0.1), pytest.approx(-1, abs=0.1))
    assert by_name["metal"].words[0].here == pytest.approx(0.81, abs=0.02)
    assert by_name["metal"].words[0].overall == pytest.approx(0.21, abs=0.02)
    assert len(found) == 2  # of the fourth corner nothing is told, of the third too little


def test_a_region_is_named_after_a_style_first_and_one_thing_that_is_heard() -> None:
    places, answers = corners()
    answers[:, 2] = answers[:, 0]
    (region,) = regions(places, answers, [METAL, TAG_ROCK, PIANO], count=4)
    assert [word.column.name for word in region.words] == ["metal", "piano"]


def test_regions_with_hardly_an_entry_are_left_out() -> None:
    places = np.concatenate([np.zeros((50, 2)), [[9.0, 9.0]]])
    answers = np.zeros((51, 1))
    answers[50] = 1
    assert regions(places, answers, [METAL], count=2) == []


def test_k_means_finds_corners_and_never_more_parts_than_places() -> None:
    places, _ = corners()
    member, middles = k_means(places, 4)
    assert np.bincount(member).tolist() == [100] * 4
    assert len(k_means(np.zeros((5, 2)), 3)[1]) == 1
    assert np.array_equal(k_means(places, 4)[0], member)
    assert len(middles) == 4
