"""How good a head is said to be: asked about artists it never heard, and with figures that a hand can check."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from earmark.data.splits import NEVER_HELD_OUT
from earmark.errors import DataError
from earmark.listen.linear import KINDS, MULTI, NUMBER, SHARES, SINGLE
from earmark.teach.crossfit import (
    STRENGTHS,
    Question,
    Scores,
    best_strength,
    calibrate,
    figures,
    folds_of,
    score_out_of_fold,
    spearman,
)
from earmark.teach.fit import Penalty

Floats = NDArray[np.float64]
ARTISTS, EACH, VECTOR, VIEW = 12, 3, 5, 3
CLIPS = ARTISTS * EACH
LABELS = ("a", "b", "c")
PENALTY = Penalty(own=2.0, view=2.0)


def question(kind: str, *, seed: int = 0) -> tuple[Question, NDArray[np.float32]]:
    """Numbers from which the targets can be told, nearly."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(CLIPS, VECTOR + VIEW)).astype(np.float32)
    scores = numbers @ rng.normal(size=(VECTOR + VIEW, 3)) + 0.3 * rng.normal(size=(CLIPS, 3))
    targets = {
        SINGLE: np.eye(3)[scores.argmax(axis=1)],
        MULTI: (scores > 0).astype(float),
        SHARES: 1 / (1 + np.exp(-scores)),
        NUMBER: np.tanh(scores / 3),
    }[kind]
    artists = tuple(f"artist {number // EACH}" for number in range(CLIPS))
    return Question(kind, LABELS, targets, artists, VECTOR), numbers


def scored(asked: Question, numbers: NDArray[np.float32], *, seeds: int = 2) -> Scores:
    folds = [folds_of(asked, folds=4, seed=seed) for seed in range(seeds)]
    return score_out_of_fold(asked, lambda fold: numbers, folds, PENALTY)


def by_hand(kind: str, scores: Floats, targets: Floats, *, folds: int = 2) -> Scores:
    """Scores as they might have come, of an artist a clip."""
    count = len(scores)
    labels = tuple("abcdef"[: scores.shape[1]])
    asked = Question(kind, labels, targets, tuple(map(str, range(count))), 1)
    return Scores(
        asked,
        scores,
        targets,
        np.arange(count) % folds,
        np.zeros(count, np.int64),
        asked.artists,
        np.arange(count),
        (1.0,) * folds,
    )


def said_of(found: Scores) -> dict[str, Any]:
    """The figures, which have to be JSON that everything reads."""
    said = figures(found, rng=np.random.default_rng(0))
    json.dumps(said, allow_nan=False)
    return said


@pytest.mark.parametrize("kind", KINDS)
def test_no_artist_is_on_both_sides(kind: str) -> None:
    asked, _ = question(kind)
    for seed in range(3):
        folds, artists = folds_of(asked, seed=seed), np.array(asked.artists)
        assert set(folds) == set(range(5))
        for fold in range(5):
            assert not set(artists[folds == fold]) & set(artists[folds != fold])


def test_artists_who_share_a_billing_are_on_one_side() -> None:
    asked, _ = question(SINGLE)
    names = ("bob marley", "bob marley and the wailers", "the wailers", *map(str, range(CLIPS - 3)))
    folds = folds_of(replace(asked, artists=names))
    assert folds[0] == folds[1]


def test_there_are_as_many_folds_as_artists_where_these_are_few() -> None:
    asked, _ = question(SINGLE)
    few = replace(asked, artists=tuple(f"{number % 3}" for number in range(CLIPS)))
    assert set(folds_of(few)) == {0, 1, 2}
    with pytest.raises(DataError, match="All examples are by one artist") as caught:
        folds_of(replace(asked, artists=("me",) * CLIPS))
    assert "several artists" in caught.value.hint


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_clip_is_called_changes_nothing_of_what_is_said_of_it(kind: str) -> None:
    asked, numbers = question(kind)
    folds = [folds_of(asked, folds=4)]
    first = score_out_of_fold(asked, lambda fold: numbers, folds, PENALTY)
    held = folds[0] == 2
    targets = asked.targets.copy()
    targets[held] = targets[held][:, [1, 2, 0]] if kind == SINGLE else 1 - np.abs(targets[held])
    other = score_out_of_fold(replace(asked, targets=targets), lambda fold: numbers, folds, PENALTY)
    assert np.array_equal(other.scores[other.folds == 2], first.scores[first.folds == 2])
    assert not np.allclose(other.scores[other.folds != 2], first.scores[first.folds != 2])
    assert np.array_equal(first.targets[first.folds == 2], asked.targets[held])


