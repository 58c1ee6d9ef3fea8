"""Temperature and prediction sets: golden values by hand, the laws, and the promise of coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from earmark.listen.calibrate import (
    MAX_TEMPERATURE,
    MIN_TEMPERATURE,
    Calibration,
    Platt,
    fit_platt,
    fit_temperature,
    lac_quantile,
    prediction_set,
    sigmoid,
    softmax,
    with_none,
)

LOGITS = arrays(np.float64, (5, 4), elements=st.floats(-50, 50))


def drawn(clips: int, *, temperature: float, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Logits, and labels drawn from what the logits say at `temperature`."""
    rng = np.random.default_rng(seed)
    logits = 3 * rng.normal(size=(clips, 10))
    chances = softmax(logits / temperature)
    labels = (chances.cumsum(axis=1) > rng.random((clips, 1))).argmax(axis=1)
    return logits, labels


def loss(logits: NDArray[np.float64], labels: NDArray[np.intp], temperature: float) -> float:
    return float(-np.log(softmax(logits / temperature)[np.arange(len(labels)), labels]).mean())


def test_softmax_of_known_logits() -> None:
    np.testing.assert_allclose(softmax(np.log([1, 2, 5])), [1 / 8, 2 / 8, 5 / 8], atol=1e-15)


@given(LOGITS, st.floats(-1e6, 1e6))
def test_softmax_sums_to_one_and_ignores_a_shift(logits: NDArray[np.float64], shift: float) -> None:
    np.testing.assert_allclose(softmax(logits).sum(axis=-1), 1, atol=1e-12)
    np.testing.assert_allclose(softmax(logits + shift), softmax(logits), atol=1e-8)


def test_softmax_works_along_any_axis_and_does_not_overflow() -> None:
    logits = np.array([[1e5, 0.0], [0.0, -1e5]])
    np.testing.assert_array_equal(softmax(logits), [[1, 0], [1, 0]])
    np.testing.assert_array_equal(softmax(logits.T, axis=0), softmax(logits).T)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found(temperature: float) -> None:
    logits, labels = drawn(20_000, temperature=temperature)
    assert fit_temperature(logits, labels) == pytest.approx(temperature, rel=0.05)


def test_no_other_temperature_has_a_lower_loss() -> None:
    logits, labels = drawn(300, temperature=1.7)
    best = fit_temperature(logits, labels)
    others = [loss(logits, labels, temperature) for temperature in np.geomspace(0.1, 10, 400)]
    assert loss(logits, labels, best) <= min(others)


def test_logits_that_are_twice_as_sure_need_twice_the_temperature() -> None:
    logits, labels = drawn(300, temperature=1.7)
    assert fit_temperature(2 * logits, labels) == pytest.approx(2 * fit_temperature(logits, labels), rel=1e-9)


def test_logits_that_are_always_right_or_always_wrong_stay_within_bounds() -> None:
    logits, labels = 10 * np.eye(3), np.arange(3)
    assert fit_temperature(logits, labels) == pytest.approx(MIN_TEMPERATURE)
    assert fit_temperature(logits, (labels + 1) % 3) == pytest.approx(MAX_TEMPERATURE)


def test_the_quantile_of_nine_clips_is_their_worst_score() -> None:
    # ceil((9 + 1) * 0.9) = 9: the ninth of nine.
    true_probability = np.arange(1, 10) / 10
    probabilities = np.stack([true_probability, 1 - true_probability], axis=1)
    assert lac_quantile(probabilities, np.zeros(9, int)) == pytest.approx(0.9)


def test_the_quantile_of_nineteen_clips_is_their_second_worst_score() -> None:
    true_probability = np.arange(1, 20) / 20
    probabilities = np.stack([true_probability, 1 - true_probability], axis=1)
    assert lac_quantile(probabilities, np.zeros(19, int)) == pytest.approx(0.9)
    assert lac_quantile(probabilities, np.zeros(19, int), level=0.5) == pytest.approx(0.5)


