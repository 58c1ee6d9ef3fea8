"""The page of `listen --html`: complete, self-contained, escaped, and never half written."""

import base64
import gc
import io
import re
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from earmark.errors import EarmarkError
from earmark.label import Label
from earmark.listen.listener import Failure, PicturedTrack
from earmark.plots.page import Page
from earmark.plots.palette import ACCENT, sequential_table
from earmark.track import NONE, HeardTag, Moment, Segment, Span, Track
from moods import mood
from pages import read

LABELS = ("blues", "rock", "pop")


def pictured(
    path: str = "song.mp3", *, seconds: int = 120, cannot_tell: bool = False, **further: object
) -> PicturedTrack:
    """A track of moments of one second; the seconds 30 to 40 are rock and have the attention."""
    moments = []
    for second in range(seconds):
        rock = 30 <= second < 40
        labels = (Label("rock" if rock else "blues", 0.9), Label("blues" if rock else "rock", 0.1), Label("pop", 0.0))
        moments.append(Moment(second, second + 1, 0.09 if rock else 0.1 / (seconds - 10), labels))
    track = Track(
        path=path,
        duration_s=float(seconds),
        genres=(Label("blues", 0.62), Label("rock", 0.36), Label("pop", 0.02)),
        genre_set=("blues", "rock"),
        cannot_tell=cannot_tell,
        decisive=(Segment(30.0, 40.0, 0.9),),
        timeline=tuple(moments),
        model="tiny 1",
    )
    spectrogram = np.zeros((128, 300), np.uint8)
    spectrogram[0] = 255  # the lowest band
    return PicturedTrack(replace(track, **further), spectrogram)  # type: ignore[arg-type]


def written(folder: Path, *heard: PicturedTrack | Failure) -> str:
    file = folder / "page.html"
    with Page(file, labels=LABELS, model="tiny 1") as page:
        for each in heard:
            page.add(each)
    return file.read_text(encoding="utf-8")


def images(page: str) -> list[Image.Image]:
    found = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", page)
    return [Image.open(io.BytesIO(base64.b64decode(text))) for text in found]


def test_the_page_says_what_was_heard(tmp_path: Path) -> None:
    words = read(written(tmp_path, pictured())).words
    for said in ("song.mp3", "blues 62 %", "36 %", "2.0 %", "0:30–0:40", "90 % of the attention", "1 track heard by"):
        assert said in words


def test_it_needs_nothing_from_outside_and_runs_no_script(tmp_path: Path) -> None:
    page = written(tmp_path, *[pictured(**MOODY)] * 2, Failure("bad.mp3", "bad.mp3 is empty."))
    for tag, name, value in read(page).attributes:
        assert tag not in ("script", "link", "iframe", "object")
        assert not name.startswith("on")
        if name in ("src", "href", "xlink:href", "data"):
            assert (value or "").startswith("data:image/png;base64,")
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("name", ["<script>alert(1)</script>.mp3", "\"' onload='x.mp3", "a&b\n.mp3", "bad\udcff.mp3"])
def test_names_are_shown_and_never_obeyed(tmp_path: Path, name: str) -> None:
    reader = read(written(tmp_path, *[pictured(name, **MOODY)] * 2, Failure(name, f"{name!r} is empty.")))
    assert not [tag for tag, *_ in reader.attributes if tag == "script"]
    assert not [attribute for _, attribute, _ in reader.attributes if attribute.startswith("onload")]
    assert name.replace("\n", "\\n").replace("\udcff", "\\udcff") in reader.words


def test_the_spectrogram_has_its_lowest_band_at_the_bottom(tmp_path: Path) -> None:
    spectrogram, _ = images(written(tmp_path, pictured()))
    colours = np.asarray(spectrogram.convert("RGB"))
    assert colours.shape == (128, 300, 3)
    assert np.abs(colours[-1].astype(int) - sequential_table()[-1]).max() <= 6
    assert colours[0].max() < 20


