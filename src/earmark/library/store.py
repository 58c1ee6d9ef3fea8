"""The writing side of a collection: files, what was heard of them, by which network. One process writes at a time."""

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from earmark.errors import CollectionError
from earmark.files import lock, shown
from earmark.library.entry import QUIET, Heard
from earmark.library.names import Names
from earmark.library.packing import PackedHeard, pack_heard
from earmark.library.schema import STATE, connect_to_write, database_file, errors_of
from earmark.track import SCHEMA

HEARD, FAILED, GONE = STATES = ("heard", "failed", "gone")
# What is derived from the database, and kept elsewhere, is of one state of it: each change draws a name for a new one.
_NEW_STATE = "INSERT OR REPLACE INTO settings VALUES (?, lower(hex(randomblob(16))))"


@dataclass(frozen=True)
class FileFacts:
    """What is known of a file without hearing it; fields as in `Entry`, `root` the folder that was named."""

    path: str
    root: str
    size: int
    mtime_ns: int
    sound_id: str
    tags: Mapping[str, Any]


class Store:
    """A collection that is written to, as a context manager.

    Each method is one transaction, unless it is called within `together`. CollectionError where the file cannot be
    written, or another process writes it.
    """

    def __init__(self, db: Path | None = None) -> None:
        self.db = database_file() if db is None else db
        self._lock = _locked(self.db)
        try:
            self.connection = connect_to_write(self.db)
        except BaseException:
            self._lock.close()
            raise
        self._within = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what was committed stays."""
        with errors_of(self.db):
            self.connection.close()
        self._lock.close()

    @contextmanager
    def together(self) -> Iterator[sqlite3.Connection]:
        """One transaction around all that the block does: it happens as a whole, or not at all."""
        if self._within:
            yield self.connection
            return
        with errors_of(self.db):
            self.connection.execute("BEGIN IMMEDIATE")
            self._within = True
            before = self.connection.total_changes
            try:
                yield self.connection
                if self.connection.total_changes != before:
                    self.connection.execute(_NEW_STATE, (STATE,))
                self.connection.execute("COMMIT")
            except BaseException:
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise
            finally:
                self._within = False

    def model(self, model: str, sha256: str, names: Names) -> int:
        """The id of a network, which is added where it is new."""
        with self.together() as connection:
            found = connection.execute("SELECT id FROM models WHERE sha256 = ?", (sha256,)).fetchone()
            if found:
                return int(found[0])
            first = connection.execute("SELECT NOT EXISTS (SELECT 1 FROM models)").fetchone()[0]
            values = (model, sha256, SCHEMA, names.to_json(), first)
            added = connection.execute(
                "INSERT INTO models (model, sha256, schema, names, complete) VALUES (?, ?, ?, ?, ?)", values
            )
            return int(added.lastrowid or 0)

    def keep_file(self, facts: FileFacts, *, state: str = HEARD, reason: str = "") -> int:
        """The id of a file, which is added, or of which is noted how it now is."""
        now = time.time()
        values = (
            facts.size,
            facts.mtime_ns,
            facts.sound_id,
            json.dumps(dict(facts.tags), separators=(",", ":")),
            state,
            reason.encode("utf-8", "backslashreplace").decode(),
            now,
        )
        with self.together() as connection:
            (file_id,) = connection.execute(
                "INSERT INTO files (path, root, size, mtime_ns, sound_id, tags, state, reason, seen, added)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (path) DO UPDATE SET (root, size, mtime_ns, sound_id, tags, state, reason, seen)"
                " = (excluded.root, excluded.size, excluded.mtime_ns, excluded.sound_id, excluded.tags,"
                " excluded.state, excluded.reason, excluded.seen) RETURNING id",
                (os.fsencode(facts.path), os.fsencode(facts.root), *values, now),
            ).fetchone()
            return int(file_id)

    def keep_heard(self, file_id: int, model_id: int, heard: Heard, names: Names) -> None:
        """What a network heard of a file, in the place of what it heard of it before."""
        self.keep_packed(file_id, model_id, pack_heard(heard, names))

    def keep_packed(self, file_id: int, model_id: int, heard: PackedHeard) -> None:
        """As `keep_heard`, of what was packed elsewhere."""
        with self.together() as connection:
            heard_id = self._heard(file_id, model_id, heard.duration_s, heard.kind, heard.share, heard.vector)
            connection.execute("INSERT INTO told VALUES (?, ?, ?)", (heard_id, heard.numbers, heard.answers))
            connection.execute(
                "INSERT INTO details VALUES (?, ?, ?, ?, ?)",
                (heard_id, heard.summary, heard.timeline, heard.tokens, heard.fingerprint),
            )

    def keep_silence(self, file_id: int, model_id: int, duration_s: float = 0.0) -> None:
        """That there is nothing but silence in a file: it has no answers."""
        with self.together():
            self._heard(file_id, model_id, duration_s, QUIET, 1.0, None)

    def drop_stale(self, path: str, sound_id: str) -> None:
        """Forget what was heard of a path where it held another sound."""
        with self.together() as connection:
            connection.execute(
                "DELETE FROM heard WHERE file_id IN (SELECT id FROM files WHERE path = ? AND sound_id != ?)",
                (os.fsencode(path), sound_id),
            )

    def settle(self, model_id: int) -> bool:
        """Note that a network has heard all that was heard, if so; its answers then replace those of others.

        Gives whether it has. Answers of others stay where there are no new ones, as of files that are gone.
        """
        with self.together() as connection:
            lacking = connection.execute(
                "SELECT 1 FROM files WHERE state = ? AND NOT EXISTS"
                " (SELECT 1 FROM heard WHERE file_id = files.id AND model_id = ?) LIMIT 1",
                (HEARD, model_id),
            ).fetchone()
            if lacking:
                return False
            (current,) = connection.execute(
                "SELECT complete > 0 AND complete = (SELECT max(complete) FROM models) FROM models WHERE id = ?",
                (model_id,),
            ).fetchone()
            if not current:
                connection.execute(
                    "UPDATE models SET complete = (SELECT max(complete) + 1 FROM models) WHERE id = ?", (model_id,)
                )
                connection.execute(
                    "DELETE FROM heard WHERE model_id != ?1"
                    " AND file_id IN (SELECT file_id FROM heard WHERE model_id = ?1)",
                    (model_id,),
                )
        if not current:
            self.give_room_back()
        return True

    def give_room_back(self) -> None:
        """Make the file as small as what is in it."""
        with errors_of(self.db):
            self.connection.executescript("PRAGMA incremental_vacuum")  # `execute` would do one page of it

    def setting(self, name: str) -> str | None:
        """What was chosen for good; None where nothing was."""
        with errors_of(self.db):
            found = self.connection.execute("SELECT value FROM settings WHERE name = ?", (name,)).fetchone()
        return str(found[0]) if found else None

    def set(self, name: str, value: str) -> None:
        """Choose something for good."""
        with self.together() as connection:
            connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def _heard(
        self, file_id: int, model_id: int, duration_s: float, kind: str, share: float, vector: bytes | None
    ) -> int:
        key = (file_id, model_id)
        self.connection.execute("DELETE FROM heard WHERE file_id = ? AND model_id = ?", key)
        added = self.connection.execute(
            "INSERT INTO heard (file_id, model_id, duration_s, kind, share, at, vector) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*key, duration_s, kind, share, time.time(), vector),
        )
        return int(added.lastrowid or 0)


def _locked(db: Path) -> IO[bytes]:
    """An open file whose lock says that this process writes the collection; the system frees it when we die."""
    place = db.with_name(db.name + ".lock")
    with errors_of(db):
        db.parent.mkdir(parents=True, exist_ok=True)
        file = place.open("ab+")
    try:
        lock(file, wait=False)
    except OSError:
        file.close()
        raise CollectionError(
            f"The collection {shown(db)} is being written by another earmark.", hint="Wait until it is done."
        ) from None
    return file
