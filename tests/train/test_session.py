"""Sets side by side: a split of one of them keeps its artists out of the others, too."""

from pathlib import Path

import pytest
import torch

import synthetic
from earmark.data.dataset import Dataset
from earmark.train.checkpoint import Checkpoint
from earmark.train.session import split_sets, train_on


@pytest.fixture
def sets(tmp_path: Path) -> list[Dataset]:
    def write(name: str, text: str) -> Dataset:
        (tmp_path / name).mkdir()
        (tmp_path / name / "clips.csv").write_text(text)
        return Dataset.load(tmp_path / name)

    one = write("one", "id,genre,artist,side\na,pop,The Band,train\nb,pop,Singer,valid\nc,rock,,valid\n")
    two = write("two", "id,genre,artist\nd,pop,band\ne,pop,Singer feat. Band\nf,rock,Other\ng,rock,\n")
    return [one, two]


def ids(sets: list[Dataset]) -> list[str]:
    return [clip.id for dataset in sets for clip in dataset.clips]


def test_without_a_split_all_clips_train(sets: list[Dataset]) -> None:
    assert ids(split_sets(sets, None)) == list("abcdefg")


def test_artists_of_the_side_left_out_are_left_out_of_every_set(sets: list[Dataset]) -> None:
    # "Singer feat. Band" links the singer of the side left out to the band, so that "d" goes, too.
    assert ids(split_sets(sets, "side=train")) == ["a", "f", "g"]


def test_a_set_that_is_named_twice_is_split_alike(sets: list[Dataset]) -> None:
    again = Dataset.load(sets[0].folder)
    assert ids(split_sets([*sets, again], "side=train")) == ["a", "f", "g", "a"]


def test_a_session_trains_by_files_says_how_far_it_is_and_takes_the_threads_it_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    monkeypatch.setattr(torch, "set_num_threads", threads.append)
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=4, duration_s=7.5)
    recipe = tmp_path / "tiny.toml"
    recipe.write_text(synthetic.RECIPE.replace("epochs = 6", "epochs = 2"))
    told: list[tuple[int, int]] = []
    out = tmp_path / "run"
    said = train_on(recipe, [data.folder], out, progress=lambda done, total: told.append((done, total)))
    assert told == [(1, 2), (2, 2)]
    checkpoint = Checkpoint.load(out)
    last = checkpoint.history[-1]
    assert said is not None
    assert {"epoch 2", f"loss {last['loss']:.4g}", f"seconds {last['seconds']:.4g}"} <= set(said.split(", "))
    assert "rate" not in said
    assert checkpoint.genres == data.labels
    assert checkpoint.lineage["seed"] == 0
    assert sorted(path.name for path in out.iterdir()) == ["checkpoint.pt", "curves.png", "log.jsonl"]
    train_on(recipe, [data.folder], tmp_path / "other", seed=3, threads=2)
    assert Checkpoint.load(tmp_path / "other").lineage["seed"] == 3
    assert threads == [7, 2]
