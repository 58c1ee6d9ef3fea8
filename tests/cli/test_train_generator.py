"""`earmark train-generator` as a person runs it."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import synthetic
from earmark.train.batches import gather
from earmark.train.loop import train
from earmark.train.recipe import Recipe

Command = Callable[..., "subprocess.CompletedProcess[str]"]


def test_a_run_becomes_a_generator_and_its_figures_are_told(tmp_path: Path, earmark: Command) -> None:
    values = synthetic.recipe(epochs=1, validation_share=0.3).to_dict()
    values["model"] |= {"vector": 8, "code": "gaussian", "heads": {"decoder": 4}}
    recipe = Recipe.from_dict({**values, "latent": {"reconstruction": 1.0, "beta": 1.0}})
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=4)
    train(recipe, gather([data], recipe, data.labels), data.labels, tmp_path / "run")
    asked = (
        "train-generator",
        tmp_path / "run",
        "--data",
        data.folder,
        "--out",
        tmp_path / "made.zip",
        "--epochs",
        "1",
    )
    told = earmark(*asked, "--json")
    assert told.returncode == 0, told.stderr
    figures = json.loads(told.stdout)
    assert figures["next_nats"]["model"] > -100
    assert figures["numbers"] == 8
    assert (tmp_path / "made.zip").stat().st_size > 10_000


def test_a_folder_without_a_run_is_one_sentence(tmp_path: Path, earmark: Command) -> None:
    told = earmark("train-generator", tmp_path / "nothing", "--data", tmp_path)
    assert told.returncode == 1
    assert "no checkpoint" in told.stderr
    assert "Traceback" not in told.stderr
