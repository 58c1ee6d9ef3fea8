"""Groups of files that hold one recording, as far as their sound says: found and shown, never merged.

Files with the same encoded sound are one recording. Others are compared by fingerprint (`fingerprint`) where their
lengths are about the same and their vectors near: two encodings of a recording are always near, and most pairs of
others are not, so that not all fingerprints need be compared with all others. What was heard in part has no
fingerprint, and is found by its encoded sound alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.label import six_digits
from earmark.library.collection import Collection
from earmark.library.copies import SAME_S, SAME_SHARE
from earmark.library.entry import Entry
from earmark.library.fingerprint import SAME, may_be_alike, similarity

SAME_SOUND, SAME_RECORDING = "same sound", "same recording"

_NEAR_COSINE = 0.6  # two encodings of a recording are nearer than that: `benchmarks/duplicates.py`
_ROWS_AT_ONCE = 512
_TOLD = ("title", "artist", "album", "year")
_KBIT_S = 0.03  # bit rates that differ by a smaller share are the same


@dataclass(frozen=True, slots=True)
class Group:
    """Files of one recording.

    Attributes
    ----------
    entries:
        The files, that with the highest bit rate first.
    similarity:
        Of the two that are least alike by fingerprint, of those that were held together by it; 1 where all have the
        same encoded sound.
    """

    entries: tuple[Entry, ...]
    similarity: float

    @property
    def kind(self) -> str:
        """`SAME_SOUND` where all files have the same encoded sound, else `SAME_RECORDING`."""
        return SAME_SOUND if len({entry.sound_id or entry.path for entry in self.entries}) == 1 else SAME_RECORDING

    @property
    def differs(self) -> tuple[str, ...]:
        """In what the files differ: format, bit rate, length, and what their tags say."""
        facts = [_facts(entry) for entry in self.entries]
        found = [name for name in facts[0] if len({each[name] for each in facts}) > 1]
        rates = [kbit_s(entry) for entry in self.entries]
        if min(rates) < (1 - _KBIT_S) * max(rates):
            found.insert(1 if "format" in found else 0, "bit rate")
        return tuple(found)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        files = [
            {
                "path": entry.path,
                "duration_s": entry.duration_s,
                "size": entry.size,
                "kbit_s": round(kbit_s(entry)),
                "sound_id": entry.sound_id,
                "tags": dict(entry.tags),
            }
            for entry in self.entries
        ]
        return {"kind": self.kind, "similarity": self.similarity, "differs": list(self.differs), "files": files}


def kbit_s(entry: Entry) -> float:
    """The mean bit rate of a file, pictures and tags and all, in kbit/s."""
    return entry.size * 8 / 1000 / max(entry.duration_s, 0.001)


def duplicates(collection: Collection) -> tuple[Group, ...]:
    """All groups of two or more, those with the largest files first."""
    facts = _Facts(collection)
    families = _Families(len(collection))
    by_sound: dict[str, int] = {}
    for row, entry in enumerate(facts.entries):
        if entry.sound_id:
            families.join(by_sound.setdefault(entry.sound_id, row), row, 1.0)
    for one, others in facts.candidates():
        apart = [other for other in others if not families.together(one, other)]
        for other, alike in facts.alike(one, apart):
            families.join(one, other, alike)
    found = [_group(facts.entries, rows, alike) for rows, alike in families.groups()]
    return tuple(sorted(found, key=lambda group: (-max(each.size for each in group.entries), group.entries[0].path)))


def _group(entries: Sequence[Entry], rows: Sequence[int], alike: float) -> Group:
    files = sorted((entries[row] for row in rows), key=lambda entry: (-kbit_s(entry), entry.path))
    return Group(tuple(files), six_digits(alike))


def _facts(entry: Entry) -> dict[str, object]:
    suffix = PurePath(entry.path).suffix.lower().lstrip(".")
    return {"format": suffix, "length": round(entry.duration_s)} | {name: entry.tags.get(name, "") for name in _TOLD}


class _Facts:
    """What groups are found by."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._prints: dict[int, bytes] = {}
        self.entries = list(collection.entries)

    @cached_property
    def _durations_s(self) -> NDArray[np.float64]:
        return np.array([entry.duration_s for entry in self.entries], np.float64)

    def candidates(self) -> Iterator[tuple[int, list[int]]]:
        """Rows, and those of about the same length whose vectors are near; each pair once."""
        order = np.argsort(self._durations_s, kind="stable")
        lengths_s, vectors = self._durations_s[order], self._collection.published[order]
        # Of sorted lengths those that are the same begin behind a row and end where they are too long.
        ends = np.searchsorted(lengths_s, np.maximum(lengths_s + SAME_S, lengths_s / (1 - SAME_SHARE)), side="right")
        for start in range(0, len(order), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            near = vectors[rows] @ vectors[start : int(ends[rows].max())].T >= _NEAR_COSINE
            for place, (end, columns) in enumerate(zip(ends[rows].tolist(), near, strict=True), start=start):
                behind = np.flatnonzero(columns[place + 1 - start : end - start]) + place + 1
                if len(behind):
                    yield int(order[place]), order[behind].tolist()

    def alike(self, one: int, others: Sequence[int]) -> Iterator[tuple[int, float]]:
        """Those of some rows whose fingerprints say that they are the same recording, and how alike they are."""
        prints = [self._fingerprint(other) for other in others]
        passed = may_be_alike(self._fingerprint(one), prints) if others else ()
        for other, theirs, may_be in zip(others, prints, passed, strict=True):
            if may_be and (alike := similarity(self._fingerprint(one), theirs)) >= SAME:
                yield other, alike

    def _fingerprint(self, row: int) -> bytes:
        """Read once."""
        if row not in self._prints:
            self._prints[row] = self._collection.fingerprint(self.entries[row].id)
        return self._prints[row]


class _Families:
    """Which rows belong together: a forest of disjoint sets."""

    def __init__(self, count: int) -> None:
        self._heads = list(range(count))
        self._least = [1.0] * count

    def together(self, one: int, other: int) -> bool:
        return self._head(one) == self._head(other)

    def join(self, one: int, other: int, alike: float) -> None:
        heads = sorted((self._head(one), self._head(other)))
        self._least[heads[0]] = min(alike, *(self._least[head] for head in heads))
        self._heads[heads[1]] = heads[0]

    def groups(self) -> Iterator[tuple[list[int], float]]:
        """The rows of each set of two or more, and how alike the two were that were joined with least right."""
        found: dict[int, list[int]] = {}
        for row in range(len(self._heads)):
            found.setdefault(self._head(row), []).append(row)
        for head, rows in found.items():
            if len(rows) > 1:
                yield rows, self._least[head]

    def _head(self, row: int) -> int:
        while self._heads[row] != row:
            self._heads[row] = self._heads[self._heads[row]]
            row = self._heads[row]
        return row
