"""Clocks and rows of blocks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.label import Label
from earmark.plots.text import attention_bins, clock, missing, percent, remarks, span, sparkline
from earmark.track import Moment, Segment
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
