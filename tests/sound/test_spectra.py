"""Spectrograms of other front ends against librosa, and the laws of their scales."""

from typing import Any

import librosa
import numpy as np
import pytest
from numpy.typing import NDArray

from earmark.sound.mel import log_mel
from earmark.sound.spectra import mel_spectrogram
from streams import music_over_noise

DONG: dict[str, Any] = {"n_fft": 512, "hop": 256, "bands": 64, "high_hz": 10_000.0}
OURS: dict[str, Any] = {"n_fft": 2048, "hop": 1709, "bands": 128, "high_hz": 11_025.0}
OTHER: dict[str, Any] = {"n_fft": 1000, "hop": 300, "bands": 40, "high_hz": 8_000.0}  # no power of two


@pytest.fixture(scope="module")
def clip() -> NDArray[np.float32]:
    return music_over_noise(4.0)


def librosas(samples: NDArray[np.float32], kind: dict[str, Any], power: float) -> NDArray[np.float32]:
    theirs: NDArray[np.float32] = librosa.feature.melspectrogram(
        y=samples, sr=22_050, n_fft=kind["n_fft"], hop_length=kind["hop"], n_mels=kind["bands"], fmax=kind["high_hz"],
        power=power, pad_mode="constant",
    )  # fmt: skip
    return theirs


@pytest.mark.parametrize("kind", [DONG, OURS, OTHER], ids=["dong", "ours", "other"])
@pytest.mark.parametrize("power", [1.0, 2.0])
@pytest.mark.parametrize("samples", [11_025, 88_200])
def test_the_sums_of_bands_are_librosas(
    clip: NDArray[np.float32], kind: dict[str, Any], power: float, samples: int
) -> None:
    theirs = librosas(clip[:samples], kind, power)
    ours = mel_spectrogram(clip[:samples], **kind, power=power, scale="log1p")
    assert ours.dtype == np.float32
    assert ours.shape == theirs.shape == (kind["bands"], 1 + samples // kind["hop"])
    np.testing.assert_allclose(np.expm1(ours.astype(np.float64)), theirs, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_decibels_are_librosas_whatever_the_power(clip: NDArray[np.float32], power: float) -> None:
    ours = mel_spectrogram(clip, **DONG, power=power, scale="db")
    to_db = librosa.power_to_db if power == 2 else librosa.amplitude_to_db
    np.testing.assert_allclose(ours, to_db(librosas(clip, DONG, power), ref=np.max, top_db=80), atol=1e-3)


def test_with_earmarks_own_values_it_is_earmarks_own_spectrogram(clip: NDArray[np.float32]) -> None:
    np.testing.assert_allclose(mel_spectrogram(clip, **OURS, power=2.0, scale="db"), log_mel(clip), atol=1e-3)


def test_silence_is_the_lowest_value_of_log1p() -> None:
    silent = mel_spectrogram(np.zeros(5000, np.float32), **DONG, power=2.0, scale="log1p")
    assert silent.shape == (64, 20)
    assert not silent.any()


def test_on_log1p_a_louder_copy_is_louder_and_in_decibels_the_same(clip: NDArray[np.float32]) -> None:
    quiet, loud = (mel_spectrogram(gain * clip, **DONG, power=2.0, scale="log1p") for gain in (0.5, 1.0))
    np.testing.assert_allclose(4 * np.expm1(quiet), np.expm1(loud), rtol=1e-3, atol=1e-6)
    quiet, loud = (mel_spectrogram(gain * clip, **DONG, power=2.0, scale="db") for gain in (0.5, 1.0))
    np.testing.assert_allclose(quiet, loud, atol=1e-3)
