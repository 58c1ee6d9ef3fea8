"""A track in few bytes comes back as it was, but for the steps that are promised."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.label import Label, Measured
from earmark.library import packing
from earmark.library.entry import TOKEN_NUMBERS, Tokens
from earmark.library.names import Names
from earmark.library.packing import (
    Packed,
    half,
    loudness_reader,
    pack_tokens,
    pack_track,
    unhalf,
    unpack_tokens,
    unpack_track,
)
from earmark.track import NONE, Moment, Track
from made_collection import NAMES
from moods import mood
from tracks import GENRES, HEARD, NONE_FIRST, TAGS, track

OF_TRACK = Names(
    {
        "genres": (*(label.name for label in GENRES), NONE),
        "tags": tuple(label.name for label in TAGS),
        "plane": ("valence", "arousal"),
        "quadrants": tuple(label.name for label in mood().quadrants),
        "emotions": tuple(label.name for label in mood().emotions),
    }
)


def again(heard: Track, names: Names = OF_TRACK) -> Track:
    answers = unhalf(half(names.answers(heard)))
    return unpack_track(pack_track(heard, names), answers, names, path=heard.path, model=heard.model)


def numbers_of(values: Any) -> list[float]:
    """All numbers of nested JSON values, in order."""
    if isinstance(values, dict):
        return [number for each in values.values() for number in numbers_of(each)]
    if isinstance(values, list):
        return [number for each in values for number in numbers_of(each)]
    return [float(values)] if isinstance(values, int | float) else []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"mood": mood()},
        {"tags": TAGS, "heard_tags": ("rock", "female vocalists"), "heard": HEARD, "mood": mood(emotions=())},
        {**NONE_FIRST, "notes": ("Its channels cancel: one is heard.", "Ünïcode 🎵"), "unread_s": 1.25},
        {"timeline": (), "decisive": ()},
        {"mood": mood(arc=(), valence=None, arousal=None, quadrants=(), quadrant_set=())},
        {"path": "caf\udce9.mp3", "cannot_tell": True, "loudness_lufs": -11.25},
    ],
)
def test_all_but_the_steps_of_timeline_arc_and_tags_comes_back_to_the_letter(changes: dict[str, Any]) -> None:
    heard = track(**changes)
    found = again(heard)
    assert found.words == heard.words
    bare = {"timeline": (), "tags": ()}
    unmoved = {track_: track_.mood and replace(track_.mood, arc=()) for track_ in (heard, found)}
    assert replace(found, **bare, mood=unmoved[found]) == replace(heard, **bare, mood=unmoved[heard])
    assert [label.name for label in found.tags] == [label.name for label in heard.tags]
    assert numbers_of([each.to_dict() for each in found.timeline]) == pytest.approx(
        numbers_of([each.to_dict() for each in heard.timeline]), abs=1 / 250
    )
    if heard.mood and found.mood:
        assert len(found.mood.arc) == len(heard.mood.arc)
        places = [[(at.start_s, at.valence, at.arousal) for at in each.arc] for each in (found.mood, heard.mood)]
        assert np.array(places[0]) == pytest.approx(np.array(places[1]), abs=1 / 250)


def test_loudness_is_read_out_of_a_summary_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    read = loudness_reader(OF_TRACK)
    summaries = [pack_track(track(loudness_lufs=lufs), OF_TRACK).summary for lufs in (-11.25, 0.5, -14.0, None)]
    assert [read(summary) for summary in summaries] == pytest.approx([-11.25, 0.5, -14.0, math.nan], nan_ok=True)
    assert math.isnan(read(b"broken"))
    monkeypatch.setattr(packing, "_LEFT_OUT", (*packing._LEFT_OUT, "loudness_lufs"))  # as earlier versions packed it
    assert math.isnan(read(pack_track(track(), OF_TRACK).summary))
    assert again(track(loudness_lufs=-11.25)).loudness_lufs is None


def test_what_heads_say_stays(made_collection: Any) -> None:
    heard = made_collection.track(int(made_collection.ids[0]))
    assert heard.heads[0].name == "voice"
    assert again(heard, NAMES) == heard


def test_quiet_moments_stay_quiet_and_evidence_that_was_never_told_stays_untold() -> None:
    timeline = (
        Moment(0.0, 1.473, 0.7, GENRES),
        Moment(1.473, 2.946, 0.0, (), quiet=True),
        Moment(2.5, 3.0, 0.3, GENRES),
    )
    found = again(track(timeline=timeline))
    assert [moment.quiet for moment in found.timeline] == [False, True, False]
    assert found.timeline[1].genres == ()
    assert [moment.start_s for moment in found.timeline] == [0.0, 1.473, 2.5]
    assert [moment.end_s for moment in found.timeline] == [1.473, 2.946, 3.0]
    assert {moment.evidence for moment in found.timeline} == {None}


@settings(max_examples=40, deadline=None)
@given(count=st.integers(0, 60), seed=st.integers(0, 9), gap=st.integers(0, 5))
def test_moments_come_back_to_a_cosine_of_a_hundredth_and_a_millisecond(count: int, seed: int, gap: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(count, TOKEN_NUMBERS)).astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    starts_s = np.arange(count) * 1.47275 + gap * (np.arange(count) > count // 2)
    found = unpack_tokens(pack_tokens(Tokens(starts_s, 1.47275, vectors)))
    assert len(found) == count
    assert found.starts_s == pytest.approx(starts_s, abs=6e-4)
    assert np.sum(found.vectors * vectors, axis=1) == pytest.approx(np.ones(count), abs=5e-3)


def test_a_moment_without_direction_stays_one() -> None:
    found = unpack_tokens(pack_tokens(Tokens(np.zeros(1), 1.0, np.zeros((1, TOKEN_NUMBERS), np.float32))))
    assert found.vectors.tolist() == np.zeros((1, TOKEN_NUMBERS)).tolist()


def test_numbers_too_large_for_half_precision_stay_finite_and_what_is_not_told_stays_so() -> None:
    found = unhalf(half(np.array([1e9, -1e9, math.nan, 0.25])))
    assert np.isfinite(found[:2]).all()
    assert np.isnan(found[2])
    assert found[3] == 0.25


@pytest.mark.parametrize("cut", [0, 3, 20])
def test_what_is_broken_is_a_value_error(cut: int) -> None:
    packed = pack_track(track(mood=mood()), OF_TRACK)
    answers = OF_TRACK.answers(track())
    for broken in (Packed(packed.summary[:cut], packed.timeline), Packed(packed.summary, packed.timeline[:cut])):
        with pytest.raises(ValueError, match="holds"):
            unpack_track(broken, answers, OF_TRACK, path="", model="")
    with pytest.raises(ValueError, match="holds"):
        unpack_tokens(pack_tokens(Tokens(np.zeros(1), 1.0, np.ones((1, TOKEN_NUMBERS), np.float32)))[: cut + 1])


def test_what_a_track_says_stands_under_its_names() -> None:
    answers = OF_TRACK.answers(track(tags=TAGS, outside=0.4, mood=mood()))
    told = {name: float(answers[OF_TRACK.place("genres", name)]) for name in ("rock", NONE)}
    assert told == pytest.approx({"rock": 0.614, NONE: 0.4})
    assert answers[OF_TRACK.place("plane", "valence")] == pytest.approx(-0.25)
    assert Names.from_dict(OF_TRACK.to_dict()) == OF_TRACK
    missing = OF_TRACK.answers(track())
    assert np.isnan(missing[OF_TRACK.columns("tags")]).all()
    zero = OF_TRACK.answers(track(mood=mood(valence=Measured(0.0, -1.0, 1.0))))
    assert zero[OF_TRACK.place("plane", "valence")] == 0.0
    assert answers[OF_TRACK.columns("genres")].tolist() == pytest.approx([*(each.probability for each in GENRES), 0.4])
    assert Label("rock", 0.614) in GENRES
