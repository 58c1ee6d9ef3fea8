"""The Parquet table: read back by pyarrow and pandas it says what the collection says."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest

from earmark.library import parquet
from earmark.library.collection import Collection
from earmark.library.entry import Heard
from earmark.library.parquet import answer_columns, parquet_kind, write_parquet
from earmark.library.records import Record, records
from earmark.library.store import FileFacts
from earmark.track import NONE
from made_collection import NAMES, opened


def written(collection: Collection, file: Path, found: list[Record] | None = None) -> Path:
    with file.open("wb") as stream:
        write_parquet(found or records(collection), collection.names, stream)
    return file


def test_answers_vectors_and_lists_come_back(made_collection: Collection, tmp_path: Path) -> None:
    table = pyarrow.parquet.read_table(written(made_collection, tmp_path / "music.parquet"))
    assert table.num_rows == len(made_collection)
    rows = table.to_pylist()
    for row, entry, vector in zip(rows[:5], made_collection.entries, made_collection.published, strict=False):
        track = made_collection.track(entry.id)
        assert (row["path"], row["genre"], row["words"]) == (track.path, track.genre, track.words)
        assert row["heard_tags"] == list(track.heard_tags)
        assert row["genre_set"] == list(track.genre_set)
        assert row["decisive"][0]["start_s"] == pytest.approx(track.decisive[0].start_s)
        assert [each["spans"][0]["end_s"] for each in row["heard"]] == [3.0] * len(track.heard)
        np.testing.assert_allclose(row["vector"], vector, atol=1e-6)
        assert (row["file:title"], row["file:isrc"], row["sound_id"]) == (entry.title, None, entry.sound_id)
        assert row["outside"] == pytest.approx(track.outside)


def test_loudness_has_a_column_which_is_empty_where_it_is_not_known(tmp_path: Path) -> None:
    def loud(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        return facts, replace(heard, track=replace(heard.track, loudness_lufs=-11.25 if number else None))

    with opened(tmp_path, np.random.default_rng(0), n=2, change=loud) as collection:
        table = pyarrow.parquet.read_table(written(collection, tmp_path / "music.parquet"))
    assert table["loudness_lufs"].to_pylist() == [None, -11.25]


def test_vectors_are_lists_of_one_length(made_collection: Collection, tmp_path: Path) -> None:
    schema = pyarrow.parquet.read_schema(written(made_collection, tmp_path / "music.parquet"))
    assert schema.field("vector").type == pyarrow.list_(pyarrow.float32(), 128)


def test_a_reader_may_take_some_columns_alone(made_collection: Collection, tmp_path: Path) -> None:
    file = written(made_collection, tmp_path / "music.parquet")
    table = pyarrow.parquet.read_table(file, columns=["jazz", "vector"])
    np.testing.assert_allclose(table["jazz"].to_numpy(), made_collection.column("genres", "jazz"), atol=1e-3)
    flat = table["vector"].combine_chunks().flatten().to_numpy().reshape(-1, 128)
    np.testing.assert_allclose(flat, made_collection.published, atol=1e-6)


def test_columns_are_called_as_in_csv_and_no_two_alike() -> None:
    found = answer_columns(NAMES)
    assert len(set(found)) == len(found) == NAMES.count
    assert {"jazz", "outside", "tag:piano", "valence", "mood:joyful", "feel:power", "voice:vocal"} <= set(found)
    assert NONE not in found


def test_what_is_not_told_is_null(tmp_path: Path) -> None:
    def moodless(_number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        return facts, replace(heard, track=replace(heard.track, mood=None))

    with opened(tmp_path, np.random.default_rng(0), n=3, change=moodless) as collection:
        (row, *_) = pyarrow.parquet.read_table(written(collection, tmp_path / "music.parquet")).to_pylist()
    assert (row["valence"], row["mood"]) == (None, None)


def test_bytes_that_are_no_text_are_escaped(tmp_path: Path) -> None:
    def odd(_number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        return replace(facts, path="/music/\udcff.mp3"), heard

    with opened(tmp_path, np.random.default_rng(0), n=1, change=odd) as collection:
        (row,) = pyarrow.parquet.read_table(written(collection, tmp_path / "music.parquet")).to_pylist()
    assert row["path"] == "/music/\\udcff.mp3"


def test_rows_are_written_by_groups(
    made_collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "GROUP", 16)
    file = pyarrow.parquet.ParquetFile(written(made_collection, tmp_path / "music.parquet"))
    assert file.num_row_groups == 3
    assert file.metadata.num_rows == 40


def test_words_of_ones_own_have_columns_and_none_comes_twice(made_collection: Collection, tmp_path: Path) -> None:
    with (tmp_path / "music.parquet").open("wb") as stream:
        assert write_parquet(records(made_collection), NAMES, stream, words=["gym", "piano"]) == 40
    names = pyarrow.parquet.read_schema(tmp_path / "music.parquet").names
    assert names.count("tag:piano") == names.count("tag:gym") == 1


def test_ours_may_be_replaced_and_those_of_others_may_not(made_collection: Collection, tmp_path: Path) -> None:
    assert parquet_kind(written(made_collection, tmp_path / "ours.parquet")).marks
    pyarrow.parquet.write_table(pyarrow.table({"a": [1]}), tmp_path / "theirs.parquet")
    (tmp_path / "text.parquet").write_text("PAR1 is no table")
    for name in ("theirs.parquet", "text.parquet", "none.parquet"):
        assert not parquet_kind(tmp_path / name).marks


def test_without_pyarrow_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from pathlib import Path\n"
        "from earmark.errors import MissingExtraError\n"
        "from earmark.library.parquet import parquet_kind\n"
        "try: parquet_kind(Path('x'))\n"
        "except MissingExtraError as error: print(error)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.startswith("Parquet needs the extra 'parquet'.")
