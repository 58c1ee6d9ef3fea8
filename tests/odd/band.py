"""A loud band that the shipped network is sure of: distorted fifths, fast drums, nothing that needs a recording."""

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 44_100
_BEAT_S = 60 / 180 / 2


def band(length_s: float, *, seed: int = 0) -> NDArray[np.float32]:
    """`(samples, 2)` float32 at 44 100 Hz, peak 0.5, left and right a little unlike."""
    rng = np.random.default_rng(seed)
    guitar, drums = np.zeros((2, round(length_s * RATE_HZ)))
    for beat in range(int(length_s / _BEAT_S)):
        root_hz = 82.4 * 2 ** (rng.choice([0, 0, 0, 1, 3, 6]) / 12)
        for pitch_hz in (root_hz, 1.5 * root_hz):
            _put(guitar, beat, _string(pitch_hz), 1.0)
        _put(drums, beat, _kick(), 0.5)
        _put(drums, beat, _hiss(rng, fall_s=0.02), 0.4)
        if beat % 4 == 2:
            _put(drums, beat, _hiss(rng, fall_s=0.07), 1.0)
    guitar = np.tanh(8 * guitar)
    sides = np.stack([guitar + 0.9 * drums, 0.8 * guitar + drums], axis=1)
    return (0.5 * sides / np.abs(sides).max()).astype(np.float32)


def _put(sound: NDArray[np.float64], beat: int, event: NDArray[np.float64], gain: float) -> None:
    start = round(beat * _BEAT_S * RATE_HZ)
    heard = sound[start : start + event.size]
    heard += gain * event[: heard.size]


def _string(pitch_hz: float) -> NDArray[np.float64]:
    time_s = np.arange(round(0.95 * _BEAT_S * RATE_HZ)) / RATE_HZ
    partials = sum(np.sin(2 * np.pi * pitch_hz * k * time_s) / k for k in range(1, 21))
    return partials * np.exp(-time_s / 0.4) * np.minimum(time_s / 0.01, 1)


def _kick() -> NDArray[np.float64]:
    time_s = np.arange(round(0.3 * RATE_HZ)) / RATE_HZ
    return 3 * np.sin(2 * np.pi * (50 * time_s + 1.5 * (1 - np.exp(-time_s / 0.05)))) * np.exp(-time_s / 0.1)


def _hiss(rng: np.random.Generator, *, fall_s: float) -> NDArray[np.float64]:
    time_s = np.arange(round(0.3 * RATE_HZ)) / RATE_HZ
    return rng.normal(size=time_s.size) * np.exp(-time_s / fall_s)
