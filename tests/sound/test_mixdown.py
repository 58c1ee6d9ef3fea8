"""Channels to one: what is not cancelled is heard, and nothing depends on how the sound was cut."""

import numpy as np
import pytest
from numpy.typing import NDArray

from corpus import music
from earmark.sound.decode import array_blocks
from earmark.sound.mixdown import STRETCH_SAMPLES, Mixdown

MUSIC = music(rate_hz=22_050)
LEFT = MUSIC[:, 0]


def mixed(samples: NDArray[np.float32], *, piece: int = 10_000) -> NDArray[np.float32]:
    mixdown = Mixdown()
    pieces = [mixdown.push(samples[at : at + piece]) for at in range(0, len(samples), piece)]
    return np.concatenate([*pieces, mixdown.finish()])


def test_channels_that_do_not_cancel_are_averaged_to_the_bit() -> None:
    assert np.array_equal(mixed(MUSIC), (MUSIC[:, 0] + MUSIC[:, 1]) * np.float32(0.5))


def test_one_channel_that_sounds_among_silent_ones_is_averaged() -> None:
    samples = np.zeros((len(LEFT), 8), np.float32)
    samples[:, 5] = LEFT
    np.testing.assert_allclose(mixed(samples), LEFT / 8, atol=1e-7)


@pytest.mark.parametrize("signs", [(1, -1), (1, 1, -1, -1), (1, -1, 1, -1, 1, -1)])
def test_of_channels_that_cancel_one_is_heard(signs: tuple[int, ...]) -> None:
    samples = LEFT[:, None] * np.array(signs, np.float32)
    faded_in = 512
    np.testing.assert_allclose(np.abs(mixed(samples))[faded_in:], np.abs(LEFT)[faded_in:], atol=1e-6)


def related(kept: float, *, seed: int = 0) -> NDArray[np.float32]:
    """Two channels whose sum keeps this share of the power that it would have were they unrelated."""
    middle, side = np.random.default_rng(seed).normal(size=(2, 10 * STRETCH_SAMPLES))
    middle, side = np.sqrt(kept / 2) * middle, np.sqrt(1 - kept / 2) * side
    return np.stack([middle + side, middle - side], axis=1).astype(np.float32)


@pytest.mark.parametrize("kept", [0.2, 0.35, 1.0])
def test_wide_stereo_is_averaged(kept: float) -> None:
    samples = related(kept)
    assert np.array_equal(mixed(samples), (samples[:, 0] + samples[:, 1]) * np.float32(0.5))


@pytest.mark.parametrize(("later", "goes_on"), [(0.2, True), (0.5, False)])
def test_a_cancelled_sum_is_not_taken_up_for_the_noise_in_it(later: float, goes_on: bool) -> None:
    samples = np.concatenate([related(0.01), related(later, seed=1)])
    end = samples[-2 * STRETCH_SAMPLES :]
    expected = end[:, 0] if goes_on else (end[:, 0] + end[:, 1]) * np.float32(0.5)
    heard = mixed(samples)[-2 * STRETCH_SAMPLES :]
    other = end[:, 1]  # either channel may be the louder one
    assert np.allclose(heard, expected, atol=1e-6) or (goes_on and np.allclose(heard, other, atol=1e-6))


def test_coding_noise_is_not_what_is_left_of_cancelled_channels() -> None:
    noise = 0.01 * np.abs(LEFT).max() * np.random.default_rng(0).normal(size=(len(LEFT), 2)).astype(np.float32)
    heard = mixed(np.stack([LEFT, -LEFT], axis=1) + noise)
    assert abs(np.corrcoef(heard, LEFT)[0, 1]) > 0.99


def test_sound_that_begins_to_cancel_goes_on_as_loud() -> None:
    half = len(LEFT) // 2
    samples = np.stack([LEFT, np.where(np.arange(len(LEFT)) < half, LEFT, -LEFT)], axis=1)
    heard = mixed(samples)
    later = slice(half + 64_000, None)  # what did not cancel is remembered for some stretches
    np.testing.assert_allclose(heard[later], LEFT[later], atol=1e-6)
    np.testing.assert_allclose(heard[: half - 5000], LEFT[: half - 5000], atol=1e-6)


@pytest.mark.parametrize("piece", [1, 777, 4096, 100_000])
def test_no_bit_depends_on_how_it_was_cut(piece: int) -> None:
    samples = np.stack([LEFT, -LEFT], axis=1)[:30_000]
    assert np.array_equal(mixed(samples, piece=piece), mixed(samples))


def test_what_was_done_is_said() -> None:
    sound = array_blocks(np.stack([LEFT, -LEFT], axis=1), 22_050)
    assert len(np.concatenate(list(sound))) == len(LEFT)
    assert sound.notes == ("Its channels cancel each other, so one of them was heard.",)
    plain = array_blocks(MUSIC, 22_050)
    assert list(plain)
    assert plain.notes == ()


def test_very_quiet_sound_is_heard_and_said_to_be() -> None:
    sound = array_blocks(LEFT / 50_000, 22_050)
    assert np.concatenate(list(sound)).max() > 0
    assert len(sound.notes) == 1
    assert "very quiet" in sound.notes[0]
    assert "104 dB under full scale" in sound.notes[0]
