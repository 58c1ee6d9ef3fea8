"""From logits to probabilities that mean what they say, and to sets that hold the true genre.

Temperature scaling after Guo et al. 2017 (arXiv 1706.04599). Prediction sets by split conformal prediction with the
"least ambiguous set" score, 1 - probability of the true genre (Sadinle, Lei & Wasserman 2019, arXiv 1609.00451). What
is a yes or a no by itself (a tag, "none of these") has Platt scaling (Platt 1999, in Advances in Large Margin
Classifiers). Genres and "none of these" become one distribution by `with_none`. Weights of clips stand for another mix
of clips than that at hand; sets then keep their promise by weighted quantiles (Podkopaev & Ramdas 2021, arXiv
2103.03323). Arrays are (clips, genres), labels indices of genres. Fit only on predictions for clips never heard.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

MIN_TEMPERATURE = 0.05
MAX_TEMPERATURE = 20.0
RIDGE = 1e-6  # of Platt scaling, on the mean loss: what is always or never so stays finite


@dataclass(frozen=True, slots=True)
class Calibration:
    """The figures that turn a network's logits into an answer.

    Attributes
    ----------
    temperature:
        What logits are divided by before the softmax, > 0.
    set_quantile:
        A genre is in the set where 1 - probability <= set_quantile, 0 to 1.
    level:
        The share of tracks whose set holds the true genre, such as 0.9.
    max_set:
        A set of more genres than this is no answer: "cannot tell".
    """

    temperature: float
    set_quantile: float
    level: float = 0.9
    max_set: int = 4

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and self.temperature > 0):
            raise ValueError(f"temperature must be a positive number, not {self.temperature}")
        if not 0 <= self.set_quantile <= 1:
            raise ValueError(f"set_quantile must be from 0 to 1, not {self.set_quantile}")
        if not 0 < self.level < 1:
            raise ValueError(f"level must be between 0 and 1, not {self.level}")
        if self.max_set < 1:
            raise ValueError(f"max_set must be at least 1, not {self.max_set}")


@dataclass(frozen=True, slots=True)
class Platt:
    """The straight line that turns the logit of a yes or a no into one that means what it says."""

    slope: float
    offset: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and math.isfinite(self.offset)):
            raise ValueError(f"slope and offset must be finite numbers, not {self.slope} and {self.offset}")

    def on(self, logits: ArrayLike) -> NDArray[np.float64]:
        """slope * logit + offset, float64 of any shape: logits that mean what they say."""
        return self.slope * np.asarray(logits, dtype=np.float64) + self.offset

    def probabilities(self, logits: ArrayLike) -> NDArray[np.float64]:
        """sigmoid(slope * logit + offset), float64 of any shape."""
        return sigmoid(self.on(logits))


def sigmoid(logits: ArrayLike) -> NDArray[np.float64]:
    """Probabilities of a yes, float64, without overflow."""
    return np.exp(-np.logaddexp(0, -np.asarray(logits, dtype=np.float64)))


def softmax(logits: ArrayLike, axis: int = -1) -> NDArray[np.float64]:
    """Probabilities of logits along `axis`, float64, without overflow."""
    values = np.asarray(logits, dtype=np.float64)
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))


def with_none(genres: ArrayLike, none_logits: ArrayLike) -> NDArray[np.float64]:
    """One distribution over the genres and "none of these".

    Parameters
    ----------
    genres:
        (..., genres) probabilities given that it is one of them, which sum to 1.
    none_logits:
        (...) calibrated logits that it is none of them.

    Returns
    -------
    (..., genres + 1) float64 that sum to 1, "none of these" last.
    """
    logits = np.asarray(none_logits, dtype=np.float64)[..., np.newaxis]
    # The sigmoid of the negative, not 1 less: genres of what is surely none of them keep their order.
    return np.concatenate([np.asarray(genres) * sigmoid(-logits), sigmoid(logits)], axis=-1)


def fit_temperature(logits: ArrayLike, labels: ArrayLike, *, weights: ArrayLike | None = None) -> float:
    """The temperature that minimises the negative log likelihood of `labels`.

    The loss is convex in 1 / temperature, and its slope is the mean over clips of (expected logit - logit of the true
    genre), which only rises: bisection finds the zero. The answer lies within MIN_ and MAX_TEMPERATURE.

    Parameters
    ----------
    logits:
        (clips, genres), out of fold.
    labels:
        (clips,) indices of the true genres.
    weights:
        (clips,) how much each counts; alike by default.
    """
    values, truth = _checked(logits, labels)
    values = values - values.max(axis=1, keepdims=True)
    true_logits, shares = values[np.arange(len(values)), truth], _shares(weights, len(values))

    def slope(inverse: float) -> float:
        expected = (softmax(values * inverse) * values).sum(axis=1)
        return float(shares @ (expected - true_logits))

    low, high = 1 / MAX_TEMPERATURE, 1 / MIN_TEMPERATURE
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / math.sqrt(low * high)


def fit_platt(logits: ArrayLike, targets: ArrayLike, *, weights: ArrayLike | None = None) -> Platt:
    """The line with the lowest cross-entropy to `targets`, by Newton's method from 0, with a small ridge.

    The ridge works on logits of mean 0 and deviation 1, so the unit of the logits does not matter.

    Parameters
    ----------
    logits:
        (clips,), out of fold.
    targets:
        (clips,) from 0 to 1: the truth, or the probability that a teacher gives.
    weights:
        (clips,) above 0, how much each clip counts; all alike by default.

    Raises
    ------
    ValueError
        Other shapes, no clips, logits that are not finite, targets outside 0 to 1, weights of 0 or less.
    """
    values, wanted = np.asarray(logits, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    if values.ndim != 1 or wanted.shape != values.shape:
        raise ValueError(f"need (clips,) twice, not {values.shape} and {wanted.shape}")
    _check_finite(values)
    if not np.all((wanted >= 0) & (wanted <= 1)):
        raise ValueError("targets must be from 0 to 1")
    shares = _shares(weights, len(values))
    # Not `std() or 1`: rounding may leave a speck of deviation where there is none.
    centre, spread = values.mean(), values.std() if np.ptp(values) else 1.0
    inputs = np.stack([(values - centre) / spread, np.ones_like(values)], axis=1)  # (clips, 2)
    line = np.zeros(2)
    for _ in range(100):
        chances = sigmoid(inputs @ line)
        gradient = inputs.T @ (shares * (chances - wanted)) + RIDGE * line
        bend = (inputs * (shares * chances * (1 - chances))[:, None]).T @ inputs + RIDGE * np.eye(2)
        step = np.linalg.solve(bend, gradient)
        line = line - step
        if np.abs(step).max() <= 1e-10:
            break
    return Platt(slope=float(line[0] / spread), offset=float(line[1] - line[0] * centre / spread))


def lac_quantile(
    probabilities: ArrayLike, labels: ArrayLike, *, level: float = 0.9, weights: ArrayLike | None = None
) -> float:
    """The set quantile whose sets hold the true genre of a new clip with probability >= `level`.

    It is the ceil((clips + 1) * level)-th smallest score, which makes the promise exact for any number of clips
    exchangeable with the new one; with too few clips for the level it is 1, and every genre is in every set. With
    weights, a clip counts for as many as it weighs, and the new one as the heaviest, so that the promise holds for it
    whatever its label is.

    Parameters
    ----------
    probabilities:
        (clips, genres), calibrated, out of fold.
    labels:
        (clips,) indices of the true genres.
    weights:
        (clips,) above 0: how much commoner clips of this label are in the mix promised for than among these clips;
        alike by default.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    values, truth = _checked(probabilities, labels)
    loads = np.ones(len(values)) if weights is None else _checked_weights(weights, len(values))
    scores = 1 - values[np.arange(len(values)), truth]
    order = np.argsort(scores, kind="stable")
    reached = np.cumsum(loads[order]) >= (loads.sum() + loads.max()) * level
    return float(scores[order][reached.argmax()]) if reached.any() else 1.0


