"""A collection as text: every line can be read again, what was heard comes back, damage leaves out one track alone."""

import csv
import io
import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from earmark.cli._csv import Columns, Told
from earmark.errors import CollectionError
from earmark.library.collection import Collection
from earmark.library.entry import Heard
from earmark.library.export import CSV, JSON_LINES, csv_lines, json_lines
from earmark.library.records import Record, any_track, records
from earmark.library.store import FileFacts
from earmark.listen.bundle import load_bundle
from earmark.listen.calibrate import Platt
from earmark.listen.linear import MULTI, Layer, LinearHead
from earmark.listen.linear import YOURS as ROLE
from earmark.listen.listener import Listener
from earmark.track import Track
from made_collection import NUMBERS, SHA256, make_collection, opened


def word(name: str) -> LinearHead:
    layer = Layer(np.full((NUMBERS, 1), 0.1), np.zeros(1), np.zeros((128, 1)), np.zeros(1))
    return LinearHead(name, MULTI, (name,), SHA256, layer, lines=(Platt(1.0, 0.0),), role=ROLE)


def columns(collection: Collection, *words: str) -> Columns:
    return Columns(Told.of(collection.names, any_track(collection), words))


def test_every_line_of_json_is_a_track_with_its_file_and_its_vector(made_collection: Collection) -> None:
    lines = [json.loads(line) for line in json_lines(records(made_collection))]
    assert len(lines) == len(made_collection)
    for line, entry, vector in zip(lines, made_collection.entries, made_collection.published, strict=True):
        assert Track.from_dict(line) == made_collection.track(entry.id)
        assert line["file"] == {
            "size": entry.size, "mtime_ns": entry.mtime_ns, "sound_id": entry.sound_id, "tags": dict(entry.tags),
        }  # fmt: skip
        np.testing.assert_allclose(line["vector"], vector, atol=1e-4)
        assert line["kind"] == "song"


def test_lines_come_one_at_a_time(made_collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    whole = Collection.track
    monkeypatch.setattr(Collection, "track", lambda self, entry_id: asked.append(entry_id) or whole(self, entry_id))
    lines = json_lines(records(made_collection))
    next(lines)
    assert len(asked) == 1


def test_csv_has_the_columns_of_listening_then_the_kind_and_the_tags_of_the_file(made_collection: Collection) -> None:
    text = "".join(csv_lines(records(made_collection), columns(made_collection)))
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == len(made_collection)
    track, entry = made_collection.track(int(made_collection.ids[3])), made_collection.entries[3]
    row = rows[3]
    assert (row["path"], row["genre"], row["kind"]) == (track.path, track.genre, "song")
    assert (row["file:title"], row["file:artist"], row["file:isrc"]) == (entry.title, entry.artist, "")
    told = {label.name: label.probability for label in (*track.tags, *track.heads[0].labels)}
    assert float(row["tag:piano"]) == told["piano"]
    assert float(row["voice:vocal"]) == told["vocal"]
    assert track.mood is not None
    assert track.mood.valence is not None
    assert float(row["valence"]) == track.mood.valence.value
    assert row["mood"] == track.mood.words


def test_a_collection_and_a_listener_have_the_same_columns(tmp_path: Path) -> None:
    from corpus import music
    from earmark.library.hearing import Hearer
    from earmark.library.store import Store

    bundle = load_bundle()
    hearer = Hearer(bundle)
    import soundfile

    soundfile.write(tmp_path / "song.wav", music(rate_hz=22_050, length_s=8.0), 22_050)
    with Store(tmp_path / "c.db") as store:
        facts = FileFacts(str(tmp_path / "song.wav"), str(tmp_path), 1, 1, "a" * 32, {})
        model_id = store.model(bundle.info.model, bundle.info.sha256, hearer.names)
        store.keep_heard(store.keep_file(facts), model_id, hearer.hear(facts.path), hearer.names)
    listener = Listener(bundle)
    with Collection.open(tmp_path / "c.db") as collection:
        of_collection, of_listener = columns(collection), Columns(listener)
        assert set(of_collection.names) == set(of_listener.names)
        kept = dict(zip(of_collection.names, of_collection.row(any_track(collection)), strict=True))
    heard = dict(zip(of_listener.names, of_listener.row(listener.hear(facts.path)), strict=True))
    for name, value in heard.items():
        assert kept[name] == (pytest.approx(value, abs=2e-3) if isinstance(value, float) else value), name


def test_words_of_ones_own_are_among_the_tags(made_collection: Collection) -> None:
    (first, *_) = records(made_collection, words=[word("gym")])
    told = {label.name: label.probability for label in first.track.tags}
    assert 0 < told["gym"] < 1
    assert [label.probability for label in first.track.tags] == sorted(told.values(), reverse=True)
    text = "".join(csv_lines([first], columns(made_collection, "gym")))
    (row,) = csv.DictReader(io.StringIO(text))
    assert float(row["tag:gym"]) == told["gym"]


def damaged(tmp_path: Path, *numbers: int, n: int = 4) -> Path:
    db = make_collection(tmp_path, np.random.default_rng(0), n=n)
    other = sqlite3.connect(db)
    other.executemany("UPDATE details SET summary = x'00' WHERE heard_id = ?", [(number,) for number in numbers])
    other.commit()
    other.close()
    return db


def test_one_that_is_damaged_is_left_out_and_named(tmp_path: Path) -> None:
    failures: list[tuple[str, str]] = []
    with Collection.open(damaged(tmp_path, 2)) as collection:
        found = list(records(collection, on_failure=lambda path, reason: failures.append((path, reason))))
    assert len(found) == 3
    ((path, reason),) = failures
    assert path.endswith("track 00001.mp3")
    assert "is damaged" in reason


def test_the_columns_are_known_by_any_track_that_can_be_read(tmp_path: Path) -> None:
    with Collection.open(damaged(tmp_path, 1, 2, 3)) as collection:
        assert any_track(collection).path.endswith("track 00003.mp3")
    with Collection.open(damaged(tmp_path / "all", 1, 2, n=2)) as collection, pytest.raises(CollectionError):
        any_track(collection)


@pytest.fixture
def odd(tmp_path: Path) -> Collection:
    """A collection whose names have all that may go wrong in a text."""

    def change(_number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        return replace(facts, path='/music/\udcff "a",\n;b.mp3', tags={"title": 'x"\r\n,\u2028', "year": 1999}), heard

    return opened(tmp_path, np.random.default_rng(0), n=1, change=change)


def test_names_with_commas_quotes_line_breaks_and_bytes_that_are_no_text_come_back(odd: Collection) -> None:
    with odd:
        (line,) = json_lines(records(odd))
        text = "".join(csv_lines(records(odd), columns(odd))).encode("utf-8", "backslashreplace").decode()
    assert line.count("\n") == 1
    assert json.loads(line)["path"] == '/music/\udcff "a",\n;b.mp3'
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["path"] == '/music/\\udcff "a",\n;b.mp3'
    assert (row["file:title"], row["file:year"]) == ('x"\r\n,\u2028', "1999")


def test_what_was_written_is_known_again(made_collection: Collection) -> None:
    first = next(json_lines(records(made_collection)))
    assert any(first.encode().startswith(mark) for mark in JSON_LINES.marks)
    head = next(csv_lines([], columns(made_collection)))
    assert any(head.encode().startswith(mark) for mark in CSV.marks)


def test_a_record_is_plain(made_collection: Collection) -> None:
    record = next(records(made_collection))
    assert isinstance(record, Record)
    json.dumps(record.to_dict(), allow_nan=False)
