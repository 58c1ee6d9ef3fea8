"""The collection's file: what is not ours is not touched, what goes wrong is one sentence, and nothing is lost."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from earmark.errors import CollectionError
from earmark.library import schema
from earmark.library.changes import forget
from earmark.library.collection import Collection
from earmark.library.entry import Heard
from earmark.library.schema import SCHEMA, connect_to_read
from earmark.library.store import FileFacts, Store
from made_collection import MODEL, NAMES, SHA256, make_collection

ELSEWHERE = r"[Nn]ame another file"


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return make_collection(tmp_path, np.random.default_rng(0), n=6)


def is_whole(db: Path) -> bool:
    connection = sqlite3.connect(db)
    try:
        return connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    finally:
        connection.close()


def other_database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE songs (name)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (other_database, "is no collection of earmark's"),
        (lambda path: path.write_text("A diary. " * 100), "is no collection of earmark's"),
        (lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(52)), "is no collection of earmark's"),
        (lambda path: path.mkdir(), "is a folder"),
    ],
)
@pytest.mark.parametrize("use", [Store, Collection.open])
def test_what_is_not_ours_is_refused_and_not_touched(
    make: Callable[[Path], None], says: str, use: Callable[[Path], object], tmp_path: Path
) -> None:
    place = tmp_path / "theirs.db"
    make(place)
    before = place.read_bytes() if place.is_file() else b""
    with pytest.raises(CollectionError, match=f"{says}.*{ELSEWHERE}|{says}.*Name a file"):
        use(place)
    assert (place.read_bytes() if place.is_file() else b"") == before
    assert sorted(path.name for path in tmp_path.iterdir()) in (["theirs.db"], ["theirs.db", "theirs.db.lock"])


@pytest.mark.parametrize("use", [Store, Collection.open])
def test_a_newer_one_is_refused_and_not_touched(use: Callable[[Path], object], made: Path) -> None:
    connection = sqlite3.connect(made)
    connection.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    connection.close()
    before = made.read_bytes()
    with pytest.raises(CollectionError, match=r"is of a newer earmark.*Update earmark"):
        use(made)
    assert made.read_bytes() == before


def test_an_empty_file_becomes_a_collection(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    with Store(tmp_path / "empty.db"):
        pass
    assert is_whole(tmp_path / "empty.db")
    assert not list(tmp_path.glob(".*"))


def test_a_place_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for use in (Store, Collection.open):
        with pytest.raises(CollectionError, match=r"Name another file with --db|earmark index"):
            use(tmp_path / "file" / "collection.db")


def test_a_lock_of_another_program_is_waited_for_and_then_told(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "BUSY_S", 0.1)
    other = sqlite3.connect(made, isolation_level=None)
    with Store(made) as store:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(CollectionError, match=r"is locked by another program.*Try again"):
            store.set("name", "value")
        other.execute("COMMIT")
        store.set("name", "value")
        assert store.setting("name") == "value"
    other.close()


def test_two_cannot_write_at_once_and_who_reads_is_not_disturbed(made: Path) -> None:
    with Store(made) as store, Collection.open(made) as collection:
        with pytest.raises(CollectionError, match=r"is being written by another earmark.*Wait"):
            Store(made)
        store.keep_file(FileFacts("/music/new.mp3", "/music", 1, 1, "", {}))
        assert len(collection) == 6
    with Store(made):
        pass


def test_what_may_only_be_read_is_told(made: Path) -> None:
    with Store(made) as store:
        writing, store.connection = store.connection, connect_to_read(made)
        with pytest.raises(CollectionError, match=r"may not be written to.*Name another file"):
            store.set("name", "value")
        store.connection.close()
        store.connection = writing


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="who may everything is refused nothing")
def test_a_folder_that_may_only_be_read_can_be_read_from(made: Path) -> None:
    made.parent.chmod(0o500)
    try:
        with Collection.open(made) as collection:
            assert len(collection) == 6
        with pytest.raises(CollectionError, match=ELSEWHERE):
            Store(made)
    finally:
        made.parent.chmod(0o700)


def test_where_shared_memory_cannot_be_set_up_the_file_is_read_as_it_is(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected = schema._connected

    def refuse(uri: str, db: Path) -> sqlite3.Connection:
        if "mode=ro" in uri:
            raise sqlite3.OperationalError("unable to open database file")
        return connected(uri, db)

    monkeypatch.setattr(schema, "_connected", refuse)
    with Collection.open(made) as collection:
        assert collection.vectors.shape == (6, 128)


def fill(store: Store, heard: Heard, kept: list[str]) -> None:
    """Keep entry after entry, and note their paths."""
    while True:
        facts = FileFacts(f"/music/{len(kept):05}.mp3", "/music", 1, 1, f"{len(kept)}", {})
        with store.together():
            store.keep_heard(store.keep_file(facts), 1, heard, NAMES)
        kept.append(facts.path)


def test_a_full_disk_costs_what_was_not_committed_and_nothing_else(made: Path) -> None:
    with Collection.open(made) as collection:
        heard = Heard(
            collection.track(1), collection.vectors[0], collection.numbers[0], collection.answers[0], fingerprint=b""
        )
        first = [each.path for each in collection.entries]
    with Store(made) as store:
        (pages,) = store.connection.execute("PRAGMA page_count").fetchone()
        store.connection.execute(f"PRAGMA max_page_count = {pages + 12}")
        kept: list[str] = []
        with pytest.raises(CollectionError, match=r"the disk is full.*Make room"):
            fill(store, heard, kept)
    assert kept
    with Collection.open(made) as collection:
        assert [each.path for each in collection.entries] == sorted([*first, *kept])
        assert collection.vectors.shape == (len(first) + len(kept), 128)
    assert is_whole(made)


def read_all(db: Path) -> float:
    with Collection.open(db) as collection:
        return float(collection.numbers.sum()) + collection.track(int(collection.ids[0])).duration_s


def test_damage_is_told(made: Path) -> None:
    content = bytearray(made.read_bytes())
    content[8192 * 3 :] = b"\xff" * (len(content) - 8192 * 3)
    made.write_bytes(content)
    with pytest.raises(CollectionError, match="damaged"):
        read_all(made)


def test_what_is_forgotten_gives_its_room_back(tmp_path: Path) -> None:
    db = make_collection(tmp_path, np.random.default_rng(0), n=60)
    before = db.stat().st_size
    with Store(db) as store:
        assert forget(store, str(tmp_path / "music" / "jazz")) == 12
        assert forget(store, str(tmp_path / "music" / "jaz")) == 0
        assert store.connection.execute("SELECT count(*) FROM heard").fetchone() == (48,)
        assert store.connection.execute("SELECT count(*) FROM details").fetchone() == (48,)
        assert store.model(MODEL, SHA256, NAMES) == 1
    with Collection.open(db) as collection:
        assert len(collection) == 48
    with Store(db) as store:
        assert forget(store, str(tmp_path)) == 48
    assert db.stat().st_size < 0.6 * before


def keep_and_fail(store: Store) -> None:
    with store.together():
        store.keep_file(FileFacts("/music/new.mp3", "/music", 1, 1, "", {}))
        raise ZeroDivisionError


def test_a_block_that_fails_changes_nothing(made: Path) -> None:
    with Store(made) as store:
        with pytest.raises(ZeroDivisionError):
            keep_and_fail(store)
        assert store.connection.execute("SELECT count(*) FROM files").fetchone() == (6,)
