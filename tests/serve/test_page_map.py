"""The view "Map" in a browser: dots to click and to draw around, a path, sums, three dimensions."""

import pytest

from paged import Visit
from served import Server

CANVAS = ".stage canvas"


@pytest.fixture
def opened(visit: Visit) -> Visit:
    visit.open("map")
    visit.wait(CANVAS)
    visit.page.drawn()
    return visit


def choose(visit: Visit, title: str) -> None:
    """Search for a track, which then is in the middle of the map, and click it there."""
    visit.type(".fields input[type=search]", title)
    visit.page.key("Enter")
    visit.page.drawn()
    visit.click(CANVAS)


def corners(visit: Visit) -> list[tuple[float, float]]:
    left, top, right, bottom = visit.page.of(
        f"(() => {{ const box = document.querySelector({CANVAS!r}).getBoundingClientRect(); "
        "return [box.left + 3, box.top + 3, box.right - 60, box.bottom - 3]; })()"
    )
    return [(left, top), (right, top), (right, bottom), (left, bottom), (left, top + 9)]


def picture(visit: Visit) -> str:
    visit.page.drawn()
    return str(visit.page.of(f"document.querySelector({CANVAS!r}).toDataURL()"))


def test_a_dot_that_is_clicked_is_told_with_its_true_neighbours_and_plays(opened: Visit, page_server: Server) -> None:
    choose(opened, "Piece 4")
    opened.wait(".chosen h2", "Artist 4 – Piece 4")
    told = page_server.client.get("/api/map").json()
    row = told["titles"].index("Piece 4")
    nearest = told["titles"][told["neighbours"]["rows"][row][0]]
    assert nearest in opened.all_words(".near li")[0]
    opened.page.wait_for("!document.querySelector('.player').hidden")
    assert opened.words(".player .what") == "Artist 4 – Piece 4"


def test_what_the_mouse_points_at_is_named(opened: Visit) -> None:
    choose(opened, "Piece 2")
    x, y = opened.place(CANVAS)
    opened.page.mouse("mouseMoved", x + 1, y + 1)
    opened.page.drawn()
    assert opened.words(".told b") == "Artist 2 – Piece 2"


def test_a_lasso_around_all_dots_makes_a_playlist_of_them(opened: Visit) -> None:
    opened.press("Lasso")
    opened.draw_around(corners(opened))
    opened.wait(".results h3", "8 tracks picked")
    opened.press("Make a playlist")
    opened.page.wait_for("document.querySelectorAll('.results .row').length === 8")


def test_a_lasso_around_nothing_says_so(opened: Visit) -> None:
    opened.press("Lasso")
    left, top = corners(opened)[0]
    opened.draw_around([(left, top), (left + 9, top), (left + 9, top + 9), (left, top + 9)])
    opened.wait(".results", "There was no track inside.")


def test_a_path_between_two_dots_that_are_clicked_begins_and_ends_there(opened: Visit) -> None:
    choose(opened, "Piece 1")
    opened.wait(".chosen h2", "Piece 1")
    before = picture(opened)
    opened.press("Path from here")
    choose(opened, "Piece 7")
    opened.wait(".results .row", "Piece")
    rows = opened.all_words(".results .row a")
    assert rows[0].endswith("Piece 1")
    assert rows[-1].endswith("Piece 7")
    way = picture(opened)
    assert way != before, "the way is drawn"
    opened.click(".zoom button:last-child")
    opened.page.mouse("mouseMoved", 5, 5)
    assert picture(opened) == way, "and all of it is seen"


def test_sums_complete_and_come_to_what_the_server_says(opened: Visit, page_server: Server) -> None:
    opened.type(".arithmetic input", "loud - lo")
    opened.wait(".completions li", "low")
    opened.page.key("ArrowDown")
    chosen = opened.page.of("document.querySelector('.completions [aria-selected=true]').firstChild.textContent")
    opened.page.key("Enter")
    value = str(opened.page.of("document.querySelector('.arithmetic input').value"))
    assert value.startswith("loud - ")
    assert chosen in value
    opened.type(".arithmetic input", "loud - low")
    opened.press("Solve")
    opened.wait(".results h3", "It comes to")
    expected = page_server.client.get("/api/arithmetic", params={"q": "loud - low", "count": 12}).json()["tracks"]
    titles = [f"{each['item']['artist']} – {each['item']['title']}" for each in expected]
    assert opened.all_words(".results .row a") == titles


def test_a_sum_that_cannot_be_read_says_what_is_wrong(opened: Visit) -> None:
    opened.type(".arithmetic input", "zesty + ")
    opened.press("Solve")
    opened.wait(".results .problem")
    assert opened.page.errors, "the browser shows the refusal, too"
    opened.page.errors.clear()


def test_in_space_a_drag_turns_and_the_arrows_do_as_well(opened: Visit) -> None:
    opened.page.of(
        "(() => { const shape = document.querySelector('select.shape'); shape.value = 'solid'; "
        "shape.dispatchEvent(new Event('change')); })()"
    )
    first = picture(opened)
    x, y = opened.place(CANVAS)
    opened.page.drag((x, y), (x + 90, y + 20))
    turned = picture(opened)
    assert turned != first
    opened.page.of(f"document.querySelector({CANVAS!r}).focus()")
    opened.page.key("ArrowLeft")
    assert picture(opened) != turned
    assert "axes hold" in opened.words(".charted .beside")


def test_by_keys_alone_a_track_is_chosen_left_for_its_neighbour_and_picked(opened: Visit) -> None:
    opened.page.of(f"document.querySelector({CANVAS!r}).focus()")
    opened.page.key("Enter")
    opened.wait(".chosen h2", "Piece")
    first = opened.words(".chosen h2")
    nearest = opened.words(".near li button")
    opened.page.key("n")
    assert opened.words(".chosen h2") == nearest != first
    opened.page.key("s")
    opened.wait(".results h3", "1 track picked")


def test_dots_are_coloured_by_a_tag_and_a_class_is_hidden_by_its_box(opened: Visit) -> None:
    by_genre = picture(opened)
    opened.page.of(
        "(() => { const colour = document.querySelectorAll('.fields select')[0]; "
        "colour.value = [...colour.options].find(each => each.textContent === 'loud').value; "
        "colour.dispatchEvent(new Event('change')); })()"
    )
    opened.wait(".legend ~ *, h2", "Coloured by loud")
    by_tag = picture(opened)
    assert by_tag != by_genre
    opened.click(".legend input")
    assert picture(opened) != by_tag
