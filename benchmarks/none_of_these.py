"""Which form of P(none of these) is best out of fold (docs/experiments.md, lines 46 to 48).

The answers of a cross-validation are calibrated on the other folds in several forms, all answers as frequent as each
other. Of each the mean negative log likelihood is printed, a partial label counting as a set, and the gain over the
shipped form with its 95 % interval by artist. It needs the extra `benchmark`, which brings SciPy.

    python benchmarks/none_of_these.py results/ablations/artist_grouped/earmark recipes/version4.toml --data gtzan ...
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax, logsumexp

from earmark.data.dataset import Dataset
from earmark.evaluate.beyond import _judged, _rows
from earmark.evaluate.calibration import checked_parts
from earmark.evaluate.predictions import Predictions
from earmark.evaluate.whole import Judged, mix_weights
from earmark.listen.calibrate import fit_temperature
from earmark.measure.bootstrap import artist_interval
from earmark.train.recipe import Recipe

Floats = NDArray[np.float64]
RIDGE = 1e-4

# What P(none) may know of the genres' logits (n, genres) beside its own: (n, k).
FEATURES: dict[str, Callable[[Floats], Floats]] = {
    "its line alone": lambda logits: np.empty((len(logits), 0)),
    "and the log of the summed evidence": lambda logits: logsumexp(logits, axis=1)[:, None],
    "and the highest genre": lambda logits: log_softmax(logits, axis=1).max(axis=1)[:, None],
    "and the genres' entropy": lambda logits: _entropy(logits)[:, None],
}


def main() -> None:
    """Fit, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("crossval", type=Path)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--data", type=Path, action="append", required=True)
    options = parser.parse_args()
    runs = sorted((options.crossval / "runs").glob("seed*_fold*.npz"))
    rows = _rows(runs, [Dataset.load(folder) for folder in options.data])
    found = _judged(rows, Recipe.load(options.recipe), Predictions.read(options.crossval / "predictions.csv"))
    if found is None:
        raise SystemExit("All clips are of one kind: none can be told from others.")
    judged, _ = found
    shipped = likelihoods(judged, FEATURES["its line alone"], softmax_of_all=False, free=False)
    show("shipped: its line alone, the genres' own temperature", judged, shipped, shipped)
    for softmax_of_all in (False, True):
        for name, features in FEATURES.items():
            told = likelihoods(judged, features, softmax_of_all=softmax_of_all, free=True)
            form = "one softmax of all" if softmax_of_all else "two steps"
            show(f"{form}, free temperature: {name}", judged, told, shipped)


def show(name: str, judged: Judged, told: Floats, shipped: Floats) -> None:
    """One line: the mean, and the gain over the shipped form."""
    weights = mix_weights(judged.allowed)
    gain = told - shipped
    low, high = artist_interval(gain, judged.artists, weights=weights, rng=np.random.default_rng(0))
    mean = -np.average(told, weights=weights)
    print(f"{name:<72} {mean:.4f}, better by {np.average(gain, weights=weights):.4f} ({low:.4f} to {high:.4f})")


def likelihoods(judged: Judged, features: Callable[[Floats], Floats], *, softmax_of_all: bool, free: bool) -> Floats:
    """(n,) log likelihood of what is true of each row, by what was fitted on the other folds."""
    told = np.empty(len(judged))
    known = np.concatenate([judged.allowed, judged.is_outside[:, None]], axis=1)  # (n, genres + 1)
    extra = features(judged.logits)

    def log_probabilities(values: Floats, rows: NDArray[np.bool_]) -> Floats:
        genres = judged.logits[rows] / np.exp(values[0])
        none = values[1] * judged.outside[rows] + values[2] + extra[rows] @ values[3:]
        if softmax_of_all:
            return np.asarray(log_softmax(np.concatenate([genres, none[:, None]], axis=1), axis=1))
        some = log_softmax(genres, axis=1) - np.logaddexp(0, none)[:, None]
        return np.concatenate([some, -np.logaddexp(0, -none)[:, None]], axis=1)

    def of_truth(values: Floats, rows: NDArray[np.bool_]) -> Floats:
        return np.asarray(logsumexp(np.where(known[rows], log_probabilities(values, rows), -np.inf), axis=1))

    for here, others in checked_parts(len(judged), judged.artists, judged.seeds, judged.folds):
        weights = mix_weights(judged.allowed[others])
        exact = others & judged.exact & ~judged.is_outside
        own = np.log(fit_temperature(judged.logits[exact], judged.truth[exact]))

        def whole(values: Floats, own: float = own) -> Floats:
            return values if free else np.concatenate([[own], values])

        def loss(values: Floats, rows: NDArray[np.bool_] = others, loads: Floats = weights, own: float = own) -> float:
            told_of = np.average(of_truth(whole(values, own), rows), weights=loads)
            return float(RIDGE * np.square(values).sum() - told_of)

        start = np.array([own, 1.0, -1.0, *np.zeros(extra.shape[1])])
        best = minimize(loss, start if free else start[1:], method="BFGS").x
        told[here] = of_truth(whole(best), here)
    return told


def _entropy(logits: Floats) -> Floats:
    shares = log_softmax(logits, axis=1)
    return np.asarray(-(np.exp(shares) * shares).sum(axis=1))


if __name__ == "__main__":
    main()
