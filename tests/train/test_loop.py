"""The training loop: it learns, resumes to the bit, stops early, and runs in two processes."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import synthetic
from earmark.data.dataset import Dataset
from earmark.errors import BundleError, DataError
from earmark.train.batches import Examples, batches, gather
from earmark.train.checkpoint import FILE, Checkpoint
from earmark.train.loop import Place, Run, train
from earmark.train.predict import clip_logits
from earmark.train.recipe import Recipe


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic.dataset(tmp_path_factory.mktemp("synthetic") / "pieces")


@pytest.fixture(scope="module")
def examples(data: Dataset) -> Examples:
    return gather([data], synthetic.recipe(), data.labels)


def same(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def test_it_learns_pieces_by_artists_it_never_heard(data: Dataset, examples: Examples, tmp_path: Path) -> None:
    from earmark.data.splits import artist_folds

    folds = artist_folds(examples.labels, examples.artists, folds=4)
    checkpoint = train(synthetic.recipe(epochs=20), examples.take(folds != 0), data.labels, tmp_path)
    held = examples.take(folds == 0)
    logits = clip_logits(checkpoint.network(), held)
    assert (logits.argmax(axis=1) == held.allowed.numpy().argmax(axis=1)).mean() > 0.85


def test_a_resumed_run_ends_with_the_same_weights(data: Dataset, examples: Examples, tmp_path: Path) -> None:
    recipe = synthetic.recipe(validation_share=0.25)
    whole = train(recipe, examples, data.labels, tmp_path / "whole")
    train(recipe, examples, data.labels, tmp_path / "cut", stop_after=2)
    assert Checkpoint.load(tmp_path / "cut").epoch == 2
    resumed = train(recipe, examples, data.labels, tmp_path / "cut")
    assert same(whole.weights, resumed.weights)
    assert same(whole.averaged, resumed.averaged)
    assert same(whole.best, resumed.best)
    assert [row["loss"] for row in whole.history] == [row["loss"] for row in resumed.history]
    lines = (tmp_path / "cut" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [1, 2, 3, 4, 5, 6]


def in_two_stages(**first: object) -> Recipe:
    plain = synthetic.recipe(epochs=2).to_dict()
    return Recipe.from_dict(plain | {"first": {"train": {"epochs": 3, **first}, "augment": {"mixup": 0.0}}})


def test_a_first_stage_makes_the_weights_that_the_second_begins_with(
    data: Dataset, examples: Examples, tmp_path: Path
) -> None:
    recipe, rows = in_two_stages(), []
    done = train(recipe, examples, data.labels, tmp_path / "both", report=lambda row: rows.append(row["done"]))
    assert rows == [1, 2, 3, 4, 5]
    assert recipe.epochs == 5
    assert done.lineage["first"]["epochs"] == 3
    first = Checkpoint.load(tmp_path / "both" / "first")
    assert (first.epoch, first.recipe.augment.mixup) == (3, 0.0)
    # By hand: the first recipe, then the second from what answers after it.
    alone = recipe.first_stage()
    assert alone is not None
    learned = train(alone, examples, data.labels, tmp_path / "alone")
    assert same(learned.answering, first.answering)
    run = Run(recipe, examples, data.labels, seed=0, place=Place(torch.device("cpu")))
    run.begin_with(learned)
    run.train_epoch()
    run.train_epoch()
    assert same(run.checkpoint().averaged, done.averaged)
    assert not same(
        train(synthetic.recipe(epochs=2), examples, data.labels, tmp_path / "plain").averaged, done.averaged
    )


def test_a_run_of_two_stages_goes_on_in_either(data: Dataset, examples: Examples, tmp_path: Path) -> None:
    recipe = in_two_stages()
    whole = train(recipe, examples, data.labels, tmp_path / "whole")
    first = recipe.first_stage()
    assert first is not None
    train(first, examples, data.labels, tmp_path / "cut" / "first", stop_after=1, finish=False)
    train(recipe, examples, data.labels, tmp_path / "cut", stop_after=1)
    resumed = train(recipe, examples, data.labels, tmp_path / "cut")
    assert same(whole.averaged, resumed.averaged)
    assert resumed.lineage["first"]["epochs"] == 3


def test_views_of_a_step_may_be_longer_and_shorter_but_no_longer_than_a_window(
    data: Dataset, examples: Examples
) -> None:
    for tokens, spread, lengths in ((3, 0, {3}), (3, 2, {1, 2, 3, 4, 5}), (19, 3, {16, 17, 18, 19, 20})):
        recipe = synthetic.recipe().with_values({"augment.tokens": tokens, "augment.tokens_spread": spread})
        run = Run(recipe, examples, data.labels, seed=0, place=Place(torch.device("cpu")))
        heard = [run._view_frames() // 19 for _ in range(60)]
        assert set(heard) == lengths


def test_a_run_makes_its_noises_and_does_not_count_them_as_clips_of_its_data(data: Dataset, examples: Examples) -> None:
    values = {"model.heads.outside": 1, "train.outside_loss": 0.3, "train.noises": 3}
    run = Run(synthetic.recipe().with_values(values), examples, data.labels, seed=0, place=Place(torch.device("cpu")))
    assert len(run.examples) == len(examples) + 3
    assert run.lineage["clips"] == {"pieces": len(examples)}


def test_another_seed_gives_other_weights(data: Dataset, examples: Examples, tmp_path: Path) -> None:
    recipe = synthetic.recipe(epochs=1)
    first = train(recipe, examples, data.labels, tmp_path / "a", seed=0)
    second = train(recipe, examples, data.labels, tmp_path / "b", seed=1)
    assert not same(first.weights, second.weights)


def test_a_folder_with_another_run_is_refused(data: Dataset, examples: Examples, tmp_path: Path) -> None:
    train(synthetic.recipe(epochs=1), examples, data.labels, tmp_path)
    with pytest.raises(DataError, match="another recipe"):
        train(synthetic.recipe(epochs=2), examples, data.labels, tmp_path)
    with pytest.raises(DataError, match="seed"):
        train(synthetic.recipe(epochs=1), examples, data.labels, tmp_path, seed=1)


def test_early_stopping_keeps_the_best_epoch_and_waits_no_longer_than_asked(
    data: Dataset, examples: Examples, tmp_path: Path
) -> None:
    # So high a rate that validation soon gets worse.
    recipe = synthetic.recipe(epochs=40, learning_rate=0.3, patience=2, validation_share=0.25, ema_decay=0.0)
    checkpoint = train(recipe, examples, data.labels, tmp_path)
    losses = [row["validation_loss"] for row in checkpoint.history]
    best = losses.index(min(losses)) + 1
    assert len(losses) == best + 2 < 40
    assert same(checkpoint.answering, checkpoint.best)
    assert not same(checkpoint.best, checkpoint.weights)


def test_validation_shares_no_artist_with_training(data: Dataset, examples: Examples) -> None:
    place = Place(torch.device("cpu"))
    run = Run(synthetic.recipe(validation_share=0.25), examples, data.labels, seed=0, place=place)
    assert len(run.validation) > 0
    assert len(run.examples) + len(run.validation) == len(examples)
    assert not set(run.examples.artists) & set(run.validation.artists)


def test_an_epoch_hears_every_clip_once_whatever_the_number_of_processes(examples: Examples) -> None:
    def ids(rank: int, world: int) -> list[str]:
        rng = torch.Generator().manual_seed(4)
        return [clip.id for batch in batches(examples, 6, rng=rng, rank=rank, world=world) for clip in batch.clips]

    every = sorted(clip.id for clip in examples.clips)
    assert sorted(ids(0, 1)) == every
    assert sorted(ids(0, 2) + ids(1, 2)) == every


def test_two_processes_train_together_and_end_alike(data: Dataset, tmp_path: Path) -> None:
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(synthetic.RECIPE.replace("epochs = 6", "epochs = 2"))
    port = str(20_000 + os.getpid() % 20_000)
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", port]
    verb = ["-m", "earmark", "train", str(recipe), "--data", str(data.folder), "--out", str(tmp_path / "run")]
    command = [*launch, *verb]
    done = subprocess.run(
        command, capture_output=True, text=True, env=os.environ | {"OMP_NUM_THREADS": "1"}, timeout=300
    )
    assert done.returncode == 0, done.stderr
    checkpoint = Checkpoint.load(tmp_path / "run")
    assert checkpoint.epoch == 2
    assert checkpoint.history[1]["loss"] < checkpoint.history[0]["loss"]
    assert (tmp_path / "run" / "curves.png").stat().st_size > 5000


def test_a_broken_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="no checkpoint"):
        Checkpoint.load(tmp_path)
    (tmp_path / FILE).write_bytes(b"not a checkpoint")
    with pytest.raises(BundleError, match="not a checkpoint"):
        Checkpoint.load(tmp_path)


def test_weight_decay_shrinks_matrices_and_kernels_and_leaves_biases_norms_and_gains(
    data: Dataset, examples: Examples
) -> None:
    recipe = synthetic.recipe(weight_decay=0.5, learning_rate=0.1)
    run = Run(recipe, examples, data.labels, seed=0, place=Place(torch.device("cpu")))
    before = {name: parameter.detach().clone() for name, parameter in run.net.named_parameters()}
    assert {parameter.ndim for parameter in before.values()} == {0, 1, 2, 4}
    for parameter in run.net.parameters():
        parameter.grad = torch.zeros_like(parameter)  # so that nothing but the decay moves a weight
    run.optimizer.step()
    for name, parameter in run.net.named_parameters():
        kept = 1 - 0.1 * 0.5 if parameter.ndim > 1 else 1.0
        torch.testing.assert_close(parameter.detach(), kept * before[name])


@pytest.mark.parametrize(("steps_before", "kept"), [(0, 2 / 11), (4, 6 / 15), (999, 0.9)])
def test_the_average_follows_faster_early_on(data: Dataset, examples: Examples, steps_before: int, kept: float) -> None:
    recipe = synthetic.recipe(ema_decay=0.9, batch_size=len(examples), schedule="constant")
    run = Run(recipe, examples, data.labels, seed=0, place=Place(torch.device("cpu")))
    run.step = steps_before
    start = {name: value.clone() for name, value in run.averaged.items()}
    run.train_epoch()  # one batch, so one step
    assert run.step == steps_before + 1
    for name, value in run.net.state_dict().items():
        if value.dtype.is_floating_point:
            expected = kept * start[name] + (1 - kept) * value
            torch.testing.assert_close(run.averaged[name], expected, rtol=1e-4, atol=1e-6)
        else:
            assert torch.equal(run.averaged[name], value)


def test_the_rate_rises_by_a_cosine_from_a_25th_and_falls_by_one_to_a_thousandth(
    data: Dataset, examples: Examples
) -> None:
    recipe = synthetic.recipe(epochs=10, warmup=0.2, learning_rate=2.0, batch_size=8)
    run = Run(recipe, examples, data.labels, seed=0, place=Place(torch.device("cpu")))
    steps = 10 * run.steps_an_epoch
    assert steps == 40  # 32 clips
    rates = []
    for step in (0, 4, 8, 16, 24, 40, 60):
        run.step = step
        rates.append(run._rate())
    falling = [1 + math.cos(math.pi / 4), 1 + math.cos(math.pi / 2)]
    assert rates == pytest.approx([0.08, 2 * (0.04 + 0.96 / 2), 2.0, *falling, 0.002, 0.002])
    steady = Run(
        recipe.with_values({"train.schedule": "constant"}),
        examples,
        data.labels,
        seed=0,
        place=Place(torch.device("cpu")),
    )
    steady.step = 24
    assert steady._rate() == 2.0


@pytest.mark.parametrize("limit", [0.0, 0.01])
def test_a_gradient_is_cut_to_the_norm_that_is_allowed_and_the_rate_is_that_of_the_step(
    data: Dataset, examples: Examples, limit: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = synthetic.recipe(gradient_clip=limit, learning_rate=0.5)
    run = Run(recipe, examples, data.labels, seed=0, place=Place(torch.device("cpu")))
    seen = []

    def look() -> None:
        norms = [parameter.grad.norm() for parameter in run.net.parameters() if parameter.grad is not None]
        seen.append((float(torch.stack(norms).norm()), {group["lr"] for group in run.optimizer.param_groups}))

    monkeypatch.setattr(run.optimizer, "step", look)
    row = run.train_epoch()
    assert len(seen) == run.steps_an_epoch == run.step
    norm, rates = seen[0]
    assert norm == pytest.approx(0.01, rel=1e-3) if limit else norm > 0.05
    assert rates == {0.5 * 0.04}
    assert row["rate"] == run._rate() > 0.5 * 0.04


@pytest.mark.parametrize(("gpu", "device"), [(False, "cpu"), (True, "cuda:3")])
def test_a_place_is_what_torchrun_says_and_a_gpu_where_there_is_one(
    gpu: bool, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    for name, number in {"RANK": "5", "WORLD_SIZE": "8", "LOCAL_RANK": "3"}.items():
        monkeypatch.setenv(name, number)
    assert Place.find() == Place(torch.device(device), rank=5, world=8)
    for name in ("RANK", "WORLD_SIZE", "LOCAL_RANK"):
        monkeypatch.delenv(name)
    assert Place.find() == Place(torch.device("cuda:0" if gpu else "cpu"), rank=0, world=1)
