"""A copy of a collection in one file, as it is at one moment, while others may write it: for another machine."""

import contextlib
import secrets
import sqlite3
from pathlib import Path

from earmark.errors import OutputError
from earmark.files import FileKind, shown
from earmark.library.schema import connect_to_read, errors_of

# Of the head of such a file: its application's number, and the twenty bytes behind it, which are always zero.
INDEX = FileKind("collection", "collection.db", (b"earm" + 20 * b"\0",))


def copy_collection(db: Path, target: Path) -> int:
    """Copy a collection to a file that needs no other beside it; gives its size in bytes.

    What is at the target stays until the copy is whole.

    Raises
    ------
    CollectionError
        There is no collection that can be read.
    OutputError
        The copy cannot be written.
    """
    connection = connect_to_read(db)
    place = Path(target).resolve()
    beside = place.with_name(f".{secrets.token_hex(8)}.part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with errors_of(db), contextlib.closing(sqlite3.connect(beside, isolation_level=None)) as copy:
            connection.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # no log beside it, so that one file can be sent
        beside.replace(place)
        return place.stat().st_size
    except (sqlite3.Error, OSError) as error:
        raise OutputError(
            f"{shown(target)} cannot be written ({getattr(error, 'strerror', None) or error}).",
            hint="Check the folder, or name another place.",
        ) from error
    finally:
        connection.close()
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
