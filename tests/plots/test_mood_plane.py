"""The plane of mood: dots, ranges and ways stand where the numbers are, and the picture can be read without eyes."""

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.label import Measured
from earmark.mood import MoodMoment
from earmark.plots.mood_plane import Spot, Spots, counted, folder_plane, mood_map, track_plane
from earmark.plots.palette import ACCENT, DARK, LIGHT
from earmark.plots.sheet import MOOD_MAP
from moods import ARC, mood
from tracks import track

SVG = "{http://www.w3.org/2000/svg}"
PLACES = st.floats(-1, 1)
NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)


def spot(name: str = "song.mp3", valence: float = 0.0, arousal: float = 0.0) -> Spot:
    return Spot(name, Measured(valence, max(valence - 0.5, -1), 1.0), Measured(arousal, -1.0, min(arousal + 0.25, 1)))


def spots(*drawn: Spot, moodless: int = 0) -> Spots:
    return Spots([*drawn], moodless)


def found(svg: str, kind: str) -> list[ET.Element]:
    return [each for each in ET.fromstring(svg).iter() if each.get("class") == kind]


def centre(circle: ET.Element) -> tuple[float, float]:
    return float(circle.attrib["cx"]), float(circle.attrib["cy"])


def numbers(path: str) -> list[float]:
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", path)]


def frame(svg: str) -> tuple[float, float, float, float]:
    """Left, top, right, bottom of the plane."""
    (path,) = found(svg, "frame")
    left, top, right, bottom, _ = numbers(path.attrib["d"])
    return left, top, right, bottom


def test_a_track_has_a_dot_its_range_and_its_way() -> None:
    svg = track_plane(track(mood=mood()))
    left, top, right, bottom = frame(svg)
    (dot,) = found(svg, "dot")
    assert centre(dot) == pytest.approx((left + (right - left) * 0.375, bottom + (top - bottom) * 0.25), abs=0.1)
    (cross,) = found(svg, "range")
    _, _, high_valence = numbers(cross.attrib["d"])[:3]
    assert numbers(cross.attrib["d"])[0] == left
    assert high_valence == pytest.approx(left + (right - left) * 0.75, abs=0.1)
    (way,) = found(svg, "way")
    heights = numbers(way.attrib["d"])[1::2]
    assert heights == sorted(heights, reverse=True)  # from calm to lively is upwards
    (start,), steps, (arrow,) = found(svg, "start"), found(svg, "step"), found(svg, "arrow")
    assert centre(start)[1] == pytest.approx(heights[0], abs=0.1)
    assert len(steps) == len(heights) - 2 >= 3
    assert max(numbers(arrow.attrib["points"])[1::2]) >= heights[-1] >= min(numbers(arrow.attrib["points"])[1::2])
    assert steps[0][0].text == "0:40–1:21: valence −0.44, arousal −0.54"


def test_a_plane_can_be_read_without_eyes_and_says_what_its_sides_are() -> None:
    root = ET.fromstring(track_plane(track("a & b.mp3", mood=mood())))
    assert (root.get("role"), root.get("aria-label")) == (
        "img",
        "Mood of a & b.mp3: valence −0.25 (−1.00 to +0.50), arousal −0.50 (−1.00 to +0.12).",
    )
    assert [text.text for text in root.iter(f"{SVG}text")] == ["lively", "calm", "dark", "bright"]


@pytest.mark.parametrize("changes", [{"valence": None}, {"arousal": None}])
def test_without_both_numbers_there_is_no_plane(changes: dict[str, None]) -> None:
    assert track_plane(track(mood=mood(**changes))) == ""
    assert track_plane(track()) == ""


@pytest.mark.parametrize(
    "arc", [(), ARC[:11], tuple(replace(ARC[0], start_s=t / 9, end_s=t / 9 + 0.1) for t in range(9))]
)
def test_a_track_that_is_too_short_has_no_way(arc: tuple[MoodMoment, ...]) -> None:
    svg = track_plane(track(mood=mood(arc=arc)))
    assert found(svg, "dot")
    assert not found(svg, "way")


def test_a_track_that_stays_where_it_is_has_a_way_too() -> None:
    arc = tuple(replace(moment, valence=0.5, arousal=0.5) for moment in ARC)
    assert found(track_plane(track(mood=mood(arc=arc))), "way")


@given(st.lists(st.tuples(NAMES, PLACES, PLACES), min_size=1, max_size=30))
@settings(max_examples=40, deadline=None)
def test_every_track_has_a_dot_with_its_name_and_nothing_leaves_the_plane(
    drawn: list[tuple[str, float, float]],
) -> None:
    svg = mood_map(spots(*(spot(*each) for each in drawn)), model="tiny 1")
    left, top, right, bottom = frame(svg)
    dots = found(svg, "dot")
    assert len(dots) == len(drawn)
    for dot, (_, valence, arousal) in zip(dots, drawn, strict=True):
        x, y = centre(dot)
        assert (x - left) / (right - left) * 2 - 1 == pytest.approx(valence, abs=1e-3)
        assert (bottom - y) / (bottom - top) * 2 - 1 == pytest.approx(arousal, abs=1e-3)
        assert "valence" in (dot[0].text or "")
    for name in found(svg, "name"):
        assert left <= float(name.attrib["x"]) <= right
        assert top <= float(name.attrib["y"]) <= bottom


