"""The paired test and Holm's adjustment: by hand, by law, by simulation, and on bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.measure.comparison import holm, paired_test


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def unequal_artists(count: int = 30) -> list[str]:
    """Artists with 1, 2, 3, 1, 2, 3, ... clips, and one with 20."""
    sizes = [1 + number % 3 for number in range(count - 1)] + [20]
    return [f"artist {number}" for number, size in enumerate(sizes) for _ in range(size)]


@pytest.mark.parametrize(
    ("right_a", "right_b", "artists", "difference", "p"),
    [
        ([1, 1], [0, 0], "ab", 1.0, 2 / 4),  # all or none change sides: 2 of 4 worlds
        ([1, 1, 1], [0, 0, 0], "abc", 1.0, 2 / 8),
        ([1, 1, 1, 1], [0, 0, 0, 0], "aabb", 1.0, 2 / 4),  # clips of one artist count as one
        ([1, 1, 1, 0], [0, 0, 0, 1], "abcd", 0.5, 10 / 16),  # |sum| of 2 or more: all but the 6 of two and two
        ([1, 0, 0], [0, 0, 0], "abc", 1 / 3, 1.0),
        ([2 / 3, 1 / 3, 0], [0, 0, 1 / 3], "abc", 2 / 9, 6 / 8),  # thirds, with sums that tie
    ],
)
def test_small_cases_worked_out_by_hand(
    right_a: list[float], right_b: list[float], artists: str, difference: float, p: float
) -> None:
    result = paired_test(right_a, right_b, list(artists), rounds=20_000, rng=rng())
    assert result.difference == pytest.approx(difference, abs=1e-12)
    assert result.p == pytest.approx(p, abs=0.015)
    assert result.low <= result.difference <= result.high


def test_equal_systems_have_no_difference_and_a_p_of_one() -> None:
    artists = unequal_artists()
    right = rng(1).integers(2, size=len(artists))
    result = paired_test(right, right, artists, rounds=500, rng=rng())
    assert (result.difference, result.low, result.high, result.p) == (0.0, 0.0, 0.0, 1.0)


def test_a_clear_difference_has_the_smallest_p_there_is_and_never_0() -> None:
    artists = [str(number // 4) for number in range(400)]
    good, bad = rng(2).random(400) < 0.9, rng(3).random(400) < 0.3
    result = paired_test(good, bad, artists, rounds=999, rng=rng())
    assert result.p == 1 / 1000
    assert 0.4 < result.low < result.difference < result.high < 0.8


def test_one_large_artist_is_one_witness_and_proves_nothing() -> None:
    artists = ["large"] * 50 + [str(number) for number in range(20)]
    right_a = [1] * 50 + [0] * 20
    result = paired_test(right_a, [0] * 70, artists, rounds=2000, rng=rng())
    assert result.difference > 0.7
    assert result.p == 1.0


@pytest.mark.parametrize("seed", range(5))
def test_swapping_the_systems_negates_the_difference_and_keeps_p(seed: int) -> None:
    artists = unequal_artists()
    right_a, right_b = rng(seed).integers(4, size=(2, len(artists))) / 3
    there = paired_test(right_a, right_b, artists, rounds=600, rng=rng(9))
    back = paired_test(right_b, right_a, artists, rounds=600, rng=rng(9))
    assert back.p == there.p
    assert (back.difference, back.low, back.high) == pytest.approx((-there.difference, -there.high, -there.low))


def test_the_order_of_the_clips_changes_nothing() -> None:
    artists = unequal_artists()
    right_a, right_b = rng(4).integers(2, size=(2, len(artists)))
    order = rng(5).permutation(len(artists))
    there = paired_test(right_a, right_b, artists, rounds=600, rng=rng())
    mixed = paired_test(right_a[order], right_b[order], [artists[i] for i in order], rounds=600, rng=rng())
    assert mixed.p == there.p
    assert (mixed.low, mixed.high) == pytest.approx((there.low, there.high))


def test_signs_are_drawn_in_blocks_without_harm(monkeypatch: pytest.MonkeyPatch) -> None:
    artists = unequal_artists()
    right_a, right_b = rng(6).integers(2, size=(2, len(artists)))
    whole = paired_test(right_a, right_b, artists, rounds=4000, rng=rng())
    monkeypatch.setattr("earmark.measure.comparison.SIGNS_AT_ONCE", 30 * 7)
    assert paired_test(right_a, right_b, artists, rounds=4000, rng=rng()).p == pytest.approx(whole.p, abs=0.03)


def test_of_systems_that_are_equal_about_5_in_100_seem_different() -> None:
    artists = unequal_artists()
    _, family = np.unique(artists, return_inverse=True)
    found_paired, found_naive = 0, 0
    for seed in range(400):
        draws = rng(1000 + seed)
        # Each system has its own liking of each artist: clips of an artist are right or wrong together.
        shares = draws.beta(0.6, 0.4, size=(2, family.max() + 1))[:, family]
        right_a, right_b = draws.random((2, len(artists))) < shares
        found_paired += paired_test(right_a, right_b, artists, rounds=199, rng=draws).p <= 0.05
        alone = [str(clip) for clip in range(len(artists))]
        found_naive += paired_test(right_a, right_b, alone, rounds=199, rng=draws).p <= 0.05
    assert 0.025 <= found_paired / 400 <= 0.08  # 0.05 plus or minus about 2.5 standard errors
    assert found_naive / 400 > 0.15  # clips taken for independent: what whole artists are there to avoid


def test_holm_worked_out_by_hand() -> None:
    # In order 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1: 0.02, 0.03, 0.06, and 0.04 held at 0.06.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02), abs=1e-12)


def test_holm_stops_at_one_and_leaves_a_single_test_alone() -> None:
    assert holm([0.6, 0.7]) == (1.0, 1.0)
    assert holm([0.2]) == (0.2,)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_holm_keeps_the_order_and_lies_between_the_raw_value_and_bonferroni(p_values: list[float]) -> None:
    adjusted = np.array(holm(p_values))
    raw = np.array(p_values)
    assert (adjusted >= raw).all()
    assert (adjusted <= np.minimum(1, raw * len(raw)) + 1e-12).all()
    assert (np.diff(adjusted[np.argsort(raw, kind="stable")]) >= 0).all()


@pytest.mark.parametrize(
    ("right_a", "right_b", "artists", "options", "words"),
    [
        ([], [], [], {}, "right_a must be"),
        ([[1.0]], [1.0], ["a"], {}, r"not \(1, 1\)"),
        ([1.0, 0.0], [1.0], ["a", "b"], {}, "one length"),
        ([1.0, 0.0], [1.0, 0.0], ["a"], {}, "one length"),
        ([1.0, np.nan], [1.0, 0.0], ["a", "b"], {}, "right_a must be shares"),
        ([1.0, 0.0], [1.0, 2.0], ["a", "b"], {}, "right_b must be shares"),
        ([1.0, 0.0], [1.0, 0.0], ["a", "a"], {}, "two artists"),
        ([1.0, 0.0], [1.0, 0.0], ["a", "b"], {"rounds": 0}, "rounds"),
    ],
)
def test_bad_comparisons_are_named(right_a: list, right_b: list, artists: list, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        paired_test(right_a, right_b, artists, rng=rng(), **options)


@pytest.mark.parametrize(
    ("p_values", "words"),
    [([], "m of at least 1"), ([[0.1]], r"\(1, 1\)"), ([0.1, 1.1], "0 to 1"), ([-0.1], "0 to 1"), ([np.nan], "0 to 1")],
)
def test_bad_p_values_are_named(p_values: list, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        holm(p_values)
