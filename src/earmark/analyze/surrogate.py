"""A surrogate: which tokens a random forest needs to foretell a network's answer to a window with random tokens filled.

After Bolaños et al. 2025 (arXiv 2506.04391), who compare linear and forest surrogates of audio classifiers on seconds
whose place is known, and with whom the forest often does best. As there the answer is the log-odds of the genre. Unlike
there, the pieces that are masked are tokens of 1.47 s and not 0.1 s, as all methods here speak of tokens, so fewer
masks do; they are filled with the mean spectrum; and as a forest's importances have no sign, a token has the sign of
what showing it does to the mean answer.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestRegressor

from earmark.analyze.filling import log_probability, logits_filled
from earmark.analyze.material import Heard, Network

Floats = NDArray[np.float32]

TREES = 30
SHOWN_SHARE = 0.5  # of the tokens of a random mask, on average
SURE = 1e-6  # probabilities are kept so far from 0 and 1


def forest(
    network: Network,
    db: Floats,
    targets: NDArray[np.int64],
    *,
    filler: Floats,
    heard: Heard,
    rng: np.random.Generator,
    masks: int,
    progress: Callable[[int], None] = lambda windows: None,
) -> NDArray[np.float64]:
    """The signed importance of each token, (n, tokens); windows, genres and filler as in `explanations.explain`.

    Parameters
    ----------
    heard:
        What the network says of `db`.
    rng:
        Draws masks and trees.
    masks:
        How many of each window the forest learns from.
    """
    tokens = heard.attention.shape[1]
    scores = np.empty((len(db), tokens))
    for row in range(len(db)):
        kept = rng.random((masks, tokens)) < SHOWN_SHARE
        copies, vectors = (np.repeat(one[row : row + 1], masks, axis=0) for one in (db, heard.vectors))
        logits = logits_filled(network, copies, vectors, ~kept, filler)
        scores[row] = _importance(kept, _log_odds(logits, targets[row]), seed=int(rng.integers(2**31)))
        progress(masks)
    return scores


def _log_odds(logits: Floats, target: np.int64) -> NDArray[np.float64]:
    probability = np.exp(log_probability(logits, np.full(len(logits), target))).clip(SURE, 1 - SURE)
    return np.asarray(np.log(probability / (1 - probability)))


def _importance(kept: NDArray[np.bool_], odds: NDArray[np.float64], *, seed: int) -> NDArray[np.float64]:
    """Of each token, from masks (masks, tokens) and the answers to them, (masks,)."""
    found = RandomForestRegressor(n_estimators=TREES, random_state=seed).fit(kept, odds)
    away = odds - odds.mean()
    return np.asarray(found.feature_importances_ * np.sign(away @ (kept - kept.mean(axis=0))))
