"""Descriptors against the same sums in NumPy."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from earmark.models.descriptors import COARSE, MODULATION_EDGES, SIZE, Descriptors, dct
from earmark.sound.mel import FLOOR_DB
from earmark.sound.tokens import FRAME_S


def music(windows: int = 2, frames: int = 190, seed: int = 0) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return FLOOR_DB * torch.rand(windows, 128, frames, generator=rng)


def by_hand(db: np.ndarray) -> np.ndarray:
    """The descriptors of one window, (SIZE,), written out."""
    cepstra = dct(20, 128) @ db
    coarse = np.sort(db.reshape(16, 8, -1), axis=1)
    contrast = coarse[:, -2:].mean(axis=1) - coarse[:, :2].mean(axis=1)
    fine = db.reshape(32, 4, -1).mean(axis=1)
    away = fine - fine.mean(axis=1, keepdims=True)
    parts = []
    for series in (cepstra, np.diff(cepstra, axis=1), contrast):
        parts += [series.mean(axis=1), series.std(axis=1)]
    parts += [fine.mean(axis=1)]
    parts += [np.sqrt((np.maximum(sign * away, 0) ** 2).mean(axis=1)) for sign in (1, -1)]
    series = np.concatenate([coarse.mean(axis=1), cepstra])
    padded = np.pad(series - series.mean(axis=1, keepdims=True), ((0, 0), (32, 32)))
    pieces = [padded[:, start : start + 64] for start in range(0, padded.shape[1] - 63, 32)]
    power = sum(np.abs(np.fft.rfft((p - p.mean(axis=1, keepdims=True)) * np.hanning(64), axis=1)) ** 2 for p in pieces)
    music = np.pad(np.ones(db.shape[1]), 32)
    taper = np.hanning(64) ** 2
    power /= sum((taper * music[start : start + 64]).sum() / taper.sum() for start in range(0, len(music) - 63, 32))
    bands = [power[:, low:high].mean(axis=1) for low, high in pairwise(MODULATION_EDGES)]
    parts.append(np.log(np.stack(bands, axis=1) + 1e-3).ravel())
    return np.concatenate(parts)


@pytest.mark.parametrize("frames", [19, 57, 190, 380])
def test_descriptors_are_what_they_say_at_any_length(frames: int) -> None:
    db = music(frames=frames)
    said = Descriptors()(db).numpy()
    assert said.shape == (2, SIZE)
    for row, window in zip(said, db.numpy().astype(np.float64), strict=True):
        assert row == pytest.approx(by_hand(window), abs=2e-3, rel=1e-3)


def test_a_beat_is_found_in_its_band_of_modulation() -> None:
    beat_hz = 2.0
    frames = torch.arange(380)
    db = (-40 + 10 * torch.cos(2 * torch.pi * beat_hz * frames * FRAME_S)).expand(1, 128, -1)
    bands = len(MODULATION_EDGES) - 1
    spectrum = Descriptors()(db)[0, -(COARSE + 20) * bands :].reshape(-1, bands)[:COARSE]
    bin_of_beat = beat_hz * FRAME_S * 64
    (wanted,) = [n for n, low in enumerate(MODULATION_EDGES[:-1]) if low <= bin_of_beat < MODULATION_EDGES[n + 1]]
    assert (spectrum.argmax(dim=1) == wanted).all()


def test_a_short_window_of_a_steady_beat_is_described_as_a_long_one() -> None:
    frames = torch.arange(380)
    db = (-40 + 10 * torch.cos(2 * torch.pi * 2.0 * frames * FRAME_S)).expand(1, 128, -1)
    describe = Descriptors()
    long, short = describe(db), describe(db[:, :, :57])
    beat = -(COARSE + 20) * (len(MODULATION_EDGES) - 1) + 5  # the first group, the band of 2 Hz
    assert short[0, beat] == pytest.approx(float(long[0, beat]), abs=0.5)


def test_silence_has_finite_descriptors() -> None:
    assert Descriptors()(torch.full((1, 128, 38), FLOOR_DB)).isfinite().all()
