"""How well meanings fit entries: probabilities as the network tells them, 1 and 0 where it is certain."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from earmark.library.collection import Collection
from earmark.library.judging import Judge, holds, year_of
from earmark.library.meanings import YOURS, Answer, Holds, Range
from earmark.library.names import GENRES, MOODS, TAGS
from earmark.library.wishes import Term
from earmark.listen.calibrate import Platt
from earmark.listen.linear import MULTI, Layer, LinearHead
from earmark.listen.linear import YOURS as ROLE
from made_collection import NUMBERS, SHA256, opened

JAZZ, METAL, PIANO = Answer(GENRES, "jazz"), Answer(GENRES, "metal"), Answer(TAGS, "piano")


@pytest.fixture(scope="module")
def judge(made_collection: Collection) -> Judge:
    return Judge(made_collection)


def mood(collection: Collection, *names: str) -> np.ndarray:
    return sum(collection.column(MOODS, name).astype(float) for name in names)  # type: ignore[return-value]


def test_answers_are_their_columns_and_sides_of_the_mood_are_two(made_collection: Collection, judge: Judge) -> None:
    assert np.array_equal(judge.share(PIANO), made_collection.column(TAGS, "piano"))
    calm = judge.share(Answer(MOODS, "calm"))
    assert np.allclose(calm, mood(made_collection, "melancholic", "serene"))
    assert np.allclose(calm + judge.share(Answer(MOODS, "lively")), 1, atol=1e-2)


def test_what_excludes_each_other_adds_up_and_else_chances_are_independent(
    made_collection: Collection, judge: Judge
) -> None:
    jazz, metal = judge.share(JAZZ), judge.share(METAL)
    assert np.allclose(judge.any_of([JAZZ, METAL]), jazz + metal)
    piano = judge.share(PIANO)
    assert np.allclose(judge.any_of([JAZZ, PIANO]), 1 - (1 - jazz) * (1 - piano))
    both = judge.any_of([Answer(MOODS, "calm"), Answer(MOODS, "dark")])
    assert np.allclose(both, mood(made_collection, "melancholic", "serene", "tense"), atol=1e-2)


def test_moods_that_are_wanted_together_are_where_they_meet(made_collection: Collection, judge: Judge) -> None:
    calm, dark, jazz = (
        Term("calm", (Answer(MOODS, "calm"),)),
        Term("dark", (Answer(MOODS, "dark"),)),
        Term("jazz", (JAZZ,)),
    )
    melancholic = mood(made_collection, "melancholic")
    assert np.allclose(judge.all_of([calm, dark]), melancholic)
    assert np.allclose(judge.all_of([calm, dark, jazz]), melancholic * judge.share(JAZZ))
    bright = dataclasses.replace(Term("no", (Answer(MOODS, "bright"),)), wanted=False)
    assert np.allclose(judge.all_of([calm, bright]), melancholic)
    joyful = Term("joyful", (Answer(MOODS, "joyful"),))
    assert np.allclose(judge.all_of([calm, joyful]), judge.fits(calm) * judge.fits(joyful))  # they meet nowhere


def test_a_term_may_be_turned_and_counted_more(judge: Judge) -> None:
    term = Term("not very jazz", (JAZZ,), wanted=False, times=2)
    assert np.allclose(judge.fits(term), (1 - judge.share(JAZZ)) ** 2)


def test_lengths_and_years_are_certain(made_collection: Collection, judge: Judge) -> None:
    assert judge.share(Range("length", 20, 40)).tolist() == [1.0] * len(made_collection)
    assert judge.share(Range("length", high=20)).tolist() == [0.0] * len(made_collection)
    years = np.array([int(entry.tags["year"]) for entry in made_collection.entries])
    assert judge.share(Range("year", 1970, 1979)).tolist() == ((years >= 1970) & (years < 1980)).astype(float).tolist()
    assert np.isnan(judge.share(Range("bpm", 100, 120))).all()
    arousal = judge.share(Range("arousal", low=0.0))
    assert arousal.tolist() == (made_collection.arousal >= 0).astype(float).tolist()


def test_where_a_file_has_no_year_the_tag_of_the_decade_stands_in(tmp_path: Path) -> None:
    collection = opened(tmp_path, np.random.default_rng(3), n=6, tags={"year": ""})
    judge = Judge(collection)
    assert np.isnan(judge.share(Range("year", 1970, 1979))).all()
    stood_in = judge.share(Range("year", 1970, 1979, "guitar"))
    assert np.array_equal(stood_in, collection.column(TAGS, "guitar"))
    unwanted = Term("not 70s", (Range("year", 1970, 1979),), wanted=False)
    assert judge.fits(unwanted).tolist() == [1.0] * 6  # what is not known is not held against it


def test_the_tempo_is_that_of_the_tags(tmp_path: Path) -> None:
    judge = Judge(opened(tmp_path, np.random.default_rng(3), n=3, tags={"bpm": "119.6"}))
    assert judge.share(Range("bpm", 118, 122)).tolist() == [1.0] * 3
    assert judge.share(Range("bpm", high=100)).tolist() == [0.0] * 3


def test_texts_are_found_whatever_their_capitals_and_accents(made_collection: Collection, judge: Judge) -> None:
    found = judge.share(Holds("artist", "JAZZ artist"))
    assert found.sum() == 8
    assert judge.share(Holds("path", "/JAZZ/")).tolist() == found.tolist()
    assert judge.share(Holds("kind", "song")).all()
    assert holds("bjork", "Björk: Live")
    assert holds("!!!", "We are !!!")
    assert not holds("!!!", "We are")
    assert holds("live*", "Live at last")
    assert not holds("live*", "Not live")


@pytest.mark.parametrize(("year", "meant"), [("1974", 1974), ("1974-05-01", 1974), (1974, 1974), ("05/1999", 1999)])
def test_years_of_tags(year: object, meant: int) -> None:
    assert year_of({"year": year}) == meant


@pytest.mark.parametrize("year", ["", None, "0", "74", "19745", "unknown"])
def test_what_is_no_year(year: object) -> None:
    assert np.isnan(year_of({"year": year}))


def test_a_word_of_ones_own_is_read_off_the_numbers(made_collection: Collection) -> None:
    rng = np.random.default_rng(5)
    layer = Layer(rng.normal(size=(NUMBERS, 1)), np.zeros(1), np.zeros((128, 1)), np.zeros(1))
    word = LinearHead("gym", MULTI, ("gym",), SHA256, layer, lines=(Platt(1.0, 0.0),), role=ROLE)
    shares = Judge(made_collection, [word]).share(Answer(YOURS, "gym"))
    assert np.allclose(shares, 1 / (1 + np.exp(-(made_collection.numbers @ layer.weights)[:, 0])))
