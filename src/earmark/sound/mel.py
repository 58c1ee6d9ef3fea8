"""The front end: mono samples at 22 050 Hz to a log-mel spectrogram in dB.

The only one in earmark: training and listening hear through it. Spectrograms are `(128 bands, frames)` float32, band 0
the lowest; frame i is centred on sample i * hop, with silence before the start and after the end. Levels are absolute
(10 log10 of a band's power, for samples from -1 to 1) until `under_maximum` puts them under their own maximum. 0 dB is
not full scale: a tone of full scale has about 40 dB up to 1 kHz, and less above, where bands grow wider and their
filters lower, 30 dB at 9 kHz. The numbers are those of
`librosa.feature.melspectrogram(y, sr=22050, n_fft=2048, hop_length=1709)`: M. Slaney, Auditory Toolbox, 1998.
"""

from functools import cache

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import ArrayLike, NDArray

SAMPLE_RATE_HZ = 22_050
FFT_SAMPLES = 2048
HOP_SAMPLES = 1709
BANDS = 128
FLOOR_DB = -80.0

# So low that no sound which a format can hold comes near it; only a logarithm of nothing does.
_POWER_FLOOR = 1e-30
DIGITAL_SILENCE_DB = -300.0
# 32 frames: samples and spectrum together fit a core's second-level cache, and the grouping never depends on how the
# sound was cut into blocks, so neither does a single bit of the result.
_BATCH_FRAMES = 32
# Filters overlap only with their neighbours: 16 at a time meet few of the 1025 bins, an eighth of the full product.
_BANDS_AT_ONCE = 16


