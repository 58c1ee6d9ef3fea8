"""From spectra back to sound."""

import numpy as np
import pytest

from corpus import music
from earmark.generate import spectrogram
from earmark.generate.generator import Generator
from earmark.generate.phase import HOP_SAMPLES, griffin_lim, istft, magnitudes, stft
from earmark.generate.spectrogram import LOUDEST_DB, RATE_HZ, on_fine_grid, sound_of, sound_of_pictures
from earmark.sound.mel import SAMPLE_RATE_HZ, log_mel, mel_filter_bank

SOUND = music(rate_hz=SAMPLE_RATE_HZ, length_s=2.0).mean(axis=1)
FRAMES = len(SOUND) // HOP_SAMPLES


def test_a_spectrum_gives_its_sound_back() -> None:
    again = istft(stft(SOUND, frames=FRAMES))
    assert len(again) == FRAMES * HOP_SAMPLES
    assert again[1024:-2048] == pytest.approx(SOUND[1024 : len(again) - 2048], abs=1e-5)


def test_bins_sum_to_the_bands_and_are_nowhere_negative() -> None:
    db = 10 * np.log10(mel_filter_bank() @ np.square(np.abs(stft(SOUND, frames=FRAMES))) + 1e-9).astype(np.float32)
    found = magnitudes(db)
    assert (found >= 0).all()
    again = 10 * np.log10(mel_filter_bank() @ np.square(found) + 1e-9)
    assert np.sqrt(np.square(again - db)[db > db.max() - 50].mean()) < 1.0


def test_phases_that_are_looked_for_fit_better_than_those_that_were_drawn() -> None:
    wanted = np.abs(stft(SOUND, frames=FRAMES))
    turned = np.exp(2j * np.pi * np.random.default_rng(0).random(wanted.shape)).astype(np.complex64)

    def apart(rounds: int) -> float:
        made = np.abs(stft(griffin_lim(wanted, turned, rounds=rounds), frames=FRAMES))
        return float(np.linalg.norm(made - wanted) / np.linalg.norm(wanted))

    assert apart(0) > apart(5) > apart(30)
    assert apart(30) < 0.3


def test_columns_are_laid_on_a_finer_grid_by_straight_lines() -> None:
    columns = np.arange(10, dtype=np.float32)[np.newaxis] + 100
    fine = on_fine_grid(columns, 100, range(340, 350))
    assert fine[0] == pytest.approx(np.arange(340, 350) * 512 / 1709, abs=1e-3)


def test_a_picture_of_a_tone_sounds_like_the_tone() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(3 * RATE_HZ) / RATE_HZ).astype(np.float32)
    made = sound_of_pictures(log_mel(tone), np.random.default_rng(0))
    spectrum = np.abs(np.fft.rfft(made[RATE_HZ : 2 * RATE_HZ]))
    assert abs(int(spectrum.argmax()) - 440) < 25


def test_what_is_imagined_is_as_long_as_asked_and_the_same_again(
    generator: Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spectrogram, "BLOCK_TOKENS", 1)

    def made(seed: int) -> np.ndarray:  # type: ignore[type-arg]
        walk = generator.walk(np.random.default_rng(seed), temperature=1.0)
        blocks = list(sound_of(generator, walk, 5.0, seed=seed))
        assert max(map(len, blocks)) < 2 * RATE_HZ  # nothing grows with the length
        return np.concatenate(blocks)

    one = made(1)
    assert one.shape == (5 * RATE_HZ, 1)
    assert np.abs(one).max() < 1
    assert np.abs(one[-20:]).max() < 0.01 < np.abs(one[: 3 * RATE_HZ]).max()  # it fades out
    assert (one == made(1)).all()
    assert LOUDEST_DB > 0
