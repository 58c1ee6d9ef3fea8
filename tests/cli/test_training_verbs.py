"""train, crossval, export, evaluate and demo as a person runs them."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import synthetic

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe and data."""
    folder = tmp_path_factory.mktemp("desk")
    synthetic.dataset(folder / "pieces", clips_per_style=4)
    (folder / "tiny.toml").write_text(synthetic.RECIPE.replace("epochs = 6", "epochs = 3"))
    return folder


def test_from_a_recipe_to_a_bundle_that_is_evaluated(desk: Path, earmark: Command) -> None:
    trained = earmark("train", "tiny.toml", "--data", "pieces", "--out", "run", cwd=desk)
    assert (trained.returncode, trained.stderr) == (0, "")
    assert "epoch 3" in trained.stdout
    words = ("crossval", "tiny.toml", "--data", "pieces", "--folds", "2", "--out", "cv", "--jobs", "1")
    crossed = earmark(*words, cwd=desk)
    assert (crossed.returncode, crossed.stderr) == (0, "")
    assert "accuracy" in crossed.stdout
    exported = earmark("export", "run", "--crossval", "cv", "--out", "bundle", cwd=desk)
    assert (exported.returncode, exported.stderr) == (0, "")
    for model in ("bundle", "run"):
        measured = earmark("evaluate", model, "--data", "pieces", "--out", f"figures-{model}", cwd=desk)
        assert (measured.returncode, measured.stderr) == (0, "")
        assert json.loads((desk / f"figures-{model}" / "metrics.json").read_text())["n"] == 16


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("train", "no.toml", "--data", "pieces"), "no.toml cannot be read"),
        (("train", "tiny.toml", "--data", "nowhere"), "nowhere"),
        (("train", "tiny.toml", "--data", "pieces", "--split", "side=left"), "side"),
        (("crossval", "tiny.toml", "--data", "pieces", "--folds", "50", "--out", "many"), "50 folds"),
        (("export", "nothing", "--crossval", "nothing", "--out", "b"), "nothing"),
        (("evaluate", "nothing", "--data", "pieces", "--out", "f"), "nothing"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_cannot_be_done_is_one_sentence_and_exit_code_1(
    words: tuple[str, ...], said: str, desk: Path, earmark: Command
) -> None:
    answer = earmark(*words, cwd=desk)
    assert answer.returncode == 1
    assert answer.stderr.startswith("earmark: ")
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_the_demo_trains_on_its_own_pieces_and_finds_the_seconds(tmp_path: Path, earmark: Command) -> None:
    answer = earmark("demo", "--out", "demo", cwd=tmp_path, timeout=900)
    assert answer.returncode == 0, answer.stderr
    bundle = json.loads((tmp_path / "demo" / "bundle" / "bundle.json").read_text())
    assert bundle["metrics"]["accuracy"] > 0.8
    assert len(list((tmp_path / "demo").glob("*.flac"))) == 4
    again = earmark("demo", "--out", "demo", "--no-train", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