def prediction_set(probabilities: ArrayLike, quantile: float) -> NDArray[np.bool_]:
    """Which genres are in each clip's set.

    Parameters
    ----------
    probabilities:
        (clips, genres).
    quantile:
        What `lac_quantile` gave.

    Returns
    -------
    (clips, genres) bool; the most probable genre is always in.
    """
    values = np.asarray(probabilities, dtype=np.float64)
    chosen = (1 - values) <= quantile  # the same subtraction as in lac_quantile, so that equal scores stay equal
    chosen[np.arange(len(values)), values.argmax(axis=1)] = True
    return np.asarray(chosen)


def _checked(scores: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    values = np.asarray(scores, dtype=np.float64)
    truth: NDArray[Any] = np.asarray(labels)
    if values.ndim != 2 or truth.shape != values.shape[:1]:
        raise ValueError(f"need (clips, genres) and (clips,), not {values.shape} and {truth.shape}")
    _check_finite(values)
    return values, truth.astype(np.intp)


def _shares(weights: ArrayLike | None, clips: int) -> NDArray[np.float64]:
    """(clips,) weights that sum to 1."""
    loads = np.ones(clips) if weights is None else _checked_weights(weights, clips)
    return np.asarray(loads / loads.sum())


def _checked_weights(weights: ArrayLike, clips: int) -> NDArray[np.float64]:
    loads = np.asarray(weights, dtype=np.float64)
    if loads.shape != (clips,) or not np.all((loads > 0) & np.isfinite(loads)):
        raise ValueError(f"weights must be ({clips},) finite numbers above 0")
    return loads


def _check_finite(values: NDArray[np.float64]) -> None:
    if not len(values):
        raise ValueError("cannot calibrate on no clips")
    if not np.isfinite(values).all():
        raise ValueError("cannot calibrate on values that are not finite")
