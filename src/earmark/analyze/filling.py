"""What a network says of windows of which some tokens are filled with the mean spectrum."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from earmark.analyze.material import WINDOWS_AT_ONCE, Network
from earmark.sound.tokens import TOKEN_FRAMES

Floats = NDArray[np.float32]


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
