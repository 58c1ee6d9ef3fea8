"""Cross-validation on synthetic pieces: who hears what, what is done again, what is kept and reported."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import synthetic
from earmark.data.dataset import Dataset
from earmark.errors import DataError
from earmark.evaluate.answers import Answers
from earmark.evaluate.beyond import measure_beyond
from earmark.evaluate.bundling import export_files
from earmark.evaluate.predictions import Predictions
from earmark.experiments.crossval import crossval, report_on
from earmark.experiments.job import Job, run_job
from earmark.experiments.protocol import Protocol
from earmark.listen.bundle import load_bundle
from earmark.train.checkpoint import Checkpoint
from earmark.train.recipe import Recipe

NAMED = (
    "n", "accuracy", "accuracy_low", "accuracy_high", "balanced_accuracy", "macro_f1", "ece", "brier", "top2",
    "coverage", "mean_set_size",
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """What a cross-validation leaves behind."""

    folder: Path
    data: Dataset
    predictions: Predictions


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("crossval")
    data = synthetic.dataset(folder / "pieces")
    recipe = synthetic.recipe(epochs=16)
    predictions = crossval(recipe, [data.folder], folder / "cv", protocol=Protocol(folds=2), seeds=2, jobs=1)
    return Made(folder, data, predictions)


def test_every_clip_is_predicted_once_a_seed_by_a_network_that_never_heard_its_artist(made: Made) -> None:
    for seed in (0, 1):
        rows = made.predictions.seeds == seed
        ids = [clip_id for clip_id, here in zip(made.predictions.ids, rows, strict=True) if here]
        assert sorted(ids) == sorted(clip.id for clip in made.data.clips)
        folds_of: dict[str, set[int]] = {}
        for artist, fold, here in zip(made.predictions.artists, made.predictions.folds, rows, strict=True):
            if here:
                folds_of.setdefault(artist, set()).add(int(fold))
        assert all(len(folds) == 1 for folds in folds_of.values())
    for seed, fold in ((0, 0), (1, 1)):
        trained = Checkpoint.load(made.folder / "cv" / "checkpoints" / f"seed{seed}_fold{fold}")
        held = ((made.predictions.seeds == seed) & (made.predictions.folds == fold)).sum()
        assert sum(trained.lineage["clips"].values()) == len(made.data.clips) - held


def test_it_learns_well_above_chance(made: Made) -> None:
    assert (made.predictions.predicted == made.predictions.truth).mean() > 0.7


def test_a_queue_that_was_cut_off_does_only_what_is_missing(made: Made) -> None:
    table = made.folder / "cv" / "runs" / "seed1_fold0.csv"
    kept = made.folder / "cv" / "runs" / "seed0_fold0.csv"
    before, stamp = table.read_bytes(), kept.stat().st_mtime_ns
    table.unlink()
    recipe = synthetic.recipe(epochs=16)
    again = crossval(recipe, [made.data.folder], made.folder / "cv", protocol=Protocol(folds=2), seeds=2, jobs=1)
    assert table.read_bytes() == before
    assert kept.stat().st_mtime_ns == stamp
    np.testing.assert_array_equal(again.probabilities, made.predictions.probabilities)


def test_a_folder_of_another_cross_validation_is_refused(made: Made) -> None:
    with pytest.raises(DataError, match="another recipe"):
        crossval(
            synthetic.recipe(epochs=3),
            [made.data.folder],
            made.folder / "cv",
            protocol=Protocol(folds=2),
            seeds=2,
            jobs=1,
        )


def test_runs_side_by_side_give_what_runs_in_turn_give(made: Made, tmp_path: Path) -> None:
    recipe = synthetic.recipe(epochs=2)
    together = crossval(recipe, [made.data.folder], tmp_path / "cv", protocol=Protocol(folds=2), seeds=1, jobs=2)
    alone = Job(recipe, (made.data.folder,), (), Protocol(folds=2), tmp_path / "alone", 0, 1, 1)
    run_job(alone)
    table = Predictions.read(alone.table)
    rows = together.folds == 1
    np.testing.assert_allclose(together.probabilities[rows], table.probabilities, rtol=1e-4)


def test_the_report_has_every_named_figure_and_table(made: Made, tmp_path: Path) -> None:
    said = report_on(made.predictions, tmp_path)
    metrics = json.loads((tmp_path / "metrics.json").read_text())
    assert set(NAMED) <= set(metrics)
    assert metrics["n"] == len(made.data.clips)
    assert metrics["n_predictions"] == 2 * metrics["n"]
    assert metrics["accuracy_low"] <= metrics["accuracy"] <= metrics["accuracy_high"]
    assert f"{metrics['accuracy']:.1%}" in said
    counts = np.array(json.loads((tmp_path / "confusion.json").read_text())["counts"])
    assert counts.sum() == metrics["n_predictions"]
    assert np.trace(counts) / counts.sum() == pytest.approx(metrics["accuracy"])
    assert len(list(csv.DictReader((tmp_path / "genres.csv").open()))) == 4
    assert (tmp_path / "confusion.png").stat().st_size > 5000
    worst = list(csv.DictReader((tmp_path / "worst.csv").open()))
    assert all(row["label"] != row["prediction"] for row in worst)
    assert Predictions.read(tmp_path / "predictions.csv").ids == made.predictions.ids


def test_a_cross_validation_keeps_what_networks_say_of_every_clip_once(tmp_path: Path) -> None:
    first = synthetic.dataset(tmp_path / "first", clips_per_style=2)
    second = synthetic.dataset(tmp_path / "second", clips_per_style=2)
    plain = synthetic.recipe(epochs=1).to_dict()
    plain["model"]["heads"] = {"outside": 1}
    plain["train"] |= {"outside_loss": 1.0}
    protocol = Protocol(folds=2, hold_out_all=True)
    out = tmp_path / "cv"
    said = crossval(
        Recipe.from_dict(plain), [first.folder, second.folder], out, protocol=protocol, reported=["first"], jobs=1,
        seeds=1,
    )  # fmt: skip
    assert {*said.sets} == {"first"}
    parts = [Answers.read(path) for path in sorted((out / "runs").glob("*.npz"))]
    assert len(parts) == 2
    rows = [pair for part in parts for pair in zip(part.sets, part.ids, strict=True)]
    wanted = [(data.name, clip.id) for data in (first, second) for clip in data.clips]
    assert sorted(rows) == sorted(wanted)
    assert set(parts[0].artists).isdisjoint(parts[1].artists)
    assert parts[0].said["logits"].shape == (len(parts[0]), 4)
    assert parts[0].said["outside"].shape == (len(parts[0]), 1)
    by_id = dict(zip(said.ids, said.logits, strict=True))
    for row, (name, clip_id) in enumerate(zip(parts[0].sets, parts[0].ids, strict=True)):
        if name == "first":
            logits = parts[0].said["logits"][row]
            assert by_id[clip_id] - by_id[clip_id].max() == pytest.approx(logits - logits.max(), abs=0.02)


def write_teacher(data: Dataset, file: str, tag: str, *, loudest: bool) -> None:
    """One tag, heard in the pulses (or in no others), in the first of two windows alone."""
    right = np.array([(clip.label == "pulse") == loudest for clip in data.clips])
    logits = np.where(right[:, None, None], np.array([[[4.0], [-4.0]]]), -4.0)
    ids, times = np.array([clip.id for clip in data.clips]), {"hop_s": 3.0, "window_s": 3.0}
    windows = np.full(len(ids), 2)
    np.savez(data.folder / file, ids=ids, tags=[tag], logits=logits.astype(np.float16), windows=windows, **times)


def test_words_are_measured_bundled_and_heard_with_their_seconds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("earmark.evaluate.words.LEAST_AUC", 0.0)  # one epoch teaches next to nothing
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=20, duration_s=6.0)
    other = synthetic.dataset(tmp_path / "others", clips_per_style=2)
    write_teacher(data, "one.npz", "drums", loudest=True)
    write_teacher(other, "two.npz", "Drum kit", loudest=False)  # of a set that is not reported
    plain = synthetic.recipe(epochs=1).to_dict() | {"styles": ["drone"]}
    plain["model"]["heads"] = {"tags": 2, "styles": 1}
    plain["train"]["style_loss"] = 0.5
    plain["teacher"] = {"files": {"one": 1.0, "two": 1.0}, "embedding": 0.0}
    plain["sets"] = {"pieces": {"styles": "genre"}}
    recipe, out = Recipe.from_dict(plain), tmp_path / "cv"
    folders = [data.folder, other.folder]
    said = crossval(recipe, folders, out, protocol=Protocol(folds=2), seeds=1, reported=["pieces"], jobs=1)
    report_on(said, out)
    beyond = measure_beyond(recipe, folders, out, said)
    beyond.write(out)
    assert beyond.tags
    (drums,) = beyond.tags.each
    assert (drums.name, drums.judged_by, drums.positives) == ("drums", "teacher", 20)
    assert set(beyond.left_out) == {"Drum kit", "drone"}
    part = Answers.read(out / "runs/seed0_fold0.npz")
    assert part.said["pairs"].shape == (len(part), 2)
    assert part.said["pairs"].sum() == sum("pulse" in name for name in part.ids)
    export_files(out / "checkpoints/seed0_fold0", out, tmp_path / "bundle", version="1")
    bundle = load_bundle(tmp_path / "bundle")
    heard = bundle.run(np.full((1, 128, 19 * 4), -40, np.float32))
    assert heard.tags is not None
    assert heard.token_tags is not None
    assert (heard.tags.shape, heard.token_tags.shape) == ((1, 1), (1, 4, 1))


def test_a_first_stage_that_is_shared_is_trained_once_a_fold_for_all_seeds(tmp_path: Path) -> None:
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=2)
    plain = synthetic.recipe(epochs=1).to_dict() | {"first": {"train": {"epochs": 2}}}
    protocol, out = Protocol(folds=2, shared_first=True), tmp_path / "cv"
    said = crossval(Recipe.from_dict(plain), [data.folder], out, protocol=protocol, seeds=2, jobs=1)
    firsts = {path.name: Checkpoint.load(path) for path in sorted((out / "checkpoints").glob("first_fold?"))}
    assert [each.epoch for each in firsts.values()] == [2, 2]
    assert not list((out / "checkpoints").glob("seed*/first"))
    starts = {path.stem: json.loads(path.read_text())["epochs"] for path in (out / "runs").glob("*.json")}
    assert set(starts.values()) == {3}
    assert len(set(zip(said.ids, said.folds.tolist(), strict=True))) == len(data.clips)  # the same folds
    first, second = (said.probabilities[said.seeds == seed] for seed in (0, 1))
    assert not np.allclose(first, second)  # the seeds differ in what comes after
    assert "shared_first" not in Protocol().to_dict()
