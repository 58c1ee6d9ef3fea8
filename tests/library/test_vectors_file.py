"""The file of vectors beside a database: it changes nothing but time, and is never read where it does not fit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earmark.library import vectors_file
from earmark.library.collection import Collection
from earmark.library.entry import Entry, Heard
from earmark.library.queries import Query
from earmark.library.similar import similar
from earmark.library.store import GONE, FileFacts, Store
from earmark.library.vectors_file import place_of, read_vectors
from made_collection import SHA256, make_collection


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A collection whose file of vectors is there."""
    monkeypatch.setattr(vectors_file, "FEWEST", 3)
    db = make_collection(tmp_path, np.random.default_rng(1), n=30)
    with Collection.open(db) as collection:
        assert len(collection.vectors) == 30
    assert place_of(db).exists()
    return db


def state_of(db: Path) -> str:
    with Store(db) as store:
        return store.setting("state") or ""


def entries_of(db: Path) -> list[Entry]:
    with Collection.open(db) as collection:
        return list(collection.entries)


def everything(db: Path) -> tuple[object, ...]:
    with Collection.open(db) as collection:
        found = similar(collection, Query.of_row(collection, 7))
        rows = [collection.row_of(entry.path) for entry in collection.entries]
        some = [entry.path for entry in collection.entries[3:20:5]]
        return (
            [match.to_dict() for match in found],
            collection.ids.tolist(),
            collection.vectors.tolist(),
            collection.answers.tolist(),
            list(collection.entries),
            [collection.entries[row] for row in (29, 0, -1)],
            rows,
            some,
            collection.durations_s.tolist(),
            [collection.track(int(entry_id)).path for entry_id in collection.ids],
        )


def test_with_the_file_a_collection_says_what_it_says_without(made: Path) -> None:
    with_file = everything(made)
    place_of(made).unlink()
    assert everything(made) == with_file
    assert place_of(made).exists()


def test_few_entries_are_read_one_by_one_and_many_at_once(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("earmark.library.entries._ONE_BY_ONE", 2)
    expected = entries_of(made)
    with Collection.open(made) as collection:
        assert collection.entries[4] == expected[4]
        assert not collection._rows.are_known
        assert [collection.entries[row] for row in range(30)] == expected
        assert collection._rows.are_known


def test_after_a_change_it_is_made_anew(made: Path) -> None:
    gone = entries_of(made)[0]
    before = place_of(made).read_bytes()
    with Store(made) as store:
        store.keep_file(FileFacts(gone.path, "/", 1, 1, gone.sound_id, {}), state=GONE)
    assert read_vectors(made, state_of(made), SHA256) is None
    with Collection.open(made) as collection:
        assert len(collection) == len(collection.vectors) == 29
    assert place_of(made).read_bytes() != before
    with Collection.open(made) as collection:
        assert len(collection.entries) == len(collection.vectors) == 29
        assert collection.row_of(gone.path) is None


def test_what_changes_nothing_leaves_it(made: Path) -> None:
    before = state_of(made)
    with Store(made) as store, store.together() as connection:
        connection.execute("SELECT count(*) FROM files").fetchone()
    assert state_of(made) == before
    assert read_vectors(made, before, SHA256) is not None


def test_that_of_another_network_is_not_read(made: Path) -> None:
    state = state_of(made)
    assert read_vectors(made, state, "cd" * 32) is None
    assert read_vectors(made, "00" * 16, SHA256) is None


@pytest.mark.parametrize("content", [b"", b"{}", b"nothing", b"[1, 2]" + 5000 * b" ", b'{"shape": [2]}' + 4090 * b" "])
def test_a_broken_one_is_none(made: Path, content: bytes) -> None:
    expected = everything(made)
    place_of(made).write_bytes(content)
    assert read_vectors(made, state_of(made), SHA256) is None
    assert everything(made) == expected


def test_one_that_was_cut_off_is_none(made: Path) -> None:
    whole = place_of(made).read_bytes()
    place_of(made).write_bytes(whole[:-1])
    assert read_vectors(made, state_of(made), SHA256) is None


def test_where_it_cannot_be_written_all_goes_on(made: Path) -> None:
    expected = everything(made)
    place_of(made).unlink()
    place_of(made).mkdir()
    assert everything(made) == expected
    assert not list(made.parent.glob(".*.part"))


def test_an_older_database_that_has_no_state_is_read_without_it(made: Path) -> None:
    expected = everything(made)
    with Store(made) as store:
        store.connection.execute("DELETE FROM settings")
    before = place_of(made).stat().st_mtime_ns
    assert everything(made) == expected
    assert place_of(made).stat().st_mtime_ns == before


def test_of_few_entries_none_is_made(tmp_path: Path) -> None:
    db = make_collection(tmp_path, np.random.default_rng(1), n=5)
    with Collection.open(db) as collection:
        assert collection.vectors.shape == (5, 128)
    assert not place_of(db).exists()


def test_where_heads_read_no_vector_what_is_published_decides(tmp_path: Path) -> None:
    db = make_collection(
        tmp_path,
        np.random.default_rng(1),
        n=5,
        change=lambda number, facts, heard: (facts, replace(heard, numbers=heard.numbers[:20])),
    )
    with Collection.open(db) as collection:
        assert collection.vectors.tolist() == collection.published.tolist()
        few = collection.published_of([3, 0, 3])
        assert few == pytest.approx(collection.published[[3, 0, 3]])
        assert collection.published_of([]).shape == (0, few.shape[1])


def test_near_is_what_decides_and_not_what_is_published(tmp_path: Path) -> None:
    kept: list[Heard] = []

    def turned(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        kept.append(replace(heard, vector=np.roll(heard.vector, 1)))
        return facts, kept[-1]

    db = make_collection(tmp_path, np.random.default_rng(1), n=5, change=turned)
    with Collection.open(db) as collection:
        order = [int(Path(entry.path).stem[-5:]) for entry in collection.entries]
        for row, number in enumerate(order):
            assert collection.vectors[row] == pytest.approx(kept[number].near, abs=2e-3)
            assert collection.published[row] == pytest.approx(np.roll(collection.vectors[row], 1), abs=2e-3)
