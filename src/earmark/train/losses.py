"""Losses. A label is a set of genres of which one is true: one genre for a full label, several for a partial one.

For partial labels the loss is the negative logarithm of the summed probability of the set (Jin & Ghahramani 2002,
"Learning with multiple labels"); for a set of one it is the usual cross-entropy.
"""

import torch
from torch import Tensor


def partial_cross_entropy(logits: Tensor, allowed: Tensor, *, smoothing: float = 0.0) -> Tensor:
    """Loss of each row: −log of the summed probability of its allowed genres.

    Parameters
    ----------
    logits:
        (..., genres) float32.
    allowed:
        (..., genres) bool, at least one true in each row.
    smoothing:
        This share of the loss is the cross-entropy with all genres alike (label smoothing, Szegedy et al. 2016).

    Returns
    -------
    (...) float32.
    """
    log_p = logits.log_softmax(dim=-1)
    hit = -log_p.masked_fill(~allowed, -torch.inf).logsumexp(dim=-1)
    return hit if smoothing == 0 else (1 - smoothing) * hit - smoothing * log_p.mean(dim=-1)
