"""The collection stays open, is opened again when it was changed, and is asked by a bounded number at once."""

import asyncio
import contextlib
import sqlite3
import threading
from pathlib import Path

import pytest

from earmark import load_bundle
from earmark.errors import CollectionError
from earmark.serve import shelf as shelves
from earmark.serve.problems import ProblemError
from earmark.serve.shelf import Books, Shelf
from served import Music


@pytest.fixture
def db(music_served: Music, tmp_path: Path) -> Path:
    """A copy of the collection, to be changed."""
    return copy(music_served.db, tmp_path / "copy.db")


@pytest.fixture(autouse=True)
def looks_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "_LOOK_AGAIN_S", 0.0)
    monkeypatch.setattr(shelves, "_OPEN_AGAIN_S", 0.0)


def copy(db: Path, target: Path) -> Path:
    """A collection with what is in its log alone."""
    with contextlib.closing(sqlite3.connect(db)) as source, contextlib.closing(sqlite3.connect(target)) as made:
        source.backup(made)
    return target


def count(books: Books) -> int:
    return len(books.collection)


def test_a_collection_is_opened_again_when_it_was_changed_and_not_before(music_served: Music, db: Path) -> None:
    async def asked() -> None:
        shelf = Shelf(db, load_bundle(music_served.bundle))
        first = await shelf.ask(lambda books: books)
        assert await shelf.ask(lambda books: books) is first
        before = shelf.state
        _forget_one(db)
        assert shelf.state != before
        assert await shelf.ask(count) == 7
        await shelf.close()

    asyncio.run(asked())


def _forget_one(db: Path) -> None:
    with contextlib.closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("UPDATE files SET state = 'gone' WHERE id = (SELECT min(id) FROM files)")


def test_a_collection_that_comes_later_is_found(music_served: Music, tmp_path: Path) -> None:
    async def asked() -> None:
        shelf = Shelf(tmp_path / "later.db", load_bundle(music_served.bundle))
        with pytest.raises(CollectionError):
            await shelf.ask(count)
        copy(music_served.db, tmp_path / "later.db")
        assert await shelf.ask(count) == 8
        await shelf.close()

    asyncio.run(asked())


def test_no_more_ask_at_once_than_may(music_served: Music, db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelves, "_MOST_WAITING", 2)
    go_on = threading.Event()

    async def asked() -> None:
        shelf = Shelf(db, load_bundle(music_served.bundle))
        waiting = [asyncio.create_task(shelf.ask(lambda books: go_on.wait(10))) for _ in range(2)]
        await asyncio.sleep(0.05)
        with pytest.raises(ProblemError) as raised:
            await shelf.ask(count)
        assert (raised.value.status, raised.value.headers["Retry-After"]) == (429, "1")
        go_on.set()
        assert await asyncio.gather(*waiting) == [True, True]
        assert await shelf.ask(count) == 8
        await shelf.close()

    asyncio.run(asked())


@pytest.mark.parametrize("track", ["", "x", "-1", "1.0", "٣", "1e3", "9" * 40, "u1", "\x00"])
def test_what_is_no_id_is_not_there(music_served: Music, track: str) -> None:
    from earmark.library.collection import Collection

    with Collection.open(music_served.db) as collection, pytest.raises(ProblemError) as raised:
        Books(collection, load_bundle(music_served.bundle)).row(track)
    assert raised.value.status == 404


def test_another_networks_answers_are_not_compared(music_served: Music, tiny_folder: Path) -> None:
    from earmark.library.collection import Collection

    with Collection.open(music_served.db) as collection:
        Books(collection, load_bundle(music_served.bundle)).check_bundle()
        with pytest.raises(CollectionError, match="would hear otherwise"):
            Books(collection, load_bundle(tiny_folder)).check_bundle()
