"""Genres and "none of these" as one answer: calibrated together, measured, and no row in its own calibration."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from sklearn import metrics as oracle

from earmark.errors import DataError
from earmark.evaluate.whole import Judged, cross_fit, figures, fit_outside, mix_weights, share_outside
from earmark.listen.calibrate import softmax

GENRES = 4
CLIPS = 1200
ARTISTS = [f"artist {clip % 240}" for clip in range(CLIPS)]
FOLDS = np.arange(CLIPS) % 240 % 5


def judged(*, seed: int = 0, **changes: Any) -> Judged:
    """Genres drawn from what the logits say at temperature 2; a third outside, told by a quarter of honest logits."""
    rng = np.random.default_rng(seed)
    logits = 4 * rng.normal(size=(CLIPS, GENRES))
    chances = softmax(logits / 2)
    truth = (chances.cumsum(axis=1) > rng.random((CLIPS, 1))).argmax(axis=1)
    away = rng.random(CLIPS) < 1 / 3
    made = Judged(
        logits=logits,
        # Two normal laws of deviation 1, 2 apart: the honest logit is 2 * x plus a constant.
        outside=(rng.normal(size=CLIPS) + 2 * away) / 4,
        allowed=np.eye(GENRES, dtype=bool)[truth] & ~away[:, np.newaxis],
        artists=ARTISTS,
        folds=FOLDS,
        seeds=np.zeros(CLIPS, dtype=np.int64),
    )
    return replace(made, **changes)


def measured(answers: Judged, **options: Any) -> Any:
    return fit_outside(answers, rounds=100, rng=np.random.default_rng(0), **options)


def test_the_whole_answer_is_calibrated_and_measured() -> None:
    answers = judged()
    found, away = measured(answers, share=1 / 3), answers.is_outside
    assert found.calibration.slope == pytest.approx(8, rel=0.2)
    assert found.auc == pytest.approx(oracle.roc_auc_score(away, answers.outside), abs=0.01)
    assert found.auc_low < found.auc < found.auc_high
    assert found.calibration_error < 0.06
    assert found.whole
    assert found.whole.ece < 0.06
    assert found.whole.ece_low < found.whole.ece_high
    assert found.whole.coverage_low < found.whole.coverage < found.whole.coverage_high
    assert (found.n, found.n_outside, found.n_artists) == (CLIPS, away.sum(), 240)
    assert (found.whole.n, found.whole.n_outside) == (CLIPS, away.sum())
    first = cross_fit(answers, share=1 / 3).probabilities.argmax(axis=1) == GENRES
    assert (found.detected, found.false_alarms) == (first[away].mean(), first[~away].mean())


def test_answers_sum_to_one_and_the_genres_given_one_of_them_are_at_the_temperature_of_the_others() -> None:
    answers = judged()
    told = cross_fit(answers)
    np.testing.assert_allclose(told.probabilities.sum(axis=1), 1, atol=1e-12)
    alone = told.probabilities[:, :-1] / told.probabilities[:, :-1].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(alone, softmax(answers.logits / 2), atol=0.06)
    assert np.array_equal(alone.argmax(axis=1), answers.logits.argmax(axis=1))


@pytest.mark.parametrize("share", [0.1, 1 / 3, 0.6])
def test_sets_hold_the_true_answer_as_often_as_promised_in_the_mix_that_is_asked_for(share: float) -> None:
    held, errors = [], []
    for seed in range(20):
        answers = judged(seed=seed)
        told = cross_fit(answers, share=share)
        found = figures(answers, told, answers.exact, share=share, rounds=2, rng=np.random.default_rng(0))
        held.append(found.coverage)
        errors.append(np.average(told.probabilities[:, -1], weights=mix_weights(answers.allowed, share)) - share)
    assert 0.89 < np.mean(held) < 0.92
    assert abs(np.mean(errors)) < 0.01


def test_the_more_is_outside_the_more_often_none_of_these_is_said() -> None:
    few, many = measured(judged(), share=0.05), measured(judged(), share=0.5)
    assert few.detected < many.detected
    assert few.false_alarms < many.false_alarms


def test_the_labels_of_a_fold_do_not_reach_its_own_answers() -> None:
    answers, here = judged(), FOLDS == 2
    allowed = answers.allowed.copy()
    allowed[here] = np.eye(GENRES, dtype=bool)[0]
    before, after = cross_fit(answers), cross_fit(replace(answers, allowed=allowed))
    assert np.array_equal(before.probabilities[here], after.probabilities[here])
    assert np.array_equal(before.sets[here], after.sets[here])
    assert not np.array_equal(before.probabilities[~here], after.probabilities[~here])


def test_clips_that_may_be_several_genres_count_for_the_line_and_not_for_sets_and_figures() -> None:
    answers = judged()
    partial = answers.allowed.any(axis=1) & (np.arange(CLIPS) % 3 == 0)
    allowed = answers.allowed | partial[:, np.newaxis]
    found = measured(replace(answers, allowed=allowed))
    assert found.whole
    assert (found.n, found.whole.n) == (CLIPS, CLIPS - partial.sum())
    assert found.calibration.slope == pytest.approx(measured(answers).calibration.slope, rel=0.01)
    assert found.set_quantile != measured(answers).set_quantile


def test_clips_that_are_told_apart_without_error_leave_finite_figures() -> None:
    answers = judged()
    found = measured(replace(answers, outside=np.where(answers.is_outside, 5.0, -5.0)))
    assert (found.auc, found.detected, found.false_alarms) == (1.0, 1.0, 0.0)
    assert np.isfinite([found.calibration.slope, found.calibration.offset, found.set_quantile]).all()


def test_weights_bring_the_clips_to_the_mix_and_have_a_mean_of_1() -> None:
    allowed = np.array([[False, False], [True, False], [True, False], [False, True]])
    assert mix_weights(allowed, 0.4) == pytest.approx([1.6, 0.6, 0.6, 1.2])
    assert mix_weights(allowed) == pytest.approx([4 / 3, 2 / 3, 2 / 3, 4 / 3])  # a third each
    assert share_outside(2) == pytest.approx(1 / 3)
    assert mix_weights(allowed[1:], 0.4) == pytest.approx([0.75, 0.75, 1.5])
    assert mix_weights(allowed[:1].repeat(3, axis=0), 0.4).tolist() == [1, 1, 1]
    either = np.array([[True, True], [True, False], [False, True]])
    assert mix_weights(either, 0.4) == pytest.approx([1, 1, 1])


def test_only_loose_genres_get_an_offset_and_it_undoes_what_was_taken_from_them() -> None:
    plain = judged()
    shy = replace(plain, logits=plain.logits - np.array([0, 0, 3, 0]), loose=np.array([False, False, True, False]))
    found = measured(shy)
    assert found.offsets[0] == found.offsets[1] == found.offsets[3] == 0
    assert 2 < found.offsets[2] < 3.5
    assert found.whole
    without = measured(replace(shy, loose=None))
    assert without.whole
    assert found.whole.mean_set_size < without.whole.mean_set_size - 0.1
    assert measured(plain).offsets == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"outside": np.zeros((CLIPS, 1))}, "do not fit"),
        ({"allowed": np.zeros((CLIPS, GENRES), dtype=bool)}, "one fold"),
        ({"allowed": np.arange(CLIPS)[:, np.newaxis].repeat(GENRES, axis=1) % 3 > 0}, "fit the temperature"),
        ({"folds": np.zeros(CLIPS, dtype=int)}, "two folds"),
        ({"artists": ["one"] * CLIPS}, "two artists"),
        ({"artists": ["one"]}, "do not fit"),
    ],
)
def test_what_cannot_be_measured_is_refused_in_words(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        measured(judged(**changes))
