"""What pitches say of a window: major or minor, how clear the key is, and which intervals sound together.

Of a chroma from the bands between 400 Hz and 4 kHz, where mel bands lie less than a semitone apart. Nothing in it is
learned. It is among what heads read (`Outputs.pitch`), for valence hangs on the mode.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from earmark.sound.mel import band_corners_hz

# How well each pitch class fits a key, from the tonic up (Krumhansl & Kessler 1982, doi 10.1037/0033-295X.89.4.334).
MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
CLASSES = 12
LOW_HZ, HIGH_HZ = 400.0, 4000.0
AROUND = 3  # bands to either side, above whose mean a pitch stands out
INTERVALS = range(1, 7)  # semitones
LAGS = (1, 4, 13)  # frames over which pitches stay: 0.08, 0.3 and 1 s
CHORDS = (3, 4, 5)  # semitones between what sounds most in the window as a whole
SIZE = 2 + len(INTERVALS) + len(LAGS) + len(CHORDS)
LEAST = 1e-6


class Pitch(nn.Module):
    """`(windows, 128, frames)` dB -> `(windows, SIZE)`, for more frames than the longest of `LAGS`.

    The best major key's fit less the best minor one's, the better of both; how much pitch classes so many semitones
    apart sound at once; how much they are the same after so many frames; and such intervals in the whole window.
    """

    bands: Tensor
    classes: Tensor
    keys: Tensor
    turns: Tensor

    def __init__(self) -> None:
        super().__init__()
        hz = band_corners_hz()[1:-1]
        inside = np.flatnonzero((hz > LOW_HZ) & (hz < HIGH_HZ))
        # Constants, not weights: they are made again with the network and stand in no checkpoint.
        self.register_buffer("bands", torch.from_numpy(inside), persistent=False)
        self.register_buffer("classes", torch.from_numpy(_classes(hz[inside])), persistent=False)
        self.register_buffer("keys", torch.from_numpy(_keys()), persistent=False)
        turns = (np.arange(CLASSES)[None] - np.arange(CLASSES)[:, None]) % CLASSES  # (semitones, classes)
        self.register_buffer("turns", torch.from_numpy(turns), persistent=False)

    def forward(self, db: Tensor) -> Tensor:
        around = (db[:, self.bands - AROUND] + db[:, self.bands + AROUND]) / 2
        chroma = self.classes @ (db[:, self.bands] - around).clamp(min=0)  # (windows, CLASSES, frames)
        whole = chroma.mean(dim=2)
        whole = whole / (whole.square().sum(dim=1, keepdim=True).sqrt() + LEAST)
        centred = whole - whole.mean(dim=1, keepdim=True)
        centred = centred / (centred.square().sum(dim=1, keepdim=True).sqrt() + LEAST)
        fits = (centred @ self.keys).reshape(-1, 2, CLASSES).amax(dim=2)  # (windows, major and minor)
        each = chroma / (chroma.square().sum(dim=1, keepdim=True).sqrt() + LEAST)
        parts = [fits[:, :1] - fits[:, 1:], fits.amax(dim=1, keepdim=True)]
        parts += [(each * each[:, self.turns[step]]).sum(dim=1).mean(dim=1, keepdim=True) for step in INTERVALS]
        parts += [(each[:, :, lag:] * each[:, :, :-lag]).sum(dim=1).mean(dim=1, keepdim=True) for lag in LAGS]
        parts += [(whole * whole[:, self.turns[step]]).sum(dim=1, keepdim=True) for step in CHORDS]
        return torch.cat(parts, dim=1)


def _classes(hz: NDArray[np.float64]) -> NDArray[np.float32]:
    """(CLASSES, bands): how much each band belongs to a pitch class, shared between the two that it lies between."""
    semitones = CLASSES * np.log2(hz / 440.0)
    low = np.floor(semitones).astype(np.int64)
    weights = np.zeros((CLASSES, len(hz)), np.float32)
    weights[low % CLASSES, np.arange(len(hz))] += 1 - (semitones - low)
    weights[(low + 1) % CLASSES, np.arange(len(hz))] += semitones - low
    return weights


def _keys() -> NDArray[np.float32]:
    """(CLASSES, 24): the profiles of all major keys, then of all minor ones, centred and of unit length."""
    turned = [np.roll(profile, step) for profile in (MAJOR, MINOR) for step in range(CLASSES)]
    centred = np.array(turned) - np.mean(turned, axis=1, keepdims=True)
    return np.asarray((centred / np.linalg.norm(centred, axis=1, keepdims=True)).T, np.float32)
