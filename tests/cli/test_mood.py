"""Mood and what else heads tell, as a person sees it who runs `earmark listen` and `earmark model`."""

import csv
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from corpus import music
from earmark import Listener, Track, load_bundle
from earmark.cli._csv import CSV_COLUMNS, Columns
from earmark.listen.linear import YOURS, Layer, LinearHead
from earmark.listen.listener import Failure
from moods import write_moody_bundle
from tiny_bundle import LABELS

Command = Callable[..., "subprocess.CompletedProcess[str]"]
OF_MOOD = [
    *("mood", "valence", "valence_low", "valence_high", "arousal", "arousal_low", "arousal_high"),
    *("mood:joyful", "mood:tense", "mood:melancholic", "mood:serene", "feel", "feel:power", "feel:sadness"),
]
OF_HEADS = [
    *("dance", "dance:polka", "dance:waltz", "head:genre", "head:genre:rock", "head:genre:tag"),
    *("tempo:speed", "tempo:speed_low", "tempo:speed_high"),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two songs, something that is none, and bundles with heads."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "songs").mkdir()
    for name in ("one", "two"):
        soundfile.write(folder / "songs" / f"{name}.wav", music(seed=len(name)), 44_100)
    (folder / "broken.mp3").write_bytes(b"no sound at all")
    write_moody_bundle(folder / "moody")
    write_moody_bundle(folder / "timed", timed=True, further=False)
    return folder


def heard(desk: Path, bundle: str = "moody") -> Track:
    return Listener(load_bundle(desk / bundle)).hear(desk / "songs/one.wav")


@pytest.mark.parametrize("option", ["--wide", "--tags"])
def test_the_mood_stands_below_a_track(earmark: Command, desk: Path, option: str) -> None:
    said = earmark("listen", "songs/one.wav", option, "--model", "moody", cwd=desk)
    assert (said.returncode, said.stderr) == (0, "")
    assert re.search(r"^  mood +calm, serene 100 %; listeners feel: power 50 %$", said.stdout, re.MULTILINE)
    assert re.search(r"^  dance +waltz 100 % throughout$", said.stdout, re.MULTILINE)
    assert ("how lively" in said.stdout) == (option == "--wide")


def test_a_table_without_options_has_no_word_of_it(earmark: Command, desk: Path) -> None:
    assert "mood" not in earmark("listen", "songs/one.wav", "--model", "moody", cwd=desk).stdout


def test_a_tag_that_is_a_mood_stands_in_the_line_of_the_mood(earmark: Command, desk: Path) -> None:
    (tag,) = [tag for tag in heard(desk, "timed").heard if tag.group == "mood"]
    said = earmark("listen", "songs/one.wav", "--tags", "--model", "timed", cwd=desk)
    assert len(re.findall("mood", said.stdout)) == 1
    assert f"tagged: {tag.name} " in said.stdout


def test_csv_has_columns_for_what_heads_tell_behind_all_others(earmark: Command, desk: Path) -> None:
    said = earmark("listen", "songs/one.wav", "broken.mp3", "--csv", "--model", "moody", cwd=desk)
    row, broken = csv.DictReader(said.stdout.splitlines())
    assert list(row) == [*CSV_COLUMNS, *LABELS, "heard_s", *OF_MOOD, *OF_HEADS]
    track = heard(desk)
    mood = track.mood
    assert mood is not None
    assert mood.valence is not None
    assert mood.arousal is not None
    assert (row["mood"], row["feel"]) == (mood.words, "power")
    assert [float(row[f"valence{end}"]) for end in ("", "_low", "_high")] == [*mood.valence.to_dict().values()]
    assert [float(row[f"arousal{end}"]) for end in ("", "_low", "_high")] == [*mood.arousal.to_dict().values()]
    assert {label.name: label.probability for label in mood.quadrants} == {
        name.removeprefix("mood:"): float(row[name]) for name in OF_MOOD if name.startswith("mood:")
    }
    assert float(row["feel:power"]) == 0.5
    assert (row["dance"], row["genre"], row["head:genre"]) == ("waltz", track.genre, "rock;tag")
    assert float(row["dance:waltz"]) > 0.99
    assert [float(row[f"tempo:speed{end}"]) for end in ("", "_low", "_high")] == [0.5, 0.25, 0.75]
    assert {broken[name] for name in (*OF_MOOD, *OF_HEADS)} == {""}


def test_columns_of_a_users_words_are_tags(desk: Path) -> None:
    bundle = load_bundle(desk / "timed")
    rock = next(head for head in load_bundle(desk / "moody").heads if head.name == "genre")
    word = LinearHead(
        "rainy day", rock.kind, ("rainy day",), bundle.info.sha256, _first(rock), lines=rock.lines[:1], role=YOURS
    )
    listener = Listener(bundle, words=[word])
    columns = Columns(listener)
    cells = dict(zip(columns.names, columns.row(listener.hear(desk / "songs/one.wav")), strict=True))
    assert columns.names[-1] == "tag:rainy day"
    assert cells["tag:rainy day"] == pytest.approx(0.88, abs=0.01)
    assert "rainy day" in cells["heard_tags"]
    assert "rainy day 0.0-" in cells["heard_s"]
    nothing = columns.row(Failure("a.mp3", "a.mp3 is empty."))
    assert [cell for cell in nothing if cell is not None] == ["a.mp3", "a.mp3 is empty."]


def _first(head: LinearHead) -> Layer:
    layer = head.layer
    return Layer(layer.weights[:, :1], layer.offsets[:1], layer.token_weights[:, :1], layer.token_offsets[:1])


def test_what_cannot_be_told_is_an_empty_cell(desk: Path) -> None:
    track = Track.from_dict(
        heard(desk).to_dict() | {"mood": None, "heads": [{**heard(desk).heads[3].to_dict(), "cannot_tell": True}]}
    )
    columns = Columns(Listener(load_bundle(desk / "moody")))
    cells = dict(zip(columns.names, columns.row(track), strict=True))
    assert cells["dance"] is None
    assert cells["dance:waltz"] > 0.99
    assert {cells[name] for name in OF_MOOD} == {None}


def test_a_mood_map_is_drawn_beside_all_other_output(earmark: Command, desk: Path) -> None:
    command = ("listen", "songs", "broken.mp3", "--model", "moody", "--mood-map", "moods.svg")
    for options in ([], ["--json"], ["--csv"], ["--html", "heard.html"], ["--sort", "length"]):
        (desk / "moods.svg").unlink(missing_ok=True)
        said = earmark(*command, *options, cwd=desk)
        assert said.returncode == 1  # one is broken
        assert "one.wav" in said.stdout
        drawn = (desk / "moods.svg").read_text()
        assert drawn.count("class='dot'") == 2
        assert "2 tracks. Heard by tiny 1." in drawn
    said = earmark(
        "listen", "songs/one.wav", "--model", "moody", "--mood-map", "one.svg", "--explain", "one.html", cwd=desk
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert "1 track. Heard by tiny 1." in (desk / "one.svg").read_text()
    assert "class='plane one'" in (desk / "one.html").read_text()


def test_a_bundle_without_a_mood_has_no_map(earmark: Command, desk: Path, tiny_folder: Path) -> None:
    said = earmark("listen", "songs", "--mood-map", "none.svg", "--model", tiny_folder, cwd=desk)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == (
        "earmark: The bundle tiny 1 does not tell valence and arousal. "
        "Listen without --mood-map, or name one that does with --model.\n"
    )
    assert not (desk / "none.svg").exists()


def test_a_map_that_cannot_be_written_is_said_before_anything_is_heard(earmark: Command, desk: Path) -> None:
    said = earmark("listen", "songs", "--mood-map", "no/moods.svg", "--model", "moody", cwd=desk)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr.startswith("earmark: no/moods.svg cannot be written")


def test_the_card_says_what_heads_tell_and_how_well(earmark: Command, desk: Path, tiny_folder: Path) -> None:
    said = earmark("model", "moody", cwd=desk).stdout
    assert "Mood\n  quadrant         one of joyful, tense, melancholic, serene\n" in said
    assert "  plane, from      pieces\n" in said
    assert "plane, measured  40 examples by 30 artists. valence right side of 0 in 75 %, correlation 0.50;" in said
    assert "Heads\n  dance  one of polka, waltz\n  genre  any of rock, tag\n" in said
    assert json.loads(earmark("model", "moody", "--json", cwd=desk).stdout)["name"] == "tiny"
    plain = earmark("model", tiny_folder).stdout
    assert "Mood" not in plain
    assert "Heads" not in plain
