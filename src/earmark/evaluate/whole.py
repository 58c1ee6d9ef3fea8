"""Genres and "none of these" as one distribution: calibrated from out-of-fold predictions, and measured.

The probability of "none of these" is a line (`Platt`) of its logit; the genres share the rest, at the temperature that
is fitted on clips of known genre. So the likelihood of the distribution is the product of the two, and each is fitted
by itself. Weights bring the clips to a mix in which a given share lies outside. Sets are conformal over genres and
"none of these", with clips of one known class; a clip with several possible genres counts for the line alone. Figures
are of predictions that no row was used to calibrate, as in `calibration.cross_fit`; the calibration of a bundle is
fitted on all rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError
from earmark.evaluate import calibration
from earmark.listen.calibrate import (
    Platt,
    fit_platt,
    fit_temperature,
    lac_quantile,
    prediction_set,
    softmax,
    with_none,
)
from earmark.listen.heads import OutsideInfo, WholeFigures
from earmark.measure.binary import adaptive_ece, roc_auc, weighted_roc_auc
from earmark.measure.bootstrap import artist_interval, artist_interval_of
from earmark.measure.metrics import weighted_ece

# Of the clips of 4Q of which it is known, 111 of 565 are outside. The other sets were made genre by genre, so their
# shares say nothing of a stranger's collection.
SHARE = 0.2
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Judged:
    """Predictions for clips that are known to be outside or not, one a row.

    Attributes
    ----------
    logits:
        (n, genres) of the genres, the mean over a clip's windows.
    outside:
        (n,) of "none of these", likewise.
    allowed:
        (n, genres) bool, the genres that the label leaves open; none where the clip is outside.
    reported:
        (n,) bool, clips whose genres the temperature is fitted on: each has one.
    artists, folds, seeds:
        (n,) each.
    """

    logits: Floats
    outside: Floats
    allowed: Bools
    reported: Bools
    artists: Sequence[str]
    folds: Ints
    seeds: Ints

    def __post_init__(self) -> None:
        shape = self.logits.shape
        if len(shape) != 2 or not self.outside.shape == self.reported.shape == shape[:1] or self.allowed.shape != shape:
            raise DataError(
                f"Genres of {shape}, {self.outside.shape} for outside, {self.allowed.shape} that are allowed and "
                f"{self.reported.shape} that are reported do not fit."
            )
        if not np.all(self.allowed[self.reported].sum(axis=1) == 1):
            raise DataError("Clips whose genres are reported must each have one genre.")

    def __len__(self) -> int:
        return len(self.logits)

    @cached_property
    def is_outside(self) -> Bools:
        """(n,) whether the clip is none of the genres."""
        return np.asarray(~self.allowed.any(axis=1))

    @cached_property
    def exact(self) -> Bools:
        """(n,) whether the class is known, a genre or "none of these"."""
        return np.asarray(self.allowed.sum(axis=1) <= 1)

    @cached_property
    def truth(self) -> Ints:
        """(n,) number of the class, where it is known; "none of these" comes after the genres."""
        return np.asarray(np.where(self.is_outside, self.allowed.shape[1], self.allowed.argmax(axis=1)))

    def take(self, rows: Bools) -> "Judged":
        """Some of the rows."""
        artists = [artist for artist, chosen in zip(self.artists, rows, strict=True) if chosen]
        return Judged(
            self.logits[rows],
            self.outside[rows],
            self.allowed[rows],
            self.reported[rows],
            artists,
            self.folds[rows],
            self.seeds[rows],
        )


@dataclass(frozen=True, eq=False)
class Told:
    """Cross-fitted probabilities (n, genres + 1) float64 and sets of the same shape, "none of these" last."""

    probabilities: Floats
    sets: Bools


@dataclass(frozen=True)
class _Fit:
    """A calibration of genres and "none of these"."""

    temperature: float
    line: Platt
    quantile: float

    def probabilities(self, judged: Judged) -> Floats:
        return with_none(softmax(judged.logits / self.temperature), self.line.on(judged.outside))


def cross_fit(judged: Judged, *, share: float = SHARE, level: float = calibration.LEVEL) -> Told:
    """Calibrated probabilities and sets; no row is used for its own calibration.

    Raises
    ------
    DataError
        Fewer than two folds or artists; no clip outside, none inside or none reported in all but the rows of one fold.
    """
    shape = (len(judged), judged.allowed.shape[1] + 1)
    told = Told(np.empty(shape), np.empty(shape, dtype=np.bool_))
    for here, others in calibration.checked_parts(len(judged), judged.artists, judged.seeds, judged.folds):
        fitted = _fit(judged.take(others), share=share, level=level)
        told.probabilities[here] = fitted.probabilities(judged.take(here))
        told.sets[here] = prediction_set(told.probabilities[here], fitted.quantile)
    return told


def fit_outside(
    judged: Judged,
    told: Told | None = None,
    *,
    protocol: str = "",
    share: float = SHARE,
    level: float = calibration.LEVEL,
    rounds: int = 2000,
    rng: np.random.Generator,
) -> OutsideInfo:
    """Calibrate "none of these" together with the genres, and measure it.

    Parameters
    ----------
    judged:
        The predictions.
    told:
        The result of `cross_fit` with the same share and level; computed here by default.
    protocol:
        How the predictions were made, in words; artist-grouped cross-validation by default.
    share:
        Of tracks outside, in the mix that is calibrated for.
    level:
        The share of tracks whose set shall hold their class.
    rounds, rng:
        Of the artist bootstrap.

    Raises
    ------
    DataError
        As `cross_fit`.
    """
    told = told or cross_fit(judged, share=share, level=level)
    fitted, away = _fit(judged, share=share, level=level), judged.is_outside
    none, first = told.probabilities[:, -1], told.probabilities.argmax(axis=1) == told.probabilities.shape[1] - 1
    auc, low, high = auc_of(judged, none, rounds=rounds, rng=rng)
    return OutsideInfo(
        calibration=fitted.line,
        auc=auc,
        auc_low=low,
        auc_high=high,
        detected=float(first[away].mean()),
        false_alarms=float(first[~away].mean()),
        calibration_error=adaptive_ece(none, away, weights=mix_weights(away, share)),
        protocol=protocol or calibration.protocol(judged.folds),
        n=calibration.clips_of(len(judged), judged.seeds),
        n_outside=calibration.clips_of(int(away.sum()), judged.seeds),
        n_artists=len(set(judged.artists)),
        share=share,
        set_quantile=fitted.quantile,
        whole=figures(judged, told, judged.exact, share=share, rounds=rounds, rng=rng),
    )


def figures(
    judged: Judged, told: Told, rows: Bools, *, share: float = SHARE, rounds: int = 2000, rng: np.random.Generator
) -> WholeFigures:
    """Calibration error and sets of some rows, whose classes are known, in a mix with `share` outside."""
    probabilities, truth, away = told.probabilities[rows], judged.truth[rows], judged.is_outside[rows]
    artists = [artist for artist, chosen in zip(judged.artists, rows, strict=True) if chosen]
    seeds = judged.seeds[rows]
    loads = mix_weights(away, share)
    sizes = told.sets[rows].sum(axis=1)
    covered = told.sets[rows][np.arange(len(truth)), truth].astype(np.float64)

    def error(drawn: Floats) -> Floats:
        return weighted_ece(probabilities, truth, drawn * loads)

    ece_low, ece_high = artist_interval_of(error, artists, rounds=rounds, rng=rng)
    low, high = artist_interval(covered, artists, weights=loads, rounds=rounds, rng=rng)
    return WholeFigures(
        ece=float(weighted_ece(probabilities, truth, loads[np.newaxis])[0]),
        ece_low=ece_low,
        ece_high=ece_high,
        coverage=float(np.average(covered, weights=loads)),
        coverage_low=low,
        coverage_high=high,
        mean_set_size=float(np.average(sizes, weights=loads)),
        n=calibration.clips_of(len(truth), seeds),
        n_outside=calibration.clips_of(int(away.sum()), seeds),
        n_artists=len(set(artists)),
    )


def auc_of(
    judged: Judged, scores: Floats, *, rounds: int = 2000, rng: np.random.Generator
) -> tuple[float, float, float]:
    """ROC AUC of (n,) scores for being outside, with its interval by artist: (auc, low, high)."""

    def auc(weights: Floats) -> Floats:
        return weighted_roc_auc(scores, judged.is_outside, weights)

    return roc_auc(scores, judged.is_outside), *artist_interval_of(auc, judged.artists, rounds=rounds, rng=rng)


def mix_weights(is_outside: Bools, share: float) -> Floats:
    """(n,) weights, 1 in the mean, under which `share` of the clips is outside; alike where all are of one kind."""
    away = float(is_outside.mean())
    if away in (0.0, 1.0):
        return np.ones(len(is_outside))
    return np.where(is_outside, share / away, (1 - share) / (1 - away))


def _fit(judged: Judged, *, share: float, level: float) -> _Fit:
    away, exact, reported = judged.is_outside, judged.exact, judged.reported
    if away.all() or not away.any():
        raise DataError("Clips of the genres and clips outside must be in more than one fold, to be told apart.")
    if not reported.any():
        raise DataError("Clips of known genre must be in more than one fold, to fit the temperature on.")
    temperature = fit_temperature(judged.logits[reported], judged.truth[reported])
    line = fit_platt(judged.outside, away, weights=mix_weights(away, share))
    known = judged.take(exact)
    probabilities = _Fit(temperature, line, 1.0).probabilities(known)
    weights = mix_weights(known.is_outside, share)
    return _Fit(temperature, line, lac_quantile(probabilities, known.truth, level=level, weights=weights))
