"""Playlists as files: read back by readers that know nothing of earmark, and by our own."""

import json
import os
import xml.etree.ElementTree as ET
from pathlib import Path
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.errors import WishError
from earmark.library.playlist_files import KIND, Line, Listing, as_addresses, read_listing, text_of

ODD = (
    "plain.mp3",
    "with blank.mp3",
    "ünïcödé 音楽.mp3",
    "#number one.mp3",
    "http: the song.mp3",
    " blank in front.mp3",
    "blank behind ",
    "100 % <&> \"quoted\" 'twice'.mp3",
    "back\\slash.mp3",
    "two\nlines.mp3",
    "line\u2028separator.mp3",
    os.fsdecode(b"no \xff text.mp3"),
    "deeper/../../outside.mp3",
)


def listing(folder: Path, names: tuple[str, ...] = ODD) -> Listing:
    paths = [os.path.normpath(folder / "music" / name) for name in names]
    lines = tuple(Line(path, f"Title {place} <&>", "Artist", 60.4 + place) for place, path in enumerate(paths))
    made = {"how": ["a", 1], "seed": 7, "text": "Grüße\n"}
    return Listing(lines, "My list", made, (*paths, os.fspath(folder / "thrown out.mp3")))


def written(file: Path, what: Listing) -> Listing:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text_of(what, file).encode("utf-8"))
    return read_listing(file)


@pytest.mark.parametrize("suffix", [".m3u8", ".m3u", ".xspf", ".json", ".XSPF"])
def test_a_list_is_read_back_as_it_was_written(suffix: str, tmp_path: Path) -> None:
    what = listing(tmp_path)
    back = written(tmp_path / f"lists/mine{suffix}", what)
    assert [line.path for line in back.lines] == [line.path for line in what.lines]
    assert (back.name, back.made, back.offered) == (what.name, what.made, what.offered)
    assert [round(line.duration_s) for line in back.lines] == [round(line.duration_s) for line in what.lines]
    assert all("Title" in line.title for line in back.lines)


def test_m3u8_is_what_any_player_reads(tmp_path: Path) -> None:
    file = tmp_path / "lists/mine.m3u8"
    written(file, listing(tmp_path))
    rows = file.read_bytes().decode("utf-8").split("\n")
    assert rows[0] == "#EXTM3U"
    assert rows[-1] == ""
    # The plainest reader there is: what is no remark is a path from the folder of the list.
    found = [row for row in rows if row and not row.startswith("#")]
    assert len(found) == len(ODD)
    for row, name in zip(found, ODD, strict=True):
        place = os.fsdecode(unquote_to_bytes(urlsplit(row).path)) if row.startswith("file://") else row
        assert os.path.normpath(file.parent / place) == os.path.normpath(tmp_path / "music" / name)
    assert found[0] == "../music/plain.mp3"
    assert rows[rows.index(found[0]) - 1] == "#EXTINF:60,Artist - Title 0 <&>"
    assert sum(row.startswith("file://") for row in found) == 4  # what a line cannot say
    assert as_addresses(listing(tmp_path), file) == 4
    assert as_addresses(listing(tmp_path), file.with_suffix(".xspf")) == 0


def test_a_list_beside_its_tracks_has_bare_names(tmp_path: Path) -> None:
    what = Listing(tuple(Line(os.fspath(tmp_path / name)) for name in ("a.mp3", "#b.mp3", "c:d.mp3", " e.mp3")))
    rows = text_of(what, tmp_path / "x.m3u8").splitlines()
    assert [row for row in rows if not row.startswith("#EXT")] == ["a.mp3", "./#b.mp3", "./c:d.mp3", "./ e.mp3"]


