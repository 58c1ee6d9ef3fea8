"""Importers: which folder is of which kind, what its clips are, and what is left out by name."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.data import sources
from earmark.data.layout import is_file_name, write_picture, write_rows
from earmark.data.sources import Trouble, importer_for, importers, unique_ids
from earmark.errors import DataError
from trees import piece, touch, write_kaggle_tree, write_sound


def test_importers_are_found_by_being_in_their_folder_and_asked_by_rank() -> None:
    files = {path.stem for path in Path(sources.__path__[0]).glob("*.py")} - {"__init__"}
    assert {each.catalogue.__module__.rpartition(".")[2] for each in importers()} == files
    ranks = [each.rank for each in importers()]
    assert ranks == sorted(ranks)
    assert [each.name for each in importers()[-2:]] == ["folder", "tracks"]  # which take nearly everything


def test_kinds_of_source_are_recognised(tmp_path: Path) -> None:
    write_kaggle_tree(tmp_path / "kaggle")
    touch(tmp_path, "genres/rock/a.mp3")
    write_rows(tmp_path / "set" / "clips.csv", [{"id": "a"}])
    kinds = {name: importer_for(tmp_path / name).name for name in ("kaggle", "genres", "set")}
    assert kinds == {"kaggle": "gtzan_kaggle", "genres": "folder", "set": "clips_csv"}


@pytest.mark.parametrize("inside", ["", "Data", "Data/genres_original"])
def test_gtzan_is_recognised_from_the_pack_down_to_its_genres(tmp_path: Path, inside: str) -> None:
    write_kaggle_tree(tmp_path)
    importer = importer_for(tmp_path / inside)
    assert importer.name == "gtzan_kaggle"
    assert len(importer.catalogue(tmp_path / inside).items) == 3


def test_a_kind_may_be_named(tmp_path: Path) -> None:
    write_kaggle_tree(tmp_path)
    assert importer_for(tmp_path, "folder").name == "folder"


@pytest.mark.parametrize(
    ("folder", "kind", "sentence"),
    [
        ("nowhere", None, "is not a folder"),
        ("empty", None, r"no kind of source.*gtzan_kaggle \(.*folder \("),
        ("empty", "mp4", "There is no source kind 'mp4'. Known: clips_csv, .*gtzan_kaggle, .*folder"),
    ],
)
def test_what_is_no_source_is_refused_with_the_known_kinds(
    tmp_path: Path, folder: str, kind: str | None, sentence: str
) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=sentence):
        importer_for(tmp_path / folder, kind)


@pytest.mark.parametrize("kind", [each.name for each in importers()])
def test_a_named_kind_that_finds_nothing_says_so(tmp_path: Path, kind: str) -> None:
    with pytest.raises(DataError, match="no "):
        importer_for(tmp_path, kind).catalogue(tmp_path)


def test_gtzan_s_broken_clip_is_named_and_skipped_and_artists_are_said_to_be_unknown(tmp_path: Path) -> None:
    catalogue = importer_for(write_kaggle_tree(tmp_path)).catalogue(tmp_path)
    assert [item.id for item in catalogue.items] == ["blues.00000", "blues.00001", "jazz.00053"]
    assert [item.columns["genre"] for item in catalogue.items] == ["blues", "blues", "jazz"]
    assert {item.columns["artist"] for item in catalogue.items} == {""}
    assert [trouble.name for trouble in catalogue.skipped] == ["jazz.00054.wav"]
    assert "broken" in catalogue.skipped[0].reason
    assert "names no artists" in catalogue.notes[0]


def test_a_folder_gives_genre_artist_and_a_readable_id(tmp_path: Path) -> None:
    names = ("rock/one.mp3", "rock/Queen/A Night/two: live?.FLAC", "jazz/jazz.00001.wav", "jazz/cover.jpg")
    touch(tmp_path, *names, "jazz/.hidden.wav", ".git/x.wav", "loose.ogg", "README.txt")
    catalogue = importer_for(tmp_path).catalogue(tmp_path)
    assert [(item.id, item.columns["genre"], item.columns["artist"]) for item in catalogue.items] == [
        ("jazz.00001", "jazz", ""),
        ("rock.Queen.A Night.two_ live_", "rock", "Queen"),
        ("rock.one", "rock", ""),
    ]
    assert catalogue.skipped == (Trouble("loose.ogg", "it is in no genre folder"),)


def test_files_that_would_share_an_id_keep_theirs_apart() -> None:
    paths = [
        Path(path) for path in ("rock/a.mp3", "rock/a.wav", "Rock/A.wav", "rock/b.mp3", "rock/c/d.mp3", "rock/c.d.mp3")
    ]
    assert unique_ids(paths) == ["rock.a.mp3", "rock.a.wav", "Rock.A.wav~2", "rock.b", "rock.c.d.mp3", "rock.c.d.mp3~2"]


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=4),
            st.sampled_from([".mp3", ".wav", ".MP3", ""]),
        ).filter(lambda parts: parts[0] not in {".", ".."}),
        max_size=12,
        unique=True,
    )
)
def test_ids_are_file_names_and_differ_by_more_than_case(names: list[tuple[str, str]]) -> None:
    ids = unique_ids([Path("rock", stem + suffix) for stem, suffix in names])
    assert len(ids) == len(names)
    assert len({clip_id.casefold() for clip_id in ids}) == len(ids)
    assert all(is_file_name(clip_id) for clip_id in ids)


def test_the_layout_keeps_its_columns_and_prefers_sound_to_pictures(tmp_path: Path) -> None:
    write_sound(tmp_path / "sound" / "a.wav", piece(length_s=1.0))
    for name in ("a", "b", "c"):
        write_picture(tmp_path / "mel" / f"{name}.png", np.zeros((128, 4), np.uint8))
    rows = [
        {"id": "a", "genre": "rock", "year": "1975", "path": "sound/a.wav"},
        {"id": "b", "genre": "pop", "path": "sound/gone.wav"},
        {"id": "c", "path": ""},
        {"id": "d", "path": "sound/gone.wav"},
    ]
    write_rows(tmp_path / "clips.csv", rows)
    items = importer_for(tmp_path).catalogue(tmp_path).items
    assert [item.file.name for item in items] == ["a.wav", "b.png", "c.png", "gone.wav"]
    assert items[0].columns == {"genre": "rock", "year": "1975"}


def test_what_is_beside_the_sound_in_a_genre_folder_is_told_by_kind(tmp_path: Path) -> None:
    touch(tmp_path, "rock/a.mp3", "rock/a.jpg", "pop/b.mp3", "pop/b.jpg", "pop/@eaDir/b.mp3")
    touch(tmp_path, "@eaDir/c.mp3")
    catalogue = importer_for(tmp_path, "folder").catalogue(tmp_path)
    assert [item.id for item in catalogue.items] == ["pop.b", "rock.a"]
    assert catalogue.notes == ("Passed over: 2 jpg.",)


def test_any_folder_of_sound_is_tracks_without_genres(tmp_path: Path) -> None:
    touch(tmp_path, "one.mp3", "deep/er/two.OGG", "deep/cover.jpg")
    catalogue = importer_for(tmp_path, "tracks").catalogue(tmp_path)
    assert [(item.id, item.columns) for item in catalogue.items] == [("deep.er.two", {}), ("one", {})]
    assert "no genres" in catalogue.notes[0]
    assert catalogue.notes[1] == "Passed over: 1 jpg."
    touch(tmp_path / "flat", "a.mp3")
    assert importer_for(tmp_path / "flat").name == "tracks"
    assert importer_for(tmp_path).name == "folder"
