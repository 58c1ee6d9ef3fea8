"""The page for everybody: by day and by night, on a telephone, by keys and ears, and without a collection."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser import Page
from earmark.serve.settings import Settings
from paged import AXE, Visit
from served import TOKEN, Music, Server, serving

READY = {
    "listen": ".picker .row",
    "listen/{id}": ".similar .row",
    "map": ".chosen",
    "make": ".piece-form",
    "model": ".model section",
}
needs_axe = pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not there: npm ci --prefix web")


@pytest.fixture
def first(page_server: Server) -> str:
    """The id of a track."""
    return str(page_server.client.get("/api/tracks").json()["tracks"][0]["id"])


@needs_axe
def test_no_view_breaks_a_serious_rule_of_accessibility(visit: Visit, first: str) -> None:
    for view, ready in READY.items():
        visit.open(view.format(id=first))
        visit.wait(ready)
        visit.page.drawn()
        assert visit.broken_rules() == [], view


@needs_axe
def test_all_words_can_be_read_by_night_as_well(visit: Visit, first: str) -> None:
    for view, ready in READY.items():
        visit.open(view.format(id=first), dark=True)
        visit.wait(ready)
        visit.page.drawn()
        assert visit.broken_rules("color-contrast") == [], view


@needs_axe
def test_the_results_of_questions_break_none_either(visit: Visit) -> None:
    visit.open("map")
    visit.wait(".chosen")
    visit.type(".arithmetic input", "loud - low")
    visit.press("Solve")
    visit.wait(".results .row")
    visit.page.of("document.querySelector('.stage canvas').focus()")
    visit.page.key("Enter")
    visit.wait(".near li")
    assert visit.broken_rules() == []
    visit.open("make")
    visit.type(".wishes input", "loud")
    visit.press("Make the list")
    visit.wait(".listing .row")
    assert visit.broken_rules() == []


def test_no_view_is_wider_than_a_telephone(visit: Visit, first: str) -> None:
    for view, ready in READY.items():
        visit.open(view.format(id=first), width=360, height=740)
        visit.wait(ready)
        assert visit.overflow() <= 0, view


def test_the_views_are_reached_and_left_by_keys_alone(visit: Visit) -> None:
    visit.open("listen")
    visit.page.key("Tab")
    assert visit.page.of("document.activeElement.textContent") == "To the content"
    for _ in range(2):
        visit.page.key("Tab")
    visit.page.key("Tab")
    assert visit.page.of("document.activeElement.textContent") == "Make"
    visit.page.key("Enter")
    visit.wait("main h1", "Make")
    assert visit.page.of("document.querySelector('nav [aria-current]').textContent") == "Make"
    assert visit.page.of("document.title").startswith("Make")


def test_colours_follow_the_night_while_the_page_is_open(visit: Visit) -> None:
    def paper() -> object:
        visit.page.drawn()
        return visit.page.of("getComputedStyle(document.body).backgroundColor")

    visit.open("map")
    visit.wait(".chosen")
    by_day = paper(), visit.page.of("document.querySelector('.stage canvas').toDataURL()")
    visit.page.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    by_night = paper(), visit.page.of("document.querySelector('.stage canvas').toDataURL()")
    assert by_day[0] != by_night[0]
    assert by_day[1] != by_night[1], "dots are drawn anew"


@pytest.fixture(scope="module")
def without(music_served: Music, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that has no collection."""
    settings = music_served.settings(static=Settings().static, db=tmp_path_factory.mktemp("none") / "none.db")
    with serving(settings) as running:
        yield running


def test_without_a_collection_it_hears_and_shows_the_atlas_and_says_what_is_missing(
    chromium: Page, without: Server, song: Path
) -> None:
    chromium.complaints.clear()
    visit = Visit(chromium, without.address)
    visit.open("listen")
    visit.wait(".stage-track .remark", "earmark index")
    visit.drop(song)
    visit.wait("article.track .sentence")
    visit.wait(".similar", "earmark index")
    visit.open("map")
    visit.wait(".lead", "labelled clips")
    visit.page.of("document.querySelector('.stage canvas').focus()")
    visit.page.key("Enter")
    visit.wait(".near li")
    visit.open("make")
    visit.wait(".make .remark", "earmark index")
    assert chromium.complaints == []


def test_a_link_with_the_token_opens_the_page_though_it_stands_elsewhere(
    chromium: Page, music_served: Music, tmp_path: Path
) -> None:
    chromium.complaints.clear()
    chromium.errors.clear()
    with serving(music_served.settings(static=Settings().static, token=TOKEN)) as server:
        link = tmp_path / "link.html"
        link.write_text(f'<meta http-equiv="refresh" content="0; url={server.address}/?token={TOKEN}">')
        chromium.visit(link.as_uri())
        chromium.wait_for(f"location.href === '{server.address}/' && document.querySelector('.intake') !== null")
        assert "token" not in str(chromium.of("document.cookie")), "no script reads it"
        chromium.visit("about:blank")  # before the server ends
    assert chromium.complaints == chromium.errors == []


def test_when_the_server_is_gone_the_page_says_so(visit: Visit) -> None:
    visit.open("model")
    visit.wait(".model section")
    visit.page.ask("Network.enable")
    visit.page.ask(
        "Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1
    )
    try:
        visit.page.of("location.hash = '#/map'")
        visit.wait("main .problem", "The server does not answer.")
    finally:
        visit.page.ask(
            "Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1
        )
        visit.page.ask("Network.disable")
    visit.page.errors.clear()  # the browser says it, too
