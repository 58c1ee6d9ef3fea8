"""The CNN that makes a vector of each token of a spectrogram alone, and its options.

Pairs are (bands, frames). What makes the vector of the CNN's numbers is a code (`models.codes`).
"""

from collections.abc import Sequence
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from earmark.models.codes import Code, Coded
from earmark.models.options import options_class
from earmark.sound.mel import BANDS

Side = Annotated[int, Field(ge=1)]
Pair = tuple[Side, Side]


@options_class
class Stage:
    """One convolution with what follows it; pairs are (bands, frames)."""

    channels: Annotated[int, Field(ge=1, description="maps that it makes")]
    kernel: Annotated[Pair, Field(description="its size")] = (3, 3)
    stride: Annotated[Pair, Field(description="step of the kernel")] = (1, 1)
    pool: Annotated[Pair, Field(description="size of the maximum taken after it")] = (1, 1)


class TokenCNN(nn.Module):
    """`(windows, tokens, bands, token_frames)` -> `(windows, tokens, vector)`, each token alone."""

    def __init__(
        self, stages: Sequence[Stage], code: Code, *, token_frames: int, norm: bool = True, dropout: float = 0.0
    ) -> None:
        super().__init__()
        self.token_frames = token_frames
        self.band_norm = _band_norm() if norm else nn.Identity()
        layers: list[nn.Module] = []
        channels, size = 1, (BANDS, token_frames)
        for stage in stages:
            layers += _convolution(channels, stage, norm=norm)
            channels, size = stage.channels, size_after(size, stage)
        self.stages = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.project = nn.Linear(2 * channels * size[0], code.inputs)
        self.norm = code

    def forward(self, tokens: Tensor) -> Tensor:
        return self.coded(tokens).vectors

    def coded(self, tokens: Tensor) -> Coded:
        """The vectors, and what they are drawn from where the code draws them; all (windows, tokens, vector)."""
        windows, count = tokens.shape[:2]
        # Sizes that are constants are written as such: the ONNX exporter wants to know them.
        flat = self.band_norm(tokens.reshape(-1, BANDS, self.token_frames))
        # The channel is made last and moved: all maps then have their channels last, and pools are many times faster.
        maps = self.stages(flat.unsqueeze(3).permute(0, 3, 1, 2))  # (windows * tokens, channels, bands', frames')
        summary = torch.cat([maps.mean(dim=3), maps.amax(dim=3)], dim=1).flatten(1)  # each last band by itself
        coded = self.norm.coded(self.project(self.dropout(summary)))
        rest = (None if part is None else part.reshape(windows, count, -1) for part in coded[1:])
        return Coded(coded.vectors.reshape(windows, count, -1), *rest)


def _band_norm() -> nn.Module:
    # Its gain and offset stay 1 and 0: learned ones would cost the gradient of the first convolution's input.
    # (Without them, `affine=False`, the layer cannot be exported to ONNX.)
    return nn.BatchNorm1d(BANDS).requires_grad_(requires_grad=False)


def _convolution(channels: int, stage: Stage, *, norm: bool) -> list[nn.Module]:
    padding = (stage.kernel[0] // 2, stage.kernel[1] // 2)
    layers: list[nn.Module] = [
        nn.Conv2d(channels, stage.channels, stage.kernel, stage.stride, padding, bias=not norm),
        # Before the norm, so that the norm has a quarter to do; the maximum is the same wherever its gain is positive.
        nn.MaxPool2d(stage.pool) if stage.pool != (1, 1) else nn.Identity(),
        nn.BatchNorm2d(stage.channels) if norm else nn.Identity(),
        nn.ReLU(inplace=True),
    ]
    return [layer for layer in layers if not isinstance(layer, nn.Identity)]


def size_after(size: Pair, stage: Stage) -> Pair:
    """What a stage leaves of maps of a size, (bands, frames)."""
    bands, frames = (
        ((n + 2 * (k // 2) - k) // s + 1) // p
        for n, k, s, p in zip(size, stage.kernel, stage.stride, stage.pool, strict=True)
    )
    return bands, frames
