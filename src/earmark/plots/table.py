"""Tracks as a table in the terminal, printed as soon as each is there, or sorted and in groups once all are there."""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import IO, Any, Protocol

from rich.console import Console, Group, RenderableType

from earmark.plots.cells import one_line, shortened_path
from earmark.plots.order import GROUPS, SORTS
from earmark.plots.short_rows import Names, ShortRows, folders_above
from earmark.plots.wide_rows import WideRows
from earmark.track import Track

# What reads a pipe has no width of its own: short rows are as long as they must be, wide ones go to here.
_PIPE_WIDTH = 120
_WIDEST = 1000


class Rows(Protocol):
    """How a table shows its tracks."""

    def head(self) -> RenderableType:
        """What stands above the first row."""

    def row(self, track: Track) -> RenderableType:
        """A track."""


@dataclass(frozen=True)
class _Held:
    """A row that waits for the others: what to sort it by, its group, and what will be printed."""

    key: Any
    group: str
    row: RenderableType


class Table:
    """A table that grows row by row, or waits for `finish` where it has an order of its own.

    Parameters
    ----------
    labels:
        The genres of the network, whose names must fit.
    paths:
        Of all tracks that will come, as far as they are known: the columns fit them.
    wide:
        Whether each track has some lines with all there is to say, instead of one.
    tags:
        Whether each track has a line of its tags; with `wide` it has one anyway.
    sort, group:
        A name of `order.SORTS` or `order.GROUPS`; None leaves the order in which tracks are added, in one group.
    file, width:
        Where to print, and how many cells wide that is, None for a pipe; by default stdout and what it is.
    """

    def __init__(
        self,
        *,
        labels: Sequence[str],
        paths: Sequence[str | os.PathLike[str]] = (),
        wide: bool = False,
        tags: bool = False,
        sort: str | None = None,
        group: str | None = None,
        file: IO[str] | None = None,
        width: int | None = None,
    ) -> None:
        if file is None:
            width = stdout_width()
        self._console = Console(file=file, width=width or _PIPE_WIDTH, highlight=False)
        self._rows: Rows = (
            WideRows(labels=labels, width=self._console.width)
            if wide
            else ShortRows(paths=paths, width=width, tags=tags, names=_names(paths, width, sort=sort, group=group))
        )
        self._sort, self._group = sort, group
        self._held: list[_Held] = []
        self._width = width
        self._headed = False

    def add(self, track: Track) -> None:
        """Print one track, under the head if it is the first; or keep its row for `finish`."""
        row = self._rows.row(track)
        if self._sort is None and self._group is None:
            self._print(row)
            return
        key = SORTS[self._sort](track) if self._sort else 0
        self._held.append(_Held(key, GROUPS[self._group][0](track) if self._group else "", row))

    def finish(self) -> None:
        """Print what was kept, in its order."""
        held, self._held = sorted(self._held, key=lambda each: each.key), []
        if self._group is None:
            for each in held:
                self._print(each.row)
            return
        order = GROUPS[self._group][1]
        held.sort(key=lambda each: (order(each.group), each.group))
        for name, members in groupby(held, key=lambda each: each.group):
            rows = [each.row for each in members]
            count = f"  {len(rows)} {'track' if len(rows) == 1 else 'tracks'}"
            if self._width is not None:
                name = shortened_path(name, self._width - len(count))
            self._print(one_line("\n", (name, "bold"), (count, "dim")))
            for row in rows:
                self._print(row)

    def _print(self, what: RenderableType) -> None:
        if not self._headed:
            self._headed = True
            self._print(self._rows.head())
        # In a group a text keeps its own rule about wrapping.
        self._console.print(Group(what), crop=False)


def _names(paths: Sequence[str | os.PathLike[str]], width: int | None, *, sort: str | None, group: str | None) -> Names:
    if width is None:
        return Names.WHOLE_PATH
    if group == "folder":
        return Names.FILE
    in_order = sort is None and group is None
    return Names.FOLDERS_ABOVE if in_order and folders_above(paths) else Names.PATH


def stdout_width() -> int | None:
    """How many cells a line of stdout has; None where it is a pipe or a file, and COLUMNS says nothing else."""
    if "COLUMNS" not in os.environ and not (sys.stdout and sys.stdout.isatty()):
        return None
    return min(shutil.get_terminal_size(fallback=(80, 24)).columns, _WIDEST)
