"""The file of a collection: one SQLite database with a write-ahead log, its tables, its errors in sentences.

With a write-ahead log readers read while one process writes, and a process that is killed loses the transaction it was
in, no more. `synchronous=NORMAL` is enough then: without a sync at each commit a power cut may cost the last
transactions, as if they had not happened, but never leaves a damaged file. The log needs shared memory, so the file
must not lie on a network drive that several machines write to.

`application_id` marks the file as ours, `user_version` is its schema. A file of another program is never opened.
"""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from earmark.errors import CollectionError, NoCollectionError
from earmark.files import shown

DB_VARIABLE = "EARMARK_DB"
APPLICATION_ID = 0x6561726D  # "earm"
SCHEMA = 1
STATE = "state"  # the setting that is another one after each change that a Store makes (`Store.together`)
BUSY_S = 10.0
_MARK, _ID_AT, _HEAD_BYTES = (
    b"SQLite format 3\0",
    68,
    100,
)  # https://www.sqlite.org/fileformat2.html#the_database_header
_INDEX = "Make it first: earmark index FOLDER."
_TABLES = """
CREATE TABLE files (
    id INTEGER PRIMARY KEY,
    path BLOB NOT NULL UNIQUE,        -- absolute, as os.fsencode has it
    root BLOB NOT NULL,               -- the folder that was named when it was found
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    sound_id TEXT NOT NULL,           -- hash of the encoded sound without tags; empty where it could not be read
    state TEXT NOT NULL,              -- 'heard', 'failed', 'gone'
    reason TEXT NOT NULL DEFAULT '',  -- of a failure, one sentence
    tags TEXT NOT NULL DEFAULT '{}',  -- JSON
    added REAL NOT NULL,              -- seconds since 1970
    seen REAL NOT NULL                -- when it was last looked into
);
CREATE INDEX files_by_sound ON files (sound_id);
CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    model TEXT NOT NULL,
    sha256 TEXT NOT NULL UNIQUE,
    schema INTEGER NOT NULL,          -- of track.Track
    names TEXT NOT NULL,              -- JSON of names.Names: the columns of answers
    complete INTEGER NOT NULL         -- counts up: the last that had heard all there was has the largest; else 0
);
-- What is read of all tracks at once is apart from what is read of one: who looks for neighbours reads vectors alone.
CREATE TABLE heard (
    id INTEGER PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES files ON DELETE CASCADE,
    model_id INTEGER NOT NULL REFERENCES models,
    duration_s REAL NOT NULL,
    kind TEXT NOT NULL,
    share REAL NOT NULL,              -- of the file that was heard
    at REAL NOT NULL,                 -- seconds since 1970
    vector BLOB,                      -- 128 float16, of unit length; NULL of what is silent
    UNIQUE (file_id, model_id)
);
CREATE TABLE told (
    heard_id INTEGER PRIMARY KEY REFERENCES heard ON DELETE CASCADE,
    numbers BLOB NOT NULL,            -- float16, what heads read
    answers BLOB NOT NULL             -- float16, by models.names
);
-- Columns of `details` spill over into pages of their own, so that of small pages little is left empty.
CREATE TABLE details (
    heard_id INTEGER PRIMARY KEY REFERENCES heard ON DELETE CASCADE,
    summary BLOB NOT NULL,            -- see packing.py
    timeline BLOB NOT NULL,
    tokens BLOB NOT NULL,
    fingerprint BLOB NOT NULL
);
CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL);  -- what was chosen for good, such as --longest
"""


def database_file() -> Path:
    """Where the collection is, whether it is there or not."""
    named = os.environ.get(DB_VARIABLE)
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_data_path("earmark", appauthor=False) / "collection.db"


def connect_to_write(db: Path) -> sqlite3.Connection:
    """A connection that writes, to a file that is made where there is none; CollectionError where that cannot be."""
    with errors_of(db):
        if not _is_there(db):
            _create(db)
        _refuse_others(db)
        connection = _connected(f"{_uri(db)}?mode=rw", db)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, db)
        return connection


def connect_to_read(db: Path) -> sqlite3.Connection:
    """A connection that only reads; CollectionError where there is no collection."""
    with errors_of(db):
        if not _is_there(db):
            raise NoCollectionError(f"There is no collection at {shown(db)}.", hint=_INDEX)
        _refuse_others(db)
        connection = _readable(db)
        _refuse_newer(connection, db)
        return connection