def test_names_stand_beside_their_dots_and_none_over_another() -> None:
    crowd = [spot(f"Music/{number} a song.flac", 0.001 * number, 0.0) for number in range(20)]
    svg = folder_plane(spots(spot("alone.mp3", -0.9, -0.9), *crowd))
    names = found(svg, "name")
    assert names[0].text == "alone"
    assert 1 < len(names) < 21  # in a crowd only some have room
    places = [(float(name.attrib["x"]), float(name.attrib["y"])) for name in names]
    assert len(set(places)) == len(places)


def test_a_long_name_is_cut_and_one_at_the_right_side_stands_to_the_left() -> None:
    (name,) = found(folder_plane(spots(spot("x" * 60 + ".mp3", 1.0, 0.0))), "name")
    assert name.attrib["text-anchor"] == "end"
    assert (name.text or "").endswith("x…")
    assert len(name.text or "") == 28


def test_many_tracks_share_one_range_of_usual_size_in_a_corner() -> None:
    few, many = spots(*[spot()] * 12), spots(*[spot(valence=place) for place in np.linspace(-0.5, 0.5, 13)])
    assert len(found(folder_plane(few), "range")) == 12
    svg = folder_plane(many)
    left, _, right, _ = frame(svg)
    (corner,) = found(svg, "range")
    x, _, _, reach = numbers(corner.attrib["d"])[:4]
    assert (reach - x) / (right - left) == pytest.approx(1.0 / 1.0, abs=0.02)  # the wider half of the middle one is 1
    assert "usual range" in [text.text for text in found(svg, "size")]


def test_a_thousand_tracks_have_their_dots_and_no_names() -> None:
    svg = folder_plane(spots(*[spot(f"{number}.mp3") for number in range(1000)]))
    assert len(found(svg, "dot")) == 1000
    assert not found(svg, "name")


@pytest.mark.parametrize(
    ("drawn", "says"),
    [
        (spots(), "0 tracks."),
        (spots(spot()), "1 track."),
        (spots(spot(), spot(), moodless=3), "2 tracks; 3 more without a mood."),
    ],
)
def test_what_is_left_out_is_counted(drawn: Spots, says: str) -> None:
    assert counted(drawn) == says
    texts = [text.text for text in ET.fromstring(mood_map(drawn, model="tiny 1")).iter(f"{SVG}text")]
    assert f"{says} Heard by tiny 1." in texts


def test_what_is_collected_of_a_track_is_its_place_alone() -> None:
    kept = Spots()
    kept.add(track("one.mp3", mood=mood()))
    kept.add(track("two.mp3", mood=mood(valence=None)))
    kept.add(track("three.mp3"))
    assert (kept.spots, kept.moodless) == ([Spot("one.mp3", mood().valence, mood().arousal)], 2)  # type: ignore[arg-type]


def test_tracks_are_counted_by_quarters_for_those_who_cannot_see() -> None:
    svg = folder_plane(spots(spot("a", -0.5, -0.5), spot("b", 0.5, 0.5), spot("c", -0.1, -0.9)))
    label = ET.fromstring(svg).get("aria-label")
    assert label == "Valence and arousal of 3 tracks. 2 calm and dark, 1 lively and bright."


@pytest.mark.parametrize("name", ["<script>alert(1)</script>.mp3", "\"' onload='x.mp3", "a&b\n.mp3", "bad\udcff.mp3"])
def test_no_name_is_obeyed(name: str) -> None:
    for svg in (mood_map(spots(spot(name)), model=name), track_plane(track(name, mood=mood()))):
        root = ET.fromstring(svg.encode(errors="backslashreplace"))
        assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
            *("svg", "style", "rect", "path", "text", "circle", "title", "polygon"),
        }
        assert not [key for each in root.iter() for key in each.attrib if key.startswith("on")]


def test_a_map_is_a_file_of_its_own_that_is_known_again_in_light_and_dark() -> None:
    svg = mood_map(spots(spot()), model="tiny 1")
    assert svg.startswith("<?xml ")
    assert any(mark in svg.encode()[:4096] for mark in MOOD_MAP.marks)
    assert "var(" not in svg  # not every viewer of pictures knows that
    colours = set(re.findall(r"#\w{6}", svg))
    assert {LIGHT["ink"], LIGHT["paper"], DARK["ink"], DARK["paper"], ACCENT} <= colours
    assert colours <= {*LIGHT.values(), *DARK.values(), ACCENT}
    assert not any(mark in folder_plane(spots(spot())).encode() for mark in MOOD_MAP.marks)
