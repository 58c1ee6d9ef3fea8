"""The table in the terminal: rows as they come, or sorted and in groups."""

import io
import os
import re
import sys

import pytest
from rich.cells import cell_len

from earmark.label import Label
from earmark.plots.table import Table, stdout_width
from earmark.track import Track
from tracks import GENRES, NONE_FIRST, TAGS, track


def printed(*tracks: Track, width: int | None = 100, **options: object) -> str:
    stream = io.StringIO()
    labels = [label.name for label in GENRES]
    paths = [each.path for each in tracks]
    table = Table(labels=labels, paths=paths, file=stream, width=width, **options)  # type: ignore[arg-type]
    for each in tracks:
        table.add(each)
    table.finish()
    return stream.getvalue()


def lines_of(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def test_the_head_stands_once_and_rows_align() -> None:
    first, *rows = printed(track(), track(path="a")).splitlines()
    assert first.split() == ["Track", "Length", "Answer", "Decided", "by"]
    assert "Track" not in "".join(rows)
    assert {row.index("rock ") for row in rows} == {first.index("Answer")}


def test_a_row_is_printed_before_the_next_track_is_there() -> None:
    stream = io.StringIO()
    table = Table(labels=["rock"], file=stream, width=80)
    table.add(track())
    assert "song.mp3" in stream.getvalue()


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("name", ["[red]song.mp3", "a\nb.mp3", "a\x1b[2Jb.mp3", "bad\udcffbyte.mp3", "🎸" * 60])
def test_no_name_breaks_the_table(name: str, wide: bool) -> None:
    text = printed(track(path=name), width=80, wide=wide)
    text.encode()
    assert "\x1b[2J" not in text
    assert all(cell_len(line) <= 80 for line in text.splitlines())
    if name.startswith("[red]"):
        assert name in text


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_any_width_will_do(width: int, wide: bool) -> None:
    assert "rock" in printed(track(), width=width, wide=wide)


A_FOLDER_OF_A_HUNDRED = [
    track(
        path=f"Music/The Artist {number // 25}/{number:02} A song with a name that is long enough.flac",
        duration_s=3 * 3600.0,
        tags=TAGS,
        unread_s=20.0 if number == 50 else 0.0,
        **(NONE_FIRST if number % 2 == 0 else {}),
    )
    for number in range(100)
]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_hundred_tracks_are_a_hundred_lines_and_no_line_is_folded(width: int) -> None:
    lines = printed(*A_FOLDER_OF_A_HUNDRED, width=width).splitlines()
    assert all(cell_len(line) <= width for line in lines)
    rows = [line for line in lines if re.match(r"\d\d A.*flac *3:00:00  (rock or blues|none of the four)", line)]
    assert len(rows) == 100
    assert [line for line in lines if line not in rows if "in part" not in line] == [
        *(lines[0], "", "Music/The Artist 0", "", "Music/The Artist 1"),
        *("", "Music/The Artist 2", "", "Music/The Artist 3"),
    ]
    assert len([line for line in lines if "in part: 20 s unread" in line]) == 1


@pytest.mark.parametrize("sort", ["path", "genre", "length", "probability"])
def test_a_sorted_table_waits_for_all_tracks(sort: str) -> None:
    sure = (Label("rock", 0.9), Label("blues", 0.1))
    tracks = [
        track(path="c.mp3", duration_s=60, genres=sure),
        track(path="B.mp3", duration_s=180, none_of_these=True, outside=0.8),
        track(path="a.mp3", duration_s=120, genres=(Label("blues", 0.7), Label("rock", 0.3))),
    ]
    names = re.findall(r"^(\w)\.mp3", printed(*tracks, sort=sort), re.MULTILINE)
    assert "".join(names) == {"path": "aBc", "genre": "acB", "length": "Bac", "probability": "cBa"}[sort]


def test_groups_of_genres_have_their_numbers_and_what_has_no_genre_is_last() -> None:
    tracks = [
        track(path="a.mp3", **NONE_FIRST),
        track(path="b.mp3"),
        track(path="c.mp3", cannot_tell=True),
        track(path="d.mp3", genres=(Label("blues", 0.7),)),
        track(path="e.mp3"),
    ]
    lines = [line for line in lines_of(printed(*tracks, group="genre")) if line][1:]
    assert [line if line.endswith(("track", "tracks")) else line[0] for line in lines] == [
        *(
            "blues  1 track",
            "d",
            "rock  2 tracks",
            "b",
            "e",
            "cannot tell  1 track",
            "c",
            "none of these  1 track",
            "a",
        ),
    ]


def test_groups_of_folders_leave_the_folder_out_of_the_rows() -> None:
    tracks = [track(path="x/b/1.mp3", duration_s=5), track(path="x/a/2.mp3"), track(path="x/b/3.mp3", duration_s=9)]
    lines = [line for line in lines_of(printed(*tracks, group="folder", sort="length")) if line][1:]
    assert [line.split("  ")[0] for line in lines] == ["x/a", "2.mp3", "x/b", "3.mp3", "1.mp3"]


def test_consecutive_tracks_of_a_folder_stand_below_its_name() -> None:
    tracks = [track(path=f"Music/{folder}/{number}.mp3") for folder in "ab" for number in range(3)]
    assert [line.split("  ")[0] for line in lines_of(printed(*tracks))] == [
        *("Track", "", "Music/a", "0.mp3", "1.mp3", "2.mp3", "", "Music/b", "0.mp3", "1.mp3", "2.mp3"),
    ]


def test_a_track_in_each_folder_has_it_in_its_name() -> None:
    tracks = [track(path=f"Music/{folder}/song.mp3") for folder in "ab"]
    assert [line.split("  ")[0] for line in lines_of(printed(*tracks))] == ["Track", "a/song.mp3", "b/song.mp3"]


def test_tracks_of_one_folder_are_called_by_their_names_alone() -> None:
    assert lines_of(printed(track(path="/far/away/song.mp3")))[1].startswith("song.mp3 ")


def test_in_a_pipe_each_line_has_its_whole_path_and_nothing_is_shortened() -> None:
    head, *rows = printed(*A_FOLDER_OF_A_HUNDRED, width=None, sort="path").splitlines()
    assert len(rows) == 100
    assert all(row.startswith(each.path) for row, each in zip(rows, A_FOLDER_OF_A_HUNDRED, strict=True))
    assert rows[0].endswith(f"{'none of the four, nearest rock':45}1:12–1:15")
    assert rows[50].endswith("in part: 20 s unread")
    assert head.index("Answer") == rows[0].index("none of")


@pytest.mark.parametrize(
    ("columns", "width"),
    [("60", 60), ("0", 80), ("-5", 80), ("wide", 80), ("", 80), ("999999999", 1000), (None, None)],
)
def test_columns_that_are_no_width_fall_back_to_80(
    monkeypatch: pytest.MonkeyPatch, columns: str | None, width: int | None
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    if columns is not None:
        monkeypatch.setenv("COLUMNS", columns)

    def no_terminal(*_: object) -> None:
        raise OSError(25, "Inappropriate ioctl for device")

    monkeypatch.setattr(os, "get_terminal_size", no_terminal)
    assert stdout_width() == width


def test_without_stdout_there_is_no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr(sys, "stdout", None)
    assert stdout_width() is None
