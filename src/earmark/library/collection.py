"""The reading side of a collection: what was heard, as arrays and as tracks. Nothing here writes.

Rows of all arrays are entries in the order of their paths. A collection is read as it was when it was opened, whatever
an indexer writes meanwhile; close it, or the database's log cannot be tidied up.
"""

import os
import sqlite3
from collections.abc import Iterator, Sequence
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from earmark.errors import CollectionError, NoCollectionError
from earmark.files import shown
from earmark.library.entries import KIND, LENGTH, PATH, ROW, SOUND, Entries, Row, Rows
from earmark.library.entry import Entry, Tokens, absolute
from earmark.library.names import PLANE, Names
from earmark.library.packing import Packed, loudness_reader, unhalf, unpack_tokens, unpack_track
from earmark.library.schema import STATE, connect_to_read, database_file, errors_of
from earmark.library.vectors_file import Vectors, read_vectors, write_vectors
from earmark.track import Track

Floats = NDArray[np.float32]

# One network's answers: those of the last that had heard all. The first one of a collection counts as such at once.
_CURRENT = "SELECT id, model, sha256, names FROM models ORDER BY complete DESC, id LIMIT 1"
_LEAST_LENGTH = 1e-12
_PRESENT = "files.state = 'heard' AND heard.vector IS NOT NULL AND heard.model_id = ?"


