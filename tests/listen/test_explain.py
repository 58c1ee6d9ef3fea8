"""Decisive segments of timelines whose attention is known."""

import pytest

from earmark.listen.explain import decisive_segments
from earmark.track import Label, Moment, Segment

GENRES = (Label("rock", 1.0),)


def timeline(*attention: float, gaps_after: tuple[int, ...] = ()) -> list[Moment]:
    """Moments of one second, with a second of silence after those in `gaps_after`."""
    moments, start_s = [], 0.0
    for position, share in enumerate(attention):
        moments.append(Moment(start_s, start_s + 1, share, GENRES))
        start_s += 2 if position in gaps_after else 1
    return moments


def test_the_planted_seconds_are_found() -> None:
    assert decisive_segments(timeline(0.1, 0.1, 0.6, 0.1, 0.1)) == (Segment(2.0, 3.0, 0.6),)


def test_neighbours_are_one_segment_with_the_sum_of_their_attention() -> None:
    assert decisive_segments(timeline(0.1, 0.3, 0.4, 0.2), share=0.7) == (Segment(1.0, 3.0, 0.7),)


def test_moments_on_both_sides_of_a_silence_are_two_segments() -> None:
    found = decisive_segments(timeline(0.5, 0.5, gaps_after=(0,)), share=1.0)
    assert found == (Segment(0.0, 1.0, 0.5), Segment(2.0, 3.0, 0.5))


def test_times_that_differ_by_rounding_are_neighbours() -> None:
    moments = [Moment(0.0, 1.473, 0.5, GENRES), Moment(1.474, 2.9, 0.5, GENRES)]
    assert len(decisive_segments(moments, share=1.0)) == 1


def test_only_the_strongest_segments_are_kept_and_they_stand_in_order_of_time() -> None:
    found = decisive_segments(timeline(0.3, 0, 0.1, 0, 0.2, 0, 0.4), share=1.0, most=2)
    assert found == (Segment(0.0, 1.0, 0.3), Segment(6.0, 7.0, 0.4))


def test_no_more_moments_than_the_share_needs() -> None:
    found = decisive_segments(timeline(*[0.05, 0.0] * 20), share=0.2, most=40)
    assert len(found) == 4


def test_a_track_of_one_moment_is_decided_by_it() -> None:
    assert decisive_segments(timeline(1.0)) == (Segment(0.0, 1.0, 1.0),)


def test_nothing_heard_decides_nothing() -> None:
    assert decisive_segments([]) == ()


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_a_share_is_a_part_of_the_whole(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        decisive_segments(timeline(1.0), share=share)
