"""Data sets: real ones as their README counts them, artists that are the same by another spelling, bad ones refused."""

import hashlib
import pickle
from pathlib import Path

import numpy as np
import pytest

from earmark.data.dataset import Clip, Dataset, artist_key, fingerprint
from earmark.data.layout import write_picture, write_rows
from earmark.errors import DataError, SoundError
from earmark.sound.mel import log_mel
from trees import piece, write_sound


@pytest.mark.parametrize(
    ("name", "clips", "frames", "labels"),
    [("gtzan", 639, (387, 387), 10), ("emotify", 400, (334, 775), 4), ("4q", 900, (131, 388), 0)],
)
def test_the_real_sets_are_as_their_readme_says(
    real_data: Path, name: str, clips: int, frames: tuple[int, int], labels: int
) -> None:
    dataset = Dataset.load(real_data / name)
    pictures = dataset.pictures()
    lengths = [picture.shape[1] for picture in pictures]
    assert (dataset.name, len(dataset.clips), len(dataset.labels)) == (name, clips, labels)
    assert (min(lengths), max(lengths)) == frames
    assert {(picture.shape[0], picture.dtype.name) for picture in pictures} == {(128, "uint8")}


def test_gtzan_artists_are_counted_and_some_stand_in_4q_too(real_data: Path) -> None:
    gtzan, q4 = Dataset.load(real_data / "gtzan"), Dataset.load(real_data / "4q")
    known = {clip.artist_key for clip in gtzan.clips if clip.artist_known}
    shared = known & {clip.artist_key for clip in q4.clips}
    assert sum(not clip.artist_known for clip in gtzan.clips) == 43
    assert len(known) == 154
    assert {"bob marley", "dr dre", "celine dion", "earth wind and fire"} <= shared


def test_labels_may_come_from_another_column(real_data: Path) -> None:
    assert Dataset.load(real_data / "4q", label_column="quadrant").labels == ("Q1", "Q2", "Q3", "Q4")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Beatles", "beatles"),
        ("Beatles, The", "The Beatles"),
        ("Céline Dion", "Celine Dion"),
        ("Dr. Dre", "Dr Dre"),
        ("Earth; Wind & Fire", "Earth Wind and Fire"),
        ("Guns N' Roses", "Guns N’ Roses"),
        ("  BJÖRK ", "Björk"),
        ("Rage Against the Machine", "Rage against The machine"),
    ],
)
def test_spellings_of_one_artist_are_one(one: str, other: str) -> None:
    assert artist_key(one) == artist_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"), [("The The", "The Who"), ("!!!", "???"), ("Queen", "Queens"), ("坂本", "中島")]
)
def test_other_artists_stay_others(one: str, other: str) -> None:
    assert artist_key(one) != artist_key(other)


@pytest.mark.parametrize("name", ["", "  ", "Unknown", "unknown artist", "N/A", "?", "-"])
def test_a_clip_without_a_name_is_an_artist_of_its_own(tmp_path: Path, name: str) -> None:
    write_rows(tmp_path / "clips.csv", [{"id": "a", "artist": name}, {"id": "b", "artist": name}])
    first, second = Dataset.load(tmp_path).clips
    assert not first.artist_known
    assert first.artist_key != second.artist_key
    assert artist_key(first.artist) == ""


def test_unknown_artists_of_two_sets_are_not_mixed_up(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_rows(tmp_path / name / "clips.csv", [{"id": "a"}])
    keys = {Dataset.load(tmp_path / name).clips[0].artist_key for name in ("one", "two")}
    assert len(keys) == 2


def test_a_set_of_sound_gives_what_the_front_end_hears(tmp_path: Path) -> None:
    samples = piece()
    write_sound(tmp_path / "sound" / "x.flac", samples)
    write_rows(tmp_path / "clips.csv", [{"id": "a", "genre": "rock", "path": "sound/x.flac"}])
    dataset = Dataset.load(tmp_path)
    heard = dataset.db(dataset.clips[0])
    np.testing.assert_allclose(heard, log_mel(samples), atol=0.2)  # 16 bits of flac
    assert heard.dtype == np.float32
    assert heard.max() == 0
    assert dataset.clips[0].path == dataset.clips[0].sound_path
    np.testing.assert_allclose(dataset.pictures()[0] * (80 / 255) - 80, heard, atol=0.16)


def test_a_picture_is_read_before_its_sound(tmp_path: Path) -> None:
    write_picture(tmp_path / "mel" / "a.png", np.full((128, 5), 51, np.uint8))
    write_rows(tmp_path / "clips.csv", [{"id": "a", "path": "gone.wav"}])
    dataset = Dataset.load(tmp_path)
    np.testing.assert_allclose(dataset.db(dataset.clips[0]), np.full((128, 5), -64.0), atol=1e-5)


def test_a_clip_with_nothing_on_the_disk_is_named(tmp_path: Path) -> None:
    write_rows(tmp_path / "clips.csv", [{"id": "a"}, {"id": "b", "path": "gone.wav"}])
    dataset = Dataset.load(tmp_path)
    with pytest.raises(DataError, match=r"a\.png is missing"):
        dataset.picture(dataset.clips[0])
    with pytest.raises(SoundError, match=r"gone\.wav"):
        dataset.picture(dataset.clips[1])


def test_clips_travel_to_other_processes(tmp_path: Path) -> None:
    write_rows(tmp_path / "clips.csv", [{"id": "a", "genre": "rock", "artist": "Queen"}])
    dataset = Dataset.load(tmp_path)
    assert pickle.loads(pickle.dumps(dataset)) == dataset


def test_a_selection_keeps_order_and_drops_the_rest(tmp_path: Path) -> None:
    write_rows(tmp_path / "clips.csv", [{"id": name, "genre": "rock" if name in "ac" else ""} for name in "abc"])
    chosen = Dataset.load(tmp_path).select(lambda clip: clip.label is not None)
    assert [clip.id for clip in chosen.clips] == ["a", "c"]


def test_other_clips_another_order_and_other_values_have_another_fingerprint() -> None:
    first, second = (Clip(name, Path("/music/set"), "rock", "") for name in "ab")
    elsewhere = Clip("a", Path("/downloads/set"), "pop", "")
    # The digest that checkpoints of earlier versions hold.
    assert (
        fingerprint([first, second]) == hashlib.sha256(b"set/a\nset/b").hexdigest() == fingerprint([elsewhere, second])
    )
    others = [fingerprint([second, first]), fingerprint([first]), fingerprint([first, second], [0, 1])]
    assert len({fingerprint([first, second]), *others}) == 4
    assert others[-1] == hashlib.sha256(b"set/a 0\nset/b 1").hexdigest()
