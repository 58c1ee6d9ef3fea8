"""What a person names as a target, verb by verb: nothing of theirs is lost, and a target that fails is named."""

import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

from corpus import music
from earmark.cli.main import build_app
from earmark.data.synth import write_dataset
from earmark.errors import OutputError
from moods import write_moody_bundle

Command = Callable[..., "subprocess.CompletedProcess[str]"]
TOO_MUCH_BYTES = 2000


@pytest.fixture
def songs(tmp_path: Path) -> tuple[Path, Path]:
    """Two songs in a folder of their own."""
    files = (tmp_path / "one.flac", tmp_path / "two.flac")
    for seed, file in enumerate(files):
        soundfile.write(file, music(seed=seed), 44_100)
    return files


@pytest.fixture
def little_room() -> dict[str, object]:
    """How to start a process whose disk is as good as full: files above 2000 bytes fail."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (TOO_MUCH_BYTES, TOO_MUCH_BYTES))

    return {"preexec_fn": limit}


@pytest.mark.parametrize("option", ["--html", "--explain"])
def test_a_page_that_takes_the_first_song_is_refused_before_anything_is_heard(
    earmark: Command, songs: tuple[Path, Path], tiny_folder: Path, option: str
) -> None:
    before = songs[0].read_bytes()
    for files in (songs, songs[:1]):  # as a shell writes `earmark listen --html *.flac`
        said = earmark("listen", option, *files, "--model", tiny_folder)
        assert (said.returncode, said.stdout) == (1, "")
        assert said.stderr == (
            f"earmark: {songs[0]} is a sound file, and {option} takes the page to write. "
            f"Name the page first: {option} heard.html {songs[0]}\n"
        )
    assert songs[0].read_bytes() == before


@pytest.mark.parametrize("option", ["--html", "--explain"])
def test_what_earmark_did_not_write_is_replaced_by_force_alone_and_its_own_page_at_once(
    earmark: Command, songs: tuple[Path, Path], tiny_folder: Path, option: str
) -> None:
    page = songs[0].with_name("page.html")
    page.write_text("<p>somebody's")
    command = ("listen", songs[0], option, page, "--model", tiny_folder)
    said = earmark(*command)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith(f"earmark: {page} is there, and is no page that earmark wrote.")
    assert page.read_text() == "<p>somebody's"
    assert earmark(*command, "--force").returncode == 0
    assert "What earmark heard" in page.read_text()
    assert earmark(*command).returncode == 0


def test_a_mood_map_takes_no_place_of_another_file_and_no_page_that_of_a_map(
    earmark: Command, songs: tuple[Path, Path], tmp_path: Path
) -> None:
    bundle, drawn = write_moody_bundle(tmp_path / "moody"), tmp_path / "moods.svg"
    command = ("listen", songs[0], "--model", bundle, "--mood-map")
    said = earmark(*command, *songs)
    assert said.stderr == (
        f"earmark: {songs[0]} is a sound file, and --mood-map takes the mood map to write. "
        f"Name the mood map first: --mood-map moods.svg {songs[0]}\n"
    )
    drawn.write_text("<svg>somebody's</svg>")
    said = earmark(*command, drawn)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith(f"earmark: {drawn} is there, and is no mood map that earmark wrote.")
    assert drawn.read_text() == "<svg>somebody's</svg>"
    assert earmark(*command, drawn, "--force").returncode == 0
    assert earmark(*command, drawn).returncode == 0
    said = earmark("listen", songs[0], "--html", drawn, "--model", bundle)
    assert "is there, and is no page that earmark wrote" in said.stderr
    assert drawn.read_text().startswith("<?xml")
    for page in ("--html", "--explain"):
        said = earmark(*command, tmp_path / "both", page, tmp_path / "both")
        assert (said.returncode, said.stdout) == (2, "")
        assert "need a file each" in said.stderr
    assert not (tmp_path / "both").exists()


def test_a_page_of_an_earlier_version_may_be_replaced(
    earmark: Command, songs: tuple[Path, Path], tiny_folder: Path
) -> None:
    page = songs[0].with_name("page.html")
    page.write_text("<!doctype html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n<title>What earmark heard</title>")
    assert earmark("listen", songs[0], "--html", page, "--model", tiny_folder).returncode == 0
    assert "<article>" in page.read_text()


def test_a_device_is_written_to_by_force_and_never_replaced(
    earmark: Command, songs: tuple[Path, Path], tiny_folder: Path
) -> None:
    pipe = songs[0].with_name("pipe")
    os.mkfifo(pipe)
    command = ("listen", songs[0], "--html", pipe, "--model", tiny_folder)
    said = earmark(*command)
    assert said.stderr.startswith(f"earmark: {pipe} is no regular file.")
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
    assert earmark(*command, "--force").returncode == 0
    page, _ = reader.communicate(timeout=30)
    assert page.count(b"<article>") == 1
    assert pipe.is_fifo()


@pytest.mark.parametrize("option", ["--html", "--explain"])
def test_a_full_disk_names_the_page(
    earmark: Command, songs: tuple[Path, Path], tiny_folder: Path, option: str, little_room: dict[str, object]
) -> None:
    page = songs[0].with_name("page.html")
    said = earmark("listen", songs[0], option, page, "--model", tiny_folder, **little_room)
    assert said.returncode == 1
    assert said.stderr.startswith(f"earmark: {page} cannot be written (File too large). Make room")
    assert said.stderr.count("\n") == 1
    assert sorted(file.name for file in page.parent.iterdir()) == ["one.flac", "two.flac"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_set_that_cannot_be_written_is_said_once_by_the_targets_name(
    earmark: Command, tmp_path: Path, jobs: str, little_room: dict[str, object]
) -> None:
    (tmp_path / "source" / "rock").mkdir(parents=True)
    for name in "ab":
        soundfile.write(tmp_path / "source" / "rock" / f"{name}.wav", music(seed=1), 44_100)
    said = earmark("data", "prepare", tmp_path / "source", tmp_path / "out", "--jobs", jobs, **little_room)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith(f"earmark: {tmp_path}/out/mel/rock.a.png cannot be written (File too large)")
    assert said.stderr.count("\n") == 1
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file()]


def test_a_ranking_is_refused_before_the_set_is_looked_through(tmp_path: Path) -> None:
    notes, song = tmp_path / "notes.csv", tmp_path / "new.wav"
    notes.write_text("id,what I heard\n")
    command = ["data", "check", str(tmp_path / "no set"), "--suspects", str(tmp_path / "net.csv"), "--ranking"]
    for target, says in ((notes, "no ranking that earmark wrote"), (song, "named like a sound file")):
        answer = CliRunner().invoke(build_app(), [*command, str(target)])
        assert isinstance(answer.exception, OutputError)
        assert says in str(answer.exception)
    assert notes.read_text() == "id,what I heard\n"


def test_a_ranking_of_its_own_is_replaced_and_another_file_by_force(tmp_path: Path) -> None:
    folder, net, ranking = tmp_path / "mine", tmp_path / "net.csv", tmp_path / "caf\udce9.csv"
    write_dataset(folder, clips_per_style=1, artists_per_style=1, duration_s=3.0, rng=np.random.default_rng(0))
    net.write_text("id,set,label,p_drone,p_noise\ndrone.00000,mine,drone,0.9,0.1\nnoise.00000,mine,noise,0.2,0.8\n")
    command = ["data", "check", str(folder), "--jobs", "1", "--suspects", str(net), "--ranking", str(ranking)]
    for _ in range(2):
        assert CliRunner().invoke(build_app(), command).exit_code == 0
    ranking.write_text("notes")
    assert CliRunner().invoke(build_app(), [*command, "--force"]).exit_code == 0
    assert ranking.read_text().startswith("rank,id,")


FOLDERS = {
    "analyze": (["--data", "set"], "report.html"),
    "benchmark": (["plan.toml", "--data", "set"], "report.md"),
    "crossval": (["recipe.toml", "--data", "set"], "predictions.csv"),
    "demo": (["--no-train"], "noise.flac"),
    "evaluate": (["--data", "set"], "genres.csv"),
    "export": (["run", "--crossval", "crossval"], "network.onnx"),
    "robustness": (["--data", "set"], "robustness.md"),
    "search": (["recipe.toml", "--data", "set"], "best.toml"),
    "train": (["recipe.toml", "--data", "set"], "log.jsonl"),
}


@pytest.mark.parametrize("verb", FOLDERS)
def test_a_folder_with_files_of_others_under_those_names_is_refused_before_the_work(verb: str, tmp_path: Path) -> None:
    options, name = FOLDERS[verb]
    (tmp_path / name).write_text("somebody's")
    answer = CliRunner().invoke(build_app(), [verb, *options, "--out", str(tmp_path)])
    assert isinstance(answer.exception, OutputError), answer.output
    assert f"{name} is there, and earmark did not write it" in str(answer.exception)
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [(name, "somebody's")]


def test_the_pieces_of_the_demo_are_known_again(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "earmark", "demo", "--no-train", "--out", str(tmp_path)]
    for _ in range(2):
        assert subprocess.run(command, capture_output=True, timeout=300).returncode == 0
