"""Streams that are closed or full, and signals: what was asked for is done, and what is half done leaves nothing."""

import json
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from corpus import music

Shell = Callable[[str], "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("music") / "song.wav"
    soundfile.write(path, music(seed=1), 44_100)
    return path


@pytest.fixture
def shell(song: Path, tiny_folder: Path, tmp_path: Path) -> Shell:
    """A line of a shell, in an empty folder, in which EARMARK, SONG and MODEL stand for what they name."""
    places = {"EARMARK": f"{sys.executable} -m earmark", "SONG": str(song), "MODEL": f"--model {tiny_folder}"}

    def run(line: str) -> "subprocess.CompletedProcess[str]":
        for name, place in places.items():
            line = line.replace(name, place)
        return subprocess.run(["sh", "-c", line], capture_output=True, text=True, timeout=120, cwd=tmp_path)

    return run


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("jobs", [1, 2])
def test_closed_streams_change_nothing_in_what_is_heard(shell: Shell, tmp_path: Path, closed: str, jobs: int) -> None:
    sound = [f"SONG SONG SONG --json --jobs {jobs} MODEL", "SONG gone.wav --quiet --html page.html MODEL"]
    heard, page = (shell(f"EARMARK listen {files} {closed}") for files in sound)
    assert heard.returncode == 0
    if ">&-" not in closed.replace("2>&-", ""):
        lines = [json.loads(line) for line in heard.stdout.splitlines()]
        assert ["genres" in line for line in lines] == [True] * 3
    assert page.returncode == 1  # of the file that is not there
    assert "Traceback" not in heard.stderr + page.stderr
    assert (tmp_path / "page.html").read_text().count("<article>") == 1


@pytest.mark.parametrize("options", ["--help", "--version", "model MODEL", "listen gone.wav MODEL", "sing"])
def test_no_verb_needs_a_stream(shell: Shell, options: str) -> None:
    open_, closed = shell(f"EARMARK {options}"), shell(f"EARMARK {options} >&- 2>&-")
    assert (closed.returncode, closed.stdout, closed.stderr) == (open_.returncode, "", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_stderr_that_takes_nothing_costs_its_lines_alone(shell: Shell) -> None:
    said = shell("EARMARK listen gone.wav SONG --json MODEL 2>/dev/full")
    assert said.returncode == 1
    assert ["error" in json.loads(line) for line in said.stdout.splitlines()] == [True, False]


def test_a_reader_that_leaves_in_the_middle_ends_the_run_without_a_word(shell: Shell) -> None:
    said = shell(f"EARMARK listen {'SONG ' * 20} --json MODEL | head -n 1")
    assert "genres" in json.loads(said.stdout)
    assert said.stderr == ""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_signal_ends_the_run_and_leaves_the_old_page_and_nothing_else(
    song: Path, tiny_folder: Path, tmp_path: Path, name: str, jobs: str
) -> None:
    page = tmp_path / "page.html"
    page.write_text("<title>What earmark heard</title> before")
    options = ("--html", page, "--json", "--jobs", jobs, "--model", tiny_folder)
    command = [sys.executable, "-m", "earmark", "listen", *[song] * 200, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    assert len(list(tmp_path.iterdir())) == 2  # the page being written is there
    process.send_signal(getattr(signal, name))
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 128 + getattr(signal, name)
    assert errors == b""
    assert list(tmp_path.iterdir()) == [page]
    assert page.read_text().endswith("before")


def test_a_hang_up_that_is_ignored_stays_ignored(song: Path, tiny_folder: Path) -> None:
    line = shlex.join([sys.executable, "-m", "earmark", "listen", *[str(song)] * 8, "--json", "--jobs", "1"])
    command = ["sh", "-c", f"trap '' HUP; exec {line} --model {tiny_folder}"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGHUP)
    rest, _ = process.communicate(timeout=60)
    assert (process.returncode, len(rest.splitlines())) == (0, 7)
