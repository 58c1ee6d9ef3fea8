"""A learned mask: a decoder that is trained to name the tokens which keep a network's answer.

After L-MAC (Paissan et al. 2024, arXiv 2403.13086), where a decoder reads what a classifier makes of a sound and
gives a mask over its spectrogram: what is masked in should be heard as the whole was, what is masked out should not,
and the mask should be small. Like there the network stays as it is, and the decoder learns from its answers without
labels, on clips other than those it is asked about. Unlike there,

- the mask has one value a token, 0 to 1, as all methods here speak of tokens, and no bands;
- what is taken away is filled with the mean spectrum, and not silent;
- the decoder is a perceptron with one hidden layer, token by token: it reads the token's vector, the mean of the
  window's vectors and which genre is asked for. There it is convolutional and knows the genre heard alone. Every
  second clip is asked for the genre that comes next, so that the decoder can be asked for what is spliced in;
- there is no second stage that makes the mask pleasant to listen to.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from earmark.analyze.material import Heard, Network
from earmark.models.registry import Decides
from earmark.sound.tokens import TOKEN_FRAMES

Floats = NDArray[np.float32]

HIDDEN = 64
EPOCHS = 8
BATCH = 16
RATE = 3e-3
OUT_WEIGHT, SIZE_WEIGHT = 0.5, 1.0  # of the answer without what is masked in, and of the mean of the mask
SURE = 1e-4


class MaskDecoder(nn.Module):
    """`(windows, tokens, vector)` and the genres asked for `(windows,)` -> a mask `(windows, tokens)`, 0 to 1."""

    def __init__(self, vector: int, genres: int) -> None:
        super().__init__()
        self.genres = genres
        self.layers = nn.Sequential(
            nn.LayerNorm(2 * vector + genres), nn.Linear(2 * vector + genres, HIDDEN), nn.GELU(), nn.Linear(HIDDEN, 1)
        )

    def forward(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """As the class says."""
        asked = nn.functional.one_hot(targets, self.genres).to(vectors)[:, None].expand(-1, vectors.shape[1], -1)
        read = torch.cat([vectors, vectors.mean(dim=1, keepdim=True).expand_as(vectors), asked], dim=2)
        mask: Tensor = self.layers(read).squeeze(2).sigmoid()
        return mask

    def scores(self, vectors: Floats, targets: NDArray[np.int64]) -> NDArray[np.float64]:
        """The mask as an explanation, (n, tokens) float64, of windows whose tokens have these vectors."""
        with torch.inference_mode():
            return np.asarray(self(torch.from_numpy(vectors), torch.from_numpy(targets)), dtype=np.float64)


def fit_mask(
    network: Network,
    db: Floats,
    heard: Heard,
    *,
    filler: Floats,
    seed: int,
    progress: Callable[[int], None] = lambda windows: None,
) -> MaskDecoder | None:
    """Train a decoder for a network; None for one without a torch module.

    Parameters
    ----------
    network:
        Whose answers are to be kept.
    db, heard:
        (n, 128, frames) dB to learn from, and what the network says of them.
    filler:
        (128, 1) dB, see `Material.filler`.
    seed:
        Draws first weights and the order of windows.
    progress:
        Told of windows that were heard.
    """
    net = network.module
    if net is None:
        return None
    assert isinstance(net, Decides)  # others are refused when they are loaded
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        decoder = MaskDecoder(heard.vectors.shape[2], heard.logits.shape[1])
    rng = np.random.default_rng(seed)
    order = (-heard.logits).argsort(axis=1)[:, :2]  # the genre heard, and the next one
    fill = torch.from_numpy(filler)
    with torch.inference_mode():
        empty = net.encode(fill.expand(1, -1, TOKEN_FRAMES))[0, 0]
    empty = empty.clone()
    steps = torch.optim.Adam(decoder.parameters(), lr=RATE)
    for epoch in range(EPOCHS):
        for rows in np.array_split(rng.permutation(len(db)), -(-len(db) // BATCH)):
            asked = torch.from_numpy(order[rows, (rows + epoch) % 2 if order.shape[1] > 1 else 0])
            vectors, windows = torch.from_numpy(heard.vectors[rows]), torch.from_numpy(db[rows])
            mask = decoder(vectors, asked)
            # Where nothing varies a descriptor's deviation has no slope; it counts nothing.
            mask.register_hook(lambda slope: slope.nan_to_num(0.0, 0.0, 0.0))
            inside, outside = (
                _probability(net, vectors, windows, share, empty, fill, asked) for share in (mask, 1 - mask)
            )
            loss = -inside.log() - OUT_WEIGHT * (1 - outside).log() + SIZE_WEIGHT * mask.mean(dim=1)
            steps.zero_grad()
            loss.mean().backward()
            steps.step()
            progress(2 * len(rows))
    return decoder.eval()


def _probability(
    net: Decides, vectors: Tensor, db: Tensor, share: Tensor, empty: Tensor, filler: Tensor, targets: Tensor
) -> Tensor:
    """Of the targets, (windows,), where of each token a share is heard, (windows, tokens), and the filler otherwise."""
    token = share[:, :, None]
    frames = share.repeat_interleave(TOKEN_FRAMES, dim=1)[:, None]
    said = net.decide(token * vectors + (1 - token) * empty, frames * db + (1 - frames) * filler)
    return said.logits.softmax(dim=1).gather(1, targets[:, None])[:, 0].clamp(SURE, 1 - SURE)
