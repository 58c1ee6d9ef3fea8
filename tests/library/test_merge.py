"""Answers of another collection: matched by sound, nothing lost, the same however often and in which order."""

import os
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corpus import music
from earmark.errors import CollectionError
from earmark.library.collection import Collection
from earmark.library.entry import Heard
from earmark.library.indexing import Indexer, Options
from earmark.library.merge import Merged, merge
from earmark.library.names import Names
from earmark.library.schema import APPLICATION_ID
from earmark.library.store import FAILED, FileFacts, Store
from earmark.listen.bundle import load_bundle
from made_collection import MODEL, NAMES, SHA256, make_collection

Content = set[tuple[object, ...]]


def made(folder: Path, numbers: range, *, change: Callable | None = None, seed: int = 0) -> Path:
    """A collection of entries of such numbers, each with a sound, a path and answers of its own."""

    def renumbered(place: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        number = numbers[place]
        known = replace(facts, path=f"/music/{number:03}.mp3", root="/music", sound_id=f"{number:032x}")
        return change(number, known, heard) if change else (known, heard)

    folder.mkdir(parents=True, exist_ok=True)
    return make_collection(folder, np.random.default_rng(seed), n=len(numbers), change=renumbered)


def content(db: Path) -> Content:
    """All that a collection holds, but for ids and times."""
    connection = sqlite3.connect(db)
    rows = connection.execute(
        "SELECT path, root, size, mtime_ns, sound_id, state, reason, tags, sha256, duration_s, kind, share, vector,"
        " numbers, answers, summary, timeline, tokens, fingerprint FROM files"
        " LEFT JOIN heard ON heard.file_id = files.id LEFT JOIN models ON models.id = model_id"
        " LEFT JOIN told ON told.heard_id = heard.id LEFT JOIN details ON details.heard_id = heard.id"
    ).fetchall()
    connection.close()
    return set(rows)


def merged(target: Path, *others: Path, missing: bool = False) -> Merged:
    with Store(target) as store:
        for other in others:
            last = merge(store, other, missing=missing)
    return last


def test_what_is_not_here_is_kept_and_not_shown(tmp_path: Path) -> None:
    here, there = made(tmp_path / "here", range(5)), made(tmp_path / "there", range(5, 12), seed=1)
    said = merged(here, there)
    assert (said.kept, said.answered, said.known, said.networks) == (7, 0, 0, [MODEL])
    with Collection.open(here) as collection:
        assert len(collection) == 5
    assert {row[5] for row in content(here) if row[0] > b"/music/004.mp3"} == {"gone"}


def test_what_is_missing_is_shown_where_that_is_asked_for(tmp_path: Path) -> None:
    here, there = made(tmp_path / "here", range(5)), made(tmp_path / "there", range(5, 12), seed=1)
    assert merged(here, there, missing=True).kept == 7
    with Collection.open(here) as collection, Collection.open(there) as other:
        assert len(collection) == 12
        row = collection.row_of("/music/007.mp3")
        assert row is not None
        entry_id = other.ids[other.row_of("/music/007.mp3") or 0]
        assert collection.track(int(collection.ids[row])) == other.track(int(entry_id))
        np.testing.assert_array_equal(collection.vectors[row], other.vectors[other.row_of("/music/007.mp3") or 0])


def test_what_was_kept_before_can_be_shown_later(tmp_path: Path) -> None:
    here, there = made(tmp_path / "here", range(2)), made(tmp_path / "there", range(2, 6), seed=1)
    merged(here, there)
    assert merged(here, there, missing=True).kept == 4
    with Collection.open(here) as collection:
        assert len(collection) == 6


@pytest.mark.parametrize("missing", [False, True])
def test_to_merge_again_changes_nothing(tmp_path: Path, missing: bool) -> None:
    here, there = made(tmp_path / "here", range(5)), made(tmp_path / "there", range(3, 9), seed=1)
    merged(here, there, missing=missing)
    before = content(here)
    said = merged(here, there, missing=missing)
    assert content(here) == before
    assert (said.kept, said.answered, said.known) == (0, 0, 6)


@pytest.mark.parametrize("missing", [False, True])
def test_of_collections_that_share_nothing_the_order_does_not_matter(tmp_path: Path, missing: bool) -> None:
    parts = [made(tmp_path / name, numbers, seed=5) for name, numbers in (("a", range(3)), ("b", range(3, 7)))]
    empty = [tmp_path / "one.db", tmp_path / "other.db"]
    merged(empty[0], *parts, missing=missing)
    merged(empty[1], *reversed(parts), missing=missing)
    assert content(empty[0]) == content(empty[1])
    assert len(content(empty[0])) == 7


def test_the_other_collection_is_not_touched(tmp_path: Path) -> None:
    here, there = made(tmp_path / "here", range(3)), made(tmp_path / "there", range(2, 6), seed=1)
    before = content(there)
    merged(here, there)
    assert content(there) == before


def test_a_file_here_without_answers_gets_them(tmp_path: Path) -> None:
    db = tmp_path / "here" / "collection.db"
    there = made(tmp_path / "there", range(4))
    facts = FileFacts("/mine/song.mp3", "/mine", 9, 9, f"{2:032x}", {"title": "Mine"})
    with Store(db) as store:
        store.keep_file(facts, state=FAILED, reason="It could not be heard.")
        said = merge(store, there)
    assert (said.answered, said.kept) == (1, 3)
    with Collection.open(db) as collection:
        (entry,) = collection.entries
        assert (entry.path, entry.title, entry.size) == ("/mine/song.mp3", "Mine", 9)  # its own facts stay
        assert collection.track(entry.id).genres


def test_copies_here_all_get_the_answers(tmp_path: Path) -> None:
    db = tmp_path / "here" / "collection.db"
    with Store(db) as store:
        for name in ("a", "b"):
            store.keep_file(FileFacts(f"/mine/{name}.mp3", "/mine", 9, 9, f"{2:032x}", {}), state=FAILED)
        assert merge(store, made(tmp_path / "there", range(4))).answered == 2


def test_who_heard_more_is_believed_and_of_equals_who_is_here(tmp_path: Path) -> None:
    def partly(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        return facts, replace(heard, share=0.3 if number == 1 else 1.0)

    here = made(tmp_path / "here", range(3), change=partly)
    there = made(tmp_path / "there", range(3), seed=1)
    with Collection.open(here) as collection:
        before = collection.vectors
    assert merged(here, there).answered == 1
    with Collection.open(here) as collection, Collection.open(there) as other:
        assert collection.entries[1].share == 1.0
        np.testing.assert_array_equal(collection.vectors[1], other.vectors[1])
        np.testing.assert_array_equal(collection.vectors[[0, 2]], before[[0, 2]])
    back = made(tmp_path / "again", range(3), change=partly)
    assert merged(there, back).answered == 0


def other_network(db: Path, *, names: Names = NAMES, sha256: str = "cd" * 32) -> Path:
    connection = sqlite3.connect(db)
    connection.execute("UPDATE models SET sha256 = ?, model = 'other 1', names = ?", (sha256, names.to_json()))
    connection.commit()
    connection.close()
    return db


def test_answers_of_another_network_are_kept_beside_and_do_not_replace(tmp_path: Path) -> None:
    here, there = made(tmp_path / "here", range(3)), other_network(made(tmp_path / "there", range(5), seed=1))
    said = merged(here, there)
    assert (said.answered, said.kept, said.networks) == (3, 2, ["other 1"])
    with Collection.open(here) as collection:
        assert (collection.model, len(collection)) == (MODEL, 3)
    assert len({row[8] for row in content(here)}) == 2


def test_an_empty_collection_tells_what_the_other_one_told(tmp_path: Path) -> None:
    there = made(tmp_path / "there", range(3))
    with Store(there) as store:
        store.model("older 1", "ef" * 32, NAMES)
    db = tmp_path / "new.db"
    merged(db, there, missing=True)
    with Collection.open(db) as collection:
        assert (collection.model, collection.sha256, len(collection)) == (MODEL, SHA256, 3)


def test_silence_is_known_too(tmp_path: Path) -> None:
    there = made(tmp_path / "there", range(1))
    with Store(there) as store:
        model_id = store.model(MODEL, SHA256, NAMES)
        silent = store.keep_file(FileFacts("/music/silent.mp3", "/music", 1, 1, "f" * 32, {}))
        store.keep_silence(silent, model_id, 12.0)
    here = tmp_path / "here.db"
    assert merged(here, there, missing=True).kept == 2
    with Collection.open(here) as collection:
        assert collection.silent() == ["/music/silent.mp3"]


def test_a_path_that_is_here_with_another_sound_stays_what_it_is(tmp_path: Path) -> None:
    def another(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        return replace(facts, sound_id=f"{number + 99:032x}"), heard

    here, there = made(tmp_path / "here", range(3)), made(tmp_path / "there", range(3), change=another, seed=1)
    before = content(here)
    assert merged(here, there).elsewhere == 3
    assert content(here) == before


def test_odd_paths_are_kept_to_the_byte(tmp_path: Path) -> None:
    def odd(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        return replace(facts, path=os.fsdecode(b"/music/\xff%d\n.mp3" % number)), heard

    here = tmp_path / "here.db"
    merged(here, made(tmp_path / "there", range(2), change=odd))
    assert {row[0] for row in content(here)} == {b"/music/\xff0\n.mp3", b"/music/\xff1\n.mp3"}


@pytest.mark.parametrize(
    ("damage", "left_out"),
    [
        ("UPDATE heard SET vector = x'00' WHERE id = 1", 1),
        ("UPDATE told SET answers = x'0000' WHERE heard_id = 1", 1),
        ("DELETE FROM told WHERE heard_id = 1", 1),
        ("DELETE FROM details WHERE heard_id < 3", 2),
        ("UPDATE details SET tokens = 'text'", 3),
    ],
)
def test_answers_that_are_damaged_are_left_out(tmp_path: Path, damage: str, left_out: int) -> None:
    there = made(tmp_path / "there", range(3))
    connection = sqlite3.connect(there)
    connection.execute(damage)
    connection.commit()
    connection.close()
    said = merged(tmp_path / "here.db", there)
    assert (said.damaged, said.kept) == (left_out, 3 - left_out)


def test_what_goes_wrong_half_way_leaves_nothing(tmp_path: Path) -> None:
    here, there = made(tmp_path / "here", range(3)), made(tmp_path / "there", range(3, 9), seed=1)
    connection = sqlite3.connect(there)
    connection.execute("UPDATE files SET tags = 'no json' WHERE id = 4")
    connection.commit()
    connection.close()
    before = content(here)
    with pytest.raises(CollectionError, match="is damaged"):
        merged(here, there)
    assert content(here) == before


def foreign(folder: Path, **pragmas: int) -> Path:
    """A database of SQLite's with these numbers in its head."""
    connection = sqlite3.connect(folder / "foreign.db")
    connection.execute("CREATE TABLE IF NOT EXISTS notes (text)")
    for name, value in pragmas.items():
        connection.execute(f"PRAGMA {name} = {value}")
    connection.commit()
    connection.close()
    return folder / "foreign.db"


def test_what_is_no_collection_is_refused(tmp_path: Path) -> None:
    here = made(tmp_path / "here", range(2))
    (tmp_path / "notes.txt").write_text("mine")
    twin = shutil.copy(here, tmp_path / "twin.db")
    other = other_network(Path(twin), names=Names({"genres": ("a",)}), sha256=SHA256)
    for file, words in {
        here: "this very collection",
        tmp_path / "none.db": "There is no collection",
        tmp_path / "notes.txt": "no collection of earmark's",
        foreign(tmp_path): "no collection of earmark's",
        tmp_path: "is a folder",
        other: "tells other things",
    }.items():
        with pytest.raises(CollectionError, match=words):
            merged(here, file)
    newer = foreign(tmp_path, application_id=APPLICATION_ID, user_version=99)
    with pytest.raises(CollectionError, match="newer earmark"):
        merged(here, newer)


def test_what_another_machine_heard_is_not_heard_again_when_it_is_indexed_here(tmp_path: Path) -> None:
    import soundfile

    bundle = load_bundle()
    for number in range(2):
        soundfile.write(tmp_path / f"{number}.wav", music(rate_hz=22_050, length_s=8.0, seed=number), 22_050)
    there = tmp_path / "there"
    there.mkdir()
    shutil.copy(tmp_path / "0.wav", there / "song of theirs.wav")
    with Store(tmp_path / "there.db") as store:
        Indexer(store, bundle, Options(jobs=1, nice=0)).index([there])
    shutil.rmtree(there)
    mine = tmp_path / "mine"
    (mine / "deeper").mkdir(parents=True)
    shutil.copy(tmp_path / "0.wav", mine / "deeper/my song.wav")
    shutil.copy(tmp_path / "1.wav", mine / "another.wav")
    with Store(tmp_path / "mine.db") as store:
        assert merge(store, tmp_path / "there.db").kept == 1
        report = Indexer(store, bundle, Options(jobs=1, nice=0)).index([mine])
    assert (report.moved, report.heard) == (1, 1)
    with Collection.open(tmp_path / "mine.db") as collection:
        assert [Path(entry.path).name for entry in collection.entries] == ["another.wav", "my song.wav"]
