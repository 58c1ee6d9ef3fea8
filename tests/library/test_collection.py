"""Reading a collection: arrays in the order of paths, tracks as they were, what is not there in words."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earmark.errors import CollectionError
from earmark.library.collection import Collection
from earmark.library.entry import Entry, Heard, normalised_artist
from earmark.library.schema import APPLICATION_ID, database_file
from earmark.library.store import FAILED, GONE, FileFacts, Store
from earmark.track import NONE
from made_collection import MODEL, NAMES, SHA256, make_collection, opened


def entry(**changes: Any) -> Entry:
    values: dict[str, Any] = {
        "id": 1, "path": "/music/A - B.mp3", "size": 1, "mtime_ns": 1, "sound_id": "", "tags": {},
        "duration_s": 60.0, "kind": "song", "share": 1.0, "model": "tiny 1",
    }  # fmt: skip
    return Entry(**{**values, **changes})


def test_entries_come_in_the_order_of_their_paths_and_all_arrays_with_them(made_collection: Collection) -> None:
    paths = [each.path for each in made_collection.entries]
    assert paths == sorted(paths)
    count = len(made_collection)
    assert count == 40
    assert made_collection.vectors.shape == (count, 128)
    assert made_collection.numbers.shape == (count, 150)
    assert made_collection.answers.shape == (count, NAMES.count)
    assert np.linalg.norm(made_collection.vectors, axis=1) == pytest.approx(1, abs=1e-6)
    for row in (0, 7, 39):
        track = made_collection.track(int(made_collection.ids[row]))
        assert track.path == paths[row]
        assert made_collection.answers[row] == pytest.approx(NAMES.answers(track), abs=1e-3)
        assert made_collection.numbers[row, :128] == pytest.approx(3 * made_collection.vectors[row], abs=2e-3)
        assert made_collection.row_of(paths[row]) == made_collection.row_of_id(int(made_collection.ids[row])) == row


def test_columns_of_entries_can_be_had_without_making_them(made_collection: Collection) -> None:
    assert made_collection.durations_s.tolist() == [each.duration_s for each in made_collection.entries]
    assert made_collection.kinds == [each.kind for each in made_collection.entries]
    assert made_collection.sound_ids == [each.sound_id for each in made_collection.entries]
    assert made_collection.row_of("/nowhere") is None
    assert made_collection.row_of("/zzz") is None
    rows = [3, 39, 0]
    assert made_collection.answers_at(rows).tolist() == made_collection.answers[rows].tolist()


def test_loudness_is_read_of_all_and_not_known_of_some(tmp_path: Path) -> None:
    def loud(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        return facts, replace(heard, track=replace(heard.track, loudness_lufs=None if number == 2 else -number / 4))

    with opened(tmp_path, np.random.default_rng(0), n=7, change=loud) as collection:
        told = [collection.track(int(each)).loudness_lufs for each in collection.ids]
        assert sorted(each for each in told if each is not None) == [-1.5, -1.25, -1.0, -0.75, -0.25, 0.0]
        expected = [np.nan if each is None else each for each in told]
        assert collection.loudness_lufs == pytest.approx(expected, nan_ok=True)


def test_columns_have_names(made_collection: Collection) -> None:
    assert made_collection.names.genres[-1] == NONE
    assert made_collection.names.heads == {"voice": ("instrumental", "vocal")}
    track = made_collection.track(int(made_collection.ids[3]))
    assert made_collection.column("tags", "piano")[3] == pytest.approx(dict_of(track.tags)["piano"], abs=1e-3)
    assert track.mood is not None
    assert track.mood.valence is not None
    assert made_collection.valence[3] == pytest.approx(track.mood.valence.value, abs=1e-3)
    assert made_collection.column("voice", "vocal")[3] == pytest.approx(
        dict_of(track.heads[0].labels)["vocal"], abs=1e-3
    )
    with pytest.raises(KeyError):
        made_collection.column("tags", "kazoo")


def dict_of(labels: Any) -> dict[str, float]:
    return {label.name: label.probability for label in labels}


def test_files_that_failed_or_are_gone_are_no_entries(tmp_path: Path) -> None:
    db = make_collection(tmp_path, np.random.default_rng(1), n=5)
    with Collection.open(db) as collection:
        facts = [FileFacts(each.path, "/", 1, 1, "", {}) for each in collection.entries]
    with Store(db) as store:
        store.keep_file(facts[0], state=GONE)
        store.keep_file(facts[1], state=FAILED, reason="It is no sound.")
    with Collection.open(db) as collection:
        assert [each.path for each in collection.entries] == [each.path for each in facts[2:]]
        assert collection.vectors.shape == (3, 128)
        assert collection.failures() == [(facts[1].path, "It is no sound.")]


def test_silence_is_heard_and_no_entry(tmp_path: Path) -> None:
    db = make_collection(tmp_path, np.random.default_rng(1), n=5)
    with Store(db) as store:
        file_id = store.keep_file(FileFacts("/silence.wav", "/", 1, 1, "", {}))
        store.keep_silence(file_id, store.model(MODEL, SHA256, NAMES))
    with Collection.open(db) as collection:
        assert len(collection.entries) == len(collection.vectors) == 5
        assert collection.silent() == ["/silence.wav"]


def test_a_new_network_answers_when_it_has_heard_all_and_not_before(tmp_path: Path) -> None:
    db = make_collection(tmp_path, np.random.default_rng(1), n=3)
    again: list[tuple[int, Heard]] = []

    def keep(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        again.append((number, replace(heard, vector=-heard.vector)))
        return facts, heard

    make_collection(tmp_path / "other", np.random.default_rng(2), n=3, change=keep)
    with Store(db) as store:
        new = store.model("made 2", "cd" * 32, NAMES)
        for number, heard in again:
            store.keep_heard(number + 1, new, heard, NAMES)
    with Collection.open(db) as collection:
        assert collection.model == "made 1"


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_a_path_that_is_no_text_comes_back_to_the_byte(tmp_path: Path) -> None:
    odd = os.fsdecode(b"/music/caf\xe9 \xff.mp3")

    def rename(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        return replace(facts, path=odd, tags={"title": "\udce9"}), heard

    with opened(tmp_path, np.random.default_rng(0), n=1, change=rename) as collection:
        assert collection.entries[0].path == odd
        assert collection.row_of(odd) == 0
        assert collection.track(int(collection.ids[0])).path == odd


def test_a_collection_stays_as_it_was_opened(tmp_path: Path) -> None:
    with opened(tmp_path, np.random.default_rng(0), n=4) as collection:
        with Store(collection.db) as store, store.together() as connection:
            connection.execute("DELETE FROM files WHERE id = 2")
        assert collection.vectors.shape == (4, 128)
        assert np.isfinite(collection.vectors).all()
    with Collection.open(collection.db) as collection:
        assert len(collection) == 3


def test_there_is_no_collection_yet(db: Path, tmp_path: Path) -> None:
    with pytest.raises(CollectionError, match=r"no collection at .*earmark index"):
        Collection.open()
    assert database_file() == db
    with Store(db):
        pass
    with pytest.raises(CollectionError, match="is empty"):
        Collection.open()
    assert int.from_bytes(db.read_bytes()[68:72]) == APPLICATION_ID


@pytest.mark.parametrize(
    ("tags", "title", "artist", "key"),
    [
        ({}, "A - B", "", ""),
        ({"title": "One", "artist": "The Beatles"}, "One", "The Beatles", "beatles"),
        ({"artist": "Guest", "albumartist": "Björk"}, "A - B", "Guest", "bjork"),
        ({"albumartist": "!!!"}, "A - B", "!!!", "!!!"),
        ({"artist": "AC/DC"}, "A - B", "AC/DC", "ac dc"),
    ],
)
def test_an_entry_is_called_as_its_tags_say(tags: dict[str, str], title: str, artist: str, key: str) -> None:
    found = entry(tags=tags)
    assert (found.title, found.artist, found.artist_key) == (title, artist, key)


def test_artists_are_one_whatever_their_spelling() -> None:
    spellings = ("Simon & Garfunkel", "simon garfunkel", "SIMON  &  GARFUNKEL")
    assert {normalised_artist(name) for name in spellings} == {"simon garfunkel"}
    assert normalised_artist("The The") == "the"
