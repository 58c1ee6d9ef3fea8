"""`earmark listen --explain` and `earmark model atlas` as a person runs them."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from atlases import RATE_HZ, low_bursts
from earmark import Listener, Track, load_bundle
from earmark.data.layout import picture_of_db, write_picture, write_rows
from earmark.listen.atlas import read_atlas
from earmark.sound.mel import log_mel
from pages import read
from tiny_bundle import LABELS
from trees import piece

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set of six pictures."""
    folder = tmp_path_factory.mktemp("sets") / "pieces"
    rows = []
    for clip in range(6):
        write_picture(folder / "mel" / f"{clip}.png", picture_of_db(log_mel(piece(seed=clip))))
        rows.append({"id": str(clip), "genre": LABELS[clip % 3], "title": f"Piece {clip}"})
    write_rows(folder / "clips.csv", rows)
    return folder


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("music") / "my song.wav"
    soundfile.write(path, low_bursts(20.0, (4.0, 6.0)), RATE_HZ)
    return path


def test_an_atlas_is_made_once_and_then_stands_in_the_page(
    earmark: Command, tiny_folder: Path, pieces: Path, song: Path, tmp_path: Path
) -> None:
    bundle = Path(shutil.copytree(tiny_folder, tmp_path / "bundle"))
    made = earmark("model", "atlas", "--data", pieces, "--model", bundle)
    assert (made.returncode, made.stderr) == (0, "")
    assert f"{bundle / 'atlas.npz'}: 6 clips; two axes show " in made.stdout
    atlas = read_atlas(load_bundle(bundle))
    assert atlas is not None
    assert set(atlas.sets) == {"pieces"}
    said = earmark("listen", song, "--explain", tmp_path / "song.html", "--model", bundle)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("Track ")
    words = read((tmp_path / "song.html").read_text()).words
    assert "What earmark heard in" in words
    assert all(f"Piece {clip}" in words for clip in range(6))


def test_json_stays_what_it_was(earmark: Command, tiny_folder: Path, song: Path, tmp_path: Path) -> None:
    said = earmark("listen", song, "--json", "--explain", tmp_path / "song.html", "--model", tiny_folder)
    assert Track.from_dict(json.loads(said.stdout)) == Listener(load_bundle(tiny_folder)).hear(song)
    assert "has no atlas" in (tmp_path / "song.html").read_text()


def test_a_folder_with_one_track_is_one_track_and_two_are_too_many(
    earmark: Command, tiny_folder: Path, song: Path, tmp_path: Path
) -> None:
    page = tmp_path / "song.html"
    assert earmark("listen", song.parent, "--explain", page, "--model", tiny_folder).returncode == 0
    page.unlink()
    said = earmark("listen", song, song, "--explain", page, "--model", tiny_folder)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == "earmark: --explain is for one track, not for 2. Name one sound file.\n"
    assert not page.exists()


def test_a_track_that_cannot_be_heard_leaves_the_old_page(earmark: Command, tiny_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "song.html").write_text("<title>What earmark heard</title> old")
    (tmp_path / "bad.mp3").write_bytes(b"no sound at all")
    command = ("listen", tmp_path / "bad.mp3", "--explain", tmp_path / "song.html", "--model", tiny_folder)
    said = earmark(*command, "--json", "--quiet")
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert "bad.mp3 is not sound" in said.stderr
    assert "is not sound" in json.loads(said.stdout)["error"]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["bad.mp3", "song.html"]
    assert (tmp_path / "song.html").read_text().endswith("old")


def test_a_page_that_cannot_be_written_is_said(earmark: Command, tiny_folder: Path, song: Path, tmp_path: Path) -> None:
    for page, says in ((tmp_path, "is a folder"), (tmp_path / "no" / "song.html", "cannot be written")):
        said = earmark("listen", song, "--explain", page, "--model", tiny_folder)
        assert (said.returncode, said.stdout) == (1, "")
        assert says in said.stderr
        assert said.stderr.count("\n") == 1


def test_two_kinds_of_page_at_once_are_an_error_of_use(earmark: Command, song: Path, tmp_path: Path) -> None:
    said = earmark("listen", song, "--explain", tmp_path / "a.html", "--html", tmp_path / "b.html")
    assert said.returncode == 2
    assert "--html or --explain" in said.stderr


def test_an_atlas_of_another_network_is_a_sentence(
    earmark: Command, tiny_folder: Path, pieces: Path, song: Path, tmp_path: Path
) -> None:
    bundle = Path(shutil.copytree(tiny_folder, tmp_path / "bundle"))
    (bundle / "atlas.npz").write_bytes(b"something else")
    said = earmark("listen", song, "--explain", tmp_path / "song.html", "--model", bundle)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith(f"earmark: {bundle / 'atlas.npz'} is no atlas")
    assert earmark("listen", song, "--model", bundle).returncode == 0  # who only listens needs no atlas


def test_a_set_that_is_not_there_is_a_sentence(earmark: Command, tiny_folder: Path, tmp_path: Path) -> None:
    said = earmark("model", "atlas", "--data", tmp_path, "--model", tiny_folder)
    assert (said.returncode, said.stdout) == (1, "")
    assert "has no clips.csv" in said.stderr


def test_the_card_can_be_asked_for_by_name_and_without(earmark: Command, tiny_folder: Path) -> None:
    assert earmark("model", tiny_folder).stdout == earmark("model", "card", tiny_folder).stdout
    assert "atlas" in earmark("model", "--help").stdout
    assert earmark("model", "--json", tiny_folder).stdout == (tiny_folder / "bundle.json").read_text()
