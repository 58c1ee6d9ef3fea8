"""The vocabulary: every output has its place in it, and what is wrong with such a file is said."""

import csv
import tomllib
from pathlib import Path

import numpy as np
import pytest

from earmark.errors import DataError
from earmark.evaluate.vocabulary import Label, Output, Vocabulary, Word
from earmark.listen.heads import GROUPS
from earmark.train.recipe import Recipe

RECIPES = Path(__file__).parents[2] / "recipes"
VOCABULARY = Vocabulary.load()


def read(folder: Path, text: str) -> Vocabulary:
    (folder / "words.toml").write_text(text, encoding="utf-8")
    return Vocabulary.load(folder / "words.toml")


def test_the_styles_of_the_recipe_are_words_or_left_out() -> None:
    styles = {Output("styles", style) for style in Recipe.load(RECIPES / "ears.toml").styles}
    assert len(styles) == 61
    assert {output for output in outputs() if output.source == "styles"} == styles


@pytest.mark.parametrize(("file", "key", "count"), [("teacher", "tags", 50), ("audioset", "labels", 181)])
def test_the_tags_of_the_teachers_are_words_or_left_out(real_data: Path, file: str, key: str, count: int) -> None:
    with np.load(real_data / f"4q/{file}.npz") as table:
        tags = {Output(file, str(name)) for name in table[key]}
    assert len(tags) == count
    assert {output for output in outputs() if output.source == file} == tags


def test_there_is_nothing_else_in_it() -> None:
    found = outputs()
    assert len(found) == len(set(found)) == 50 + 181 + 61


def test_people_gave_the_labels_that_words_are_judged_by(real_data: Path) -> None:
    for label in {label for word in VOCABULARY.words for label in word.people}:
        with (real_data / label.dataset / "clips.csv").open(encoding="utf-8") as file:
            cells = {name.strip() for row in csv.DictReader(file) for name in row[label.column].split(";")}
        assert label.name in cells, label


def test_names_are_written_as_people_write_them() -> None:
    for word in VOCABULARY.words:
        assert word.name == word.name.lower().strip()
        assert word.group in GROUPS
    names = {word.name for word in VOCABULARY.words}
    assert {"hip hop", "drum and bass", "female voice", "1980s"} <= names


def test_synonyms_are_one_word_and_other_outputs_words_of_their_own() -> None:
    has = [Output("teacher", "female vocalist"), Output("audioset", "Music"), Output("mine", "jazz")]
    assert VOCABULARY.heard_by(has) == (
        Word("female voice", "voice", (has[0],)),
        Word("jazz", "", (has[2],)),
    )
    both = VOCABULARY.heard_by([*has, Output("teacher", "jazz")])
    assert [word.name for word in both] == ["jazz", "female voice", "mine: jazz"]


def test_a_word_says_its_labels() -> None:
    words = {word.name: word for word in VOCABULARY.words}
    assert words["punk"].people == (Label("fma", "subgenres", "Punk"),)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[colour]\nred = { teacher = ['red'] }", "a group 'colour'"),
        ("[mood]\nred = { people = ['fma genre: Red'] }", "nothing is heard by which 'red'"),
        ("[mood]\nred = { teacher = ['red'], people = ['Red'] }", "'Red' is no label"),
        ("[mood]\nred = { teacher = ['red'] }\n[style]\nred = { teacher = ['reds'] }", "the word 'red' twice"),
        ("[mood]\nred = { teacher = ['red'] }\n[left_out]\nteacher = ['red']", "output 'teacher: red' twice"),
        ("[mood", "cannot be read"),
    ],
)
def test_a_file_that_is_wrong_is_refused_in_words(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        read(tmp_path, text)


def outputs() -> list[Output]:
    return [output for word in VOCABULARY.words for output in word.heard_by] + list(VOCABULARY.left_out)


def test_the_file_is_in_the_order_of_the_groups() -> None:
    file = Path(__file__).parents[2] / "src/earmark/evaluate/words.toml"
    assert tuple(tomllib.loads(file.read_text(encoding="utf-8"))) == (*GROUPS, "left_out")
