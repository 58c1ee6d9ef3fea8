"""The page of a collection's map: whole, small, safe, its arithmetic right."""

import base64
import json
import re
import shutil
import subprocess
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark.plots import collection_map
from earmark.plots.collection_map import Answers, address, collection_page, colours
from earmark.track import NONE
from mapped import COLUMNS, answers, dots, page_of, plane
from pages import read

NODE = shutil.which("node")
HOSTILE = "</script><script>alert(1)</script><!-- & \"'"
TEMPLATES = files("earmark.plots").joinpath("templates")
SCRIPTS = {
    name: TEMPLATES.joinpath(name).read_text(encoding="utf-8")
    for name in (f"collection_map{part}.js" for part in ("_model", "_painter", "_panel", ""))
}


def data_of(page: str) -> dict:
    found = re.search(r'<script type="application/json" id=data>(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return json.loads(found[1])


def unpacked(text: str, kind: str) -> NDArray[np.integer]:
    return np.frombuffer(base64.b64decode(text), kind)


def calculated(expression: str) -> object:
    """What the page's own functions make of an expression."""
    if NODE is None:
        pytest.skip("node is not installed: the script's arithmetic cannot be tried")
    code = f"{SCRIPTS['collection_map_model.js']}\nconsole.log(JSON.stringify({expression}));"
    return json.loads(subprocess.run([NODE, "-e", code], capture_output=True, text=True, check=True).stdout)


def test_places_and_answers_come_back_as_fine_as_they_are_seen() -> None:
    data = data_of(page_of(60))
    (first, _), shown = data["planes"], plane(60)
    places = np.array(first["low"]) + first["step"] * unpacked(first["places"], "<u2").reshape(-1, 2)
    np.testing.assert_allclose(places, shown.positions, atol=1e-4)
    np.testing.assert_allclose(unpacked(first["kept"], "u1") / 10, shown.kept)
    values = unpacked(data["values"], "u1").reshape(len(COLUMNS), 60)
    assert values[3, 0] == collection_map.UNTOLD
    np.testing.assert_allclose(values[0] / 254, answers(60)[:, 0], atol=0.002)
    np.testing.assert_allclose(values[5] / 127 - 1, answers(60)[:, 5], atol=0.004)


def test_neighbours_come_back_with_their_cosines() -> None:
    data = data_of(page_of(60))["neighbours"]
    assert data["count"] == 10
    rows = unpacked(data["rows"], "<u4").reshape(60, 10)
    assert (rows < 60).all()
    cosines = unpacked(data["cosines"], "u1").reshape(60, 10) / 254
    assert (np.diff(cosines, axis=1) <= 0).all()


def test_texts_that_come_again_are_there_once() -> None:
    data = data_of(page_of(60))
    assert data["texts"].count("calm, melancholic 71 %") == 1
    assert data["texts"][data["artists"][8]] == "Ärtist 1"
    assert [data["texts"][tag] for tag in data["tags"][0]] == ["piano", "slow"]
    assert data["folder"] == "/music"
    assert data["paths"][8] == "artist 1/00008 song.ogg"


def test_ten_thousand_tracks_are_less_than_6_mb() -> None:
    columns = [*COLUMNS, *(("style", f"style {n}") for n in range(130))]
    rng = np.random.default_rng(0)
    text = "".join(
        collection_page(
            dots(10_000, folder="/home/somebody/Music/a folder with a long name"),
            [plane(10_000), plane(10_000, "by main axes")],
            Answers(columns, rng.random((10_000, len(columns)))),
            neighbours=rng.integers(0, 10_000, (10_000, 10)),
            cosines=rng.random((10_000, 10)),
            page=Path("map.html"),
            model="earmark 6",
        )
    )
    assert len(text.encode()) < 6e6


def test_nothing_is_fetched_from_anywhere() -> None:
    text = page_of()
    code = re.sub(r"(^|[\s}])//( .*)?$", "", text, flags=re.MULTILINE)
    assert "//" not in re.sub(r'<script type="application/json".*?</script>', "", code, flags=re.DOTALL)
    assert not re.search(r"\b(href|import|fetch|XMLHttpRequest|url)\b\s*[=(]", text)
    assert [(tag, name) for tag, name, _ in read(page_of()).attributes if name in ("src", "href")] == []


def test_every_element_is_closed_and_hostile_names_stay_words() -> None:
    tracks = dots(12, title=HOSTILE, artist=HOSTILE, words=HOSTILE, path=f"/music/{HOSTILE}/a.ogg".replace("\0", ""))
    text = page_of(12, tracks=tracks)
    read(text)
    assert text.count("<script") == 2
    assert data_of(text)["titles"][0] == HOSTILE


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=list(SCRIPTS))
def test_the_scripts_cannot_end_their_own_element_nor_make_elements_of_words(script: str) -> None:
    for never in ("</", "<!--", "innerHTML", "eval(", "{{", "{%", "{#"):
        assert never not in script


