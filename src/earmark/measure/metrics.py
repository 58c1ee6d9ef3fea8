"""Metrics of classification: arrays in, numbers out, NumPy alone.

Conventions: `labels` and `predictions` are (n,) integer class numbers, `probabilities` is (n, classes) with rows that
sum to 1, `sets` is (n, classes) bool, True where the class is in the item's genre set. Every public function checks
its arrays and raises ValueError, on empty ones too: a figure of nothing is no figure.

Sources: ECE, Guo et al. 2017 (arXiv 1706.04599); Brier 1950, the sum over classes; coverage and set size, Angelopoulos
& Bates 2021 (arXiv 2107.07511); balanced accuracy and macro-F1 as scikit-learn defines them, the oracle of the tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.measure.bootstrap import artist_interval

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

ROW_SUM_TOLERANCE = 1e-3  # float16 predictions read back from a file still pass


@dataclass(frozen=True)
class Reliability:
    """Accuracy by confidence, in equal-width bins of confidence.

    edges: (bins + 1,) float64 from 0 to 1; counts: (bins,) int64; confidence and accuracy: (bins,) float64 means of
    the bin's answers, NaN in an empty bin.
    """

    edges: Floats
    counts: Ints
    confidence: Floats
    accuracy: Floats


@dataclass(frozen=True)
class ClassTable:
    """Figures of each class, all (classes,): 0 where a figure has nothing to divide by.

    precision, recall, f1: float64; support: int64, the number of items whose label it is; predicted: int64, the number
    of items it was predicted for.
    """

    precision: Floats
    recall: Floats
    f1: Floats
    support: Ints
    predicted: Ints


def accuracy(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Share of items whose prediction is their label. Both (n,) integers."""
    truth, guess = _checked_pair(labels, predictions)
    return float(np.mean(truth == guess))


