"""search as a person runs it: several processes, what is printed, what is written."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import synthetic
from earmark.train.recipe import Recipe

Command = Callable[..., "subprocess.CompletedProcess[str]"]
RANGES = '\n[search]\n"train.learning_rate" = { low = 1e-3, high = 1e-2, log = true }\n'


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe that can be searched, and data."""
    folder = tmp_path_factory.mktemp("desk")
    synthetic.dataset(folder / "pieces", clips_per_style=4, duration_s=6.0)
    (folder / "tiny.toml").write_text(synthetic.RECIPE.replace("epochs = 6", "epochs = 1") + RANGES)
    return folder


def test_a_search_ends_with_a_recipe_that_can_be_trained(desk: Path, earmark: Command) -> None:
    words = ("search", "tiny.toml", "--data", "pieces", "--folds", "2", "--trials", "3", "--jobs", "2", "--out", "st")
    answer = earmark(*words, cwd=desk)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("best of 3 trials")
    assert "the recipe's own values: " in answer.stdout
    assert "chosen on these very clips, so it is optimistic" in answer.stdout
    assert "earmark crossval st/best.toml" in answer.stdout
    assert 1e-3 <= Recipe.load(desk / "st" / "best.toml").train.learning_rate <= 1e-2
    assert "earmark search tiny.toml" in (desk / "st" / "study.json").read_text()
    refused = earmark(*words[:5], "3", *words[6:], cwd=desk)
    assert refused.returncode == 1
    assert refused.stderr.startswith("earmark: st holds the search of another recipe")
    assert refused.stderr.count("\n") == 1
