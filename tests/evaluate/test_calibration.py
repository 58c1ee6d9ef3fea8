"""Calibration out of fold: it helps, and no row takes part in its own."""

import numpy as np

from earmark.evaluate.calibration import cross_fit, fit
from earmark.evaluate.predictions import Predictions
from earmark.listen.calibrate import softmax
from earmark.measure.metrics import coverage, ece


def overconfident(clips: int = 3000, *, seed: int = 0) -> Predictions:
    """Answers that are right as often as softmax(logits) says, told with logits three times as large."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 1.5, (clips, 5))
    honest = softmax(logits)
    truth = np.array([rng.choice(5, p=row) for row in honest])
    genres = tuple("abcde")
    return Predictions(
        genres,
        tuple(str(i) for i in range(clips)),
        ("set",) * clips,
        tuple(f"artist {i % 100}" for i in range(clips)),
        tuple(genres[label] for label in truth),
        softmax(3 * logits),
        np.zeros(clips, dtype=np.int64),
        np.arange(clips) % 100 % 5,
    )


def test_the_temperature_undoes_overconfidence() -> None:
    assert abs(fit(overconfident()).temperature - 3) < 0.2


def test_cross_fitted_probabilities_are_calibrated_and_sets_cover_what_they_promise() -> None:
    predictions = overconfident()
    probabilities, sets = cross_fit(predictions)
    assert ece(predictions.probabilities, predictions.truth) > 0.1
    assert ece(probabilities, predictions.truth) < 0.04
    assert abs(coverage(sets, predictions.truth) - 0.9) < 0.03


def test_a_folds_own_labels_do_not_reach_its_calibration() -> None:
    predictions = overconfident(500)
    before, sets_before = cross_fit(predictions)
    here = predictions.folds == 2
    labels = tuple("a" if mine else label for mine, label in zip(here, predictions.labels, strict=True))
    changed = Predictions(**{**vars(predictions), "labels": labels})
    after, sets_after = cross_fit(changed)
    assert np.array_equal(before[here], after[here])
    assert np.array_equal(sets_before[here], sets_after[here])
    assert not np.array_equal(before[~here], after[~here])


def test_predictions_survive_the_way_through_a_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    predictions = overconfident(50)
    predictions.write(tmp_path / "p.csv")
    again = Predictions.read(tmp_path / "p.csv")
    assert (again.ids, again.labels, again.artists) == (predictions.ids, predictions.labels, predictions.artists)
    np.testing.assert_allclose(again.probabilities, predictions.probabilities, rtol=1e-5)
    assert np.array_equal(again.folds, predictions.folds)
