"""Sets side by side: a split of one of them keeps its artists out of the others, too."""

from pathlib import Path

import pytest

from earmark.data.dataset import Dataset
from earmark.train.session import split_sets


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