def test_too_few_clips_for_the_level_put_every_genre_into_the_set() -> None:
    probabilities = np.array([[0.9, 0.1]] * 8)
    quantile = lac_quantile(probabilities, np.zeros(8, int))
    assert quantile == 1.0
    assert prediction_set(np.array([[1.0, 0.0]]), quantile).all()


@pytest.mark.parametrize("level", [0.8, 0.9])
def test_sets_hold_the_true_genre_as_often_as_promised(level: float) -> None:
    held = []
    for seed in range(200):
        logits, labels = drawn(200, temperature=2.0, seed=seed)
        probabilities = softmax(logits)  # over-confident on purpose: the promise does not need good probabilities
        quantile = lac_quantile(probabilities[:100], labels[:100], level=level)
        inside = prediction_set(probabilities[100:], quantile)
        held.append(inside[np.arange(100), labels[100:]].mean())
    assert level - 0.01 < np.mean(held) < level + 0.02


def test_the_clip_that_set_the_quantile_is_in_its_own_set() -> None:
    logits, labels = drawn(200, temperature=1.0)
    probabilities = softmax(logits)
    inside = prediction_set(probabilities, lac_quantile(probabilities, labels))[np.arange(200), labels]
    assert inside.sum() >= np.ceil(201 * 0.9)


def test_the_set_holds_the_probable_genres_and_always_the_best_one() -> None:
    probabilities = np.array([[0.5, 0.3, 0.2], [0.4, 0.35, 0.25]])
    assert prediction_set(probabilities, 0.72).tolist() == [[True, True, False], [True, True, False]]
    assert prediction_set(probabilities, 0.0).tolist() == [[True, False, False], [True, False, False]]


@pytest.mark.parametrize(
    ("logits", "labels"),
    [
        (np.zeros((0, 3)), []),
        (np.zeros(3), [0, 1, 2]),
        (np.zeros((3, 2)), [0, 1]),
        (np.full((2, 2), np.nan), [0, 1]),
        (np.array([[np.inf, 0.0]]), [0]),
    ],
)
def test_what_cannot_be_calibrated_on_is_refused(logits: NDArray[np.float64], labels: list[int]) -> None:
    with pytest.raises(ValueError, match=r"need|cannot calibrate"):
        fit_temperature(logits, labels)
    with pytest.raises(ValueError, match=r"need|cannot calibrate"):
        lac_quantile(logits, labels)


@pytest.mark.parametrize("level", [0.0, 1.0, 90])
def test_a_level_is_between_nothing_and_certainty(level: float) -> None:
    with pytest.raises(ValueError, match="level"):
        lac_quantile(np.eye(2), [0, 1], level=level)


@pytest.mark.parametrize(
    "figures",
    [
        {"temperature": 0.0},
        {"temperature": float("nan")},
        {"set_quantile": 1.5},
        {"level": 1.0},
        {"max_set": 0},
    ],
)
def test_a_calibration_of_impossible_figures_is_refused(figures: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(figures))):
        Calibration(**{"temperature": 1.0, "set_quantile": 0.5, **figures})


def test_weights_are_as_good_as_copies() -> None:
    logits, labels = drawn(300, temperature=1.0)
    probabilities, copies = softmax(logits), np.arange(300) % 3 + 1
    again = np.repeat(np.arange(300), copies)
    # A copy is a clip more, and the new clip counts as the heaviest: three copies, where each copy alone is one.
    total = len(again)
    weighted = lac_quantile(probabilities, labels, level=0.9, weights=copies)
    level = 0.9 * (total + 3) / (total + 1)
    assert weighted == lac_quantile(probabilities[again], labels[again], level=level)
    assert lac_quantile(probabilities, labels, weights=np.full(300, 0.7)) == lac_quantile(probabilities, labels)


