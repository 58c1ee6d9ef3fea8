"""Covers in a browser: seen where there is one, a quiet place where there is none; no more asked for than are seen."""

import io
from pathlib import Path

from mutagen.flac import FLAC, Picture
from PIL import Image

from paged import Visit
from served import Server

ASKED = "performance.getEntriesByType('resource').filter(each => each.name.includes('/cover?')).length"
SEEN = "document.querySelector({selector!r})?.naturalWidth > 0"


def known(server: Server) -> dict[str, str]:
    return {each["title"]: each["id"] for each in server.client.get("/api/tracks").json()["tracks"]}


def test_a_list_shows_the_cover_that_there_is_and_a_quiet_place_where_there_is_none(
    visit: Visit, page_server: Server
) -> None:
    visit.open("listen")
    visit.wait(".picker .row", "Piece")
    with_one = known(page_server)["Piece 0"]
    visit.page.wait_for(SEEN.format(selector=f".picker .row[data-id='{with_one}'] .cover img"))
    visit.page.wait_for(f"{ASKED} === 8")
    assert (visit.count(".picker .cover"), visit.count(".picker .cover img")) == (8, 1)
    assert visit.page.of("document.querySelector('.picker .cover img').alt") == "", "its title stands beside it"


def test_the_head_of_a_track_names_the_album_whose_cover_it_shows(visit: Visit, page_server: Server) -> None:
    visit.open(f"listen/{known(page_server)['Piece 0']}")
    visit.page.wait_for(SEEN.format(selector=".track .head .cover img"))
    assert visit.page.of("document.querySelector('.head img').alt") == "Cover of Album 0"


def test_similar_tracks_show_theirs(visit: Visit, page_server: Server) -> None:
    titles = known(page_server)
    like = page_server.client.get("/api/similar", params={"id": titles["Piece 0"], "count": 1}).json()
    first = like["matches"][0]["item"]["id"]  # to which it is near, as it is to that
    visit.open(f"listen/{first}", height=2500)
    visit.page.wait_for(SEEN.format(selector=f".similar .row[data-id='{titles['Piece 0']}'] .cover img"))
    assert visit.count(".head .cover img") == 0


def test_a_file_that_is_dropped_shows_its_own(visit: Visit, song: Path, tmp_path: Path) -> None:
    file = tmp_path / "with a picture.flac"
    file.write_bytes(song.read_bytes())
    made = io.BytesIO()
    Image.new("RGB", (80, 80), "red").save(made, "PNG")
    flac = FLAC(file)
    picture = Picture()
    picture.data, picture.type, picture.mime = made.getvalue(), 3, "image/png"
    flac.add_picture(picture)
    flac.save()
    visit.open("listen")
    visit.drop(file)
    visit.wait(".track h1", file.name)
    visit.page.wait_for(SEEN.format(selector=".track .head .cover img"))


def test_covers_are_asked_for_when_they_are_about_to_be_seen_and_once(visit: Visit) -> None:
    visit.open("listen", height=150)
    visit.wait(".picker .row", "Piece")
    visit.page.drawn()
    assert visit.page.of(ASKED) < 8
    visit.page.of("scrollTo(0, document.body.scrollHeight)")
    visit.page.wait_for(f"{ASKED} === 8")
    visit.type(".picker input", "piece")  # the same tracks again
    visit.page.wait_for("document.querySelector('.picker [role=status]').textContent === '8 tracks'")
    visit.page.drawn()
    assert visit.page.of(ASKED) == 8


def test_the_map_shows_the_cover_of_the_track_that_is_chosen(visit: Visit, page_server: Server) -> None:
    visit.open(f"map/{known(page_server)['Piece 0']}")
    visit.page.wait_for(SEEN.format(selector=".chosen .cover img"))
