"""Which seconds decided, in a form that a person can go and listen to.

The evidence is the attention of the network: the share of the pooled vector, from which the genres are read, that each
token has. It says where the network looked, for all genres together.
"""

from collections.abc import Sequence
from itertools import pairwise

from earmark.track import Moment, Segment


def decisive_segments(timeline: Sequence[Moment], *, share: float = 0.2, most: int = 3) -> tuple[Segment, ...]:
    """The few spans of a track that the answer rests on most.

    The fewest moments that together hold `share` of the attention are taken, neighbours joined, and of the segments
    the `most` with the highest attention kept.

    Parameters
    ----------
    timeline:
        Moments in order of time.
    share:
        Part of the whole attention, 0 to 1.
    most:
        How many segments at most.

    Returns
    -------
    Segments in order of time; their `attention` is the sum over their moments.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be over 0 and at most 1, not {share}")
    # A hair less than the share: what rounding takes from a sum must not cost one moment more.
    wanted = (share - 1e-9) * sum(moment.attention for moment in timeline)
    chosen: list[int] = []
    held = 0.0
    for index in sorted(range(len(timeline)), key=lambda i: -timeline[i].attention):
        if held >= wanted:
            break
        chosen.append(index)
        held += timeline[index].attention
    segments = [_joined(run) for run in _runs([timeline[index] for index in sorted(chosen)])]
    highest = sorted(segments, key=lambda segment: -segment.attention)[:most]
    return tuple(sorted(highest, key=lambda segment: segment.start_s))


def _runs(moments: Sequence[Moment]) -> list[list[Moment]]:
    """Moments in order of time, cut wherever there is a gap between two."""
    runs = [[moment] for moment in moments[:1]]
    for before, moment in pairwise(moments):
        if moment.start_s - before.end_s < 0.01:  # times are rounded to milliseconds
            runs[-1].append(moment)
        else:
            runs.append([moment])
    return runs


def _joined(run: Sequence[Moment]) -> Segment:
    return Segment(run[0].start_s, run[-1].end_s, _short(sum(moment.attention for moment in run)))


def _short(value: float) -> float:
    return float(f"{value:.6g}")
