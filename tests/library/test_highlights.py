"""The most telling seconds: where the evidence is and it is not quiet, at a token's start, the first of equal ones."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.label import Label
from earmark.library.highlights import highlight
from earmark.track import HeardTag, Moment, Span, Track

TOKEN_S = 1.5


def track(evidence: list[float], *, quiet: tuple[int, ...] = (), tags: tuple[HeardTag, ...] = ()) -> Track:
    """A track of tokens of 1.5 s with such evidence for jazz."""
    total = sum(evidence) or 1.0
    moments = tuple(
        Moment(
            place * TOKEN_S,
            (place + 1) * TOKEN_S,
            1 / len(evidence),
            () if place in quiet else (Label("jazz", 0.9), Label("rock", 0.1)),
            quiet=place in quiet,
            evidence=0.0 if place in quiet else each / total,
        )
        for place, each in enumerate(evidence)
    )
    return Track(
        path="song.mp3",
        duration_s=len(evidence) * TOKEN_S,
        genres=(Label("jazz", 0.7), Label("rock", 0.3)),
        genre_set=("jazz",),
        cannot_tell=False,
        decisive=(),
        timeline=moments,
        model="tiny 1",
        heard=tags,
    )


def tag(name: str, *spans: tuple[float, float], throughout: bool = False) -> HeardTag:
    return HeardTag(name, "instrument", 0.8, tuple(Span(start, end, 0.8) for start, end in spans), throughout)


def test_they_are_where_the_evidence_is() -> None:
    found = highlight(track([1.0] * 20 + [5.0] * 10 + [1.0] * 20), seconds=15)
    assert (found.start_s, found.end_s) == (30.0, 45.0)
    assert found.evidence == pytest.approx(50 / 90)
    assert found.probability == pytest.approx(0.9)
    assert (found.genre, found.words, found.duration_s) == ("jazz", "jazz", 75.0)


def test_of_equal_places_it_is_the_first() -> None:
    assert highlight(track([1.0] * 40), seconds=20).start_s == 0.0
    twice = [1.0] * 5 + [4.0] * 6 + [1.0] * 20 + [4.0] * 6 + [1.0] * 5
    assert highlight(track(twice), seconds=9).start_s == 7.5


def test_where_it_is_quiet_it_is_not() -> None:
    evidence = [0.5] * 10 + [9.0] * 4 + [1.0] * 30
    found = highlight(track(evidence, quiet=(14, 15, 16, 17, 8, 9)), seconds=12)
    assert found.start_s >= 18 * TOKEN_S


def test_where_all_places_are_partly_quiet_the_least_quiet_one_is_taken() -> None:
    quiet = tuple(place for place in range(40) if place % 2 and place < 30)
    found = highlight(track([1.0] * 40, quiet=quiet), seconds=21)
    assert found.start_s >= 25 * TOKEN_S


def test_of_places_alike_in_genre_the_one_is_taken_where_its_tags_are_heard() -> None:
    piano = tag("piano", (45.0, 60.0))
    found = highlight(track([1.0] * 60, tags=(piano, tag("slow", throughout=True))), seconds=15)
    assert (found.start_s, found.end_s) == (45.0, 60.0)
    assert found.tags == ("piano", "slow")


def test_the_genre_counts_more_than_the_tags() -> None:
    found = highlight(track([1.0] * 20 + [9.0] * 10 + [1.0] * 30, tags=(tag("piano", (0.0, 15.0)),)), seconds=15)
    assert found.start_s == 30.0
    assert found.tags == ()


def test_a_track_that_is_no_longer_is_taken_whole() -> None:
    found = highlight(track([1.0] * 8), seconds=20)
    assert (found.start_s, found.end_s) == (0.0, 12.0)
    assert found.evidence == pytest.approx(1)


def test_without_a_timeline_it_is_the_start() -> None:
    found = highlight(replace(track([1.0] * 40), timeline=()), seconds=20)
    assert (found.start_s, found.end_s, found.probability, found.evidence) == (0.0, 20.0, None, None)


def test_evidence_that_was_not_told_is_attention_times_probability() -> None:
    moments = track([1.0] * 30).timeline
    told = [
        replace(each, evidence=None, attention=0.1 if place in range(10, 20) else 0.001)
        for place, each in enumerate(moments)
    ]
    assert highlight(replace(track([1.0] * 30), timeline=tuple(told)), seconds=15).start_s == 15.0


def test_a_last_window_that_begins_before_the_one_before_it_ends_is_no_matter() -> None:
    whole = track([1.0] * 20 + [9.0] * 4)
    moved = [replace(each, start_s=each.start_s - 0.4, end_s=each.end_s - 0.4) for each in whole.timeline[20:]]
    found = highlight(replace(whole, timeline=(*whole.timeline[:20], *moved), duration_s=35.6), seconds=6)
    assert found.start_s == pytest.approx(29.6)


@pytest.mark.parametrize("seconds", [0, -1])
def test_no_seconds_are_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="more than 0"):
        highlight(track([1.0] * 4), seconds=seconds)


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=60),
    st.sets(st.integers(0, 59)),
    st.floats(1, 60),
)
def test_they_lie_in_the_track_begin_with_a_token_and_are_as_long_as_asked(
    evidence: list[float], quiet: set[int], seconds: float
) -> None:
    whole = track(evidence, quiet=tuple(quiet))
    found = highlight(whole, seconds=seconds)
    assert 0 <= found.start_s < found.end_s <= whole.duration_s + 1e-6
    assert found.end_s - found.start_s == pytest.approx(min(seconds, whole.duration_s), abs=2e-3)
    assert found.start_s in {each.start_s for each in whole.timeline}
    assert found.evidence is None or 0 <= found.evidence <= 1 + 1e-6


def test_no_window_of_enough_sound_tells_more() -> None:
    rng = np.random.default_rng(0)
    evidence = rng.random(50).tolist()
    found = highlight(track(evidence), seconds=12)
    sums = [sum(evidence[start : start + 8]) for start in range(43)]
    assert found.start_s == int(np.argmax(sums)) * TOKEN_S
    assert found.evidence == pytest.approx(max(sums) / sum(evidence), rel=1e-5)
