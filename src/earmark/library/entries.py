"""The entries of a collection, made of its rows when they are asked for: a few one by one, or all at once.

A row is what `ROW` selects, in that order; rows come in the order of paths.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from earmark.library.entry import Entry, entry_of

ROW = "heard.id, files.id, path, size, mtime_ns, sound_id, tags, duration_s, kind, share"
PATH, SOUND, LENGTH, KIND = 2, 5, 7, 8
_ONE_BY_ONE = 256  # who asks for more of them is given all: one query for each would take longer

Row = tuple[Any, ...]


class Rows:
    """The rows of a collection.

    Parameters
    ----------
    heard_ids:
        (n,) int64, the first column.
    read:
        Gives the row with such an id, or with None all rows in their order.
    known:
        All rows, where they were read already.
    """

    def __init__(
        self, heard_ids: NDArray[np.int64], read: Callable[[int | None], list[Row]], known: list[Row] | None = None
    ) -> None:
        self._heard_ids = heard_ids
        self._read = read
        self._some: dict[int, Row] = {}
        if known is not None:
            self.every = known

    @cached_property
    def every(self) -> list[Row]:
        """All of them."""
        return self._read(None)

    @property
    def are_known(self) -> bool:
        """Whether all were read."""
        return "every" in vars(self)

    def __len__(self) -> int:
        return len(self._heard_ids)

    def __getitem__(self, place: int) -> Row:
        if self.are_known or len(self._some) >= _ONE_BY_ONE:
            return self.every[place]
        if place not in self._some:
            (self._some[place],) = self._read(int(self._heard_ids[place]))
        return self._some[place]


class Entries(Sequence[Entry]):
    """Entries that are made when they are asked for: a million of them are not."""

    def __init__(self, rows: Rows, model: str, places: range | None = None) -> None:
        self._rows = rows
        self._model = model
        self._places = range(len(rows)) if places is None else places

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Entry]:
        every = self._rows.every
        return (entry_of(every[place][1:], self._model) for place in self._places)

    @overload
    def __getitem__(self, place: int) -> Entry: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Entry]: ...
    def __getitem__(self, place: int | slice) -> Entry | Sequence[Entry]:
        """One entry, or some."""
        if isinstance(place, slice):
            return Entries(self._rows, self._model, self._places[place])
        return entry_of(self._rows[self._places[place]][1:], self._model)
