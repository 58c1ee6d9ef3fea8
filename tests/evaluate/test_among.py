"""A set measured among its own genres, and labels that stand for several."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earmark.errors import DataError
from earmark.evaluate.among import LabelMap, among_own, grouped, groups_of, own_by_set, own_genres
from earmark.evaluate.predictions import Predictions

GENRES = ("jazz", "metal", "pop", "rock")


def predictions(sets: tuple[str, ...] = ("one", "one"), labels: tuple[str, ...] = ("pop", "rock")) -> Predictions:
    shares = np.array([[0.5, 0.1, 0.3, 0.1], [0.2, 0.4, 0.2, 0.2]])
    zeros = np.zeros(2, dtype=np.int64)
    return Predictions(GENRES, ("a", "b"), sets, ("x", "y"), labels, shares, zeros, zeros)


def test_a_set_is_measured_among_the_genres_it_has() -> None:
    assert groups_of(GENRES, {"rock", "pop", "polka"}) == {"pop": ("pop",), "rock": ("rock",)}
    assert list(groups_of(GENRES, {"rock"}, among="all")) == list(GENRES)
    assert list(groups_of(GENRES, {"rock"}, among=["rock", "jazz"])) == ["rock", "jazz"]
    own = among_own(predictions())
    assert own.genres == ("pop", "rock")
    np.testing.assert_allclose(own.probabilities, [[0.75, 0.25], [0.5, 0.5]])
    assert own.labels == ("pop", "rock")


def test_each_of_several_sets_is_measured_among_its_own() -> None:
    four = predictions()
    pairs = {"ids": tuple("abcd"), "sets": ("one", "one", "two", "two"), "artists": tuple("wxyz")}
    pairs |= {"labels": ("pop", "rock", "jazz", "rock"), "probabilities": np.tile(four.probabilities, (2, 1))}
    both = replace(four, **pairs, seeds=np.zeros(4, np.int64), folds=np.zeros(4, np.int64))
    own = among_own(both)
    assert own.genres == ("jazz", "pop", "rock")
    np.testing.assert_allclose(own.probabilities[:2], [[0, 0.75, 0.25], [0, 0.5, 0.5]])
    np.testing.assert_allclose(own.probabilities[2:], [[5 / 6, 0, 1 / 6], [0.5, 0, 0.5]])
    assert own_by_set(both)["two"].tolist() == [True, False, False, True]
    with_all = replace(four, genres=("pop", "rock"), probabilities=np.eye(2))
    assert among_own(with_all) is with_all


def test_a_set_of_one_genre_is_measured_among_all_for_it_would_always_be_right() -> None:
    assert own_genres(GENRES, {"rock", "polka"}) == GENRES
    assert list(groups_of(GENRES, {"rock"})) == list(GENRES)
    alone = predictions(labels=("rock", "rock"))
    assert among_own(alone) is alone
    mapped = LabelMap({"Rock": ("rock", "metal"), "Jazz": ("jazz",)})
    assert set(groups_of(GENRES, {"Rock"}, label_map=mapped)) == {"Rock", "Jazz"}


def test_a_label_that_stands_for_several_genres_has_all_their_probability(tmp_path: Path) -> None:
    (tmp_path / "map.toml").write_text(
        'column = "top"\n[labels]\nRock = ["rock", "metal"]\nJazz = "jazz"\nFolk = "pop"\n'
    )
    label_map = LabelMap.load(tmp_path / "map.toml")
    assert label_map.column == "top"
    groups = groups_of(GENRES, {"Rock", "Jazz"}, label_map=label_map)
    assert groups == {"Rock": ("rock", "metal"), "Jazz": ("jazz",)}
    assert set(groups_of(GENRES, {"Rock"}, among="all", label_map=label_map)) == {"Rock", "Jazz", "Folk"}
    np.testing.assert_allclose(grouped(predictions(), groups).probabilities, [[2 / 7, 5 / 7], [0.75, 0.25]])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "cannot be read: No such file"),
        ("[labels", "is not TOML"),
        ("[labels]", "is not one of labels onto genres"),
        ('label = "x"\n[labels]\na = "rock"', "is not one of labels onto genres"),
        ("[labels]\na = []", "'a' must stand for a genre"),
        ("[labels]\na = [3]", "'a' must stand for a genre"),
        ('[labels]\na = "rock"\nb = ["pop", "rock"]', "'rock' stands under two labels"),
    ],
)
def test_a_map_that_is_none_is_refused(tmp_path: Path, content: str | None, sentence: str) -> None:
    if content is not None:
        (tmp_path / "map.toml").write_text(content)
    with pytest.raises(DataError, match=sentence):
        LabelMap.load(tmp_path / "map.toml")


def test_genres_that_are_not_there_are_named() -> None:
    with pytest.raises(DataError, match=r"no genre 'polka'. Its genres are jazz, metal"):
        groups_of(GENRES, {"rock"}, among=["rock", "polka"])
    with pytest.raises(DataError, match=r"The set has no label that is known\. Known are jazz"):
        groups_of(GENRES, {"polka"})
    with pytest.raises(DataError, match="no genre 'ska'"):
        groups_of(GENRES, {"a"}, label_map=LabelMap({"a": ("ska",)}))
    with pytest.raises(DataError, match="Name one of the two"):
        groups_of(GENRES, {"a"}, among=["rock"], label_map=LabelMap({"a": ("rock",)}))


def test_the_project_s_map_of_fma_is_of_the_genres_of_its_recipe() -> None:
    from earmark.train.recipe import Recipe

    label_map, genres = LabelMap.load(Path("recipes/maps/fma.toml")), Recipe.load("recipes/ears.toml").genres
    assert len(groups_of(genres, set(label_map.labels), label_map=label_map)) == 8
