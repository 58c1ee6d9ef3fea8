"""The front end against librosa, against published pictures of real music, and against its own laws."""

import csv
from pathlib import Path

import librosa
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from earmark.sound import mel
from streams import absolute_db, music_over_noise

CLIPS_WITH_SOUND = ("blues.00000", "classical.00000", "metal.00000", "reggae.00000")


@pytest.fixture(scope="module")
def clip() -> NDArray[np.float32]:
    return music_over_noise(3.0)


def test_the_filter_bank_is_librosas() -> None:
    ours = mel.mel_filter_bank()
    assert (ours.shape, ours.dtype) == ((128, 1025), np.float32)
    np.testing.assert_allclose(ours, librosa.filters.mel(sr=22_050, n_fft=2048, n_mels=128), atol=1e-8)


def test_the_filter_bank_has_its_published_values() -> None:
    bank = mel.mel_filter_bank()
    bins_hz = np.arange(1025) * 22_050 / 2048
    centres_hz = bins_hz[bank.argmax(axis=1)]
    np.testing.assert_allclose(centres_hz[:37], 25.795 * np.arange(1, 38), atol=5.4)  # linear up to 1 kHz
    assert centres_hz[127] == pytest.approx(10_737, abs=6)
    np.testing.assert_allclose(np.trapezoid(bank[60:], bins_hz, axis=1), 1.0, atol=0.02)


@pytest.mark.filterwarnings("ignore:n_fft=2048 is too large")
@pytest.mark.parametrize("hop_samples", [512, 1709, 2048])
@pytest.mark.parametrize("samples", [1, 1000, 1708, 1709, 22_050, 66_150])
def test_the_power_is_librosas(clip: NDArray[np.float32], samples: int, hop_samples: int) -> None:
    ours = 10 ** (absolute_db(clip[:samples], hop_samples=hop_samples).astype(np.float64) / 10)
    theirs = librosa.feature.melspectrogram(
        y=clip[:samples], sr=22_050, n_fft=2048, hop_length=hop_samples, n_mels=128, pad_mode="constant"
    )
    heard = theirs > 1e-9
    assert ours.shape == theirs.shape == (128, 1 + samples // hop_samples)
    np.testing.assert_allclose(ours[heard], theirs[heard], rtol=1e-4)


def test_the_levels_are_librosas(clip: NDArray[np.float32]) -> None:
    power = librosa.feature.melspectrogram(y=clip, sr=22_050, n_fft=2048, hop_length=1709, n_mels=128)
    theirs = librosa.power_to_db(power, ref=np.max, amin=1e-30, top_db=80)
    ours = mel.log_mel(clip)
    assert ours.dtype == np.float32
    assert ours.max() == 0.0
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


@pytest.mark.parametrize("clip_id", CLIPS_WITH_SOUND)
def test_real_music_gives_its_published_picture(real_data: Path, clip_id: str) -> None:
    samples, rate_hz = soundfile.read(real_data / "gtzan" / "audio" / f"{clip_id}.flac", dtype="float32")
    assert rate_hz == mel.SAMPLE_RATE_HZ
    picture = np.asarray(Image.open(real_data / "gtzan" / "mel" / f"{clip_id}.png"))[::-1]  # (128, columns), low first
    published_db = picture / 255 * 80 - 80
    fine = mel.under_maximum(absolute_db(samples, hop_samples=512))
    columns = np.arange(picture.shape[1])
    ours_db = fine[:, ((columns + 0.5) * fine.shape[1] / 387.5).astype(int)]
    difference_db = ours_db - published_db
    assert np.sqrt(np.mean(difference_db**2)) <= 0.8
    assert np.abs(difference_db[published_db > mel.FLOOR_DB]).max() <= 1.7


def test_real_music_has_its_published_peak(real_data: Path) -> None:
    with (real_data / "gtzan" / "clips.csv").open(newline="") as file:
        peak_db = {row["id"]: float(row["peak_db"]) for row in csv.DictReader(file)}
    for clip_id in CLIPS_WITH_SOUND:
        samples, _ = soundfile.read(real_data / "gtzan" / "audio" / f"{clip_id}.flac", dtype="float32")
        assert absolute_db(samples, hop_samples=512).max() == pytest.approx(peak_db[clip_id], abs=0.1)


@settings(max_examples=40, deadline=None)
@given(data=st.data(), samples=st.integers(0, 60_000), hop_samples=st.sampled_from([512, 1709, 2048]))
def test_no_bit_depends_on_how_the_sound_is_cut(data: st.DataObject, samples: int, hop_samples: int) -> None:
    sound = np.random.default_rng(samples).normal(size=samples).astype(np.float32)
    cuts = sorted(data.draw(st.lists(st.integers(0, samples), max_size=8)))
    stream = mel.LogMel(hop_samples=hop_samples)
    pieces = [stream.push(piece) for piece in np.split(sound, cuts)]
    assert np.array_equal(
        np.concatenate([*pieces, stream.finish()], axis=1), absolute_db(sound, hop_samples=hop_samples)
    )


@pytest.mark.parametrize("gain", [0.01, 0.5, 3.0, 1000.0])
def test_a_louder_copy_gets_the_same_levels(clip: NDArray[np.float32], gain: float) -> None:
    np.testing.assert_allclose(mel.log_mel(np.float32(gain) * clip), mel.log_mel(clip), atol=1e-3)
    louder_db = absolute_db(np.float32(gain) * clip).max() - absolute_db(clip).max()
    assert louder_db == pytest.approx(20 * np.log10(gain), abs=1e-3)


def test_a_frame_hears_the_samples_around_its_centre() -> None:
    click = np.zeros(20 * mel.HOP_SAMPLES, np.float32)
    click[10 * mel.HOP_SAMPLES] = 1.0
    level_db = absolute_db(click).max(axis=0)
    assert level_db.argmax() == 10
    # Not to the bit: some processors compute the logarithm of 1e-30 one unit in the last place off.
    np.testing.assert_allclose(level_db[:9], mel.DIGITAL_SILENCE_DB, atol=1e-3)
    np.testing.assert_allclose(level_db[12:], mel.DIGITAL_SILENCE_DB, atol=1e-3)


@pytest.mark.parametrize(("pitch_hz", "level_db"), [(50, 40), (440, 40), (500, 40), (1000, 40), (9000, 30)])
def test_a_tone_of_full_scale_has_the_level_that_is_told(pitch_hz: float, level_db: float) -> None:
    tone = np.sin(2 * np.pi * pitch_hz * np.arange(5 * mel.SAMPLE_RATE_HZ) / mel.SAMPLE_RATE_HZ).astype(np.float32)
    assert absolute_db(tone).max() == pytest.approx(level_db, abs=1)
    assert absolute_db(tone / 10).max() == pytest.approx(level_db - 20, abs=1)


def test_levels_stop_at_the_floor() -> None:
    db = np.array([[30.0, 0.0], [-49.0, -100.0]], np.float32)
    assert mel.under_maximum(db).tolist() == [[0.0, -30.0], [-79.0, -80.0]]


@pytest.mark.parametrize("hop_samples", [0, -1, 2049])
def test_a_hop_that_would_skip_samples_is_refused(hop_samples: int) -> None:
    with pytest.raises(ValueError, match="hop_samples"):
        mel.LogMel(hop_samples=hop_samples)


def test_stereo_is_refused() -> None:
    with pytest.raises(ValueError, match="mono"):
        mel.LogMel().push(np.zeros((100, 2), np.float32))
