"""`earmark index` as a person uses it: folders are indexed, the collection is asked, forgotten, watched."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from earmark.library.collection import Collection
from headed_bundle import write_headed_bundle
from indexed import piece, silence

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """Two pieces, one copy, silence, and what is no sound."""
    piece(tmp_path / "music" / "a.flac", seed=1, title="One", artist="Queen")
    piece(tmp_path / "music" / "album" / "b.ogg", seed=2, length_s=25)
    shutil.copy(tmp_path / "music" / "a.flac", tmp_path / "music" / "copy.flac")
    silence(tmp_path / "music" / "silence.wav")
    (tmp_path / "music" / "bad.mp3").write_text("No music. " * 50)
    (tmp_path / "music" / "cover.jpg").write_bytes(b"picture")
    return tmp_path


@pytest.fixture
def index(earmark: Command, desk: Path) -> Command:
    """The command in the folder of the desk, with a database of its own."""

    def run(*arguments: str | Path, **options: Any) -> "subprocess.CompletedProcess[str]":
        environment = {**os.environ, "EARMARK_DB": str(desk / "own" / "collection.db")}
        return earmark("index", *arguments, cwd=desk, env=environment, **options)

    return run


def said(answer: "subprocess.CompletedProcess[str]") -> list[str]:
    return [line.removeprefix("earmark: ") for line in answer.stderr.splitlines()]


def test_a_folder_is_indexed_asked_about_and_forgotten(index: Command, desk: Path, tiny_folder: Path) -> None:
    first = index("music", "--model", tiny_folder)
    assert first.returncode == 0, first.stderr
    bad, count, quiet, passed_over = said(first)
    assert "bad.mp3 is not sound" in bad
    assert count == "3 heard, 1 copy, 1 failed."
    assert quiet == "Nothing but silence is in 1 of those heard."
    assert passed_over == "Passed over: 1 jpg."
    with Collection.open(desk / "own" / "collection.db") as collection:
        assert [(each.title, each.kind) for each in collection.entries] == [
            ("One", "short"),
            ("b", "song"),
            ("One", "short"),
        ]

    again = index("--model", tiny_folder)  # the folders of before
    assert said(again)[0] == "0 heard, 4 unchanged."
    assert "1 failed before and did not change" in said(again)[1]
    status = json.loads(index("--status", "--json").stdout)
    assert status["kinds"] == {"quiet": 1, "short": 2, "song": 1}
    assert status["folders"] == {str(desk / "music"): 5}
    assert [each["path"] for each in status["failures"]] == [str(desk / "music" / "bad.mp3")]
    shown = index("--status").stdout
    assert "4 files" in shown
    assert "Failed: " in shown

    (desk / "music" / "album" / "b.ogg").unlink()
    assert "1 gone" in index("music", "--model", tiny_folder).stderr
    assert said(index("--forget-gone")) == ["1 file forgotten."]
    assert json.loads(index("--forget", "music", "--json").stdout) == {"forgotten": 4}
    assert index("--status", "--json").returncode == 0


def test_counts_come_as_json_and_a_quiet_run_says_failures_alone(index: Command, desk: Path, tiny_folder: Path) -> None:
    answer = index(
        "music", "--model", tiny_folder, "--json", "--quiet", "--jobs", "1", "--nice", "0", "--patience", "9"
    )
    report = json.loads(answer.stdout)
    assert (report["heard"], report["copied"], report["silent"]) == (3, 1, 1)
    assert report["db"] == str(desk / "own" / "collection.db")
    assert [Path(each["path"]).name for each in report["failed"]] == ["bad.mp3"]
    assert len(said(answer)) == 1


def test_options_choose_what_is_heard(index: Command, desk: Path, tiny_folder: Path, tmp_path: Path) -> None:
    model = ("--model", tiny_folder, "--json", "--quiet")

    def counts(*arguments: str | Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(index(*arguments).stdout)
        return found

    assert counts("music", "--exclude", "album", "--exclude", "*.wav", *model)["heard"] == 1
    assert counts("music", "--longest", "0.3", *model)["heard"] == 2
    assert counts("--status", "--json")["kinds"] == {"long": 1, "quiet": 1, "short": 2}
    assert len(counts("music", "--retry", *model)["failed"]) == 1
    assert counts("music/album", "--again", *model)["heard"] == 1
    new = ("--model", write_headed_bundle(tmp_path / "headed"), "--json", "--quiet")
    assert counts("music", *new)["heard"] == 0
    assert counts("music", "--rehear", *new)["heard"] == 3
    assert [each["current"] for each in counts("--status", "--json")["models"]] == [True, False]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("nowhere",), "nowhere is not there."),
        (("music/bad.mp3",), "is not sound"),
        (("empty",), "No sound file is in"),
        ((), "The collection is empty. Name folders to index: earmark index DIR."),
        (("--status",), "There is no collection at"),
        (("music", "--db", "music/cover.jpg"), "is no collection of earmark's"),
    ],
)
def test_where_nothing_can_be_heard_the_exit_code_is_1(
    arguments: tuple[str, ...], says: str, index: Command, desk: Path
) -> None:
    (desk / "empty").mkdir()
    answer = index(*arguments)
    assert answer.returncode == 1
    assert says in answer.stderr
    assert "Traceback" not in answer.stderr


def test_what_says_too_much_is_refused(index: Command) -> None:
    for arguments in (("music", "--status"), ("--forget", "music", "--forget-gone"), ("--forget-gone", "--status")):
        answer = index(*arguments)
        assert answer.returncode == 2
        assert "choose one of" in answer.stderr


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT for one process")
def test_watching_goes_on_until_it_is_stopped(desk: Path, tiny_folder: Path) -> None:
    pytest.importorskip("watchfiles")
    db = desk / "watched.db"
    command = [
        sys.executable,
        "-m",
        "earmark",
        "index",
        "music",
        "--watch",
        "--json",
        "--model",
        tiny_folder,
        "--db",
        db,
    ]
    process = subprocess.Popen(command, cwd=desk, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        first = json.loads(process.stdout.readline())
        assert (first["heard"], first["copied"]) == (3, 1)
        assert process.stderr is not None
        while "Watching" not in process.stderr.readline():
            pass
        time.sleep(2)
        piece(desk / "music" / "new" / "c.wav", seed=3)
        assert json.loads(process.stdout.readline())["heard"] == 1
        (desk / "music" / "new").rename(desk / "music" / "newer")
        assert json.loads(process.stdout.readline())["moved"] == 1
        (desk / "music" / "a.flac").unlink()
        assert json.loads(process.stdout.readline())["gone"] == 1
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.communicate()
    with Collection.open(db) as collection:
        assert [Path(each.path).name for each in collection.entries] == ["b.ogg", "copy.flac", "c.wav"]
