"""Ways to say which tokens of a window speak for a genre; each gives (n, tokens), more where there is more of it.

attention                  where the network looks, for all genres together
attention x token logit    attention times how far the token's logit of the genre is above its mean over genres
token head                 the genre's probability in the token, in the light of the others
token alone                the same, were the token the whole window
attention x token alone    that probability times the attention
second opinion             the genre's probability in what kernel machines say of the pieces around the token, alone
evidence                   what `listen` shows as decisive (`listen.explain.evidence`): tokens alone and second opinion,
                           weighed half by attention and half evenly
gradient x input           gradient of the genre's log-probability times the distance from the filler (Shrikumar et al.
                           2016, arXiv 1605.01713), summed over the token; needs torch
leave one out              what the log-probability of the genre loses when the token is filled with the mean spectrum
forest on masks            a surrogate by random masks, see `surrogate`
learned mask               what a decoder keeps that was trained for it, see `mask`
energy, random             what needs no network: the least that a method must beat
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from earmark.analyze.filling import log_probability, logits_filled
from earmark.analyze.material import WINDOWS_AT_ONCE, Heard, Network, hear
from earmark.analyze.surrogate import forest
from earmark.listen.explain import evidence, shown, token_answers
from earmark.sound.tokens import TOKEN_FRAMES

if TYPE_CHECKING:
    from earmark.analyze.mask import MaskDecoder

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
Scores = dict[str, NDArray[np.float64]]

ATTENTION, WEIGHED, HEAD, ALONE = "attention", "attention × token logit", "token head", "token alone"
WEIGHED_ALONE, OPINION = "attention × token alone", "second opinion"
SHOWN = "evidence"
GRADIENT, LEAVE_OUT = "gradient × input", "leave one out"
FOREST, MASK = "forest on masks", "learned mask"
ENERGY, RANDOM = "energy", "random"
METHODS = (
    *(ATTENTION, WEIGHED, HEAD, ALONE, WEIGHED_ALONE, OPINION, SHOWN),
    *(GRADIENT, LEAVE_OUT, FOREST, MASK, ENERGY, RANDOM),
)
CONTROLS = (ENERGY, RANDOM)


@dataclass(frozen=True, eq=False)
class Costly:
    """What the costly methods need: how many random masks the forest sees of a window, and the network's decoder."""

    masks: int
    decoder: "MaskDecoder | None" = None


def explain(
    network: Network,
    db: Floats,
    targets: NDArray[np.int64],
    *,
    filler: Floats,
    rng: np.random.Generator,
    heard: Heard | None = None,
    costly: "Costly | None" = None,
    progress: Callable[[int], None] = lambda windows: None,
) -> Scores:
    """Every method's scores.

    Parameters
    ----------
    network:
        Whose answer is explained. One without a torch module gives no gradients.
    db:
        (n, 128, frames) dB.
    targets:
        (n,) the genre that is asked for, by its place.
    filler:
        (128, 1) dB, see `Material.filler`.
    rng:
        Draws what the random control says.
    heard:
        What the network says of `db`, where that is known.
    costly:
        The methods that take a hundred windows a clip, or training; without it they are left out.
    progress:
        Told of windows that were heard.
    """
    said = hear(network, db) if heard is None else heard
    rows = np.arange(len(db))
    own = said.token_logits[rows, :, targets].astype(np.float64)  # (n, tokens)
    usual = said.token_logits.mean(axis=2)
    scores: Scores = {
        ATTENTION: said.attention.astype(np.float64),
        WEIGHED: said.attention * (own - usual),
        HEAD: _probability(said.token_logits, targets),
    }
    if said.alone is not None:
        scores[ALONE] = _probability(said.alone, targets)
        scores[WEIGHED_ALONE] = scores[ATTENTION] * scores[ALONE]
        if said.opinion_tokens is not None:
            scores[OPINION] = _probability(token_answers(np.zeros_like(said.alone), said.opinion_tokens), targets)
        answers = token_answers(said.alone, said.opinion_tokens)
        scores[SHOWN] = evidence(answers, said.attention, 1 / said.attention.shape[1])[rows, :, targets]
    if network.module is not None:
        scores[GRADIENT] = _gradients(network, db, targets, filler)
    scores[LEAVE_OUT] = _left_out(network, db, targets, filler, said, progress)
    if costly is not None:
        if costly.masks:
            scores[FOREST] = forest(
                network, db, targets, filler=filler, heard=said, rng=rng, masks=costly.masks, progress=progress
            )
        if costly.decoder is not None:
            scores[MASK] = costly.decoder.scores(said.vectors, targets)
    scores[ENERGY] = _energy(db)
    scores[RANDOM] = rng.random(own.shape)
    return scores


def _probability(logits: Floats, targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of each window's target in its tokens, (n, tokens); logits are (n, tokens, genres)."""
    return np.asarray(softmax(logits.astype(np.float64), axis=2)[np.arange(len(logits)), :, targets])


def shown_tokens(scores: NDArray[np.float64]) -> Bools:
    """The tokens that `listen` would show, were these scores, (n, tokens), its evidence; at least one of each window.

    Scores below 0 speak against the genre and are no evidence.
    """
    marked = np.zeros(scores.shape, dtype=bool)
    for row, each in zip(marked, np.maximum(scores, 0.0), strict=True):
        row[[place for run in shown(each.tolist()) for place in run]] = True
    silent = ~marked.any(axis=1)
    marked[silent, scores[silent].argmax(axis=1)] = True
    return marked


def _left_out(
    network: Network,
    db: Floats,
    targets: NDArray[np.int64],
    filler: Floats,
    said: Heard,
    progress: Callable[[int], None],
) -> NDArray[np.float64]:
    whole = log_probability(said.logits, targets)
    tokens = said.attention.shape[1]
    each = np.eye(tokens, dtype=bool)
    lost = np.empty((len(db), tokens))
    for row in range(len(db)):
        copies, vectors = (np.repeat(one[row : row + 1], tokens, axis=0) for one in (db, said.vectors))
        logits = logits_filled(network, copies, vectors, each, filler)
        lost[row] = whole[row] - log_probability(logits, np.full(tokens, targets[row]))
        progress(tokens)
    return lost


def _gradients(network: Network, db: Floats, targets: NDArray[np.int64], filler: Floats) -> NDArray[np.float64]:
    import torch

    net = network.module
    assert net is not None
    parts = []
    for start in range(0, len(db), WINDOWS_AT_ONCE):
        heard = torch.from_numpy(db[start : start + WINDOWS_AT_ONCE]).requires_grad_()
        wanted = torch.from_numpy(targets[start : start + WINDOWS_AT_ONCE])
        said = net(heard).logits.log_softmax(dim=1).gather(1, wanted[:, None]).sum()
        (slope,) = torch.autograd.grad(said, heard)
        # Where a descriptor's deviation is 0 its root has no slope: what does not vary there counts nothing.
        share = (slope.nan_to_num() * (heard.detach() - torch.from_numpy(filler))).sum(dim=1)  # (n, frames)
        parts.append(share.reshape(len(share), -1, TOKEN_FRAMES).sum(dim=2).numpy())
    return np.concatenate(parts).astype(np.float64)


def _energy(db: Floats) -> NDArray[np.float64]:
    power = np.power(10, db.astype(np.float64) / 10).sum(axis=1)
    return np.asarray(power.reshape(len(db), -1, TOKEN_FRAMES).mean(axis=2))
