"""Each kind of file: the fields are there and read back by others, all else is as it was, and so is the sound."""

import hashlib
import io
from pathlib import Path
from typing import Any

import mutagen
import numpy as np
import pytest
from mutagen.apev2 import APEv2
from mutagen.id3 import ID3
from mutagen.ogg import OggPage

from earmark.errors import TagError
from earmark.library.tags.edits import digest, digest_of_edited, edited, in_order, leading_back
from earmark.library.tags.formats import read_tags
from earmark.library.tags.held import CONFIDENCE, FIELDS, GENRE, MOOD
from earmark.library.tags.plan import what_was_lost
from earmark.sound.decode import blocks
from earmark.sound.identity import sound_id
from tagged import MAKERS, V1_ROCK

NEW = {GENRE: ("Hip-Hop", "Rhythm & Blüs"), MOOD: ("calm",), CONFIDENCE: ("genre Hip-Hop 0.83; earmark 6",)}
PLAIN = {GENRE: ("Jazz",), MOOD: ("calm", "dark"), CONFIDENCE: ("genre Jazz 0.83; earmark 6",)}


@pytest.fixture(params=MAKERS)
def file(request: pytest.FixtureRequest, files: dict[str, Path]) -> Path:
    """A file of each kind in turn."""
    if request.param not in files:
        pytest.skip("needs PyAV")
    return files[request.param]


def tag(file: Path, new: dict[str, tuple[str, ...]], to: Path) -> Path:
    """Write the fields into a copy."""
    with file.open("rb") as source, to.open("wb") as target:
        edited(source, in_order(read_tags(source, file.name).edits(new)), target)
    return to


def test_fields_are_there_and_nothing_else_changed(file: Path, tmp_path: Path) -> None:
    to = tag(file, NEW, tmp_path / file.name)
    with file.open("rb") as source, to.open("rb") as written:
        before, after = read_tags(source, "a"), read_tags(written, "b")
        assert what_was_lost(before, after, NEW) == ""
        assert {name: after.fields[name] for name in FIELDS} == NEW


def test_the_sound_is_the_same(file: Path, tmp_path: Path) -> None:
    to = tag(file, NEW, tmp_path / file.name)
    assert sound_id(to) == sound_id(file)
    assert decoded(to) == decoded(file)


def test_the_way_back_ends_in_the_same_bytes(file: Path, tmp_path: Path) -> None:
    with file.open("rb") as source:
        edits = in_order(read_tags(source, file.name).edits(NEW))
        back = leading_back(source, edits)
        old = digest(source)
    to = tag(file, NEW, tmp_path / file.name)
    with to.open("rb") as written:
        assert digest_of_edited(written, back) == old
        again = io.BytesIO()
        edited(written, back, again)
    assert again.getvalue() == file.read_bytes()
    assert sum(len(edit.content) for edit in back) < 24_000, "pictures need not be kept twice"


def test_other_fields_and_another_length_take_the_place_of_the_first(file: Path, tmp_path: Path) -> None:
    once = tag(file, NEW, tmp_path / f"once{file.suffix}")
    twice = tag(once, PLAIN, tmp_path / f"twice{file.suffix}")
    with once.open("rb") as source, twice.open("rb") as written:
        assert what_was_lost(read_tags(source, "a"), read_tags(written, "b"), PLAIN) == ""
    assert decoded(twice) == decoded(file)


def test_what_is_written_twice_changes_nothing(file: Path, tmp_path: Path) -> None:
    once = tag(file, NEW, tmp_path / f"once{file.suffix}")
    twice = tag(once, NEW, tmp_path / f"twice{file.suffix}")
    assert twice.read_bytes() == once.read_bytes()


def test_mutagen_reads_the_fields_and_all_others_as_before(file: Path, tmp_path: Path) -> None:
    to = tag(file, NEW, tmp_path / file.name)
    before, after = by_mutagen(file), by_mutagen(to)
    ours = {name for name in after if name.upper() in OURS}
    assert {name: value for name, value in after.items() if name not in ours and name in before} == before
    genres = next(value for name, value in after.items() if name.upper() in GENRES)
    assert genres in (list(NEW[GENRE]), ["; ".join(NEW[GENRE])])
    assert len(ours) == 3


def test_a_long_field_fits(file: Path, tmp_path: Path) -> None:
    new = {GENRE: tuple(f"Genre {number}" for number in range(300))}
    to = tag(file, new, tmp_path / file.name)
    with file.open("rb") as source, to.open("rb") as written:
        assert what_was_lost(read_tags(source, "a"), read_tags(written, "b"), new) == ""
    assert decoded(to) == decoded(file)


