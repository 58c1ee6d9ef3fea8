"""Calibration from out-of-fold predictions: fitted on all of them for a bundle, cross-fitted for an honest figure."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from earmark.evaluate.predictions import Predictions
from earmark.listen.calibrate import Calibration, fit_temperature, lac_quantile, prediction_set, softmax

LEVEL = 0.9


def fit(predictions: Predictions, *, level: float = LEVEL) -> Calibration:
    """Temperature and set quantile from all rows; "cannot tell" is a set of more than half of the genres."""
    temperature = fit_temperature(predictions.logits, predictions.truth)
    probabilities = softmax(predictions.logits / temperature)
    quantile = lac_quantile(probabilities, predictions.truth, level=level)
    most = max(1, len(predictions.genres) // 2)
    return Calibration(temperature=temperature, set_quantile=quantile, level=level, max_set=most)


def cross_fit(predictions: Predictions, *, level: float = LEVEL) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Calibrated probabilities and genre sets, (n, genres) each, where no row took part in its own calibration.

    The rows of a fold are calibrated on the rows of the same seed's other folds. Folds share no artist, so neither do
    the two sides. Needs at least two folds a seed.
    """
    probabilities = np.empty_like(predictions.probabilities)
    sets = np.empty(predictions.probabilities.shape, dtype=np.bool_)
    for here, others in parts(predictions.seeds, predictions.folds):
        truth, logits = predictions.truth[others], predictions.logits[others]
        temperature = fit_temperature(logits, truth)
        quantile = lac_quantile(softmax(logits / temperature), truth, level=level)
        probabilities[here] = softmax(predictions.logits[here] / temperature)
        sets[here] = prediction_set(probabilities[here], quantile)
    return probabilities, sets


def parts(seeds: NDArray[np.int64], folds: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """For each seed and fold, (n,) masks of its rows and of the rows of the same seed's other folds."""
    for seed in np.unique(seeds):
        mine = seeds == seed
        for fold in np.unique(folds[mine]):
            yield mine & (folds == fold), mine & (folds != fold)


def protocol(folds: NDArray[np.int64]) -> str:
    """The protocol of figures of cross-fitted answers, in words."""
    return f"artist-grouped {len(np.unique(folds))}-fold cross-validation, calibration cross-fitted"
