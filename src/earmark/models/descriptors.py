"""Descriptors of a window, the field's own, without anything to learn: what the kernel machines go by.

MFCCs, spectral contrast (Jiang et al. 2002), levels, and the modulation spectrum of bands and MFCCs (Lee et al. 2009),
which tells how fast what changes: rhythm that a token of 1.5 s cannot hold.
"""

import math
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from earmark.sound.mel import BANDS

CEPSTRA = 20
COARSE, FINE = 16, 32  # groups of bands
SEGMENT_FRAMES = 64  # of the modulation spectrum, 5 s; half of it is the step
# The bins of a segment's Fourier transform (0.2 Hz each) in eight bands of modulation, about a third of an octave wide
# and wider.
MODULATION_EDGES = (1, 2, 3, 4, 6, 9, 13, 19, 33)
LEAST_POWER = 1e-3  # dB squared, before the logarithm
SIZE = 4 * CEPSTRA + 2 * COARSE + 3 * FINE + (len(MODULATION_EDGES) - 1) * (COARSE + CEPSTRA)


class Descriptors(nn.Module):
    """`(windows, 128 bands, frames)` dB -> `(windows, SIZE)` float32, for any number of frames above one."""

    cosines: Tensor
    waves: Tensor
    taper: Tensor
    edges: Tensor

    def __init__(self) -> None:
        super().__init__()
        # Constants, not weights: they are made again with the network and stand in no checkpoint.
        self.register_buffer("cosines", torch.from_numpy(dct(CEPSTRA, BANDS)), persistent=False)
        self.register_buffer("waves", torch.from_numpy(_waves()), persistent=False)
        taper = torch.from_numpy(np.hanning(SEGMENT_FRAMES) ** 2).float()
        self.register_buffer("taper", (taper / taper.sum())[None, None], persistent=False)
        self.register_buffer("edges", torch.from_numpy(_modulation_bands()), persistent=False)

    def forward(self, db: Tensor) -> Tensor:
        frames = db.shape[2]
        cepstra = self.cosines @ db  # (windows, CEPSTRA, frames)
        coarse = db.reshape(-1, COARSE, BANDS // COARSE, frames)
        contrast = coarse.topk(2, dim=2)[0].mean(dim=2) - coarse.topk(2, dim=2, largest=False)[0].mean(dim=2)
        parts = [
            *_moments(cepstra),
            *_moments(cepstra[:, :, 1:] - cepstra[:, :, :-1]),
            *_moments(contrast),
            *_levels(db.reshape(-1, FINE, BANDS // FINE, frames).mean(dim=2)),
            self._modulation(torch.cat([coarse.mean(dim=2), cepstra], dim=1)),
        ]
        return torch.cat(parts, dim=1)

    def _modulation(self, series: Tensor) -> Tensor:
        """Log power of `(windows, n, frames)` in each band of modulation, `(windows, n * bands of modulation)`."""
        count = COARSE + CEPSTRA
        level = series - series.mean(dim=2, keepdim=True)
        # Half a segment of nothing on each side, so that a window of one token has a segment too.
        padded = nn.functional.pad(level, (SEGMENT_FRAMES // 2, SEGMENT_FRAMES // 2))
        flat = padded.reshape(-1, 1, level.shape[2] + SEGMENT_FRAMES)
        # Gives (windows * n, 2 * bins, segments).
        spectrum = nn.functional.conv1d(flat, self.waves, stride=SEGMENT_FRAMES // 2)
        power = spectrum.square().sum(dim=2).reshape(-1, count, 2, SEGMENT_FRAMES // 2).sum(dim=2)
        # Over how much of the segments is music and no padding, so that a short window has the power of a long one.
        music = nn.functional.pad(torch.ones_like(level[:, :1]), (SEGMENT_FRAMES // 2, SEGMENT_FRAMES // 2))
        heard = nn.functional.conv1d(music, self.taper, stride=SEGMENT_FRAMES // 2).sum(dim=2, keepdim=True)
        power = power / heard
        return (power @ self.edges + LEAST_POWER).log().flatten(1)


def dct(rows: int, size: int) -> NDArray[np.float32]:
    """The first rows of the orthonormal DCT-II, (rows, size)."""
    waves = np.cos(np.pi * np.arange(rows)[:, None] * (np.arange(size)[None] + 0.5) / size) * np.sqrt(2 / size)
    waves[0] /= np.sqrt(2)
    return np.asarray(waves, dtype=np.float32)


def _moments(series: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation over time."""
    mean = series.mean(dim=2)
    return mean, (series - mean.unsqueeze(2)).square().mean(dim=2).sqrt()


def _levels(series: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mean over time, and how far it goes above and below, each as a root of mean squares."""
    mean = series.mean(dim=2, keepdim=True)
    above, below = ((sign * (series - mean)).clamp(min=0).square().mean(dim=2).sqrt() for sign in (1, -1))
    return mean.squeeze(2), above, below


def _waves() -> NDArray[np.float32]:
    """Kernels of a windowed Fourier transform that does not hear a segment's mean, (2 * bins, 1, SEGMENT_FRAMES)."""
    place = np.arange(SEGMENT_FRAMES)
    bins = np.arange(1, SEGMENT_FRAMES // 2 + 1)
    angle = 2 * math.pi * bins[:, None] * place[None] / SEGMENT_FRAMES
    kernels = np.hanning(SEGMENT_FRAMES) * np.concatenate([np.cos(angle), np.sin(angle)])
    return np.asarray(kernels - kernels.mean(axis=1, keepdims=True), dtype=np.float32)[:, None]


def _modulation_bands() -> NDArray[np.float32]:
    """(bins, bands): the mean over each band's bins."""
    bands = np.zeros((SEGMENT_FRAMES // 2, len(MODULATION_EDGES) - 1), dtype=np.float32)
    for band, (low, high) in enumerate(pairwise(MODULATION_EDGES)):
        bands[low - 1 : high - 1, band] = 1 / (high - low)
    return bands