GENRES = ("TCON", "GENRE", "\xa9GEN", "WM/GENRE")
OURS = (
    *GENRES,
    *("TMOO", "TXXX:MOOD", "TXXX:EARMARK", "MOOD", "EARMARK", "WM/MOOD"),
    *("----:COM.APPLE.ITUNES:MOOD", "----:COM.APPLE.ITUNES:EARMARK"),
)


def by_mutagen(file: Path) -> dict[str, Any]:
    """All that mutagen finds, by its name there."""
    if file.suffix == ".mp3" and file.read_bytes()[:3] != b"ID3" and b"APETAGEX" in file.read_bytes():
        return {name: str(value).split("\0") if value.kind == 0 else value.value for name, value in APEv2(file).items()}
    if file.suffix == ".mp3" and file.read_bytes()[:3] == b"ID3":
        return {name: getattr(frame, "text", repr(frame)) for name, frame in ID3(file, translate=False).items()}
    found = mutagen.File(file)
    if file.suffix in (".wav", ".aiff"):
        return {name: getattr(frame, "text", repr(frame)) for name, frame in (found.tags or {}).items()}
    if file.suffix == ".wv":
        return {
            name: str(item).split("\0") if item.kind == 0 else item.value for name, item in (found.tags or {}).items()
        }
    pictures = {"pictures": [picture.write() for picture in found.pictures]} if file.suffix == ".flac" else {}
    return {name: [_plain(value) for value in values] for name, values in (found.tags or {}).items()} | pictures


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    return getattr(value, "value", value)


def decoded(file: Path) -> str:
    """The hash of the decoded sound."""
    found = hashlib.sha256()
    for block in blocks(file):
        found.update(np.ascontiguousarray(getattr(block, "samples", block)).tobytes())
    return found.hexdigest()


