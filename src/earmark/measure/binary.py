"""Metrics of binary classification: arrays in, numbers out, NumPy alone.

Conventions: `scores` is (n,) numbers, the higher the more likely a positive; `positives` is (n,) bool, the truth. Every
public function checks its arrays and raises ValueError, also where all are positive or all are negative.

Sources: ROC AUC as the chance that a positive scores above a negative, ties counted half (Hanley & McNeil 1982,
Radiology 143, 29-36); average precision as scikit-learn defines it, the oracle of the tests; adaptive calibration
error, with bins of equally many items, Nixon et al. 2019 (arXiv 1904.01685).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def roc_auc(scores: ArrayLike, positives: ArrayLike) -> float:
    """Area under the ROC curve, 0 to 1; 0.5 is chance."""
    values, truth = _checked(scores, positives)
    return float(weighted_roc_auc(values, truth, np.ones((1, len(values))))[0])


def weighted_roc_auc(scores: ArrayLike, positives: ArrayLike, weights: ArrayLike) -> Floats:
    """ROC AUC under each of several weightings of the same items, as a bootstrap needs it.

    Parameters
    ----------
    scores, positives:
        (n,) each.
    weights:
        (draws, n), 0 or more.

    Returns
    -------
    (draws,) float64; NaN where a weighting leaves no positives or no negatives.
    """
    values, truth = _checked(scores, positives)
    loads = np.asarray(weights, dtype=np.float64)
    if loads.ndim != 2 or loads.shape[1] != len(values):
        raise ValueError(f"weights must be (draws, {len(values)}), not {loads.shape}")
    order = np.argsort(values, kind="stable")
    ordered, truth = values[order], truth[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])  # of each run of equal scores
    loads = loads[:, order]
    yes = np.add.reduceat(loads * truth, starts, axis=1)  # (draws, runs)
    no = np.add.reduceat(loads * ~truth, starts, axis=1)
    below = np.cumsum(no, axis=1) - no / 2  # the noes below each run, and half of those within it
    pairs = yes.sum(axis=1) * no.sum(axis=1)
    return np.asarray((yes * below).sum(axis=1) / np.where(pairs > 0, pairs, np.nan))


def average_precision(scores: ArrayLike, positives: ArrayLike) -> float:
    """Mean over positives of the precision at their rank, 0 to 1; chance is the share of positives."""
    values, truth = _checked(scores, positives)
    order = np.argsort(-values, kind="stable")
    ordered = values[order]
    ends = np.flatnonzero(np.r_[ordered[1:] != ordered[:-1], True])  # equal scores are told together
    hits = np.cumsum(truth[order])[ends]
    return float(np.sum(np.diff(hits, prepend=0) * hits / (ends + 1)) / hits[-1])


def adaptive_ece(
    probabilities: ArrayLike, targets: ArrayLike, *, bins: int = 10, weights: ArrayLike | None = None
) -> float:
    """Mean over items of |mean probability - mean target| of their bin; bins hold equally many items.

    Bins of equal width would put nearly all answers about something rare into the lowest one.

    Parameters
    ----------
    probabilities:
        (n,) from 0 to 1.
    targets:
        (n,) from 0 to 1: the truth, or the probability that a teacher gives.
    bins:
        How many; no more than there are items.
    weights:
        (n,) 0 or more, how much each item counts in its bin; all alike by default.
    """
    shares = _checked_shares(probabilities, "probabilities")
    wanted = _checked_shares(targets, "targets")
    if len(shares) != len(wanted):
        raise ValueError(f"probabilities and targets must be of one length, not {len(shares)} and {len(wanted)}")
    if bins < 1:
        raise ValueError(f"bins must be at least 1, not {bins}")
    loads = np.ones(len(shares)) if weights is None else np.asarray(weights, dtype=np.float64)
    if loads.shape != shares.shape or not np.all(loads >= 0) or not loads.any():
        raise ValueError(f"weights must be ({len(shares)},) numbers of 0 or more, and not all 0")
    gaps = (loads * (shares - wanted))[np.argsort(shares, kind="stable")]
    parts = np.array_split(gaps, min(bins, len(gaps)))
    return float(sum(abs(part.sum()) for part in parts) / loads.sum())


def _checked(scores: ArrayLike, positives: ArrayLike) -> tuple[Floats, Bools]:
    values, truth = np.asarray(scores, dtype=np.float64), np.asarray(positives)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"scores must be (n,) with n of at least 1, not {values.shape}")
    if truth.dtype != np.bool_ or truth.shape != values.shape:
        raise ValueError(f"positives must be {values.shape} bool, not {truth.shape} {truth.dtype}")
    if not np.all(np.isfinite(values)):
        raise ValueError("scores must be finite")
    if truth.all() or not truth.any():
        raise ValueError("positives must hold a yes and a no")
    return values, truth


def _checked_shares(values: ArrayLike, name: str) -> Floats:
    shares = np.asarray(values, dtype=np.float64)
    if shares.ndim != 1 or shares.size == 0:
        raise ValueError(f"{name} must be (n,) with n of at least 1, not {shares.shape}")
    if not np.all((shares >= 0) & (shares <= 1)):  # written so that NaN fails too
        raise ValueError(f"{name} must be from 0 to 1")
    return shares