def balanced_accuracy(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Mean recall over the classes that occur among the labels. Both (n,) integers."""
    table = class_table(labels, predictions)
    return float(np.mean(table.recall[table.support > 0]))


def macro_f1(labels: ArrayLike, predictions: ArrayLike) -> float:
    """Mean F1 over the classes that occur among labels or predictions. Both (n,) integers."""
    table = class_table(labels, predictions)
    return float(np.mean(table.f1[table.support + table.predicted > 0]))


def confusion(labels: ArrayLike, predictions: ArrayLike, classes: int) -> Ints:
    """(classes, classes) int64 counts: the row is the label, the column the prediction."""
    truth, guess = _checked_pair(labels, predictions, classes=classes)
    return np.bincount(truth * classes + guess, minlength=classes * classes).reshape(classes, classes)


def class_table(labels: ArrayLike, predictions: ArrayLike, classes: int | None = None) -> ClassTable:
    """Precision, recall and F1 of each class. `classes` is the highest number seen plus one where not given."""
    truth, guess = _checked_pair(labels, predictions)
    counts = confusion(truth, guess, classes or int(max(truth.max(), guess.max())) + 1)
    hits, support, predicted = np.diag(counts), counts.sum(axis=1), counts.sum(axis=0)
    return ClassTable(
        precision=hits / np.maximum(predicted, 1),
        recall=hits / np.maximum(support, 1),
        f1=2 * hits / np.maximum(support + predicted, 1),
        support=support,
        predicted=predicted,
    )


def top_k(probabilities: ArrayLike, labels: ArrayLike, *, k: int = 2) -> float:
    """Share of items whose label is among the `k` most probable classes. Ties count as misses."""
    shares, truth = _checked_probabilities(probabilities, labels)
    if k < 1:
        raise ValueError(f"k must be at least 1, not {k}")
    of_label = shares[np.arange(len(truth)), truth]
    # Other classes at least as probable as the label: a flat distribution must not count as a hit.
    rivals = (shares >= of_label[:, None]).sum(axis=1) - 1
    return float(np.mean(rivals < k))


def brier(probabilities: ArrayLike, labels: ArrayLike) -> float:
    """Mean over items of the squared distance from probabilities to the one-hot label: 0 (perfect) to 2."""
    shares, truth = _checked_probabilities(probabilities, labels)
    squares = np.sum(shares**2, axis=1) - 2 * shares[np.arange(len(truth)), truth] + 1
    return float(np.mean(squares))


def reliability(probabilities: ArrayLike, labels: ArrayLike, *, bins: int = 15) -> Reliability:
    """Confidence (probability of the top class) against accuracy in `bins` equal-width bins (low, high]."""
    shares, truth = _checked_probabilities(probabilities, labels)
    if bins < 1:
        raise ValueError(f"bins must be at least 1, not {bins}")
    edges = np.linspace(0, 1, bins + 1)
    top = shares.max(axis=1)
    hit = shares.argmax(axis=1) == truth
    place = _bin_of(top, edges)
    counts = np.bincount(place, minlength=bins)
    divisor = np.where(counts > 0, counts, np.nan)
    return Reliability(
        edges=edges,
        counts=counts,
        confidence=np.bincount(place, weights=top, minlength=bins) / divisor,
        accuracy=np.bincount(place, weights=hit, minlength=bins) / divisor,
    )


def ece(probabilities: ArrayLike, labels: ArrayLike, *, bins: int = 15) -> float:
    """Expected calibration error: mean over items of |confidence - accuracy| of their bin."""
    table = reliability(probabilities, labels, bins=bins)
    gaps = np.nan_to_num(np.abs(table.confidence - table.accuracy))
    return float(np.sum(gaps * table.counts) / np.sum(table.counts))


def weighted_ece(probabilities: ArrayLike, labels: ArrayLike, weights: ArrayLike, *, bins: int = 15) -> Floats:
    """`ece` under each of several weightings of the same items, as a bootstrap or another mix of items needs it.

    Parameters
    ----------
    probabilities, labels:
        (n, classes) and (n,), as for `ece`.
    weights:
        (draws, n), 0 or more.

    Returns
    -------
    (draws,) float64; NaN where all weights are 0.
    """
    shares, truth = _checked_probabilities(probabilities, labels)
    loads = np.asarray(weights, dtype=np.float64)
    if loads.ndim != 2 or loads.shape[1] != len(shares):
        raise ValueError(f"weights must be (draws, {len(shares)}), not {loads.shape}")
    top = shares.max(axis=1)
    gaps = top - (shares.argmax(axis=1) == truth)
    place = _bin_of(top, np.linspace(0, 1, bins + 1))
    in_bin = gaps[:, None] * (place[:, None] == np.arange(bins))  # (n, bins)
    total = loads.sum(axis=1)
    return np.asarray(np.abs(loads @ in_bin).sum(axis=1) / np.where(total > 0, total, np.nan))


def coverage(sets: ArrayLike, labels: ArrayLike) -> float:
    """Share of items whose label is in their genre set."""
    members = _checked_sets(sets)
    truth = _checked_classes(labels, "labels", classes=members.shape[1])
    _check_same_length(members, truth, "sets and labels")
    return float(np.mean(members[np.arange(len(truth)), truth]))


def mean_set_size(sets: ArrayLike) -> float:
    """Mean number of classes in a genre set."""
    return float(np.mean(_checked_sets(sets).sum(axis=1)))


def summary(
    probabilities: ArrayLike, labels: ArrayLike, artists: Sequence[str], sets: ArrayLike, *, rng: np.random.Generator
) -> dict[str, Any]:
    """All figures of one evaluation, by name, ready for JSON.

    `artists` is (n,) keys: `accuracy_low` and `accuracy_high` are the 95 % interval of a bootstrap over artists, and
    0 to 1 where there is one artist alone, from whom nothing follows about others. `rng` draws the artists.
    """
    shares, truth = _checked_probabilities(probabilities, labels)
    predictions = shares.argmax(axis=1)
    hits = predictions == truth
    low, high = artist_interval(hits, artists, rng=rng) if len(set(artists)) > 1 else (0.0, 1.0)
    return {
        "n": len(truth),
        "artists": len(set(artists)),
        "accuracy": accuracy(truth, predictions),
        "accuracy_low": low,
        "accuracy_high": high,
        "balanced_accuracy": balanced_accuracy(truth, predictions),
        "macro_f1": macro_f1(truth, predictions),
        "ece": ece(shares, truth),
        "brier": brier(shares, truth),
        "top2": top_k(shares, truth, k=2),
        "coverage": coverage(sets, truth),
        "mean_set_size": mean_set_size(sets),
    }


def _bin_of(values: Floats, edges: Floats) -> Ints:
    """(n,) which bin (low, high] each value is in; 0 is in the first."""
    return np.asarray(np.clip(np.searchsorted(edges, values, side="left") - 1, 0, len(edges) - 2), dtype=np.int64)


def _checked_classes(numbers: ArrayLike, name: str, *, classes: int | None = None) -> Ints:
    """(n,) int64 class numbers, or ValueError."""
    array = np.asarray(numbers)
    if array.ndim != 1 or array.size == 0:
        raise ValueError(f"{name} must be (n,) with n of at least 1, not {array.shape}")
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name} must be integers, not {array.dtype}")
    if array.min() < 0 or (classes is not None and array.max() >= classes):
        raise ValueError(f"{name} must be class numbers from 0 to {'...' if classes is None else classes - 1}")
    return array.astype(np.int64)


def _checked_pair(labels: ArrayLike, predictions: ArrayLike, *, classes: int | None = None) -> tuple[Ints, Ints]:
    truth = _checked_classes(labels, "labels", classes=classes)
    guess = _checked_classes(predictions, "predictions", classes=classes)
    _check_same_length(truth, guess, "labels and predictions")
    return truth, guess


def _checked_probabilities(probabilities: ArrayLike, labels: ArrayLike) -> tuple[Floats, Ints]:
    shares = np.asarray(probabilities, dtype=np.float64)
    if shares.ndim != 2 or shares.size == 0:
        raise ValueError(f"probabilities must be (n, classes) with n of at least 1, not {shares.shape}")
    # Written so that NaN fails too: every comparison with it is False.
    if not (np.all(shares >= 0) and np.all(np.abs(shares.sum(axis=1) - 1) <= ROW_SUM_TOLERANCE)):
        raise ValueError("every row of probabilities must be 0 or more and sum to 1")
    truth = _checked_classes(labels, "labels", classes=shares.shape[1])
    _check_same_length(shares, truth, "probabilities and labels")
    return shares, truth


def _checked_sets(sets: ArrayLike) -> Bools:
    members = np.asarray(sets)
    if members.ndim != 2 or members.size == 0:
        raise ValueError(f"sets must be (n, classes) with n of at least 1, not {members.shape}")
    if members.dtype != np.bool_:
        raise ValueError(f"sets must be bool, not {members.dtype}")
    return members


def _check_same_length(first: NDArray[Any], second: NDArray[Any], names: str) -> None:
    if len(first) != len(second):
        raise ValueError(f"{names} must be of one length, not {len(first)} and {len(second)}")