def test_a_temperature_by_weights_is_that_of_copies() -> None:
    logits, labels = drawn(300, temperature=2.0)
    copies = np.arange(300) % 3 + 1
    weighted = fit_temperature(logits, labels, weights=copies)
    assert weighted == pytest.approx(fit_temperature(np.repeat(logits, copies, axis=0), np.repeat(labels, copies)))
    assert weighted != pytest.approx(fit_temperature(logits, labels), rel=1e-4)


def test_weighted_sets_keep_their_promise_in_another_mix() -> None:
    held: dict[bool, list[float]] = {False: [], True: []}
    for seed in range(100):
        logits, labels = drawn(400, temperature=2.0, seed=seed)
        logits[labels == 0, 0] -= 3  # label 0 is hard to tell, and ten times as common in the mix promised for
        probabilities, weights = softmax(logits), np.where(labels == 0, 10.0, 1.0)
        rows = slice(200, None)
        for weighted in held:
            loads = weights[:200] if weighted else None
            quantile = lac_quantile(probabilities[:200], labels[:200], weights=loads)
            inside = prediction_set(probabilities[rows], quantile)[np.arange(200), labels[rows]]
            held[weighted].append(float(np.average(inside, weights=weights[rows])))
    assert np.mean(held[False]) < 0.85
    assert 0.89 < np.mean(held[True]) < 0.95


@pytest.mark.parametrize("weights", [[1.0], [1.0, 0.0], [1.0, np.inf], [1.0, np.nan]])
def test_weights_that_are_none_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weights"):
        lac_quantile(np.eye(2), [0, 1], weights=weights)
    with pytest.raises(ValueError, match="weights"):
        fit_platt([0.0, 1.0], [0.0, 1.0], weights=weights)


# Genres and "none of these" as one distribution.


def test_genres_and_none_of_these_are_worked_out_by_hand() -> None:
    assert with_none([[0.75, 0.25]], [np.log(3)]).tolist() == [pytest.approx([0.1875, 0.0625, 0.75])]


