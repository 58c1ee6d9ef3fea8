"""Runs are joined at equal power, nothing is lost or held back for long, and nothing reaches full scale."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.generate.joining import Joiner, rising, within_full_scale

RATE_HZ = 1000


@given(st.integers(1, 500))
def test_fading_out_and_in_keeps_the_power(count: int) -> None:
    curve = rising(count)
    assert curve.shape == (count, 1)
    assert np.square(curve) + np.square(curve[::-1]) == pytest.approx(np.ones((count, 1)), abs=1e-5)
    assert (np.diff(curve[:, 0]) > 0).all()


def test_unrelated_sounds_are_as_loud_where_they_are_joined_as_elsewhere() -> None:
    rng = np.random.default_rng(0)
    joiner = Joiner(RATE_HZ)
    runs = [rng.normal(size=(20_000, 2)).astype(np.float32) for _ in range(2)]
    blocks = [*joiner.push(runs[0], fade=0, holds=8000), *joiner.push(runs[1], fade=5000, holds=8000), joiner.finish()]
    sound = np.concatenate(blocks)
    assert len(sound) == 35_000
    assert np.sqrt(np.square(sound[15_000:20_000]).mean()) == pytest.approx(1.0, abs=0.03)


def test_a_sound_joined_to_itself_shifted_by_nothing_is_no_quieter_and_silence_stays() -> None:
    joiner = Joiner(RATE_HZ)
    silence = np.zeros((3000, 2), np.float32)
    sound = np.concatenate([*joiner.push(silence, fade=0, holds=500), *joiner.push(silence, fade=100, holds=9)])
    assert not sound.any()


@given(st.lists(st.tuples(st.integers(1, 400), st.integers(0, 200)), min_size=1, max_size=8), st.integers(1, 300))
def test_as_many_samples_come_out_as_go_in_less_the_fades(runs: list[tuple[int, int]], holds: int) -> None:
    joiner, wanted, held, out = Joiner(RATE_HZ), 0, 0, 0
    for count, fade in runs:
        fade = min(fade, held, count)
        wanted += count - fade
        out += sum(map(len, joiner.push(np.ones((count, 2), np.float32), fade=fade, holds=holds)))
        held = min(holds, count)
        assert wanted - out == held  # nothing but what is to be faded is held
    assert out + len(joiner.finish()) == wanted


def test_what_is_too_loud_is_bent_and_what_is_not_stays_to_the_bit() -> None:
    quiet = np.linspace(-0.9, 0.9, 50, dtype=np.float32).reshape(-1, 2)
    assert (within_full_scale(quiet) == quiet).all()
    loud = np.array([[0.95, -1.0], [3.0, -3.0]], np.float32)
    bent = within_full_scale(loud)
    assert (np.abs(bent) <= 1).all()
    assert bent[0, 0] < 0.95
    assert (np.sign(bent) == np.sign(loud)).all()
