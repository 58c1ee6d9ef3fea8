"""Which token comes next: from the vectors of tokens 1 to t, a distribution over that of token t + 1.

A mixture of Gaussians (Bishop 1994, "Mixture density networks"; over a recurrent network as in Graves 2013, arXiv
1308.0850, and over a VAE's latents as in Ha & Schmidhuber 2018, arXiv 1803.10122). A GRU reads the tokens in order, so
no token hears of a later one.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from earmark.models.heads import Head, head

LARGEST_LOG_SD = 3.0  # either way: densities stay finite where a token can be told exactly
_WIDTH = 4  # of the GRU, in vectors
_APART = 0.5


class Mixture(NamedTuple):
    """Gaussians with diagonal covariance: log weights (..., k), means and log deviations (..., k, vector)."""

    log_weights: Tensor
    means: Tensor
    log_sds: Tensor

    @property
    def mean(self) -> Tensor:
        """The expected vector, (..., vector)."""
        return (self.log_weights.exp()[..., None] * self.means).sum(dim=-2)


@head("next")
class NextToken(Head):
    """`(windows, tokens, vector)` -> the `Mixture` over the token that follows each; `size` Gaussians."""

    answers = False

    def __init__(self, vector: int, size: int, *, width: int = 0, conditions: int = 0) -> None:
        super().__init__(vector, size)
        self.vector = vector
        self.gru = nn.GRU(vector + conditions, width or _WIDTH * vector, batch_first=True)
        self.out = nn.Linear(self.gru.hidden_size + vector, size * (1 + 2 * vector))
        # Gaussians that begin at one place stay together for long.
        nn.init.normal_(self.out.bias.data[size : size * (1 + vector)], std=_APART)

    def forward(self, vectors: Tensor, conditions: Tensor | None = None) -> Mixture:
        """`conditions` (windows, conditions) stand beside every token, where the head was made for some."""
        heard = vectors
        if conditions is not None:
            each = conditions[:, None] + torch.zeros_like(vectors[:, :, :1])  # ONNX keeps it at any number of tokens
            heard = torch.cat([vectors, each], dim=2)
        states, _ = self.gru(heard)  # (windows, tokens, width)
        return self.mixture(torch.cat([states, vectors], dim=2))

    def mixture(self, known: Tensor) -> Mixture:
        """From what is known of the tokens so far, `(..., width + vector)`."""
        numbers: Tensor = self.out(known)
        weights, means, raw = numbers.split([self.size, *[self.size * self.vector] * 2], dim=-1)
        shape = (*numbers.shape[:-1], self.size, self.vector)
        log_sds = LARGEST_LOG_SD * torch.tanh(raw.reshape(shape) / LARGEST_LOG_SD)
        return Mixture(weights.log_softmax(dim=-1), means.reshape(shape), log_sds)


def log_likelihood(mixture: Mixture, vectors: Tensor) -> Tensor:
    """Log density of `vectors` (..., vector) under the mixture, nats, (...)."""
    deviations = (vectors[..., None, :] - mixture.means) * torch.exp(-mixture.log_sds)
    each = -0.5 * deviations.square() - mixture.log_sds - 0.5 * math.log(2 * math.pi)
    return (mixture.log_weights + each.sum(dim=-1)).logsumexp(dim=-1)
