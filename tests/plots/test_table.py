"""The table in the terminal."""

import io

import pytest
from rich.console import Console

from earmark.plots.table import Table
from earmark.track import Label, Moment, Segment, Track

GENRES = (Label("rock", 0.614), Label("blues", 0.2), Label("classical", 0.1), Label("pop", 0.086))


def track(**changes: object) -> Track:
    values = {
        "path": "song.mp3",
        "duration_s": 242.0,
        "genres": GENRES,
        "genre_set": ("rock", "blues"),
        "cannot_tell": False,
        "decisive": (Segment(72.0, 75.0, 0.3),),
        "timeline": (Moment(0.0, 121.0, 0.4, GENRES), Moment(121.0, 242.0, 0.6, GENRES)),
        "model": "tiny 1",
    }
    return Track(**{**values, **changes})  # type: ignore[arg-type]


def printed(*tracks: Track, width: int = 100) -> str:
    stream = io.StringIO()
    table = Table(labels=[label.name for label in GENRES], console=Console(file=stream, width=width))
    for each in tracks:
        table.add(each)
    return stream.getvalue()


def test_a_row_says_what_was_heard() -> None:
    lines = printed(track()).splitlines()
    assert lines[0].split() == ["Track", "Genres", "90", "%", "set", "Attention,", "decisive"]
    assert "song.mp3" in lines[1]
    assert "rock       61 %" in lines[1]
    assert "rock, blues" in lines[1]
    assert "█" in lines[1]
    assert "4:02" in lines[2]
    assert "1:12–1:15" in lines[2]
    assert "classical  10 %" in lines[3]
    assert "pop" not in printed(track())


def test_the_head_stands_once_and_rows_align() -> None:
    first, *rows = printed(track(), track(path="a")).splitlines()
    assert "Track" not in "".join(rows)
    assert {row.index("rock ") for row in rows if "rock " in row} == {first.index("Genres")}


def test_abstention_is_said() -> None:
    assert "cannot tell" in printed(track(cannot_tell=True))


@pytest.mark.parametrize("name", ["[red]song[/red].mp3", "a\nb.mp3", "a\x1b[2Jb.mp3", "bad\udcffbyte.mp3", "🎸" * 60])
def test_no_name_breaks_the_table(name: str) -> None:
    text = printed(track(path=name), width=80)
    text.encode()
    assert "\x1b[2J" not in text
    assert all(len(line) <= 80 for line in text.splitlines())
    if name.startswith("[red]"):
        assert "[red]song[/red]" in text


@pytest.mark.parametrize("width", [20, 80, 200])
def test_any_width_will_do(width: int) -> None:
    assert "rock" in printed(track(), width=width)
