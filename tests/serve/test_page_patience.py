"""The page when the server has too much to do, has forgotten a file, or is asked for what is not there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from paged import Visit
from served import Server


@pytest.fixture
def refusals(visit: Visit) -> Iterator[None]:
    """The browser's console names what the server refused; nothing else may stand there."""
    yield
    visit.page.errors[:] = [line for line in visit.page.errors if " 429 " not in line and " 404 " not in line]


@pytest.fixture
def crowded(page_server: Server, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A server whose workers and collection take nothing more: each call is answered with 429."""
    monkeypatch.setattr(page_server.service.crew, "_most_waiting", 0)
    return monkeypatch


@pytest.mark.usefixtures("refusals")
def test_a_file_for_which_there_is_no_room_is_sent_again_when_the_server_says(
    visit: Visit, song: Path, crowded: pytest.MonkeyPatch
) -> None:
    visit.open("listen")
    visit.drop(song)
    visit.wait(".queue li[data-stage=refused]", "It is sent again in 1 second.")
    crowded.undo()
    visit.wait("article.track .sentence")
    assert visit.words(".queue a") == song.name
    assert visit.count(".queue .problem") == 0


@pytest.mark.usefixtures("refusals")
def test_what_is_read_is_asked_for_again_and_the_page_says_that_it_waits(
    visit: Visit, page_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = page_server.client.get("/api/tracks?q=piece 2").json()["tracks"][0]["id"]
    visit.open("listen")
    visit.wait(".picker .row", "Piece")
    monkeypatch.setattr(page_server.service.shelf, "_waiting", 64)
    visit.page.of(f"location.hash = '#/listen/{known}'")
    visit.wait(".patience", "It is asked again in 1 second.")
    monkeypatch.setattr(page_server.service.shelf, "_waiting", 0)
    visit.wait(".track h1", "Piece 2")
    visit.wait(".similar .row", "Piece")
    visit.page.wait_for("document.querySelector('.patience').textContent === ''")
    assert visit.count(".problem") == 0


@pytest.mark.usefixtures("refusals")
def test_waveform_and_spectrogram_wait_as_well(visit: Visit, page_server: Server, crowded: pytest.MonkeyPatch) -> None:
    known = page_server.client.get("/api/tracks?q=piece 4").json()["tracks"][0]["id"]
    page_server.service.sketches._found.clear()
    visit.open(f"listen/{known}")
    visit.wait(".patience", "asked again")
    crowded.undo()
    visit.page.wait_for("document.querySelector('.wave > div')?.shadowRoot?.querySelector('canvas')?.width > 100")
    visit.page.wait_for("document.querySelector('.spectrogram').width !== 300")  # as a canvas has before it is drawn


@pytest.mark.usefixtures("refusals")
def test_a_file_that_the_server_has_forgotten_is_sent_again_when_it_is_opened(
    visit: Visit, song: Path, page_server: Server
) -> None:
    visit.open("listen")
    visit.drop(song)
    visit.wait(".queue li[data-stage=heard]")
    before = visit.page.of("location.hash")
    visit.page.of("location.hash = '#/listen'")
    visit.wait(".stage-track h1", "What is in this music?")
    page_server.service.kept._found.pop(before.removeprefix("#/listen/"))
    visit.page.of(f"location.hash = {before!r}")
    visit.page.wait_for(f"location.hash.startsWith('#/listen/u') && location.hash !== {before!r}")
    visit.wait("article.track .sentence")
    visit.wait(".similar .row")
    assert visit.count(".queue li") == 1


@pytest.mark.usefixtures("refusals")
@pytest.mark.parametrize("rest", ["%", "%E0%A4", "999", "<img src=x onerror=alert(1)>"])
def test_an_address_of_no_track_says_so_and_the_page_goes_on(visit: Visit, rest: str) -> None:
    visit.open(f"listen/{rest}")
    visit.wait(".stage-track .problem", "The collection has no track")
    visit.wait(".picker .row", "Piece")
    assert visit.count("img[src=x]") == 0
