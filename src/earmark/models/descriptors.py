"""A second opinion beside the network: descriptors of a window and of pieces of it, and kernel machines that know them.

The descriptors are the field's own, without anything to learn: MFCCs, spectral contrast (Jiang et al. 2002), levels,
and the modulation spectrum of bands and MFCCs (Lee et al. 2009), which tells how fast what changes: rhythm that a token
of 1.5 s cannot hold. A kernel machine is a radial basis network whose weights `train.kernel` finds in closed form.
"""

import math
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from earmark.sound.mel import BANDS, FLOOR_DB
from earmark.sound.tokens import TOKEN_FRAMES

CEPSTRA = 20
COARSE, FINE = 16, 32  # groups of bands
SEGMENT_FRAMES = 64  # of the modulation spectrum, 5 s; half of it is the step
# The bins of a segment's Fourier transform (0.2 Hz each) in eight bands of modulation, about a third of an octave wide
# and wider.
MODULATION_EDGES = (1, 2, 3, 4, 6, 9, 13, 19, 33)
DULL = 88  # of the bands lie below 5.5 kHz or so
PIECES = 3  # of a window: its beginning, middle and end
PIECE_FRAMES = 7 * TOKEN_FRAMES  # 10 s
# In windows shorter than this a machine is less sure: 15 s for the one that hears the window whole, 5 s for pieces.
SURE_FRAMES, SURE_PIECE_FRAMES = 190, 65
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


class SecondOpinion(nn.Module):
    """Two kernel machines that err elsewhere.

    `pieces` hears three pieces of ten seconds, each alone, and says the mean: it is the more right, and sure of short
    excerpts too. `dull` hears the whole window at once, and nothing above 5.5 kHz, so that dull recordings do not
    silence both.
    """

    def __init__(self, centres: int, components: int, outputs: int) -> None:
        super().__init__()
        self.pieces = KernelHead(centres, components, outputs, pieces=PIECES)
        self.dull = KernelHead(centres, components, outputs, bands=DULL)

    @property
    def fitted(self) -> bool:
        """Whether the weights were found yet."""
        return any(bool(head.weights.any()) for head in self.heads)

    @property
    def heads(self) -> tuple["KernelHead", "KernelHead"]:
        """Both."""
        return self.pieces, self.dull

    def forward(self, db: Tensor) -> tuple[Tensor, Tensor]:
        """`(windows, 128, frames)` dB -> answers `(windows, outputs)`, and how far they count, `(1, 1)`, 0 to 1.

        Each machine counts fully in windows in which it is sure, and proportionally less in shorter ones.
        """
        frames = torch.ones_like(db[:1, 0]).sum(dim=1, keepdim=True)
        pieces, dull = (frames / sure for sure in (SURE_PIECE_FRAMES, SURE_FRAMES))
        pieces, dull = pieces.clamp(max=1.0), dull.clamp(max=1.0)
        answers = (pieces * self.pieces(db) + dull * self.dull(db)) / (pieces + dull)
        return answers, (pieces + dull) / 2


class KernelHead(nn.Module):
    """Answers about windows by their likeness to `centres` windows that it knows; all zero until it is fitted.

    `answers` of `(n, SIZE)` descriptors are `(n, outputs)`: descriptors are standardised, turned onto `components`
    axes, and compared with each centre by a Gaussian. Of the bands it hears the lowest `bands`. It hears the whole
    window, or so many `pieces` of it, and then says the mean of what it says of each.
    """

    unheard: Tensor
    piece: Tensor

    def __init__(self, centres: int, components: int, outputs: int, *, bands: int = BANDS, pieces: int = 1) -> None:
        super().__init__()
        self.descriptors = Descriptors()
        self.register_buffer("unheard", (torch.arange(BANDS) >= bands)[:, None], persistent=False)
        self.register_buffer("piece", torch.arange(PIECE_FRAMES), persistent=False)
        self.count = pieces
        # Parameters, as they are learnt from clips, but by no gradient.
        self.mean = _found(SIZE)
        self.axes = _found(SIZE, components)
        self.known = _found(centres, components)
        self.width = nn.Parameter(torch.ones(()), requires_grad=False)  # a squared distance of this much is far
        self.weights = _found(centres, outputs)
        self.usual = _found(outputs)  # the answer far from all centres

    def forward(self, db: Tensor) -> Tensor:
        described = self.describe(db)
        return self.answers(described.reshape(-1, SIZE)).reshape(-1, self.count, self.usual.numel()).mean(dim=1)

    def describe(self, db: Tensor) -> Tensor:
        """`(windows, 128, frames)` dB -> `(windows, pieces, SIZE)`."""
        heard = db if self.count == 1 else self._cut(db)
        described: Tensor = self.descriptors(heard.masked_fill(self.unheard, FLOOR_DB))
        return described.reshape(-1, self.count, SIZE)

    def _cut(self, db: Tensor) -> Tensor:
        """`(windows * pieces, 128, PIECE_FRAMES)`, each under its own maximum; a window that is shorter repeats."""
        frames = torch.ones_like(db[0, 0]).sum()  # as a tensor, so that it is free in ONNX
        starts = torch.arange(self.count, device=db.device) * (frames - PIECE_FRAMES).clamp(min=0) / (self.count - 1)
        places = (starts.floor().long()[:, None] + self.piece) % frames.long()
        cut = db[:, :, places].transpose(1, 2).reshape(-1, BANDS, PIECE_FRAMES)
        return (cut - cut.amax(dim=(1, 2), keepdim=True)).clamp(min=FLOOR_DB)

    def answers(self, described: Tensor) -> Tensor:
        """`(n, SIZE)` -> `(n, outputs)`."""
        said: Tensor = self.usual + self.likeness(self.place(described)) @ self.weights
        return said

    def place(self, described: Tensor) -> Tensor:
        """Descriptors on the axes, `(n, components)`."""
        place: Tensor = (described - self.mean) @ self.axes
        return place

    def likeness(self, place: Tensor) -> Tensor:
        """To each centre, `(n, centres)`, 0 to 1."""
        squares = place.square().sum(dim=1, keepdim=True) + self.known.square().sum(dim=1)
        return ((2 * place @ self.known.T - squares) / self.width).exp()


def _found(*size: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(size), requires_grad=False)


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
