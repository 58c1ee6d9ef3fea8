"""`earmark duplicates` as a process."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earmark.library.entry import Heard
from earmark.library.store import FileFacts
from made_collection import make_collection

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty entries, of which the first and the sixth have the same sound."""

    def same(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        return (replace(facts, sound_id="same"), heard) if number in (0, 5) else (facts, heard)

    return make_collection(tmp_path_factory.mktemp("made"), np.random.default_rng(0), n=20, change=same)


def test_groups_are_shown_with_what_differs_and_a_count(earmark: Command, db: Path) -> None:
    answer = earmark("duplicates", "--db", db)
    assert answer.returncode == 0, answer.stderr
    head, first, second, count = answer.stdout.splitlines()
    assert head.startswith("Blues Artist")
    assert "2 files of the same sound; they differ in title, artist, year" in head
    assert "track 00000.mp3" in first + second
    assert "kbit/s" in first
    assert count == "1 recording in 2 files, of 20. Nothing was changed."


def test_json_has_a_line_a_group(earmark: Command, db: Path) -> None:
    (group,) = map(json.loads, earmark("duplicates", "--json", "--db", db).stdout.splitlines())
    assert group["kind"] == "same sound"
    assert {Path(file["path"]).name for file in group["files"]} == {"track 00000.mp3", "track 00005.mp3"}


def test_where_there_are_none_that_is_said(earmark: Command, tmp_path: Path) -> None:
    made = make_collection(tmp_path, np.random.default_rng(0), n=5)
    assert earmark("duplicates", "--db", made).stdout == "No two of 5 files hold the same recording.\n"
    assert earmark("duplicates", "--json", "--db", made).stdout == ""


def test_without_a_collection_there_is_a_hint(earmark: Command, tmp_path: Path) -> None:
    answer = earmark("duplicates", "--db", tmp_path / "none.db")
    assert answer.returncode == 1
    assert "earmark index" in answer.stderr
