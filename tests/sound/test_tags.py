"""Artist, title and other tags; what is wrong with tags costs no more than the tags."""

import struct
import time
from pathlib import Path

import pytest
import soundfile

from corpus import RATE_HZ, Case, music
from earmark.sound import tags
from earmark.sound.tags import all_tags, tags_of
from fuzz.mutate import mutant
from fuzz.seeds import CORPUS, FOUND


def flac(path: Path, **said: str) -> Path:
    with soundfile.SoundFile(path, "w", RATE_HZ, 2) as sound:
        for name, value in said.items():
            setattr(sound, name, value)
        sound.write(music())
    return path


def id3(*frames: tuple[bytes, bytes]) -> bytes:
    """An ID3v2.4 tag of frames (name, text in UTF-8)."""
    body = b"".join(name + _syncsafe(len(text) + 1) + b"\0\0\x03" + text for name, text in frames)
    return b"ID3\x04\0\0" + _syncsafe(len(body)) + body


def _syncsafe(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def test_artist_and_title_are_read(tmp_path: Path) -> None:
    path = flac(tmp_path / "song.flac", artist=" Queen ", title="One", album="Live", date="1986-07-12", tracknumber="3")
    assert tags_of(path) == {"artist": "Queen", "title": "One"}
    assert all_tags(path) == {"artist": "Queen", "title": "One", "album": "Live", "year": "1986-07-12", "track": "3"}


@pytest.mark.parametrize("suffix", ["ogg", "wav", "aiff", "mp3"])
def test_tags_of_all_kinds_are_read(suffix: str, tmp_path: Path) -> None:
    assert tags_of(flac(tmp_path / f"song.{suffix}", artist="Queen", title="One")) == {
        "artist": "Queen",
        "title": "One",
    }


def test_what_stands_in_id3_is_read_as_people_write_it(corpus: dict[str, Case], tmp_path: Path) -> None:
    frames = id3(
        (b"TPE1", "Björk\0Guest".encode()),
        (b"TPE2", b"Various"),
        (b"TIT2", b"Two\nlines\x07 and a bell"),
        (b"TDRC", b"1997"),
        (b"TCON", b"(17)"),
        (b"TRCK", b"3/12"),
        (b"TBPM", b"120"),
    )
    (tmp_path / "song.mp3").write_bytes(frames + corpus["mp3"].path.read_bytes())
    assert all_tags(tmp_path / "song.mp3") == {
        "artist": "Björk",
        "albumartist": "Various",
        "title": "Two lines and a bell",
        "year": "1997",
        "genre": "Rock",
        "track": "3",
        "track_total": "12",
        "bpm": "120",
    }


def test_content_decides_and_not_the_name(corpus: dict[str, Case], tmp_path: Path) -> None:
    path = flac(tmp_path / "song.flac", artist="Queen")
    assert tags_of(path.rename(tmp_path / "song.mp3")) == {"artist": "Queen"}


def test_a_file_without_tags_or_without_sound_has_none(corpus: dict[str, Case]) -> None:
    names = ("wav", "text", "not there", "folder", "empty file", "noise of bytes")
    assert [all_tags(corpus[name].path) for name in names] == [{}] * len(names)


def test_tags_whose_sizes_are_wrecked_cost_no_time(corpus: dict[str, Case], tmp_path: Path) -> None:
    """A LIST whose sub-chunk claims an impossible size: libsndfile hangs in it (its issue 1118)."""
    wav = corpus["wav"].path.read_bytes()
    listed = b"LIST" + (24).to_bytes(4, "little") + b"INFOISFT" + b"\xf0\xff\xff\xff" + b"Lavf58.2\x00\x00\x00\x00"
    (tmp_path / "wrecked.wav").write_bytes(wav[:36] + listed + wav[36:])
    before_s = time.monotonic()
    assert tags_of(tmp_path / "wrecked.wav") == {}
    assert time.monotonic() - before_s < tags._PATIENCE_S


def test_a_tag_that_is_a_book_is_cut_and_tags_without_end_are_none(
    corpus: dict[str, Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mp3 = corpus["mp3"].path.read_bytes()
    (tmp_path / "book.mp3").write_bytes(id3((b"TIT2", b"word " * 10_000), (b"TPE1", b"Queen")) + mp3)
    assert len(all_tags(tmp_path / "book.mp3")["title"]) <= 300
    boxes = b"\0\0\0\x10ftypM4A \0\0\0\0" + (struct.pack(">I", 8) + b"free") * 50_000
    (tmp_path / "boxes.m4a").write_bytes(boxes)
    monkeypatch.setattr(tags, "_MOST_BYTES", 100_000)
    assert all_tags(tmp_path / "boxes.m4a") == {}
    assert all_tags(tmp_path / "book.mp3")["artist"] == "Queen"


def test_no_damaged_file_does_harm(tmp_path: Path) -> None:
    whole = [path.read_bytes() for path in sorted([*CORPUS.glob("*.*"), *FOUND.glob("*.*")])]
    file = tmp_path / "mutant"
    for content in [*whole, *(mutant(whole, seed=4, number=number) for number in range(120))]:
        file.write_bytes(content)
        assert all(isinstance(value, str) and value.isprintable() for value in all_tags(file).values())