def test_the_rows_of_genres_follow_the_seconds(tmp_path: Path) -> None:
    _, heat = images(written(tmp_path, pictured()))
    light = np.asarray(heat.convert("L")).astype(int)  # rows blues, rock, pop
    assert light.shape == (3, 120)
    assert (light[0] > light[1]).tolist() == [not 30 <= second < 40 for second in range(120)]
    assert light[2].max() < 20


def test_the_decisive_seconds_have_the_colour_of_the_decisive(tmp_path: Path) -> None:
    page = written(tmp_path, pictured())
    (bars,) = re.findall(rf"<path d='([^']*)' fill='{ACCENT}'", page)
    lefts = [float(left) for left in re.findall(r"M([\d.]+) ", bars)]
    assert len(lefts) == 10
    assert min(lefts) == pytest.approx(92 + 900 * 30 / 120, abs=0.1)


def test_every_part_can_be_asked_for_its_values(tmp_path: Path) -> None:
    titles = re.findall(r"<title>(\d.*?)</title>", written(tmp_path, pictured()))
    assert len(titles) == 120
    assert titles[35] == "0:35–0:36: attention 9.0 %; blues 10 %, rock 90 %, pop 0.0 %"


def test_the_figure_can_be_read_without_eyes(tmp_path: Path) -> None:
    labels = [value for tag, name, value in read(written(tmp_path, pictured())).attributes if name == "aria-label"]
    assert labels == [
        "song.mp3: spectrogram, attention and the 3 most probable genres over 2:00. Decisive seconds: 0:30–0:40."
    ]


@pytest.mark.parametrize(
    ("seconds", "last"), [(11, "0:10"), (242, "4:00"), (3 * 3600, "3:00:00"), (36 * 3600, "36:00:00")]
)
def test_the_time_axis_has_a_dozen_round_times_at_most(tmp_path: Path, seconds: int, last: str) -> None:
    times = re.findall(r"text-anchor=\w+>([\d:]+)</text>", written(tmp_path, pictured(seconds=seconds)))
    assert times[0] == "0:00"
    assert times[-1] == last
    assert 2 <= len(times) <= 12


def test_a_long_track_makes_no_longer_page(tmp_path: Path) -> None:
    short, long = (len(written(tmp_path, pictured(seconds=seconds))) for seconds in (400, 8000))
    assert long < 1.1 * short


def test_seconds_that_were_not_heard_are_said_so(tmp_path: Path) -> None:
    whole = pictured()
    track = whole.track
    gappy = Track(
        **{
            **{name: getattr(track, name) for name in track.__slots__},
            "timeline": track.timeline[:10] + track.timeline[30:],
        }
    )
    titles = re.findall(r"<title>(\d.*?)</title>", written(tmp_path, PicturedTrack(gappy, whole.spectrogram)))
    assert [title for title in titles if title.startswith("0:11")] == ["0:11–0:12: attention 0.0 %; nothing heard"]
    assert "nothing heard" not in titles[1] + titles[60]


def with_timeline(heard: PicturedTrack, timeline: tuple[Moment, ...]) -> PicturedTrack:
    return PicturedTrack(replace(heard.track, timeline=timeline), heard.spectrogram)


def test_quiet_seconds_are_veiled_and_said_to_be_quiet(tmp_path: Path) -> None:
    heard = pictured()
    quiet = tuple(
        replace(moment, attention=0.0, genres=(), quiet=True)
        if moment.start_s < 10 or moment.start_s >= 110
        else moment
        for moment in heard.track.timeline
    )
    page = written(tmp_path, with_timeline(heard, quiet))
    titles = re.findall(r"<title>(\d.*?)</title>", page)
    assert titles[9] == "0:09–0:10: quiet, no part of the answer"
    assert titles[10].startswith("0:10–0:11: attention 0.1 %; blues")
    (veil,) = re.findall(r"<path class=veil d='([^']*)'", page)
    assert [float(x) for x in re.findall(r"[MH]([\d.]+)", veil)] == [92, 167, 92, 917, 992, 917]
    assert "Grey moments are so much quieter" in read(page).words


