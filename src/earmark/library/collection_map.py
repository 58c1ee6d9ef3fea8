"""A collection as a map: both planes, what they go with, true neighbours, and the answers by which they are coloured.

`layout` places, `bearings` says what lies where; here both are asked for a collection, or a part of it, and its
entries, answers and words of the user's own stand beside them, row by row.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.errors import CollectionError
from earmark.label import six_digits
from earmark.library.bearings import Bearing, Column, Region, bearings, regions
from earmark.library.collection import Collection
from earmark.library.entry import Entry
from earmark.library.layout import FEWEST, Layout, Plane, lay_out
from earmark.library.names import GENRES, PLANE, TAGS, Names
from earmark.library.words import word_probabilities
from earmark.listen.linear import LinearHead
from earmark.track import NONE

YOURS = "yours"  # the group of a user's own words, as `HeardTag` has it
_FEWEST_PARTS, _MOST_PARTS = 2, 9  # regions: a third of the root of the entries' number, and for who looks closer
_FINER = 4  # times as many
_IN_FINER = 10  # entries in one of those, at least


@dataclass(frozen=True, eq=False)
class Charted:
    """A plane with what it goes with.

    Attributes
    ----------
    plane:
        Places.
    bearings:
        Of every answer.
    regions:
        Few large ones, and many small ones.
    """

    plane: Plane
    bearings: Sequence[Bearing]
    regions: tuple[Sequence[Region], Sequence[Region]]


@dataclass(frozen=True, eq=False)
class CollectionMap:
    """A map of some entries.

    Attributes
    ----------
    model:
        Name and version of the bundle that heard them.
    rows:
        (n,) int64, which rows of the collection they are.
    entries:
        The n entries.
    layout:
        Both planes, and true neighbours by their place among the entries.
    curved, flat:
        The planes with what they go with; the same where there are too few entries for a curved one.
    columns:
        What the columns of `answers` are: their group (of tags theirs, such as "instrument"), and their name.
    answers:
        (n, columns) float32: probabilities, shares, valence and arousal; nan where not told.
    """

    model: str
    rows: NDArray[np.int64]
    entries: Sequence[Entry]
    layout: Layout
    curved: Charted
    flat: Charted
    columns: Sequence[Column]
    answers: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def chance(self) -> float:
        """The share of true neighbours that places drawn at random would keep."""
        return float(self.layout.neighbours.rows.shape[1] / (len(self) - 1))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values: places, true neighbours by their place in "tracks", and what lies where."""
        return {
            "model": self.model,
            "kept": {
                "curved": six_digits(self.curved.plane.share),
                "flat": six_digits(self.flat.plane.share),
                "chance": six_digits(self.chance),
                "neighbours": self.layout.neighbours.rows.shape[1],
            },
            "explained": [six_digits(share) for share in self.layout.explained],
            "planes": {
                name: {
                    "goes_with": [bearing.to_dict() for bearing in charted.bearings],
                    "regions": [region.to_dict() for region in charted.regions[0]],
                }
                for name, charted in (("curved", self.curved), ("flat", self.flat))
            },
            "tracks": [self._track(place) for place in range(len(self))],
        }

    def _track(self, place: int) -> dict[str, Any]:
        entry, near = self.entries[place], self.layout.neighbours
        genres = [number for number, column in enumerate(self.columns) if column.group == GENRES]
        most = max(genres, key=lambda number: self.answers[place, number], default=None)
        (x, y), flat = self.curved.plane.positions[place].tolist(), self.flat.plane.positions[place].tolist()
        return {
            "path": entry.path,
            "artist": entry.artist,
            "title": entry.title,
            "x": six_digits(x),
            "y": six_digits(y),
            "flat": [six_digits(number) for number in flat],
            "genre": None if most is None else self.columns[most].name,
            "probability": None if most is None else six_digits(float(self.answers[place, most])),
            "neighbours": near.rows[place].tolist(),
            "similarity": [six_digits(cosine) for cosine in near.cosines[place].tolist()],
            "kept": six_digits(float(self.curved.plane.kept[place])),
        }


def map_of(
    collection: Collection,
    *,
    keep: NDArray[np.bool_] | None = None,
    words: Sequence[LinearHead] = (),
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> CollectionMap:
    """The map of a collection.

    Parameters
    ----------
    keep:
        (n,) which of its entries; None for all.
    words:
        The user's own, taught to the network that heard it.
    seed:
        Of the layout.
    progress:
        Told (done, total) hundredths of laying it out.

    Raises
    ------
    CollectionError
        There are less than three entries, or a word was taught to another network.
    """
    rows = np.arange(len(collection)) if keep is None else np.flatnonzero(keep)
    if len(rows) < FEWEST:
        tracks = "1 track" if len(rows) == 1 else f"{len(rows)} tracks"
        raise CollectionError(
            f"A map needs at least {FEWEST} tracks, and here {'is' if len(rows) == 1 else 'are'} {tracks}.",
            hint="Index more: earmark index FOLDER. Or ask for more of what there is.",
        )
    columns, answers = _answers(collection, rows, words)
    right, up = (np.asarray(line)[rows] for line in (collection.valence, collection.arousal))
    layout = lay_out(collection.vectors[rows], right=right, up=up, seed=seed, progress=progress)
    flat = _charted(layout.flat, columns, answers)
    return CollectionMap(
        model=collection.model,
        rows=rows.astype(np.int64),
        entries=[collection.entries[row] for row in rows.tolist()],
        layout=layout,
        curved=_charted(layout.curved, columns, answers) if layout.is_curved else flat,
        flat=flat,
        columns=columns,
        answers=answers,
    )


def _answers(
    collection: Collection, rows: NDArray[np.int64], words: Sequence[LinearHead]
) -> tuple[Sequence[Column], NDArray[np.float32]]:
    columns = [*_columns(collection.names), *(Column(YOURS, word.name) for word in words)]
    own = [word_probabilities(collection, word)[rows, np.newaxis] for word in words]
    return columns, np.concatenate([collection.answers[rows], *own], axis=1)


def _columns(names: Names) -> list[Column]:
    groups = {name: group for name, group in zip(names.tags, names.tag_groups, strict=False) if group}
    return [
        Column(groups.get(label, group) if group == TAGS else group, label)
        for group, labels in names.groups.items()
        for label in labels
    ]


def _charted(plane: Plane, columns: Sequence[Column], answers: NDArray[np.float32]) -> Charted:
    count = len(plane.positions)
    few = int(np.clip(round(np.sqrt(count) / 3), _FEWEST_PARTS, _MOST_PARTS))
    named = [place for place, column in enumerate(columns) if column.group != PLANE and column.name != NONE]
    parts = [
        regions(plane.positions, answers[:, named], [columns[place] for place in named], count=number)
        for number in (few, max(min(_FINER * few, count // _IN_FINER), 1))
    ]
    return Charted(plane, bearings(plane.positions, answers, columns), (parts[0], parts[1]))
