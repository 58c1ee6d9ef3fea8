"""`earmark listen --quick`, as a person and a program see it."""

import csv
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

Command = Callable[..., "subprocess.CompletedProcess[str]"]
RATE_HZ = 22_050


@pytest.fixture(scope="module")
def long(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with 90 seconds of a low tone."""
    folder = tmp_path_factory.mktemp("long")
    tone = 0.3 * np.sin(2 * np.pi * 200 * np.arange(90 * RATE_HZ) / RATE_HZ)
    soundfile.write(folder / "tone.flac", tone.astype(np.float32), RATE_HZ)
    return folder


def test_the_table_says_how_much_was_heard(earmark: Command, long: Path, tiny_folder: Path) -> None:
    short = earmark("listen", long, "--quick", "--model", tiny_folder)
    assert short.returncode == 0
    assert re.search(r"tone\.flac +1:30 +low.*\s+quick: 30 % heard$", short.stdout, re.MULTILINE)
    wide = earmark("listen", long, "--quick", "--wide", "--model", tiny_folder)
    assert "Heard quickly: 30 % of it." in wide.stdout
    assert "quick" not in earmark("listen", long, "--model", tiny_folder).stdout.lower()


def test_programs_are_told_the_share(earmark: Command, long: Path, tiny_folder: Path) -> None:
    said = earmark("listen", long, "--quick", "--json", "--model", tiny_folder)
    assert json.loads(said.stdout)["heard_share"] == pytest.approx(0.3, abs=0.01)
    (row,) = csv.DictReader(earmark("listen", long, "--quick", "--csv", "--model", tiny_folder).stdout.splitlines())
    assert float(row["heard_share"]) == pytest.approx(0.3, abs=0.01)
    (whole,) = csv.DictReader(earmark("listen", long, "--csv", "--model", tiny_folder).stdout.splitlines())
    assert float(whole["heard_share"]) == 1.0


def test_a_page_shows_what_was_heard(earmark: Command, long: Path, tiny_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "heard.html"
    said = earmark("listen", long, "--quick", "--html", page, "--model", tiny_folder)
    assert said.returncode == 0
    text = page.read_text(encoding="utf-8")
    assert "Heard quickly: 30 % of it." in text
    assert "nothing heard" in text


def test_an_explanation_needs_the_whole_track(earmark: Command, long: Path, tiny_folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "why.html"
    said = earmark("listen", long / "tone.flac", "--quick", "--explain", page, "--model", tiny_folder)
    assert said.returncode == 2
    assert "choose --quick or --explain, not both" in said.stderr
    assert not page.exists()