def test_each_fold_is_heard_with_its_own_network() -> None:
    asked, numbers = question(NUMBER)
    folds = [folds_of(asked, folds=4)]
    asked_for: list[int] = []

    def numbers_of(fold: int) -> NDArray[np.float32]:
        asked_for.append(fold)
        return numbers * (2 if fold == 1 else 1)

    found = score_out_of_fold(asked, numbers_of, folds, PENALTY)
    assert asked_for == [0, 1, 2, 3]
    plain = score_out_of_fold(asked, lambda fold: numbers, folds, PENALTY)
    assert found.scores == pytest.approx(plain.scores, abs=1e-6)  # the unit of the numbers does not matter


def test_clips_that_are_never_held_out_are_learned_from_and_not_asked_of() -> None:
    asked, numbers = question(SINGLE)
    folds = folds_of(asked, folds=4)
    folds[folds == 3] = NEVER_HELD_OUT
    found = score_out_of_fold(asked, lambda fold: numbers, [folds], PENALTY)
    assert len(found.scores) == (folds != NEVER_HELD_OUT).sum()
    assert set(found.folds) == {0, 1, 2}
    without = asked.take(folds != NEVER_HELD_OUT)
    less = score_out_of_fold(
        without, lambda fold: numbers[folds != NEVER_HELD_OUT], [folds[folds != NEVER_HELD_OUT]], PENALTY
    )
    assert not np.allclose(less.scores, found.scores)


def test_parts_are_the_folds_of_each_seed_against_the_others_of_that_seed() -> None:
    asked, numbers = question(SINGLE)
    found = scored(asked, numbers)
    assert len(found.scores) == 2 * CLIPS
    parts = found.parts()
    assert len(parts) == 8
    for here, others in parts:
        assert not (here & others).any()
        assert (here | others).sum() == CLIPS
        mine = set(np.array(found.artists)[here])
        assert not mine & set(np.array(found.artists)[others])
    assert sum(here for here, _ in parts).tolist() == [1] * (2 * CLIPS)


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_be_told_is_told(kind: str) -> None:
    asked, numbers = question(kind)
    said = said_of(scored(asked, numbers))
    assert (said["n"], said["n_artists"], said["seeds"], said["folds"]) == (CLIPS, ARTISTS, 2, 4)
    if kind == SINGLE:
        assert said["accuracy"] > 0.7 > said["majority"]
        assert said["accuracy_when_answered"]["0.25"] >= said["accuracy_when_answered"]["1"]
        assert said["accuracy_when_answered"]["1"] == pytest.approx(said["accuracy"])
    elif kind == NUMBER:
        assert all(each["correlation"] > 0.7 and each["sign"] > 0.7 for each in said["numbers"].values())
    elif kind == MULTI:
        assert np.mean([each["auc"] for each in said["labels"].values()]) > 0.75
    else:
        assert all(each["spearman"] > 0.7 and each["mean_error"] < 0.25 for each in said["labels"].values())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_drawn_by_lot_cannot_be_told(kind: str) -> None:
    asked, numbers = question(kind)
    lot = replace(asked, targets=asked.targets[np.random.default_rng(4).permutation(CLIPS)])
    said = said_of(scored(lot, numbers, seeds=3))
    if kind == SINGLE:
        assert said["accuracy"] < 0.6
    elif kind == NUMBER:
        assert np.mean([each["correlation"] for each in said["numbers"].values()]) < 0.3
    elif kind == MULTI:
        assert np.mean([each["auc"] for each in said["labels"].values()]) < 0.65
    else:
        assert np.mean([each["spearman"] for each in said["labels"].values()]) < 0.3


