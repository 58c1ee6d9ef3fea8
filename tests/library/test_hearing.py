"""A file heard for a collection: the track that listening gives, and what is compared beside it."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from atlases import low_bursts, small_atlas
from corpus import music
from earmark import Listener, load_bundle
from earmark.errors import BundleError, SilenceError, SoundError
from earmark.label import Label
from earmark.library.axes import axes_of
from earmark.library.entry import TOKEN_NUMBERS
from earmark.library.hearing import Hearer, hear_entry
from earmark.library.kinds import kind_of
from earmark.listen.bundle import Bundle
from earmark.listen.whitening import fit_whitening
from earmark.track import HeardTag, Moment, Span
from moods import write_moody_bundle
from tracks import GENRES, HEARD, track

RATE_HZ = 22_050


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The tiny one with heads, tags and an atlas of forty clips."""
    folder = write_moody_bundle(tmp_path_factory.mktemp("bundles") / "moody", timed=True)
    found = load_bundle(folder)
    raw = np.random.default_rng(0).normal(size=(40, 128)).astype(np.float32)
    whitening = fit_whitening(raw)
    atlas = replace(small_atlas(whitening.apply(raw), sha256=found.info.sha256), whitening=whitening)
    atlas.write(folder)
    return found


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "song.wav"
    soundfile.write(path, music(rate_hz=RATE_HZ, length_s=40), RATE_HZ)
    return path


def test_the_track_is_the_one_that_listening_gives(bundle: Bundle, song: Path) -> None:
    heard = hear_entry(bundle, song)
    placed = Listener(bundle).hear_with_vector(song)
    assert heard.track == placed.track
    assert heard.vector == pytest.approx(placed.vector, abs=1e-6)
    assert heard.kind == "song"
    assert heard.share == 1.0
    assert heard.fingerprint
    names = Hearer(bundle).names
    assert heard.answers[names.place("tags", "loud")] == pytest.approx(
        next(label.probability for label in placed.track.tags if label.name == "loud")
    )
    assert list(names.heads) == ["dance", "genre", "tempo"]


def test_moments_lie_on_axes_that_follow_from_the_bundle_alone(bundle: Bundle, song: Path) -> None:
    heard = hear_entry(bundle, song)
    assert heard.tokens.vectors.shape == (27, TOKEN_NUMBERS)
    assert np.linalg.norm(heard.tokens.vectors, axis=1) == pytest.approx(1, abs=1e-5)
    assert heard.tokens.starts_s[:2] == pytest.approx([0.0, heard.tokens.token_s])
    axes = axes_of(bundle)
    assert axes.directions.T @ axes.directions == pytest.approx(np.eye(TOKEN_NUMBERS), abs=1e-9)
    assert axes_of(load_bundle(bundle.folder)).directions.tolist() == axes.directions.tolist()


def test_a_bundle_without_an_atlas_is_enough(tiny_folder: Path, song: Path) -> None:
    heard = hear_entry(load_bundle(tiny_folder), song)
    assert np.linalg.norm(heard.vector) == pytest.approx(1, abs=1e-5)
    assert len(heard.tokens) == 27


def test_moments_are_in_the_space_of_the_track_of_which_they_are_the_parts(song: Path) -> None:
    shipped = load_bundle()
    heard = hear_entry(shipped, song)
    mean = heard.tokens.vectors.mean(axis=0)
    whole = heard.vector @ axes_of(shipped).directions
    assert mean @ whole / np.linalg.norm(mean) / np.linalg.norm(whole) > 0.95


def test_pieces_are_enough_where_that_is_asked_for(bundle: Bundle, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "long.flac", music(rate_hz=RATE_HZ, length_s=150), RATE_HZ)
    heard = Hearer(bundle, quick=True).hear(tmp_path / "long.flac")
    assert 0 < heard.share < 1
    assert heard.share == heard.track.heard_share
    assert heard.track.duration_s == pytest.approx(150)
    assert heard.fingerprint == b""
    whole = hear_entry(bundle, tmp_path / "long.flac")
    assert len(heard.tokens) < len(whole.tokens)
    assert heard.vector @ whole.vector > 0.5
    soundfile.write(tmp_path / "short.flac", music(rate_hz=RATE_HZ, length_s=30), RATE_HZ)
    assert Hearer(bundle, quick=True).hear(tmp_path / "short.flac").share == 1.0


def test_what_is_no_sound_says_so(bundle: Bundle, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(RATE_HZ * 5), RATE_HZ)
    with pytest.raises(SilenceError, match="is silent"):
        hear_entry(bundle, tmp_path / "silence.wav")
    with pytest.raises(SoundError, match="not there"):
        hear_entry(bundle, tmp_path / "nothing.wav")


def test_a_broken_atlas_is_told_before_any_file_is_heard(bundle: Bundle, song: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(bundle.folder, tmp_path / "bundle")
    (folder / "atlas.npz").write_bytes(b"something else")
    with pytest.raises(BundleError, match="no atlas"):
        Hearer(load_bundle(folder))


def timeline(*loud: tuple[float, float], length_s: float = 60.0) -> tuple[Moment, ...]:
    """Moments of a second, quiet outside these seconds."""
    inside = [any(start_s <= second < end_s for start_s, end_s in loud) for second in range(int(length_s))]
    return tuple(
        Moment(float(second), second + 1.0, 0.1 if loud_ else 0.0, GENRES if loud_ else (), quiet=not loud_)
        for second, loud_ in enumerate(inside)
    )


SPOKEN: dict[str, Any] = {
    "tags": (Label("speech", 0.6), Label("rap", 0.2)),
    "heard_tags": ("speech",),
    "heard": (HeardTag("speech", "voice", 0.6),),
}
SUNG = {**SPOKEN, "heard_tags": ("speech", "singing")}
PLAYED = {**SPOKEN, "heard": (*SPOKEN["heard"], HeardTag("guitar", "instrument", 0.5))}
PLAYED_IN_PASSING = {**SPOKEN, "heard": (HeardTag("guitar", "instrument", 0.5, (Span(0.0, 3.0, 0.5),), passing=True),)}


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("song", {}),
        ("song", {"heard": HEARD}),
        ("long", {"duration_s": 1201.0}),
        ("song", {"duration_s": 1200.0}),
        ("short", {"duration_s": 19.9}),
        ("song", {"duration_s": 60.0, "timeline": timeline((0, 20))}),
        ("quiet", {"duration_s": 60.0, "timeline": timeline((0, 10), (50, 59))}),
        ("song", {"duration_s": 60.0, "timeline": timeline((0, 10)), "heard_share": 0.4}),
        ("spoken", SPOKEN),
        ("spoken", PLAYED_IN_PASSING),
        ("song", SUNG),
        ("song", PLAYED),
        ("song", {**SPOKEN, "tags": (Label("speech", 0.59),)}),
    ],
)
def test_what_is_hardly_a_song_is_named_by_kind(kind: str, changes: dict[str, Any]) -> None:
    assert kind_of(track(**changes)) == kind


def test_what_counts_as_long_can_be_said(bundle: Bundle, song: Path) -> None:
    assert Hearer(bundle, longest_s=39.0).hear(song).kind == "long"
    assert kind_of(track(), longest_s=242.0) == "song"


def test_a_burst_in_silence_is_quiet(bundle: Bundle, tmp_path: Path) -> None:
    sound = low_bursts(30.0, (3, 5)) * (np.arange(30 * RATE_HZ) < 5 * RATE_HZ)
    soundfile.write(tmp_path / "burst.wav", sound, RATE_HZ)
    assert hear_entry(bundle, tmp_path / "burst.wav").kind == "quiet"
