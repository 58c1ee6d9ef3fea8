"""Worse copies: what is done to a spectrogram is what the same thing done to the sound would have given."""

from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from earmark.data.degrade import CONDITIONS, DegradedDataset
from earmark.data.synth import compose, write_dataset
from earmark.sound.mel import SAMPLE_RATE_HZ, band_corners_hz, log_mel

Floats = NDArray[np.float32]
CENTRES_HZ = band_corners_hz()[1:-1]


@pytest.fixture(scope="module")
def samples() -> Floats:
    return compose("noise", duration_s=12.0, rng=np.random.default_rng(2)).samples


def changed(name: str, db: Floats, *, seed: int = 0) -> Floats:
    return CONDITIONS[name].change(db, np.random.default_rng(seed))


def loud_and_typical(db: Floats) -> NDArray[np.bool_]:
    return db > -60


def test_noise_on_the_spectrogram_is_noise_on_the_sound(samples: Floats) -> None:
    # A steady sound: where both noises are heard alone, mean power counts, as single frames differ by chance.
    tone = np.sin(2 * np.pi * 300 * np.arange(len(samples)) / SAMPLE_RATE_HZ).astype(np.float32)
    noise = np.random.default_rng(1).standard_normal(len(tone)).astype(np.float32)
    noise *= np.sqrt(1e-3 * np.square(tone).mean() / np.square(noise).mean())
    of_sound, of_picture = log_mel(tone + noise), changed("noise_30", log_mel(tone))
    high = CENTRES_HZ > 1000
    means = [10 * np.log10((10 ** (db[high] / 10)).mean()) for db in (of_sound, of_picture)]
    assert means[0] == pytest.approx(means[1], abs=1.0)
    spreads = [db[high].std() for db in (of_sound, of_picture)]
    assert spreads[0] == pytest.approx(spreads[1], rel=0.25)


@pytest.mark.parametrize(("name", "speed"), [("faster_6", 1.06), ("slower_6", 0.94)])
def test_another_speed_of_the_spectrogram_is_another_speed_of_the_sound(
    name: str, speed: float, samples: Floats
) -> None:
    of_sound = log_mel(soxr.resample(samples, SAMPLE_RATE_HZ * speed, SAMPLE_RATE_HZ))
    of_picture = changed(name, log_mel(samples))
    frames = min(of_sound.shape[1], of_picture.shape[1])
    assert abs(of_sound.shape[1] - of_picture.shape[1]) <= 2
    # Bands over time, not cell by cell: between frames a spectrogram can only be guessed.
    error = np.abs(of_sound[4:120, :frames].mean(axis=1) - of_picture[4:120, :frames].mean(axis=1))
    unchanged = np.abs(of_sound[4:120, :frames].mean(axis=1) - log_mel(samples)[4:120, :frames].mean(axis=1))
    assert error.mean() < 0.6 * unchanged.mean()


def test_a_low_pass_leaves_what_is_below_and_nothing_above(samples: Floats) -> None:
    db = log_mel(samples)
    low = changed("low_pass_5k", db)
    assert (low[CENTRES_HZ > 5000] == -80).all()
    np.testing.assert_array_equal(low[CENTRES_HZ <= 5000], db[CENTRES_HZ <= 5000])


def test_a_phone_thins_out_the_bass_and_keeps_the_voice() -> None:
    curve = changed("phone", np.zeros((128, 1), np.float32))[:, 0]
    at = [int(np.abs(CENTRES_HZ - hz).argmin()) for hz in (100, 1000, 2500, 10_000)]
    assert curve[at[0]] == pytest.approx(-48, abs=4)
    assert abs(curve[at[1]]) < 1
    assert curve[at[2]] == pytest.approx(6, abs=0.5)
    assert curve[at[3]] == pytest.approx(-6, abs=1)


@pytest.mark.parametrize(("name", "seconds"), [("excerpt_10", 10), ("excerpt_5", 5)])
def test_an_excerpt_is_the_middle_and_a_shorter_clip_stays_whole(name: str, seconds: float, samples: Floats) -> None:
    db = log_mel(samples)
    middle = changed(name, db)
    assert middle.shape[1] * 1709 / SAMPLE_RATE_HZ == pytest.approx(seconds, abs=0.08)
    start = (db.shape[1] - middle.shape[1]) // 2
    np.testing.assert_array_equal(middle, db[:, start : start + middle.shape[1]])
    assert changed(name, db[:, :20]).shape[1] == 20


def test_mp3_of_64_kbit_is_heard_in_the_sound_and_stays_in_time(samples: Floats) -> None:
    pytest.importorskip("av")
    again = changed("mp3_64", samples)
    assert abs(len(again) - len(samples)) < 4000
    db, coded = log_mel(samples), log_mel(again)
    frames = min(db.shape[1], coded.shape[1])
    loud = db[:, :frames] > -30
    assert 0.05 < np.abs(db[:, :frames] - coded[:, :frames])[loud].mean() < 3


def test_a_worse_data_set_is_the_same_each_time_and_differs_from_clip_to_clip(tmp_path: Path) -> None:
    data = write_dataset(
        tmp_path / "pieces", clips_per_style=2, artists_per_style=1, duration_s=3.0, rng=np.random.default_rng(0)
    )
    worse = DegradedDataset.of(data, CONDITIONS["noise_30"])
    first, second = data.clips[:2]
    np.testing.assert_array_equal(worse.db(first), worse.db(first))
    assert not np.array_equal(worse.db(first) - data.db(first), worse.db(second) - data.db(second))
    for condition in CONDITIONS.values():
        if not condition.of_sound:
            db = DegradedDataset.of(data, condition).db(first)
            assert db.dtype == np.float32
            assert db.max() == 0
            assert db.min() >= -80
