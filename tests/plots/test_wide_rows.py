"""A track with all that there is to say."""

import io

import pytest
from rich.console import Console

from earmark.plots.wide_rows import WideRows
from earmark.track import Track
from tracks import GENRES, TAGS, track


def lines(heard: Track, *, width: int = 80) -> list[str]:
    stream = io.StringIO()
    rows = WideRows(labels=[label.name for label in GENRES], width=width)
    Console(file=stream, width=width).print(rows.row(heard))
    return [line.rstrip() for line in stream.getvalue().splitlines()][1:]


def test_a_row_says_path_genres_set_and_attention() -> None:
    path = "Music/An Artist of Some Name/A Record With a Name/01 song.mp3"
    name, first, second, third = lines(track(path=path))
    assert name == f"{path}  4:02"
    assert first.startswith("  rock       61 %  rock, blues  ")
    assert "█" in first
    assert second.startswith("  blues      20 %")
    assert second.endswith("  1:12–1:15")
    assert third == "  classical  10 %"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_column_is_folded(width: int) -> None:
    assert len(lines(track(), width=width)) == 4


@pytest.mark.parametrize("cannot_tell", [False, True])
def test_none_of_these_is_said_with_the_nearest_genre(cannot_tell: bool) -> None:
    text = "\n".join(lines(track(none_of_these=True, outside=0.9, cannot_tell=cannot_tell), width=120))
    assert "none of these, nearest rock" in text
    assert "rock, blues" not in text
    assert "cannot tell" not in text


def test_abstention_is_said() -> None:
    assert "cannot tell" in lines(track(cannot_tell=True))[1]


def test_tags_that_are_heard_stand_below_unasked() -> None:
    tagged = track(tags=TAGS, heard_tags=("rock", "female vocalists"))
    assert lines(tagged)[-1] == "  tags  rock 62 %, female vocalists 33 %"


def test_where_no_tag_is_heard_the_nearest_is_named_as_such() -> None:
    assert lines(track(tags=TAGS))[-1] == "  tags  none heard (nearest: rock 62 %)"


def test_tags_break_between_tags_alone_and_stay_below_each_other() -> None:
    heard = tuple(tag.name for tag in TAGS[:3])
    assert lines(track(tags=TAGS, heard_tags=heard), width=46)[-2:] == [
        "  tags  rock 62 %, female vocalists 33 %,",
        "        Progressive rock 21 %",
    ]


def test_what_was_not_as_it_should_be_is_told_in_whole_sentences() -> None:
    notes = ("Its channels cancel each other, so that it is heard from the left one of them alone.", "Very quiet.")
    assert lines(track(unread_s=14.2, notes=notes), width=60)[4:] == [
        "  Heard in part: 14 s could not be read.",
        "  Its channels cancel each other, so that it is heard from",
        "  the left one of them alone.",
        "  Very quiet.",
    ]
