"""`earmark analyze` and `earmark analyze arithmetic` as a person runs them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from atlases import points, small_atlas
from earmark import load_bundle
from tiny_bundle import write_tiny_bundle

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """The tiny bundle with an atlas: "low" at 0, "middle" at 1 and "high" at 3 on a line, and a clip at 2."""
    folder = write_tiny_bundle(tmp_path / "bundle")
    names = {"artists": ("Ann", "Ben", "Cid", ""), "titles": ("One", "Two", "", "Four")}
    genres = ("low", "middle", "high", "")
    atlas = small_atlas(
        points((0.0,), (1.0,), (3.0,), (2.0,)), sha256=load_bundle(folder).info.sha256, genres=genres, **names
    )
    atlas.write(folder)
    return folder


def test_an_equation_gives_genres_and_clips(earmark: Command, bundle: Path) -> None:
    said = earmark("analyze", "arithmetic", "high - middle", "--model", str(bundle))
    assert said.returncode == 0
    assert said.stdout.splitlines() == [
        "= low         3.33 away",  # the centre is at 1.33, the point at 3.33
        "Were the terms allowed to answer, it would be high (0.33 away).",
        "Nearest clips:",
        "  0.33  Cid (high)",
        "  1.33  Four",
        "  2.33  Ben: Two (middle)",
        "  3.33  Ann: One (low)",
    ]


def test_the_same_as_json(earmark: Command, bundle: Path) -> None:
    said = json.loads(earmark("analyze", "arithmetic", "high - middle", "--model", str(bundle), "--json").stdout)
    assert said["genres"] == {"low": pytest.approx(10 / 3)}
    assert said["clips"][1]["title"] == "Four"


def test_what_is_no_genre_is_one_sentence(earmark: Command, bundle: Path) -> None:
    said = earmark("analyze", "arithmetic", "polka + low", "--model", str(bundle))
    assert said.returncode == 1
    assert said.stderr.startswith("earmark: 'polka' in the equation is no genre")
    assert said.stderr.count("\n") == 1


def test_an_analysis_needs_clips_and_a_place_for_its_report(earmark: Command, tmp_path: Path) -> None:
    said = earmark("analyze", "--out", str(tmp_path))
    assert said.returncode == 2
    assert "--data" in said.stderr


def test_a_folder_without_clips_is_one_sentence(earmark: Command, bundle: Path, tmp_path: Path) -> None:
    said = earmark("analyze", "--data", str(tmp_path), "--out", str(tmp_path / "out"), "--model", str(bundle))
    assert said.returncode == 1
    assert said.stderr.count("\n") == 1
    assert "clips.csv" in said.stderr
    assert not (tmp_path / "out").exists()
