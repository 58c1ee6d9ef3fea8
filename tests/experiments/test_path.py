"""From data to a bundle and its figures: cross-validation, export, evaluation, on synthetic pieces."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import synthetic
from earmark.data.dataset import Dataset
from earmark.errors import DataError
from earmark.evaluate.bundling import make_bundle
from earmark.evaluate.evaluate import evaluate, evaluate_files, load_system
from earmark.evaluate.predictions import Predictions
from earmark.experiments.crossval import crossval, report_on
from earmark.experiments.job import Job, run_job
from earmark.experiments.protocol import Protocol
from earmark.listen.bundle import load_bundle
from earmark.listen.calibrate import softmax
from earmark.train.batches import gather
from earmark.train.checkpoint import Checkpoint
from earmark.train.export import largest_difference, to_onnx
from earmark.train.loop import train

NAMED = (
    "n", "accuracy", "accuracy_low", "accuracy_high", "balanced_accuracy", "macro_f1", "ece", "brier", "top2",
    "coverage", "mean_set_size",
)  # fmt: skip


@dataclass(frozen=True)
class Made:
    """What the whole path leaves behind."""

    folder: Path
    data: Dataset
    predictions: Predictions
    checkpoint: Checkpoint


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("path")
    data = synthetic.dataset(folder / "pieces")
    recipe = synthetic.recipe(epochs=16)
    predictions = crossval(recipe, [data.folder], folder / "cv", protocol=Protocol(folds=2), seeds=2, jobs=1)
    checkpoint = train(recipe, gather([data], recipe, data.labels), data.labels, folder / "run")
    make_bundle(checkpoint, predictions, folder / "bundle", version="1", created="2026-01-01")
    return Made(folder, data, predictions, checkpoint)


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


@pytest.mark.parametrize("tokens", [1, 6, 20, 33])
def test_onnx_and_torch_agree(made: Made, tokens: int) -> None:
    net = made.checkpoint.network()
    assert largest_difference(net, to_onnx(net), tokens=tokens) < 1e-4


def test_the_bundle_carries_calibration_lineage_and_figures(made: Made) -> None:
    info = load_bundle(made.folder / "bundle").info
    assert info.labels == made.data.labels
    assert info.calibration.max_set == 2
    assert "2-fold" in info.metrics["protocol"]
    assert info.lineage["clips"] == {"pieces": len(made.data.clips)}
    assert info.lineage["recipe"]["name"] == "tiny"


def test_a_bundle_and_its_checkpoint_say_the_same_of_a_data_set(made: Made) -> None:
    bundle, _, figures = evaluate(load_system(made.folder / "bundle"), made.data)
    checkpoint, _, _ = evaluate(load_system(made.folder / "run"), made.data)
    temperature = load_bundle(made.folder / "bundle").info.calibration.temperature
    np.testing.assert_allclose(bundle.probabilities, softmax(checkpoint.logits / temperature), atol=1e-3)
    assert figures["n"] == len(made.data.clips)
    assert figures["accuracy"] > 0.8


def test_a_split_takes_only_its_clips(made: Made) -> None:
    genre = made.data.labels[0]
    answer, _, _ = evaluate(load_system(made.folder / "bundle"), made.data, split=f"genre={genre}")
    assert set(answer.labels) == {genre}


def test_a_folder_of_genre_folders_with_sound_is_evaluated_too(made: Made, tmp_path: Path) -> None:
    import soundfile

    from earmark.data.synth import compose

    for style in ("drone", "noise"):
        (tmp_path / "music" / style).mkdir(parents=True)
        for number in range(2):
            piece = compose(style, duration_s=9.0, rng=np.random.default_rng(number))
            soundfile.write(tmp_path / "music" / style / f"{number}.flac", piece.samples, piece.sample_rate_hz)
    said = evaluate_files(made.folder / "bundle", tmp_path / "music", tmp_path / "out")
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["n"] == 4
    assert "4 clips" in said


def test_a_data_set_of_other_genres_is_an_error_in_words(made: Made, tmp_path: Path) -> None:
    (tmp_path / "clips.csv").write_text("id,genre\na,polka\n")
    with pytest.raises(DataError, match="has a label"):
        evaluate(load_system(made.folder / "bundle"), Dataset.load(tmp_path))