class LogMel:
    """The spectrogram of a sound that comes in pieces of any size.

    `push` every piece, then `finish` once; the columns they return, side by side, are the spectrogram, and are the
    same to the bit however the sound was cut. `1 + samples // hop_samples` frames come out in all.

    Parameters
    ----------
    hop_samples:
        Samples from one frame to the next, 1 to 2048.
    """

    def __init__(self, *, hop_samples: int = HOP_SAMPLES) -> None:
        if not 1 <= hop_samples <= FFT_SAMPLES:
            raise ValueError(f"hop_samples must be 1 to {FFT_SAMPLES}, not {hop_samples}")
        self._buffer = np.zeros((_BATCH_FRAMES - 1) * hop_samples + FFT_SAMPLES, np.float32)
        self._frames = sliding_window_view(self._buffer, FFT_SAMPLES)[::hop_samples]  # (batch, 2048), a view
        self._filled = FFT_SAMPLES // 2  # the silence before the start
        self._kept = FFT_SAMPLES - hop_samples  # what the next batch's first frame shares with this batch's last
        self._spectrum = _PowerSpectrum()

    def push(self, samples: ArrayLike) -> NDArray[np.float32]:
        """Take the next samples `(n,)`, give the frames that are complete: `(128, frames)` float32, absolute dB."""
        rest = np.asarray(samples, np.float32)
        if rest.ndim != 1:
            raise ValueError(f"samples must be mono, shape (n,), not {rest.shape}")
        columns = [np.empty((BANDS, 0), np.float32)]
        while rest.size:
            taken = rest[: self._buffer.size - self._filled]
            self._buffer[self._filled : self._filled + taken.size] = taken
            self._filled += taken.size
            rest = rest[taken.size :]
            if self._filled == self._buffer.size:
                columns.append(self._spectrum.decibels(self._frames))
                self._buffer[: self._kept] = self._buffer[self._buffer.size - self._kept :]
                self._filled = self._kept
        return np.concatenate(columns, axis=1)

    def finish(self) -> NDArray[np.float32]:
        """End the sound with silence and give the last frames: `(128, frames)` float32, absolute dB."""
        columns = self.push(np.zeros(FFT_SAMPLES // 2, np.float32))
        hop_samples = FFT_SAMPLES - self._kept
        frames = max(0, (self._filled - self._kept) // hop_samples)
        return np.concatenate([columns, self._spectrum.decibels(self._frames[:frames])], axis=1)


def log_mel(samples: ArrayLike) -> NDArray[np.float32]:
    """The spectrogram of a whole clip, as networks see it.

    Parameters
    ----------
    samples:
        `(n,)` mono at 22 050 Hz.

    Returns
    -------
    `(128, 1 + n // 1709)` float32, dB under the clip's own maximum, -80 to 0.

    >>> log_mel(np.sin(2 * np.pi * 440 * np.arange(22_050) / 22_050)).shape
    (128, 13)
    """
    stream = LogMel()
    return under_maximum(np.concatenate([stream.push(samples), stream.finish()], axis=1))


def under_maximum(db: NDArray[np.float32]) -> NDArray[np.float32]:
    """Levels under their own maximum: `db - db.max()`, never under -80. Any shape, float32 dB."""
    under: NDArray[np.float32] = np.maximum(db - db.max(), np.float32(FLOOR_DB))
    return under


def mel_filter_bank(
    *, fft_samples: int = FFT_SAMPLES, bands: int = BANDS, high_hz: float = SAMPLE_RATE_HZ / 2
) -> NDArray[np.float32]:
    """The weights of 1025 power-spectrum bins in 128 mel bands, 0 to 11 025 Hz: `(128, 1025)` float32.

    Triangles on Slaney's mel scale, each of area 1 over hertz. Multiply by a power spectrum `(1025, frames)`. Other
    front ends (`sound.spectra`) have other numbers of samples and bands, and end elsewhere above 1000 Hz.
    """
    bins_hz = np.fft.rfftfreq(fft_samples, 1 / SAMPLE_RATE_HZ)
    corners_hz = band_corners_hz(bands=bands, high_hz=high_hz)
    lower_hz, centre_hz, upper_hz = corners_hz[:-2, None], corners_hz[1:-1, None], corners_hz[2:, None]  # (bands, 1)
    rising = (bins_hz - lower_hz) / (centre_hz - lower_hz)  # (bands, bins)
    falling = (upper_hz - bins_hz) / (upper_hz - centre_hz)
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return (triangles * 2.0 / (upper_hz - lower_hz)).astype(np.float32)


def band_corners_hz(*, bands: int = BANDS, high_hz: float = SAMPLE_RATE_HZ / 2) -> NDArray[np.float64]:
    """Where bands lie: band b rises from corner b to corner b + 1, its centre, and falls to b + 2. `(bands + 2,)`."""
    return _hz_of_mel(np.linspace(0.0, _mel_of_hz(high_hz), bands + 2))


def hann(samples: int) -> NDArray[np.float32]:
    """A periodic Hann window, `(samples,)` float32."""
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(samples) / samples)).astype(np.float32)


# Slaney's mel scale: linear up to 1000 Hz (15 mel), logarithmic above (27 mel to a factor of 6.4).
_HZ_A_MEL = 200.0 / 3.0
_KNEE_HZ, _KNEE_MEL = 1000.0, 15.0
_LOG_STEP = np.log(6.4) / 27.0


def _mel_of_hz(hz: float) -> float:
    """Mel of a frequency above the knee."""
    return float(_KNEE_MEL + np.log(hz / _KNEE_HZ) / _LOG_STEP)


def _hz_of_mel(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above_hz = _KNEE_HZ * np.exp(_LOG_STEP * (mel - _KNEE_MEL))
    return np.where(mel < _KNEE_MEL, _HZ_A_MEL * mel, above_hz)


class _PowerSpectrum:
    """Window, filter bank and their arithmetic, made once for a stream."""

    def __init__(self) -> None:
        self._window = hann(FFT_SAMPLES)
        self._filters = _filter_groups()

    def decibels(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """`(n, 2048)` samples -> `(128, n)` absolute dB."""
        spectrum = np.fft.rfft(frames * self._window)  # (n, 1025) complex64
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        mel = np.concatenate([weights @ power[:, bins].T for bins, weights in self._filters])  # (128, n)
        decibels: NDArray[np.float32] = 10.0 * np.log10(np.maximum(mel, np.float32(_POWER_FLOOR)))
        return decibels


@cache  # it takes as long as the spectrogram of ten seconds, of which quick hearing makes many
def _filter_groups() -> tuple[tuple[slice, NDArray[np.float32]], ...]:
    """The filter bank `(128, 1025)` as groups of neighbouring bands, each with only the bins it hears."""
    bank, groups = mel_filter_bank(), []
    for first in range(0, BANDS, _BANDS_AT_ONCE):
        rows = bank[first : first + _BANDS_AT_ONCE]
        heard = np.flatnonzero(rows.any(axis=0))
        bins = slice(int(heard[0]), int(heard[-1]) + 1)
        groups.append((bins, np.ascontiguousarray(rows[:, bins])))
    return tuple(groups)
