"""Does a head hear labels when they sound? Seconds of one clip are put into another, and it is asked where they are.

Tokens are spliced as the head reads them: what the network makes of each as a whole window, which depends on no other.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.listen.calibrate import softmax
from earmark.listen.reading import Moments
from earmark.teach.crossfit import Question, fit
from earmark.teach.fit import Penalty

SPLICES = 300
TOKENS = 20  # of a clip, its first
INSERTED = 4  # 6 s
SURE = 0.5  # from this probability on the head knows a clip, and may be asked of it


def find_splices(
    question: Question,
    numbers_of: Callable[[int], NDArray[np.float32]],
    moments_of: Callable[[int], Sequence[Moments]],
    folds: NDArray[np.int64],
    penalty: Penalty,
) -> dict[str, Any]:
    """How often the moment that sounds most like a label is one of the inserted ones, by heads that heard neither clip.

    Both clips are of one fold, by different artists and of different labels, and the head is right about both.

    Parameters
    ----------
    question:
        Of a single label, by which the pairs are drawn.
    numbers_of, moments_of:
        (clips, numbers), and moments one a clip, as the network for a fold makes them.
    folds:
        (clips,) by artist.
    penalty:
        Of the layer that is fitted without each fold.

    Returns
    -------
    n, found (share), chance (share of the moments that were inserted); n alone where nothing could be asked.
    """
    rng = np.random.default_rng(0)
    found: list[bool] = []
    each = -(-SPLICES // len(np.unique(folds)))
    for fold in np.unique(folds):
        mine, theirs = numbers_of(int(fold)), moments_of(int(fold))
        layer = fit(question.take(folds != fold), mine[folds != fold], penalty)
        truth = question.targets.argmax(axis=1)
        sure = softmax(layer.scores(mine))[np.arange(len(mine)), truth] >= SURE
        able = np.flatnonzero((folds == fold) & sure).tolist()
        rows = [row for row in able if len(theirs[row].vectors) >= TOKENS]
        for _ in range(each):
            pair = _pair(rng, rows, truth, question.artists)
            if pair is None:
                break
            host, guest = (np.asarray(theirs[row].vectors[:TOKENS], np.float64) for row in pair)
            start, taken = (int(rng.integers(TOKENS - INSERTED + 1)) for _ in range(2))
            spliced = host.copy()
            spliced[start : start + INSERTED] = guest[taken : taken + INSERTED]
            scores = softmax(layer.token_scores(spliced))[:, truth[pair[1]]]
            found.append(start <= int(scores.argmax()) < start + INSERTED)
    if not found:
        return {"n": 0}
    return {"n": len(found), "found": float(np.mean(found)), "chance": INSERTED / TOKENS}


def _pair(
    rng: np.random.Generator, rows: Sequence[int], truth: NDArray[np.int64], artists: Sequence[str]
) -> tuple[int, int] | None:
    """Two clips of different labels and artists; None where there are none."""
    for _ in range(50):
        if len(rows) < 2:
            return None
        host, guest = (int(row) for row in rng.choice(rows, 2, replace=False))
        if truth[host] != truth[guest] and artists[host] != artists[guest]:
            return host, guest
    return None