@contextmanager
def errors_of(db: Path) -> Iterator[None]:
    """What SQLite and the system say of a database, as a CollectionError."""
    try:
        yield
    except sqlite3.Error as error:
        raise _in_words(error, db) from error
    except OSError as error:
        raise CollectionError(
            f"The collection {shown(db)} cannot be opened ({error.strerror}).", hint="Name another file with --db."
        ) from error


def _is_there(db: Path) -> bool:
    return db.is_dir() or (db.exists() and db.stat().st_size > 0)


def _refuse_others(db: Path) -> None:
    """Raise where the file is of another program. It is looked at as bytes: SQLite would touch it."""
    if db.is_dir():
        raise CollectionError(f"{shown(db)} is a folder.", hint="Name a file with --db.")
    with db.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head[: len(_MARK)] != _MARK or int.from_bytes(head[_ID_AT : _ID_AT + 4]) != APPLICATION_ID:
        raise CollectionError(f"{shown(db)} is no collection of earmark's.", hint="Name another file with --db.")


def _create(db: Path) -> None:
    """Make the file beside its place, then rename: at no moment is there half of one."""
    db.parent.mkdir(parents=True, exist_ok=True)
    beside = db.with_name(f".{db.name}.{os.getpid()}.part")
    try:
        beside.unlink(missing_ok=True)
        connection = sqlite3.connect(beside, isolation_level=None)
        try:
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # what is forgotten gives its room back
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {SCHEMA}; COMMIT;")
            connection.execute("PRAGMA journal_mode = WAL")
        finally:
            connection.close()
        beside.replace(db)
    finally:
        beside.unlink(missing_ok=True)


def _readable(db: Path) -> sqlite3.Connection:
    try:
        return _connected(f"{_uri(db)}?mode=ro", db)
    except sqlite3.OperationalError:
        # A folder that may not be written to, where shared memory cannot be set up: nobody writes there then.
        return _connected(f"{_uri(db)}?immutable=1", db)


def _connected(uri: str, db: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_S, check_same_thread=False)
    try:
        connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()  # it opens the file
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _uri(db: Path) -> str:
    return db.absolute().as_uri()


def _refuse_newer(connection: sqlite3.Connection, db: Path) -> int:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA:
        connection.close()
        raise CollectionError(
            f"The collection {shown(db)} is of a newer earmark (schema {version}, and this one reads {SCHEMA}).",
            hint="Update earmark, or name another file with --db.",
        )
    return int(version)


def _migrate(connection: sqlite3.Connection, db: Path) -> None:
    """Bring an older file up to date, in one transaction: step n makes schema n + 1 of schema n."""
    version = _refuse_newer(connection, db)
    steps: tuple[str, ...] = ()  # none yet: 1 is the first schema
    for step in steps[version - 1 :]:
        version += 1
        connection.executescript(f"BEGIN IMMEDIATE; {step} PRAGMA user_version = {version}; COMMIT;")


def _in_words(error: sqlite3.Error, db: Path) -> CollectionError:
    """A sentence for an error, by the first byte of its code (https://www.sqlite.org/rescode.html)."""
    name = shown(db)
    said = {
        sqlite3.SQLITE_BUSY: (f"The collection {name} is locked by another program.", "Try again when it is done."),
        sqlite3.SQLITE_LOCKED: (f"The collection {name} is locked by another program.", "Try again when it is done."),
        sqlite3.SQLITE_READONLY: (f"The collection {name} may not be written to.", "Name another file with --db."),
        sqlite3.SQLITE_PERM: (f"The collection {name} may not be opened.", "Name another file with --db."),
        sqlite3.SQLITE_CANTOPEN: (
            f"The collection {name} cannot be opened.",
            "Check its folder, or name another file.",
        ),
        sqlite3.SQLITE_FULL: (
            f"The collection {name} cannot grow: the disk is full.",
            "Make room and run it again; what was heard before is kept.",
        ),
        sqlite3.SQLITE_IOERR: (f"The collection {name} cannot be read or written.", "Check the disk."),
        sqlite3.SQLITE_NOTADB: (f"{name} is no collection of earmark's.", "Name another file with --db."),
        sqlite3.SQLITE_CORRUPT: (
            f"The collection {name} is damaged.",
            "Put a copy in its place, or move it away and index again.",
        ),
    }
    code = getattr(error, "sqlite_errorcode", None)
    sentence, hint = said.get((code or 0) & 0xFF, (f"The collection {name} failed ({error}).", ""))
    return CollectionError(sentence, hint=hint)
