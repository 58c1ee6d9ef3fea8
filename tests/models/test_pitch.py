"""What pitches say: the mode whatever the key, how clear it is, intervals, and nothing of silence."""

import numpy as np
import pytest
import torch

from earmark.models.pitch import SIZE, Pitch
from earmark.sound.mel import FLOOR_DB, SAMPLE_RATE_HZ, log_mel, under_maximum

MAJOR_CHORD, MINOR_CHORD, TRITONE = (0, 4, 7), (0, 3, 7), (0, 6)


def sounding(*semitones: int, seconds: float = 2.0) -> torch.Tensor:
    """(1, 128, frames): tones with six harmonics, so many semitones above 220 Hz, as the front end has them."""
    time_s = np.arange(round(seconds * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    waves = [
        np.sin(2 * np.pi * 220 * 2 ** (step / 12) * harmonic * time_s) / harmonic
        for step in semitones
        for harmonic in range(1, 7)
    ]
    return torch.from_numpy(under_maximum(log_mel(np.sum(waves, axis=0).astype(np.float32))))[None]


def said(db: torch.Tensor) -> list[float]:
    with torch.inference_mode():
        numbers: list[float] = Pitch()(db)[0].tolist()
    return numbers


@pytest.mark.parametrize("key", range(12))
def test_a_major_chord_is_more_major_than_a_minor_one_in_any_key(key: int) -> None:
    major, minor = (said(sounding(*(key + step for step in chord)))[0] for chord in (MAJOR_CHORD, MINOR_CHORD))
    assert minor < 0
    assert major > minor + 0.1


def test_a_chord_has_a_key_and_noise_has_less_of_one() -> None:
    noise = np.random.default_rng(0).normal(size=2 * SAMPLE_RATE_HZ).astype(np.float32)
    assert said(sounding(*MAJOR_CHORD))[1] > said(torch.from_numpy(under_maximum(log_mel(noise)))[None])[1] + 0.1


def test_intervals_that_sound_at_once_are_told_apart() -> None:
    thirds, tritones = said(sounding(*MAJOR_CHORD)), said(sounding(*TRITONE))
    assert tritones[2 + 5] > thirds[2 + 5] + 0.1  # six semitones
    assert thirds[2 + 3] > tritones[2 + 3] + 0.1  # four


def test_a_chord_that_stays_is_steadier_than_chords_that_move() -> None:
    still = said(sounding(*MAJOR_CHORD))
    moving = said(torch.cat([sounding(step, step + 4, step + 7, seconds=0.2) for step in range(12)], dim=2))
    assert all(steady > 0.95 for steady in still[8:11])
    assert moving[10] < still[10] - 0.1


def test_how_loud_it_is_does_not_matter_and_silence_says_nothing() -> None:
    loud = sounding(*MINOR_CHORD).clamp(min=-60)
    assert said(loud - 5) == pytest.approx(said(loud), abs=1e-4)
    assert said(torch.full((1, 128, 40), FLOOR_DB)) == [0.0] * SIZE