def test_xspf_is_valid_and_its_addresses_lead_there(tmp_path: Path) -> None:
    file = tmp_path / "lists/mine.xspf"
    written(file, listing(tmp_path))
    root = ET.fromstring(file.read_bytes())
    space = "{http://xspf.org/ns/0/}"
    assert (root.tag, root.get("version")) == (f"{space}playlist", "1")
    assert {child.tag for child in root} == {f"{space}{name}" for name in ("title", "extension", "trackList")}
    tracks = root.findall(f"{space}trackList/{space}track")
    for track, name in zip(tracks, ODD, strict=True):
        address = urljoin(file.as_uri(), track.findtext(f"{space}location") or "")
        place = os.fsdecode(unquote_to_bytes(urlsplit(address).path))
        assert os.path.normpath(place) == os.path.normpath(tmp_path / "music" / name)
        assert track.findtext(f"{space}creator") == "Artist"
    assert tracks[0].findtext(f"{space}title") == "Title 0 <&>"
    assert tracks[0].findtext(f"{space}duration") == "60400"


def test_json_has_a_list_of_tracks(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    written(file, listing(tmp_path, ("a.mp3",)))
    (track,) = json.loads(file.read_bytes())["tracks"]
    assert track == {"path": "music/a.mp3", "title": "Title 0 <&>", "artist": "Artist", "duration_s": 60.4}


@pytest.mark.parametrize("suffix", [".m3u8", ".xspf", ".json"])
def test_earmarks_mark_stands_at_the_start(suffix: str, tmp_path: Path) -> None:
    text = text_of(listing(tmp_path), tmp_path / f"x{suffix}").encode()
    assert any(mark in text[:500] for mark in KIND.marks)
    other = text_of(Listing((Line("/a.mp3"),)), tmp_path / "x.m3u8").encode()
    assert not any(mark in other for mark in KIND.marks)


def test_a_list_that_a_player_wrote_is_read(tmp_path: Path) -> None:
    file = tmp_path / "theirs.m3u"
    (tmp_path / "music").mkdir()
    (tmp_path / "music/a song.mp3").touch()
    file.write_bytes(
        b"\xef\xbb\xbf#EXTM3U\r\n#EXTINF:123,Some One - A Song\r\nmusic\\a song.mp3\r\n\r\nhttp://radio.example/stream\r\n"
        b"/abs/b.mp3\r\n"
    )
    back = read_listing(file)
    assert [line.path for line in back.lines] == [os.fspath(tmp_path / "music/a song.mp3"), "/abs/b.mp3"]
    assert back.lines[0] == Line(back.lines[0].path, "Some One - A Song", "", 123.0)
    assert (back.made, back.offered) == ({}, ())
    file.write_bytes("übel.mp3\n".encode("latin-1"))
    assert os.fsencode(read_listing(file).lines[0].path).endswith(b"/\xfcbel.mp3")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.xspf", b"<playlist>"),
        ("a.xspf", b"<html/>"),
        ("a.json", b"[]"),
        ("a.json", b"{}"),
        ("a.json", b'{"tracks": [3]}'),
        ("a.m3u8", b"#EARMARK:[1]\n"),
        ("a.m3u8", b"#EARMARK:{broken\n"),
        ("a.m3u8", b"\x00\x01\x02"),
    ],
)
def test_what_is_no_playlist_is_told(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WishError, match="is no playlist that can be read"):
        read_listing(tmp_path / name)


def test_a_list_that_is_not_there_or_of_another_kind_is_told(tmp_path: Path) -> None:
    with pytest.raises(WishError, match="cannot be read"):
        read_listing(tmp_path / "none.m3u8")
    with pytest.raises(WishError, match="none of the kinds"):
        text_of(Listing(()), tmp_path / "x.pls")


NAME = st.text(st.characters(blacklist_characters="/\x00"), min_size=1, max_size=20).filter(
    lambda name: name.strip(".")
)


@given(
    names=st.lists(NAME, max_size=4), title=st.text(max_size=20), suffix=st.sampled_from([".m3u8", ".xspf", ".json"])
)
def test_any_names_and_titles_survive(
    names: list[str], title: str, suffix: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "any"
    names = [name for name in names if name.encode("utf-8", "ignore").decode() == name]
    lines = tuple(Line(os.fspath(folder / "music" / name), title, title, 3.0) for name in names)
    back = written(folder / f"list{suffix}", Listing(lines, title, {"made": title.encode(errors="ignore").decode()}))
    assert [line.path for line in back.lines] == [line.path for line in lines]
