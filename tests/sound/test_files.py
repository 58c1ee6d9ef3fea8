"""Naming and opening sound files."""

import io
import os
from pathlib import Path

import pytest

from earmark.errors import SoundError
from earmark.sound.files import Reader, name_of
from earmark.sound.watchdog import Pulse
from trees import touch


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