def test_figures_of_one_label_are_those_of_a_hand() -> None:
    truth = np.array([0, 0, 0, 1, 1, 0, 0, 0, 1, 1])
    scores = np.zeros((10, 2))
    scores[np.arange(10), truth] = [9, 8, 7, 6, 5, 4, 3, -1, -2, 2]  # two of ten are wrong, the least sure ones
    said = said_of(by_hand(SINGLE, scores, np.eye(2)[truth]))
    assert said["accuracy"] == pytest.approx(0.8)
    assert said["balanced_accuracy"] == pytest.approx((5 / 6 + 3 / 4) / 2)
    assert said["majority"] == pytest.approx(0.6)
    assert said["accuracy_low"] < 0.8 < said["accuracy_high"]
    assert said["accuracy_when_answered"]["0.25"] == 1
    assert said["accuracy_when_answered"]["1"] == pytest.approx(0.8)


def test_figures_of_several_labels_are_those_of_a_hand() -> None:
    # Each clip is there twice, once a fold, so that both folds are calibrated alike.
    scores = np.repeat(np.array([[5.0], [4], [3], [2], [-2], [-3], [-4], [-5]]), 2, axis=0)
    yes = np.repeat(np.array([[1.0], [1], [1], [0], [1], [0], [0], [0]]), 2, axis=0)
    (said,) = said_of(by_hand(MULTI, scores, yes))["labels"].values()
    assert said["positives"] == 8
    assert said["accuracy"] == pytest.approx(0.75)
    assert said["auc"] == pytest.approx(15 / 16)


def test_figures_of_numbers_are_those_of_a_hand() -> None:
    truth = np.array([-1.0, -0.5, 0.5, 1.0, 0.2, -0.2])
    said = np.array([-5.0, -0.5, -0.5, 1.0, 0.2, -0.2])  # one on the wrong side; what is beyond -1 is -1
    (found,) = said_of(by_hand(NUMBER, said[:, None], truth[:, None]))["numbers"].values()
    assert found["sign"] == pytest.approx(5 / 6)
    assert found["correlation"] == pytest.approx(np.corrcoef(said.clip(-1, 1), truth)[0, 1])


def test_each_number_has_a_reach_of_its_own() -> None:
    errors = np.stack([np.tile([0.1, -0.1], 20), np.tile([0.4, -0.4], 20)], axis=1)
    found = by_hand(NUMBER, errors, np.zeros((40, 2)), folds=4)
    assert calibrate(NUMBER, found.scores, found.targets).reach == pytest.approx((0.1, 0.4))
    assert [each["coverage"] for each in said_of(found)["numbers"].values()] == [1.0, 1.0]
    wider = found.scores.copy()
    wider[::4, 1] = 0.9  # one fold errs more than the others, which cannot know
    said = said_of(replace(found, scores=wider))["numbers"]
    assert [each["coverage"] for each in said.values()] == [1.0, 0.75]


def test_figures_of_shares_are_those_of_a_hand() -> None:
    shares = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8])
    scores = np.log(shares / (1 - shares))
    (found,) = said_of(by_hand(SHARES, scores[:, None], shares[:, None]))["labels"].values()
    assert found["mean"] == pytest.approx(0.45)
    assert found["spearman"] == pytest.approx(1)
    assert found["mean_error"] < 0.05


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=30))
def test_rank_correlation_is_that_of_scipy_with_equal_values_too(pairs: list[tuple[int, int]]) -> None:
    first, second = np.array(pairs, np.float64).T
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        assert spearman(first, second) == 0
    else:
        assert spearman(first, second) == pytest.approx(scipy.stats.spearmanr(first, second).statistic, abs=1e-12)


def test_the_reach_is_that_of_nine_in_ten_and_one_more() -> None:
    far = np.arange(1, 20) / 20
    made = calibrate(NUMBER, far[:, None], np.zeros((19, 1)))
    assert made.reach == pytest.approx((0.9,))  # the 18th of 19
    assert calibrate(NUMBER, np.array([[3.0]] * 30), np.ones((30, 1))).reach == (0.0,)  # 3 is told as 1
    assert calibrate(NUMBER, np.zeros((4, 1)), np.full((4, 1), np.nan)).reach == (2.0,)


