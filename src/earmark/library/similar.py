"""The entries of a collection that are most like a track, or like some seconds of one, and why.

Nearness is mutual proximity (`hubs`, `nearest`), over all entries. The track itself is never given, and copies and
other versions of it, or of what was given before, only where they are asked for. How sure a match is: it is nearer than
such a share of all pairs of entries. Seconds of a track are the mean of their moments, held against all entries on the
axes on which moments are kept (`axes`).
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.files import shown
from earmark.label import six_digits
from earmark.library.collection import Collection
from earmark.library.copies import relation
from earmark.library.entry import Entry
from earmark.library.nearest import Near, Space
from earmark.library.queries import Query
from earmark.library.reasons import Elsewhere, Reason, reason

COUNT = 10
LIKE = 0.95  # a match that is nearer than a smaller share of pairs is one as chance brings together

Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]

_OTHERS = 32  # entries that stand for what is usual


@dataclass(frozen=True, slots=True)
class Match:
    """An entry that is like the query.

    Attributes
    ----------
    entry, row:
        Which.
    similarity:
        The cosine, -1 to 1.
    proximity:
        Mutual proximity, 0 to 1: matches come in its order.
    closer_than:
        The share of pairs of entries that are further apart by mutual proximity, so that it falls from match to match;
        None where the collection has too few.
    relation:
        "copy" or "version" where it is one of the query, else empty.
    reason:
        Why.
    """

    entry: Entry
    row: int
    similarity: float
    proximity: float
    closer_than: float | None
    relation: str
    reason: Reason

    @property
    def really(self) -> bool:
        """Whether it is nearer than chance alone brings together."""
        return self.closer_than is None or self.closer_than >= LIKE

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "path": self.entry.path,
            "artist": self.entry.artist,
            "title": self.entry.title,
            "duration_s": self.entry.duration_s,
            "similarity": self.similarity,
            "proximity": self.proximity,
            "closer_than": self.closer_than,
            "really": self.really,
            "relation": self.relation,
            "reason": self.reason.to_dict(),
        }


def similar(
    collection: Collection,
    query: Query,
    *,
    n: int = COUNT,
    per_artist: int | None = 1,
    keep: Bools | None = None,
    exclude: Sequence[str] = (),
    versions: bool = False,
    all_kinds: bool = False,
) -> tuple[Match, ...]:
    """The entries that are most like a track, the nearest first.

    Parameters
    ----------
    collection:
        What is searched.
    query:
        What for.
    n:
        How many at most.
    per_artist:
        How many of one artist at most, None for any number; one whose artist is not known stands for itself.
    keep:
        (n,) which entries may be given at all; None for all.
    exclude:
        Patterns with `*` and `?`, in upper or lower case, of files, folders, paths and artists that are left out.
    versions:
        Whether copies and other versions of the query, and of each other, are given.
    all_kinds:
        Whether entries that are no songs are given.
    """
    space, sought = _space(collection, query)
    rows = np.arange(len(collection)) if keep is None else np.flatnonzero(keep)
    if query.row is not None:
        rows = rows[rows != query.row]
    choice = _Choice(collection, query, per_artist, exclude=exclude, versions=versions, all_kinds=all_kinds)
    chosen: list[Near] = []
    for near in space.nearest_first(sought, rows):
        if len(chosen) == n:
            break
        if choice.takes(near.row):
            chosen.append(near)
    return tuple(_matches(collection, query, space, chosen))


def _space(collection: Collection, query: Query) -> tuple[Space, Floats]:
    """The points that are searched, and that which is searched for."""
    if query.directions is None:
        return Space.of(collection.vectors), query.vector
    return Space.of(_unit(collection.published @ query.directions)), _unit(query.tokens.vectors.mean(axis=0))


def _unit(vectors: NDArray[Any]) -> Floats:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)


@dataclass(frozen=True, eq=False, slots=True)
class _Given:
    """The query, or an entry that was taken; its fingerprint is read where it is needed."""

    entry: Entry
    published: Floats
    fingerprint: Callable[[], bytes]


class _Choice:
    """Takes entries one after the other, or passes them over."""

    def __init__(
        self,
        collection: Collection,
        query: Query,
        per_artist: int | None,
        *,
        exclude: Sequence[str],
        versions: bool,
        all_kinds: bool,
    ) -> None:
        self._collection = collection
        self._per_artist = per_artist
        self._patterns = [pattern.rstrip("/").casefold() for pattern in exclude]
        self._versions = versions
        self._all_kinds = all_kinds
        self._given = [_Given(query.entry, query.published, lambda: query.fingerprint)]
        self._artists: Counter[str] = Counter()

    def takes(self, row: int) -> bool:
        entry = self._collection.entries[row]
        if not (self._all_kinds or entry.recommended) or self._excluded(entry) or self._enough_of(entry):
            return False
        published = self._collection.published_of([row])[0]
        if not self._versions and any(self._related(given, entry, published) for given in self._given):
            return False
        self._given.append(_Given(entry, published, partial(self._collection.fingerprint, entry.id)))
        self._artists[entry.artist_key] += 1
        return True

    def _related(self, given: "_Given", entry: Entry, published: Floats) -> bool:
        def prints() -> tuple[bytes, bytes]:
            return given.fingerprint(), self._collection.fingerprint(entry.id)

        return bool(relation(given.entry, entry, float(given.published @ published), prints))

    def _enough_of(self, entry: Entry) -> bool:
        most = self._per_artist
        return most is not None and bool(entry.artist_key) and self._artists[entry.artist_key] >= most

    def _excluded(self, entry: Entry) -> bool:
        if not self._patterns:
            return False
        names = [*PurePath(entry.path).parts, entry.path, entry.artist, str(entry.tags.get("albumartist") or "")]
        return any(fnmatchcase(name.casefold(), pattern) for name in names if name for pattern in self._patterns)


def _matches(collection: Collection, query: Query, space: Space, chosen: Sequence[Near]) -> Iterator[Match]:
    if not chosen:
        return
    elsewhere = usual(collection)
    answers = collection.answers_at([near.row for near in chosen])
    for near, told in zip(chosen, answers, strict=True):
        entry = collection.entries[near.row]
        there = collection.tokens(entry.id)
        yield Match(
            entry,
            near.row,
            six_digits(near.cosine),
            six_digits(near.proximity),
            space.closer_than(near.proximity),
            _relation(collection, query, near.row),
            reason(query.tokens, there, query.answers, told, names=collection.names, elsewhere=elsewhere),
        )


def _relation(collection: Collection, query: Query, row: int) -> str:
    entry = collection.entries[row]

    def prints() -> tuple[bytes, bytes]:
        return query.fingerprint, collection.fingerprint(entry.id)

    return relation(query.entry, entry, float(query.published @ collection.published_of([row])[0]), prints)


def usual(collection: Collection) -> Elsewhere:
    """What entries drawn at random are like, the same ones each time."""
    count = len(collection)
    drawn = np.random.default_rng(0).choice(count, min(count, _OTHERS), replace=False)
    tokens = [collection.tokens(int(collection.ids[row])) for row in drawn]
    return Elsewhere.of(tokens, collection.answers_at(drawn.tolist()))


def warning(matches: Sequence[Match]) -> str:
    """A sentence where even the nearest match is no nearer than chance; else empty."""
    if not matches or any(match.really for match in matches):
        return ""
    return "Nothing here is really like it: by chance alone one pair of tracks in twenty is as close as these."


def how_close(match: Match) -> str:
    """How sure a match is, in words: "closer than 99.8 % of pairs"."""
    share = match.closer_than
    if share is None:
        return f"similarity {match.similarity:.2f}"
    if share > 0.999:
        return "closer than 99.9 % of pairs"
    return f"closer than {100 * share:.{0 if share < LIKE else 1}f} % of pairs"


def name_of_entry(entry: Entry) -> str:
    """Artist and title, or the title alone: "Nina Simone – Sinnerman"."""
    return shown(" – ".join(part for part in (entry.artist, entry.title) if part))
