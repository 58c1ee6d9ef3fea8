"""From a log-mel spectrogram back to sound: first the bins of the spectrum, then a phase that fits.

Neither is there in a log-mel. Bins are found that are nowhere negative and sum to the bands, by the updates of
Richardson and Lucy (non-negative matrix factorisation with a fixed basis: D. Lee & H. Seung, NIPS 2000); phases by fast
Griffin-Lim (N. Perraudin, P. Balazs & P. Sondergaard, WASPAA 2013).
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from earmark.sound.mel import FFT_SAMPLES, SAMPLE_RATE_HZ, hann, mel_filter_bank

Floats = NDArray[np.float32]
Complex = NDArray[np.complex64]

HOP_SAMPLES = 512
HOP_S = HOP_SAMPLES / SAMPLE_RATE_HZ
ROUNDS = 40
_UPDATES = 24
_HASTE = 0.99  # of fast Griffin-Lim
_TINY = 1e-12
_WINDOW = hann(FFT_SAMPLES)


def magnitudes(mel_db: Floats) -> Floats:
    """(128, frames) absolute dB -> (1025, frames) magnitudes of the bins whose bands these are."""
    bank = _bank()
    power = np.power(10.0, mel_db / 10).astype(np.float32)
    weights = bank.sum(axis=0)[:, np.newaxis]
    heard = weights > 0
    bins = np.where(heard, bank.T @ (power / np.maximum(bank.sum(axis=1), _TINY)[:, np.newaxis]), 0.0)
    bins = (bins / np.maximum(weights, _TINY)).astype(np.float32)
    for _ in range(_UPDATES):
        ratio = power / np.maximum(bank @ bins, _TINY)
        bins = np.where(heard, bins * (bank.T @ ratio) / np.maximum(weights, _TINY), 0.0).astype(np.float32)
    return np.asarray(np.sqrt(bins), np.float32)


def griffin_lim(wanted: Floats, phases: Complex, *, rounds: int = ROUNDS) -> Floats:
    """The sound, (frames * 512,), whose spectrum is nearest to magnitudes (1025, frames), from phases of modulus 1."""
    spectrum = wanted * phases
    before = np.zeros_like(spectrum)
    for _ in range(rounds):
        projected = stft(istft(spectrum), frames=wanted.shape[1])
        hastened = projected + np.float32(_HASTE) * (projected - before)
        before = projected
        spectrum = wanted * unit(hastened)
    return istft(spectrum)


def unit(spectrum: Complex) -> Complex:
    """The phases of a spectrum, of modulus 1."""
    return np.asarray(spectrum / np.maximum(np.abs(spectrum), np.float32(_TINY)), np.complex64)


def stft(samples: Floats, *, frames: int) -> Complex:
    """(n,) samples -> (1025, frames): frame i is centred on sample i * 512, with silence around the sound."""
    half = FFT_SAMPLES // 2
    length = (frames - 1) * HOP_SAMPLES + FFT_SAMPLES
    padded = np.zeros(length, np.float32)
    inside = samples[: length - half]
    padded[half : half + len(inside)] = inside
    windows = np.lib.stride_tricks.sliding_window_view(padded, FFT_SAMPLES)[::HOP_SAMPLES]
    return np.asarray(np.fft.rfft(windows * _WINDOW).T, np.complex64)


def istft(spectrum: Complex) -> Floats:
    """(1025, frames) -> (frames * 512,) samples, by weighted overlap and add."""
    frames, half = spectrum.shape[1], FFT_SAMPLES // 2
    pieces = np.fft.irfft(spectrum.T, FFT_SAMPLES).astype(np.float32) * _WINDOW
    length = (frames - 1) * HOP_SAMPLES + FFT_SAMPLES
    total, weight = np.zeros(length, np.float32), np.zeros(length, np.float32)
    steps = FFT_SAMPLES // HOP_SAMPLES
    square = np.square(_WINDOW).reshape(steps, HOP_SAMPLES)
    for step in range(steps):  # quarters of frames lie on a grid
        part = slice(step * HOP_SAMPLES, (step + frames) * HOP_SAMPLES)
        total[part] += pieces[:, step * HOP_SAMPLES : (step + 1) * HOP_SAMPLES].reshape(-1)
        weight[part] += np.tile(square[step], frames)
    found = (total / np.maximum(weight, np.float32(1e-3)))[half:]
    return np.asarray(np.pad(found, (0, max(frames * HOP_SAMPLES - len(found), 0)))[: frames * HOP_SAMPLES], np.float32)


@cache
def _bank() -> Floats:
    return mel_filter_bank()
