"""Tracks as the API tells them: an item of a list, and a track that was heard with all that is known of it."""

import json
from collections.abc import Sequence
from typing import Any

from starlette.responses import Response

from earmark.files import shown
from earmark.library.entry import Entry
from earmark.library.names import GENRES
from earmark.plots.text import mood_words
from earmark.serve.shelf import Books
from earmark.serve.tasks import Shown, probabilities
from earmark.track import NONE, Track

_SHORT_PATH = 1000


class Plain(Response):
    """JSON in ASCII, so that names of files that are no text can be told; nan is a mistake."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """As bytes."""
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode("ascii")


def items(books: Books, rows: Sequence[int]) -> list[dict[str, Any]]:
    """Entries of the collection as items."""
    names = books.collection.names
    columns = [(name, names.place(GENRES, name)) for name in names.genres if name != NONE]
    answers = books.collection.answers_at(rows)
    told = []
    for row, said in zip(rows, answers, strict=True):
        genre, place = max(columns, key=lambda each: said[each[1]], default=("", 0))
        told.append(item(books.collection.entries[row], genre, float(said[place]) if columns else 0.0))
    return told


def item(entry: Entry, genre: str, probability: float) -> dict[str, Any]:
    """One entry as an item, with its most probable genre."""
    return {
        "id": str(entry.id),
        "title": shown(entry.title),
        "artist": shown(entry.artist),
        "album": shown(str(entry.tags.get("album") or "")),
        "year": shown(str(entry.tags.get("year") or "")),
        "duration_s": round(entry.duration_s, 2),
        "kind": entry.kind,
        "path": shown(entry.path)[:_SHORT_PATH],
        "genre": genre,
        "probability": round(probability, 4),
        "cover": f"/api/tracks/{entry.id}/cover",
    }


def told_track(books: Books, row: int) -> dict[str, Any]:
    """An entry of the collection, with all that was heard of it."""
    entry = books.collection.entries[row]
    track = books.collection.track(entry.id)
    yours = probabilities(books.yours, books.collection.numbers[row]) if books.yours else {}
    told = _told(str(entry.id), shown(entry.title), track, yours, level=books.bundle.info.calibration.level)
    return {**told, "audio": f"/api/tracks/{entry.id}/audio", "item": items(books, [row])[0]}


def told_upload(name: str, found: Shown, *, level: float) -> dict[str, Any]:
    """An upload, by the id under which it is kept."""
    told = _told(name, found.name, found.heard.track, found.yours, level=level)
    return {**told, "without": found.without}


def _told(name: str, title: str, track: Track, yours: dict[str, float], *, level: float) -> dict[str, Any]:
    return {
        "id": name,
        "name": title,
        "words": track.words,
        "sure": level,
        "sentence": sentence(track, level=level),
        "mood_words": mood_words(track.mood) if track.mood else "",
        "track": {**track.to_dict(), "path": shown(track.path)[:_SHORT_PATH]},
        "yours": yours,
        "waveform": f"/api/tracks/{name}/waveform",
        "spectrogram": f"/api/tracks/{name}/spectrogram.png",
        "audio": None,
        "item": None,
        "without": None,
    }


def sentence(track: Track, *, level: float) -> str:
    """The answer in a sentence: "rock or metal; sure of one of them at 90 %"."""
    if track.cannot_tell:
        return f"It cannot tell: {len(track.genre_set)} answers may be right."
    if track.none_of_these:
        return f"None of the genres it knows; the nearest is {track.genre}."
    one = len(track.genre_set) == 1
    return f"{track.words}; sure {'of it' if one else 'of one of them'} at {100 * level:.0f} %"
