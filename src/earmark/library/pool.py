"""What is known of a collection's entries when some of them are chosen: artists, lengths, and which are one song.

Artists are numbers; an entry whose artist is not known has one of its own. Copies of a recording and versions of a song
are a family (`copies`), and no list has two of one.
"""

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.library.collection import Collection
from earmark.library.copies import NEAR_COSINE, same_length, song_keys
from earmark.library.entry import Entry

Rows = NDArray[np.int64]
_ROWS_AT_ONCE = 512


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

    def published_of(self, rows: Sequence[int]) -> NDArray[np.floating[Any]]:
        """(k, 128) of unit length, by which recordings are known again."""
        return self._collection.published_of(rows)

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
        vectors = self.published_of(rows.tolist())
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            alike = vectors[start : start + _ROWS_AT_ONCE] @ vectors[start:].T >= NEAR_COSINE
            for place, other in np.argwhere(np.triu(alike, 1)).tolist():
                one, two = int(rows[start + place]), int(rows[start + other])
                if same_length(float(self.lengths_s[one]), float(self.lengths_s[two])):
                    yield one, two


class Known:
    """The songs that are in a list already.

    Parameters
    ----------
    pool:
        Whose rows come in.
    rows:
        Those that are in it from the beginning.
    """

    def __init__(self, pool: Pool, rows: Iterable[int] = ()) -> None:
        self._pool = pool
        self._keys: set[tuple[object, ...]] = set()
        self._rows: list[int] = []
        self._vectors: list[NDArray[np.floating[Any]]] = []
        for row in rows:
            self.add(row)

    def add(self, row: int) -> None:
        """A row comes in."""
        self._rows.append(row)
        self._vectors.append(self._pool.published_of([row])[0])
        self._keys.update(_keys(self._pool.entries[row]))

    def has(self, row: int) -> bool:
        """Whether its song, or another recording or copy of it, is there."""
        if not self._keys.isdisjoint(_keys(self._pool.entries[row])):
            return True
        if not self._rows:
            return False
        cosines = np.array(self._vectors) @ self._pool.published_of([row])[0]
        alike = [self._rows[place] for place in np.flatnonzero(cosines >= NEAR_COSINE).tolist()]
        lengths_s = self._pool.lengths_s
        return any(same_length(float(lengths_s[row]), float(lengths_s[other])) for other in alike)


def _keys(entry: Entry) -> Iterable[tuple[object, ...]]:
    if entry.sound_id:
        yield ("sound", entry.sound_id)
    if entry.artist_key:
        titled = bool(entry.tags.get("title"))
        title = entry.title if titled else Path(entry.path).stem
        yield from (("song", entry.artist_key, key) for key in song_keys(title, entry.artist, titled=titled))
