"""How a track looks: waveform and spectrogram, of any length, and the same with and without hearing it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark import Listener, load_bundle
from earmark.library.hearing import hear_entry
from earmark.serve.ear import Ear, TooLongError, Waveform, opened_as
from indexed import piece


@pytest.fixture(scope="module")
def ear(tiny_folder: Path) -> Ear:
    return Ear(load_bundle(tiny_folder), patience_s=20, sound_s=10)


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return piece(tmp_path_factory.mktemp("song") / "song.flac", length_s=5)


@given(cuts=st.lists(st.integers(0, 5000), max_size=5), count=st.integers(1, 5000))
@settings(max_examples=30, deadline=None)
def test_a_waveform_holds_every_peak_however_its_sound_is_cut(cuts: list[int], count: int) -> None:
    samples = np.random.default_rng(count).normal(size=count).astype(np.float32)
    waveform = Waveform(most_points=8, stretch_samples=4)
    for part in np.split(samples, sorted(min(cut, count) for cut in cuts)):
        waveform.push(part)
    low, high = waveform.finish()
    assert 1 <= len(low) == len(high) <= 2 * 8 + 1
    assert (low.min(), high.max()) == (samples.min(), samples.max())
    stretches = [
        samples[at : at + stretch] for stretch in [_stretch(count, len(low))] for at in range(0, count, stretch)
    ]
    assert low.tolist() == [float(each.min()) for each in stretches]
    assert high.tolist() == [float(each.max()) for each in stretches]


def _stretch(count: int, points: int) -> int:
    """By how many samples a number of points is explained."""
    return next(4 * 2**power for power in range(12) if -(-count // (4 * 2**power)) == points)


def test_a_track_is_heard_as_the_index_hears_it_and_looks_as_its_sketch(ear: Ear, song: Path) -> None:
    with opened_as(str(song), "what it is called") as file:
        heard, shown = ear.show(file, words=(), progress=lambda seconds: None)
        file.seek(0)
        sketch = ear.sketch(file)
    expected = hear_entry(ear.bundle, song)
    assert heard.track.path == "what it is called"
    assert heard.track.genres == expected.track.genres
    assert np.array_equal(heard.vector, expected.vector)
    assert np.array_equal(heard.numbers, expected.numbers)
    assert heard.fingerprint == expected.fingerprint
    pictured = Listener(ear.bundle).hear_with_picture(song).spectrogram
    for each in (shown, sketch):
        assert np.array_equal(each.spectrogram, pictured)
        assert each.duration_s == pytest.approx(5, abs=0.01)
    assert np.array_equal(shown.low, sketch.low)
    assert np.array_equal(shown.high, sketch.high)


def test_fewer_points_hold_the_same_peaks(ear: Ear, song: Path) -> None:
    with opened_as(str(song), "song") as file:
        sketch = ear.sketch(file)
    low, high = sketch.points(7)
    assert len(low) == len(high) == 7
    assert (low.min(), high.max()) == (sketch.low.min(), sketch.high.max())
    assert len(sketch.points(10**6)[0]) == len(sketch.low)


def test_a_sound_that_is_too_long_is_given_up_where_it_becomes_so(ear: Ear, tmp_path: Path) -> None:
    file = piece(tmp_path / "long.wav", length_s=30)
    heard_s: list[float] = []
    with opened_as(str(file), "long.wav") as opened, pytest.raises(TooLongError, match=r"long\.wav is longer than"):
        ear.show(opened, words=(), progress=heard_s.append)
    assert max(heard_s) <= 10
