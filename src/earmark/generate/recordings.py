"""Which entries of a collection are one recording: of a recording only one file may come into a piece.

A segment that is known by its file would come again within the minute from another encoding of the same sound.
"""

import numpy as np

from earmark.library.collection import Collection
from earmark.library.copies import COPY, relation, same_length


class Recordings:
    """Compares entries, pair by pair, and remembers what it found.

    Parameters
    ----------
    collection:
        Whose entries.
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._known: dict[tuple[int, int], bool] = {}

    def same(self, one: int, other: int) -> bool:
        """Whether two rows are one recording, in whatever encoding."""
        pair = min(one, other), max(one, other)
        if pair not in self._known:
            self._known[pair] = one == other or self._compared(*pair)
        return self._known[pair]

    def copies_of(self, row: int) -> list[int]:
        """The other rows that are the same recording as one."""
        durations_s = self._collection.durations_s
        alike = [other for other in range(len(durations_s)) if same_length(durations_s[row], durations_s[other])]
        return [other for other in alike if other != row and self.same(row, other)]

    def _compared(self, one: int, other: int) -> bool:
        first, second = self._collection.entries[one], self._collection.entries[other]
        if first.sound_id and first.sound_id == second.sound_id:
            return True
        if not same_length(first.duration_s, second.duration_s):
            return False
        vectors = self._collection.published_of([one, other]).astype(np.float64)

        def prints() -> tuple[bytes, bytes]:
            return self._collection.fingerprint(first.id), self._collection.fingerprint(second.id)

        return relation(first, second, float(vectors[0] @ vectors[1]), prints) == COPY
