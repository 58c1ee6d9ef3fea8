"""Genres and "none of these" as one distribution: calibrated from out-of-fold predictions, and measured.

The probability of "none of these" is a line (`Platt`) of its logit; the genres share the rest, at the temperature that
is fitted on clips of one known genre. So the likelihood of the distribution is the product of the two, and each is
fitted by itself. Weights bring the clips to a mix in which a given share lies outside and all genres are as frequent as
each other, for how many clips of a genre the sets have says nothing of a stranger's collection; by default "none of
these" is as frequent as one genre. Sets are conformal over genres and "none of these", with clips of one known class; a
clip with several possible genres counts for the line alone. `loose` genres, whose labels are rarer and vaguer, so that
networks say them too seldom or too often, each have an offset on their logit. Figures are of predictions that no row
was used to calibrate, as in `calibration.cross_fit`; the calibration of a bundle is fitted on all rows.
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

RIDGE = 0.01  # on offsets, so that a genre with few clips keeps its own
ROUNDS = 20  # of fitting offsets and temperature in turn
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
    artists, folds, seeds:
        (n,) each.
    loose:
        (genres,) bool, those that get an offset; none by default.
    """

    logits: Floats
    outside: Floats
    allowed: Bools
    artists: Sequence[str]
    folds: Ints
    seeds: Ints
    loose: Bools | None = None

    def __post_init__(self) -> None:
        shape = self.logits.shape
        if len(shape) != 2 or self.outside.shape != shape[:1] or self.allowed.shape != shape:
            raise DataError(
                f"Genres of {shape}, {self.outside.shape} for outside and {self.allowed.shape} that are allowed do not "
                "fit."
            )

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
            artists,
            self.folds[rows],
            self.seeds[rows],
            self.loose,
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
    offsets: Floats  # (genres,), of the logits
    line: Platt
    quantile: float

    def probabilities(self, judged: Judged) -> Floats:
        return with_none(softmax((judged.logits + self.offsets) / self.temperature), self.line.on(judged.outside))


def cross_fit(judged: Judged, *, share: float | None = None, level: float = calibration.LEVEL) -> Told:
    """Calibrated probabilities and sets; no row is used for its own calibration.

    Raises
    ------
    DataError
        Fewer than two folds or artists; no clip outside, or none of one genre, in all but the rows of one fold.
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
    share: float | None = None,
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
        Of tracks outside, in the mix that is calibrated for; by default that of `share_outside`.
    level:
        The share of tracks whose set shall hold their class.
    rounds, rng:
        Of the artist bootstrap.

    Raises
    ------
    DataError
        As `cross_fit`.
    """
    share = share_outside(judged.allowed.shape[1]) if share is None else share
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
        calibration_error=adaptive_ece(none, away, weights=mix_weights(judged.allowed, share)),
        protocol=protocol or calibration.protocol(judged.folds),
        n=calibration.clips_of(len(judged), judged.seeds),
        n_outside=calibration.clips_of(int(away.sum()), judged.seeds),
        n_artists=len(set(judged.artists)),
        share=share,
        set_quantile=fitted.quantile,
        whole=figures(judged, told, judged.exact, share=share, rounds=rounds, rng=rng),
        temperature=fitted.temperature,
        offsets=tuple(fitted.offsets.tolist()) if fitted.offsets.any() else (),
    )


def figures(
    judged: Judged, told: Told, rows: Bools, *, share: float | None = None, rounds: int = 2000, rng: np.random.Generator
) -> WholeFigures:
    """Calibration error and sets of some rows, whose classes are known, in a mix with `share` outside."""
    probabilities, truth, away = told.probabilities[rows], judged.truth[rows], judged.is_outside[rows]
    artists = [artist for artist, chosen in zip(judged.artists, rows, strict=True) if chosen]
    seeds = judged.seeds[rows]
    loads = mix_weights(judged.allowed[rows], share)
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


def share_outside(genres: int) -> float:
    """The share outside in a mix in which "none of these" is as frequent as each of so many genres."""
    return 1 / (genres + 1)


def mix_weights(allowed: Bools, share: float | None = None) -> Floats:
    """(n,) weights, 1 in the mean, under which `share` of the clips is outside, and genres are alike in the rest.

    By default "none of these" is as frequent as one of the genres.

    `allowed`, (n, genres), is as in `Judged`; a clip of several possible genres counts for each in part. Where no clip
    is outside, or all are, those that there are have all the weight.
    """
    away: Bools = np.asarray(~allowed.any(axis=1))
    share = share_outside(allowed.shape[1]) if share is None else share
    if away.all():
        return np.ones(len(away))
    parts = allowed / np.maximum(allowed.sum(axis=1, keepdims=True), 1)
    counts = parts.sum(axis=0)
    inside = (parts[:, counts > 0] / counts[counts > 0]).mean(axis=1)  # sums to 1
    weights = inside if not away.any() else np.where(away, share / away.sum(), (1 - share) * inside)
    return np.asarray(weights * len(away))


def _fit(judged: Judged, *, share: float | None, level: float) -> _Fit:
    away, exact = judged.is_outside, judged.exact
    if away.all() or not away.any():
        raise DataError("Clips of the genres and clips outside must be in more than one fold, to be told apart.")
    inside = exact & ~away
    if not inside.any():
        raise DataError("Clips of one known genre must be in more than one fold, to fit the temperature on.")
    alike = mix_weights(judged.allowed[inside])
    temperature, offsets = _levels(judged.logits[inside], judged.truth[inside], alike, judged.loose)
    line = fit_platt(judged.outside, away, weights=mix_weights(judged.allowed, share))
    known = judged.take(exact)
    probabilities = _Fit(temperature, offsets, line, 1.0).probabilities(known)
    weights = mix_weights(known.allowed, share)
    return _Fit(temperature, offsets, line, lac_quantile(probabilities, known.truth, level=level, weights=weights))


def _levels(logits: Floats, truth: Ints, weights: Floats, loose: Bools | None) -> tuple[float, Floats]:
    """The temperature, and (genres,) offsets of which only the loose ones are not 0, by likelihood, with a ridge.

    In turn: the temperature by bisection, the offsets by a step of Newton's.
    """
    offsets = np.zeros(logits.shape[1])
    if loose is None or not loose.any():
        return fit_temperature(logits, truth, weights=weights), offsets
    shares, hits = weights / weights.sum(), np.eye(logits.shape[1])[truth][:, loose]
    for _ in range(ROUNDS):
        temperature = fit_temperature(logits + offsets, truth, weights=weights)
        chances = softmax((logits + offsets) / temperature)[:, loose]
        slope = shares @ (chances - hits) + 2 * RIDGE * offsets[loose] / temperature
        bend = np.diag(shares @ chances + 2 * RIDGE) - (chances * shares[:, np.newaxis]).T @ chances
        offsets[loose] -= temperature * np.linalg.solve(bend, slope)
    return temperature, offsets
