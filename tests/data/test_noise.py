"""Sounds that are no music: pictures as a data set's, of every kind, the same for the same seed."""

import numpy as np
import pytest

from earmark.data.degrade import noise_power
from earmark.data.noise import FRAMES, noise_picture
from earmark.sound.mel import log_mel


def test_they_are_pictures_under_their_own_maximum_and_each_is_another() -> None:
    rng = np.random.default_rng(0)
    pictures = [noise_picture(rng) for _ in range(40)]
    for picture in pictures:
        assert picture.shape == (128, FRAMES)
        assert picture.dtype == np.uint8
        assert picture.max() == 255
    changes = sorted(float(np.abs(np.diff(picture.mean(axis=0))).mean()) for picture in pictures)
    assert changes[0] < 2  # steady ones
    assert changes[-1] > 15  # and knocks
    again = np.random.default_rng(0)
    assert all(np.array_equal(noise_picture(again), picture) for picture in pictures)


def test_white_noise_of_the_picture_is_that_of_the_sound() -> None:
    """Mean and deviation in dB of each part of the bands, against noise that went through the front end."""
    rng = np.random.default_rng(1)
    heard = log_mel(rng.standard_normal(22050 * 30).astype(np.float32))
    made = 10 * np.log10(noise_power(heard.shape[1], rng))
    made -= made.max()
    for part in (slice(0, 20), slice(20, 60), slice(60, 128)):
        assert made[part].std() == pytest.approx(heard[part].std(), rel=0.15)
        difference = made[part].mean() - heard[part].mean()
        assert abs(difference - (made[60:].mean() - heard[60:].mean())) < 1.0


def test_a_seed_keeps_its_sound() -> None:
    # Runs are repeated from a seed, so its noises must stay what they were. Among these are tones, knocks and ends.
    places = 0.1 * np.arange(128)[:, None] + 0.03 * np.arange(FRAMES) ** 1.1
    pictures = [noise_picture(np.random.default_rng(seed)).astype(float) for seed in range(12)]
    means = [float(picture.mean()) for picture in pictures]
    waves = [float((picture * np.cos(places)).mean()) for picture in pictures]
    assert means == pytest.approx(
        [153.37, 141.57, 159.89, 151.25, 143.32, 88.03, 120.63, 144.22, 75.72, 115.23, 132.58, 100.81], abs=0.02
    )
    assert waves == pytest.approx(
        [1.51, -3.81, 0.14, -0.49, 0.59, 0.10, -0.33, 0.37, 1.00, 1.11, -0.35, -0.48], abs=0.02
    )
