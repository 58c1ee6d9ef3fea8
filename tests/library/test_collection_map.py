"""A collection as a map: all of it or a part, with words of one's own, and as a page."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earmark.errors import CollectionError
from earmark.library.bearings import Column
from earmark.library.collection import Collection
from earmark.library.collection_map import YOURS, map_of
from earmark.library.map_page import columns_of, map_page
from earmark.library.words import word_probabilities
from earmark.listen.calibrate import Platt
from earmark.listen.linear import MULTI, Layer, LinearHead
from earmark.listen.linear import YOURS as ROLE
from made_collection import NAMES, NUMBERS, SHA256, TAGS, opened
from pages import read


def test_the_map_has_every_entry_its_answers_and_its_true_neighbours(made_collection: Collection) -> None:
    charted = map_of(made_collection)
    assert len(charted) == len(made_collection)
    assert [entry.id for entry in charted.entries] == made_collection.ids.tolist()
    np.testing.assert_array_equal(charted.answers, made_collection.answers)
    cosines = made_collection.vectors @ made_collection.vectors.T
    rows = charted.layout.neighbours.rows
    np.testing.assert_allclose(charted.layout.neighbours.cosines, np.take_along_axis(cosines, rows, axis=1), atol=1e-5)
    assert charted.chance == pytest.approx(10 / 39)


def test_tags_are_columns_of_their_groups(made_collection: Collection) -> None:
    columns = map_of(made_collection).columns
    assert {Column(group, name) for name, group in TAGS.items()} <= set(columns)
    assert len(columns) == NAMES.count


def test_a_part_is_a_map_of_its_own(made_collection: Collection) -> None:
    keep = np.arange(40) % 2 == 0
    charted = map_of(made_collection, keep=keep)
    assert len(charted) == 20
    assert not charted.layout.is_curved
    assert charted.curved is charted.flat
    assert charted.layout.neighbours.rows.max() < 20
    assert [entry.id for entry in charted.entries] == made_collection.ids[keep].tolist()


@pytest.mark.parametrize(
    ("count", "words"), [(0, "here are 0 tracks"), (1, "here is 1 track"), (2, "here are 2 tracks")]
)
def test_fewer_than_three_are_no_map(made_collection: Collection, count: int, words: str) -> None:
    with pytest.raises(CollectionError, match=words):
        map_of(made_collection, keep=np.arange(40) < count)


def test_the_same_collection_and_seed_make_the_same_map(made_collection: Collection) -> None:
    one, again, other = (map_of(made_collection, seed=seed).curved.plane.positions for seed in (0, 0, 1))
    assert np.array_equal(one, again)
    assert not np.array_equal(one, other)


def test_as_json_it_names_places_neighbours_and_what_goes_with_its_axes(made_collection: Collection) -> None:
    told = map_of(made_collection).to_dict()
    assert told["model"] == made_collection.model
    assert set(told["kept"]) == {"curved", "flat", "chance", "neighbours"}
    first = told["tracks"][0]
    assert first["path"] == made_collection.entries[0].path
    assert first["genre"] in NAMES.genres
    assert len(first["neighbours"]) == len(first["similarity"]) == 10
    assert {bearing["name"] for bearing in told["planes"]["flat"]["goes_with"]} == {
        name for labels in NAMES.groups.values() for name in labels
    }


def test_a_mood_that_is_not_told_costs_nothing_but_the_turning(tmp_path: Path) -> None:
    def moodless(_number: int, facts: object, heard: object) -> tuple:
        return facts, replace(heard, answers=np.full_like(heard.answers, np.nan))  # type: ignore[attr-defined, type-var]

    with opened(tmp_path, np.random.default_rng(0), n=40, change=moodless) as collection:
        charted = map_of(collection)
        assert np.isfinite(charted.curved.plane.positions).all()
        assert read("".join(map_page(collection, charted, tmp_path / "map.html"))).words


def test_the_page_says_of_each_track_what_was_heard(made_collection: Collection, tmp_path: Path) -> None:
    page = "".join(map_page(made_collection, map_of(made_collection), tmp_path / "map.html", colour="piano"))
    words = read(page).words
    assert "Map of 40 tracks" in words
    track = made_collection.track(int(made_collection.ids[3]))
    assert track.words in page
    assert made_collection.entries[3].title in page
    assert "by neighbours" in page
    assert "by main axes" in page


def test_a_page_of_a_part_has_its_tracks_alone(made_collection: Collection, tmp_path: Path) -> None:
    keep = np.arange(40) >= 35
    page = "".join(map_page(made_collection, map_of(made_collection, keep=keep), tmp_path / "map.html"))
    titles = [entry.title for entry in made_collection.entries]
    assert [f'"{title}"' in page for title in titles] == keep.tolist()


def test_a_map_is_turned_by_its_mood_and_says_so_first(tmp_path: Path) -> None:
    def rising(number: int, facts: object, heard: object) -> tuple:
        answers = heard.answers.copy()  # type: ignore[attr-defined]
        answers[NAMES.place("plane", "arousal")] = number % 5 / 2 - 1  # by cluster
        return facts, replace(heard, answers=answers)  # type: ignore[type-var]

    with opened(tmp_path, np.random.default_rng(0), n=100, change=rising) as collection:
        charted = map_of(collection)
        up = next(each.up for each in charted.curved.bearings if each.column.name == "arousal")
        assert up > 0.5
        page = "".join(map_page(collection, charted, tmp_path / "map.html"))
    ends = re.search(r'"ends":(\[\[.*?\]\]\])', page)
    assert ends is not None
    assert '["lively",' in ends[1]
    assert '["calm",-' in ends[1]


def word(name: str) -> LinearHead:
    layer = Layer(np.full((NUMBERS, 1), 0.1), np.zeros(1), np.zeros((128, 1)), np.zeros(1))
    return LinearHead(name, MULTI, (name,), SHA256, layer, lines=(Platt(1.0, 0.0),), role=ROLE)


def test_words_of_ones_own_are_answers_too(made_collection: Collection) -> None:
    keep = np.arange(40) % 2 == 1
    charted = map_of(made_collection, words=[word("gym")], keep=keep)
    assert charted.columns[-1] == Column(YOURS, "gym")
    np.testing.assert_array_equal(charted.answers[:, -1], word_probabilities(made_collection, word("gym"))[keep])


def test_the_columns_of_a_page_are_those_of_the_map(made_collection: Collection) -> None:
    charted = map_of(made_collection)
    assert columns_of(charted) == [(column.group, column.name) for column in charted.columns]
    assert YOURS not in {group for group, _ in columns_of(charted)}
