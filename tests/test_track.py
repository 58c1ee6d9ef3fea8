"""The schema of an answer: what goes into JSON comes out again, whoever had it in between."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark import EarmarkError, Track
from earmark.label import Label, sorted_labels
from earmark.track import NONE, HeardTag, Moment, Segment, Span

SHARES = st.floats(0, 1)
TIMES_S = st.floats(0, 1e5)
LABELS = st.dictionaries(st.text(max_size=8), SHARES, min_size=1, max_size=4).map(sorted_labels)
MOMENTS = st.builds(
    Moment,
    start_s=TIMES_S,
    end_s=TIMES_S,
    attention=SHARES,
    genres=st.just(()) | LABELS,
    quiet=st.booleans(),
    evidence=st.none() | SHARES,
)
SEGMENTS = st.builds(Segment, start_s=TIMES_S, end_s=TIMES_S, attention=SHARES, evidence=st.none() | SHARES)
SPANS = st.builds(Span, start_s=TIMES_S, end_s=TIMES_S, probability=SHARES)
HEARD = st.builds(
    HeardTag,
    name=st.text(),
    group=st.text(),
    probability=SHARES,
    spans=st.lists(SPANS, max_size=2).map(tuple),
    throughout=st.booleans(),
    passing=st.booleans(),
)
TRACKS = st.builds(
    Track,
    path=st.text(),
    duration_s=TIMES_S,
    genres=LABELS,
    genre_set=st.lists(st.text()).map(tuple),
    cannot_tell=st.booleans(),
    decisive=st.lists(SEGMENTS, max_size=3).map(tuple),
    timeline=st.lists(MOMENTS, max_size=3).map(tuple),
    model=st.text(),
    tags=st.just(()) | LABELS,
    heard_tags=st.lists(st.text()).map(tuple),
    outside=st.none() | SHARES,
    none_of_these=st.booleans(),
    unread_s=TIMES_S,
    notes=st.lists(st.text()).map(tuple),
    heard=st.lists(HEARD, max_size=2).map(tuple),
    loudness_lufs=st.none() | st.floats(-99, 9),
)


def short_track() -> Track:
    return Track(
        path="a.mp3",
        duration_s=2.0,
        genres=(Label("rock", 0.6), Label("blues", 0.2)),
        genre_set=("rock",),
        cannot_tell=False,
        decisive=(Segment(0.0, 1.5, 1.0, 0.4, 0.9),),
        timeline=(Moment(0.0, 1.5, 1.0, (Label("blues", 0.6), Label("rock", 0.4)), evidence=0.9),),
        model="tiny 1",
        tags=(Label("guitar", 0.6), Label("sad", 0.1)),
        heard_tags=("guitar",),
        outside=0.2,
        none_of_these=False,
        unread_s=2.5,
        notes=("Very quiet.",),
        heard=(HeardTag("guitar", "instrument", 0.6, (Span(0.0, 1.5, 0.7),), throughout=True),),
        loudness_lufs=-14.25,
    )


@given(TRACKS)
def test_a_track_survives_json(track: Track) -> None:
    assert Track.from_dict(json.loads(json.dumps(track.to_dict()))) == track


@given(TRACKS)
def test_a_track_survives_a_tool_that_sorts_keys(track: Track) -> None:
    assert Track.from_dict(json.loads(json.dumps(track.to_dict(), sort_keys=True))) == track


def test_the_schema_is_what_is_written_down() -> None:
    assert short_track().to_dict() == {
        "schema": 2,
        "path": "a.mp3",
        "duration_s": 2.0,
        "genres": {"rock": 0.6, "blues": 0.2},
        "genre_set": ["rock"],
        "cannot_tell": False,
        "decisive": [{"start_s": 0.0, "end_s": 1.5, "attention": 1.0, "probability": 0.4, "evidence": 0.9}],
        "timeline": [
            {
                "start_s": 0.0,
                "end_s": 1.5,
                "attention": 1.0,
                "genres": {"blues": 0.6, "rock": 0.4},
                "quiet": False,
                "evidence": 0.9,
            }
        ],
        "model": "tiny 1",
        "tags": {"guitar": 0.6, "sad": 0.1},
        "heard_tags": ["guitar"],
        "outside": 0.2,
        "none_of_these": False,
        "unread_s": 2.5,
        "notes": ["Very quiet."],
        "heard": [
            {
                "name": "guitar",
                "group": "instrument",
                "probability": 0.6,
                "spans": [{"start_s": 0.0, "end_s": 1.5, "probability": 0.7}],
                "throughout": True,
                "passing": False,
            }
        ],
        "mood": None,
        "heads": [],
        "heard_share": 1.0,
        "loudness_lufs": -14.25,
    }


def test_a_track_that_was_stored_before_there_were_tags_is_still_read() -> None:
    new = ("tags", "heard_tags", "outside", "none_of_these", "unread_s", "notes", "heard", "mood", "heads")
    new += ("heard_share", "loudness_lufs")
    old = {name: value for name, value in short_track().to_dict().items() if name not in new}
    track = Track.from_dict(old | {"schema": 1})
    assert (track.tags, track.heard_tags, track.outside, track.none_of_these) == ((), (), None, False)
    assert (track.unread_s, track.notes, track.heard, track.mood, track.heads) == (0.0, (), (), None, ())
    assert (track.heard_share, track.loudness_lufs) == (1.0, None)
    assert track.genres == short_track().genres


def test_a_track_that_was_stored_before_evidence_was_told_is_still_read() -> None:
    old = short_track().to_dict()
    for each in (*old["decisive"], *old["timeline"]):
        del each["evidence"]
    track = Track.from_dict(old)
    assert track.decisive[0].evidence is track.timeline[0].evidence is None
    assert replace(track, decisive=short_track().decisive, timeline=short_track().timeline) == short_track()


def test_the_genre_is_the_most_probable_one() -> None:
    assert short_track().genre == "rock"
    assert short_track().timeline[0].genre == "blues"


def test_the_answers_are_genres_and_none_of_these_and_the_genres_alone_are_shares_of_what_is_left() -> None:
    track = short_track()
    assert track.answers == (Label("rock", 0.6), Label("blues", 0.2), Label(NONE, 0.2))
    assert track.genres_alone == (Label("rock", pytest.approx(0.75)), Label("blues", pytest.approx(0.25)))
    plain = replace(track, outside=None, genres=(Label("rock", 0.7), Label("blues", 0.3)))
    assert plain.answers == plain.genres_alone == plain.genres


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"genre_set": ("blues",)}, "blues"),
        ({"genre_set": ("rock", "metal")}, "rock or metal"),
        ({"genre_set": ("classical", NONE)}, "classical or none of the two"),
        ({"genre_set": ("rock", "metal", NONE), "outside": 0.2}, "rock or metal or none of the two"),
        ({"genre_set": ("rock", NONE, "metal"), "outside": 0.3}, "rock or metal or none of the two"),
        ({"genre_set": ("rock", "metal", "pop", NONE), "outside": 0.2}, "rock or metal or 2 more"),
        ({"genre_set": ("rock", NONE, "metal", "pop", "folk"), "outside": 0.2}, "rock or metal or 3 more"),
        ({"genre_set": (NONE,), "none_of_these": True}, "none of the two, nearest rock"),
        ({"genre_set": (NONE, "rock"), "none_of_these": True}, "none of the two, nearest rock"),
        ({"genre_set": ("rock", NONE), "cannot_tell": True}, "cannot tell"),
        ({"genre_set": (NONE, "rock"), "cannot_tell": True, "none_of_these": True}, "cannot tell"),
    ],
)
def test_the_words_follow_from_the_set(changes: dict[str, Any], words: str) -> None:
    assert replace(short_track(), **changes).words == words


@pytest.mark.parametrize(
    ("count", "words"), [(1, NONE), (10, "none of the ten"), (18, "none of the eighteen"), (21, "none of the 21")]
)
def test_none_of_these_says_how_many_genres_there_are(count: int, words: str) -> None:
    genres = tuple(Label(f"genre {number}", 0.1 / count) for number in range(count))
    track = replace(short_track(), genres=genres, outside=0.9, genre_set=(NONE,), none_of_these=True)
    assert track.words == f"{words}, nearest genre 0"


def first_schema(**changes: object) -> dict[str, object]:
    """A track as schema 1 stored it: genres that sum to 1 beside what is outside."""
    old = {"schema": 1, "genres": {"rock": 0.75, "blues": 0.25}, "outside": 0.2}
    return {**short_track().to_dict(), **old, **changes}


def test_a_track_of_the_first_schema_is_read_as_one_answer() -> None:
    assert Track.from_dict(first_schema()) == replace(
        short_track(), genres=(Label("rock", 0.75 * 0.8), Label("blues", 0.25 * 0.8))
    )
    told = Track.from_dict(first_schema(outside=0.3, none_of_these=True))
    assert (told.genre_set, told.none_of_these, told.words) == (("rock", NONE), False, "rock or none of the two")
    sure = Track.from_dict(first_schema(outside=0.9, none_of_these=True))
    assert (sure.genre_set, sure.none_of_these) == ((NONE, "rock"), True)
    for outside in (0.0, 0.2, 0.9, 1.0):
        answers = Track.from_dict(first_schema(outside=outside)).answers
        assert sum(label.probability for label in answers) == pytest.approx(1)


def test_a_track_of_the_first_schema_without_none_of_these_keeps_its_genres() -> None:
    track = Track.from_dict(first_schema(outside=None))
    assert track.genres == track.answers == (Label("rock", 0.75), Label("blues", 0.25))


def test_labels_are_sorted_by_probability_and_then_by_name() -> None:
    assert [label.name for label in sorted_labels({"c": 0.2, "b": 0.4, "a": 0.4})] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"schema": 3}, "schema 3, and this earmark reads schemas 1 and 2"),
        ({"schema": None}, "schema None"),
        ({"genres": ...}, "lacks the field 'genres'"),
        ({"schema": 1, "genres": ...}, "lacks the field 'genres'"),
        ({"decisive": [{"start_s": 1.0}]}, "lacks the field 'end_s'"),
    ],
)
def test_what_is_no_track_is_refused_in_words(change: dict[str, object], sentence: str) -> None:
    values = {**short_track().to_dict(), **change}
    values = {name: value for name, value in values.items() if value is not ...}
    with pytest.raises(EarmarkError, match=sentence):
        Track.from_dict(values)
