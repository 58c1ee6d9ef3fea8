"""Figures of a yes or a no: against scikit-learn, by hand, by law, and on bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn import metrics as oracle

from earmark.measure.binary import adaptive_ece, average_precision, roc_auc, weighted_roc_auc


def scored(seed: int, n: int = 120, *, levels: int = 12) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores on few levels, so that many are equal, and the truth, which goes with them."""
    rng = np.random.default_rng(seed)
    scores = rng.integers(levels, size=n) / levels
    positives = rng.random(n) < 0.2 + 0.5 * scores
    positives[:2] = True, False
    return scores, positives


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("levels", [2, 12, 10**6])
def test_figures_agree_with_scikit_learn_ties_and_all(seed: int, levels: int) -> None:
    scores, positives = scored(seed, levels=levels)
    assert roc_auc(scores, positives) == pytest.approx(oracle.roc_auc_score(positives, scores), abs=1e-12)
    assert average_precision(scores, positives) == pytest.approx(
        oracle.average_precision_score(positives, scores), abs=1e-12
    )


@pytest.mark.parametrize("seed", range(3))
def test_a_weighted_area_agrees_with_scikit_learn(seed: int) -> None:
    scores, positives = scored(seed)
    weights = np.random.default_rng(seed).integers(0, 4, (5, len(scores))).astype(float)
    expected = [oracle.roc_auc_score(positives, scores, sample_weight=row) for row in weights]
    np.testing.assert_allclose(weighted_roc_auc(scores, positives, weights), expected, atol=1e-12)


def test_a_weighting_without_a_yes_has_no_area() -> None:
    areas = weighted_roc_auc([0.1, 0.9, 0.5], [False, True, False], [[1, 0, 1], [1, 1, 1]])
    np.testing.assert_array_equal(areas, [np.nan, 1.0])


def test_golden_areas() -> None:
    assert roc_auc([1, 2, 3, 4], [False, False, True, True]) == 1.0
    assert roc_auc([1, 2, 3, 4], [True, True, False, False]) == 0.0
    assert roc_auc([5, 5, 5, 5], [True, False, True, False]) == 0.5
    assert roc_auc([1, 2, 2, 3], [False, False, True, True]) == pytest.approx(3.5 / 4)
    assert average_precision([3, 2, 1], [True, False, True]) == pytest.approx((1 + 2 / 3) / 2)


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(2, 50))
def test_only_the_order_of_scores_counts_and_turning_it_round_turns_the_area(seed: int, n: int) -> None:
    scores, positives = scored(seed, n)
    order = np.random.default_rng(seed).permutation(n)
    area = roc_auc(scores, positives)
    assert 0 <= area <= 1
    assert roc_auc(np.exp(3 * scores), positives) == pytest.approx(area)
    assert roc_auc(scores[order], positives[order]) == pytest.approx(area)
    assert roc_auc(-scores, positives) == pytest.approx(1 - area)
    assert positives.mean() / 2 <= average_precision(scores, positives) <= 1


def test_calibration_error_worked_out_by_hand() -> None:
    # Two bins of two: means 0.15 against 0.1, and 0.7 against 1.
    assert adaptive_ece([0.8, 0.1, 0.2, 0.6], [1, 0, 0.2, 1], bins=2) == pytest.approx((0.05 + 0.3) / 2)
    assert adaptive_ece([0.3], [1.0]) == pytest.approx(0.7)


def test_who_says_the_targets_themselves_has_no_error() -> None:
    shares = np.random.default_rng(0).random(200)
    assert adaptive_ece(shares, shares) == 0
    assert adaptive_ece(np.full(200, shares.mean()), shares, bins=1) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: roc_auc([], []), "scores must be"),
        (lambda: roc_auc([[1.0]], [[True]]), "scores must be"),
        (lambda: roc_auc([1.0, 2.0], [0, 1]), "bool"),
        (lambda: roc_auc([1.0, 2.0], [True]), "positives must be"),
        (lambda: roc_auc([np.nan, 2.0], [True, False]), "finite"),
        (lambda: roc_auc([1.0, 2.0], [True, True]), "a yes and a no"),
        (lambda: average_precision([1.0, 2.0], [False, False]), "a yes and a no"),
        (lambda: weighted_roc_auc([1.0, 2.0], [True, False], [1, 1]), "weights must be"),
        (lambda: adaptive_ece([], []), "probabilities must be"),
        (lambda: adaptive_ece([0.5], [0.5, 0.5]), "one length"),
        (lambda: adaptive_ece([0.5], [1.5]), "targets must be"),
        (lambda: adaptive_ece([np.nan], [0.5]), "from 0 to 1"),
        (lambda: adaptive_ece([0.5], [0.5], bins=0), "bins"),
    ],
)
def test_bad_input_is_named(call, words: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=words):
        call()


def test_items_without_weight_do_not_count_in_the_adaptive_error() -> None:
    shares, targets = np.array([0.1, 0.4, 0.5, 0.9]), np.array([0.0, 1.0, 1.0, 0.0])
    weights = np.array([2.0, 0.0, 0.0, 1.0])
    assert adaptive_ece(shares, targets, bins=4, weights=weights) == pytest.approx((2 * 0.1 + 0.9) / 3)
    assert adaptive_ece(shares, targets, bins=2, weights=np.ones(4)) == adaptive_ece(shares, targets, bins=2)
    for wrong in (np.zeros(4), -weights, np.ones(3)):
        with pytest.raises(ValueError, match="weights"):
            adaptive_ece(shares, targets, weights=wrong)


def test_yes_and_no_are_probabilities_too() -> None:
    assert adaptive_ece([True, False, True], [True, True, False], bins=3) == pytest.approx(2 / 3)
