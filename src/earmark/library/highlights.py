"""The most telling seconds of a track: those in which its genre and its tags show themselves most, for a preview.

A window of so many seconds is moved from token to token over the timeline. What speaks for it is the share of all
evidence for the track's genre that it holds (`listen.explain`), and, half as much, the share of the seconds of the tags
that are told: of two places alike in genre the one is taken where more of what the track is made of is heard. Places in
which a tenth or more is quiet, or was not heard, are taken only where there are no others.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.label import six_digits
from earmark.track import HeardTag, Moment, Track

SECONDS = 20.0
TAGS = 0.5  # what tags count beside the genre
HEARD = 0.9  # share of a window that must be heard, and not quiet
_LONG_ENOUGH = 0.5  # share of a window in which a tag must be heard to be named

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Highlight:
    """The most telling seconds of a track.

    Attributes
    ----------
    path:
        The track.
    start_s, end_s:
        Where they are.
    duration_s:
        Of the whole track.
    genre:
        The track's most probable genre, which they show.
    probability:
        How probable it is in them, the mean of what each moment says alone; None where nothing is told of moments.
    evidence:
        The share of all that speaks for it in the track; None likewise.
    tags:
        Those that are told of the track and heard in half of these seconds or more.
    words:
        The track's answer.
    """

    path: str
    start_s: float
    end_s: float
    duration_s: float
    genre: str
    probability: float | None
    evidence: float | None
    tags: tuple[str, ...]
    words: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "path": self.path,
            "start_s": self.start_s,
            "end_s": self.end_s,
            "duration_s": self.duration_s,
            "genre": self.genre,
            "probability": self.probability,
            "evidence": self.evidence,
            "tags": list(self.tags),
            "words": self.words,
        }


def highlight(track: Track, *, seconds: float = SECONDS) -> Highlight:
    """The most telling seconds of a track, the first of equal ones; all of it where it is no longer."""
    if seconds <= 0:
        raise ValueError(f"need more than 0 seconds, not {seconds}")
    start_s = _best_start(track, seconds) if track.duration_s > seconds else 0.0
    end_s = min(start_s + seconds, track.duration_s)
    inside = [each for each in track.timeline if each.start_s < end_s and each.end_s > start_s and not each.quiet]
    shares = [label.probability for each in inside for label in each.genres if label.name == track.genre]
    return Highlight(
        path=track.path,
        start_s=round(start_s, 3),
        end_s=round(end_s, 3),
        duration_s=track.duration_s,
        genre=track.genre,
        probability=six_digits(float(np.mean(shares))) if shares else None,
        evidence=_evidence_between(track, start_s, end_s) if inside else None,
        tags=tuple(tag.name for tag in track.heard if _heard_in(tag, start_s, end_s)),
        words=track.words,
    )


def _best_start(track: Track, seconds: float) -> float:
    """The start of the window that tells most, at the start of a token, so that it ends within the track."""
    moments = track.timeline
    starts_s = np.array([each.start_s for each in moments if each.start_s + seconds <= track.duration_s + 1e-6])
    if not len(starts_s):
        return 0.0
    heard_s = _between(moments, [(each.end_s - each.start_s) * (not each.quiet) for each in moments], starts_s, seconds)
    telling = _between(moments, _evidence(track), starts_s, seconds)
    for tag in (timed := [tag for tag in track.heard if tag.spans and not tag.throughout]):
        telling += TAGS / len(timed) * _of_tag(tag, starts_s, seconds)
    enough = heard_s >= HEARD * seconds - 1e-6
    allowed = enough if enough.any() else heard_s >= heard_s.max() - 1e-6
    return float(starts_s[np.where(allowed, telling, -np.inf).round(9).argmax()])


def _evidence(track: Track) -> list[float]:
    """Of each moment, for the track's genre; where it is not said, its attention times how probable that is in it."""
    return [
        each.attention * _probability(each, track) if each.evidence is None else each.evidence
        for each in track.timeline
    ]


def _probability(moment: Moment, track: Track) -> float:
    return next((label.probability for label in moment.genres if label.name == track.genre), 0.0)


def _evidence_between(track: Track, start_s: float, end_s: float) -> float:
    amounts = _evidence(track)
    inside = _between(track.timeline, amounts, np.array([start_s]), end_s - start_s)
    return six_digits(float(inside[0]) / (sum(amounts) or 1.0))


def _between(moments: Sequence[Moment], amounts: Sequence[float], starts_s: Floats, seconds: float) -> Floats:
    """How much of the moments' amounts falls into each window, where it is spread evenly over a moment."""
    times_s = np.array([time for each in moments for time in (each.start_s, each.end_s)])
    steps = np.stack([np.zeros(len(moments)), np.asarray(amounts, np.float64)], axis=1).ravel()
    return _grown(times_s, np.cumsum(steps), starts_s, seconds)


def _of_tag(tag: HeardTag, starts_s: Floats, seconds: float) -> Floats:
    """The share of a tag's seconds that falls into each window."""
    spans = sorted(tag.spans, key=lambda each: each.start_s)
    times_s = np.array([time for each in spans for time in (each.start_s, each.end_s)])
    steps = np.array([amount for each in spans for amount in (0.0, each.end_s - each.start_s)])
    return _grown(times_s, np.cumsum(steps), starts_s, seconds) / (steps.sum() or 1.0)


def _grown(times_s: Floats, sums: Floats, starts_s: Floats, seconds: float) -> Floats:
    in_order = np.maximum.accumulate(times_s)  # the last window of a track begins before the one before it ends
    return np.asarray(np.interp(starts_s + seconds, in_order, sums) - np.interp(starts_s, in_order, sums))


def _heard_in(tag: HeardTag, start_s: float, end_s: float) -> bool:
    overlap_s = sum(max(min(span.end_s, end_s) - max(span.start_s, start_s), 0.0) for span in tag.spans)
    return tag.throughout or overlap_s >= _LONG_ENOUGH * (end_s - start_s)
