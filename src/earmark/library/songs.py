"""Songs that a person names: by a file, in the collection or not, or by a title that only one entry has."""

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import WishError
from earmark.files import shown
from earmark.library.collection import Collection
from earmark.library.entry import Entry, Heard
from earmark.library.judging import Judge
from earmark.library.lexicon import plain
from earmark.library.names import Names
from earmark.listen.linear import LinearHead

Hear = Callable[[Path], Heard]
_SUFFIX = re.compile(r"\.\w{2,5}$")
_NAMED = 4  # of several entries of one title


@dataclass(frozen=True, eq=False)
class Song:
    """A song that was named.

    Attributes
    ----------
    name:
        What to call it.
    row:
        Of the collection; None where it is not in it.
    vector:
        (128,) of unit length.
    judge:
        What holds meanings against it, at `place`.
    """

    name: str
    row: int | None
    vector: NDArray[np.float32]
    judge: Judge
    place: int


@dataclass(frozen=True, eq=False)
class _Alone:
    """A file that was heard alone, as rows that can be judged."""

    names: Names
    entries: tuple[Entry, ...]
    answers: NDArray[np.float32]
    numbers: NDArray[np.float32]
    loudness_lufs: NDArray[np.float64]


class Songs:
    """Finds songs by what a person calls them.

    Parameters
    ----------
    collection, judge:
        Where they are looked for first, and what judges its entries.
    words:
        The user's own, for files that are not in the collection.
    hear:
        What hears a file as the collection does; asked for a file that is not in it.
    folder:
        Where relative paths begin; the current one by default.
    """

    def __init__(
        self,
        collection: Collection,
        judge: Judge,
        words: tuple[LinearHead, ...],
        hear: Hear,
        *,
        folder: Path | None = None,
    ) -> None:
        self._collection = collection
        self._judge = judge
        self._words = words
        self._hear = hear
        self._folder = folder or Path()
        self._known: dict[str, Song | None] = {}

    def find(self, text: str) -> Song | None:
        """The song that a text names; None where it names none; WishError where several entries have that title.

        Errors of hearing pass, where it names a file that is not in the collection and cannot be heard.
        """
        if text not in self._known:
            self._known[text] = self._found(text.strip())
        return self._known[text]

    def _found(self, text: str) -> Song | None:
        if not text:
            return None
        path = self._folder / _at_home(text)
        row = self._collection.row_of(path)
        if row is None and _is_file(path):
            row = self._collection.row_of(os.path.realpath(path))
            if row is None:
                return self._heard(path)
        if row is None:
            row = self._titled(text)
        if row is None:
            return None
        entry = self._collection.entries[row]
        return Song(entry.title, row, self._collection.vectors[row], self._judge, row)

    def _heard(self, path: Path) -> Song:
        heard = self._hear(path)
        entry = Entry(0, os.fspath(path), 0, 0, "", {}, heard.track.duration_s, heard.kind, heard.share, "")
        alone = _Alone(
            self._collection.names,
            (entry,),
            heard.answers[np.newaxis],
            heard.numbers[np.newaxis].astype(np.float32),
            np.array([heard.track.loudness_lufs], np.float64),
        )
        return Song(path.name, None, heard.near, Judge(alone, self._words), 0)

    def _titled(self, text: str) -> int | None:
        rows = self._titles.get(plain(_SUFFIX.sub("", text)), [])
        if len(rows) > 1:
            named = "; ".join(shown(self._collection.entries[row].path) for row in rows[:_NAMED])
            more = f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else ""
            raise WishError(f"{len(rows)} entries are called '{text}': {named}{more}.", hint="Name the file.")
        return rows[0] if rows else None

    @cached_property
    def _titles(self) -> dict[str, list[int]]:
        """Rows by title, by artist and title, and by the name of the file."""
        found: dict[str, list[int]] = {}
        for row, entry in enumerate(self._collection.entries):
            stem = _SUFFIX.sub("", Path(entry.path).name)
            for key in {plain(entry.title), plain(f"{entry.artist} {entry.title}"), plain(stem)}:
                found.setdefault(key, []).append(row)
        return found


def _at_home(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except (RuntimeError, ValueError):  # "~nobody" has no home, and "~\0" is no name
        return Path(text)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a text that is no name of a file at all
        return False
