"""Pictures of letters: times as clocks, shares as percent, attention and liveliness as rows of blocks."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.label import Label
from earmark.mood import CANNOT_TELL as CANNOT_TELL_MOOD
from earmark.mood import Mood, MoodMoment
from earmark.track import CANNOT_TELL, HeardTag, Moment, Segment, Span, Track

MOOD_GROUP = "mood"  # of tags: people's words for a mood, told beside what `Track.mood` says
BLOCKS = " ▁▂▃▄▅▆▇█"
MOST_SPANS = 3  # of a tag that are named: more are no answer


def clock(seconds: float) -> str:
    """Seconds as a person says them: 75.2 is "1:15", 3675 is "1:01:15".

    >>> clock(75.2)
    '1:15'
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def span(segment: Segment | Moment | Span) -> str:
    """From when to when, "1:12–1:15"."""
    return f"{clock(segment.start_s)}–{clock(segment.end_s)}"


def when(tag: HeardTag, *, most: int = MOST_SPANS) -> str:
    """When a tag is heard: "throughout", "1:10–1:30, 2:05–2:20 +1", the longest spans; empty where that is unknown."""
    if tag.throughout:
        return "throughout"
    longest = sorted(tag.spans, key=lambda each: each.start_s - each.end_s)[:most]
    shown = sorted(longest, key=lambda each: each.start_s)
    more = f" +{len(tag.spans) - most}" if len(tag.spans) > most else ""
    return ", ".join(map(span, shown)) + more


def groups_of(track: Track) -> tuple[tuple[str, tuple[HeardTag, ...]], ...]:
    """The tags that are told with their seconds, by group, in the order of the track."""
    names = dict.fromkeys(tag.group for tag in track.heard)
    return tuple((name, tuple(tag for tag in track.heard if tag.group == name)) for name in names)


def mood_words(mood: Mood) -> str:
    """The mood where it is clear that moods are meant: "calm, serene 77 %", "cannot tell"; empty without quadrants."""
    return CANNOT_TELL if mood.words == CANNOT_TELL_MOOD else mood.words


def felt(mood: Mood) -> tuple[Label, ...]:
    """What clearly more listeners feel than in other music, each with their share, the largest first."""
    return tuple(label for label in mood.emotions if label.name in mood.emotions_told)


def percent(share: float) -> str:
    """A share as a person says it: "62 %", and small ones to a tenth, "2.1 %".

    >>> percent(0.62)
    '62 %'
    """
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %"


def missing(seconds: float) -> str:
    """Seconds that are missing, as roughly as they are known: "0.4 s", "14 s", "1:15".

    >>> missing(14.2)
    '14 s'
    """
    if round(seconds) >= 60:
        return clock(seconds)
    return f"{seconds:.0f} s" if seconds >= 1 else f"{max(seconds, 0.1):.1f} s"


def remarks(track: Track) -> tuple[str, ...]:
    """What a person should know of how a track was heard, in sentences: how much, what is missing, then its notes."""
    quick = (f"Heard quickly: {percent(track.heard_share)} of it.",) if track.heard_share < 1 else ()
    unread = (f"Heard in part: {missing(track.unread_s)} could not be read.",) if track.unread_s > 0 else ()
    return (*quick, *unread, *track.notes)


def attention_bins(timeline: Sequence[Moment], duration_s: float, bins: int) -> NDArray[np.float64]:
    """Attention in equal parts of a track, (bins,), with the sum of the timeline's; a moment is spread evenly."""
    return _shared_out(timeline, [moment.attention for moment in timeline], np.linspace(0, duration_s, bins + 1))


def arc_bins(arc: Sequence[MoodMoment], duration_s: float, bins: int) -> NDArray[np.float64]:
    """Mean valence and arousal in equal parts of a track, (bins, 2); NaN where nothing but quiet is."""
    edges_s = np.linspace(0, duration_s, bins + 1)
    lengths_s = np.array([moment.end_s - moment.start_s for moment in arc])
    told_s = _shared_out(arc, lengths_s, edges_s)
    values = np.array([(moment.valence, moment.arousal) for moment in arc]).reshape(-1, 2)
    sums = [_shared_out(arc, lengths_s * line, edges_s) for line in values.T]
    heard = told_s > 1e-6 * duration_s
    return np.where(heard[:, np.newaxis], np.stack(sums, axis=1) / np.where(heard, told_s, 1)[:, np.newaxis], np.nan)


def _shared_out(
    moments: Sequence[Moment] | Sequence[MoodMoment], amounts: ArrayLike, edges_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How much of the moments' amounts falls between two edges each, where it is spread evenly over a moment."""
    # What there is up to each moment's start and end, as a curve that is read off at the edges.
    times_s = np.array([time for moment in moments for time in (moment.start_s, moment.end_s)])
    steps = np.stack([np.zeros(len(moments)), np.asarray(amounts, np.float64)], axis=1).ravel()
    return np.diff(np.interp(edges_s, times_s, np.cumsum(steps)))


def sparkline(timeline: Sequence[Moment], duration_s: float, *, width: int = 24) -> str:
    """Attention over a track as `width` block characters, the highest one full; seconds without any are blank."""
    heights = attention_bins(timeline, duration_s, width)
    levels = np.ceil(heights / heights.max() * (len(BLOCKS) - 1) - 1e-9).astype(int)
    return "".join(BLOCKS[level] for level in levels)


def liveliness(arc: Sequence[MoodMoment], duration_s: float, *, width: int = 24) -> str:
    """Arousal over a track as `width` block characters: the lowest is all calm, a full one all lively, quiet is blank.

    The scale is the same for all tracks, so that a calm one looks calm.
    """
    shares = (arc_bins(arc, duration_s, width)[:, 1] + 1) / 2
    levels = np.clip(np.ceil(np.nan_to_num(shares) * (len(BLOCKS) - 1) - 1e-9), 1, len(BLOCKS) - 1)
    return "".join(BLOCKS[level] for level in np.where(np.isnan(shares), 0, levels).astype(int))
