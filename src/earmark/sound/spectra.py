"""Mel spectrograms of other sizes and scales, for networks that were published with a front end of their own.

earmark itself listens through `sound.mel` alone. Here a whole clip, mono at 22 050 Hz, becomes `(bands, frames)`
float32, band 0 the lowest; frame i is centred on sample i * hop, with silence before the start and after the end. The
numbers are those of `librosa.feature.melspectrogram(y, sr=22050, pad_mode="constant")` before they are scaled.
"""

from typing import Literal

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

from earmark.sound.mel import FLOOR_DB, hann, mel_filter_bank, under_maximum

Scale = Literal["log1p", "db"]

_POWER_FLOOR = 1e-10
# Samples and spectrum of so many values stay in a core's second-level cache.
_BATCH_VALUES = 65_536


def mel_spectrogram(
    samples: ArrayLike, *, n_fft: int, hop: int, bands: int, high_hz: float, power: float, scale: Scale
) -> NDArray[np.float32]:
    """The spectrogram of a whole clip.

    Parameters
    ----------
    samples:
        `(n,)` mono at 22 050 Hz.
    n_fft, hop:
        Samples in a frame (an even number), under a periodic Hann window, and from one frame to the next.
    bands, high_hz:
        Slaney mel bands, and the frequency at which they end, 1000 to 11 025.
    power:
        What the magnitudes are raised to before the bands sum them: 2 for power, 1 for the magnitudes themselves.
    scale:
        "log1p" for log(1 + x) of that sum, which is absolute and starts at 0; "db" for dB under the clip's own maximum,
        -80 to 0, whatever `power` is.

    Returns
    -------
    `(bands, 1 + n // hop)` float32.

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050)
    >>> mel_spectrogram(tone, n_fft=512, hop=256, bands=64, high_hz=10_000.0, power=2.0, scale="log1p").shape
    (64, 87)
    """
    sound = np.pad(np.asarray(samples, np.float32), n_fft // 2)
    frames = sliding_window_view(sound, n_fft)[::hop]  # (frames, n_fft), a view
    window, bank = hann(n_fft), mel_filter_bank(fft_samples=n_fft, bands=bands, high_hz=high_hz)
    mel = np.empty((bands, len(frames)), np.float32)
    step = max(1, _BATCH_VALUES // n_fft)
    for first in range(0, len(frames), step):
        spectrum = np.fft.rfft(frames[first : first + step] * window)  # (step, bins) complex64
        values = np.square(spectrum.real) + np.square(spectrum.imag)
        mel[:, first : first + step] = bank @ (values if power == 2 else values ** (power / 2)).T
    return np.log1p(mel) if scale == "log1p" else _decibels(mel, power)


def floor_of(scale: Scale) -> float:
    """What silence is on a scale: what pads a clip that is too short."""
    return FLOOR_DB if scale == "db" else 0.0


def _decibels(mel: NDArray[np.float32], power: float) -> NDArray[np.float32]:
    floored = np.maximum(mel, np.float32(_POWER_FLOOR ** (power / 2)))
    return under_maximum(np.float32(20 / power) * np.log10(floored))
