"""What networks say beyond the genre, from answers beside a cross-validation to figures and into a bundle."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import synthetic
from earmark.data.dataset import Dataset
from earmark.data.teacher import Teacher
from earmark.errors import DataError
from earmark.evaluate.answers import Answers
from earmark.evaluate.beyond import Beyond, measure_beyond
from earmark.evaluate.predictions import Predictions
from earmark.train.recipe import Recipe

TAGS = ("loud", "still", "even")


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    made = synthetic.dataset(tmp_path / "pieces", clips_per_style=6)
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(len(made.clips), 2, len(TAGS)))
    np.savez(
        made.folder / "teacher.npz",
        ids=np.array([clip.id for clip in made.clips]),
        tags=np.array(TAGS),
        logits=logits.astype(np.float16),
        windows=np.full(len(made.clips), 2),
        hop_s=np.float32(3),
        window_s=np.float32(3),
    )
    return made


def recipe(data: Dataset) -> Recipe:
    plain = synthetic.recipe().to_dict()
    *genres, other = data.labels
    sets = {"pieces": {"map": {genre: genre for genre in genres}, "outside": [other]}}
    return Recipe.from_dict(plain | {"genres": genres, "sets": sets})


def predictions(data: Dataset) -> Predictions:
    """Of the clips of the genres, as if all were reported."""
    genres = data.labels[:-1]
    clips = [clip for clip in data.clips if clip.label in genres]
    return Predictions(
        genres,
        tuple(clip.id for clip in clips),
        ("pieces",) * len(clips),
        tuple(clip.artist_key for clip in clips),
        tuple(clip.label or "" for clip in clips),
        np.full((len(clips), 3), 1 / 3),
        np.zeros(len(clips), dtype=np.int64),
        np.zeros(len(clips), dtype=np.int64),
    )


def write_runs(data: Dataset, out: Path, *, noise: float) -> None:
    """Answers of two folds by artist: the teacher's own tags and the truth about the last style, with some noise."""
    teacher, rng = Teacher.load(data.folder), np.random.default_rng(1)
    artists = sorted({clip.artist_key for clip in data.clips})
    (out / "runs").mkdir(parents=True)
    for fold in (0, 1):
        clips = [clip for clip in data.clips if artists.index(clip.artist_key) % 2 == fold]
        tags = np.stack([teacher.hears(clip).logits.mean(axis=0) for clip in clips])
        outside = np.array([[2.0 * (clip.label == data.labels[-1]) - 1] for clip in clips])
        right = np.array([[3.0 * (clip.label == genre) for genre in data.labels[:-1]] for clip in clips])
        wrong = np.roll(right, 1, axis=1)  # the machines are always wrong, and heard half as loud as the network
        said = {"logits": right + wrong / 2, "opinion": wrong / 2, "tags": tags, "outside": outside}
        noisy = {name: (rows + noise * rng.normal(size=rows.shape)).astype(np.float32) for name, rows in said.items()}
        Answers.of(clips, noisy).write(out / "runs" / f"seed0_fold{fold}.npz")


def test_a_network_that_says_what_its_teacher_says_and_knows_what_is_outside_is_found_perfect(
    data: Dataset, tmp_path: Path
) -> None:
    write_runs(data, tmp_path / "cv", noise=0.0)
    found = measure_beyond(recipe(data), [data.folder], tmp_path / "cv", predictions(data))
    assert found.tags
    assert found.outside
    assert found.tags.names == TAGS
    assert found.tags.auc == pytest.approx(1)
    assert found.tags.correlation == pytest.approx(1, abs=1e-3)
    assert found.tags.n == len(data.clips)
    assert found.outside.auc == found.outside_by_set["pieces"]["auc"] == 1
    assert found.outside.n_outside == len(data.clips) // 4
    assert (found.outside.detected, found.outside.false_alarms) == (1, 0)
    assert found.outside.whole
    assert found.outside.whole.n == len(data.clips)
    assert {name: row["n"] for name, row in found.whole.items()} == {
        "pieces, of the genres": len(data.clips) * 3 // 4,
        "outside": len(data.clips) // 4,
        "all sets, half outside": len(data.clips),
    }
    assert "AUC 1.000" in found.words
    (tmp_path / "cv/runs/seed1_fold0.npz").write_bytes(b"of a seed that is not reported")
    assert measure_beyond(recipe(data), [data.folder], tmp_path / "cv", predictions(data)) == found
    accuracies = {name: row["accuracy"] for name, row in found.parts.items()}
    assert accuracies == {"together": 1, "network": 1, "kernel machines": 0}


