"""Places: here and behind an address the same is found, asked and read."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fsspec
import pytest
from fsspec import AbstractFileSystem

from earmark.errors import CollectionError, MissingExtraError, SoundError
from earmark.library import places
from earmark.library.collection import Collection
from earmark.library.entry import absolute
from earmark.library.places import Facts, facts_of, find_sound, is_file, is_folder, is_gone, is_there, local_file
from indexed import Desk, piece


@pytest.fixture
def memory() -> Iterator[Any]:
    """fsspec's files in memory, which are empty before and after."""
    files = fsspec.filesystem("memory")
    files.store.clear()
    files.pseudo_dirs[:] = [""]
    yield files
    files.store.clear()


@pytest.fixture
def far(memory: Any, tmp_path: Path) -> str:
    """A folder in memory."""
    for name in ("a.flac", "album/b.ogg", "album/.hidden.ogg", "live/c.wav"):
        file = piece(tmp_path / "made" / name)
        memory.pipe_file(f"/music/{name}", file.read_bytes())
    memory.pipe_file("/music/cover.jpg", b"picture")
    return "memory://music"


def test_the_same_is_found_here_and_behind_an_address(far: str, tmp_path: Path) -> None:
    here, there = find_sound(str(tmp_path / "made")), find_sound(far)
    assert [Path(path).relative_to(tmp_path / "made").as_posix() for path in here.paths] == [
        path.removeprefix("memory://music/") for path in there.paths
    ]
    assert there.search.passed_over == {"jpg": 1}
    assert set(there.facts) == set(there.paths)
    assert there.facts[f"{far}/a.flac"] == facts_of(f"{far}/a.flac")
    assert there.facts[f"{far}/a.flac"].size == (tmp_path / "made" / "a.flac").stat().st_size
    assert there.facts[f"{far}/a.flac"].mtime_ns > 0
    assert find_sound(far, exclude=["live"]).paths == [f"{far}/a.flac", f"{far}/album/b.ogg"]
    assert find_sound(f"{far}/cover.jpg").paths == [f"{far}/cover.jpg"]  # named by itself: its content decides


@pytest.mark.usefixtures("memory")
def test_what_is_there_and_what_is_not(far: str, tmp_path: Path) -> None:
    for place in (far, str(tmp_path / "made")):
        assert is_there(place)
        assert is_folder(place)
        assert not is_file(place)
        assert is_file(f"{place}/a.flac")
        assert not is_gone(f"{place}/a.flac")
        assert is_gone(f"{place}/none.flac")
        assert facts_of(f"{place}/none.flac") is None


def test_what_cannot_be_asked_is_not_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not is_gone("nosuchprotocol://music/a.flac")
    assert facts_of("nosuchprotocol://music/a.flac") is None
    with pytest.raises(CollectionError, match="nosuchprotocol://music cannot be reached"):
        find_sound("nosuchprotocol://music")
    monkeypatch.setitem(__import__("sys").modules, "fsspec", None)
    with pytest.raises(MissingExtraError, match=r"earmark\[ray\]"):
        is_there("memory://music")
    assert not is_gone("memory://music")


class Flaky(AbstractFileSystem):
    """Files behind a connection that is lost."""

    protocol = "flaky"

    def info(self, path: str, **options: Any) -> Any:
        raise ConnectionResetError(104, "Connection reset by peer")


def test_what_is_behind_a_lost_connection_is_not_gone() -> None:
    fsspec.register_implementation("flaky", Flaky, clobber=True)
    assert not is_gone("flaky://music/a.flac")
    with pytest.raises(CollectionError, match=r"flaky://music/a\.flac cannot be reached"):
        is_there("flaky://music/a.flac")


@pytest.mark.parametrize("name", ["album//c.flac", "a b#c?d.flac"])
def test_an_odd_name_behind_an_address_is_found_and_read(memory: Any, tmp_path: Path, name: str) -> None:
    memory.pipe_file(f"/music/{name}", piece(tmp_path / "a.flac").read_bytes())
    assert find_sound("memory://music").paths == [f"memory://music/{name}"]
    assert facts_of(f"memory://music/{name}") is not None
    with local_file(f"memory://music/{name}") as file:
        assert Path(file).stat().st_size == (tmp_path / "a.flac").stat().st_size


