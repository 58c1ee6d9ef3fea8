"""A track in one line: what is said, and what is left out where there is no room."""

import io

import pytest
from rich.console import Console

from earmark.label import Label
from earmark.plots.short_rows import Names, ShortRows, fitted_answer
from earmark.track import NONE, Segment, Track
from moods import mood
from tracks import NONE_FIRST, TAGS, track


def lines(heard: Track, *, width: int | None = 80, tags: bool = False) -> list[str]:
    stream = io.StringIO()
    rows = ShortRows(paths=[heard.path], width=width, tags=tags, names=Names.PATH)
    Console(file=stream, width=width or 120).print(rows.row(heard), crop=False)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_a_row_says_name_length_answer_and_what_decided() -> None:
    (line,) = lines(track())
    assert line.split("  ")[0] == "song.mp3"
    assert [part.strip() for part in line.split("  ") if part] == ["song.mp3", "4:02", "rock or blues", "1:12–1:15"]


def test_tags_bring_the_mood_with_them_and_without_them_there_is_one_line() -> None:
    heard = track(mood=mood(), tags=TAGS, heard_tags=("rock",))
    assert len(lines(heard)) == 1
    assert lines(heard, tags=True)[1:] == [
        "  mood  calm, melancholic 71 %; listeners feel: nostalgia 45 %, sadness 40 %",
        "  tags  rock 62 %",
    ]
    assert lines(track(mood=mood()), tags=True, width=60)[1:] == [
        "  mood  calm, melancholic 71 %;",
        "        listeners feel: nostalgia 45 %, sadness 40 %",
    ]


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"genre_set": ("rock",)}, "rock 61 %"),
        ({"genre_set": ("rock", "blues")}, "rock or blues"),
        ({"cannot_tell": True}, "cannot tell"),
        (NONE_FIRST, "none of the four, nearest rock"),
        ({"outside": 0.3, "genre_set": ("rock", NONE)}, "rock or none of the four"),
    ],
)
def test_the_answer_is_that_of_the_track_and_one_genre_has_its_probability(
    changes: dict[str, object], answer: str
) -> None:
    (line,) = lines(track(**changes), width=100)
    assert f"  {answer}  " in line


@pytest.mark.parametrize(
    ("answer", "width", "said"),
    [
        ("rock or metal", 13, "rock or metal"),
        ("classical or country", 17, "classical or cou…"),
        ("rock or metal or country", 20, "rock or 2 more"),
        ("rock or metal or country or pop", 30, "rock or metal or 2 more"),
        ("none of the ten, nearest classical", 20, "none of the ten"),
        ("none of the ten, nearest classical", 17, "none of the ten"),
        ("cannot tell", 8, "cannot…"),
    ],
)
def test_an_answer_that_does_not_fit_is_told_in_fewer_words(answer: str, width: int, said: str) -> None:
    assert fitted_answer(answer, width) == said


DECISIVE = (Segment(10.0, 14.0, 0.1, 0.9), Segment(62.0, 65.0, 0.3, 0.9), Segment(120.0, 123.0, 0.2, 0.9))


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (None, "0:10–0:14, 1:02–1:05, 2:00–2:03"),
        (120, "0:10–0:14, 1:02–1:05, 2:00–2:03"),
        (80, "1:02–1:05, 2:00–2:03 +1"),
        (60, "1:02–1:05 +2"),
    ],
)
def test_of_the_seconds_those_that_decided_most_are_told_and_the_rest_is_counted(width: int | None, said: str) -> None:
    (line,) = lines(track(path="a name of some letters more.mp3", decisive=DECISIVE), width=width)
    assert line.endswith(f"  {said}")


def test_a_strong_segment_of_another_genre_is_not_told_first() -> None:
    decisive = (Segment(10.0, 14.0, 0.4, 0.1), Segment(62.0, 65.0, 0.3, 0.9))
    (line,) = lines(track(path="a name of some letters more.mp3", decisive=decisive), width=60)
    assert line.endswith("  1:02–1:05 +1")


def test_the_segment_with_the_most_evidence_is_told_first_where_that_is_known() -> None:
    decisive = (Segment(10.0, 14.0, 0.4, 0.9, 0.1), Segment(62.0, 65.0, 0.2, 0.5, 0.3))
    (line,) = lines(track(path="a name of some letters more.mp3", decisive=decisive), width=60)
    assert line.endswith("  1:02–1:05 +1")


def test_what_was_not_heard_stands_at_the_end_of_the_row() -> None:
    (line,) = lines(track(unread_s=14.2), width=96)
    assert line.endswith("1:12–1:15  in part: 14 s unread")


def test_where_there_is_no_room_a_remark_stands_below_in_one_line() -> None:
    notes = ("Its channels cancel each other, so it is heard from the left one of them alone.",)
    row, remark = lines(track(unread_s=75.0, notes=notes), width=60)
    assert row.endswith("1:12–1:15")
    assert remark == "  in part: 1:15 unread. Its channels cancel each other, so…"
    (whole,) = lines(track(unread_s=75.0, notes=notes), width=None)
    assert whole.endswith(f"in part: 1:15 unread. {notes[0]}")


def test_a_note_alone_is_told_too() -> None:
    assert lines(track(notes=("It is very quiet.",)), width=120)[0].endswith("  It is very quiet.")


def test_tags_stand_below_where_they_are_asked_for() -> None:
    tagged = track(tags=TAGS, heard_tags=("rock", "female vocalists"))
    assert lines(tagged, tags=True)[1:] == ["  tags  rock 62 %, female vocalists 33 %"]
    assert len(lines(tagged)) == 1


def test_a_track_without_decisive_seconds_has_a_row() -> None:
    (line,) = lines(track(decisive=(), genres=(Label("rock", 1.0),), genre_set=("rock",)))
    assert line.endswith("rock 100 %")
