"""A command that is forked for a test is as one that is started in full."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize(
    "words", [("--version",), ("listen", "no.wav"), ("find", "jazz"), ("find", "--no-such-option")]
)
def test_a_forked_command_says_and_ends_as_one_that_is_started(
    words: tuple[str, ...], earmark: Command, tmp_path: Path
) -> None:
    own = {**os.environ, "EARMARK_DB": str(tmp_path / "own.db")}
    forked = earmark(*words, cwd=tmp_path, env=own)
    full = subprocess.run(
        [sys.executable, "-m", "earmark", *words], capture_output=True, text=True, cwd=tmp_path, env=own
    )
    assert (forked.returncode, forked.stdout, forked.stderr) == (full.returncode, full.stdout, full.stderr)


def test_nothing_of_one_command_is_left_for_the_next(earmark: Command, tmp_path: Path) -> None:
    own = {**os.environ, "EARMARK_DB": str(tmp_path / "own.db")}
    assert "own.db" in earmark("find", "jazz", env=own).stderr
    assert "own.db" not in earmark("find", "jazz").stderr


def test_a_command_that_does_not_end_is_ended(earmark: Command, tmp_path: Path) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        earmark("index", tmp_path, "--watch", "--db", tmp_path / "own.db", timeout=0.01)
    assert earmark("--version").returncode == 0