def test_the_reach_holds_the_truth_of_nine_in_ten_new_clips() -> None:
    rng, held = np.random.default_rng(0), []
    for _ in range(200):
        truth = rng.uniform(-0.5, 0.5, (40, 1))
        said = truth + rng.normal(scale=0.15, size=(40, 1))
        (reach,) = calibrate(NUMBER, said[:20], truth[:20]).reach
        held.append((np.abs(said[20:].clip(-1, 1) - truth[20:]) <= reach).mean())
    assert 0.89 < np.mean(held) < 0.94


def test_an_emotion_is_told_from_where_clearly_more_name_it_than_mostly_do() -> None:
    shares = np.array([[0.1], [0.1], [0.3], [0.3]])
    made = calibrate(SHARES, np.zeros((4, 1)), shares)
    assert made.told_from == pytest.approx((0.3,))
    assert len(made.lines) == 1
    assert calibrate(MULTI, np.zeros((4, 1)), np.round(shares)).told_from == (0.5,)


def test_a_set_of_half_of_the_labels_is_the_largest_answer() -> None:
    scores, truth = np.random.default_rng(0).normal(size=(40, 5)), np.eye(5)[np.arange(40) % 5]
    made = calibrate(SINGLE, scores, truth).calibration
    assert made is not None
    assert (made.max_set, made.level) == (2, 0.9)


def test_the_strength_is_the_one_that_others_are_told_best_with() -> None:
    asked, numbers = question(NUMBER)
    lot = replace(asked, targets=asked.targets[np.random.default_rng(4).permutation(CLIPS)])
    assert best_strength(lot, numbers, Penalty(5.0, 5.0)) == max(STRENGTHS)
    assert best_strength(asked, numbers, Penalty(20.0, 20.0)) == min(STRENGTHS)
    few = replace(asked, artists=tuple(str(number % 4) for number in range(CLIPS)))
    assert best_strength(few, numbers, Penalty(20.0, 20.0)) == 1.0


@pytest.mark.parametrize("kind", [MULTI, SHARES, NUMBER])
@pytest.mark.parametrize("case", ["never", "always", "one artist", "unknown elsewhere", "unknown"])
def test_labels_that_are_constant_or_unknown_in_a_fold_break_nothing(kind: str, case: str) -> None:
    asked, numbers = question(kind)
    targets = asked.targets.copy()
    mine = np.arange(CLIPS) < EACH
    targets[:, 1] = {"never": 0.0, "always": 1.0, "one artist": mine}.get(case, targets[:, 1])
    if case == "unknown elsewhere":
        targets[~mine, 1] = np.nan
    if case == "unknown":
        targets[~mine, 0] = np.nan  # so that each is known where the other is not
        targets[mine, 1] = np.nan
        targets[:3, 0] = [0, 1, 0]
        targets[3:6, 0] = [1, 0, 1]
    # Of so few artists no strength is chosen, which would take long and is the same sum.
    artists = tuple(f"artist {number // EACH % 5}" for number in range(CLIPS)) if case != "unknown" else asked.artists
    changed = replace(asked, targets=targets, artists=artists)
    found = scored(changed, numbers, seeds=1)
    assert np.isfinite(found.scores).all()
    assert set(said_of(found)["numbers" if kind == NUMBER else "labels"]) == set(LABELS)
    calibrate(kind, found.scores, found.targets)


def test_a_label_of_one_artist_alone_can_be_asked_of_nobody_and_breaks_nothing() -> None:
    asked, numbers = question(SINGLE)
    targets = asked.targets.copy()
    targets[:, 2] = 0
    targets[targets.sum(axis=1) == 0, 0] = 1
    targets[np.array(asked.artists) == "artist 3"] = [0, 0, 1]
    said = said_of(scored(replace(asked, targets=targets), numbers, seeds=1))
    assert 0 <= said["accuracy"] <= 1
