"""A song followed with the sound of other music."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from earmark.errors import GenerateError
from earmark.generate import refine
from earmark.generate.asking import Ask, Ground
from earmark.generate.making import Listeners, make_mosaic
from earmark.generate.refine import TOGETHER, Target, activations, divergence, mixed
from earmark.generate.shelf import Shelf

RATE_HZ = 44_100
TIMES_S = np.arange(2 * RATE_HZ) / RATE_HZ


def tones(*notes: tuple[float, float, float]) -> np.ndarray:  # type: ignore[type-arg]
    """Notes of (hertz, start, end) with overtones."""
    sound = np.zeros(len(TIMES_S))
    for hz, start_s, end_s in notes:
        inside = (start_s <= TIMES_S) & (end_s > TIMES_S)
        sound += inside * sum(np.sin(2 * np.pi * hz * k * TIMES_S) / k for k in range(1, 5))
    return (0.2 * sound).astype(np.float32)


def test_what_sounds_later_in_the_source_sounds_when_the_song_has_it() -> None:
    source = tones((220.0, 0.0, 1.0), (330.0, 1.0, 2.0))
    song = tones((330.0, 0.0, 1.0), (220.0, 1.0, 2.0))
    made = mixed(np.stack([source, source], axis=1), song, np.random.default_rng(0))
    assert made is not None
    assert made.shape == (len(source), 2)
    first, second = (np.abs(np.fft.rfft(made[part, 0])) for part in (slice(9000, 31_000), slice(53_000, 75_000)))
    low, high = (round(hz * 22_000 / RATE_HZ) for hz in (220.0, 330.0))
    assert first[high] > 3 * first[low]
    assert second[low] > 3 * second[high]
    assert np.sqrt(np.square(made).mean()) == pytest.approx(float(np.sqrt(np.square(source).mean())), rel=0.01)


def test_a_sound_that_is_the_song_stays_as_it_is_and_so_does_silence() -> None:
    song = tones((220.0, 0.0, 1.0), (330.0, 1.0, 2.0))
    rng = np.random.default_rng(0)
    assert mixed(song[:, np.newaxis], song, rng) is None
    assert mixed(np.zeros((RATE_HZ, 2), np.float32), song[:RATE_HZ], rng) is None
    assert mixed(song[:RATE_HZ, np.newaxis], np.zeros(RATE_HZ, np.float32), rng) is None
    assert mixed(song[:100, np.newaxis], song[:100], rng) is None


def test_rounds_bring_the_mix_nearer_and_few_frames_sound_at_once() -> None:
    rng = np.random.default_rng(1)
    basis = np.abs(rng.normal(size=(60, 40))).astype(np.float32)
    target = np.asarray(basis @ (np.eye(40) + np.eye(40, k=5)), np.float32)[:, :30]
    near = [divergence(target, basis @ activations(basis, target, np.random.default_rng(0), rounds=n)) for n in (2, 16)]
    assert near[1] < near[0]
    weights = activations(basis, target, np.random.default_rng(0))
    assert (weights >= 0).all()
    assert (weights > 0.02 * weights.max()).sum(axis=0).mean() < 3 * TOGETHER


def test_nothing_is_nearer_to_a_thing_than_itself_at_any_level() -> None:
    target = np.abs(np.random.default_rng(0).normal(size=(9, 4))).astype(np.float32)
    assert divergence(target, 7 * target) == pytest.approx(0, abs=1e-4)
    assert divergence(target, target[::-1]) > 0.1


def test_a_song_that_is_gone_is_not_followed() -> None:
    target = Target("gone.mp3", 10.0, RATE_HZ)
    sound = np.ones((RATE_HZ, 2), np.float32)
    assert target.shape(sound, 3.0, np.random.default_rng(0)) is sound
    assert (target.runs, target.refined) == (1, 0)


def test_a_song_begins_again_where_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    song = tones((220.0, 0.0, 1.0), (330.0, 1.0, 2.0))
    soundfile.write(tmp_path / "song.wav", song, RATE_HZ)
    wanted: list[np.ndarray] = []  # type: ignore[type-arg]
    monkeypatch.setattr(refine, "mixed", lambda samples, song, rng: wanted.append(song))
    target = Target(str(tmp_path / "song.wav"), 2.0, RATE_HZ)
    for start_s in (0.5, 3.99):
        target.shape(np.ones((5 * RATE_HZ, 2), np.float32), start_s, np.random.default_rng(0))
    cut = round(0.5 * RATE_HZ)
    assert wanted[0] == pytest.approx(np.resize(np.roll(song, -cut), 5 * RATE_HZ), abs=1e-3)
    assert wanted[1] == pytest.approx(np.resize(song, 5 * RATE_HZ), abs=1e-3)  # what is left is too little to hear


def test_a_piece_that_follows_a_song_says_so_and_one_without_a_song_cannot(
    ground: Ground, shelf: Shelf, tmp_path: Path
) -> None:
    made = make_mosaic(ground, Ask(like="One", seconds=5.0), tmp_path / "a.wav", Listeners(), shelf=shelf, refine=True)
    assert Path(made.told["followed"]).name == "one.flac"
    assert 0 <= made.told["refined_runs"] <= len(made.sources)
    assert made.seconds == 5.0
    with pytest.raises(GenerateError, match="no song to follow"):
        make_mosaic(ground, Ask(genre="low", seconds=5.0), tmp_path / "b.wav", Listeners(), shelf=shelf, refine=True)
