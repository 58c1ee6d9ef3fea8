"""Clocks and rows of blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.label import Label
from earmark.mood import MoodMoment
from earmark.plots.text import (
    arc_bins,
    attention_bins,
    clock,
    felt,
    liveliness,
    missing,
    mood_words,
    percent,
    remarks,
    span,
    sparkline,
)
from earmark.track import Moment, Segment
from moods import ANY, mood
from tracks import track

GENRES = (Label("rock", 1.0),)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "0:00"), (59.4, "0:59"), (59.6, "1:00"), (75.2, "1:15"), (3599.6, "1:00:00"), (7384, "2:03:04")],
)
def test_seconds_are_said_as_a_clock_says_them(seconds: float, said: str) -> None:
    assert clock(seconds) == said


@pytest.mark.parametrize(
    ("share", "said"), [(0.614, "61 %"), (0.096, "10 %"), (0.094, "9.4 %"), (0.0, "0.0 %"), (1, "100 %")]
)
def test_small_shares_have_a_decimal(share: float, said: str) -> None:
    assert percent(share) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.02, "0.1 s"), (0.44, "0.4 s"), (1.4, "1 s"), (14.2, "14 s"), (59.6, "1:00"), (4000, "1:06:40")],
)
def test_missing_seconds_are_told_as_roughly_as_they_are_known(seconds: float, said: str) -> None:
    assert missing(seconds) == said


def test_what_is_missing_is_told_before_the_notes() -> None:
    assert remarks(track()) == ()
    assert remarks(track(notes=("Very quiet.",), unread_s=2.0)) == (
        "Heard in part: 2 s could not be read.",
        "Very quiet.",
    )


def test_a_span_has_two_clocks() -> None:
    assert span(Segment(72.2, 75.0, 0.1)) == "1:12–1:15"


def test_blocks_are_as_high_as_the_attention() -> None:
    timeline = [Moment(float(s), s + 1.0, share, GENRES) for s, share in enumerate((0.1, 0.8, 0.0, 0.1))]
    assert sparkline(timeline, 4.0, width=4) == "▁█ ▁"


def test_silence_between_moments_is_blank() -> None:
    timeline = [Moment(0.0, 1.0, 0.5, GENRES), Moment(3.0, 4.0, 0.5, GENRES)]
    assert sparkline(timeline, 4.0, width=4) == "█  █"


@given(st.lists(st.floats(0.01, 1), min_size=1, max_size=40), st.integers(1, 60))
def test_cutting_a_timeline_anew_keeps_all_of_its_attention(shares: list[float], bins: int) -> None:
    timeline = [Moment(1.5 * n, 1.5 * (n + 1), share, GENRES) for n, share in enumerate(shares)]
    parts = attention_bins(timeline, 1.5 * len(shares), bins)
    assert len(parts) == bins
    assert (parts >= 0).all()
    np.testing.assert_allclose(parts.sum(), sum(shares))


def test_a_moment_over_two_parts_is_divided_between_them() -> None:
    timeline = [Moment(0.0, 1.0, 0.2, GENRES), Moment(1.0, 3.0, 0.6, GENRES), Moment(3.0, 4.0, 0.2, GENRES)]
    np.testing.assert_allclose(attention_bins(timeline, 4.0, 2), [0.5, 0.5])
    np.testing.assert_allclose(attention_bins(timeline, 4.0, 4), [0.2, 0.3, 0.3, 0.2])


PLACES = st.floats(-1, 1)


def arc_of(*places: float, length_s: float = 1.0) -> tuple[MoodMoment, ...]:
    """Moments of these arousals, one after the other, whose valence is the opposite."""
    return tuple(MoodMoment(t * length_s, (t + 1) * length_s, -place, place) for t, place in enumerate(places))


def test_blocks_are_as_high_as_a_moment_is_lively() -> None:
    assert liveliness(arc_of(-1.0, -0.5, 0.0, 0.5, 1.0), 5.0, width=5) == "▁▂▄▆█"


def test_quiet_between_moments_is_blank_and_no_calm() -> None:
    first, _, last = arc_of(-1.0, 0.0, 1.0)
    assert liveliness((first, last), 3.0, width=3) == "▁ █"


@given(st.lists(PLACES, min_size=1, max_size=40), st.integers(1, 30))
def test_parts_of_an_arc_lie_within_it_and_have_its_mean(places: list[float], bins: int) -> None:
    found = arc_bins(arc_of(*places, length_s=1.5), 1.5 * len(places), bins)
    assert found.shape == (bins, 2)
    assert found[:, 1] == pytest.approx(-found[:, 0], abs=1e-6)
    assert found[:, 1].mean() == pytest.approx(np.mean(places), abs=1e-6)
    assert min(places) - 1e-6 <= found[:, 1].min() <= found[:, 1].max() <= max(places) + 1e-6


@given(st.lists(PLACES, min_size=1, max_size=20), st.integers(1, 24))
def test_a_livelier_track_has_no_lower_block(places: list[float], width: int) -> None:
    calm = liveliness(arc_of(*places), float(len(places)), width=width)
    lively = liveliness(arc_of(*(min(place + 0.3, 1.0) for place in places)), float(len(places)), width=width)
    assert len(calm) == len(lively) == width
    assert all(one <= other for one, other in zip(calm, lively, strict=True))  # blocks rise with their code


def test_what_is_felt_is_what_is_told_the_largest_first() -> None:
    assert [label.name for label in felt(mood(emotions_told=("sadness", "nostalgia")))] == ["nostalgia", "sadness"]


def test_of_a_mood_that_cannot_be_told_the_words_need_not_say_mood() -> None:
    assert mood_words(mood(**ANY)) == "cannot tell"
    assert mood_words(mood()) == "calm, melancholic 71 %"
    assert mood_words(mood(quadrants=())) == ""
