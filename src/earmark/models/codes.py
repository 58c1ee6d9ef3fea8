"""Codes: how the numbers that a CNN finds in a token become the token's vector.

`plain` normalises them (Ba et al. 2016, arXiv 1607.06450). `gaussian` reads them as mean and log-variance of a normal
distribution, from which training draws (a VAE's encoder, Kingma & Welling 2014, arXiv 1312.6114). `sparse` sets what is
negative to 0. Of the last two, the largest numbers alone may be kept (Makhzani & Frey 2014, arXiv 1312.5663).
"""

from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

CodeName = Literal["plain", "gaussian", "sparse"]
LARGEST_LOG_VARIANCE = 6.0  # either way, so that a bad step does not end in infinity
_TINY = 1e-6


class Coded(NamedTuple):
    """Vectors of tokens, (..., size), and for a `gaussian` code what they are drawn from, all else None.

    `used` is 1 for the numbers that are kept and 0 for those that are not, where the code keeps the largest alone.
    """

    vectors: Tensor
    means: Tensor | None = None
    log_variances: Tensor | None = None
    used: Tensor | None = None


class Code(nn.Module):
    """The base class of codes, (..., inputs) -> (..., size)."""

    inputs: int  # numbers that it wants of the CNN

    def forward(self, numbers: Tensor) -> Tensor:
        """The vectors alone."""
        return self.coded(numbers).vectors

    def coded(self, numbers: Tensor) -> Coded:
        """The vectors, and what they are drawn from."""
        raise NotImplementedError


class PlainCode(Code):
    """Mean 0 and deviation 1 within the vector, then a gain and an offset that are learned."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.inputs = size
        # Named as in `nn.LayerNorm`, whose place this has, so that older weights fit.
        self.weight, self.bias = nn.Parameter(torch.ones(size)), nn.Parameter(torch.zeros(size))

    def coded(self, numbers: Tensor) -> Coded:
        return Coded(nn.functional.layer_norm(numbers, (self.inputs,), self.weight, self.bias))


class GaussianCode(Code):
    """In training a sample of N(mean, variance), else the mean; with `kept` the largest means alone, all else 0."""

    def __init__(self, size: int, kept: int = 0) -> None:
        super().__init__()
        self.inputs, self.kept = 2 * size, kept

    def coded(self, numbers: Tensor) -> Coded:
        means, raw = numbers.chunk(2, dim=-1)
        log_variances = LARGEST_LOG_VARIANCE * torch.tanh(raw / LARGEST_LOG_VARIANCE)
        vectors = means
        if self.training:
            vectors = means + torch.exp(0.5 * log_variances) * torch.randn_like(means)
        if not self.kept:
            return Coded(vectors, means, log_variances)
        used = largest(means.abs(), self.kept)
        return Coded(vectors * used, means * used, log_variances, used)


class SparseCode(Code):
    """Numbers above 0, with `kept` the largest alone, all else exactly 0; the vector's root mean square is 1."""

    def __init__(self, size: int, kept: int = 0) -> None:
        super().__init__()
        self.inputs, self.kept = size, kept

    def coded(self, numbers: Tensor) -> Coded:
        vectors = numbers.relu()
        used = largest(vectors, self.kept) if self.kept else None
        if used is not None:
            vectors = vectors * used
        return Coded(vectors / (vectors.square().mean(dim=-1, keepdim=True) + _TINY).sqrt(), used=used)


def code_of(name: CodeName, size: int, kept: int) -> Code:
    """The code of that name for vectors of a size; `kept` numbers of each are kept, 0 for all."""
    if name == "plain":
        return PlainCode(size)
    return GaussianCode(size, kept) if name == "gaussian" else SparseCode(size, kept)


def largest(numbers: Tensor, kept: int) -> Tensor:
    """1 where one of the `kept` largest of the last axis stands and 0 elsewhere, in the numbers' type."""
    places = numbers.topk(kept, dim=-1).indices
    return torch.zeros_like(numbers).scatter(-1, places, 1.0)


def divergence(coded: Coded) -> Tensor:
    """KL of N(mean, variance) from the standard normal, nats, of each number, (..., size); 0 for those not kept."""
    assert coded.means is not None
    assert coded.log_variances is not None
    nats = 0.5 * (coded.means.square() + coded.log_variances.exp() - 1 - coded.log_variances)
    return nats if coded.used is None else nats * coded.used
