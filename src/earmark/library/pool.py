"""What is known of a collection's entries when some of them are chosen: artists, lengths, and which are one song.

Artists are numbers; an entry whose artist is not known has one of its own. Copies of a recording and versions of a song
are a family (`copies`), and no list has two of one.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.library.collection import Collection
from earmark.library.copies import NEAR_COSINE, same_length, song_keys
from earmark.library.entry import Entry

Rows = NDArray[np.int64]


class Pool:
    """A collection, to choose from.

    Attributes
    ----------
    artists:
        (n,) int64, equal where two entries are by one artist.
    lengths_s:
        (n,).
    songs:
        (n,) bool, which entries may be recommended.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        keys: dict[str, int] = {}
        artists, lengths_s, songs = [], [], []
        for place, entry in enumerate(collection.entries):
            key = entry.artist_key or f"\x00{place}"
            artists.append(keys.setdefault(key, len(keys)))
            lengths_s.append(entry.duration_s)
            songs.append(entry.recommended)
        self.artists = np.array(artists, np.int64)
        self.lengths_s = np.array(lengths_s, np.float64)
        self.songs = np.array(songs, bool)
        self.unnamed = sum(key.startswith("\x00") for key in keys)

    def __len__(self) -> int:
        return len(self.artists)

    @cached_property
    def entries(self) -> Sequence[Entry]:
        """The entries."""
        return self._collection.entries

    def families(self, rows: Iterable[int]) -> dict[int, int]:
        """Of each row one row that stands for all recordings of its song among these."""
        wanted = np.fromiter(dict.fromkeys(rows), np.int64)
        parents = {int(row): int(row) for row in wanted}

        def top(row: int) -> int:
            while parents[row] != row:
                row = parents[row]
            return row

        for one, other in self._pairs(wanted):
            parents[max(top(one), top(other))] = min(top(one), top(other))
        return {row: top(row) for row in parents}

    def _pairs(self, rows: Rows) -> Iterable[tuple[int, int]]:
        seen: dict[tuple[object, ...], int] = {}
        for row in rows.tolist():
            entry = self.entries[row]
            for key in _keys(entry):
                if key in seen:
                    yield seen[key], row
                else:
                    seen[key] = row
        vectors = self._collection.vectors[rows]
        for place, vector in enumerate(vectors):
            alike = np.flatnonzero(vectors[place + 1 :] @ vector >= NEAR_COSINE) + place + 1
            for other in alike.tolist():
                if same_length(float(self.lengths_s[rows[place]]), float(self.lengths_s[rows[other]])):
                    yield int(rows[place]), int(rows[other])


def _keys(entry: Entry) -> Iterable[tuple[object, ...]]:
    if entry.sound_id:
        yield ("sound", entry.sound_id)
    if entry.artist_key:
        titled = bool(entry.tags.get("title"))
        title = entry.title if titled else Path(entry.path).stem
        yield from (("song", entry.artist_key, key) for key in song_keys(title, entry.artist, titled=titled))
