"""Ways to say which tokens of a window speak for a genre; each gives (n, tokens), more where there is more of it.

attention                  where the network looks, for all genres together
attention x token logit    attention times how far the token's logit of the genre is above its mean over genres
token head                 the logarithm of the genre's probability in the token, in the light of the others
token alone                the same, were the token the whole window
attention x token alone    that probability times the attention: what `listen` shows as decisive
gradient x input           gradient of the genre's log-probability times the distance from the filler (Shrikumar et al.
                           2016, arXiv 1605.01713), summed over the token; needs torch
leave one out              what the log-probability of the genre loses when the token is filled with the mean spectrum
energy, random             what needs no network: the least that a method must beat
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp

from earmark.analyze.material import WINDOWS_AT_ONCE, Heard, Network, hear
from earmark.sound.tokens import TOKEN_FRAMES

Floats = NDArray[np.float32]
Scores = dict[str, NDArray[np.float64]]

ATTENTION, WEIGHED, HEAD, ALONE = "attention", "attention × token logit", "token head", "token alone"
SHOWN = "attention × token alone"
GRADIENT, LEAVE_OUT = "gradient × input", "leave one out"
ENERGY, RANDOM = "energy", "random"
METHODS = (ATTENTION, WEIGHED, HEAD, ALONE, SHOWN, GRADIENT, LEAVE_OUT, ENERGY, RANDOM)
CONTROLS = (ENERGY, RANDOM)


def explain(
    network: Network,
    db: Floats,
    targets: NDArray[np.int64],
    *,
    filler: Floats,
    rng: np.random.Generator,
    heard: Heard | None = None,
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
        HEAD: own - logsumexp(said.token_logits.astype(np.float64), axis=2),
    }
    if said.alone is not None:
        scores[ALONE] = said.alone[rows, :, targets] - logsumexp(said.alone.astype(np.float64), axis=2)
        scores[SHOWN] = scores[ATTENTION] * np.exp(scores[ALONE])
    if network.module is not None:
        scores[GRADIENT] = _gradients(network, db, targets, filler)
    scores[LEAVE_OUT] = _left_out(network, db, targets, filler, said, progress)
    scores[ENERGY] = _energy(db)
    scores[RANDOM] = rng.random(own.shape)
    return scores


def log_probability(logits: Floats, targets: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of each window's target, uncalibrated, (n,)."""
    return np.asarray(log_softmax(logits.astype(np.float64), axis=1)[np.arange(len(logits)), targets])


def logits_filled(network: Network, db: Floats, vectors: Floats, marked: NDArray[np.bool_], filler: Floats) -> Floats:
    """What a network says of windows of which the tokens that are marked, (n, tokens), were filled; (n, genres).

    `vectors` are what it made of their tokens, (n, tokens, 128): its CNN hears each token alone, so where there is a
    module only the filler's token has to be heard again.
    """
    if network.module is None:
        runs = range(0, len(db), WINDOWS_AT_ONCE)
        parts = [slice(start, start + WINDOWS_AT_ONCE) for start in runs]
        return np.concatenate([network.run(filled(db[part], marked[part], filler)).logits for part in parts])
    import torch

    from earmark.models.registry import Decides

    net = network.module
    assert isinstance(net, Decides)  # others are refused when they are loaded
    with torch.inference_mode():
        alone = net.encode(torch.from_numpy(np.repeat(filler[None], TOKEN_FRAMES, axis=2)))[0, 0]
        said = []
        for start in range(0, len(db), WINDOWS_AT_ONCE):
            part = slice(start, start + WINDOWS_AT_ONCE)
            mixed = torch.where(torch.from_numpy(marked[part, :, None]), alone, torch.from_numpy(vectors[part]))
            said.append(net.decide(mixed, torch.from_numpy(filled(db[part], marked[part], filler))).logits.numpy())
    return np.concatenate(said)


def filled(db: Floats, tokens: NDArray[np.bool_], filler: Floats) -> Floats:
    """Windows (n, 128, frames) with the tokens that are marked, (n, tokens), filled."""
    frames = np.repeat(tokens, TOKEN_FRAMES, axis=1)[:, None, :]
    return np.where(frames, filler, db)


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
