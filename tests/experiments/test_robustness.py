"""Robustness: every network of a cross-validation under every condition, out of fold."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import synthetic
from earmark.data.synth import write_dataset
from earmark.errors import DataError
from earmark.evaluate.predictions import Predictions
from earmark.experiments.crossval import crossval
from earmark.experiments.protocol import Protocol
from earmark.experiments.robustness import robustness, table_of


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("robust")
    write_dataset(
        folder / "sounds",
        clips_per_style=4,
        artists_per_style=2,
        duration_s=6.0,
        rng=np.random.default_rng(3),
        audio=True,
    )
    recipe = synthetic.recipe(epochs=8)
    crossval(recipe, [folder / "sounds"], folder / "cv", protocol=Protocol(folds=2), seeds=1, jobs=1)
    return folder


def test_the_networks_of_a_cross_validation_hear_the_clips_they_never_heard(made: Path, tmp_path: Path) -> None:
    table = robustness(made / "cv", made / "sounds", tmp_path, names=["noise_30", "excerpt_5", "mp3_64"])
    figures = json.loads((tmp_path / "robustness.json").read_text())
    assert figures["networks"] == 2
    rows = {row["condition"]: row for row in figures["conditions"]}
    assert list(rows) == ["clean", "noise_30", "excerpt_5", "mp3_64"]
    runs = Predictions.joined([Predictions.read(path) for path in sorted((made / "cv/runs").glob("*.csv"))])
    assert rows["clean"]["n"] == 16
    assert rows["clean"]["accuracy"] == pytest.approx((runs.predicted == runs.truth).mean())
    for row in rows.values():
        assert row["change"] == pytest.approx(row["accuracy"] - rows["clean"]["accuracy"])
        assert row["change_low"] <= row["change"] <= row["change_high"]
    assert rows["clean"]["same_answer"] == 1
    assert rows["mp3_64"]["of"] == "sound"
    assert table == (tmp_path / "robustness.md").read_text()
    assert table.count("\n") == 6


def test_a_checkpoint_on_one_side_of_a_split(made: Path, tmp_path: Path) -> None:
    robustness(
        made / "cv/checkpoints/seed0_fold0", made / "sounds", tmp_path, split="genre=drone", names=["low_pass_5k"]
    )
    assert json.loads((tmp_path / "robustness.json").read_text())["conditions"][0]["n"] == 4


def test_what_cannot_be_measured_is_said_in_words(made: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no condition 'rain'"):
        robustness(made / "cv", made / "sounds", tmp_path, names=["rain"])
    pictures = synthetic.dataset(tmp_path / "pictures", clips_per_style=2)
    with pytest.raises(DataError, match="needs sound"):
        robustness(made / "cv/checkpoints/seed0_fold0", pictures.folder, tmp_path, names=["mp3_64"])
    shutil.copytree(made / "cv", tmp_path / "cv")
    shutil.rmtree(tmp_path / "cv/checkpoints")
    with pytest.raises(DataError, match="no checkpoints"):
        robustness(tmp_path / "cv", made / "sounds", tmp_path)


def test_a_loss_too_small_to_see_has_no_sign() -> None:
    shares = dict.fromkeys(("accuracy", "accuracy_low", "accuracy_high", "same_answer"), 0.5)
    changes = {"change": -0.0001, "change_low": -0.02, "change_high": 0.0125}
    ((*_, change, interval, _),) = table_of([{"words": "rain", "of": "sound", **shares, **changes}]).rows
    assert (change, interval) == ("0.0", "-2.0 to +1.2")


def test_folds_that_lack_genres_are_measured_among_those_of_the_whole_set(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    write_dataset(tmp_path / "two", clips_per_style=2, artists_per_style=1, duration_s=6.0, rng=rng)
    cv = tmp_path / "cv"
    crossval(synthetic.recipe(epochs=1), [tmp_path / "two"], cv, protocol=Protocol(folds=2), seeds=1, jobs=1)
    runs = [Predictions.read(path) for path in sorted((cv / "runs").glob("*.csv"))]
    assert all(len(set(part.labels)) < 4 for part in runs)
    robustness(cv, tmp_path / "two", tmp_path / "out", names=["excerpt_5"])
    clean = json.loads((tmp_path / "out" / "robustness.json").read_text())["conditions"][0]
    whole = Predictions.joined(runs)
    assert clean["accuracy"] == pytest.approx((whole.predicted == whole.truth).mean())
