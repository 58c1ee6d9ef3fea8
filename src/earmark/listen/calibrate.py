"""From logits to probabilities that mean what they say, and to sets that hold the true genre.

Temperature scaling after Guo et al. 2017 (arXiv 1706.04599). Prediction sets by split conformal prediction with the
"least ambiguous set" score, 1 - probability of the true genre (Sadinle, Lei & Wasserman 2019, arXiv 1609.00451). What
is a yes or a no by itself (a tag, "none of these") has Platt scaling (Platt 1999, in Advances in Large Margin
Classifiers). Arrays are (clips, genres), labels indices of genres. Fit only on predictions for clips never heard.
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

    def probabilities(self, logits: ArrayLike) -> NDArray[np.float64]:
        """sigmoid(slope * logit + offset), float64 of any shape."""
        return sigmoid(self.slope * np.asarray(logits, dtype=np.float64) + self.offset)


def sigmoid(logits: ArrayLike) -> NDArray[np.float64]:
    """Probabilities of a yes, float64, without overflow."""
    return np.exp(-np.logaddexp(0, -np.asarray(logits, dtype=np.float64)))


def softmax(logits: ArrayLike, axis: int = -1) -> NDArray[np.float64]:
    """Probabilities of logits along `axis`, float64, without overflow."""
    values = np.asarray(logits, dtype=np.float64)
    powers = np.exp(values - values.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))


def fit_temperature(logits: ArrayLike, labels: ArrayLike) -> float:
    """The temperature that minimises the negative log likelihood of `labels`.

    The loss is convex in 1 / temperature, and its slope is the mean over clips of (expected logit - logit of the true
    genre), which only rises: bisection finds the zero. The answer lies within MIN_ and MAX_TEMPERATURE.

    Parameters
    ----------
    logits:
        (clips, genres), out of fold.
    labels:
        (clips,) indices of the true genres.
    """
    values, truth = _checked(logits, labels)
    values = values - values.max(axis=1, keepdims=True)
    true_logits = values[np.arange(len(values)), truth]

    def slope(inverse: float) -> float:
        expected = (softmax(values * inverse) * values).sum(axis=1)
        return float((expected - true_logits).mean())

    low, high = 1 / MAX_TEMPERATURE, 1 / MIN_TEMPERATURE
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if slope(middle) < 0 else (low, middle)
    return 1 / math.sqrt(low * high)


def fit_platt(logits: ArrayLike, targets: ArrayLike) -> Platt:
    """The line with the lowest cross-entropy to `targets`, by Newton's method from 0, with a small ridge.

    The ridge works on logits of mean 0 and deviation 1, so the unit of the logits does not matter.

    Parameters
    ----------
    logits:
        (clips,), out of fold.
    targets:
        (clips,) from 0 to 1: the truth, or the probability that a teacher gives.

    Raises
    ------
    ValueError
        Other shapes, no clips, logits that are not finite, targets outside 0 to 1.
    """
    values, wanted = np.asarray(logits, dtype=np.float64), np.asarray(targets, dtype=np.float64)
    if values.ndim != 1 or wanted.shape != values.shape:
        raise ValueError(f"need (clips,) twice, not {values.shape} and {wanted.shape}")
    _check_finite(values)
    if not np.all((wanted >= 0) & (wanted <= 1)):
        raise ValueError("targets must be from 0 to 1")
    # Not `std() or 1`: rounding may leave a speck of deviation where there is none.
    centre, spread = values.mean(), values.std() if np.ptp(values) else 1.0
    inputs = np.stack([(values - centre) / spread, np.ones_like(values)], axis=1)  # (clips, 2)
    line = np.zeros(2)
    for _ in range(100):
        chances = sigmoid(inputs @ line)
        gradient = inputs.T @ (chances - wanted) / len(values) + RIDGE * line
        bend = (inputs * (chances * (1 - chances))[:, None]).T @ inputs / len(values) + RIDGE * np.eye(2)
        step = np.linalg.solve(bend, gradient)
        line = line - step
        if np.abs(step).max() <= 1e-10:
            break
    return Platt(slope=float(line[0] / spread), offset=float(line[1] - line[0] * centre / spread))


def lac_quantile(probabilities: ArrayLike, labels: ArrayLike, *, level: float = 0.9) -> float:
    """The set quantile whose sets hold the true genre of a new clip with probability >= `level`.

    It is the ceil((clips + 1) * level)-th smallest score, which makes the promise exact for any number of clips
    exchangeable with the new one; with too few clips for the level it is 1, and every genre is in every set.

    Parameters
    ----------
    probabilities:
        (clips, genres), calibrated, out of fold.
    labels:
        (clips,) indices of the true genres.
    """
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    values, truth = _checked(probabilities, labels)
    scores = np.sort(1 - values[np.arange(len(values)), truth])
    rank = math.ceil((len(scores) + 1) * level)
    return float(scores[rank - 1]) if rank <= len(scores) else 1.0


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


def _check_finite(values: NDArray[np.float64]) -> None:
    if not len(values):
        raise ValueError("cannot calibrate on no clips")
    if not np.isfinite(values).all():
        raise ValueError("cannot calibrate on values that are not finite")