def test_a_page_without_quiet_seconds_has_no_word_of_them(tmp_path: Path) -> None:
    page = written(tmp_path, pictured())
    assert "veil" not in page
    assert "quieter" not in page


def test_what_was_not_heard_and_what_to_know_stand_below_the_answer(tmp_path: Path) -> None:
    heard = pictured(unread_s=14.2, notes=("Its channels <cancel>.",))
    page = written(tmp_path, heard, pictured())
    assert re.findall(r"<p class=remark>(.*?)</p>", page) == [
        "Heard in part: 14 s could not be read.",
        "Its channels &lt;cancel&gt;.",
    ]
    assert "2 tracks heard by tiny 1, 1 in part." in read(page).words


def test_abstention_is_said(tmp_path: Path) -> None:
    assert (
        "Cannot tell: 2 answers are possible (blues, rock)" in read(written(tmp_path, pictured(cannot_tell=True))).words
    )


TAGS = (Label("rock", 0.62), Label("<b>loud", 0.33), Label("sad", 0.041), Label("80s", 0.001))


def test_tags_are_chips_and_those_that_are_heard_have_a_rim(tmp_path: Path) -> None:
    page = written(tmp_path, pictured(tags=TAGS, heard_tags=("rock", "<b>loud")))
    reader = read(page)
    assert "rock 62 %" in reader.words
    assert "<b>loud 33 %" in reader.words
    assert "sad 4.1 %" in reader.words  # not heard, but the third
    assert "80s" not in reader.words
    assert page.count("<li class=heard>") == 2
    assert f".chips .heard {{ border-color: {ACCENT} }}" in page
    assert "a tagger, would say" in reader.words


TIMED = (
    HeardTag("<i>rock", "style", 0.62, (Span(0.0, 120.0, 0.6),), throughout=True),
    HeardTag("hammond organ", "instrument", 0.7, (Span(30.0, 40.0, 0.7), Span(60.0, 75.0, 0.7)), passing=True),
    HeardTag("1980s", "decade", 0.4),
)


def test_tags_with_seconds_are_chips_by_group_and_marks_on_the_time_axis(tmp_path: Path) -> None:
    page = written(tmp_path, pictured(tags=TAGS, heard=TIMED))
    words = read(page).words
    for said in ("<i>rock 62 % throughout", "hammond organ 70 % 0:30–0:40, 1:00–1:15", "1980s 40 %"):
        assert said in words
    assert [name for name in ("style", "instrument", "decade", "mood") if f"<li class=group>{name}</li>" in page] == [
        "style", "instrument", "decade",
    ]  # fmt: skip
    paths = re.findall(r"<path class=heard d='([^']*)'", page)
    assert [[float(x) for x in re.findall(r"[MH]([\d.]+)", path)][:2] for path in paths] == [[92, 992], [317, 392]]
    assert "hammond org…" in words
    titles = re.findall(r"<title>(\d.*?)</title>", page)
    assert titles[35].endswith("; &lt;i&gt;rock, hammond organ")
    assert titles[50].endswith("; &lt;i&gt;rock")
    assert "the seconds in which they are heard" in words
    assert "a tagger, would say" not in words


def test_a_page_without_tags_has_no_word_of_them(tmp_path: Path) -> None:
    page = written(tmp_path, pictured())
    assert "<ul class=chips" not in page
    assert "tagger" not in page


MOODY = {"mood": mood()}


def test_the_mood_stands_in_words_with_what_listeners_feel_and_what_is_tagged(tmp_path: Path) -> None:
    sad = HeardTag("<i>sad", "mood", 0.36, (Span(0.0, 120.0, 0.4),), throughout=True)
    page = written(tmp_path, pictured(tags=TAGS, heard=(*TIMED, sad), **MOODY))
    chips = page[page.index("<li class=group>mood</li>") :]
    said = re.findall(r"<li[^>]*>(.*?)</li>", chips[: chips.index("</ul>")], re.DOTALL)
    assert [re.sub(r"</?span[^>]*>", "", each) for each in said] == [
        "mood",
        "calm, melancholic 71 %",
        "nostalgia felt by 45 % of listeners",
        "sadness felt by 40 % of listeners",
        "&lt;i&gt;sad tagged, 36 % throughout",
    ]
    assert page.count("<li class=group>mood</li>") == 1
    assert page.count("<svg xmlns='http://www.w3.org/2000/svg' class='plane one'") == 1
    assert "All by mood" not in page  # of one track there is a plane already


