"""The page of a collection's map in a browser: it does what it says."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from browser import CHROMIUM, Page, browser
from mapped import dots, page_of, plane

needs_a_browser = pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed")
WHERE = "(() => {{ const m = collectionMap, {{clientWidth: width, clientHeight: height}} = m.canvas; \
const box = m.canvas.getBoundingClientRect(); const [x, y] = m.painter.at(m.scene, {{width, height}}, {n}); \
return [box.left + x, box.top + y]; }})()"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def opened(chromium: Page, tmp_path: Path) -> Iterator[Page]:
    """The page of 60 tracks of which one can be played; nothing goes wrong in it."""
    import soundfile

    tracks = dots(60, folder=str(tmp_path / "music"))
    sound = Path(tracks[5].path)
    sound.parent.mkdir(parents=True)
    soundfile.write(sound, np.sin(np.arange(22_050 * 15) / 20) / 9, 22_050, format="OGG", subtype="VORBIS")
    (tmp_path / "map.html").write_text(page_of(60, at=tmp_path / "map.html", tracks=tracks), encoding="utf-8")
    chromium.show(tmp_path / "map.html")
    chromium.drawn()
    yield chromium
    assert chromium.complaints == []


def text_of(page: Page, part: str) -> str:
    return str(page.of(f"document.querySelector('[data-part=\"{part}\"]').textContent"))


def looks(page: Page) -> str:
    return str(page.of("document.querySelector('canvas').toDataURL()"))


@needs_a_browser
def test_in_a_browser_the_wheel_zooms_a_drag_moves_and_a_key_shows_all_again(opened: Page) -> None:
    first = looks(opened)
    opened.mouse("mouseWheel", 400, 400, deltaX=0, deltaY=-300)
    opened.drawn()
    nearer = opened.of("collectionMap.scene.view.scale / collectionMap.whole.scale")
    assert nearer == pytest.approx(np.exp(300 / 500), rel=1e-3)
    before = opened.of("collectionMap.scene.view.x")
    opened.drag((400, 400), (300, 400))
    assert opened.of("collectionMap.scene.view.x") > before
    assert text_of(opened, "name") == ""  # a drag is no click
    assert looks(opened) != first
    opened.of("document.querySelector('canvas').focus()")
    opened.key("0")
    assert looks(opened) == first


@needs_a_browser
def test_in_a_browser_two_fingers_zoom(opened: Page) -> None:
    opened.pinch(400, 400, before=50, after=150)
    assert opened.of("collectionMap.scene.view.scale / collectionMap.whole.scale") == pytest.approx(3, rel=0.1)


@needs_a_browser
def test_in_a_browser_pointing_tells_and_a_click_plays_from_the_seconds_that_tell(opened: Page) -> None:
    x, y = opened.of(WHERE.format(n=5))
    opened.mouse("mouseMoved", x, y)
    opened.drawn()
    assert text_of(opened, "told") == "Ärtist 5 – Song 5rock or jazzcalm, melancholic 71 %piano, slow"
    opened.click(x, y)
    assert text_of(opened, "name") == "Ärtist 5 – Song 5"
    opened.wait_for("document.querySelector('audio').currentTime > 12.5")
    assert text_of(opened, "live").startswith("Ärtist 5 – Song 5: rock or jazz")
    assert len(opened.of("collectionMap.scene.neighbours")) == 10
    assert opened.of("document.querySelectorAll('[data-part=neighbours] button').length") == 10
    opened.of("document.querySelector('canvas').focus()")
    opened.key("Escape")
    assert opened.of("document.querySelector('audio').paused")
    assert opened.of("document.querySelector('[data-part=track]').hidden")


@needs_a_browser
def test_in_a_browser_a_file_that_cannot_be_played_is_said_so(opened: Page) -> None:
    opened.click(*opened.of(WHERE.format(n=6)))
    opened.wait_for("!document.querySelector('[data-part=cannot]').hidden")
    assert "cannot play it" in text_of(opened, "cannot")
    assert ".ogg" in text_of(opened, "cannot")


@needs_a_browser
def test_in_a_browser_a_search_dims_the_others_and_enter_goes_from_one_to_the_next(opened: Page) -> None:
    before = looks(opened)
    opened.of("document.body.focus()")
    opened.key("/")
    opened.write("artist 3/")
    assert text_of(opened, "found").startswith("9 found")
    assert looks(opened) != before
    names = []
    for _ in range(2):
        opened.key("Enter")
        names.append(text_of(opened, "name"))
    assert names == ["Ärtist 3 – Song 3", "Ärtist 3 – Song 10"]
    assert opened.of("collectionMap.scene.view.x") == pytest.approx(opened.of("collectionMap.scene.places.xs[10]"))
    opened.key("Escape")
    assert text_of(opened, "found") == ""


@needs_a_browser
def test_in_a_browser_colours_and_legend_entries_can_be_changed(opened: Page) -> None:
    counts = "[...document.querySelectorAll('.legend .quiet')].map((each) => Number(each.textContent))"
    assert sum(opened.of(counts)) == 60
    before = looks(opened)
    opened.of("document.querySelector('.legend input').click()")
    opened.drawn()
    fewer = looks(opened)
    assert fewer != before
    place = opened.of("[...collectionMap.scene.classes].indexOf(0)")
    opened.click(*opened.of(WHERE.format(n=place)))
    assert f"Song {place}" != text_of(opened, "name").partition(" – ")[2]  # what is not shown cannot be clicked
    opened.of("document.querySelector('[data-act=all]').click()")
    opened.of(
        "(() => { const f = document.querySelector('[data-part=colour]');"
        " f.value = String(collectionMap.data.modes.findIndex((mode) => mode.name === 'piano'));"
        " f.dispatchEvent(new Event('change')); })()"
    )
    opened.drawn()
    assert text_of(opened, "legend-name") == "Coloured by piano"
    assert sum(opened.of(counts)) == 60


@needs_a_browser
def test_in_a_browser_the_other_plane_shows_its_own_places_and_figures(opened: Page) -> None:
    opened.of(
        "(() => { const f = document.querySelector('[data-part=plane]'); f.value = '1';"
        " f.dispatchEvent(new Event('change')); })()"
    )
    opened.drawn()
    assert opened.of("collectionMap.scene.places.xs[0]") == pytest.approx(plane(60, seed=1).positions[0, 0], abs=1e-3)
    assert opened.of("[...document.querySelectorAll('[data-about]')].map((each) => each.hidden)") == [True, False]


@needs_a_browser
def test_in_a_browser_the_keyboard_alone_chooses_and_goes_on_to_a_true_neighbour(opened: Page) -> None:
    opened.of("document.querySelector('canvas').focus()")
    opened.key("Enter")
    first = opened.of("collectionMap.scene.selected")
    assert first >= 0
    opened.key("n")
    assert opened.of("collectionMap.scene.selected") == opened.of(f"collectionMap.neighbours.rows[{first} * 10]")
    walked = [first, opened.of("collectionMap.scene.selected")]
    for _ in range(8):
        opened.key("n")
        walked.append(opened.of("collectionMap.scene.selected"))
    assert len(set(walked)) == 10  # none comes twice


@needs_a_browser
@pytest.mark.parametrize("dark", [False, True])
def test_in_a_browser_it_fits_a_phone_by_day_and_by_night(opened: Page, tmp_path: Path, dark: bool) -> None:
    opened.show(tmp_path / "map.html", width=360, height=740, dark=dark)
    opened.drawn()
    assert opened.of("document.documentElement.scrollWidth") <= 360
    assert opened.of("collectionMap.scene.dark") is dark
    small = (
        "[...document.querySelectorAll('.fields select, .zoom button')].map((e) => e.getBoundingClientRect().height)"
    )
    assert min(opened.of(small)) >= 38


@needs_a_browser
def test_in_a_browser_an_address_opens_the_page_at_a_track(opened: Page, tmp_path: Path) -> None:
    opened.show(tmp_path / "map.html", anchor="#track=song%2017")
    assert text_of(opened, "name") == "Ärtist 3 – Song 17"
