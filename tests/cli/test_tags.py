"""`listen --tags` and `model` as a person runs them, with bundles that hear more than genres and with one without."""

import csv
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

import untrained
from corpus import music
from earmark import Listener, Track, load_bundle
from earmark.evaluate.beyond import Beyond
from earmark.evaluate.bundling import make_bundle
from earmark.plots.text import percent, when
from tiny_bundle import LABELS, OUTSIDE, TAGS, write_tiny_bundle

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a song, something that is none, and two bundles: one made by hand, one exported."""
    folder = tmp_path_factory.mktemp("desk")
    soundfile.write(folder / "song.wav", music(seed=1), 44_100)
    (folder / "broken.mp3").write_bytes(b"no sound at all")
    write_tiny_bundle(folder / "full", heads=True)
    write_tiny_bundle(folder / "timed", heads=True, timed=True)
    make_bundle(
        untrained.checkpoint(heads={"tags": len(untrained.TAGS), "outside": 1, "embedding": 3}),
        untrained.predictions(),
        folder / "exported",
        version="1",
        created="2026-01-01",
        tags=untrained.tags(),
        outside=untrained.outside(),
    )
    return folder


def heard(desk: Path, bundle: str = "full") -> Track:
    return Listener(load_bundle(desk / bundle)).hear(desk / "song.wav")


def test_tags_stand_in_a_line_of_their_own(earmark: Command, desk: Path) -> None:
    said = earmark("listen", "song.wav", "--tags", "--model", "full", cwd=desk)
    assert (said.returncode, said.stderr) == (0, "")
    tags = ", ".join(rf"{tag} \d+ %" for tag in heard(desk).heard_tags)
    assert re.fullmatch(f"  tags  {tags}", said.stdout.splitlines()[-1].rstrip())


def test_tags_with_seconds_are_told_by_group(earmark: Command, desk: Path) -> None:
    track = heard(desk, "timed")
    (tag,) = track.heard
    assert (tag.name, tag.group, tag.name in track.heard_tags) == ("soft", "mood", True)
    assert tag.spans
    said = earmark("listen", "song.wav", "--tags", "--model", "timed", cwd=desk)
    assert said.stdout.splitlines()[-1].rstrip() == f"  mood  soft {percent(tag.probability)} {when(tag)}"
    row = next(csv.DictReader(earmark("listen", "song.wav", "--csv", "--model", "timed", cwd=desk).stdout.splitlines()))
    assert row["heard_s"] == " ".join(["soft", *(f"{span.start_s}-{span.end_s}" for span in tag.spans)])
    card = earmark("model", "timed", cwd=desk).stdout
    assert "1 by labels that people gave clips of pieces, 1 by the teachers (*)" in card
    assert "sound              loud 0.90" in card
    assert "mood               soft* 0.70" in card
    assert "from a probability of 0.25 to 0.3 on" in card


def test_without_the_option_the_table_has_no_tags(earmark: Command, desk: Path) -> None:
    assert "tags" not in earmark("listen", "song.wav", "--model", "full", cwd=desk).stdout


@pytest.mark.parametrize("options", [["--tags"], ["--tags", "--json"], ["--tags", "--csv"]])
def test_a_bundle_without_tags_says_so_in_one_sentence(
    earmark: Command, desk: Path, tiny_folder: Path, options: list[str]
) -> None:
    said = earmark("listen", "song.wav", *options, "--model", tiny_folder, cwd=desk)
    assert (said.returncode, said.stdout) == (1, "")
    assert said.stderr == (
        "earmark: The bundle tiny 1 has no tags. Listen without --tags, or name one that has with --model.\n"
    )


@pytest.mark.parametrize("bundle", ["full", "timed", "exported"])
def test_json_has_all_tags_and_what_is_outside_unasked(earmark: Command, desk: Path, bundle: str) -> None:
    said = earmark("listen", "song.wav", "--json", "--model", bundle, cwd=desk)
    values = json.loads(said.stdout)
    track = Track.from_dict({**values, "path": str(desk / "song.wav")})
    assert track == heard(desk, bundle)
    assert set(values["tags"]) == set(load_bundle(desk / bundle).info.tags.names)  # type: ignore[union-attr]
    shares = list(values["tags"].values())
    assert shares == sorted(shares, reverse=True)
    assert 0 < values["outside"] < 1


def test_csv_has_columns_for_what_the_bundle_hears(earmark: Command, desk: Path) -> None:
    said = earmark("listen", "song.wav", "broken.mp3", "--csv", "--model", "full", cwd=desk)
    row, broken = csv.DictReader(said.stdout.splitlines())
    assert list(row)[-len(LABELS) - 5 :] == [
        *LABELS,
        *("outside", "none_of_these", "heard_tags", "tag:loud", "tag:soft"),
    ]
    track = heard(desk)
    assert float(row["outside"]) == track.outside
    assert row["none_of_these"] == str(int(track.none_of_these))
    assert row["heard_tags"] == ";".join(track.heard_tags)
    assert {f"tag:{tag.name}": tag.probability for tag in track.tags} == {
        name: float(row[name]) for name in ("tag:loud", "tag:soft")
    }
    assert (broken["tag:loud"], broken["none_of_these"]) == ("", "")


def test_the_page_has_tags_too(earmark: Command, desk: Path) -> None:
    said = earmark("listen", "song.wav", "--html", "heard.html", "--model", "full", cwd=desk)
    assert said.returncode == 0
    assert "<ul class=chips" in (desk / "heard.html").read_text()


def test_a_bundle_is_calibrated_again_by_a_verb(earmark: Command, desk: Path) -> None:
    untrained.predictions().write(desk / "cv/predictions.csv")
    recipe = load_bundle(desk / "exported").info.lineage["recipe"]
    (desk / "cv/crossval.json").write_text(json.dumps({"recipe": recipe}))
    Beyond(untrained.tags(), untrained.outside(), {}, {}, {}).write(desk / "cv")
    network = (desk / "exported/network.onnx").read_bytes()
    said = earmark("model", "calibrate", "cv", "--model", "exported", cwd=desk)
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("Calibration\n  temperature")
    assert "calibrated for 20 % of the tracks outside" in said.stdout
    assert (desk / "exported/network.onnx").read_bytes() == network
    refused = earmark("model", "calibrate", "nowhere", "--model", "exported", cwd=desk)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "earmark: nowhere holds no cross-validation. `earmark crossval` makes one.\n"


def test_the_model_card_says_how_good_tags_and_none_of_these_are(earmark: Command, desk: Path) -> None:
    said = earmark("model", "full", cwd=desk).stdout
    for part in (
        "2, as a hand (2026) would say them; its licence: CC0",
        "from a probability of 0.25 on",
        "0.800 (0.750 to 0.850)",
        "best               loud 0.90",
        "weakest            soft 0.70",
        "none at all; 12 clips of 6 artists",
        "None of these",
        "0.770 (0.700 to 0.840)",
        "said of 30 % of the clips that are none of the genres",
        "said of 5.0 % of the clips of the genres",
        "none whatever; 20 clips of 9 artists, 8 of them outside",
        "calibrated for 20 % of the tracks outside",
        "0.030 (0.020 to 0.050)",
        "hold the true answer for 91.0 % (88.0 % to 94.0 %), with 1.70 answers",
        "15 clips of 7 artists, 8 of them outside",
    ):
        assert part in said
    values = json.loads(earmark("model", "full", "--json", cwd=desk).stdout)
    assert (values["tags"], values["outside"]) == (TAGS.to_dict(), OUTSIDE.to_dict())


def test_the_model_card_of_a_bundle_without_them_has_no_word_of_them(earmark: Command, tiny_folder: Path) -> None:
    said = earmark("model", tiny_folder).stdout
    assert "Tags" not in said
    assert "None of these" not in said