def test_colons_in_a_name_are_no_chain_of_addresses(tmp_path: Path) -> None:
    piece(tmp_path / "far" / "a::b.flac")
    far = f"file://{tmp_path}/far"
    assert find_sound(far).paths == [f"{far}/a::b.flac"]
    assert facts_of(f"{far}/a::b.flac") is not None
    with local_file(f"{far}/a::b.flac") as file:
        assert Path(file).stat().st_size


def test_a_package_that_lacks_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def lacks(protocol: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.get_filesystem_class", lacks)
    with pytest.raises(CollectionError, match=r"needs a package that is not installed\. Install s3fs"):
        find_sound("s3://bucket/music")


def test_a_file_is_copied_for_as_long_as_it_is_read_and_errors_name_the_address(far: str) -> None:
    with local_file(f"{far}/a.flac") as file:
        assert Path(file).suffix == ".flac"
        assert Path(file).stat().st_size == facts_of(f"{far}/a.flac").size  # type: ignore[union-attr]
    assert not Path(file).exists()
    with (
        pytest.raises(SoundError, match=r"^memory://music/a.flac is odd\. Mend it\.$"),
        local_file(f"{far}/a.flac") as file,
    ):
        raise SoundError(f"{file} is odd.", hint="Mend it.")
    with pytest.raises(SoundError, match=r"memory://music/none\.flac is not there"), local_file(f"{far}/none.flac"):
        pass
    with local_file("/music/here.flac") as file:
        assert file == "/music/here.flac"


@pytest.mark.parametrize(
    ("info", "mtime_ns"),
    [
        ({"mtime": 1.5}, 1_500_000_000),
        ({"LastModified": datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC), "created": 5}, 2_000_000_000),
        ({"updated": "1970-01-01T00:00:03+00:00"}, 3_000_000_000),
        ({"mtime": None, "created": 4}, 4_000_000_000),
        ({"updated": "yesterday"}, 0),
        ({}, 0),
    ],
)
def test_times_are_read_as_file_systems_tell_them(info: dict[str, Any], mtime_ns: int) -> None:
    assert places._facts({"size": 7, **info}) == Facts(7, mtime_ns)


def test_an_address_is_kept_as_it_is_and_paths_are_made_whole() -> None:
    assert absolute("s3://bucket/a/../b/") == "s3://bucket/a/../b"
    assert absolute("a/../b") == os.path.join(os.getcwd(), "b")  # noqa: PTH109, PTH118 - texts


def test_music_behind_an_address_is_indexed_and_known_again(
    memory: Any, far: str, tmp_path: Path, tiny_folder: Path
) -> None:
    desk = Desk(tmp_path / "none", tmp_path / "collection.db", tiny_folder)
    memory.pipe_file("/music/bad.mp3", b"No music. " * 50)
    report = desk.index(far)  # type: ignore[arg-type]  # an address is a text
    assert report.heard == 3
    assert report.failed[0][0] == f"{far}/bad.mp3"
    assert report.failed[0][1].startswith(f"{far}/bad.mp3 is not sound")
    with Collection.open(desk.db) as collection:
        assert [each.path for each in collection.entries] == [
            f"{far}/a.flac",
            f"{far}/album/b.ogg",
            f"{far}/live/c.wav",
        ]
    again = desk.index(far)  # type: ignore[arg-type]
    assert (again.unchanged, again.failed_before, desk.asked) == (3, 1, [])
    memory.mv("/music/live/c.wav", "/music/moved.wav")
    memory.rm("/music/a.flac")
    last = desk.index(far)  # type: ignore[arg-type]
    assert (last.moved, last.gone, last.heard) == (1, 1, 0)
    memory.rm("/music", recursive=True)
    assert "is not there: what the collection has of it stays" in desk.index(far).notes[0]  # type: ignore[arg-type]
