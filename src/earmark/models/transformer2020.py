"""A plain transformer over the frames of the spectrogram.

Y. Zhuang, Y. Chen & J. Zheng 2020, "Music Genre Classification with Transformer Classifier" (ICDSP 2020): a transformer
encoder over spectrogram frames, without convolutions; about 76 % on GTZAN (both figure and venue from memory).

- Uncertain: all but the abstract's idea, because the paper could not be read. This is the encoder of Vaswani et al.
  2017 (arXiv 1706.03762) as it stands: each frame's bands through a linear layer, sines for its place, layers with the
  norm after the sum, ReLU between the two feed-forward layers, the mean over frames, genres. Its width, depth, heads,
  dropout, the mean and the way it is trained (Adam) are ours.
- Adapted: earmark's log-mel, 128 bands, 77.5 ms a frame. The whole window of 29.5 s, 380 frames, is one segment, so
  that a clip is one sequence.
"""

import math
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from earmark.models.options import check_divides, options_class
from earmark.models.registry import Network, register
from earmark.models.segments import SegmentNet, SegmentOptions
from earmark.sound.tokens import TOKEN_FRAMES, WINDOW_TOKENS


@options_class
class TransformerOptions(SegmentOptions):
    """Zhuang, Chen & Zheng 2020."""

    token_frames: Annotated[int, Field(ge=1, description="frames of a segment: the whole window")] = (
        TOKEN_FRAMES * WINDOW_TOKENS
    )
    vector: Annotated[int, Field(ge=2, multiple_of=2, description="width of the encoder")] = 128
    layers: Annotated[int, Field(ge=1, description="of the encoder")] = 2
    attention_heads: Annotated[int, Field(ge=1, description="heads of its attention; they divide `vector`")] = 4
    feed: Annotated[int, Field(ge=1, description="width between the two feed-forward layers")] = 512
    dropout: Annotated[float, Field(ge=0, lt=1, description="inside the layers")] = 0.1

    def __post_init__(self) -> None:
        """A vector falls into as many equal parts as the attention has heads."""
        check_divides(self.vector, self.attention_heads)


@register("transformer2020", TransformerOptions)
def build(options: TransformerOptions, genres: int) -> Network:
    """A `TransformerNet` from the options of a recipe."""
    return TransformerNet(options, genres)


class TransformerNet(SegmentNet):
    """Frames with their places, encoder layers, their mean, genres. See `SegmentNet` for what comes in and out."""

    places: Tensor

    def __init__(self, options: TransformerOptions, genres: int) -> None:
        super().__init__(token_frames=options.token_frames, scale=options.input, overlap=False)
        self.embed = nn.Linear(options.bands, options.vector)
        self.register_buffer("places", sines(options.token_frames, options.vector), persistent=False)
        self.dropout = nn.Dropout(options.dropout)
        self.layers = nn.ModuleList(EncoderLayer(options) for _ in range(options.layers))
        self.head = nn.Linear(options.vector, genres)

    def hear(self, segments: Tensor) -> tuple[Tensor, Tensor]:
        frames = self.dropout(self.embed(segments.transpose(1, 2)) + self.places)  # (segments, frames, vector)
        for layer in self.layers:
            frames = layer(frames)
        vectors = frames.mean(dim=1)
        return vectors, self.head(vectors)


class EncoderLayer(nn.Module):
    """One layer of the encoder of Vaswani et al. 2017, `(segments, frames, vector)` -> the same."""

    def __init__(self, options: TransformerOptions) -> None:
        super().__init__()
        self.heads = options.attention_heads
        self.qkv = nn.Linear(options.vector, 3 * options.vector)
        self.out = nn.Linear(options.vector, options.vector)
        self.feed = nn.Sequential(
            nn.Linear(options.vector, options.feed), nn.ReLU(), nn.Linear(options.feed, options.vector)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(options.vector) for _ in range(2))
        self.dropout = nn.Dropout(options.dropout)

    def forward(self, frames: Tensor) -> Tensor:
        segments, count, size = frames.shape
        qkv = self.qkv(frames).reshape(segments, count, 3, self.heads, size // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # each (segments, heads, frames, size / heads)
        mixed = scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(segments, count, size)
        frames = self.norms[0](frames + self.dropout(self.out(mixed)))
        encoded: Tensor = self.norms[1](frames + self.dropout(self.feed(frames)))
        return encoded


def sines(frames: int, size: int) -> Tensor:
    """`(frames, size)`: sines and cosines of each frame's place, at wavelengths from 2 pi to 10 000 times that."""
    exponent = torch.arange(0, size, 2, dtype=torch.float32) / size
    angle = torch.arange(frames, dtype=torch.float32)[:, None] * torch.exp(-math.log(10_000.0) * exponent)
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)
