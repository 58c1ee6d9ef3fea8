"""Calibration from out-of-fold predictions: fitted on all of them for a bundle, cross-fitted for figures.

Here it is of the genres alone, for clips of one of them; `whole` calibrates genres and "none of these" together.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError
from earmark.evaluate.predictions import Predictions
from earmark.listen.calibrate import Calibration, fit_temperature, lac_quantile, prediction_set, softmax

LEVEL = 0.9
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


def fit(predictions: Predictions, *, level: float = LEVEL, temperature: float | None = None) -> Calibration:
    """Temperature and set quantile from all rows; "cannot tell" is a set of more than half of the genres.

    A `temperature` that was fitted on more than these rows (`whole`) is kept.
    """
    if temperature is None:
        temperature = fit_temperature(predictions.logits, predictions.truth)
    probabilities = softmax(predictions.logits / temperature)
    quantile = lac_quantile(probabilities, predictions.truth, level=level)
    most = max(1, len(predictions.genres) // 2)
    return Calibration(temperature=temperature, set_quantile=quantile, level=level, max_set=most)


def cross_fit(predictions: Predictions, *, level: float = LEVEL) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Calibrated probabilities and genre sets, (n, genres) each; no row is used for its own calibration.

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


def parts(seeds: Ints, folds: Ints) -> Iterator[tuple[Bools, Bools]]:
    """For each seed and fold, (n,) masks of its rows and of the rows of the same seed's other folds."""
    for seed in np.unique(seeds):
        mine = seeds == seed
        for fold in np.unique(folds[mine]):
            yield mine & (folds == fold), mine & (folds != fold)


def checked_parts(n: int, artists: Sequence[str], seeds: Ints | None, folds: Ints) -> list[tuple[Bools, Bools]]:
    """`parts` of n predictions; DataError where they cannot be cross-fitted. One seed by default."""
    seed = np.zeros(len(folds), dtype=np.int64) if seeds is None else seeds
    if not n or not len(artists) == len(folds) == len(seed) == n:
        raise DataError(f"{n} answers, {len(artists)} artists, {len(folds)} folds and {len(seed)} seeds do not fit.")
    if len(set(artists)) < 2:
        raise DataError("Figures with an interval need clips of at least two artists.")
    found = list(parts(seed, folds))
    if any(not others.any() for _, others in found):
        raise DataError("Cross-fitting needs the answers of at least two folds a seed.")
    return found


def clips_of(rows: int, seeds: Ints | None) -> int:
    """The number of clips, where every seed has predicted each."""
    return rows if seeds is None else rows // len(np.unique(seeds))


def protocol(folds: Ints) -> str:
    """The protocol of cross-fitted figures, in words."""
    return f"artist-grouped {len(np.unique(folds))}-fold cross-validation, calibration cross-fitted"
