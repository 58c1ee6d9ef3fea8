"""Sounds that are no music, as spectrograms: noises of many colours, rain and surf, hum and beeps.

A network that shall say "none of these" has to hear what no data set of music holds.
"""

import numpy as np
from numpy.typing import NDArray

from earmark.data.degrade import noise_power
from earmark.sound.mel import BANDS, FLOOR_DB, band_corners_hz
from earmark.sound.tokens import FRAME_S

FRAMES = 387  # 30 s
Floats = NDArray[np.float64]


def noise_picture(rng: np.random.Generator) -> NDArray[np.uint8]:
    """One such sound, drawn at random: `(128 bands, FRAMES)` as the pictures of a data set are."""
    power = noise_power(FRAMES, rng) * 10 ** (_colour(rng)[:, None] / 10)
    power *= 10 ** (_swell(rng)[None] / 10)
    if rng.random() < 0.3:
        power += _tones(power, rng)
    if rng.random() < 0.3:
        power += _drops(power, rng)
    db = 10 * np.log10(power / power.max() + 1e-12)
    return np.asarray(np.round((db.clip(min=FLOOR_DB) / -FLOOR_DB + 1) * 255), dtype=np.uint8)


def _colour(rng: np.random.Generator) -> Floats:
    """dB of each band: so much an octave (pink -3, white 0, blue +3), a smooth curve, and sometimes an end."""
    centres = band_corners_hz()[1:-1]
    curve = rng.uniform(-9, 6) * np.log2(centres / 1000)
    place = np.linspace(0, np.pi, BANDS)
    for wave in (1, 2, 3):
        curve += rng.normal(0, 3) * np.cos(wave * place)
    if rng.random() < 0.3:
        curve[centres > rng.uniform(1500, 9000)] = 2 * FLOOR_DB
    if rng.random() < 0.3:
        curve[centres < rng.uniform(100, 800)] += 1.5 * FLOOR_DB
    return np.asarray(curve)


def _swell(rng: np.random.Generator) -> Floats:
    """dB of each frame: steady, or coming and going every few seconds."""
    time_s = np.arange(FRAMES) * FRAME_S
    period_s = rng.uniform(2, 30)
    return np.asarray(rng.choice([0.0, 3.0, 10.0]) * np.sin(2 * np.pi * (time_s / period_s + rng.random())))


def _tones(power: Floats, rng: np.random.Generator) -> Floats:
    """A steady tone with harmonics, 20 to 60 dB above the noise, that may be switched on and off."""
    corners = band_corners_hz()
    tones = np.zeros_like(power)
    lowest_hz = rng.choice([50.0, 60.0, rng.uniform(80, 3000)])
    fall = rng.uniform(0.5, 2)
    for number in range(1, int(rng.integers(2, 13))):
        band = int(np.searchsorted(corners[1:-1], number * lowest_hz))
        if band < BANDS:
            tones[band] += 10 ** (rng.uniform(2, 6) - fall * np.log10(number)) * power.mean()
    if rng.random() < 0.5:
        period = int(rng.integers(4, 60))
        tones[:, (np.arange(FRAMES) // period) % 2 == 1] = 0
    return tones


def _drops(power: Floats, rng: np.random.Generator) -> Floats:
    """Short knocks at random times, as of rain, a crackling record or a Geiger counter."""
    knocks = rng.random(FRAMES) < rng.uniform(0.02, 0.6)
    level = np.where(knocks, 10 ** rng.normal(1, 0.5, FRAMES), 0.0)
    tilt = 10 ** (rng.uniform(-3, 3) * np.linspace(-1, 1, BANDS) / 2)
    return np.asarray(power.mean() * tilt[:, None] * level[None] * rng.gamma(4, 0.25, size=power.shape))
