"""Everything that a collection has of its tracks, one after the other, for who takes it elsewhere."""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.errors import CollectionError
from earmark.label import Label, six_digits, sorted_labels
from earmark.library.collection import Collection
from earmark.library.entry import Entry
from earmark.library.words import word_probabilities
from earmark.listen.linear import LinearHead
from earmark.track import Track

FILE_TAGS = (
    *("title", "artist", "albumartist", "album", "composer", "year", "genre"),
    *("track", "track_total", "disc", "disc_total", "bpm", "initial_key", "isrc"),
)  # as `sound.tags` reads them
_DIGITS = 4  # of a vector's number, which is kept in 11 bits


@dataclass(frozen=True, eq=False, slots=True)
class Record:
    """A track of a collection.

    Attributes
    ----------
    entry:
        Its file, with the tags that stand in it.
    track:
        The answer; among its tags are the user's own words.
    vector:
        (128,) float32 of unit length, as published.
    """

    entry: Entry
    track: Track
    vector: NDArray[np.float32]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values: those of the track, "file" and "vector"."""
        entry = self.entry
        return {
            **self.track.to_dict(),
            "kind": entry.kind,
            "file": {
                "size": entry.size,
                "mtime_ns": entry.mtime_ns,
                "sound_id": entry.sound_id,
                "tags": dict(entry.tags),
            },
            "vector": [round(number, _DIGITS) for number in self.vector.tolist()],
        }


def records(
    collection: Collection,
    *,
    words: Sequence[LinearHead] = (),
    on_failure: Callable[[str, str], None] = lambda path, reason: None,
) -> Iterator[Record]:
    """Every track of a collection; one that is damaged is left out.

    Parameters
    ----------
    words:
        The user's own.
    on_failure:
        Called with the path and the reason of each that is left out.
    """
    shares = {word.name: word_probabilities(collection, word) for word in words}
    for row, entry in enumerate(collection.entries):
        try:
            track = collection.track(entry.id)
        except CollectionError as error:
            on_failure(entry.path, str(error))
            continue
        own = {name: six_digits(float(values[row])) for name, values in shares.items()}
        yield Record(entry, _with_words(track, own) if own else track, collection.published[row])


def any_track(collection: Collection) -> Track:
    """The first track of a collection that can be read; CollectionError where none can."""
    for entry in collection.entries[:-1]:
        with contextlib.suppress(CollectionError):
            return collection.track(entry.id)
    return collection.track(collection.entries[-1].id)


def _with_words(track: Track, own: dict[str, float]) -> Track:
    kept: dict[str, float] = {label.name: label.probability for label in _others(track.tags, own)}
    return replace(track, tags=sorted_labels(kept | own))


def _others(tags: Sequence[Label], own: dict[str, float]) -> Iterator[Label]:
    return (label for label in tags if label.name not in own)
