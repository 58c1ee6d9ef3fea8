"""One layer in closed form: held against scikit-learn, and what must not matter."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression, Ridge

from earmark.listen.calibrate import sigmoid, softmax
from earmark.listen.linear import MULTI, NUMBER, SHARES, SINGLE
from earmark.teach.fit import Penalty, fit_layer

Floats = NDArray[np.float64]
CLIPS, VECTOR, VIEW, LABELS = 80, 6, 4, 3
PENALTY = Penalty(own=5.0, view=3.0, share=0.5)
RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(CLIPS, VECTOR + VIEW)) * RNG.uniform(0.1, 9, VECTOR + VIEW) + RNG.normal(size=VECTOR + VIEW)
SCORES = (NUMBERS / NUMBERS.std(axis=0)) @ RNG.normal(size=(VECTOR + VIEW, LABELS)) + RNG.normal(size=(CLIPS, LABELS))
ONE_HOT = np.eye(LABELS)[SCORES.argmax(axis=1)]
SOFT = sigmoid(SCORES)
PLACES = np.tanh(SCORES)
WEIGHTS = RNG.uniform(0.2, 3, CLIPS)


def standard(numbers: Floats, loads: Floats) -> Floats:
    """Of mean 0 and deviation 1, each by itself."""
    moved = numbers - np.average(numbers, axis=0, weights=loads)
    return moved / np.sqrt(np.average(moved**2, axis=0, weights=loads))


def logistic(inputs: Floats, target: Floats, loads: Floats, ridge: float) -> Floats:
    """Chances by scikit-learn of one column, of targets between 0 and 1: a yes and a no of each clip."""
    twice, answers = np.concatenate([inputs, inputs]), np.repeat([1, 0], len(inputs))
    model = LogisticRegression(C=1 / ridge, tol=1e-10, max_iter=5000)
    model.fit(twice, answers, sample_weight=np.concatenate([loads * target, loads * (1 - target)]))
    return np.asarray(model.predict_proba(inputs)[:, 1])


@pytest.mark.parametrize("loads", [np.ones(CLIPS), WEIGHTS], ids=["alike", "weighed"])
def test_one_of_some_labels_is_told_as_by_scikit_learn(loads: Floats) -> None:
    numbers = NUMBERS[:, :VECTOR]
    layer = fit_layer(numbers, ONE_HOT, kind=SINGLE, own=VECTOR, weights=loads, penalty=PENALTY)
    inputs = standard(numbers, loads)
    model = LogisticRegression(C=1 / PENALTY.own, tol=1e-10, max_iter=5000)
    model.fit(inputs, ONE_HOT.argmax(axis=1), sample_weight=loads)
    assert softmax(layer.scores(numbers)) == pytest.approx(model.predict_proba(inputs), abs=1e-3)


@pytest.mark.parametrize("kind", [MULTI, SHARES])
@pytest.mark.parametrize("loads", [np.ones(CLIPS), WEIGHTS], ids=["alike", "weighed"])
def test_each_label_for_itself_is_told_as_by_scikit_learn_of_shares_too(kind: str, loads: Floats) -> None:
    numbers = NUMBERS[:, :VECTOR]
    layer = fit_layer(numbers, SOFT, kind=kind, own=VECTOR, weights=loads, penalty=PENALTY)
    inputs, found = standard(numbers, loads), sigmoid(layer.scores(numbers))
    for place in range(LABELS):
        wanted = logistic(inputs, SOFT[:, place], loads, PENALTY.own)
        assert found[:, place] == pytest.approx(wanted, abs=1e-3)


@pytest.mark.parametrize("loads", [np.ones(CLIPS), WEIGHTS], ids=["alike", "weighed"])
def test_numbers_are_told_as_by_scikit_learn(loads: Floats) -> None:
    numbers = NUMBERS[:, :VECTOR]
    layer = fit_layer(numbers, PLACES, kind=NUMBER, own=VECTOR, weights=loads, penalty=PENALTY)
    model = Ridge(alpha=PENALTY.own).fit(standard(numbers, loads), PLACES, sample_weight=loads)
    assert layer.scores(numbers) == pytest.approx(model.predict(standard(numbers, loads)), abs=1e-9)


def test_the_views_chances_are_added_to_the_vectors_by_their_share() -> None:
    first = fit_layer(NUMBERS[:, :VECTOR], ONE_HOT, kind=SINGLE, own=VECTOR, penalty=PENALTY)
    both = fit_layer(NUMBERS, ONE_HOT, kind=SINGLE, own=VECTOR, penalty=PENALTY)
    view = NUMBERS[:, VECTOR:]
    whole = (view - view.mean(axis=0)) / np.sqrt((view.std(axis=0) ** 2).mean())  # one spread for all of the view
    model = LogisticRegression(C=1 / PENALTY.view, tol=1e-10, max_iter=5000).fit(whole, ONE_HOT.argmax(axis=1))
    added = both.scores(NUMBERS) - first.scores(NUMBERS[:, :VECTOR])
    wanted = PENALTY.share * model.decision_function(whole)
    moved = added - added.mean(axis=1, keepdims=True), wanted - wanted.mean(axis=1, keepdims=True)
    assert moved[0] == pytest.approx(moved[1], abs=5e-3)
    # A token is told by the vector alone.
    assert np.array_equal(both.token_weights, first.weights)
    assert np.array_equal(both.token_offsets, first.offsets)


def test_numbers_are_the_mean_of_what_vector_and_view_say() -> None:
    first = fit_layer(NUMBERS[:, :VECTOR], PLACES, kind=NUMBER, own=VECTOR, penalty=PENALTY)
    both = fit_layer(NUMBERS, PLACES, kind=NUMBER, own=VECTOR, penalty=PENALTY)
    view = NUMBERS[:, VECTOR:]
    whole = (view - view.mean(axis=0)) / np.sqrt((view.std(axis=0) ** 2).mean())
    second = Ridge(alpha=PENALTY.view).fit(whole, PLACES).predict(whole)
    wanted = (first.scores(NUMBERS[:, :VECTOR]) + PENALTY.share * second) / (1 + PENALTY.share)
    assert both.scores(NUMBERS) == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize(("kind", "targets"), [(SINGLE, ONE_HOT), (SHARES, SOFT), (NUMBER, PLACES)])
def test_the_scale_of_the_numbers_and_where_they_lie_do_not_matter(kind: str, targets: Floats) -> None:
    # Of the view it is one scale for all of it.
    scales = np.concatenate([[1e-3, 1e4, 1, 50, 0.2, -7], np.full(VIEW, 300.0)])
    other = NUMBERS * scales + 40
    one = fit_layer(NUMBERS, targets, kind=kind, own=VECTOR, penalty=PENALTY)
    same = fit_layer(other, targets, kind=kind, own=VECTOR, penalty=PENALTY)
    assert same.scores(other) == pytest.approx(one.scores(NUMBERS), abs=1e-3)


@pytest.mark.parametrize(("kind", "targets"), [(SHARES, SOFT), (MULTI, np.round(SOFT)), (NUMBER, PLACES)])
def test_what_is_not_known_of_a_label_counts_for_nothing_and_leaves_the_others_alone(
    kind: str, targets: Floats
) -> None:
    numbers, holes = NUMBERS[:, :VECTOR], targets.copy()
    holes[::3, 0] = np.nan
    holed = fit_layer(numbers, holes, kind=kind, own=VECTOR, penalty=PENALTY)
    whole = fit_layer(numbers, targets, kind=kind, own=VECTOR, penalty=PENALTY)
    assert holed.scores(numbers)[:, 1:] == pytest.approx(whole.scores(numbers)[:, 1:], abs=1e-9)
    assert np.isfinite(holed.scores(numbers)).all()
    moved = targets.copy()
    moved[::3, 0] = np.nan
    moved[1::3, 0] = 1 - moved[1::3, 0]
    other = fit_layer(numbers, moved, kind=kind, own=VECTOR, penalty=PENALTY)
    assert np.abs(other.scores(numbers)[:, 0] - holed.scores(numbers)[:, 0]).max() > 0.1


@pytest.mark.parametrize("kind", [SHARES, MULTI, NUMBER])
def test_of_a_label_of_which_nothing_is_known_nothing_is_said(kind: str) -> None:
    holes = np.round(SOFT)
    holes[:, 1] = np.nan
    layer = fit_layer(NUMBERS, holes, kind=kind, own=VECTOR, penalty=PENALTY)
    assert layer.scores(NUMBERS)[:, 1].tolist() == [0.0] * CLIPS
    assert np.isfinite(layer.scores(NUMBERS)).all()


@pytest.mark.parametrize(("kind", "targets"), [(SINGLE, ONE_HOT), (SHARES, SOFT), (NUMBER, PLACES)])
def test_a_number_that_is_the_same_in_all_clips_says_nothing(kind: str, targets: Floats) -> None:
    constant = np.full((CLIPS, 1), 3.7)
    more = np.concatenate([constant, NUMBERS[:, :VECTOR]], axis=1)
    plain = fit_layer(NUMBERS[:, :VECTOR], targets, kind=kind, own=VECTOR, penalty=PENALTY)
    layer = fit_layer(more, targets, kind=kind, own=VECTOR + 1, penalty=PENALTY)
    assert np.abs(layer.weights[0]).max() < 1e-6
    assert layer.scores(more) == pytest.approx(plain.scores(NUMBERS[:, :VECTOR]), abs=1e-3)


@pytest.mark.parametrize(("kind", "targets"), [(SINGLE, ONE_HOT), (SHARES, SOFT), (NUMBER, PLACES)])
def test_fewer_clips_than_numbers_are_enough(kind: str, targets: Floats) -> None:
    wide = np.random.default_rng(3).normal(size=(12, 40))
    rows = np.argsort(ONE_HOT.argmax(axis=1), kind="stable")[:: CLIPS // 12][:12]
    layer = fit_layer(wide, targets[rows], kind=kind, own=30, penalty=Penalty(own=0.5, view=0.5))
    scores = layer.scores(wide)
    assert np.isfinite(scores).all()
    if kind == SINGLE:
        assert (scores.argmax(axis=1) == targets[rows].argmax(axis=1)).all()


def test_a_label_that_all_clips_have_is_sure_and_finite() -> None:
    always = np.concatenate([np.ones((CLIPS, 1)), np.zeros((CLIPS, 1))], axis=1)
    scores = fit_layer(NUMBERS, always, kind=MULTI, own=VECTOR, penalty=PENALTY).scores(NUMBERS)
    assert np.isfinite(scores).all()
    assert (sigmoid(scores[:, 0]) > 0.99).all()
    assert (sigmoid(scores[:, 1]) < 0.01).all()


def test_a_stronger_penalty_says_less() -> None:
    def spread(strength: float) -> float:
        penalty = Penalty(own=strength, view=strength)
        return float(fit_layer(NUMBERS, ONE_HOT, kind=SINGLE, own=VECTOR, penalty=penalty).scores(NUMBERS).std())

    spreads = [spread(strength) for strength in (0.5, 5, 50, 500)]
    assert spreads == sorted(spreads, reverse=True)
    assert spreads[-1] < spreads[0] / 2


def test_the_same_clips_give_the_same_layer() -> None:
    one, again = (fit_layer(NUMBERS, SOFT, kind=SHARES, own=VECTOR) for _ in range(2))
    assert all(
        np.array_equal(mine, theirs) for mine, theirs in zip(vars(one).values(), vars(again).values(), strict=True)
    )
