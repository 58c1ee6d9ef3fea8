"""`earmark map` as a process: the page it writes, the places it prints, what it refuses."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from made_collection import make_collection
from pages import read

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of forty made-up entries."""
    return make_collection(tmp_path_factory.mktemp("made"), np.random.default_rng(0))


def test_it_writes_a_page_and_says_how_true_it_is(earmark: Command, db: Path, tmp_path: Path) -> None:
    page = tmp_path / "map.html"
    answer = earmark("map", "--html", page, "--db", db)
    assert (answer.returncode, answer.stdout) == (0, "")
    assert answer.stderr.startswith(f"earmark: {page}: 40 tracks; of each one's 10 true neighbours ")
    assert "Map of 40 tracks" in read(page.read_text()).words
    again = earmark("map", "--html", page, "--db", db)  # its own page may be replaced
    assert again.returncode == 0


def test_places_are_printed_as_json(earmark: Command, db: Path) -> None:
    answer = earmark("map", "--json", "--db", db)
    assert answer.returncode == 0
    told = json.loads(answer.stdout)
    assert len(told["tracks"]) == 40
    assert told == json.loads(earmark("map", "--json", "--db", db).stdout)
    other = json.loads(earmark("map", "--json", "--seed", "1", "--db", db).stdout)
    assert other["tracks"][0]["x"] != told["tracks"][0]["x"]


def test_a_part_of_the_collection_is_a_map_too(earmark: Command, db: Path, tmp_path: Path) -> None:
    page = tmp_path / "jazz.html"
    answer = earmark("map", "--html", page, "--genre", "jazz", "--colour", "piano", "--db", db)
    assert answer.returncode == 0, answer.stderr
    assert "Map of 8 tracks" in page.read_text()
    calm = json.loads(earmark("map", "--json", "--mood", "calm", "--min", "0.6", "--db", db).stdout)
    assert 3 <= len(calm["tracks"]) < 40
    tagged = json.loads(earmark("map", "--json", "--tag", "guitar", "--db", db).stdout)
    assert 3 <= len(tagged["tracks"]) < 40


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ((), 2, "--html"),
        (("--json", "--html", "map.html"), 2, "one of both"),
        (("--json", "--genre", "jaz"), 1, "There is no genre 'jaz'"),
        (("--json", "--genre", "jazz", "--min", "0.99"), 1, "No track of the collection is jazz"),
        (("--html", "map.html", "--colour", "pian"), 1, "There are piano"),
        (("--html", "song.flac"), 1, "would be named like a sound file"),
        (("--html", "notes.txt"), 1, "is no page that earmark wrote"),
    ],
)
def test_what_cannot_be_is_said_in_words(
    earmark: Command, db: Path, tmp_path: Path, options: tuple[str, ...], code: int, words: str
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    answer = earmark("map", *options, "--db", db, cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (code, "")
    assert words in " ".join(answer.stderr.split())
    assert "Traceback" not in answer.stderr
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert not (tmp_path / "map.html").exists()


def test_a_file_of_another_is_written_over_with_force_alone(earmark: Command, db: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert earmark("map", "--html", tmp_path / "notes.txt", "--force", "--db", db).returncode == 0
    assert "Map of" in (tmp_path / "notes.txt").read_text()


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_than_three_tracks_are_said_so(earmark: Command, tmp_path: Path, count: int) -> None:
    db = make_collection(tmp_path, np.random.default_rng(0), n=count)
    answer = earmark("map", "--html", tmp_path / "map.html", "--db", db)
    assert answer.returncode == 1
    assert answer.stderr.startswith("earmark: A map needs at least 3 tracks")
    assert not (tmp_path / "map.html").exists()


def test_without_a_collection_it_says_how_to_make_one(earmark: Command, tmp_path: Path) -> None:
    answer = earmark("map", "--json", "--db", tmp_path / "none.db")
    assert answer.returncode == 1
    assert "earmark index FOLDER" in answer.stderr
