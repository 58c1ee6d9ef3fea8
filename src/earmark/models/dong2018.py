"""Dong's network of three-second segments.

M. Dong 2018, "Convolutional Neural Network Achieves Human-level Accuracy in Music Genre Classification" (arXiv
1802.09697): 70 % on GTZAN, clips split at random into 50 % for training, 20 % for validation, 30 % for testing.

Two convolutions without padding, each with a pool of (2 bands, 4 frames), a dense layer of 32 numbers, a softmax. With
the published 64 bands and 256 frames these are 463 914 parameters, as published. At test a clip is heard in segments
with 50 % overlap, and their probabilities are summed.

- From the author's code (GitHub ds7711/music_genre_classification), where the paper is short: ReLU; L2 of 0.01 on both
  kernels and 0.02 on the dense layer's weights, none on the genre head; Adadelta at rate 1; batches of 150 segments;
  Keras' start (Glorot uniform, zero biases).
- Adapted: earmark's log-mel (128 bands up to 11 kHz, 77.5 ms a frame, dB under the maximum) in the place of log(1 + x)
  of 64 bands up to 10 kHz at 11.6 ms a frame, unless a front end of its own feeds it (`input = "plain"`). A segment
  stays 2.9 s, which are 38 frames; kernels and pools keep their published shapes.
- Adapted: Adadelta is torch's (rho 0.9 for Keras' 0.95) without the decay of 1e-5 a step. In the code all segments of a
  batch begin at one time; here each begins anywhere. The code trains in rounds of 500 passes until validation stands
  still; here the number of epochs is fixed.
"""

from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from earmark.models.options import options_class
from earmark.models.registry import Network, Outputs, register
from earmark.models.segments import SegmentNet, SegmentOptions

Pair = tuple[int, int]


@options_class
class DongOptions(SegmentOptions):
    """Dong 2018; pairs are (bands, frames)."""

    channels: Annotated[int, Field(ge=1, description="maps of each convolution")] = 64
    kernels: Annotated[tuple[Pair, Pair], Field(description="sizes of the two convolutions")] = ((3, 3), (3, 5))
    pool: Annotated[Pair, Field(description="of the maximum after each")] = (2, 4)
    vector: Annotated[int, Field(ge=1, description="numbers of a segment's vector")] = 32
    dropout: Annotated[float, Field(ge=0, lt=1, description="before the genres")] = 0.2
    kernel_decay: Annotated[
        float, Field(ge=0, description="of the convolutions, times the sum of squares, as Keras has it")
    ] = 0.01
    dense_decay: Annotated[float, Field(ge=0, description="likewise of the dense layers")] = 0.02


@register("dong2018", DongOptions)
def build(options: DongOptions, genres: int) -> Network:
    """A `DongNet` from the options of a recipe."""
    return DongNet(options, genres)


class DongNet(SegmentNet):
    """Two convolutions, a dense layer, genres; each segment alone. See `SegmentNet` for what comes in and out."""

    def __init__(self, options: DongOptions, genres: int) -> None:
        super().__init__(token_frames=options.token_frames, scale=options.input, overlap=True)
        self.options = options
        first, second = options.kernels
        size = _after(_after((options.bands, options.token_frames), first, options.pool), second, options.pool)
        self.first = nn.Conv2d(1, options.channels, first)
        self.second = nn.Conv2d(options.channels, options.channels, second)
        self.pool = nn.MaxPool2d(options.pool)
        self.dense = nn.Linear(options.channels * size[0] * size[1], options.vector)
        self.dropout = nn.Dropout(options.dropout)
        self.head = nn.Linear(options.vector, genres)
        for parameter in self.parameters():
            if parameter.ndim > 1:
                nn.init.xavier_uniform_(parameter)
            else:
                nn.init.zeros_(parameter)

    def hear(self, segments: Tensor) -> tuple[Tensor, Tensor]:
        # The maximum of the rectified is the rectified maximum; this order rectifies an eighth as much.
        maps = self.pool(self.first(segments.unsqueeze(1))).relu()  # (segments, channels, bands', frames')
        maps = self.pool(self.second(maps)).relu()
        vectors = self.dense(self.dropout(maps).flatten(1)).relu()
        return vectors, self.head(self.dropout(vectors))

    def side_loss(self, outputs: Outputs, allowed: Tensor) -> Tensor:
        """The L2 penalty on weights; the outputs play no part."""
        kernels = self.first.weight.square().sum() + self.second.weight.square().sum()
        return self.options.kernel_decay * kernels + self.options.dense_decay * self.dense.weight.square().sum()


def _after(size: Pair, kernel: Pair, pool: Pair) -> Pair:
    """(bands, frames) after a convolution without padding and a pool."""
    bands, frames = ((n - k + 1) // p for n, k, p in zip(size, kernel, pool, strict=True))
    return bands, frames
