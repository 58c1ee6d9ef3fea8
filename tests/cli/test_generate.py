"""`earmark generate` and `earmark evaluate generation` as commands."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from earmark.cli.generate import _print
from earmark.generate.making import Made
from earmark.library.collection import Collection
from indexed import Desk, piece
from tiny_bundle import write_tiny_bundle
from tiny_generator import write_tiny_generator

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Three pieces of 24 s, indexed by the tiny bundle, which has a tiny generator."""
    folder = tmp_path_factory.mktemp("generate")
    bundle = write_tiny_bundle(folder / "tiny")
    write_tiny_generator(bundle)
    made = Desk(folder / "music", folder / "collection.db", bundle)
    for seed, name in enumerate(("one.flac", "two.wav", "three.flac")):
        piece(made.folder / name, seed=seed, length_s=24.0, title=name.partition(".")[0].title())
    made.index()
    return made


def test_a_piece_is_written_with_its_sources_and_can_be_made_again(
    earmark: Command, desk: Desk, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "piece.flac"
    options = ("--db", desk.db, "--model", desk.bundle, "--seconds", "10", "--out", out)
    first = earmark("generate", "--genre", "low", *options)
    assert first.returncode == 0, first.stderr
    head, *lines, last = first.stdout.splitlines()
    assert head == "low -> genre low"
    assert lines
    assert f" of {len(lines)} part" in last
    assert "1 parts" not in last
    assert "1 files" not in last
    content = out.read_bytes()
    seed = last.partition("--seed ")[2].partition(" ")[0]
    again = earmark("generate", "--genre", "low", *options, "--seed", seed, "--json")
    assert again.returncode == 0, again.stderr
    assert out.read_bytes() == content
    told = json.loads(again.stdout)
    assert told["seconds"] == 10.0
    assert json.loads(out.with_name("piece.flac.json").read_text())["sources"] == told["sources"]


def test_a_folder_that_nobody_indexed_is_heard_first(earmark: Command, desk: Desk, tmp_path: Path) -> None:
    environment = {**os.environ, "EARMARK_CACHE": str(tmp_path / "cache" / "heard")}
    options = (
        "--from-folder",
        desk.folder,
        "--model",
        desk.bundle,
        "--seconds",
        "8",
        "--out",
        tmp_path / "a.wav",
        "-q",
    )
    said = earmark("generate", "--like", desk.folder / "one.flac", *options, env=environment)
    assert said.returncode == 0, said.stderr
    (db,) = (tmp_path / "cache").rglob("collection.db")
    with Collection.open(db) as collection:
        assert len(collection) == 3


def test_what_is_imagined_is_written_too(earmark: Command, desk: Desk, tmp_path: Path) -> None:
    options = ("--db", desk.db, "--model", desk.bundle, "--seconds", "5", "--out", tmp_path / "a.wav")
    said = earmark("generate", "--genre", "low", "--renderer", "spectrogram", *options)
    assert said.returncode == 0, said.stderr
    assert json.loads((tmp_path / "a.wav.json").read_text())["sources"] == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--genre", "low", "--like", "One"], "choose one of --genre, --like"),
        (["--from", "One"], "needs both --from and --to"),
        (["--from", "One", "--to", "Two", "--mood", "calm"], "--mood does not go with"),
        ([], "say what it is to be"),
        (["--genre", "low", "--from-folder", "x"], "choose --db or --from-folder"),
    ],
)
def test_options_that_contradict_each_other_are_told(
    earmark: Command, desk: Desk, tmp_path: Path, options: list[str], words: str
) -> None:
    said = earmark("generate", *options, "--db", desk.db, "--out", tmp_path / "a.wav")
    assert said.returncode == 2
    assert words in " ".join(said.stderr.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--genre", "jazz", "--out", "a.wav"], "There is no genre 'jazz'"),
        (["--genre", "low", "--out", "a.mp3"], "no format is known"),
        (["--genre", "low", "--out", "."], "is a folder"),
        (["--genre", "low", "--out", "mine.wav"], "is no piece that earmark wrote"),
        (["--genre", "low", "--seconds", "300", "--out", "a.wav"], "too little music"),
        (["--genre", "low", "--seconds", "3", "--out", "a.wav"], "too short for a piece"),
        (["--genre", "low", "--db", "no.db", "--out", "a.wav"], "There is no collection"),
        (["--genre", "low", "--from-folder", "nowhere", "--out", "a.wav"], "is no folder"),
        (["--genre", "low", "--renderer", "spectrogram", "--model", "bare", "--out", "a.wav"], "has no generator"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_one(
    earmark: Command, desk: Desk, tmp_path: Path, options: list[str], words: str
) -> None:
    (tmp_path / "mine.wav").write_bytes(b"my own")
    write_tiny_bundle(tmp_path / "bare")
    more = [] if "--model" in options else ["--model", str(desk.bundle)]
    environment = {**os.environ, "EARMARK_DB": str(desk.db)}
    said = earmark("generate", *options, *more, cwd=tmp_path, env=environment)
    assert said.returncode == 1
    assert words in said.stderr
    assert len(said.stderr.splitlines()) == 1
    assert not (tmp_path / "a.wav").exists()


def test_pieces_are_measured_by_a_judge(earmark: Command, desk: Desk, tmp_path: Path) -> None:
    judge = write_tiny_bundle(tmp_path / "judge", heads=True)
    options = ("--judge", judge, "--db", desk.db, "--model", desk.bundle, "--out", tmp_path / "figures", "--imagine")
    said = earmark(
        "evaluate", "generation", *options, "--genres", "low", "--pieces", "1", "--seconds", "10", "--tracks", "2"
    )
    # All of the music lies in one folder: there are no two sides.
    assert said.returncode == 1
    assert "folders" in said.stderr


def test_without_a_verb_clips_are_measured(earmark: Command, tmp_path: Path) -> None:
    said = earmark("evaluate", "--data", tmp_path / "none", "--out", tmp_path / "out")
    assert said.returncode == 1
    assert "Usage" not in said.stderr


@pytest.mark.parametrize("quiet", [True, False])
def test_notes_are_kept_from_who_wants_nothing_but_failures(quiet: bool, capsys: pytest.CaptureFixture[str]) -> None:
    _print(Made(Path("a.wav"), ("low -> genre low",), ("A note.",), 5.0, (), {}), 7, quiet=quiet)
    said = capsys.readouterr()
    assert said.out == "low -> genre low\na.wav: 0:05; --seed 7 makes it again\n"
    assert ("A note." in said.err) is not quiet
