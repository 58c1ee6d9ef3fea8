"""A track that was heard, for the tests of what shows one."""

from earmark.track import Label, Moment, Segment, Track

GENRES = (Label("rock", 0.614), Label("blues", 0.2), Label("classical", 0.1), Label("pop", 0.086))
TAGS = (Label("rock", 0.62), Label("female vocalists", 0.33), Label("Progressive rock", 0.21), Label("sad", 0.02))


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