@given(LOGITS, arrays(np.float64, 5, elements=st.floats(-1e3, 1e3)))
def test_whole_answers_sum_to_one_and_keep_the_order_of_the_genres(
    logits: NDArray[np.float64], none: NDArray[np.float64]
) -> None:
    genres = softmax(logits)
    whole = with_none(genres, none)
    assert whole.shape == (5, 5)
    np.testing.assert_allclose(whole.sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(whole[:, -1], sigmoid(none))
    sure = none < 500  # beyond that there is nothing left to share out
    left = whole[sure, :-1].sum(axis=1, keepdims=True)
    np.testing.assert_allclose(whole[sure, :-1] / left, genres[sure], atol=1e-9)


# Yes or no: Platt scaling.


def cross_entropy(line: Platt, logits: NDArray[np.float64], targets: NDArray[np.float64]) -> float:
    chances = line.probabilities(logits)
    return float(-(targets * np.log(chances) + (1 - targets) * np.log(1 - chances)).mean())


def test_sigmoid_of_known_logits_and_without_overflow() -> None:
    np.testing.assert_allclose(sigmoid([0, np.log(3), -1e5, 1e5]), [0.5, 0.75, 0, 1], atol=1e-15)


def test_the_line_that_made_soft_targets_is_found_exactly() -> None:
    logits = np.random.default_rng(0).normal(-3, 2, 500)
    found = fit_platt(logits, sigmoid(0.6 * logits - 1.5))
    assert (found.slope, found.offset) == pytest.approx((0.6, -1.5), abs=1e-3)


def test_the_line_that_made_yes_and_no_is_found() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(size=40_000)
    found = fit_platt(logits, rng.random(40_000) < sigmoid(2 * logits + 1))
    assert (found.slope, found.offset) == pytest.approx((2, 1), abs=0.06)


def test_no_other_line_has_a_lower_loss_and_the_mean_is_kept() -> None:
    rng = np.random.default_rng(2)
    logits, targets = rng.normal(size=200), rng.random(200)
    best = fit_platt(logits, targets)
    lowest = cross_entropy(best, logits, targets)
    for slope, offset in rng.normal([best.slope, best.offset], 0.1, (200, 2)):
        assert lowest <= cross_entropy(Platt(slope, offset), logits, targets) + 1e-9
    assert best.probabilities(logits).mean() == pytest.approx(targets.mean(), abs=1e-5)


def test_a_line_is_fitted_to_weights_as_to_copies() -> None:
    rng = np.random.default_rng(4)
    logits, copies = rng.normal(size=200), np.arange(200) % 3 + 1
    targets = (logits + rng.normal(size=200) > 0.3).astype(float)
    weighted = fit_platt(logits, targets, weights=copies)
    repeated = fit_platt(np.repeat(logits, copies), np.repeat(targets, copies))
    assert (weighted.slope, weighted.offset) == pytest.approx((repeated.slope, repeated.offset), rel=1e-4)


@given(scale=st.floats(1e-3, 1e3), shift=st.floats(-100, 100))
def test_the_unit_of_the_logits_does_not_matter(scale: float, shift: float) -> None:
    rng = np.random.default_rng(3)
    logits, targets = rng.normal(size=60), rng.random(60)
    moved = scale * logits + shift
    np.testing.assert_allclose(
        fit_platt(moved, targets).probabilities(moved), fit_platt(logits, targets).probabilities(logits), atol=1e-6
    )


@pytest.mark.parametrize("logits", [[-1.0, 0.5, 2.0], [0.1, 0.1, 0.1]])
@pytest.mark.parametrize("target", [0.0, 0.3, 1.0])
def test_targets_that_are_all_the_same_give_that_probability(logits: list[float], target: float) -> None:
    assert fit_platt(logits, [target] * 3).probabilities(logits) == pytest.approx([target] * 3, abs=1e-3)
    assert abs(fit_platt(logits, [target] * 3).slope) < 1e-3


def test_what_is_told_apart_without_error_stays_finite() -> None:
    found = fit_platt([-2.0, -1.0, 1.0, 2.0], [0, 0, 1, 1])
    assert found.probabilities([-1, 1]) == pytest.approx([0, 1], abs=0.01)


@pytest.mark.parametrize(
    ("logits", "targets", "words"),
    [
        ([], [], "no clips"),
        ([[1.0]], [[1.0]], "need"),
        ([1.0, 2.0], [1.0], "need"),
        ([np.nan, 1.0], [0.0, 1.0], "not finite"),
        ([1.0, 2.0], [0.0, 1.1], "from 0 to 1"),
        ([1.0, 2.0], [0.0, np.nan], "from 0 to 1"),
    ],
)
def test_lines_cannot_be_fitted_to_nonsense(logits: list[float], targets: list[float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        fit_platt(logits, targets)


def test_a_line_of_no_numbers_is_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        Platt(slope=1.0, offset=float("nan"))


@pytest.mark.parametrize("scale", [1.0, 1e-3, 40.0])
def test_the_ridge_stops_a_line_where_a_steeper_one_gains_less_than_a_millionth_a_slope(scale: float) -> None:
    # Of -1 and 1, the mean loss falls by sigmoid(-slope) a unit of slope, and the ridge rises by 1e-6 slope.
    found = fit_platt([-scale, scale], [0, 1])
    assert sigmoid(-found.slope * scale) == pytest.approx(1e-6 * found.slope * scale, rel=1e-6)
    assert found.offset == pytest.approx(0, abs=1e-9)


def test_the_ridge_holds_the_offset_of_what_is_always_so() -> None:
    found = fit_platt([-1.0, 1.0], [1, 1])
    assert sigmoid(-found.offset) == pytest.approx(1e-6 * found.offset, rel=1e-6)
