"""Decisive segments of timelines whose evidence is known."""

import numpy as np
import pytest

from earmark.label import Label
from earmark.listen.explain import decisive_segments, evidence, token_answers
from earmark.track import Moment, Segment


def timeline(*evidence: float, gaps_after: tuple[int, ...] = ()) -> list[Moment]:
    """Moments of one second, in which "rock" is so probable, with a second of silence after those in `gaps_after`."""
    moments, start_s = [], 0.0
    for position, probability in enumerate(evidence):
        genres = (Label("rock", probability), Label("jazz", 1 - probability))
        moments.append(Moment(start_s, start_s + 1, 1 / len(evidence), genres))
        start_s += 2 if position in gaps_after else 1
    return moments


def test_the_planted_seconds_are_found() -> None:
    assert decisive_segments(timeline(0.1, 0.1, 0.6, 0.1, 0.1), "rock") == (Segment(2.0, 3.0, 0.2, 0.6),)


def test_they_are_those_of_the_genre_that_is_asked_for() -> None:
    assert decisive_segments(timeline(0.9, 0.9, 0.2, 0.9, 0.9), "jazz")[0].start_s == 2.0


def test_what_has_no_attention_decides_nothing_however_it_sounds() -> None:
    moments = [
        Moment(0.0, 1.0, 0.01, (Label("rock", 0.9), Label("jazz", 0.1))),
        Moment(1.0, 2.0, 0.99, (Label("rock", 0.6), Label("jazz", 0.4))),
    ]
    assert decisive_segments(moments, "rock") == (Segment(1.0, 2.0, 0.99, 0.6),)


def test_what_sounds_otherwise_decides_nothing_however_much_attention_it_has() -> None:
    moments = [
        Moment(0.0, 1.0, 0.8, (Label("jazz", 0.95), Label("rock", 0.05))),
        Moment(1.0, 2.0, 0.2, (Label("rock", 0.7), Label("jazz", 0.3))),
    ]
    assert decisive_segments(moments, "rock") == (Segment(1.0, 2.0, 0.2, 0.7),)


def test_neighbours_are_one_segment_with_the_sum_of_their_attention() -> None:
    assert decisive_segments(timeline(0.1, 0.3, 0.4, 0.2), "rock", share=0.7) == (Segment(1.0, 3.0, 0.5, 0.35),)


def test_moments_on_both_sides_of_a_silence_are_two_segments() -> None:
    found = decisive_segments(timeline(0.5, 0.5, gaps_after=(0,)), "rock", share=1.0)
    assert found == (Segment(0.0, 1.0, 0.5, 0.5), Segment(2.0, 3.0, 0.5, 0.5))


def test_times_that_differ_by_rounding_are_neighbours() -> None:
    genres = (Label("rock", 1.0),)
    moments = [Moment(0.0, 1.473, 0.5, genres), Moment(1.474, 2.9, 0.5, genres)]
    assert len(decisive_segments(moments, "rock", share=1.0)) == 1


def test_only_the_strongest_segments_are_kept_and_they_stand_in_order_of_time() -> None:
    found = decisive_segments(timeline(0.3, 0, 0.1, 0, 0.2, 0, 0.4), "rock", share=1.0, most=2)
    assert [(segment.start_s, segment.probability) for segment in found] == [(0.0, 0.3), (6.0, 0.4)]


def test_no_more_moments_than_the_share_needs() -> None:
    found = decisive_segments(timeline(*[0.05, 0.0] * 20), "rock", share=0.2, most=40)
    assert len(found) == 4


def test_a_track_of_one_moment_is_decided_by_it() -> None:
    assert decisive_segments(timeline(1.0), "rock") == (Segment(0.0, 1.0, 1.0, 1.0),)


def test_nothing_heard_decides_nothing() -> None:
    assert decisive_segments([], "rock") == ()


@pytest.mark.parametrize("share", [0.0, -0.1, 1.1])
def test_a_share_is_a_part_of_the_whole(share: float) -> None:
    with pytest.raises(ValueError, match="share"):
        decisive_segments(timeline(1.0), "rock", share=share)


def test_a_fifth_of_the_evidence_decides_in_three_segments_at_most() -> None:
    assert len(decisive_segments(timeline(*[0.3, 0.0] * 5), "rock", share=1.0)) == 3
    (found,) = decisive_segments(timeline(*[0.15] * 10), "rock")
    assert (found.start_s, found.end_s) == (0.0, 2.0)


def test_the_evidence_that_moments_tell_decides_and_not_what_they_are_alone() -> None:
    genres = (Label("rock", 0.9), Label("jazz", 0.1))
    moments = [Moment(float(s), s + 1.0, 1 / 3, genres, evidence=share) for s, share in enumerate((0.1, 0.3, 0.6))]
    assert decisive_segments(moments, "rock") == (Segment(2.0, 3.0, 0.333333, 0.9, 0.6),)
    assert decisive_segments(moments, "rock", share=0.8) == (Segment(1.0, 3.0, 0.666667, 0.9, 0.9),)


def test_a_token_answers_as_though_the_window_were_like_it_all_through() -> None:
    alone = np.zeros((2, 4, 3), np.float32)
    opinion = np.zeros_like(alone)
    opinion[:, :, 1] = 0.5  # 2 in the window, shared out evenly
    assert token_answers(alone, None) is alone
    assert token_answers(alone, opinion)[0, 0].tolist() == [0, 2, 0]


def test_evidence_is_for_what_the_kernel_machines_hear_around_a_token_too() -> None:
    alone = np.log(np.array([[0.6, 0.4], [0.6, 0.4]]))
    opinion = np.array([[0.0, 0.0], [0.0, 1.0]])
    said = evidence(token_answers(alone, opinion), np.array([0.5, 0.5]), 0.5)
    assert said[0] == pytest.approx([0.3, 0.2])
    assert said[1, 1] > 0.4


def test_evidence_counts_half_by_attention_and_half_evenly_and_by_the_temperature() -> None:
    alone = np.log(np.array([[0.8, 0.2], [0.8, 0.2]]))
    said = evidence(alone, np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    assert said[:, 0] == pytest.approx([0.6, 0.2])
    assert evidence(alone, np.array([1.0, 0.0]), 0.5, temperature=2.0)[0, 0] == pytest.approx(0.75 * 2 / 3)