def test_the_genre_of_an_id3v1_follows_where_it_would_contradict(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(files["mp3, ID3v2.3"].read_bytes() + V1_ROCK)
    with (tmp_path / "a.mp3").open("rb") as source:
        assert read_tags(source, "a").fields == {GENRE: ("Rock",)}
    assert tag(tmp_path / "a.mp3", NEW, tmp_path / "b.mp3").read_bytes()[-1] == 7
    assert tag(tmp_path / "a.mp3", {GENRE: ("My own",)}, tmp_path / "c.mp3").read_bytes()[-1] == 255


def test_a_new_id3v2_takes_over_what_an_id3v1_says(files: dict[str, Path], tmp_path: Path) -> None:
    to = tag(files["mp3, ID3v1"], NEW, tmp_path / "a.mp3")
    found = ID3(to)
    assert [str(found[name]) for name in ("TIT2", "TPE1", "TALB", "TDRC", "TRCK")] == [
        *("Old title", "Old artist", "Album", "1999", "7")
    ]


def test_a_new_id3v2_takes_over_the_genre_that_stays(files: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "a.mp3").write_bytes(files["mp3, no tags"].read_bytes() + V1_ROCK)
    to = tag(tmp_path / "a.mp3", {MOOD: ("calm",)}, tmp_path / "b.mp3")
    assert ID3(to)["TCON"].text == ["Rock"]
    assert to.read_bytes()[-1] == 17


@pytest.mark.parametrize("kind", ["wav, ID3", "aiff, ID3"])
def test_chunks_behind_the_tags_are_found_whatever_their_length(
    kind: str, files: dict[str, Path], tmp_path: Path
) -> None:
    data = files[kind].read_bytes()
    order = "big" if kind.startswith("aiff") else "little"
    whole = data + b"mine" + (3).to_bytes(4, order) + b"abc\0"  # type: ignore[arg-type]
    whole = whole[:4] + (len(whole) - 8).to_bytes(4, order) + whole[8:]  # type: ignore[arg-type]
    path = tmp_path / f"a{files[kind].suffix}"
    path.write_bytes(whole)
    sound = decoded(path)
    for length in (3000, 3001):
        new = {GENRE: ("x" * length,)}
        grown = tag(path, new, tmp_path / f"grown{path.suffix}")
        again = tag(grown, {GENRE: ("x" * (length + 2001),)}, tmp_path / f"again{path.suffix}")
        for each in (grown, again):
            with path.open("rb") as source, each.open("rb") as written:
                before, after = read_tags(source, "a"), read_tags(written, "b")
                assert what_was_lost(before, after, {GENRE: after.fields[GENRE]}) == ""
            assert int.from_bytes(each.read_bytes()[4:8], order) + 8 == each.stat().st_size  # type: ignore[arg-type]
            assert decoded(each) == sound


@pytest.mark.parametrize("kind", ["ogg", "ogg, large picture", "opus", "opus, one page more"])
def test_pages_of_ogg_are_numbered_and_summed_whatever_their_count(
    kind: str, files: dict[str, Path], tmp_path: Path
) -> None:
    many = {GENRE: tuple(f"Genre {number:05}" for number in range(9000))}
    long = tag(files[kind], many, tmp_path / f"long{files[kind].suffix}")
    short = tag(long, NEW, tmp_path / f"short{files[kind].suffix}")
    before, after, again = (_pages(path) for path in (files[kind], long, short))
    assert len(after) > len(before) or len(before) > 20, "mutagen makes many small pages"
    assert len(again) == len(after)
    for path, pages in ((long, after), (short, again)):
        assert pages == list(range(len(pages)))
        assert sound_id(path) == sound_id(files[kind])
        assert decoded(path) == decoded(files[kind])
    assert mutagen.File(long)["genre"] == list(many[GENRE])


def _pages(path: Path) -> list[int]:
    """The numbers of the pages, whose sums mutagen finds right."""
    found = []
    with path.open("rb") as file:
        while file.tell() < path.stat().st_size:
            start = file.tell()
            page = OggPage(file)
            end = file.tell()
            file.seek(start)
            assert page.write() == file.read(end - start), "another sum, as else all is what was read"
            assert (page.position == -1) == (len(page.packets) == 1 and not page.complete), "where no packet ends"
            found.append(page.sequence)
    return found


def test_header_and_footer_of_an_ape_tag_say_the_same(files: dict[str, Path], tmp_path: Path) -> None:
    data = tag(files["mp3, APE"], NEW, tmp_path / "a.mp3").read_bytes()
    assert data[data.index(b"APETAGEX") :][12:20] == data[-32:][12:20]


def test_a_windows_media_file_says_how_long_it_is(files: dict[str, Path], tmp_path: Path) -> None:
    if "wma" not in files:
        pytest.skip("needs PyAV")
    named = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
    data = tag(files["wma, no tags"], NEW, tmp_path / "a.wma").read_bytes()
    assert int.from_bytes(data[data.index(named) + 40 :][:8], "little") == len(data)


def test_an_unsynchronised_frame_of_id3v2_4_is_read(files: dict[str, Path], tmp_path: Path) -> None:
    body = b"\x01\xff\x00\xfeR\x00o\x00"
    frame = b"TCON" + len(body).to_bytes(4) + b"\x00\x02" + body
    path = tmp_path / "a.mp3"
    head = b"ID3\x04\x00\x80" + len(frame).to_bytes(4)
    path.write_bytes(head + frame + files["mp3, no tags"].read_bytes())
    with path.open("rb") as file:
        assert read_tags(file, "a").fields == {GENRE: ("Ro",)}


def test_a_new_id3v2_takes_over_what_info_says(files: dict[str, Path], tmp_path: Path) -> None:
    found = mutagen.File(tag(files["wav, INFO"], {MOOD: ("calm",)}, tmp_path / "a.wav"))
    assert [str(found[name]) for name in ("TIT2", "TPE1", "TMOO")] == ["Title", "Artist", "calm"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"ID3\x03\0\x40\0\0\0\x0a" + bytes(10), "extended header"),
        (b"ID3\x05\0\0\0\0\0\x0a" + bytes(10), "is unknown"),
        (b"ID3\x03\0\0\0\0\0\x10TIT2\0\0\0\x02\0\0\0a..!!", "is no frame"),
        (b"ID3\x04\0\0\0\0\0\x10TCON\0\0\0\x02\0\x08aa", "is compressed or encrypted"),
    ],
)
def test_what_is_not_understood_is_refused(content: bytes, said: str, files: dict[str, Path], tmp_path: Path) -> None:
    path = tmp_path / "odd.mp3"
    path.write_bytes(content.ljust(26, b"\0") + files["mp3, no tags"].read_bytes())
    with path.open("rb") as file, pytest.raises(TagError, match=said):
        read_tags(file, "odd.mp3").fields  # noqa: B018


@pytest.mark.parametrize("kind", MAKERS)
def test_a_damaged_file_is_refused_or_edited_rightly(kind: str, files: dict[str, Path], tmp_path: Path) -> None:
    if kind not in files:
        pytest.skip("needs PyAV")
    rng = np.random.default_rng(3)
    whole = files[kind].read_bytes()
    for number in range(40):
        data = bytearray(whole)
        for place in rng.integers(0, min(len(data), 4000), 3):
            data[place] = rng.integers(0, 256)
        if number % 4 == 0:
            del data[int(rng.integers(1, len(data))) :]
        path = tmp_path / f"{number}"
        path.write_bytes(data)
        try:
            with path.open("rb") as file:
                before = read_tags(file, "x")
                edits = in_order(before.edits(NEW))
                back, old = leading_back(file, edits), digest(file)
                target = io.BytesIO()
                edited(file, edits, target)
            assert digest_of_edited(target, back) == old
        except (TagError, ValueError):
            continue
