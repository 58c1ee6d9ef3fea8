"""What earlier versions wrote is read to the same figures: networks, runs in the middle, recipes, predictions, bundles.

`tests/stored/*.pt` are small networks of every kind, saved when heads were attributes of the network, and `said.npz` is
what was said with them then: of windows from a seed and, of the whole network, of its training clips.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import synthetic
from earmark.data.dataset import Dataset
from earmark.experiments.plan import Plan
from earmark.train.batches import Examples, gather
from earmark.train.checkpoint import Checkpoint
from earmark.train.loop import Place, Run
from earmark.train.predict import clip_answers
from earmark.train.recipe import Recipe

STORED = Path("tests/stored")
GENRES = ("drone", "noise", "plucks", "pulse")
SAME = 1e-6  # of probabilities; of logits and vectors 1e-5, a few units in the last place of float32


def windows(frames: int) -> torch.Tensor:
    rng = np.random.default_rng(5)
    short = rng.uniform(-80, 0, (2, 128, 19 * 6)).astype(np.float32)
    return torch.from_numpy(short if frames == 114 else rng.uniform(-80, 0, (2, 128, 380)).astype(np.float32))


@pytest.fixture(scope="module")
def said() -> dict[str, np.ndarray]:
    with np.load(STORED / "said.npz") as file:
        return dict(file)


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    data = synthetic.dataset(tmp_path_factory.mktemp("stored") / "pieces")
    ids = [clip.id for clip in data.clips]
    rng = np.random.default_rng(9)
    np.savez(
        data.folder / "teacher.npz",
        ids=np.array(ids),
        tags=np.array(["a", "b", "c"]),
        logits=rng.normal(size=(len(ids), 3, 3)).astype(np.float16),
        windows=np.full(len(ids), 3),
        hop_s=3.0,
        window_s=3.0,
        embedding=rng.normal(size=(len(ids), 4)).astype(np.float16),
    )
    return gather([Dataset.load(data.folder)], Checkpoint.load(STORED / "attention.pt").recipe, GENRES)


def names() -> list[str]:
    return sorted(path.stem for path in STORED.glob("*.pt") if path.stem != "halfway")


@pytest.mark.parametrize("name", names())
def test_a_stored_network_says_what_it_said(name: str, said: dict[str, np.ndarray]) -> None:
    checkpoint = Checkpoint.load(STORED / f"{name}.pt")
    with torch.inference_mode():
        now = checkpoint.network()(windows(114 if name.startswith("attention") else 380), attention=True)
    outputs = {**now._asdict(), **now.heads, **{f"token_{head}": array for head, array in now.token_heads.items()}}
    before = {key.partition("/")[2]: array for key, array in said.items() if key.partition("/")[0] == name}
    assert len(before) >= 5
    for output, array in before.items():
        np.testing.assert_allclose(outputs[output].numpy().reshape(array.shape), array, atol=1e-5, err_msg=output)
    assert np.abs(np.asarray(now.logits.softmax(dim=1)) - softmax(before["logits"])).max() < SAME


def softmax(logits: np.ndarray) -> np.ndarray:
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def test_a_stored_network_hears_its_clips_as_it_did(examples: Examples, said: dict[str, np.ndarray]) -> None:
    answers = clip_answers(Checkpoint.load(STORED / "attention.pt").network(), examples)
    before = {key.partition("/")[2]: array for key, array in said.items() if key.startswith("clips/")}
    assert set(before) <= set(answers)
    for name, array in before.items():
        np.testing.assert_allclose(answers[name], array, atol=2e-5, err_msg=name)


def test_a_run_that_was_left_in_the_middle_goes_on(
    examples: Examples, said: dict[str, np.ndarray], tmp_path: Path
) -> None:
    saved = Checkpoint.load(STORED / "halfway.pt")
    run = Run(saved.recipe, examples, GENRES, seed=1, place=Place(torch.device("cpu")))
    run.resume(saved, tmp_path)
    row = run.train_epoch()
    # Another processor rounds otherwise, and training makes more of it; other random numbers would give a tenth.
    assert row["loss"] == pytest.approx(said["halfway/losses"][1], rel=1e-3)
    assert run.finished


def test_every_stored_recipe_is_still_the_one_it_was() -> None:
    plans = sorted(Path("results").rglob("crossval.json"))
    assert len(plans) > 40
    for path in plans:
        stored = json.loads(path.read_text())["recipe"]
        assert Recipe.from_dict(stored).same_as(stored)


def test_the_queue_of_every_plan_is_that_of_the_stored_runs() -> None:
    for name, out in (("gtzan", "benchmark"), ("version4", "ablations"), ("fma", "fma"), ("ears", "ears")):
        plan = Plan.load(Path(f"plans/{name}.toml"))
        for path in sorted(Path("results", out).rglob("crossval.json")):
            stored = json.loads(path.read_text())
            protocol, system = path.parts[-3], path.parts[-2]
            if system in plan.systems:
                recipe = plan.protocols[protocol].adapted(plan.systems[system].recipe)
                assert recipe.same_as(stored["recipe"]), path
