"""Labelled music for heads: sets, folders of folders, lists; who plays it, and what cannot be heard."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

import synthetic
from corpus import music
from earmark.data.layout import CLIPS_FILE
from earmark.errors import BundleError, DataError
from earmark.listen.bundle import Bundle, load_bundle
from earmark.listen.tally import Tally
from earmark.sound.tokens import windows
from earmark.teach.material import hear_sets, load_set
from headed_bundle import write_headed_bundle
from tiny_bundle import write_tiny_bundle


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load_bundle(write_headed_bundle(tmp_path_factory.mktemp("bundles") / "headed"))


def write_song(path: Path, *, seed: int = 0, artist: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = music(rate_hz=22_050, length_s=3, seed=seed)
    with soundfile.SoundFile(path, "w", 22_050, 1 if samples.ndim == 1 else samples.shape[1]) as file:
        if artist:
            file.artist = artist
        file.write(samples)
    return path


def write_list(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "songs.csv").write_text(text)
    return folder / "songs.csv"


def test_a_set_is_read_as_it_is(tmp_path: Path) -> None:
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=2, duration_s=3)
    assert load_set(data.folder) == data


def test_a_folder_of_folders_is_labels_with_artists_in_folders_or_in_tags(tmp_path: Path) -> None:
    folder = tmp_path / "by mood"
    write_song(folder / "calm" / "one.flac", artist="Ann")
    write_song(folder / "calm" / "Bob" / "two.flac", artist="Ann")
    write_song(folder / "wild" / "three.wav")
    found = load_set(folder)
    assert (found.name, found.folder) == ("by mood", folder)
    assert {(clip.label, clip.artist, clip.path.name) for clip in found.clips} == {
        ("calm", "Ann", "one.flac"),
        ("calm", "Bob", "two.flac"),
        ("wild", "", "three.wav"),
    }
    unknown = next(clip for clip in found.clips if not clip.artist)
    assert unknown.artist_key.startswith("?")
    assert all(clip.columns["genre"] == clip.label for clip in found.clips)


def test_a_list_names_files_from_where_it_lies(tmp_path: Path) -> None:
    write_song(tmp_path / "sound" / "one.flac", artist="Ann")
    away = write_song(tmp_path / "away" / "two.wav")
    text = f"path,feel,genre,artist\nsound/one.flac,calm,,\n{away}, wild ,rock,Bob\n"
    found = load_set(write_list(tmp_path / "lists", text.replace("sound/", "../sound/")))
    one, two = found.clips
    assert found.name == "songs"
    assert one.path.samefile(tmp_path / "sound" / "one.flac")
    assert two.path == away
    assert (one.id, one.artist, one.label, one.columns["feel"]) == ("../sound/one.flac", "Ann", None, "calm")
    assert (two.artist, two.label, two.columns["feel"], two.folder.name) == ("Bob", "rock", "wild", "songs")


@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_list_may_begin_with_the_mark_that_spreadsheets_write(start: str, tmp_path: Path) -> None:
    (tmp_path / "songs.csv").write_text(f"{start}path,feel\none.wav,calm\n", encoding="utf-8")
    (clip,) = load_set(tmp_path / "songs.csv").clips
    assert clip.path == tmp_path / "one.wav"


def test_a_row_that_is_short_or_long_is_read_as_far_as_it_goes(tmp_path: Path) -> None:
    short, long = load_set(write_list(tmp_path, "feel,path,artist\ncalm\nwild,two.wav,Ann,more,cells\n")).clips
    assert (short.columns["feel"], short.artist, short.id) == ("calm", "", "")
    assert (long.columns["feel"], long.artist, long.path) == ("wild", "Ann", tmp_path / "two.wav")


@pytest.mark.parametrize("text", ["file,feel\none.wav,calm\n", "path,feel\n", "", "\n\n"])
def test_a_list_without_a_column_of_paths_or_without_rows_is_none(text: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no list of files: it has no column 'path'") as caught:
        load_set(write_list(tmp_path, text))
    assert "songs.csv" in caught.value.sentence


@pytest.mark.parametrize("content", [b"path,feel\n\xff\xfe\x00,calm\n", b'path,feel\n"' + b"a" * 140_000 + b'",calm\n'])
def test_what_is_no_csv_cannot_be_read(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "songs.csv").write_bytes(content)
    with pytest.raises(DataError, match=r"songs\.csv cannot be read as CSV"):
        load_set(tmp_path / "songs.csv")


@pytest.mark.parametrize(
    ("name", "words"),
    [("nowhere", "nowhere is neither a folder nor a list of files"), ("empty", "has no genre folders with sound")],
)
def test_what_is_no_labelled_music_is_refused(name: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=words):
        load_set(tmp_path / name)


def test_clips_are_heard_as_a_listener_hears_them(bundle: Bundle, tmp_path: Path) -> None:
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=2, duration_s=6)
    seen: list[tuple[int, int]] = []
    heard = hear_sets(bundle, [(data, data.clips)], progress=lambda done, total: seen.append((done, total)))
    assert heard.clips == data.clips
    assert heard.numbers.shape == (8, 131)
    assert heard.own == 128
    assert (seen[0], seen[-1], len(seen)) == ((1, 8), (8, 8), 8)
    tally = Tally(bundle)
    for window in windows([data.db(data.clips[3])]):
        tally.add(window)
    assert np.array_equal(heard.numbers[3], tally.numbers)
    assert np.array_equal(heard.moments[3].vectors, tally.moments.vectors)


def test_a_set_that_is_asked_of_some_clips_alone_is_heard_in_those_alone(bundle: Bundle, tmp_path: Path) -> None:
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=2, duration_s=3)
    heard = hear_sets(bundle, [(data, data.clips[:3]), (data, data.clips[7:])])
    assert [clip.id for clip in heard.clips] == [data.clips[place].id for place in (0, 1, 2, 7)]


def test_what_cannot_be_heard_is_named_and_the_others_are_used(bundle: Bundle, tmp_path: Path) -> None:
    write_song(tmp_path / "good.wav")
    (tmp_path / "bad.wav").write_bytes(b"no sound at all")
    soundfile.write(tmp_path / "silent.wav", np.zeros(66_150), 22_050)
    soundfile.write(tmp_path / "short.wav", np.ones(100), 22_050)
    names = ("bad.wav", "gone.wav", "good.wav", "silent.wav", "short.wav", "")
    data = load_set(write_list(tmp_path, "path,feel\n" + "".join(f"{name},calm\n" for name in names)))
    heard = hear_sets(bundle, [(data, data.clips)])
    assert [clip.id for clip in heard.clips] == ["good.wav"]
    assert len(heard.numbers) == len(heard.moments) == 1
    assert len(heard.failures) == 5
    for name, sentence in zip([name for name in names if name != "good.wav"], heard.failures, strict=True):
        assert name in sentence
        assert sentence.count("\n") == 0


def test_where_nothing_can_be_heard_the_first_reason_is_told(bundle: Bundle, tmp_path: Path) -> None:
    data = load_set(write_list(tmp_path, "path,feel\ngone.wav,calm\nlost.wav,calm\n"))
    with pytest.raises(DataError, match=r"^Nothing could be heard\. .*gone\.wav"):
        hear_sets(bundle, [(data, data.clips)])
    with pytest.raises(DataError, match="There are no clips"):
        hear_sets(bundle, [(data, [])])


def test_a_picture_that_is_missing_costs_its_clip_alone(bundle: Bundle, tmp_path: Path) -> None:
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=2, duration_s=3)
    data.clips[0].picture_path.unlink()
    assert (tmp_path / "pieces" / CLIPS_FILE).exists()
    heard = hear_sets(bundle, [(data, data.clips)])
    assert len(heard.clips) == 7
    assert data.clips[0].id in heard.failures[0]


def test_a_bundle_that_is_too_old_for_heads_is_told_at_once(tmp_path: Path) -> None:
    songs = load_set(write_list(tmp_path, f"path\n{write_song(tmp_path / 'one.wav')}\n"))
    old = load_bundle(write_tiny_bundle(tmp_path / "old"))
    with pytest.raises(BundleError, match=r"too old for heads\. Export it again"):
        hear_sets(old, [(songs, songs.clips)])
