"""The table in the terminal."""

import io

import pytest
from rich.console import Console

from earmark.plots.table import Table
from earmark.track import NONE, Label, Moment, Segment, Track

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


def printed(*tracks: Track, width: int = 100, tags: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    table = Table(labels=[label.name for label in tracks[0].answers], tags=tags, console=console)
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


def test_at_80_columns_no_share_is_folded() -> None:
    lines = printed(track(), width=80).splitlines()
    assert "rock       61 %" in lines[1]
    assert len(lines) == 4


TAGS = (Label("rock", 0.62), Label("female vocalists", 0.33), Label("Progressive rock", 0.21), Label("sad", 0.02))


def test_tags_that_are_heard_stand_below_the_row() -> None:
    tagged = track(tags=TAGS, heard_tags=("rock", "female vocalists"))
    assert printed(tagged, tags=True).splitlines()[-1].rstrip() == "  tags  rock 62 %, female vocalists 33 %"
    assert "tags" not in printed(tagged)


def test_where_no_tag_is_heard_the_nearest_is_named_as_such() -> None:
    assert "  tags  none heard (nearest: rock 62 %)" in printed(track(tags=TAGS), tags=True)


def test_tags_break_between_tags_alone_and_stay_below_each_other() -> None:
    heard = tuple(tag.name for tag in TAGS[:3])
    lines = printed(track(tags=TAGS, heard_tags=heard), width=46, tags=True).splitlines()
    assert [line.rstrip() for line in lines[-2:]] == [
        "  tags  rock 62 %, female vocalists 33 %,",
        "        Progressive rock 21 %",
    ]


def test_none_of_these_is_the_first_line_and_said_with_the_nearest_genre() -> None:
    text = printed(track(none_of_these=True, outside=0.9, genre_set=(NONE,)), width=140)
    assert "none of these  90 %" in text.splitlines()[1]
    assert "(nearest:" in text
    assert "rock, blues" not in text
