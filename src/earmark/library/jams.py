"""A collection as JAMS, a file a track: answers as annotations that tools of music informatics read.

JAMS 0.3 (E. Humphrey et al., ISMIR 2014; https://jams.readthedocs.io): JSON with a list of annotations, each of one
namespace. Genres, tags, moods and what further heads say are `tag_open` with a probability as confidence over the whole
track, the seconds of tags `tag_open` with their seconds, what decided `segment_open`, valence and arousal
`mood_thayer`, of the track and over its time, and the vector `vector`. What fits nowhere stands in the sandbox.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from earmark import __version__
from earmark.label import Label
from earmark.library.mirrored import MirroredFolder
from earmark.library.records import Record
from earmark.mood import Mood
from earmark.track import HeadAnswer

LIST, MADE_BY = "jams.json", "earmark export"
_JAMS_VERSION = "0.3.4"

Observation = dict[str, Any]


class JamsFolder:
    """A folder with a JAMS file a track; it is known by its list, `jams.json`.

    Parameters
    ----------
    folder:
        Where they go; it is looked at before anything is written.
    paths:
        The tracks.

    Raises
    ------
    OutputError
        Something of another's making would be overwritten, or the folder is not writable.
    """

    def __init__(self, folder: Path, paths: Sequence[str]) -> None:
        self._folder = MirroredFolder(folder, paths, ".jams", listed=LIST, made_by=MADE_BY)

    def write(self, records: Iterable[Record]) -> int:
        """Write a file a record, then the list; gives how many there were."""
        count = 0
        for record in records:
            name = self._folder.write(record.entry.path, json.dumps(jams_of(record), indent=1) + "\n")
            self._folder.told.append({"path": record.entry.path, "file": name})
            count += 1
        self._folder.finish()
        return count


def jams_of(record: Record) -> dict[str, Any]:
    """A track as plain JSON values of JAMS."""
    entry, track = record.entry, record.track
    return {
        "annotations": [
            _annotation(namespace, data, record, what) for namespace, what, data in _observed(record) if data
        ],
        "file_metadata": {
            "title": entry.title,
            "artist": entry.artist,
            "release": str(entry.tags.get("album") or ""),
            "duration": track.duration_s,
            "identifiers": {"earmark_sound_id": entry.sound_id},
            "jams_version": _JAMS_VERSION,
        },
        "sandbox": {
            "earmark": {
                "path": track.path,
                "words": track.words,
                "genre_set": list(track.genre_set),
                "cannot_tell": track.cannot_tell,
                "mood": track.mood.words if track.mood else "",
                "kind": entry.kind,
                "notes": list(track.notes),
                "tags": dict(entry.tags),
            }
        },
    }


def _observed(record: Record) -> Iterator[tuple[str, str, list[Observation]]]:
    """Namespace, what it is, and observations of each annotation."""
    track = record.track
    whole = 0.0, track.duration_s
    yield "tag_open", "genres", _labels(track.answers, *whole)
    yield "tag_open", "tags", _labels(track.tags, *whole)
    timed = [
        _observation(span.start_s, span.end_s, tag.name, span.probability) for tag in track.heard for span in tag.spans
    ]
    yield "tag_open", "seconds of tags", timed
    decided = [_observation(each.start_s, each.end_s, track.genre, each.probability) for each in track.decisive]
    yield "segment_open", "seconds that decided", decided
    if track.mood is not None:
        yield "tag_open", "moods", _labels(track.mood.quadrants, *whole)
        yield "tag_open", "feelings, by the share of listeners", _labels(track.mood.emotions, *whole)
        if track.mood.valence is not None and track.mood.arousal is not None:
            place = [track.mood.valence.value, track.mood.arousal.value]
            yield "mood_thayer", "valence and arousal", [_observation(*whole, place, None)]
        arc = [_observation(each.start_s, each.end_s, [each.valence, each.arousal], None) for each in track.mood.arc]
        yield "mood_thayer", "valence and arousal over time", arc
    for head in track.heads:
        if not _is_told(head, track.mood):
            yield "tag_open", head.name, _labels(head.labels, *whole)
    yield "vector", "vector", [_observation(*whole, [round(number, 4) for number in record.vector.tolist()], None)]


def _is_told(head: HeadAnswer, mood: Mood | None) -> bool:
    """Whether what a head says was said as a mood: moods are read off heads, too."""
    said = {label.name for label in head.labels}
    told = ((), ()) if mood is None else (mood.quadrants, mood.emotions)
    return any(said == {label.name for label in labels} for labels in told)


def _labels(labels: Iterable[Label], start_s: float, end_s: float) -> list[Observation]:
    return [_observation(start_s, end_s, label.name, label.probability) for label in labels]


def _observation(start_s: float, end_s: float, value: Any, confidence: float | None) -> Observation:
    return {"time": start_s, "duration": round(end_s - start_s, 3), "value": value, "confidence": confidence}


def _annotation(namespace: str, data: list[Observation], record: Record, what: str) -> dict[str, Any]:
    return {
        "namespace": namespace,
        "data": data,
        "time": 0.0,
        "duration": record.track.duration_s,
        "annotation_metadata": {
            "curator": {"name": "", "email": ""},
            "annotator": {},
            "version": record.track.model,
            "corpus": "",
            "annotation_tools": f"earmark {__version__}",
            "annotation_rules": what,
            "validation": "",
            "data_source": "program",
        },
        "sandbox": {},
    }
