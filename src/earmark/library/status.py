"""What is in a collection, in numbers: files, hours, kinds, networks, folders, bytes, failures."""

import os
import sqlite3
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from earmark.library.schema import connect_to_read, database_file, errors_of


@dataclass(frozen=True)
class ModelStatus:
    """A network and how many of the files that are there it has heard; `current` if its answers are told."""

    model: str
    sha256: str
    files: int
    current: bool


@dataclass(frozen=True)
class Status:
    """The numbers.

    Attributes
    ----------
    db, size_bytes:
        The file, and its size with its log.
    files, gone:
        Files that are there and were heard; files that are not there any more.
    hours:
        Of the sound in these files.
    kinds:
        How many are of which kind.
    models, folders:
        By which networks, and in which folders that were named.
    failures:
        (path, reason) of each that could not be heard.
    """

    db: str
    size_bytes: int
    files: int
    gone: int
    hours: float
    kinds: dict[str, int]
    models: tuple[ModelStatus, ...]
    folders: dict[str, int]
    failures: tuple[tuple[str, str], ...]

    @property
    def bytes_a_track(self) -> float:
        """The file's size by the files that were heard, those that are gone among them; 0 without any."""
        return self.size_bytes / (self.files + self.gone) if self.files else 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        failures = [{"path": path, "reason": reason} for path, reason in self.failures]
        return {**asdict(self), "bytes_a_track": round(self.bytes_a_track, 1), "failures": failures}


def status_of(db: Path | None = None) -> Status:
    """The numbers of a collection, the user's own by default; CollectionError where it cannot be read."""
    file = database_file() if db is None else db
    connection = connect_to_read(file)
    try:
        with errors_of(file):
            connection.execute("BEGIN")
            return _read(connection, file)
    finally:
        connection.close()


def folders_of(connection: sqlite3.Connection) -> dict[str, int]:
    """What was named when files were found, folders and single files, with how many files are there; no folder within
    another one.
    """
    rows = connection.execute("SELECT root, count(*) FROM files WHERE state != 'gone' GROUP BY root ORDER BY root")
    folders: dict[str, int] = {}
    for root, count in rows:
        path = os.fsdecode(root)
        above = next((folder for folder in folders if Path(path).is_relative_to(folder)), path)
        folders[above] = folders.get(above, 0) + count
    return folders


def _read(connection: sqlite3.Connection, file: Path) -> Status:
    states = dict(connection.execute("SELECT state, count(*) FROM files GROUP BY state"))
    models = connection.execute(
        "SELECT models.id, model, sha256, (SELECT count(*) FROM heard JOIN files ON files.id = file_id"
        " WHERE model_id = models.id AND state = 'heard') FROM models ORDER BY complete DESC, models.id"
    ).fetchall()
    current = models[0][0] if models else None
    heard = "FROM heard JOIN files ON files.id = file_id WHERE state = 'heard' AND model_id = ?"
    kinds = dict(connection.execute(f"SELECT kind, count(*) {heard} GROUP BY kind ORDER BY kind", (current,)))
    (length_s,) = connection.execute(f"SELECT coalesce(sum(duration_s), 0) {heard}", (current,)).fetchone()
    failures = connection.execute("SELECT path, reason FROM files WHERE state = 'failed' ORDER BY path")
    return Status(
        db=str(file),
        size_bytes=sum(_size_bytes(file.with_name(file.name + end)) for end in ("", "-wal")),
        files=states.get("heard", 0),
        gone=states.get("gone", 0),
        hours=round(length_s / 3600, 2),
        kinds=kinds,
        models=tuple(
            ModelStatus(name, sha256, count, place == 0) for place, (_, name, sha256, count) in enumerate(models)
        ),
        folders=folders_of(connection),
        failures=tuple((os.fsdecode(path), reason) for path, reason in failures),
    )


def _size_bytes(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
