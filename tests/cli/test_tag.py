"""`earmark tag` as a process: what it shows, writes, takes back and refuses."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mutagen.flac import FLAC
from mutagen.id3 import ID3

from made_collection import make_collection
from tagged import make
from tagging import Shelf, shelf

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("tagged")
    return [make(kind, folder) for kind in ("mp3, ID3v2.3", "flac", "ogg")]


@pytest.fixture
def music(sources: list[Path], tmp_path: Path) -> Shelf:
    return shelf(tmp_path / "shelf", sources)


def test_it_shows_what_it_would_write_and_writes_nothing(earmark: Command, music: Shelf) -> None:
    before = music.contents()
    answer = earmark("tag", music.folder, "--db", music.db)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.splitlines()[:4] == [
        str(music.files[0]),
        "  + genre       Metal; Jazz  [GENRE (Vorbis comment)]",
        "  + mood        serene  [MOOD (Vorbis comment)]",
        "  + confidence  genre Metal 0.60, Jazz 0.35; mood serene 0.70; made 1  [EARMARK (Vorbis comment)]",
    ]
    assert "3 files would be tagged (3 genre, 3 mood, 3 confidence)." in answer.stderr
    assert "Nothing was written; --write does it." in answer.stderr
    assert music.contents() == before
    assert not list(music.folder.parent.glob("*.jsonl")), "no journal"


def test_it_writes_and_takes_back(earmark: Command, music: Shelf) -> None:
    before = music.contents()
    answer = earmark("tag", music.folder, "--db", music.db, "--write")
    assert answer.returncode == 0, answer.stderr
    assert "3 files tagged" in answer.stderr
    assert "--undo brings them back" in answer.stderr
    assert FLAC(music.files[0])["genre"] == ["Metal", "Jazz"]
    assert ID3(music.files[1], translate=False)["TCON"].text == ["Metal; Jazz"]
    again = earmark("tag", music.folder, "--db", music.db, "--write")
    assert again.returncode == 0
    assert again.stdout == ""
    assert "3 with fields that hold something" in again.stderr
    runs = earmark("tag", "--journal", "--db", music.db)
    assert runs.stdout.startswith("run 1  ")
    assert runs.stdout.endswith("3 written, 0 undone\n")
    undone = earmark("tag", "--undo", "--db", music.db)
    assert undone.returncode == 0, undone.stderr
    assert "3 files brought back as they were before run 1." in undone.stderr
    assert music.contents() == before
    nothing = earmark("tag", "--undo", "--db", music.db)
    assert nothing.returncode == 1
    assert "There is nothing to undo." in nothing.stderr


def test_a_field_that_is_overwritten_has_a_minus(earmark: Command, music: Shelf) -> None:
    earmark("tag", music.folder, "--db", music.db, "--write", "--quiet")
    answer = earmark("tag", music.files[0], "--db", music.db, "--overwrite", "--most", "1", "--fields", "genre")
    assert answer.stdout.splitlines()[1:] == ["  - genre  Metal; Jazz", "  + genre  Metal  [GENRE (Vorbis comment)]"]


def test_one_run_and_one_file_can_be_taken_back(earmark: Command, music: Shelf) -> None:
    before = music.contents()
    earmark("tag", music.files[0], "--db", music.db, "--write", "--quiet")
    earmark("tag", music.folder, "--db", music.db, "--write", "--quiet")
    answer = earmark("tag", music.files[1], "--undo", "--run", "2", "--db", music.db, "--json", "--quiet")
    assert [json.loads(line) for line in answer.stdout.splitlines()] == [
        {"path": str(music.files[1]), "undone": True, "failed": ""}
    ]
    after = music.contents()
    assert [after[name] == before[name] for name in before] == [False, True, False]
    assert "nothing of run 7" in earmark("tag", "--undo", "--run", "7", "--db", music.db).stderr


def test_json_has_a_line_a_file(earmark: Command, music: Shelf) -> None:
    answer = earmark("tag", music.folder, "--db", music.db, "--json", "--quiet", "--min-confidence", "0.65")
    lines = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [line["path"] for line in lines] == [str(path) for path in music.files]
    assert lines[0]["written"] is False
    assert [change["field"] for change in lines[0]["changes"]] == ["mood", "confidence"]
    assert lines[0]["lacking"] == {"genre": "no genre is certain enough (Metal 0.60)"}
    assert answer.stderr == ""


def test_a_map_gives_other_names(earmark: Command, music: Shelf, tmp_path: Path) -> None:
    (tmp_path / "my.toml").write_text('[rename]\nmetal = "Heavy"\n[forbid]\ngenres = ["jazz"]\n')
    answer = earmark("tag", music.folder, "--db", music.db, "--map", tmp_path / "my.toml")
    assert "+ genre       Heavy  [" in answer.stdout
    (tmp_path / "my.toml").write_text('[rename]\nmetall = "Heavy"\n')
    answer = earmark("tag", music.folder, "--db", music.db, "--map", tmp_path / "my.toml")
    assert answer.returncode == 1
    assert "did you mean 'metal'?" in answer.stderr


def test_what_cannot_be_tagged_is_said_and_the_others_are(earmark: Command, music: Shelf) -> None:
    music.files[0].chmod(0o444)
    (music.folder / "new.flac").write_bytes(music.files[0].read_bytes())
    answer = earmark("tag", music.folder, "--db", music.db, "--write")
    assert answer.returncode == 0
    assert f"{music.files[0]} is read-only: it was left as it is." in answer.stderr
    assert "new.flac is not in the collection. Hear them first: earmark index DIR." in answer.stderr
    assert "2 files tagged" in answer.stderr
    answer = earmark("tag", music.files[0], "--db", music.db, "--write")
    assert answer.returncode == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name folders or files"),
        (["music", "--fields", "title"], "and no 'title'"),
        (["--write", "--undo"], "choose one of"),
        (["music", "--run", "2"], "--run says which run"),
        (["nowhere"], "nowhere"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: list[str], said: str, earmark: Command, music: Shelf) -> None:
    answer = earmark("tag", *arguments, "--db", music.db, cwd=music.folder.parent)
    assert answer.returncode != 0
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_what_is_no_song_is_left_out_unless_it_is_asked_for(
    earmark: Command, sources: list[Path], tmp_path: Path
) -> None:
    import sqlite3

    music = shelf(tmp_path / "shelf", sources)
    with sqlite3.connect(music.db) as connection:
        connection.execute("UPDATE heard SET kind = 'spoken'")
    answer = earmark("tag", music.folder, "--db", music.db)
    assert answer.stdout == ""
    assert "3 that are no songs (--all-kinds)" in answer.stderr
    assert "3 files would be tagged" in earmark("tag", music.folder, "--db", music.db, "--all-kinds").stderr


def test_files_that_are_gone_are_no_files_of_the_folder(earmark: Command, tmp_path: Path) -> None:
    make_collection(tmp_path, np.random.default_rng(0), n=3)
    (tmp_path / "music").mkdir()
    answer = earmark("tag", tmp_path / "music", "--db", tmp_path / "collection.db")
    assert answer.returncode == 1
    assert "No file of the collection is in" in answer.stderr


@pytest.mark.skipif(os.name != "posix", reason="only there a process may be kept from writing long files")
def test_where_a_file_cannot_be_written_none_is_half_written(earmark: Command, tmp_path: Path) -> None:
    import resource

    music = shelf(tmp_path / "shelf", [make("wav, no tags", tmp_path)])
    before = music.contents()
    limit = music.files[0].stat().st_size - 1
    assert music.db.stat().st_size < limit

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    answer = earmark("tag", music.folder, "--db", music.db, "--write", preexec_fn=small)
    assert answer.returncode == 1
    assert "cannot be written (File too large): it was left as it is" in answer.stderr
    assert music.contents() == before