def test_a_page_says_how_true_it_is_and_what_its_directions_go_with() -> None:
    words = " ".join(read(page_of(60)).words.split())
    share = round(100 * plane(60).kept.mean())
    assert f"true neighbours {share} % are among its 10 nearest dots here" in words
    assert "chance would keep 17 %" in words
    assert "rock +0.61, piano +0.30" in words
    assert "nothing clearly" in words
    assert "rock 60 % (10 % of all): 9 tracks" in words


def test_it_says_how_to_use_it_to_eyes_and_to_screen_readers() -> None:
    page = read(page_of())
    attributes = {(tag, name): value for tag, name, value in page.attributes}
    assert attributes["canvas", "tabindex"] == "0"
    assert attributes["canvas", "aria-label"] == "Map of 60 tracks"
    assert "arrows move it" in page.words
    assert "scripts are switched off" in page.words
    assert sum(value == "status" for _, name, value in page.attributes if name == "role") == 2


def test_it_can_be_coloured_by_every_answer_and_each_name_comes_once() -> None:
    names = colours(COLUMNS)
    assert names[:4] == ["genre", "mood", "confidence", "neighbours kept"]
    assert {"piano", "rock", "rock (style)", "valence", "joyful"} <= set(names)
    assert len(set(names)) == len(names)
    assert data_of(page_of(colour="piano"))["first"] == names.index("piano")
    with pytest.raises(ValueError, match="pian"):
        page_of(colour="pian")


def test_without_genres_or_moods_there_is_less_to_colour_by() -> None:
    assert colours([("style", "rock")]) == ["neighbours kept", "rock"]


def test_a_genre_has_the_colour_that_it_has_on_all_pages_and_none_of_these_is_grey() -> None:
    from earmark.plots.palette import QUIET, genre_colour

    genre = data_of(page_of())["modes"][0]
    assert genre["labels"] == ["jazz", "rock", NONE]
    assert genre["light"] == [genre_colour(0), genre_colour(1), QUIET]


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="as tracks, 60"):
        collection_page(
            dots(60),
            [plane(59)],
            Answers(COLUMNS, answers(60)),
            neighbours=np.zeros((60, 2), int),
            cosines=np.zeros((60, 2)),
            page=Path("map.html"),
            model="",
        )


@pytest.mark.parametrize(
    ("path", "page", "expected"),
    [
        ("/music/a b/c.mp3", "/music/map.html", "a%20b/c.mp3"),
        ("/music/c#1?.mp3", "/music/map.html", "c%231%3F.mp3"),
        ("/music/100%.mp3", "/music/map.html", "100%25.mp3"),
        ("/music/ä.mp3", "/elsewhere/map.html", "file:///music/%C3%A4.mp3"),
        ("/music/\udcff.mp3", "/music/map.html", "%FF.mp3"),
    ],
)
def test_files_below_the_page_are_named_from_there_and_others_in_full(path: str, page: str, expected: str) -> None:
    assert address(path, Path(page)) == expected


def test_the_page_and_its_script_name_every_file_alike(tmp_path: Path) -> None:
    names = ["a b.mp3", "c#1?.mp3", "100%.mp3", "ä.mp3", "\udcff.mp3", "line\nbreak.mp3", "sub/d.mp3", "é.mp3"]
    tracks = [replace(dots(1)[0], path=str(tmp_path / name)) for name in names]
    for page in (tmp_path / "map.html", tmp_path / "elsewhere" / "map.html"):
        data = data_of(page_of(len(names), at=page, tracks=tracks))
        few = {name: data[name] for name in ("addresses", "address", "paths")}
        found = calculated(f"{json.dumps(few)}.paths.map((_, n) => addressOf({json.dumps(few)}, n))")
        plain = [each.removeprefix("./") for each in found]  # type: ignore[attr-defined]
        assert plain == [address(str(tmp_path / name), page) for name in names]


def test_what_is_under_the_pointer_stays_there_when_it_is_zoomed() -> None:
    view = "{x: 1, y: 2, scale: 50}"
    before = calculated(f"toPlane({view}, 100, 80, 800, 600)")
    after = calculated(f"toPlane(zoomed({view}, 1.7, 100, 80, 800, 600, {view}), 100, 80, 800, 600)")
    np.testing.assert_allclose(before, after)
    assert calculated(f"toScreen({view}, ...{json.dumps(before)}, 800, 600)") == pytest.approx([100, 80])
    assert calculated(f"zoomed({view}, 1e9, 0, 0, 800, 600, {view}).scale") == 50 * 200
    assert calculated(f"zoomed({view}, 1e-9, 0, 0, 800, 600, {view}).scale") == 25