def test_noise_costs_and_figures_come_back_as_they_were_written(data: Dataset, tmp_path: Path) -> None:
    write_runs(data, tmp_path / "cv", noise=2.0)
    found = measure_beyond(recipe(data), [data.folder], tmp_path / "cv", predictions(data))
    assert found.tags
    assert found.outside
    assert 0.4 < found.tags.auc < 0.95
    assert found.outside.auc < 0.98
    found.write(tmp_path / "cv")
    assert Beyond.read(tmp_path / "cv") == found


def test_without_answers_there_is_nothing_beyond_and_other_files_or_data_are_named(
    data: Dataset, tmp_path: Path
) -> None:
    said = predictions(data)
    assert measure_beyond(recipe(data), [data.folder], tmp_path, said) == Beyond(None, None, {}, {}, {})
    assert Beyond.read(tmp_path).words == ""
    (tmp_path / "beyond.json").write_text("{}")
    with pytest.raises(DataError, match=r"beyond\.json"):
        Beyond.read(tmp_path)
    write_runs(data, tmp_path / "cv", noise=0.0)
    other = synthetic.dataset(tmp_path / "other", clips_per_style=2)
    with pytest.raises(DataError, match="pieces/"):
        measure_beyond(recipe(data), [other.folder], tmp_path / "cv", said)


def test_the_outputs_of_several_teachers_and_the_styles_are_told_as_words(tmp_path: Path) -> None:
    made = synthetic.dataset(tmp_path / "pieces", clips_per_style=60)
    rng = np.random.default_rng(4)
    heard = {"teacher": ("jazz", "loud"), "audioset": ("Jazz", "Music")}
    for file, names in heard.items():
        logits = np.where(rng.random((len(made.clips), 1, 2)) < 0.15, 4.0, -4.0)
        ids = np.array([clip.id for clip in made.clips])
        np.savez(made.folder / f"{file}.npz", ids=ids, tags=np.array(names), logits=logits.astype(np.float16))
    np.savez(made.folder / "vectors.npz", ids=ids, embedding=np.zeros((len(ids), 4), np.float16))
    teachers = {name: Teacher.load(made.folder, f"{name}.npz") for name in heard}
    artists = sorted({clip.artist_key for clip in made.clips})
    for fold in (0, 1):
        clips = [clip for clip in made.clips if artists.index(clip.artist_key) % 2 == fold]
        tags = np.stack([np.r_[tuple(each.hears(clip).logits[0] for each in teachers.values())] for clip in clips])
        styles = rng.normal(size=(len(clips), 1)).astype(np.float32)
        said = {"logits": np.zeros((len(clips), 4), np.float32), "tags": tags, "styles": styles}
        Answers.of(clips, said).write(tmp_path / "cv/runs" / f"seed0_fold{fold}.npz")
    plain = synthetic.recipe().to_dict() | {"styles": ["Punk"]}
    plain["model"]["heads"] = {"tags": 4, "embedding": 4, "styles": 1}
    plain["teacher"] = {"files": {"vectors": 1.0, "teacher": 1.0, "audioset": 1.0}}
    found = measure_beyond(Recipe.from_dict(plain), [made.folder], tmp_path / "cv", predictions(made))
    assert found.tags
    assert found.tags.names == ("jazz", "loud")  # what is in no vocabulary is a word of its own
    jazz, loud = found.tags.each
    assert (jazz.group, jazz.judged_by, loud.group) == ("style", "teacher", "")
    assert (jazz.auc, loud.auc) == (pytest.approx(1, abs=0.05), 1)
    assert {head: list(parts) for head, parts in found.mix["jazz"].items()} == {"tags": ["0", "2"]}
    assert found.left_out == {"punk": "nobody says it"}  # "Music" is none of its words
    assert found.tags.teacher_licence == "ISC; MIT"
    assert "word left out: punk, nobody says it" in found.words
    found.write(tmp_path / "cv")
    assert Beyond.read(tmp_path / "cv") == found


def test_parts_are_measured_among_the_genres_that_a_set_has(data: Dataset, tmp_path: Path) -> None:
    write_runs(data, tmp_path / "cv", noise=0.0)
    for path in (tmp_path / "cv" / "runs").glob("*.npz"):
        answers = Answers.read(path)
        loud = np.full((len(answers), 1), 9.0, np.float32)  # a genre that no clip has, the loudest of all
        said = {name: np.hstack([answers.said[name], loud]) for name in ("logits", "opinion")}
        replace(answers, said=said).write(path)
    four = predictions(data)
    more = replace(four, genres=(*four.genres, "polka"), probabilities=np.full((len(four), 4), 0.25))
    found = measure_beyond(recipe(data), [data.folder], tmp_path / "cv", more)
    accuracies = {name: row["accuracy"] for name, row in found.parts.items()}
    assert accuracies == {"together": 1, "network": 1, "kernel machines": 0}
