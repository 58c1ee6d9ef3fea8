"""The list of a music player as a source."""

from pathlib import Path

import pytest

from earmark.data.sources import importer_for
from earmark.errors import DataError


def write_library(folder: Path, *rows: str) -> Path:
    """A library with two files, and a list with these rows."""
    for name in ("Queen/one.mp3", "Abba/one.mp3"):
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(b"sound")
    (folder / "library.csv").write_text("\n".join(["Name,Location,Artist,Genre", *rows]))
    return folder


def test_a_library_is_recognised_and_each_row_is_a_clip(tmp_path: Path) -> None:
    write_library(tmp_path, "One,Queen/one.mp3,Queen,rock", "Uno,Abba/one.mp3,Abba,")
    importer = importer_for(tmp_path)
    assert importer.name == "library_csv"
    items = importer.catalogue(tmp_path).items
    assert [(item.id, item.columns["genre"], item.columns["artist"]) for item in items] == [
        ("Queen.one", "rock", "Queen"),
        ("Abba.one", "", "Abba"),
    ]
    assert all(item.file.is_file() for item in items)


def test_a_row_whose_file_is_gone_is_named_and_skipped(tmp_path: Path) -> None:
    write_library(tmp_path, "One,Queen/one.mp3,Queen,rock", "Two,Queen/two.mp3,Queen,rock")
    (gone,) = importer_for(tmp_path).catalogue(tmp_path).skipped
    assert gone.name == "Queen/two.mp3"


def test_a_list_that_names_nothing_is_refused(tmp_path: Path) -> None:
    write_library(tmp_path, "Two,Queen/two.mp3,Queen,rock")
    with pytest.raises(DataError, match=r"no library\.csv that names sound"):
        importer_for(tmp_path, "library_csv").catalogue(tmp_path)
