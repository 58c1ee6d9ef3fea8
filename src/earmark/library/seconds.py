"""Where in a track something is heard that a wish asks for: its spans, from what is stored of the track's moments."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from earmark.label import six_digits
from earmark.library.lexicon import SIDES
from earmark.library.meanings import Answer
from earmark.library.names import GENRES, MOODS, TAGS
from earmark.listen.spans import TokenTags, spans_of, throughout
from earmark.mood import SIDES as SIGNS
from earmark.mood import Mood
from earmark.track import Span, Track

Floats = NDArray[np.float64]
_MOST = 0.5  # from so probable on a moment is one of a genre or mood


def seconds_of(track: Track, meaning: Answer) -> tuple[tuple[Span, ...], bool]:
    """The spans in which something is heard, in order of time, and whether that is nearly all of the track.

    There are none where that is not told: of feelings, of decades, and of a user's words, as of moments a collection
    keeps less than these read. Of the track's own genre they are the seconds that decided.
    """
    if meaning.group == GENRES:
        return _genre(track, meaning.name), False
    if meaning.group == MOODS:
        return _mood(track, meaning.name)
    for tag in track.heard:
        # A further head's answers stand in the place of a tag that is called alike.
        if tag.name == meaning.name and meaning.group in (TAGS, tag.group):
            return tag.spans, tag.throughout
    return (), False


def best(spans: Sequence[Span]) -> Span | None:
    """The span in which it is heard most surely, the longest of equal ones; None of none."""
    return max(spans, key=lambda span: (span.probability, span.end_s - span.start_s), default=None)


def _genre(track: Track, name: str) -> tuple[Span, ...]:
    if track.genre == name and track.decisive:
        return tuple(
            Span(each.start_s, each.end_s, six_digits(each.probability or 0.0))
            for each in track.decisive
            if each.probability is not None
        )
    moments = [moment for moment in track.timeline if not moment.quiet]
    if len(moments) < 2:
        return ()
    shares = np.array(
        [[next((each.probability for each in moment.genres if each.name == name), 0.0)] for moment in moments]
    )
    return _spans(np.array([moment.start_s for moment in moments]), shares, track.duration_s)[0]


def _mood(track: Track, name: str) -> tuple[tuple[Span, ...], bool]:
    if track.mood is None or len(track.mood.arc) < 2:
        return (), False
    starts_s = np.array([moment.start_s for moment in track.mood.arc])
    return _spans(starts_s, _mood_shares(track.mood, name), track.duration_s)


def _mood_shares(mood: Mood, name: str) -> Floats:
    """(moments, 1): valence and arousal are the probability of one side less that of the other."""
    plane = np.array([(moment.valence, moment.arousal) for moment in mood.arc])
    signs = np.array([SIGNS[quadrant] for quadrant in SIDES.get(name, (name,))], np.float64).mean(axis=0)
    return np.asarray(np.prod(np.where(signs == 0, 1.0, (1 + signs * plane) / 2), axis=1, keepdims=True))


def _spans(
    starts_s: Floats,
    shares: Floats,
    end_s: float,
) -> tuple[tuple[Span, ...], bool]:
    tokens = TokenTags(starts_s, float(np.diff(starts_s).min()), shares, end_s)
    spans = tuple(spans_of(tokens, tokens.smoothed()[:, 0], _MOST))
    return spans, throughout(tokens, spans)