def test_all_tracks_with_a_mood_stand_on_one_plane_at_the_end(tmp_path: Path) -> None:
    heard = [pictured("one.mp3", **MOODY), pictured("plain.mp3"), pictured("two.mp3", **MOODY)]
    page = written(tmp_path, *heard, Failure("a", "a is empty."))
    end = page[page.index("<h2>All by mood</h2>") : page.index("<h2>Not heard</h2>")]
    assert end.count("class='dot'") == 2
    assert "2 tracks; 1 more without a mood." in end
    assert ">one</text>" in end
    assert page.rindex("</article>") < page.index("<h2>All by mood</h2>")


def test_a_page_without_moods_has_no_word_of_them(tmp_path: Path) -> None:
    page = written(tmp_path, pictured(), pictured())
    assert "Mood" not in page
    assert "<svg xmlns" not in page


def test_none_of_these_is_said_with_the_nearest_genre(tmp_path: Path) -> None:
    words = read(written(tmp_path, pictured(none_of_these=True, outside=0.834, genre_set=(NONE, "blues")))).words
    said = re.search(r"None of these genres 83 % \(nearest: blues \d+ %\)\. The 90.% set: ([\w, ]+)\. 2:00", words)
    assert said
    assert said[1] == "none of these, blues"
    assert "Cannot tell" not in words


def test_none_of_these_has_its_place_among_the_genres(tmp_path: Path) -> None:
    page = written(tmp_path, pictured(outside=0.01, genre_set=("blues",)))
    table = page[page.index("<caption>Genres") :]
    names = re.findall(r"<th scope=row>([\w ]+)</th>", table[: table.index("</table>")])
    assert names == ["blues", "rock", "pop", NONE]


def test_failures_stand_at_the_end_and_are_counted(tmp_path: Path) -> None:
    words = read(written(tmp_path, Failure("a", "a is empty."), pictured("b"), Failure("c", "c is silent."))).words
    assert words.index("Not heard") > words.index("Decisive seconds")
    assert "a is empty." in words
    assert "1 track heard by tiny 1, 2 failed." in words


def test_a_track_is_written_when_it_is_there_and_then_forgotten(tmp_path: Path) -> None:
    sizes, held = [], []
    with Page(tmp_path / "page.html", labels=LABELS, model="tiny 1") as page:
        for number in range(3):
            heard = pictured(f"{number}.mp3", **MOODY)
            held.append(weakref.ref(heard.spectrogram))
            page.add(heard)
            del heard
            sizes.append(sum(file.stat().st_size for file in tmp_path.iterdir()))
        gc.collect()
        assert [each() is None for each in held] == [True, True, False]  # the last one until the next one comes
    assert np.diff(sizes).min() > 10_000
    words = read((tmp_path / "page.html").read_text(encoding="utf-8")).words
    assert [words.count(f"{number}.mp3:") for number in range(3)] == [2, 2, 2]  # dots, on two planes


def test_a_page_of_no_track_is_whole(tmp_path: Path) -> None:
    assert "0 tracks heard by tiny 1." in read(written(tmp_path)).words


def test_a_page_that_fails_leaves_the_old_one_and_no_litter(tmp_path: Path) -> None:
    before = written(tmp_path, pictured("old.mp3"))

    def fail() -> None:
        with Page(tmp_path / "page.html", labels=LABELS, model="tiny 1") as page:
            page.add(pictured("new.mp3"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == before
    assert [file.name for file in tmp_path.iterdir()] == ["page.html"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(EarmarkError, match="cannot be written"), Page(tmp_path / "no/page.html", labels=(), model=""):
        pass
