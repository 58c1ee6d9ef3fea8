"""Synthetic pieces: the motif sounds where it is said to and nowhere else, and styles can be told apart."""

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.data.dataset import Dataset
from earmark.data.splits import artist_folds
from earmark.data.synth import STYLES, _plucked, compose, write_dataset
from earmark.sound.mel import log_mel

RATE_HZ = 22_050


def test_there_are_four_styles() -> None:
    assert STYLES == ("pulse", "drone", "plucks", "noise")


@pytest.mark.parametrize("style", STYLES)
def test_outside_its_motif_a_piece_is_the_same_whatever_its_style(style: str) -> None:
    one, other = (
        compose(each, duration_s=6.0, motif=(2.0, 4.5), rng=np.random.default_rng(3)).samples
        for each in (style, STYLES[STYLES.index(style) - 1])
    )
    different_s = np.flatnonzero(one != other) / RATE_HZ
    assert different_s.min() >= 2.0
    assert different_s.max() < 4.5
    # and it does sound all through its span: somewhere in every half second
    assert len(set((different_s // 0.5).astype(int))) == 5


@settings(max_examples=12, deadline=None)
@given(
    style=st.sampled_from(STYLES),
    seed=st.integers(0, 2**32 - 1),
    duration_s=st.floats(0.5, 8.0),
    span=st.tuples(st.floats(0, 0.9), st.floats(0.05, 1.0)),
)
def test_pieces_are_float32_of_their_length_and_never_clip(
    style: str, seed: int, duration_s: float, span: tuple[float, float]
) -> None:
    start_s = duration_s * span[0]
    end_s = min(duration_s, start_s + duration_s * span[1])
    piece = compose(style, duration_s=duration_s, motif=(start_s, end_s), rng=np.random.default_rng(seed))
    assert piece.samples.dtype == np.float32
    assert piece.samples.shape == (round(duration_s * RATE_HZ),)
    assert 0 < np.abs(piece.samples).max() <= 0.901
    assert (piece.sample_rate_hz, piece.style) == (RATE_HZ, style)
    assert (piece.motif_start_s, piece.motif_end_s) == (start_s, end_s)


def test_without_a_span_the_motif_sounds_throughout() -> None:
    piece = compose("drone", duration_s=3.0, rng=np.random.default_rng(0))
    assert (piece.motif_start_s, piece.motif_end_s) == (0.0, 3.0)


def test_the_same_seed_gives_the_same_piece_and_another_seed_another() -> None:
    first, again, other = (compose("plucks", duration_s=2.0, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.samples, again.samples)
    assert np.abs(first.samples - other.samples).max() > 0.1


@pytest.mark.parametrize("span", [(-1.0, 2.0), (2.0, 2.0), (2.0, 1.0), (1.0, 5.1)])
def test_a_span_outside_the_piece_is_refused(span: tuple[float, float]) -> None:
    with pytest.raises(ValueError, match="span"):
        compose("pulse", duration_s=5.0, motif=span, rng=np.random.default_rng(0))


def test_an_unknown_style_is_refused_and_the_known_ones_are_named() -> None:
    with pytest.raises(ValueError, match="'polka': pulse, drone, plucks, noise"):
        compose("polka", rng=np.random.default_rng(0))


def test_thirty_seconds_are_composed_in_a_fraction_of_one() -> None:
    started_s = time.process_time()
    for style in STYLES:
        compose(style, rng=np.random.default_rng(0))
    assert (time.process_time() - started_s) / len(STYLES) < 0.5


def test_styles_can_be_told_apart_by_their_nearest_neighbour() -> None:
    def features(style: str, seed: int) -> np.ndarray:
        db = log_mel(compose(style, duration_s=6.0, rng=np.random.default_rng(seed)).samples)
        return np.concatenate([db.mean(axis=1), db.std(axis=1), np.abs(np.diff(db, axis=1)).mean(axis=1)])

    known = [(style, features(style, seed)) for style in STYLES for seed in range(6)]
    for style in STYLES:
        for seed in range(100, 104):
            heard = features(style, seed)
            assert min(known, key=lambda each: float(np.abs(each[1] - heard).sum()))[0] == style


def test_a_set_of_pictures_has_artists_and_deciding_seconds(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    written = write_dataset(tmp_path, clips_per_style=4, artists_per_style=2, duration_s=3.0, motif_s=1.0, rng=rng)
    loaded = Dataset.load(tmp_path)
    assert loaded == written
    assert len(loaded.clips) == 16
    assert loaded.labels == tuple(sorted(STYLES))
    assert len({clip.artist_key for clip in loaded.clips}) == 8
    assert {picture.shape for picture in loaded.pictures()} == {(128, 39)}
    spans = [float(c.columns["motif_end_s"]) - float(c.columns["motif_start_s"]) for c in loaded.clips]
    np.testing.assert_allclose(spans, 1.0, atol=0.002)
    assert len({clip.columns["motif_start_s"] for clip in loaded.clips}) == 16
    artist_folds([clip.label or "" for clip in loaded.clips], [clip.artist_key for clip in loaded.clips], folds=2)


def test_a_set_of_sound_files_is_heard_like_the_pieces(tmp_path: Path) -> None:
    options = {"clips_per_style": 1, "artists_per_style": 1, "duration_s": 2.0}
    pictures = write_dataset(tmp_path / "pictures", rng=np.random.default_rng(4), **options)
    sound = write_dataset(tmp_path / "sound", rng=np.random.default_rng(4), audio=True, **options)
    assert not (tmp_path / "sound" / "mel").exists()
    for one, other in zip(pictures.pictures(), sound.pictures(), strict=True):
        assert np.abs(one.astype(int) - other.astype(int)).max() <= 8  # 16 bits


def test_a_plucked_string_has_no_harmonics_above_half_the_sample_rate() -> None:
    samples = _plucked(3000.0, 0.5, 0.4, brightness=0.9)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    frequency_hz = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    loud = frequency_hz[spectrum > 0.003 * spectrum.max()]
    assert {round(each / 3000) for each in loud} == {1, 2, 3}  # the fourth would be folded back to 10 050 Hz
    assert np.abs(loud - 3000 * np.round(loud / 3000)).max() < 100


@pytest.mark.parametrize(
    ("style", "level", "quarters_db"),
    [
        ("pulse", 0.0840, (-53.1, -69.4, -66.7, -62.7)),
        ("drone", 0.1527, (-39.9, -65.4, -69.7, -66.0)),
        ("plucks", 0.1340, (-53.3, -56.9, -60.0, -62.5)),
        ("noise", 0.2497, (-43.0, -52.1, -51.5, -50.2)),
    ],
)
def test_a_seed_keeps_its_piece(style: str, level: float, quarters_db: tuple[float, ...]) -> None:
    # Examples, demos and sets are repeated from a seed, so its pieces must sound as they did.
    samples = compose(style, duration_s=6.0, motif=(1.5, 5.0), rng=np.random.default_rng(0)).samples
    assert np.sqrt(np.square(samples.astype(np.float64)).mean()) == pytest.approx(level, rel=1e-3)
    assert log_mel(samples).reshape(4, 32, -1).mean(axis=(1, 2)) == pytest.approx(quarters_db, abs=0.1)