def test_the_first_view_holds_every_dot() -> None:
    bounds = "boundsOf({xs: [-3, 5, 1], ys: [0, 2, 7]})"
    corners = calculated(
        f"[[-3, 0], [5, 2], [1, 7]].map(([x, y]) => toScreen(fitted({bounds}, 400, 300), x, y, 400, 300))"
    )
    assert all(0 < x < 400 and 0 < y < 300 for x, y in corners)  # type: ignore[attr-defined]


def test_the_dot_that_is_found_is_the_nearest_that_is_shown() -> None:
    rng = np.random.default_rng(0)
    places, asked = rng.normal(size=(300, 2)).round(4), rng.normal(size=(40, 2)).round(4)
    given = f"{{xs: Float32Array.from({places[:, 0].tolist()}), ys: Float32Array.from({places[:, 1].tolist()})}}"
    shown = "(n) => n % 3 > 0"
    found = calculated(
        f"(() => {{ const places = {given}, grid = gridOf(places);"
        f" return {asked.tolist()}.map(([x, y]) => nearestAt(places, grid, x, y, 0.3, {shown})); }})()"
    )
    away = np.linalg.norm(asked[:, np.newaxis] - places, axis=2)
    away[:, ::3] = np.inf
    expected = [int(row.argmin()) if row.min() <= 0.3 else -1 for row in away]
    assert found == expected
    assert -1 in expected


def test_how_many_lie_nearer_is_counted_and_far_is_beyond_a_fiftieth() -> None:
    assert calculated("nearerThan({xs: [0, 1, 2, 3, 9], ys: [0, 0, 0, 0, 0]}, 0, 3)") == 2
    assert calculated("[isFar(30, 100), isFar(31, 100), isFar(200, 10000), isFar(201, 10000)]") == [
        *(False, True, False, True),
    ]


def test_classes_are_the_largest_answer_and_ranges_are_fifths() -> None:
    values = "Uint8Array.from([10, 200, 50, 254, 20, 255])"  # two answers of three tracks
    genre = "{kind: 'classes', columns: [0, 1]}"
    assert calculated(f"[...classesOf({genre}, {values}, [], 3)]") == [1, 0, 1]
    share = "{kind: 'share', columns: [1]}"
    assert calculated(f"[...classesOf({share}, {values}, [], 3)]") == [4, 0, 5]
    assert calculated("[...classesOf({kind: 'kept', columns: []}, [], [0, 3, 10], 3)]") == [0, 1, 4]
    assert calculated("[0, 50, 51, 254, 255].map(range)") == [0, 0, 1, 4, 5]


def test_dots_are_drawn_in_a_fixed_order_the_highest_of_ranges_last() -> None:
    order = calculated("[...drawingOrder(Uint8Array.from([5, 0, 4, 2, 4, 0]), true)]")
    assert sorted(order) == list(range(6))  # type: ignore[type-var]
    assert order[0] == 0  # type: ignore[index]
    assert set(order[-2:]) == {2, 4}  # type: ignore[index]
    assert calculated("[...drawingOrder(new Uint8Array(50), false)]") != list(range(50))


def test_a_search_knows_no_case_and_no_accents_and_wants_all_words() -> None:
    texts = "['Björk Jóga', 'Bjork Army of Me', 'Rubén Blades'].map(plain)"
    assert calculated(f"found('BJÖRK', {texts})") == [0, 1]
    assert calculated(f"found('me bjork', {texts})") == [1]
    assert calculated(f"found('ruben', {texts})") == [2]
    assert calculated(f"found('  ', {texts})") == []


def test_clocks_and_shares_are_said_as_people_do() -> None:
    assert calculated("[clock(63), clock(3675), percent(0.62), percent(0.021), percent(0)]") == [
        *("1:03", "1:01:15", "62 %", "2.1 %", "0 %"),
    ]


def test_names_that_would_cover_each_other_are_left_out() -> None:
    boxes = (
        "[{x: 0, y: 0, width: 10, height: 5}, {x: 5, y: 2, width: 10, height: 5}, {x: 20, y: 0, width: 5, height: 5}]"
    )
    assert [box["x"] for box in calculated(f"withoutOverlap({boxes}, [])")] == [0, 20]  # type: ignore[attr-defined]
