"""A lake: a folder of Parquet files to which an indexing run writes its rows, on this machine or behind an address.

What is in the collection and not in the lake is written, whatever became of the run before: the files themselves say
which rows they hold, by the number that a row has in the collection and the time when it was heard. A file appears
whole or not at all. Rows are never changed: what is heard again comes as a row more, of a later `heard_at`. Columns are
those of `parquet.py`, so all files of a folder are of one network.
"""

import re
import secrets
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.errors import MissingExtraError, OutputError
from earmark.files import shown
from earmark.library.entry import absolute, entry_of
from earmark.library.names import Names
from earmark.library.packing import unhalf, unpack_summary
from earmark.library.parquet import GROUP, parquet_row, schema_of
from earmark.library.places import names_in, opened_at, put_whole
from earmark.library.records import Record
from earmark.library.store import HEARD, Store

ROWS = 5000  # of a file: some 20 MB
_KEYS = np.dtype([("heard_id", "<i8"), ("heard_at", "<f8")])
_PART = re.compile(r"earmark-\d{10}-[0-9a-f]{8}\.parquet")
_MADE_BY, _NETWORK = b"earmark.made_by", b"earmark.network"
_PRESENT = f"files.state = '{HEARD}' AND vector IS NOT NULL AND model_id = ?"


class Lake:
    """A folder that is filled from a store.

    Parameters
    ----------
    place:
        The folder, or its address; it need not be there.
    store:
        The collection.
    model_id:
        Of the network whose rows are written.

    Raises
    ------
    OutputError
        There are Parquet files of another's making, or of another network; or a file cannot be written.
    CollectionError
        An address that cannot be reached.
    MissingExtraError
        pyarrow is not installed.

    Attributes
    ----------
    damaged:
        Paths of rows that cannot be read, and are left out.
    """

    def __init__(self, place: str, store: Store, model_id: int) -> None:
        self.place = absolute(place)
        self._store, self._model_id = store, model_id
        self._model, self._sha256, names = store.connection.execute(
            "SELECT model, sha256, names FROM models WHERE id = ?", (model_id,)
        ).fetchone()
        self._names = Names.from_json(names)
        self._keys = self._read_keys()
        self._last, self._new = 0, 0  # the highest number that was looked at, and how many answers came since
        self.damaged: list[str] = []

    def step(self) -> None:
        """One answer more is in the collection; files are written where there are enough."""
        self._new += 1
        if self._new >= ROWS:
            self._write_lacking(above=self._last)

    def catch_up(self) -> int:
        """Write all rows that the collection has and the lake has not; gives how many."""
        return self._write_lacking(above=0)

    def _write_lacking(self, *, above: int) -> int:
        found = self._store.connection.execute(
            f"SELECT heard.id, at FROM heard JOIN files ON files.id = file_id WHERE {_PRESENT} AND heard.id > ?"
            " ORDER BY heard.id",
            (self._model_id, above),
        )
        there = np.fromiter(found, _KEYS)  # row by row: millions of tuples would take a hundred bytes each
        known = self._keys[self._keys["heard_id"] > above]  # the others cannot be among them, and may be millions
        lacking = there[~np.isin(there, known)]
        for start in range(0, len(lacking), ROWS):
            self._write(lacking[start : start + ROWS])
        self._last, self._new = int(there["heard_id"].max(initial=above)), 0
        return len(lacking)

    def _write(self, keys: NDArray[Any]) -> None:
        from pyarrow import RecordBatch
        from pyarrow.parquet import ParquetWriter

        schema, content, count = self._schema(), BytesIO(), 0
        with ParquetWriter(content, schema, compression="zstd") as writer:
            for start in range(0, len(keys), GROUP):
                rows = list(self._rows(keys[start : start + GROUP]))
                writer.write_batch(RecordBatch.from_pylist(rows, schema=schema))
                count += len(rows)
        name = f"earmark-{int(keys['heard_id'][0]):010}-{secrets.token_hex(4)}.parquet"
        if count:  # not where all are damaged
            put_whole(f"{self.place}/{name}", content.getvalue())
        self._keys = np.concatenate([self._keys, keys])

    def _rows(self, keys: NDArray[Any]) -> Iterator[dict[str, Any]]:
        for heard_id, heard_at in keys.tolist():
            *file, vector, answers, summary = self._store.connection.execute(
                "SELECT files.id, path, size, mtime_ns, sound_id, tags, duration_s, kind, share,"
                " vector, answers, summary FROM heard JOIN files ON files.id = file_id"
                " JOIN told ON told.heard_id = heard.id JOIN details ON details.heard_id = heard.id"
                " WHERE heard.id = ?",
                (heard_id,),
            ).fetchone()
            entry, told = entry_of(file, self._model), unhalf(answers)
            try:
                track = unpack_summary(summary, told, self._names, path=entry.path, model=self._model)
            except ValueError:
                self.damaged.append(entry.path)
                continue
            row = parquet_row(Record(entry, track, unhalf(vector)), self._names)
            yield {**row, "heard_id": heard_id, "heard_at": heard_at}

    def _schema(self) -> Any:
        import pyarrow as pa

        schema = schema_of(self._names)
        for name, kind in (("heard_id", pa.int64()), ("heard_at", pa.float64())):
            schema = schema.append(pa.field(name, kind))
        return schema.with_metadata({_MADE_BY: b"earmark index", _NETWORK: self._sha256.encode()})

    def _read_keys(self) -> NDArray[Any]:
        """Which rows the files hold; what a run that was killed left half-written is none of them."""
        try:
            from pyarrow import ArrowException
            from pyarrow.parquet import ParquetFile
        except ModuleNotFoundError as error:
            raise MissingExtraError.naming("A lake of Parquet files", "parquet") from error
        found = [np.zeros(0, _KEYS)]
        for name in sorted(names_in(self.place)):
            if not name.endswith(".parquet"):
                continue
            try:
                with opened_at(f"{self.place}/{name}") as stream, ParquetFile(stream) as file:
                    metadata = file.schema_arrow.metadata or {}
                    if not _PART.fullmatch(name) or _MADE_BY not in metadata:
                        raise _others(self.place, name)
                    if metadata[_NETWORK] != self._sha256.encode():
                        raise _of_another_network(self.place)
                    table = file.read(list(_KEYS.names or ()))
            except (ArrowException, OSError):
                raise _others(self.place, name) from None
            keys = np.zeros(table.num_rows, _KEYS)
            for column in table.column_names:
                keys[column] = table[column].to_numpy()
            found.append(keys)
        return np.concatenate(found)


def _others(place: str, name: str) -> OutputError:
    return OutputError(
        f"{shown(f'{place}/{name}')} is there, and is no file that earmark wrote to a lake.",
        hint="Name an empty or a new folder after --parquet.",
    )


def _of_another_network(place: str) -> OutputError:
    return OutputError(
        f"The lake {shown(place)} holds what another network heard.",
        hint="Name another folder after --parquet: columns of two networks do not fit together.",
    )
