"""Some seconds of a file: those that decoding all of it has there, at its own rate and with its own channels."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from earmark.errors import SoundError
from earmark.sound import excerpt as module
from earmark.sound.excerpt import Excerpt, excerpt

RATE_HZ = 32_000


def stereo(length_s: float = 12.0, *, seed: int = 0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    steps = np.cumsum(rng.normal(size=(round(length_s * RATE_HZ), 2)), axis=0)
    return np.asarray(0.5 * np.sin(steps / 40), np.float32)


def written(folder: Path, name: str, samples: NDArray[np.float32]) -> Path:
    soundfile.write(folder / name, samples, RATE_HZ)
    return folder / name


@pytest.mark.parametrize("name", ["song.wav", "song.flac", "song.ogg", "song.mp3"])
@pytest.mark.parametrize("by_place", [True, False])
def test_it_has_the_seconds_that_the_whole_file_has_there(
    tmp_path: Path, name: str, by_place: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = written(tmp_path, name, stereo())
    whole, _ = soundfile.read(path, dtype="float32")
    if not by_place:
        monkeypatch.setattr(module, "cuts_of", lambda _: None)
    found = excerpt(path, 4.25, 9.5)
    assert found.rate_hz == RATE_HZ
    assert found.samples.shape == (round(5.25 * RATE_HZ), 2)
    first = round(4.25 * RATE_HZ)
    np.testing.assert_allclose(found.samples, whole[first : first + len(found.samples)], atol=2e-3)


def test_it_ends_where_the_file_does(tmp_path: Path) -> None:
    found = excerpt(written(tmp_path, "song.flac", stereo(6.0)), 4.0, 99.0)
    assert found.duration_s == pytest.approx(2.0)


@pytest.mark.parametrize("by_place", [True, False])
def test_behind_its_end_there_is_nothing(tmp_path: Path, by_place: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if not by_place:
        monkeypatch.setattr(module, "cuts_of", lambda _: None)
    path = written(tmp_path, "song.wav", stereo(3.0))
    with pytest.raises(SoundError, match=r"song\.wav holds no sound at 5\.0 s"):
        excerpt(path, 5.0, 6.0)


def test_what_is_no_sound_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "notes.mp3").write_text("these are words " * 99)
    with pytest.raises(SoundError, match=r"notes\.mp3"):
        excerpt(tmp_path / "notes.mp3", 0.0, 1.0)
    with pytest.raises(SoundError, match="not there"):
        excerpt(tmp_path / "none.mp3", 0.0, 1.0)


def test_values_that_are_no_sound_are_refused(tmp_path: Path) -> None:
    samples = stereo(3.0)
    samples[RATE_HZ] = np.nan
    soundfile.write(tmp_path / "song.wav", samples, RATE_HZ, subtype="FLOAT")
    with pytest.raises(SoundError, match="NaN"):
        excerpt(tmp_path / "song.wav", 0.5, 2.0)


@pytest.mark.parametrize(("start_s", "end_s"), [(-1.0, 2.0), (2.0, 2.0), (3.0, 2.0), (float("nan"), 2.0)])
def test_seconds_that_are_none_are_refused(start_s: float, end_s: float) -> None:
    with pytest.raises(ValueError, match="need seconds"):
        excerpt("song.wav", start_s, end_s)


def test_a_fade_begins_and_ends_with_nothing_and_leaves_the_middle() -> None:
    plain = Excerpt(np.ones((1000, 2), np.float32), 1000)
    faded = plain.faded(0.1).samples
    assert faded[0].max() < 0.01
    assert faded[-1].max() < 0.01
    assert (faded[100:900] == 1).all()
    assert (np.diff(faded[:100, 0]) > 0).all()
    assert (plain.samples == 1).all()


def test_fades_have_equal_power_where_they_cross() -> None:
    faded = Excerpt(np.ones((1000, 1), np.float32), 1000).faded(0.1).samples[:, 0]
    np.testing.assert_allclose(faded[:100] ** 2 + faded[-100:] ** 2, 1, atol=1e-5)


@pytest.mark.parametrize("length", [0, 1, 2, 9])
def test_what_is_shorter_than_two_fades_is_faded_by_halves(length: int) -> None:
    faded = Excerpt(np.ones((length, 1), np.float32), 1000).faded(0.1)
    assert len(faded.samples) == length
    assert np.isfinite(faded.samples).all()
