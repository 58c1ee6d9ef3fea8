"""A track that was heard, for the tests of what shows one."""

from typing import Any

from earmark.label import Label
from earmark.track import NONE, HeardTag, Moment, Segment, Span, Track

GENRES = (Label("rock", 0.614), Label("blues", 0.2), Label("classical", 0.1), Label("pop", 0.086))
TAGS = (Label("rock", 0.62), Label("female vocalists", 0.33), Label("Progressive rock", 0.21), Label("sad", 0.02))
_RIFFS = tuple(Span(start_s, start_s + 5.0 + start_s / 100, 0.4) for start_s in (100.0, 120.0, 150.0, 200.0))
HEARD = (
    HeardTag("rock", "style", 0.62, (Span(0.0, 242.0, 0.6),), throughout=True),
    HeardTag("saxophone", "instrument", 0.71, (Span(70.0, 90.0, 0.71),), passing=True),
    HeardTag(
        "guitar", "instrument", 0.33, tuple(Span(t, t + 5.0 + t / 100, 0.4) for t in (100.0, 120.0, 150.0, 200.0))
    ),
    HeardTag("1980s", "decade", 0.4),
)
# Of a track that is most probably none of the genres.
NONE_FIRST: dict[str, Any] = {"none_of_these": True, "outside": 0.9, "genre_set": (NONE,)}


def track(path: str = "song.mp3", **changes: object) -> Track:
    """A track of four minutes: rock or blues, decided from 1:12 to 1:15."""
    values = {
        "path": path,
        "duration_s": 242.0,
        "genres": GENRES,
        "genre_set": ("rock", "blues"),
        "cannot_tell": False,
        "decisive": (Segment(72.0, 75.0, 0.3),),
        "timeline": (Moment(0.0, 121.0, 0.4, GENRES), Moment(121.0, 242.0, 0.6, GENRES)),
        "model": "tiny 1",
    }
    return Track(**{**values, **changes})  # type: ignore[arg-type]
