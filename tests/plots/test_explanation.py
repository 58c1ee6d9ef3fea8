"""The page of `listen --explain`: what it says, the sound in it, what it leaves out, and nothing from outside."""

import base64
import io
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from atlases import RATE_HZ, low_bursts, points, small_atlas
from earmark.label import Label
from earmark.listen.atlas import Atlas, Neighbour
from earmark.listen.explanation import Excerpt, Explanation
from earmark.listen.tally import Answer
from earmark.plots.explanation import explanation_page
from earmark.plots.sheet import new_sheet
from earmark.sound.decode import blocks
from earmark.track import NONE, Moment, Segment, Track
from moods import mood
from pages import read

LABELS = ("low", "middle", "high")
ATLAS = small_atlas(points((0.0, 0.0), (4.0, 0.0), (4.0, 1.0), (0.0, 1.0)))
NEIGHBOURS = (
    Neighbour("clip7", "gtzan", "Muddy <Waters>", "A & B", "blues", 1.234),
    Neighbour("clip9", "4q", "", "", "Rock; Folk", 2.5),
)


def explanation(path: str = "song.mp3", **changes: object) -> Explanation:
    """A track of ten moments; the third and fourth are decisive."""
    genres = (Label("low", 0.62), Label("middle", 0.3), Label("high", 0.08))
    decisive = Segment(2.0, 4.0, 0.4)
    track = Track(
        path=path,
        duration_s=10.0,
        genres=genres,
        genre_set=("low", "middle"),
        cannot_tell=False,
        decisive=(decisive,),
        timeline=tuple(Moment(second, second + 1, 0.1, genres) for second in range(10)),
        model="tiny 1",
    )
    without = Answer((Label("middle", 0.5), Label("low", 0.41), Label("high", 0.09)), ("middle", "low"), False)
    made = Explanation(
        track=track,
        spectrogram=np.zeros((128, 130), np.uint8),
        excerpts=(Excerpt(decisive, low_bursts(2.0, (0.5, 1.5))),),
        without=without,
        random_changes=(-0.03, 0.01),
        place=(2.0, 0.5, 0.0),
        neighbours=NEIGHBOURS,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def written(folder: Path, made: Explanation, atlas: Atlas | None = ATLAS) -> str:
    file = folder / "page.html"
    with new_sheet(file) as sheet:
        sheet.writelines(explanation_page(made, atlas=atlas, labels=LABELS))
    return file.read_text(encoding="utf-8")


def words_of(page: str) -> str:
    return re.sub(r"\s+", " ", read(page).words)


def test_both_answers_stand_side_by_side(tmp_path: Path) -> None:
    page = written(tmp_path, explanation())
    words = words_of(page)
    assert "low 62 %. The 90 % set: low, middle." in words
    assert "Without these 2.0 seconds" in words
    assert "The probability of low goes from 62.0 % to 41.0 % (−21.0 points), and the 90 % set stays the same." in words
    (table,) = re.findall(r"<table class=compared>.*?</table>", page, re.DOTALL)
    assert re.findall(r"row>(\w+)</th><td class=share>([\d. %]+)</td><td class=share>([\d. %]+)<", table) == [
        ("low", "62 %", "41 %"),
        ("middle", "30 %", "50 %"),
        ("high", "8.0 %", "9.0 %"),
    ]
    assert re.findall(r"width:([\d.]+)%", table) == ["62.0", "41.0", "30.0", "50.0", "8.0", "9.0"]


def test_none_of_these_stands_beside_the_genres_before_and_after(tmp_path: Path) -> None:
    plain = explanation()
    track = replace(plain.track, outside=0.7, none_of_these=True, genre_set=(NONE,))
    without = replace(plain.without, outside=0.9, none_of_these=True, genre_set=(NONE,))
    page = written(tmp_path, replace(plain, track=track, without=without))
    (table,) = re.findall(r"<table class=compared>.*?</table>", page, re.DOTALL)
    assert re.findall(r"row>([\w ]+)</th><td class=share>([\d. %]+)</td><td class=share>([\d. %]+)<", table)[0] == (
        *(NONE, "70 %", "90 %"),
    )
    assert "The probability of low, the nearest genre, goes from 62.0 % to 41.0 %" in words_of(page)


def test_the_mood_stands_in_words_and_on_its_plane(tmp_path: Path) -> None:
    plain = explanation()
    page = written(tmp_path, replace(plain, track=replace(plain.track, mood=mood())))
    assert "calm, melancholic 71 % nostalgia felt by 45 % of listeners" in words_of(page)
    assert page.count("class='plane one'") == 1
    assert "class='plane one'" not in written(tmp_path, plain)


def test_a_set_that_is_another_one_is_named(tmp_path: Path) -> None:
    without = Answer((Label("high", 0.9), Label("low", 0.1), Label("middle", 0.0)), ("high",), False)
    assert "90 % set becomes high." in words_of(written(tmp_path, explanation(without=without)))


@pytest.mark.parametrize(
    ("random_changes", "says"),
    [
        (
            (-0.03, 0.01),
            "changes by −1.0 points in the mean of 2 random draws (−3.0 to +1.0). These seconds carry more",
        ),
        ((-0.03, 0.01), "more of the answer than any that were drawn."),
        ((-0.4, 0.3), "than others in the mean, and less than some."),
        ((-0.4, -0.3), "carry no more of the answer than others"),
        ((), "too short to blank as many other seconds"),
    ],
)
def test_it_says_whether_other_seconds_do_as_much(tmp_path: Path, random_changes: tuple[float, ...], says: str) -> None:
    assert says in words_of(written(tmp_path, explanation(random_changes=random_changes)))


def test_the_decisive_seconds_can_be_played(tmp_path: Path) -> None:
    made = explanation()
    page = written(tmp_path, made)
    (sound,) = re.findall(r"<audio controls[^>]*src='data:audio/\w+;base64,([A-Za-z0-9+/=]+)'", page)
    back = np.concatenate(list(blocks(io.BytesIO(base64.b64decode(sound)))))
    assert back.size == pytest.approx(made.excerpts[0].samples.size, abs=0.1 * RATE_HZ)
    loud = np.flatnonzero(np.abs(back) > 0.02) / RATE_HZ
    assert (loud.min(), loud.max()) == pytest.approx((0.5, 1.5), abs=0.1)
    assert "0:02–0:04 2.0 s, 40 % of the attention" in words_of(page)


def test_the_nearest_clips_are_named_as_well_as_they_can_be(tmp_path: Path) -> None:
    page = written(tmp_path, explanation())
    (table,) = re.findall(r"<table class=near>.*?</table>", page, re.DOTALL)
    assert re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", table)[4:] == [
        *("Muddy &lt;Waters&gt;: A &amp; B", "blues", "gtzan", "1.23"),
        *("clip9", "Rock; Folk", "4q", "2.50"),
    ]


