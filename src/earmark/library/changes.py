"""What became of the files of a collection: unchanged, back, moved, copied, gone, forgotten.

Functions on a `Store`; what they need of a file's place is asked of `places`.
"""

import os
import sqlite3
from collections.abc import Container, Iterator
from dataclasses import dataclass

from earmark.library.places import is_gone
from earmark.library.store import GONE, HEARD, FileFacts, Store
from earmark.sound.files import is_address


@dataclass(frozen=True)
class Row:
    """What the collection has of a path; `answered` where it was heard as was asked for."""

    id: int
    size: int
    mtime_ns: int
    state: str
    answered: bool


@dataclass(frozen=True)
class Wanted:
    """What counts as heard: by this network, any for None, and so much of it."""

    model_id: int | None = None
    least_share: float = 0.0


def row_of(store: Store, path: str, wanted: Wanted) -> Row | None:
    """What there is of a path; None where nothing is."""
    found = store.connection.execute(
        "SELECT id, size, mtime_ns, state, EXISTS (SELECT 1 FROM heard WHERE file_id = files.id"
        " AND (?2 IS NULL OR model_id = ?2) AND share >= ?3) FROM files WHERE path = ?1",
        (os.fsencode(path), wanted.model_id, wanted.least_share),
    ).fetchone()
    return Row(found[0], found[1], found[2], found[3], bool(found[4])) if found else None


def set_back(store: Store, ids: list[int]) -> None:
    """Files that were gone are there again."""
    with store.together() as connection:
        connection.executemany("UPDATE files SET state = ? WHERE id = ?", [(HEARD, each) for each in ids])


def take_known(store: Store, facts: FileFacts, wanted: Wanted) -> str | None:
    """Enter a file whose sound the collection has, with the answers that are there.

    Gives what it is: "same", if the sound was there under this path, "moved", if it was under one that is
    gone, or "copied"; None if the sound is not there after all.
    """
    with store.together() as connection:
        found = connection.execute(
            "SELECT id, path FROM files WHERE sound_id = ?1 AND EXISTS (SELECT 1 FROM heard WHERE file_id = files.id"
            " AND (?2 IS NULL OR model_id = ?2) AND share >= ?3) ORDER BY id",
            (facts.sound_id, wanted.model_id, wanted.least_share),
        ).fetchall()
        here = os.fsencode(facts.path)
        if any(path == here for _, path in found):
            store.keep_file(facts)
            return "same"
        moved = next((file_id for file_id, path in found if is_gone(os.fsdecode(path))), None)
        if moved is not None:
            connection.execute("DELETE FROM files WHERE path = ?", (here,))
            connection.execute("UPDATE files SET path = ? WHERE id = ?", (here, moved))
            store.keep_file(facts)
            return "moved"
        if not found:
            return None
        file_id = store.keep_file(facts)
        connection.execute("DELETE FROM heard WHERE file_id = ?", (file_id,))
        _copy_answers(connection, found[0][0], file_id)
        return "copied"


def _copy_answers(connection: sqlite3.Connection, source: int, target: int) -> None:
    rows = connection.execute("SELECT id FROM heard WHERE file_id = ?", (source,)).fetchall()
    for (heard_id,) in rows:
        copy = connection.execute(
            "INSERT INTO heard (file_id, model_id, duration_s, kind, share, at, vector)"
            " SELECT ?, model_id, duration_s, kind, share, at, vector FROM heard WHERE id = ?",
            (target, heard_id),
        ).lastrowid
        connection.execute("INSERT INTO told SELECT ?, numbers, answers FROM told WHERE heard_id = ?", (copy, heard_id))
        connection.execute(
            "INSERT INTO details SELECT ?, summary, timeline, tokens, fingerprint FROM details WHERE heard_id = ?",
            (copy, heard_id),
        )


def mark_gone(store: Store, place: str, present: Container[int] = ()) -> int:
    """Of the files at or below a place, those that are not there any more are gone; gives how many.

    `present` are ids of files that were just seen. Their answers stay.
    """
    lost = [
        file_id
        for file_id, path in files_below(store, place, f"state != '{GONE}'")
        if file_id not in present and is_gone(path)
    ]
    with store.together() as connection:
        connection.executemany("UPDATE files SET state = ? WHERE id = ?", [(GONE, each) for each in lost])
    return len(lost)


def count_below(store: Store, place: str) -> int:
    """How many files of the collection are at or below a place, those that are gone left out."""
    return sum(1 for _ in files_below(store, place, f"state != '{GONE}'"))


def forget(store: Store, place: str) -> int:
    """Remove all that is known of files at or below a place; gives how many."""
    return _remove(store, [file_id for file_id, _ in files_below(store, place)])


def forget_gone(store: Store) -> int:
    """Remove all that is known of files that are gone; gives how many."""
    rows = store.connection.execute("SELECT id FROM files WHERE state = ?", (GONE,))
    return _remove(store, [file_id for (file_id,) in rows])


def _remove(store: Store, ids: list[int]) -> int:
    with store.together() as connection:
        connection.executemany("DELETE FROM files WHERE id = ?", [(each,) for each in ids])
    store.give_room_back()
    return len(ids)


def files_below(store: Store, place: str, condition: str = "1") -> Iterator[tuple[int, str]]:
    """Ids and paths of the files at or below a place, in the order of their paths."""
    low = os.fsencode(place)
    parted = b"/" if is_address(place) else os.fsencode(os.sep)
    within = low if low.endswith(parted) else low + parted
    above = within[:-1] + bytes([within[-1] + 1])  # the first name behind all that begin so
    found = store.connection.execute(
        f"SELECT id, path FROM files WHERE (path = ? OR (path >= ? AND path < ?)) AND {condition} ORDER BY path",
        (low, within, above),
    )
    for file_id, path in found:
        yield file_id, os.fsdecode(path)
