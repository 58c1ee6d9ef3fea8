"""A track with all that there is to say."""

import io

import pytest
from rich.console import Console

from earmark.label import Label
from earmark.plots.wide_rows import WideRows
from earmark.track import NONE, HeardTag, Track
from moods import ANY, mood
from tracks import GENRES, HEARD, NONE_FIRST, TAGS, track


def lines(heard: Track, *, width: int = 80) -> list[str]:
    stream = io.StringIO()
    rows = WideRows(labels=[*(label.name for label in GENRES), NONE], width=width)
    Console(file=stream, width=width).print(rows.row(heard))
    return [line.rstrip() for line in stream.getvalue().splitlines()][1:]


def test_a_row_says_path_genres_set_and_attention() -> None:
    path = "Music/An Artist of Some Name/A Record With a Name/01 song.mp3"
    name, first, second, third = lines(track(path=path))
    assert name == f"{path}  4:02"
    assert first.startswith("  rock           61 %  rock, blues  ")
    assert "█" in first
    assert second.startswith("  blues          20 %")
    assert second.endswith("  1:12–1:15")
    assert third == "  classical      10 %"


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_column_is_folded(width: int) -> None:
    assert len(lines(track(), width=width)) == 4


def test_none_of_these_comes_first_and_is_said_with_the_nearest_genre() -> None:
    _, first, *rest = lines(track(**NONE_FIRST), width=120)
    assert first.split()[:5] == ["none", "of", "these", "90", "%"]
    assert "none of the four, nearest rock" in "\n".join([first, *rest])


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


def test_tags_with_seconds_have_a_line_a_group() -> None:
    assert lines(track(tags=TAGS, heard=HEARD), width=90)[-3:] == [
        "  style       rock 62 % throughout",
        "  instrument  saxophone 71 % 1:10–1:30; guitar 33 % 2:00–2:06, 2:30–2:36, 3:20–3:27 +1",
        "  decade      1980s 40 %",
    ]


def test_lines_of_a_group_break_between_tags_alone() -> None:
    assert lines(track(tags=TAGS, heard=HEARD), width=60)[-3:-1] == [
        "  instrument  saxophone 71 % 1:10–1:30;",
        "              guitar 33 % 2:00–2:06, 2:30–2:36, 3:20–3:27 +1",
    ]


SAD = HeardTag("sad", "mood", 0.36, throughout=True)


def test_the_mood_and_what_listeners_feel_stand_below_unasked_and_how_lively_it_is() -> None:
    assert lines(track(mood=mood()), width=90)[-2:] == [
        "  mood        calm, melancholic 71 %; listeners feel: nostalgia 45 %, sadness 40 %",
        "  how lively  ▁▁▁▁▂▂▂▃▃▃▄▄▄▅▅▅▆▆▆▇▇▇██",
    ]


def test_tags_that_are_moods_are_told_as_tags_in_the_line_of_the_mood() -> None:
    heard = track(tags=TAGS, heard=(*HEARD, SAD, HeardTag("mellow", "mood", 0.2)), mood=mood(arc=()))
    assert lines(heard, width=110)[4:] == [
        "  mood        calm, melancholic 71 %; listeners feel: nostalgia 45 %, sadness 40 %;",
        "              tagged: sad 36 % throughout; mellow 20 %",
        "  style       rock 62 % throughout",
        "  instrument  saxophone 71 % 1:10–1:30; guitar 33 % 2:00–2:06, 2:30–2:36, 3:20–3:27 +1",
        "  decade      1980s 40 %",
    ]


def test_without_a_mood_tags_that_are_moods_are_a_group_like_others() -> None:
    assert lines(track(tags=TAGS, heard=(SAD,)))[-1] == "  mood  sad 36 % throughout"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"emotions_told": ()}, "  mood  calm, melancholic 71 %"),
        (
            {"quadrant_set": ("melancholic", "serene")},
            "  mood  calm; melancholic 71 % or serene 20 %; listeners feel: ",
        ),
        (ANY, "  mood  cannot tell; listeners feel: nostalgia 45 %"),
        ({"quadrants": ()}, "  mood  listeners feel: nostalgia 45 %, sadness 40 %"),
    ],
)
def test_the_line_of_the_mood_has_what_there_is(changes: dict[str, object], said: str) -> None:
    assert lines(track(mood=mood(arc=(), **changes)), width=100)[4].startswith(said)


def test_a_mood_with_nothing_to_say_has_no_line_and_a_short_track_no_way() -> None:
    plain = lines(track())
    assert lines(track(mood=mood(quadrants=(), emotions_told=(), arc=mood().arc[:3]))) == plain


def test_a_users_words_stand_beside_tags_without_seconds() -> None:
    tags = (*TAGS, Label("mine", 0.8))
    heard = track(tags=tags, heard_tags=("rock", "mine"), heard=(HeardTag("mine", "yours", 0.8, throughout=True),))
    assert lines(heard)[-2:] == ["  yours  mine 80 % throughout", "  tags   rock 62 %"]


def test_what_was_not_as_it_should_be_is_told_in_whole_sentences() -> None:
    notes = ("Its channels cancel each other, so that it is heard from the left one of them alone.", "Very quiet.")
    assert lines(track(unread_s=14.2, notes=notes), width=60)[4:] == [
        "  Heard in part: 14 s could not be read.",
        "  Its channels cancel each other, so that it is heard from",
        "  the left one of them alone.",
        "  Very quiet.",
    ]
