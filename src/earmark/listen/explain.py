"""Which seconds decided, in a form that a person can go and listen to.

The evidence is how probable the genre is in each token on its own, times the attention that the token has. Of nine ways
to tell which seconds speak for a genre, tested where their place is known, it is nearly as good on spliced genres and
better on planted motifs than leaving each token out and hearing the rest again, which costs twenty times as much;
attention alone, which says where the network looks for all genres together, finds splices hardly more often than
loudness does (docs/analysis.md).
"""

from collections.abc import Sequence
from itertools import pairwise

from earmark.track import Moment, Segment, six_digits


def decisive_segments(
    timeline: Sequence[Moment], genre: str, *, share: float = 0.2, most: int = 3
) -> tuple[Segment, ...]:
    """The few spans of a track in which its genre shows itself most.

    The fewest moments that together hold `share` of the evidence are taken, neighbours joined, and of the segments the
    `most` with the highest evidence kept. A moment's evidence is its attention times the probability of the genre
    in it.

    Parameters
    ----------
    timeline:
        Moments in order of time, each with the probability of every genre in it alone.
    genre:
        The track's genre.
    share:
        Part of all evidence, 0 to 1.
    most:
        How many segments at most.

    Returns
    -------
    Segments in order of time; their `attention` is the sum over their moments, their `probability` the mean.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be over 0 and at most 1, not {share}")
    evidence = [_evidence(moment, genre) for moment in timeline]
    # A hair less than the share: what rounding takes from a sum must not cost one moment more.
    wanted = (share - 1e-9) * sum(evidence)
    chosen: list[int] = []
    held = 0.0
    for index in sorted(range(len(timeline)), key=lambda i: -evidence[i]):
        if held >= wanted:
            break
        chosen.append(index)
        held += evidence[index]
    runs = _runs([timeline[index] for index in sorted(chosen)])
    strongest = sorted(runs, key=lambda run: -sum(_evidence(moment, genre) for moment in run))[:most]
    return tuple(sorted((_joined(run, genre) for run in strongest), key=lambda segment: segment.start_s))


def _evidence(moment: Moment, genre: str) -> float:
    return moment.attention * _probability(moment, genre)


def _probability(moment: Moment, genre: str) -> float:
    return next((label.probability for label in moment.genres if label.name == genre), 0.0)


def _runs(moments: Sequence[Moment]) -> list[list[Moment]]:
    """Moments in order of time, cut wherever there is a gap between two."""
    runs = [[moment] for moment in moments[:1]]
    for before, moment in pairwise(moments):
        if moment.start_s - before.end_s < 0.01:  # times are rounded to milliseconds
            runs[-1].append(moment)
        else:
            runs.append([moment])
    return runs


def _joined(run: Sequence[Moment], genre: str) -> Segment:
    probability = sum(_probability(moment, genre) for moment in run) / len(run)
    attention = sum(moment.attention for moment in run)
    return Segment(run[0].start_s, run[-1].end_s, six_digits(attention), six_digits(probability))
