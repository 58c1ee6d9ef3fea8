"""What was heard is kept: found for the same file as it was, by the same network, and never believed when broken."""

import os
from pathlib import Path

import numpy as np
import pytest

from earmark.errors import OutputError
from earmark.teach.cache import FOLDER_VARIABLE, Cache, Example, cache_folder

NETWORK = "a" * 64


@pytest.fixture
def song(tmp_path: Path) -> Path:
    file = tmp_path / "song.wav"
    file.write_bytes(b"as long as it is")
    return file


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(NETWORK, folder=tmp_path / "heard")


def example(song: Path) -> Example:
    return Example(str(song.resolve()), np.arange(6, dtype=np.float32) / 7, 4, "The Zoë & Co")


def kept(cache: Cache, song: Path) -> str:
    key = cache.key(song)
    cache.keep(key, example(song))
    return key


def test_what_was_kept_comes_back_as_it_was(cache: Cache, song: Path) -> None:
    found = cache.get(kept(cache, song), song)
    assert found is not None
    assert np.array_equal(found.numbers, example(song).numbers)
    assert found.numbers.dtype == np.float32
    assert (found.path, found.own, found.artist) == (str(song.resolve()), 4, "The Zoë & Co")


def test_the_same_file_by_another_name_is_the_same(cache: Cache, song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(song.parent)
    (song.parent / "link.wav").symlink_to(song)
    assert cache.key(Path("song.wav")) == cache.key(Path("link.wav")) == cache.key(song)


def test_a_file_that_was_changed_is_another(cache: Cache, song: Path) -> None:
    before = kept(cache, song)
    facts = song.stat()
    os.utime(song, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))
    by_time = cache.key(song)
    song.write_bytes(b"longer than it was before")
    os.utime(song, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert len({before, by_time, cache.key(song)}) == 3


def test_another_network_has_entries_of_its_own(cache: Cache, song: Path) -> None:
    assert Cache("b" * 64, folder=cache.folder).key(song) != cache.key(song)


def test_a_file_that_is_not_there_has_no_entry_and_makes_none(cache: Cache, song: Path) -> None:
    gone = song.with_name("gone.wav")
    assert cache.key(gone) == ""
    cache.keep("", example(gone))
    assert cache.get("", gone) is None
    assert not cache.folder.exists()


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_a_broken_entry_is_none(cache: Cache, song: Path, content: bytes | None) -> None:
    key = kept(cache, song)
    entry = cache.folder / f"{key}.npz"
    entry.write_bytes(entry.read_bytes()[:-40] if content is None else content)
    assert cache.get(key, song) is None


@pytest.mark.parametrize(
    "parts",
    [
        {"numbers": np.zeros(6, np.float32), "own": 4},
        {"numbers": np.zeros((2, 3), np.float32), "own": 2, "artist": ""},
        {"numbers": np.full(6, np.nan, np.float32), "own": 4, "artist": ""},
        {"numbers": np.zeros(6, np.float32), "own": 7, "artist": ""},
        {"numbers": np.array(["a", "b"]), "own": 1, "artist": ""},
    ],
)
def test_an_entry_that_says_something_else_is_none(
    cache: Cache, song: Path, parts: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]
) -> None:
    key = kept(cache, song)
    np.savez(cache.folder / f"{key}.npz", **parts)
    assert cache.get(key, song) is None


def test_of_too_many_entries_the_oldest_are_removed_and_nothing_else(cache: Cache, song: Path) -> None:
    cache.folder.mkdir()
    entries = [cache.folder / f"{number:064x}.npz" for number in range(5)]
    for age, entry in enumerate(reversed(entries)):
        entry.write_bytes(b"")
        os.utime(entry, (1000 + age, 1000 + age))
    mine = cache.folder / "mine.npz"
    mine.write_bytes(b"")
    os.utime(mine, (1, 1))
    cache.trim(5)
    assert all(entry.exists() for entry in entries)
    cache.trim(2)
    assert [entry.exists() for entry in entries] == [True, True, False, False, False]
    assert mine.exists()


def test_there_is_nothing_to_trim_where_there_is_no_folder(cache: Cache) -> None:
    cache.trim(0)


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    assert cache_folder() == Cache(NETWORK).folder == tmp_path
    monkeypatch.delenv(FOLDER_VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert "earmark" in cache_folder().parts


def test_an_entry_that_cannot_be_written_is_an_error_in_words(song: Path, tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    with pytest.raises(OutputError, match="cannot be written"):
        kept(Cache(NETWORK, folder=tmp_path / "taken"), song)
