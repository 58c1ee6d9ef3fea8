"""The lake: each row once, whatever became of the run before, and nothing of others is touched."""

from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pyarrow as pa
import pytest
from pyarrow.dataset import dataset
from pyarrow.parquet import read_table, write_table

from earmark.errors import MissingExtraError, OutputError
from earmark.library import lake
from earmark.library.collection import Collection
from earmark.library.lake import Lake
from earmark.library.store import Store
from headed_bundle import write_headed_bundle
from indexed import Desk, piece, silence


@pytest.fixture
def desk(tmp_path: Path, tiny_folder: Path) -> Desk:
    """Five pieces and silence."""
    folder = tmp_path / "music"
    for seed in range(5):
        piece(folder / f"{seed}.wav", seed=seed, title=f"Piece {seed}")
    silence(folder / "silence.wav")
    return Desk(folder, tmp_path / "collection.db", tiny_folder)


@pytest.fixture(params=["lake", "memory://lake"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """A lake here, and one behind an address."""
    fsspec.filesystem("memory").store.clear()
    yield request.param if "://" in request.param else str(tmp_path / request.param)
    fsspec.filesystem("memory").store.clear()


def rows(place: str) -> list[dict[str, Any]]:
    table = dataset(place, format="parquet") if "://" not in place else None
    if table is not None:
        found: list[dict[str, Any]] = table.to_table().to_pylist()
        return sorted(found, key=lambda row: row["path"])
    files = fsspec.filesystem("memory")
    return [row for name in sorted(files.ls("/lake", detail=False)) for row in read_table(files.open(name)).to_pylist()]


def test_a_lake_says_what_the_collection_says(desk: Desk, place: str) -> None:
    desk.index(parquet=place)
    found = rows(place)
    with Collection.open(desk.db) as collection:
        assert [row["path"] for row in found] == [entry.path for entry in collection.entries]
        for row, entry, vector in zip(found, collection.entries, collection.published, strict=True):
            track = collection.track(entry.id)
            assert (row["genre"], row["words"], row["file:title"]) == (track.genre, track.words, entry.tags["title"])
            assert row["probability"] == pytest.approx(track.genres[0].probability, abs=1e-6)
            np.testing.assert_allclose(row["vector"], vector, atol=1e-3)


def test_a_row_is_written_once_and_what_is_heard_again_comes_again(desk: Desk, place: str) -> None:
    desk.index(parquet=place)
    desk.index(parquet=place)
    assert len(rows(place)) == 5
    piece(desk.folder / "new.wav", seed=7)
    desk.index(parquet=place)
    assert len(rows(place)) == 6
    desk.index(desk.folder / "3.wav", again=True, parquet=place)
    twice = sorted((row for row in rows(place) if row["path"].endswith("3.wav")), key=lambda row: row["heard_at"])
    assert len(twice) == 2
    assert twice[0]["vector"] == twice[1]["vector"]


def test_a_lake_that_comes_later_or_lost_a_file_is_filled_from_the_collection(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lake, "ROWS", 2)
    desk.index()
    desk.index(parquet=str(tmp_path / "lake"))
    assert desk.asked == []
    files = sorted((tmp_path / "lake").iterdir())
    assert [read_table(file).num_rows for file in files] == [2, 2, 1]
    files[1].unlink()
    desk.index(parquet=str(tmp_path / "lake"))
    assert len(rows(str(tmp_path / "lake"))) == 5


def test_files_are_written_while_it_hears(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lake, "ROWS", 2)
    there: list[int] = []
    desk.before = lambda path: there.append(len(list((tmp_path / "lake").glob("*.parquet"))))
    desk.index(parquet=str(tmp_path / "lake"))
    assert there == [0, 0, 1, 1, 2, 2]


def test_what_cannot_be_written_leaves_nothing_and_loses_nothing(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: str, content: bytes) -> None:
        raise OutputError(f"{path} cannot be written (No space left on device).")

    with monkeypatch.context() as patch:
        patch.setattr(lake, "put_whole", full)
        with pytest.raises(OutputError, match="No space"):
            desk.index(parquet=str(tmp_path / "lake"))
    assert not list(tmp_path.glob("lake/*"))
    report = desk.index(parquet=str(tmp_path / "lake"))
    assert (report.heard, report.unchanged) == (0, 6)
    assert len(rows(str(tmp_path / "lake"))) == 5


def test_files_of_others_and_of_another_network_are_refused_before_anything_is_heard(
    desk: Desk, tmp_path: Path
) -> None:
    (tmp_path / "theirs").mkdir()
    write_table(pa.table({"a": [1]}), tmp_path / "theirs" / "some.parquet")
    with pytest.raises(OutputError, match=r"some\.parquet is there, and is no file that earmark wrote"):
        desk.index(parquet=str(tmp_path / "theirs"))
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "earmark-0000000001-00000000.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(OutputError, match="is no file that earmark wrote"):
        desk.index(parquet=str(tmp_path / "broken"))
    fsspec.filesystem("memory").pipe_file("/broken/earmark-0000000001-00000000.parquet", b"PAR1 and no more")
    with pytest.raises(OutputError, match="is no file that earmark wrote"):
        desk.index(parquet="memory://broken")
    assert desk.asked == []
    desk.index(parquet=str(tmp_path / "lake"))
    desk.bundle = write_headed_bundle(tmp_path / "headed")
    with pytest.raises(OutputError, match="holds what another network heard"):
        desk.index(parquet=str(tmp_path / "lake"), rehear=True)


def test_a_row_that_is_damaged_is_left_out_and_named(desk: Desk, tmp_path: Path) -> None:
    desk.index()
    with Store(desk.db) as store, store.together() as connection:
        connection.execute("UPDATE details SET summary = x'00' WHERE heard_id = 2")
    report = desk.index(parquet=str(tmp_path / "lake"))
    assert report.notes == [f"What was heard of {desk.folder / '1.wav'} is damaged, and not in the lake."]
    assert len(rows(str(tmp_path / "lake"))) == 4


def test_without_pyarrow_the_extra_is_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.index()
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with Store(desk.db) as store, pytest.raises(MissingExtraError, match=r"earmark\[parquet\]"):
        Lake("lake", store, 1)
