"""`earmark export` and `earmark import` as processes: what they write and refuse, and the way to another machine."""

import csv
import io
import json
import shutil
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import jams
import numpy as np
import pyarrow.parquet
import pytest
import soundfile

from corpus import music
from made_collection import make_collection

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of ten made-up entries."""
    return make_collection(tmp_path_factory.mktemp("made"), np.random.default_rng(0), n=10)


def test_text_goes_to_stdout_where_no_file_is_named(earmark: Command, db: Path) -> None:
    lines = earmark("export", "--format", "jsonl", "--db", db)
    assert (lines.returncode, lines.stderr) == (0, "")
    assert len([json.loads(line) for line in lines.stdout.splitlines()]) == 10
    table = earmark("export", "--format", "csv", "--db", db).stdout
    assert len(list(csv.DictReader(io.StringIO(table)))) == 10


@pytest.mark.parametrize("name", ["music.jsonl", "music.CSV", "music.parquet"])
def test_the_name_says_the_format_and_it_may_be_written_again(
    earmark: Command, db: Path, tmp_path: Path, name: str
) -> None:
    out = tmp_path / "deeper" / name
    for _ in range(2):
        answer = earmark("export", "--out", out, "--db", db)
        assert (answer.returncode, answer.stdout) == (0, "")
        assert answer.stderr == f"earmark: {out}: 10 tracks.\n"
    if name.endswith("parquet"):
        assert pyarrow.parquet.read_table(out).num_rows == 10


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_jams_are_a_file_a_track(earmark: Command, db: Path, tmp_path: Path) -> None:
    answer = earmark("export", "--format", "jams", "--out", tmp_path / "jams", "--db", db)
    assert answer.returncode == 0, answer.stderr
    files = sorted((tmp_path / "jams").rglob("*.jams"))
    assert len(files) == 10
    assert jams.load(str(files[0]), validate=True, strict=True).file_metadata.title


def test_a_track_that_is_damaged_is_left_out(earmark: Command, db: Path, tmp_path: Path) -> None:
    copy = shutil.copy(db, tmp_path / "copy.db")
    connection = sqlite3.connect(copy)
    connection.execute("UPDATE details SET summary = x'00' WHERE heard_id = 4")
    connection.commit()
    connection.close()
    for name in ("a.csv", "a.jsonl", "a.parquet"):
        answer = earmark("export", "--out", tmp_path / name, "--db", copy)
        assert answer.returncode == 1
        assert "is damaged" in answer.stderr
        assert answer.stderr.splitlines()[-1] == f"earmark: {tmp_path / name}: 9 tracks, 1 left out."


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        ((), 2, "name a format with --format"),
        (("--out", "music.txt"), 2, "name a format with --format"),
        (("--format", "xml"), 2, "xml"),
        (("--format", "parquet"), 2, "name a place for parquet"),
        (("--format", "jams"), 2, "name a place for jams"),
        (("--format", "csv", "--out", "song.flac"), 1, "would be named like a sound file"),
        (("--out", "mine.csv"), 1, "is no CSV of tracks that earmark wrote"),
        (("--out", "mine.parquet"), 1, "is no Parquet table that earmark wrote"),
        (("--index", "mine.csv"), 1, "is no collection that earmark wrote"),
        (("--index", "x.db", "--format", "csv"), 2, "without --format"),
        (("run", "--crossval", "x", "--out", "y", "--format", "csv"), 2, "without --format"),
        (("run", "--out", "y"), 2, "a bundle needs a checkpoint, --crossval and --out"),
    ],
)
def test_what_cannot_be_is_said_in_words(
    earmark: Command, db: Path, tmp_path: Path, options: tuple[str, ...], code: int, words: str
) -> None:
    for name in ("mine.csv", "mine.parquet"):
        (tmp_path / name).write_text("mine")
    of = () if "run" in options else ("--db", db)
    answer = earmark("export", *options, *of, cwd=tmp_path)
    assert (answer.returncode, answer.stdout) == (code, "")
    assert words in " ".join(answer.stderr.split())
    assert "Traceback" not in answer.stderr
    assert (tmp_path / "mine.csv").read_text() == (tmp_path / "mine.parquet").read_text() == "mine"


def test_the_collection_itself_is_no_place_for_its_copy(earmark: Command, db: Path) -> None:
    before = db.read_bytes()
    answer = earmark("export", "--index", db, "--db", db)
    assert answer.returncode == 1
    assert "is the collection itself" in answer.stderr
    assert db.read_bytes() == before


def test_what_one_machine_heard_another_one_has_without_hearing(earmark: Command, tmp_path: Path) -> None:
    desktop, laptop = tmp_path / "desktop", tmp_path / "laptop"
    for folder, names in ((desktop, ("one.wav", "two.wav")), (laptop, ("eins.wav", "drei.wav"))):
        folder.mkdir()
        for seed, name in zip((0, 1 if folder is desktop else 2), names, strict=True):
            soundfile.write(folder / name, music(rate_hz=22_050, length_s=8.0, seed=seed), 22_050)
    there, here = tmp_path / "desktop.db", tmp_path / "laptop.db"
    assert earmark("index", desktop, "--db", there, "--jobs", "1").returncode == 0
    assert earmark("export", "--index", tmp_path / "sent.db", "--db", there).returncode == 0
    shutil.rmtree(desktop)
    answer = earmark("import", tmp_path / "sent.db", "--db", here)
    assert answer.returncode == 0
    assert answer.stderr == "earmark: 2 not here and kept until they are indexed.\n"
    indexed = earmark("index", laptop, "--db", here, "--jobs", "1", "--json", "--quiet")
    counts = json.loads(indexed.stdout)
    assert (counts["moved"], counts["heard"]) == (1, 1)
    again = earmark("import", tmp_path / "sent.db", "--db", here, "--json")
    assert json.loads(again.stdout)["known"] == 2
    shown = earmark("import", tmp_path / "sent.db", "--db", here, "--missing")
    assert "1 not here and shown all the same" in shown.stderr


def test_what_is_no_collection_is_not_imported_and_none_is_made_for_it(earmark: Command, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for name in ("notes.txt", "none.db"):
        answer = earmark("import", tmp_path / name, "--db", tmp_path / "new.db")
        assert answer.returncode == 1
        assert "collection" in answer.stderr
    assert not (tmp_path / "new.db").exists()
