"""The table of `earmark listen` and what it leaves out, as a person asks for it."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from corpus import music

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def album(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three songs, one of them live, with pictures, and what a Mac and a Synology leave."""
    folder = tmp_path_factory.mktemp("desk") / "album"
    for name, seed in (("1 one.wav", 1), ("Live/2 two.wav", 2), ("Live/3 three.flac", 3)):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / name, music(seed=seed), 44_100)
    for name in ("cover.jpg", "Live/cover.jpg", "album.cue", "._1 one.wav", ".DS_Store", "@eaDir/1 one.wav"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"no sound")
    return folder


def names(text: str) -> list[str]:
    return re.findall(r"\d (\w+)\.(?:wav|flac) ", text)


def test_what_is_passed_over_is_counted_at_the_end(earmark: Command, album: Path, tiny_folder: Path) -> None:
    said = earmark("listen", album, "--model", tiny_folder)
    assert said.returncode == 0
    assert said.stderr == "earmark: 3 of 3 files heard.\nearmark: Passed over: 2 jpg, 1 cue.\n"
    assert names(said.stdout) == ["one", "two", "three"]
    assert earmark("listen", album, "--quiet", "--model", tiny_folder).stderr == ""


def test_patterns_leave_out_what_they_name(earmark: Command, album: Path, tiny_folder: Path) -> None:
    said = earmark("listen", album, "--exclude", "3*", "--exclude", "*.jpg", "--model", tiny_folder)
    assert names(said.stdout) == ["one", "two"]
    assert said.stderr == "earmark: 2 of 2 files heard.\nearmark: Passed over: 1 cue.\n"


def test_patterns_that_leave_nothing_are_named(earmark: Command, album: Path, tiny_folder: Path) -> None:
    said = earmark("listen", album, "--exclude", "*", "--model", tiny_folder)
    assert (said.returncode, said.stdout) == (1, "")
    hint = "Name files, or folders that hold some that --exclude does not leave out."
    assert said.stderr == f"earmark: No sound file is in {album}. {hint}\n"


def test_a_sorted_table_comes_in_its_order(earmark: Command, album: Path, tiny_folder: Path) -> None:
    said = earmark("listen", album / "Live", album / "1 one.wav", "--sort", "path", "--model", tiny_folder)
    assert names(said.stdout) == ["one", "two", "three"]


def test_groups_have_a_head(earmark: Command, album: Path, tiny_folder: Path) -> None:
    environment = {**os.environ, "COLUMNS": "60"}
    command = ("listen", album.name, "--group", "folder", "--model", tiny_folder)
    said = earmark(*command, cwd=album.parent, env=environment)
    assert re.search(r"^album  1 track$", said.stdout, re.MULTILINE)
    assert re.search(r"^album/Live  2 tracks$", said.stdout, re.MULTILINE)
    assert re.search(r"^2 two\.wav ", said.stdout, re.MULTILINE)


def test_all_there_is_to_say_comes_with_wide(earmark: Command, album: Path, tiny_folder: Path) -> None:
    said = earmark("listen", "1 one.wav", "--wide", "--model", tiny_folder, cwd=album)
    assert re.search(r"^1 one\.wav  0:0\d$", said.stdout, re.MULTILINE)
    assert re.search(r"^  low +\d+ %  +\w+ +.*█", said.stdout, re.MULTILINE)


@pytest.mark.parametrize("columns", ["0", "-1", "many", ""])
def test_columns_that_are_none_are_no_reason_to_say_nothing(
    earmark: Command, album: Path, tiny_folder: Path, columns: str
) -> None:
    for options in ([], ["--wide"]):
        environment = {**os.environ, "COLUMNS": columns}
        said = earmark("listen", album / "1 one.wav", *options, "--model", tiny_folder, env=environment)
        assert "1 one.wav" in said.stdout
        assert "low" in said.stdout
        assert max(map(len, said.stdout.splitlines())) <= 80 + len(str(album))
