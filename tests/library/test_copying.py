"""A copy of a collection: one file, whole or not at all, with all that was committed."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from earmark.errors import CollectionError, OutputError
from earmark.files import guard_file
from earmark.library.collection import Collection
from earmark.library.copying import INDEX, copy_collection
from earmark.library.store import FileFacts, Store
from made_collection import make_collection


def test_a_copy_has_all_that_there_is_in_one_file(tmp_path: Path) -> None:
    db = make_collection(tmp_path / "own", np.random.default_rng(0), n=5)
    size_bytes = copy_collection(db, tmp_path / "copy/there.db")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["there.db"]
    assert size_bytes == (tmp_path / "copy/there.db").stat().st_size
    with Collection.open(db) as own, Collection.open(tmp_path / "copy/there.db") as copy:
        assert [entry.path for entry in copy.entries] == [entry.path for entry in own.entries]
        np.testing.assert_array_equal(copy.vectors, own.vectors)
        assert copy.track(int(copy.ids[2])) == own.track(int(own.ids[2]))


def test_what_is_written_meanwhile_by_another_is_in_it_if_it_was_committed(tmp_path: Path) -> None:
    db = make_collection(tmp_path / "own", np.random.default_rng(0), n=2)
    with Store(db) as store:  # its log is not in the file yet
        store.keep_file(FileFacts("/music/new.mp3", "/music", 1, 1, "ab", {}), state="failed", reason="x")
        copy_collection(db, tmp_path / "copy.db")
    with Collection.open(tmp_path / "copy.db") as copy:
        assert copy.failures() == [("/music/new.mp3", "x")]


def test_a_copy_may_be_replaced_and_a_database_of_another_may_not(tmp_path: Path) -> None:
    db = make_collection(tmp_path / "own", np.random.default_rng(0), n=2)
    copy_collection(db, tmp_path / "copy.db")
    guard_file(tmp_path / "copy.db", INDEX, option="--index")
    guard_file(db, INDEX, option="--index")
    other = sqlite3.connect(tmp_path / "theirs.db")
    other.execute("CREATE TABLE notes (text)")
    other.commit()
    other.close()
    with pytest.raises(OutputError, match="is no collection that earmark wrote"):
        guard_file(tmp_path / "theirs.db", INDEX, option="--index")


def test_where_there_is_none_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match="There is no collection"):
        copy_collection(tmp_path / "none.db", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_said_so_and_nothing_is_left(tmp_path: Path) -> None:
    db = make_collection(tmp_path / "own", np.random.default_rng(0), n=2)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputError, match="cannot be written"):
        copy_collection(db, tmp_path / "file/copy.db")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="cannot be written"):
        copy_collection(db, tmp_path / "folder")
    assert not list(tmp_path.glob(".*.part"))
