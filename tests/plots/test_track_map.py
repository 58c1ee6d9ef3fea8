"""The map: names that cover nothing, points where they belong, everything inside."""

import re
from dataclasses import replace

import numpy as np
import pytest

from atlases import points, small_atlas
from earmark.plots.palette import ACCENT
from earmark.plots.track_map import THIS_TRACK, Name, place_names, track_map

COLOURS = {"low": "#cc6677", "middle": "#332288", "high": "#ddcc77"}


def crowd(seed: int, count: int) -> dict[str, tuple[float, float]]:
    rng = np.random.default_rng(seed)
    places = rng.normal([500, 300], [90, 60], (count, 2))
    return {f"genre {number}": (float(x), float(y)) for number, (x, y) in enumerate(places)}


def covers_a_point(name: Name, places: dict[str, tuple[float, float]]) -> bool:
    return any(name.box.left < x < name.box.right and name.box.top < y < name.box.bottom for x, y in places.values())


@pytest.mark.parametrize("seed", range(8))
def test_names_cover_neither_each_other_nor_a_point_and_stay_inside(seed: int) -> None:
    places = crowd(seed, 11)
    names = place_names(places)
    assert [name.text for name in names] == list(places)
    for number, name in enumerate(names):
        assert not any(name.box.overlaps(other.box) for other in names[number + 1 :])
        assert not covers_a_point(name, places)
        assert not name.box.outside


def test_a_name_that_has_room_is_right_beside_its_point() -> None:
    (name,) = place_names({"rock": (500.0, 300.0)})
    assert name.box.left == pytest.approx(514)
    assert (name.box.top + name.box.bottom) / 2 == pytest.approx(300)


def test_a_point_at_the_right_rim_has_its_name_on_the_left() -> None:
    (name,) = place_names({"classical": (985.0, 300.0)})
    assert name.box.right < 985


def test_more_names_than_there_is_room_for_still_stand_somewhere() -> None:
    places = {f"a rather long name {number}": (500.0, 300.0) for number in range(400)}
    assert len(place_names(places)) == 400


def picture(**texts: tuple[str, ...]) -> str:
    atlas = small_atlas(points((0.0, 0.0), (4.0, 0.0), (4.0, 1.0), (0.0, 1.0)), **texts)
    return track_map(atlas, (2.0, 0.5, 0.0), colours=COLOURS, track="<my> song")


def dots(page: str, colour: str) -> list[tuple[float, float]]:
    (path,) = re.findall(rf"<path class=dots stroke='{colour}'[^>]* d='([^']*)'", page)
    return [(float(x), float(y)) for x, y in re.findall(r"M(\S+) (\S+?)h0", path)]


def test_axes_have_one_scale_and_the_second_one_goes_up() -> None:
    page = picture(genres=("low", "middle", "high", "low"))
    (origin, above), (right,) = dots(page, COLOURS["low"]), dots(page, COLOURS["middle"])
    assert right[0] - origin[0] == pytest.approx(4 * (origin[1] - above[1]), abs=2)
    assert right[1] == origin[1] > above[1]
    assert 0 < origin[0] < right[0] < 1000


def test_clips_and_genres_are_drawn_at_their_places_and_not_by_their_vectors() -> None:
    clips = points((0.0, 0.0), (4.0, 0.0), (4.0, 1.0), (0.0, 1.0))
    atlas = replace(small_atlas(clips[::-1]), places=clips[:, :3].astype(np.float16))
    page = track_map(atlas, (2.0, 0.5, 0.0), colours=COLOURS, track="<my> song")
    assert page == picture()


def test_the_track_is_the_one_star_in_the_middle_of_its_corners() -> None:
    (corners,) = re.findall(rf"<polygon class=star fill='{ACCENT}' points='([^']*)'", picture())
    places = np.array([[float(number) for number in corner.split(",")] for corner in corners.split()])
    assert places.shape == (10, 2)
    assert places[::2].mean(axis=0) == pytest.approx([500, 310], abs=0.1)


def test_clips_of_other_genres_are_grey_and_have_no_disc() -> None:
    page = picture(genres=("low", "polka", "", "low"))
    assert len(dots(page, "#8899aa")) == 2
    assert page.count("<circle") == 1
    assert re.findall(r"class=name[^>]*>([^<]*)<", page) == [THIS_TRACK, "low"]


def test_it_says_its_shares_and_can_be_read_without_eyes() -> None:
    page = picture()
    assert "axis 1, 50 % of the variance" in page
    assert "axis 2, 20 %" in page
    assert 'aria-label="Map of 4 clips, the means of 3 genres, and &lt;my&gt; song among them."' in page


def test_clips_that_are_all_one_point_are_drawn_all_the_same() -> None:
    page = track_map(small_atlas(points((1.0,), (1.0,))), (1.0, 0.0, 0.0), colours=COLOURS, track="x")
    assert "nan" not in page
