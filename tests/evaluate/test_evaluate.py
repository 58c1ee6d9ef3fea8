"""A trained network and its bundle on data sets: synthetic pieces, one side of a split, folders of sound."""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

import synthetic
import untrained
from earmark.data.dataset import Dataset
from earmark.data.layout import write_rows
from earmark.errors import DataError
from earmark.evaluate.among import LabelMap
from earmark.evaluate.bundling import make_bundle
from earmark.evaluate.evaluate import evaluate, evaluate_files, load_system
from earmark.listen.bundle import load_bundle
from earmark.listen.calibrate import softmax
from earmark.train.batches import gather
from earmark.train.checkpoint import Checkpoint
from earmark.train.export import largest_difference, to_onnx
from earmark.train.loop import train


@dataclass(frozen=True)
class Made:
    """A network that knows the pieces, in `run`, and in `bundle`, calibrated on answers of no network."""

    folder: Path
    data: Dataset
    checkpoint: Checkpoint


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("evaluate")
    data = synthetic.dataset(folder / "pieces")
    recipe = synthetic.recipe(epochs=16)
    checkpoint = train(recipe, gather([data], recipe, data.labels), data.labels, folder / "run")
    said = untrained.predictions()  # of as many genres, under other names
    said = replace(said, genres=data.labels, labels=tuple(data.labels[label] for label in said.truth))
    make_bundle(checkpoint, said, folder / "bundle", version="1", created="2026-01-01")
    return Made(folder, data, checkpoint)


@pytest.mark.parametrize("tokens", [1, 6, 20, 33])
def test_onnx_and_torch_agree(made: Made, tokens: int) -> None:
    net = made.checkpoint.network()
    assert largest_difference(net, to_onnx(net), tokens=tokens) < 1e-4


def test_clips_that_their_set_marks_are_left_out_and_counted(made: Made) -> None:
    marked = made.data.clips[0].id
    clips = tuple(
        replace(clip, columns={**clip.columns, "flag": "a copy"}) if clip.id == marked else clip
        for clip in made.data.clips
    )
    answer, _, metrics = evaluate(load_system(made.folder / "run"), replace(made.data, clips=clips))
    assert marked not in answer.ids
    assert (len(answer), metrics["n_left_out"]) == (len(clips) - 1, 1)


def test_the_bundle_carries_calibration_lineage_and_figures(made: Made) -> None:
    info = load_bundle(made.folder / "bundle").info
    assert info.labels == made.data.labels
    assert info.calibration.max_set == 2
    assert "4-fold" in info.metrics["protocol"]
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


def test_a_set_with_fewer_genres_is_measured_among_its_own_and_the_rest_is_said(made: Made, tmp_path: Path) -> None:
    few = made.data.select(lambda clip: clip.label in ("drone", "plucks"))
    system = load_system(made.folder / "bundle")
    answer, _, figures = evaluate(system, few)
    assert answer.genres == ("drone", "plucks")
    assert (figures["n_genres"], figures["n_genres_of_system"]) == (2, 4)
    whole, _, of_all = evaluate(system, few, among="all")
    assert whole.genres == made.data.labels
    assert of_all["accuracy"] == figures["accuracy_among_all"] <= figures["accuracy"]
    both = LabelMap({"tonal": ("drone", "plucks"), "other": ("noise",)}, column="kind")
    rows = [{**clip.columns, "kind": "other" if clip.label == "noise" else "tonal"} for clip in made.data.clips]
    write_rows(tmp_path / "clips.csv", rows)
    (tmp_path / "mel").symlink_to(made.data.folder / "mel")
    mapped, _, figures = evaluate(system, Dataset.load(tmp_path), label_map=both)
    assert mapped.genres == ("tonal", "other")
    assert figures["n_genres"] == 3
    assert set(mapped.labels) == {"tonal", "other"}


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
    with pytest.raises(DataError, match="has no label that is known"):
        evaluate(load_system(made.folder / "bundle"), Dataset.load(tmp_path))
