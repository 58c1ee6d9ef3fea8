"""`earmark find` as a process: what it says it understood, what it finds, and what it refuses."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from earmark.listen.calibrate import Platt
from earmark.listen.linear import MULTI, YOURS, Layer, LinearHead, write_heads
from made_collection import NUMBERS, SHA256, make_collection

Command = Callable[..., "subprocess.CompletedProcess[str]"]
Find = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a collection of forty made-up entries, and a word of one's own."""
    folder = tmp_path_factory.mktemp("made")
    make_collection(folder, np.random.default_rng(0))
    rng = np.random.default_rng(1)
    layer = Layer(rng.normal(size=(NUMBERS, 1)), np.zeros(1), np.zeros((128, 1)), np.zeros(1))
    word = LinearHead("gym", MULTI, ("gym",), SHA256, layer, lines=(Platt(0.5, 0.0),), role=YOURS)
    write_heads(folder / "words.json", [word])
    return folder


@pytest.fixture
def find(earmark: Command, made: Path) -> Find:
    own = {**os.environ, "EARMARK_DB": str(made / "collection.db"), "EARMARK_WORDS": str(made / "words.json")}
    return lambda *arguments, **more: earmark("find", *arguments, env={**own, **more})


def test_it_begins_with_what_it_understood_and_names_the_seconds(find: Find) -> None:
    said = find("jazz with piano, no vocals, zesty", "-n", "3")
    assert said.returncode == 0, said.stderr
    lines = said.stdout.splitlines()
    assert lines[0] == "jazz -> genre jazz; piano -> tag piano; no vocals -> not voice vocal"
    assert lines[1] == "not understood: zesty"
    assert len(lines) == 2 + 3 * 3
    assert lines[2].startswith("  1  Jazz Artist ")
    assert " – Title " in lines[2]
    assert "  0:30  fits 0." in lines[2]
    jazz, piano, vocals = lines[3].strip().split("; ")
    assert jazz.startswith("jazz 0.")
    assert piano.startswith("piano 0.")
    assert piano.endswith(" at 0:00")
    assert vocals.startswith("no vocals 0.")
    assert lines[4].strip().endswith(".mp3")


def test_words_need_no_quotes_and_words_of_ones_own_are_known(find: Find) -> None:
    said = find("gym", "jazz", "--min", "0")
    assert said.stdout.startswith("gym -> your word gym; jazz -> genre jazz\n")
    assert "gym 0." in said.stdout


@pytest.mark.parametrize(
    ("wish", "said"),
    [
        ("zesty", "Nothing was understood: zesty. Known are, for example: jazz, piano, vocals, calm"),
        ("pianno", "Nothing was understood: pianno (piano?)."),
        (
            "fast",
            "fast (not told: how fast it is, beyond the tempo in a file's tags; try: over 120 bpm or lively or calm)",
        ),
        ("the music", "Nothing is asked for. Known are"),
        ("", "Nothing is asked for. Known are"),
    ],
)
def test_what_is_not_understood_is_never_answered(find: Find, wish: str, said: str) -> None:
    answer = find(wish) if wish else find("")
    assert (answer.returncode, answer.stdout) == (1, "")
    assert said in answer.stderr or "An empty name" in answer.stderr


def test_what_nothing_fits_is_no_list_either(find: Find) -> None:
    said = find("longer than 5 min")
    assert (said.returncode, said.stdout) == (1, "longer than 5 min -> length from 5:00\n")
    unlikely = find("jazz", "--min", "1")
    assert unlikely.returncode == 1
    assert "Nothing fits: the nearest is 'Title " in unlikely.stderr


def test_programs_get_one_object(find: Find) -> None:
    said = json.loads(find("jazz, zesty", "--json", "-n", "2", "--per-artist", "1").stdout)
    assert said["wish"]["understood"] == [{"text": "jazz", "wanted": True, "times": 1, "as": ["genre jazz"]}]
    assert said["wish"]["not_understood"] == [{"text": "zesty", "reason": "", "suggestions": []}]
    assert len(said["found"]) == 2
    first, second = said["found"]
    assert first["probability"] >= second["probability"]
    assert first["artist"] != second["artist"]
    assert {"path", "title", "duration_s", "kind", "parts"} <= first.keys()
    assert first["parts"][0]["as"] == "genre jazz"


def test_synonyms_of_ones_own_are_read_and_what_they_name_in_vain_is_said(find: Find, tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[genres]\njazz = ["smoke"]\n[tags]\nkazoo = ["toot"]\n')
    for said in (find("smoke", "--synonyms", file), find("smoke", EARMARK_SYNONYMS=str(file))):
        assert said.stdout.startswith("smoke -> genre jazz\n")
        assert said.stderr == "earmark: mine.toml: there is no tag 'kazoo' that this network tells.\n"


def test_kinds_are_left_out_unless_asked_for(earmark: Command, tmp_path: Path) -> None:
    from dataclasses import replace

    make_collection(
        tmp_path,
        np.random.default_rng(0),
        n=4,
        change=lambda number, facts, heard: (facts, replace(heard, kind="spoken")),
    )
    without = earmark("find", "under 1 min", "--db", tmp_path / "collection.db")
    assert without.returncode == 1
    assert "Left out, as no songs: 4 spoken (--all-kinds has them, too)." in without.stderr
    assert (
        earmark("find", "under 1 min", "--all-kinds", "--db", tmp_path / "collection.db").stdout.count("fits 1.00") == 4
    )


def test_without_a_collection_it_says_how_to_make_one(earmark: Command, tmp_path: Path) -> None:
    said = earmark("find", "jazz", "--db", tmp_path / "none.db")
    assert said.returncode == 1
    assert "earmark index" in said.stderr
    assert "Traceback" not in said.stderr