class Collection:
    """What one network heard of the files that are there, as a context manager.

    Attributes
    ----------
    db:
        The file.
    model, sha256:
        Of the network whose answers are read.
    names:
        What the columns of `answers` are called.
    ids:
        (n,) int64, of the entries.
    entries:
        The files, as `Entry`.
    """

    def __init__(self, db: Path, connection: sqlite3.Connection) -> None:
        self.db = db
        self._connection = connection
        with errors_of(db):
            connection.execute("BEGIN")  # from here on it stays as it is
            found = connection.execute(_CURRENT).fetchone()
            if not found:
                raise NoCollectionError(f"The collection {shown(db)} is empty.", hint="Fill it: earmark index FOLDER.")
            self._model_id, self.model, self.sha256, names = found
            self.names = Names.from_json(names)
            state = connection.execute("SELECT value FROM settings WHERE name = ?", (STATE,)).fetchone()
        self._state: str | None = state and state[0]
        self._mapped = read_vectors(db, self._state, self.sha256) if self._state else None
        known = None
        if self._mapped:
            self._heard_ids, self.ids = self._mapped.heard_ids, self._mapped.ids
        else:
            known = self._read_rows(None)
            self._heard_ids, self.ids = (np.array([row[place] for row in known], np.int64) for place in (0, 1))
        if not len(self.ids):
            raise NoCollectionError(
                f"The collection {shown(db)} has no track in it.", hint="Fill it: earmark index FOLDER."
            )
        self._rows = Rows(self._heard_ids, self._read_rows, known)
        self.entries: Sequence[Entry] = Entries(self._rows, self.model)

    @classmethod
    def open(cls, db: Path | None = None) -> Self:
        """The collection in a file, the user's own by default; CollectionError where there is none that can be read."""
        file = database_file() if db is None else Path(db)
        connection = connect_to_read(file)
        try:
            return cls(file, connection)
        except BaseException:
            connection.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __len__(self) -> int:
        return len(self.ids)

    def close(self) -> None:
        """Let the file go; arrays that were read stay, and entries are not to be asked for any more."""
        self._connection.close()

    @property
    def durations_s(self) -> NDArray[np.float64]:
        """(n,) of the entries, without making them."""
        return np.array([row[LENGTH] for row in self._rows.every], np.float64)

    @property
    def kinds(self) -> list[str]:
        """The kind of each entry, without making them."""
        return [row[KIND] for row in self._rows.every]

    @property
    def sound_ids(self) -> list[str]:
        """The hash of each entry's sound, without making them."""
        return [row[SOUND] for row in self._rows.every]

    @cached_property
    def vectors(self) -> Floats:
        """(n, d) float32 of unit length, by which entries are near, as `entry.Heard.near`: a dot product is a cosine.

        They may be mapped from a file, and are not to be written to.
        """
        if self._mapped:
            return self._mapped.near
        near = _unit(self._deciding()) if self._decide else self.published
        if self._state:
            write_vectors(self.db, self._state, self.sha256, Vectors(self._heard_ids, self.ids, near))
        return near

    @cached_property
    def published(self) -> Floats:
        """(n, d) float32 of unit length, as `Listener.hear_with_vector` gives them: by these copies are known."""
        return _unit(self._read("SELECT id, vector FROM heard WHERE model_id = ? AND vector IS NOT NULL"))

    def published_of(self, rows: Sequence[int]) -> Floats:
        """(k, d) of `published`, in the order of rows, without reading all."""
        found = [unhalf(self._one("SELECT vector FROM heard WHERE id = ?", row)[0]) for row in rows]
        return _unit(np.array(found, np.float32)) if found else np.zeros((0, self.vectors.shape[1]), np.float32)

    @cached_property
    def numbers(self) -> Floats:
        """(n, numbers) float32: what heads read."""
        return self._told("numbers")

    @cached_property
    def answers(self) -> Floats:
        """(n, columns) float32: probabilities, shares, valence and arousal by `names`; nan where not told."""
        return self._told("answers")

    def answers_at(self, rows: Sequence[int]) -> Floats:
        """(k, columns) of `answers`, of a few rows, without reading all."""
        query = "SELECT answers FROM told WHERE heard_id = ?"
        found = [unhalf(self._one(query, row)[0]) for row in rows]
        return np.stack(found) if found else np.zeros((0, self.names.count), np.float32)

    def column(self, group: str, name: str) -> Floats:
        """(n,) of `answers`; KeyError where the network does not tell that."""
        return self.answers[:, self.names.place(group, name)]

    @property
    def valence(self) -> Floats:
        """(n,) dark to bright, -1 to 1; nan where it is not told."""
        return self._plane("valence")

    @property
    def arousal(self) -> Floats:
        """(n,) calm to lively, -1 to 1; nan where it is not told."""
        return self._plane("arousal")

    @cached_property
    def loudness_lufs(self) -> NDArray[np.float64]:
        """(n,) as in `Track`; nan where it was not kept. The beginnings of all summaries are read for it."""
        read = loudness_reader(self.names)
        query = "SELECT heard_id, summary FROM details JOIN heard ON heard.id = heard_id WHERE model_id = ?"
        with errors_of(self.db):
            known = {row: read(summary) for row, summary in self._connection.execute(query, (self._model_id,))}
        return np.array([known.get(row, np.nan) for row in self._heard_ids.tolist()], np.float64)

    def row_of(self, path: str | os.PathLike[str]) -> int | None:
        """The row of a file; None where it is no entry."""
        wanted = os.fsencode(absolute(path))
        with errors_of(self.db):
            found = self._connection.execute(
                f"SELECT heard.id FROM files JOIN heard ON file_id = files.id WHERE path = ? AND {_PRESENT}",
                (wanted, self._model_id),
            ).fetchone()
        return None if found is None else int(np.flatnonzero(self._heard_ids == found[0])[0])

    def row_of_id(self, entry_id: int) -> int:
        """The row of an entry by its id; KeyError where there is none."""
        order = self._order_by_id
        place = int(np.searchsorted(self.ids, entry_id, sorter=order))
        if place == len(order) or self.ids[order[place]] != entry_id:
            raise KeyError(entry_id)
        return int(order[place])

    def track(self, entry_id: int) -> Track:
        """The whole track of an entry, by its id; KeyError where there is none."""
        row = self.row_of_id(entry_id)
        summary, timeline, answers = self._one(
            "SELECT summary, timeline, answers FROM details JOIN told USING (heard_id) WHERE heard_id = ?", row
        )
        try:
            return unpack_track(
                Packed(summary, timeline), unhalf(answers), self.names, path=self.entries[row].path, model=self.model
            )
        except ValueError as error:
            raise self._damaged(row) from error

    def tokens(self, entry_id: int) -> Tokens:
        """The moments of an entry, by its id; KeyError where there is none."""
        row = self.row_of_id(entry_id)
        (tokens,) = self._one("SELECT tokens FROM details WHERE heard_id = ?", row)
        try:
            return unpack_tokens(tokens)
        except ValueError as error:
            raise self._damaged(row) from error

    def fingerprint(self, entry_id: int) -> bytes:
        """By which a recording is known again, by the id of an entry; empty where none was made."""
        return bytes(self._one("SELECT fingerprint FROM details WHERE heard_id = ?", self.row_of_id(entry_id))[0])

    def failures(self) -> list[tuple[str, str]]:
        """The files that could not be heard, each with its reason, by path."""
        with errors_of(self.db):
            found = self._connection.execute("SELECT path, reason FROM files WHERE state = 'failed' ORDER BY path")
            return [(os.fsdecode(path), reason) for path, reason in found]

    def silent(self) -> list[str]:
        """The files in which there is nothing but silence, by path: they are heard, and no entries."""
        with errors_of(self.db):
            found = self._connection.execute(
                "SELECT path FROM files JOIN heard ON heard.file_id = files.id"
                " WHERE state = 'heard' AND vector IS NULL AND model_id = ? ORDER BY path",
                (self._model_id,),
            )
            return [os.fsdecode(path) for (path,) in found]

    @cached_property
    def _order_by_id(self) -> NDArray[np.int64]:
        return np.argsort(self.ids)

    def _read_rows(self, heard_id: int | None) -> list[Row]:
        """The row of what was heard, or all rows, in the order of their paths."""
        with errors_of(self.db):
            if heard_id is not None:
                query = f"SELECT {ROW} FROM heard JOIN files ON files.id = file_id WHERE heard.id = ?"
                return self._connection.execute(query, (heard_id,)).fetchall()
            # In the order of the tables, and sorted here: looking up one after the other takes longer than all at once.
            rows = self._connection.execute(
                f"SELECT {ROW} FROM heard CROSS JOIN files ON files.id = file_id WHERE {_PRESENT}", (self._model_id,)
            ).fetchall()
        rows.sort(key=itemgetter(PATH))
        return rows

    @cached_property
    def _decide(self) -> int:
        """The bytes of the vector of which the network reads the genre; 0 where the numbers do not begin with it."""
        query = "SELECT length(vector), length(numbers) FROM heard JOIN told ON heard_id = heard.id WHERE heard.id = ?"
        vector, numbers = self._one(query, 0)
        return int(vector) if numbers >= vector else 0

    def _deciding(self) -> Floats:
        return self._told(f"substr(numbers, 1, {self._decide})")

    def _plane(self, name: str) -> Floats:
        if name not in self.names.groups[PLANE]:
            return np.full(len(self), np.nan, np.float32)
        return self.column(PLANE, name)

    def _told(self, column: str) -> Floats:
        return self._read(
            f"SELECT heard_id, {column} FROM told JOIN heard ON heard.id = heard_id WHERE heard.model_id = ?"
        )

    def _read(self, query: str) -> Floats:
        """A column of float16 of all entries, (n, numbers): read in the order of the table, put into that of rows."""
        order = np.argsort(self._heard_ids)
        wanted = self._heard_ids[order]
        table: Floats | None = None
        for ids, content in self._blocks(query):
            places = np.searchsorted(wanted, ids)
            inside = places < len(wanted)
            inside[inside] = wanted[places[inside]] == ids[inside]
            values = unhalf(content).reshape(len(ids), -1)
            if table is None:
                table = np.full((len(wanted), values.shape[1]), np.nan, np.float32)
            table[order[places[inside]]] = values[inside]
        if table is None:
            raise CollectionError(f"The collection {shown(self.db)} is damaged.", hint="Index it again.")
        return table

    def _blocks(self, query: str, *, rows: int = 4096) -> Iterator[tuple[NDArray[np.int64], bytes]]:
        """Ids and joined contents, so many rows at a time: a list of all would take as much memory again."""
        with errors_of(self.db):
            cursor = self._connection.execute(query, (self._model_id,))
            while found := cursor.fetchmany(rows):
                yield np.array([row[0] for row in found], np.int64), b"".join(row[1] for row in found)

    def _one(self, query: str, row: int) -> tuple[Any, ...]:
        with errors_of(self.db):
            found = self._connection.execute(query, (int(self._heard_ids[row]),)).fetchone()
        if found is None:
            raise self._damaged(row)
        return tuple(found)

    def _damaged(self, row: int) -> CollectionError:
        name = shown(self.entries[row].path)
        return CollectionError(
            f"What the collection {shown(self.db)} has of {name} is damaged.",
            hint="Hear it again: earmark index --again FOLDER.",
        )


def _unit(vectors: Floats) -> Floats:
    """The same, (n, d), of unit length; written over what is given, as of a million there is no room for two."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, np.newaxis]
    vectors /= np.maximum(lengths, _LEAST_LENGTH)
    return vectors
