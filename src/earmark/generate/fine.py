"""Spectra on a fine grid of time, 20 ms, and the numbers by which places in music are compared.

Sound is mono at 22 050 Hz, levels are absolute dB as in `sound.mel`. Frame i is centred on i * 20 ms.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.sound.mel import BANDS, SAMPLE_RATE_HZ, LogMel

Floats = NDArray[np.float32]

STEP_SAMPLES = 441
STEP_S = STEP_SAMPLES / SAMPLE_RATE_HZ
AROUND_FRAMES = 3  # 60 ms: within so much two things are heard as one
_BEGIN_FRAMES = 2
FLOOR_UNDER_DB = 70.0  # what lies further under the loudest moment is as good as nothing

# Up to 1.3 kHz bands tell one note from the next, and each stands alone; above that eight are one.
_ALONE, _TOGETHER = 48, 8
PLACE_NUMBERS = _ALONE + (BANDS - _ALONE) // _TOGETHER
COARSE_NUMBERS = 32  # of a spectrum that says what something sounds like, not which notes


def fine_log_mel(samples: ArrayLike) -> Floats:
    """(n,) samples -> (128, 1 + n // 441) float32, absolute dB, nothing further than 70 dB under the loudest."""
    stream = LogMel(hop_samples=STEP_SAMPLES)
    db = np.concatenate([stream.push(samples), stream.finish()], axis=1)
    return np.asarray(np.maximum(db, db.max() - np.float32(FLOOR_UNDER_DB)), np.float32)


def place_numbers(db: Floats) -> Floats:
    """(128, frames) -> (58, frames): low bands one by one, high ones in groups."""
    high = db[_ALONE:].reshape(-1, _TOGETHER, db.shape[1]).mean(axis=1)
    return np.asarray(np.concatenate([db[:_ALONE], high]), np.float32)


def coarse_numbers(db: Floats) -> Floats:
    """(128, frames) -> (32, frames), means of four bands each."""
    return np.asarray(db.reshape(COARSE_NUMBERS, -1, db.shape[1]).mean(axis=1), np.float32)


def rises(db: Floats) -> Floats:
    """(bands, frames) dB -> (frames,): by how many dB bands get louder from frame to frame, on average.

    Spectral flux, half-wave rectified (S. Dixon, Onset Detection Revisited, DAFx 2006); 0 in the first 40 ms, which
    hear the silence before the sound, too.
    """
    steps = np.maximum(np.diff(db, axis=1), 0.0).mean(axis=0)
    steps[:_BEGIN_FRAMES] = 0.0
    return np.asarray(np.concatenate([np.zeros(1), steps]), np.float32)


def highest_around(strength: Floats, *, frames: int = AROUND_FRAMES) -> Floats:
    """(frames,) of each frame the largest value within so many frames, 60 ms, on either side."""
    padded = np.pad(strength, frames, constant_values=-np.inf)
    shifted = [padded[shift : shift + len(strength)] for shift in range(2 * frames + 1)]
    return np.asarray(np.max(shifted, axis=0), np.float32)


def level_db(db: Floats) -> float:
    """The mean power of all bands and frames, in dB."""
    return float(10 * np.log10(np.mean(np.power(10.0, db.astype(np.float64) / 10))))