def test_the_map_says_what_it_shows_and_what_it_does_not(tmp_path: Path) -> None:
    page = written(tmp_path, explanation())
    assert page.count("<svg class=map") == 1
    words = words_of(page)
    assert "two axes show 70 % of the variance" in words
    assert "a distance on the map is not the true distance" in words


def test_without_an_atlas_it_says_how_to_make_one(tmp_path: Path) -> None:
    page = written(tmp_path, explanation(place=None, neighbours=()), None)
    words = words_of(page)
    assert "has no atlas: earmark model atlas --data SET --model BUNDLE makes one." in words
    assert "the mean spectrum of the track" in words
    assert "<svg class=map" not in page
    assert "nearest clips" not in words


@pytest.mark.parametrize("name", ["<script>alert(1)</script>.mp3", "\"' onload='x.mp3", "a&b\n.mp3", "bad\udcff.mp3"])
def test_it_needs_nothing_from_outside_and_obeys_no_name(tmp_path: Path, name: str) -> None:
    label = Label(name, 0.62)
    odd = explanation(name, neighbours=(Neighbour(name, name, name, name, name, 1.0),))
    track = replace(odd.track, genres=(label, *odd.track.genres[1:]), genre_set=(name,), model=name)
    moments = tuple(replace(moment, genres=track.genres) for moment in track.timeline)
    without = Answer((label, *odd.without.genres[:1], *odd.without.genres[2:]), (name, "high"), False)
    atlas = replace(ATLAS, labels=(name, *LABELS), genres=(name,) * 4)
    page = written(tmp_path, replace(odd, track=replace(track, timeline=moments), without=without), atlas)
    for tag, attribute, value in read(page).attributes:
        assert tag not in ("script", "link", "iframe", "object")
        assert not attribute.startswith("on")
        if attribute in ("src", "href", "xlink:href", "data"):
            assert (value or "").startswith(("data:image/png;base64,", "data:audio/"))
    assert "url(" not in page
    assert "@import" not in page
