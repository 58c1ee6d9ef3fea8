"""Finding and naming sound files."""

import io
import os
from pathlib import Path

import pytest

from corpus import Case
from earmark.errors import SoundError
from earmark.sound.files import Reader, find_audio, name_of
from earmark.sound.watchdog import Pulse


def touch(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


def found(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in find_audio([folder])]


def test_folders_are_searched_in_order_to_their_depths(tmp_path: Path) -> None:
    touch(tmp_path, "b.wav", "a/2.MP3", "a/1.flac", "c/d/e.m4a", "notes.txt", "cover.jpg", "list.m3u")
    assert found(tmp_path) == ["a/1.flac", "a/2.MP3", "b.wav", "c/d/e.m4a"]


def test_hidden_files_and_folders_are_skipped(tmp_path: Path) -> None:
    touch(tmp_path, "._song.mp3", ".trash/old.mp3", "song.mp3")
    assert found(tmp_path) == ["song.mp3"]


def test_what_is_no_folder_is_given_back_whatever_it_is(tmp_path: Path) -> None:
    touch(tmp_path, "notes.txt")
    given = [tmp_path / "notes.txt", tmp_path / "not there.mp3"]
    assert list(find_audio([str(path) for path in given])) == given


def test_a_directory_loop_ends(tmp_path: Path) -> None:
    touch(tmp_path, "a/song.mp3")
    (tmp_path / "a" / "up").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a", target_is_directory=True)
    assert found(tmp_path) == ["a/song.mp3"]


def test_the_corpus_with_its_loop_is_found_once(corpus: dict[str, Case]) -> None:
    folder = corpus["wav"].path.parent
    paths = list(find_audio([folder, corpus["directory loop"].path]))
    assert len(paths) == len(set(paths))
    in_folder = {case.path for case in corpus.values() if not case.path.is_dir()} - {corpus["not there"].path}
    assert set(paths) == in_folder


def test_links_to_other_folders_are_followed(tmp_path: Path) -> None:
    touch(tmp_path, "elsewhere/song.mp3")
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert found(tmp_path / "music") == ["link/song.mp3"]


def test_broken_links_are_given_back_to_be_reported(tmp_path: Path) -> None:
    (tmp_path / "gone.mp3").symlink_to(tmp_path / "nowhere.mp3")
    assert found(tmp_path) == ["gone.mp3"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_named_pipes_in_folders_are_skipped(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp3")
    assert found(tmp_path) == []


def test_a_folder_that_cannot_be_searched_is_given_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "shut/song.mp3", "song.mp3")
    search = Path.iterdir

    def refuse(folder: Path) -> object:
        if folder.name == "shut":
            raise PermissionError(13, "Permission denied", str(folder))
        return search(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert found(tmp_path) == ["shut", "song.mp3"]


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("a b/c  d.mp3", "a b/c  d.mp3"),
        ("Björk – Jóga 🎸.mp3", "Björk – Jóga 🎸.mp3"),
        ("👩\u200d🎤.mp3", "👩\u200d🎤.mp3"),
        ("two\nlines\r.mp3", "two\\nlines\\r.mp3"),
        ("\x1b[31mred\x07.mp3", "\\x1b[31mred\\x07.mp3"),
        ("right\u202eto left.mp3", "right\\u202eto left.mp3"),
        ("not\udcffutf8.mp3", "not\\udcffutf8.mp3"),
        ("line\u2028separator.mp3", "line\\u2028separator.mp3"),
    ],
)
def test_a_name_is_one_printable_line(path: str, name: str) -> None:
    assert name_of(path) == name_of(Path(path)) == name


def test_a_file_object_is_called_by_its_name_where_it_has_one(tmp_path: Path) -> None:
    touch(tmp_path, "song.mp3")
    with (tmp_path / "song.mp3").open("rb") as file:
        assert name_of(file) == str(tmp_path / "song.mp3")
    assert name_of(io.BytesIO()) == "The stream"
    with os.fdopen(os.open(tmp_path / "song.mp3", os.O_RDONLY), "rb") as file:
        assert name_of(file) == "The stream"


class Broken(io.BytesIO):
    """A file whose reads fail."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(b"1234")
        self.error = error

    def read(self, size: int | None = -1) -> bytes:
        raise self.error


def test_a_reader_keeps_a_disk_error_for_later_and_says_it() -> None:
    reader = Reader(Broken(OSError(5, "Input/output error")), "song.mp3")
    assert reader.read(4) == b""
    with pytest.raises(SoundError, match=r"song\.mp3 could not be read to its end: Input/output error\."):
        reader.check()


def test_a_reader_that_failed_once_gives_nothing_more() -> None:
    file = Broken(OSError(5, "Input/output error"))
    reader = Reader(file, "song.mp3")
    reader.read(4)
    file.read = lambda size=-1: b"1234"  # type: ignore[method-assign]
    assert reader.read(4) == b""


def test_a_reader_passes_on_the_stop_key_as_it_is() -> None:
    reader = Reader(Broken(KeyboardInterrupt()), "song.mp3")
    assert reader.read(4) == b""
    with pytest.raises(KeyboardInterrupt):
        reader.check()


def test_a_reader_beats_for_bytes_that_were_not_read_before_alone() -> None:
    pulse = Pulse()
    reader = Reader(io.BytesIO(bytes(100)), "song.mp3", pulse)
    for place, beats in ((0, 1), (0, 1), (10, 2), (5, 2), (10, 2)):
        reader.seek(place)
        reader.read(10)
        assert pulse.beats == beats
    assert reader.size_bytes == 100
    assert reader.tell() == 20
    reader.check()
