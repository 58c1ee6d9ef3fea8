"""`earmark highlights` as a process: times as lines and as JSON, files of sound, what is heard and what is not."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from corpus import music
from made_collection import make_collection

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two pieces and one file that is no sound."""
    folder = tmp_path_factory.mktemp("songs")
    for number, name in enumerate(("one.wav", "two.flac")):
        soundfile.write(folder / name, music(rate_hz=22_050, length_s=30.0, seed=number), 22_050)
    (folder / "words.mp3").write_text("these are words " * 99)
    return folder


def test_files_are_heard_where_there_is_no_collection(earmark: Command, songs: Path, tmp_path: Path) -> None:
    answer = earmark("highlights", songs / "one.wav", "--seconds", "10", env=own(tmp_path))
    assert answer.returncode == 0, answer.stderr
    (line,) = answer.stdout.splitlines()
    assert line.endswith(f"  {songs / 'one.wav'}")
    assert "–" in line.split()[0]
    assert answer.stderr == "earmark: 1 of 1 tracks.\n"


def own(tmp_path: Path) -> dict[str, str]:
    import os

    return {**os.environ, "EARMARK_DB": str(tmp_path / "none.db")}


def test_one_file_that_cannot_be_heard_stops_no_other(earmark: Command, songs: Path, tmp_path: Path) -> None:
    out = tmp_path / "previews"
    answer = earmark("highlights", songs, "--json", "--out", out, "--format", "wav", "--jobs", "1", env=own(tmp_path))
    assert answer.returncode == 1
    told = [json.loads(line) for line in answer.stdout.splitlines()]
    assert [("error" in each) for each in told] == [False, False, True]
    assert [each.get("file") for each in told] == ["one.wav", "two.wav", None]
    assert all(19.9 < each["end_s"] - each["start_s"] < 20.1 for each in told[:2])
    assert answer.stderr.splitlines()[-1] == f"earmark: 2 of 3 tracks in {out}, 1 failed."
    assert soundfile.info(out / "two.wav").duration == pytest.approx(20, abs=0.01)
    assert {path.name for path in out.iterdir()} == {"highlights.json", "one.wav", "two.wav"}


def test_of_the_collection_nothing_is_heard(earmark: Command, tmp_path: Path) -> None:
    db = make_collection(tmp_path, np.random.default_rng(0), n=5)  # its files are not there
    answer = earmark("highlights", "--db", db, "--json", "--seconds", "9", "--quiet")
    assert (answer.returncode, answer.stderr) == (0, "")
    told = [json.loads(line) for line in answer.stdout.splitlines()]
    assert len(told) == 5
    assert all(each["end_s"] - each["start_s"] == pytest.approx(9, abs=0.01) for each in told)
    missing = earmark("highlights", "--db", db, "--out", tmp_path / "out")
    assert missing.returncode == 1
    assert "is not there" in missing.stderr


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--db", "none.db"), 1, "There is no collection"),
        (("nothing",), 1, "nothing is not there"),
        (("empty",), 1, "No sound file is in empty"),
        (("--seconds", "0"), 2, "greater than or equal to 1"),
        (("one.wav", "--format", "mp3"), 2, "mp3"),
        (("one.wav", "--out", "one.wav"), 1, "is a file, and a folder is needed"),
        (("one.wav", "--out", ".", "--format", "wav"), 1, "is read, and would be overwritten"),
    ],
)
def test_what_cannot_be_is_said_in_words(
    earmark: Command, songs: Path, tmp_path: Path, options: tuple[str, ...], code: int, words: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "one.wav").write_bytes((songs / "one.wav").read_bytes())
    answer = earmark("highlights", *options, cwd=tmp_path, env=own(tmp_path))
    assert answer.returncode == code
    assert words in " ".join(answer.stderr.split())
    assert "Traceback" not in answer.stderr
    assert (tmp_path / "one.wav").read_bytes() == (songs / "one.wav").read_bytes()
