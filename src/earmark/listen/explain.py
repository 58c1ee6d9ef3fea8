"""Which seconds decided, in a form that a person can go and listen to.

The evidence is to explain the whole answer: how probable the genre is in each token on its own, with what the kernel
machines hear in the ten seconds around it, times a weight that is half the token's attention and half the same for all,
as the CNN weighs tokens by attention and the machines by none. It costs nothing beside the answer. Attention alone,
which says where the network looks for all genres together, finds spliced genres hardly more often than loudness does
(docs/analysis.md, where all ways to tell are tested on seconds whose place is known).
"""

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.label import six_digits
from earmark.listen.calibrate import softmax
from earmark.track import Moment, Segment

SHARE = 0.2  # of the evidence is shown as decisive
SEGMENTS = 3  # at most


def token_answers(alone: NDArray[Any], opinion_tokens: NDArray[Any] | None) -> NDArray[Any]:
    """What a network says of each token, as though the window were like it all through.

    Parameters
    ----------
    alone:
        (..., tokens, genres) logits of each token alone.
    opinion_tokens:
        The same shape: what kernel machines add to the window's logits, laid out over its tokens; None without any.
    """
    return alone if opinion_tokens is None else alone + np.float32(alone.shape[-2]) * opinion_tokens


def evidence(
    answers: NDArray[Any], attention: NDArray[Any], even: NDArray[Any] | float, *, temperature: float = 1.0
) -> NDArray[np.float64]:
    """How much each token speaks for each genre, (..., tokens, genres), over 0.

    Parameters
    ----------
    answers:
        (..., tokens, genres) logits, of `token_answers`.
    attention:
        (..., tokens), the share of each token.
    even:
        The same, were all tokens looked at alike.
    temperature:
        Of the calibration.
    """
    weights = (np.asarray(attention, dtype=np.float64) + even) / 2
    return np.asarray(weights[..., np.newaxis] * softmax(answers / temperature))


def shown(
    held: Sequence[float], *, gaps: Collection[int] = (), share: float = SHARE, most: int = SEGMENTS
) -> list[list[int]]:
    """The few tokens in which something shows itself most, by their places, in runs.

    The fewest tokens that together hold `share` of the evidence are taken, neighbours joined, and of the runs the
    `most` with the highest evidence kept.

    Parameters
    ----------
    held:
        The evidence in each token, 0 or more.
    gaps:
        Places of tokens before which there is a gap: they are not joined to the one before.
    share:
        Part of all evidence, 0 to 1.
    most:
        How many runs at most.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share must be over 0 and at most 1, not {share}")
    # A hair less than the share: what rounding takes from a sum must not cost one token more.
    wanted = (share - 1e-9) * sum(held)
    chosen: list[int] = []
    total = 0.0
    for place in sorted(range(len(held)), key=lambda place: -held[place]):
        if total >= wanted:
            break
        chosen.append(place)
        total += held[place]
    runs: list[list[int]] = []
    for place in sorted(chosen):
        if runs and place == runs[-1][-1] + 1 and place not in gaps:
            runs[-1].append(place)
        else:
            runs.append([place])
    return sorted(sorted(runs, key=lambda run: -sum(held[place] for place in run))[:most])


def decisive_segments(
    timeline: Sequence[Moment], genre: str, *, share: float = SHARE, most: int = SEGMENTS
) -> tuple[Segment, ...]:
    """The few spans of a track in which its genre shows itself most, as `shown` chooses them.

    Where a moment does not say its evidence, it is its attention times the probability of the genre in it.

    Parameters
    ----------
    timeline:
        Moments in order of time, each with the probability of every genre in it alone.
    genre:
        The track's genre, which the moments' evidence is for.
    share, most:
        As in `shown`.

    Returns
    -------
    Segments in order of time; their `attention` and `evidence` are sums over their moments, their `probability` the
    mean.
    """
    held = [_evidence(moment, genre) for moment in timeline]
    # Times are rounded to milliseconds.
    pairs = enumerate(pairwise(timeline), start=1)
    gaps = {place for place, (before, moment) in pairs if moment.start_s - before.end_s >= 0.01}
    runs = shown(held, gaps=gaps, share=share, most=most)
    return tuple(_joined([timeline[place] for place in run], genre) for run in runs)


def _evidence(moment: Moment, genre: str) -> float:
    return moment.attention * _probability(moment, genre) if moment.evidence is None else moment.evidence


def _probability(moment: Moment, genre: str) -> float:
    return next((label.probability for label in moment.genres if label.name == genre), 0.0)


def _joined(run: Sequence[Moment], genre: str) -> Segment:
    probability = sum(_probability(moment, genre) for moment in run) / len(run)
    attention = sum(moment.attention for moment in run)
    said = [moment.evidence for moment in run if moment.evidence is not None]
    return Segment(
        run[0].start_s,
        run[-1].end_s,
        six_digits(attention),
        six_digits(probability),
        six_digits(sum(said)) if said else None,
    )
