"""The attention network with one part changed, to see what that part is worth; each is a kind that recipes may name."""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from earmark.errors import BundleError
from earmark.models.attention import AttentionNet, AttentionOptions, Pool
from earmark.models.options import options_class
from earmark.models.registry import Network, register


@register("attention_mean", AttentionOptions)
def build_mean(options: AttentionOptions, genres: int) -> Network:
    """All tokens weigh the same."""
    return MeanNet(options, genres)


@register("attention_shuffled", AttentionOptions)
def build_shuffled(options: AttentionOptions, genres: int) -> Network:
    """The tokens come in random order."""
    return ShuffledNet(options, genres)


@options_class
class AloneOptions(AttentionOptions):
    """The attention network, each token alone: there are no layers by which one could hear of another."""

    layers: Annotated[Literal[0], Field(description="self-attention layers: none")] = 0


@register("attention_alone", AloneOptions)
def build_alone(options: AloneOptions, genres: int) -> Network:
    """Each token answers by itself."""
    return AloneNet(options, genres)


class MeanNet(AttentionNet):
    """All tokens weigh the same."""

    def make_pool(self) -> Pool:
        """`MeanPool` in the place of `AttentionPool`."""
        return MeanPool(self.options.vector)


class AloneNet(MeanNet):
    """Each token answers by itself; the window's probabilities are the geometric mean of theirs."""

    def judge(self, vector: Tensor, token_logits: Tensor) -> Tensor:
        """`(windows, genres)` from `(windows, tokens, genres)`."""
        return token_logits.log_softmax(dim=2).mean(dim=1)


class ShuffledNet(AttentionNet):
    """The tokens in random order, so that only what they are can count."""

    def relate(self, vectors: Tensor) -> Tensor:
        """As `AttentionNet.relate`, of tokens in another order."""
        if torch.onnx.is_in_onnx_export():  # ONNX can hold no order that depends on how many tokens there are
            raise BundleError("A network that shuffles its tokens is for comparison alone and cannot be exported.")
        # Another order in every step of training; in an answer always the same one, so that it can be repeated.
        count = vectors.shape[1]
        rng = None if self.training else torch.Generator().manual_seed(count)
        return super().relate(vectors[:, torch.randperm(count, generator=rng).to(vectors.device)])


class MeanPool(Pool):
    """What remains of `AttentionPool` without attention: all tokens weigh the same."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.value = nn.Linear(size, size)

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """As `Pool.forward`."""
        return self.each(tokens).mean(dim=1), torch.full_like(tokens[:, :, 0], 1 / tokens.shape[1])

    def each(self, tokens: Tensor) -> Tensor:
        """As `Pool.each`."""
        value: Tensor = self.value(self.norm(tokens))
        return value
