"""`earmark data`: what the verbs print, as words and as JSON, and the code they end with."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from earmark.cli.data import app
from earmark.data.synth import write_dataset
from earmark.errors import DataError
from trees import piece, write_kaggle_tree, write_sound

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def test_prepare_counts_skips_by_name_and_ends_well(tmp_path: Path) -> None:
    answer = CliRunner().invoke(
        app, ["prepare", str(write_kaggle_tree(tmp_path / "k")), str(tmp_path / "out"), "--jobs", "1"]
    )
    assert answer.exit_code == 0
    assert "skipped: jazz.00054.wav: it is broken" in answer.output
    assert "names no artists" in answer.output
    assert "(gtzan_kaggle): 3 prepared, 0 kept from before, 0 failed, 1 skipped." in answer.output


def test_prepare_ends_with_1_where_a_file_failed_and_does_the_others(tmp_path: Path) -> None:
    command = ["prepare", str(write_kaggle_tree(tmp_path / "k")), str(tmp_path / "out"), "--jobs", "1", "--json"]
    answer = CliRunner().invoke(app, [*command, "--source", "gtzan_kaggle"])
    assert (answer.exit_code, json.loads(answer.stdout)["prepared"]) == (0, 3)
    (tmp_path / "k" / "Data" / "genres_original" / "jazz" / "jazz.00060.wav").write_text("not a sound")
    answer = CliRunner().invoke(app, command)
    summary = json.loads(answer.stdout)
    assert answer.exit_code == 1
    assert (summary["prepared"], summary["kept"], summary["importer"]) == (0, 3, "gtzan_kaggle")
    assert [Path(trouble["name"]).name for trouble in summary["failed"]] == ["jazz.00060.wav"]
    assert [trouble["name"] for trouble in summary["skipped"]] == ["jazz.00054.wav"]


def test_prepare_names_once_a_file_whose_name_is_no_text_and_check_finds_no_orphan(
    earmark: Command, tmp_path: Path
) -> None:
    write_sound(tmp_path / "k/rock/a.wav", piece(length_s=2.0))
    shutil.copy(tmp_path / "k/rock/a.wav", os.fsdecode(bytes(tmp_path) + b"/k/rock/caf\xe9.wav"))
    said = earmark("data", "prepare", tmp_path / "k", tmp_path / "out", "--jobs", "1")
    assert (said.returncode, said.stderr) == (1, "")
    assert f"failed: The path {tmp_path}/k/rock/caf\\udce9.wav is not UTF-8" in said.stdout
    checked = earmark("data", "check", tmp_path / "out", "--jobs", "1")
    assert checked.returncode == 0
    assert "that no row of clips.csv names" not in checked.stdout


def test_check_prints_a_table_and_ends_well_whatever_it_finds(tmp_path: Path) -> None:
    write_dataset(tmp_path, clips_per_style=2, artists_per_style=2, duration_s=3.0, rng=np.random.default_rng(0))
    (tmp_path / "mel" / "drone.00001.png").unlink()
    answer = CliRunner().invoke(app, ["check", str(tmp_path), "--jobs", "1"])
    assert answer.exit_code == 0
    lines = answer.output.splitlines()
    assert lines[0] == f"{tmp_path}: 8 clips"
    assert "labels: pulse 2, drone 2, plucks 2, noise 2" in lines
    assert "artists: 8; 0 clips without a known one" in lines
    assert "missing  drone.00001  neither its picture nor its sound is there" in lines
    assert lines[-1] == "findings: 1"


def test_check_tells_what_doubtful_labels_cost_and_how_they_agree_with_known_faults(tmp_path: Path) -> None:
    folder, net, known = tmp_path / "mine", tmp_path / "net.csv", tmp_path / "known.csv"
    write_dataset(folder, clips_per_style=2, artists_per_style=2, duration_s=3.0, rng=np.random.default_rng(0))
    wrong = "drone.00000,mine,drone,0,0.95\n"
    net.write_text(
        f"id,set,label,p_drone,p_noise\n{wrong}drone.00001,mine,drone,0.9,0.1\nnoise.00000,mine,noise,0.2,0.8\n"
    )
    known.write_text("id\ndrone.00000\n")
    asked = ["check", str(folder), "--jobs", "1", "--suspects", str(net), "--known", str(known)]
    lines = CliRunner().invoke(app, [*asked, "--ranking", str(tmp_path / "ranking.csv")]).output.splitlines()
    assert "net  66.7%  100.0%" in lines
    assert "known faults: 1 of 3 clips, 1 among the 1 doubtful" in lines
    assert lines[-1] == "by chance: p = 0.33; ROC AUC of the ranking 1.00"
    assert (tmp_path / "ranking.csv").read_text().splitlines()[1].startswith("1,drone.00000,")
    report = json.loads(CliRunner().invoke(app, [*asked, "--json"]).stdout)
    assert report["ceiling"]["agreement"]["ranks"] == {"drone.00000": 1}


def test_check_as_json_has_all_of_the_report(tmp_path: Path) -> None:
    write_dataset(tmp_path, clips_per_style=1, artists_per_style=1, duration_s=3.0, rng=np.random.default_rng(0))
    answer = CliRunner().invoke(app, ["check", str(tmp_path), "--jobs", "1", "--json", "--label", "artist"])
    report = json.loads(answer.stdout)
    assert (report["clips"], report["findings"]) == (4, [])
    assert report["labels"]["Drone Artist 1"] == 1


@pytest.mark.parametrize("verb", [["prepare", "nowhere", "out"], ["check", "nowhere"]])
def test_a_folder_that_is_not_there_is_an_error_in_a_sentence(verb: list[str], tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, [verb[0], *(str(tmp_path / name) for name in verb[1:])])
    assert answer.exit_code == 1
    assert isinstance(answer.exception, DataError)


RECIPE = """
name = "two"
genres = ["rock", "metal", "folk"]
[model]
kind = "attention"
heads = { outside = 1 }
[train]
outside_loss = 1.0
[sets.mine]
narrow = true
column = "styles"
outside = ["Noise"]
[sets.mine.map]
Rock = ["rock", "metal"]
Metal = "metal"
Folk = "folk"
"""


def test_labels_counts_what_a_recipe_makes_of_them(tmp_path: Path) -> None:
    (tmp_path / "two.toml").write_text(RECIPE)
    (tmp_path / "mine").mkdir()
    rows = ["a,Rock,X", "b,Rock;Metal,X", "c,Metal,The X", "d,Folk,Y", "e,Noise,Z", "f,Polka,Z"]
    (tmp_path / "mine" / "clips.csv").write_text("\n".join(["id,styles,artist", *rows]) + "\n")
    command = ["labels", str(tmp_path / "two.toml"), "--data", str(tmp_path / "mine")]
    answer = CliRunner().invoke(app, [*command, "--json"])
    found = {row["genre"]: row for row in json.loads(answer.stdout)}
    assert list(found) == ["rock", "metal", "folk", "none of these"]
    assert {genre: row["sure"]["mine"] for genre, row in found.items()} == {
        "rock": 0, "metal": 2, "folk": 1, "none of these": 1,
    }  # fmt: skip
    assert {genre: row["maybe"]["mine"] for genre, row in found.items() if row["maybe"]["mine"]} == {
        "rock": 1,
        "metal": 1,
    }
    assert found["metal"]["artists"] == 1
    said = CliRunner().invoke(app, command).output
    assert "metal          2 clips, 1 artist " in said
    assert "one of several genres:" in said
