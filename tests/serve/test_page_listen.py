"""The view "Listen" in a browser: files in, answers out, seconds that play, words that are taught."""

from pathlib import Path

import pytest

from paged import Visit
from served import Server


def dropped(visit: Visit, *files: Path) -> None:
    visit.open("listen")
    visit.drop(*files)
    visit.wait("article.track .sentence")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A file that says it is sound, and is none."""
    file = tmp_path / "broken.flac"
    file.write_bytes(b"fLaC" + b"no sound at all " * 40)
    return file


def test_a_file_that_is_dropped_is_heard_and_its_answer_is_that_of_the_server(
    visit: Visit, song: Path, page_server: Server
) -> None:
    dropped(visit, song)
    number = visit.page.of("location.hash").removeprefix("#/listen/")
    heard = page_server.client.get(f"/api/tracks/{number}").json()
    assert visit.words(".track h1") == song.name
    assert visit.words(".sentence") == heard["sentence"]
    assert visit.words(".queue a") == song.name
    lanes = visit.page.of("[...document.querySelectorAll('.label.genre')].map(each => each.textContent)")
    assert lanes == list(heard["track"]["genres"])[: len(lanes)]


def test_without_the_decisive_seconds_another_answer_is_told(visit: Visit, song: Path) -> None:
    dropped(visit, song)
    visit.wait(".without .remark", "Without these seconds")


def test_the_waveform_is_drawn_of_the_server_s_peaks_and_the_spectrogram_in_colours(visit: Visit, song: Path) -> None:
    dropped(visit, song)
    visit.page.wait_for("document.querySelector('.wave > div')?.shadowRoot?.querySelector('canvas')?.width > 100")
    visit.page.wait_for(
        "(() => { const c = document.querySelector('.spectrogram'); "
        "const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; "
        "for (let n = 0; n < d.length; n += 4) if (d[n] !== d[n + 1]) return true; return false; })()"
    )


def test_a_decisive_second_s_button_plays_these_seconds_of_the_dropped_file(visit: Visit, song: Path) -> None:
    dropped(visit, song)
    visit.click(".columns .row button.play")
    visit.page.wait_for("document.querySelectorAll('button.play.on').length === 1")
    first, last = visit.playing()
    assert visit.words(".columns .row button.play.on").endswith(f"0:{round(first):02}–0:{round(last):02}")
    visit.page.wait_for(
        "!document.querySelector('.player').hidden && document.querySelector('.cursor.played').style.left !== ''"
    )
    assert visit.words(".player .what") == song.name
    visit.page.wait_for("document.querySelectorAll('button.play.on').length === 0")  # it stops by itself
    assert first <= float(visit.page.of("document.querySelector('.player input').value")) <= last


def test_a_moment_that_is_pointed_at_is_told_in_words_and_by_keys_as_well(visit: Visit, song: Path) -> None:
    dropped(visit, song)
    visit.page.mouse("mouseMoved", *visit.place(".overlay"))
    visit.page.drawn()
    assert visit.words(".readout").startswith(("0:11:", "0:12:")), "the middle of 24 seconds"
    visit.page.mouse("mouseMoved", 5, 5)
    visit.page.of("document.querySelector('.overlay').focus()")
    for key, time in (("ArrowRight", "0:13:"), ("ArrowLeft", "0:12:"), ("ArrowLeft", "0:10:")):
        visit.page.key(key)
        assert visit.page.of("document.querySelector('.overlay').getAttribute('aria-valuetext')").startswith(time)


def test_a_broken_file_says_why_and_the_others_are_heard(visit: Visit, song: Path, broken: Path) -> None:
    visit.open("listen")
    visit.drop(broken, song)
    visit.wait(".queue li[data-stage=failed]", "broken.flac")
    visit.wait(".track h1", song.name)  # the first that can be heard is opened
    visit.wait(".queue li[data-stage=heard]", song.name)
    words = visit.words(".queue li[data-stage=failed]")
    assert len(words.splitlines()) >= 2, "its name, and what is wrong"
    assert "Traceback" not in words


def test_of_many_files_those_that_are_no_sound_are_passed_over(visit: Visit, song: Path, tmp_path: Path) -> None:
    other = tmp_path / "cover.jpg"
    other.write_bytes(b"no sound")
    visit.open("listen")
    visit.drop(other, song)
    visit.wait(".beside > p", "1 file passed over")
    visit.wait(".queue li[data-stage=heard]", song.name)
    assert visit.count(".queue li") == 1


def test_a_folder_is_searched_to_its_depths(visit: Visit, song: Path, tmp_path: Path) -> None:
    (tmp_path / "music" / "deeper").mkdir(parents=True)
    for name in ("one.flac", "deeper/two.flac"):
        (tmp_path / "music" / name).write_bytes(song.read_bytes())
    (tmp_path / "music" / "notes.txt").write_text("no sound")
    visit.open("listen")
    visit.drop(tmp_path / "music")
    visit.wait(".queue li[data-stage=heard]", "one.flac")
    visit.wait(".queue li[data-stage=heard]", "two.flac")
    assert visit.count(".queue li") == 2


def test_of_a_track_of_the_collection_it_is_asked_what_it_would_be_without_these_seconds(
    visit: Visit, page_server: Server
) -> None:
    first = page_server.client.get("/api/tracks", params={"q": "piece 5"}).json()["tracks"][0]["id"]
    visit.open(f"listen/{first}")
    visit.wait(".without button")
    visit.press("What would it be without these seconds?")
    visit.wait(".without .remark", "Without these seconds")


def test_similar_tracks_come_with_reasons_and_play_the_seconds_of_both(visit: Visit, song: Path) -> None:
    dropped(visit, song)
    visit.wait(".similar .row .pair button", "there")
    here = visit.page.of("document.querySelector('article').dataset.id")
    there = visit.page.of("document.querySelector('.similar .row:has(.pair)').dataset.id")
    for number, side, track in ((1, "here", here), (2, "there", there)):
        visit.click(f".similar .row:has(.pair) .pair button:nth-child({number})")
        visit.wait(".pair button.play.on", side)
        assert visit.page.of("document.querySelector('.pair button.play.on').dataset.plays").startswith(f"{track}|")
        assert visit.words(".player .what") == (
            song.name if track == here else visit.words(".similar .row:has(.pair) a")
        )


def test_what_is_like_its_decisive_seconds_is_asked_of_as_many_as_can_be_compared(visit: Visit, song: Path) -> None:
    dropped(visit, song)
    visit.wait(".similar .row")
    words = visit.all_words(".similar option")[1]
    visit.page.of(
        "(() => { const to = document.querySelector('.similar select'); to.selectedIndex = 1; "
        "document.querySelector('.similar .rows').replaceChildren(); to.dispatchEvent(new Event('change')); })()"
    )
    visit.wait(".similar .row", "Piece")
    asked = visit.page.of(
        "performance.getEntriesByType('resource').map(each => new URL(each.name).searchParams.get('segment'))"
        ".filter(each => each).at(-1)"
    )
    first, last = map(float, str(asked).split("-"))
    assert last - first >= 9.9
    assert 0 <= first < last <= 24.1
    assert "around" in words


def test_the_collection_is_shown_further_by_a_button(visit: Visit) -> None:
    visit.open("listen")
    visit.wait(".picker .row", "Piece")
    visit.page.of(
        "(() => { const ask = window.fetch; "
        "window.fetch = (address, ...more) => ask(String(address).replace('limit=30', 'limit=3'), ...more); })()"
    )
    visit.type(".picker input", "piece")
    visit.wait(".picker .more button", "Show 5 more")
    visit.press("Show 5 more")
    visit.wait(".picker .more button", "Show 2 more")
    assert visit.page.of("document.activeElement.textContent").endswith("Piece 3"), "one goes on where one was"
    visit.press("Show 2 more")
    visit.page.wait_for("document.querySelectorAll('.picker .row').length === 8")
    assert [words.split("Piece ")[1][0] for words in visit.all_words(".picker .row a")] == list("01234567")


def test_the_collection_is_searched_by_name_and_a_track_of_it_opened(visit: Visit) -> None:
    visit.open("listen")
    visit.wait(".picker .row", "Piece")
    visit.type(".picker input", "piece 6")
    visit.page.wait_for("document.querySelectorAll('.picker .row').length === 1")
    visit.click(".picker .row a")
    visit.wait(".track h1", "Piece 6")
    visit.wait(".track .head", "Artist 1")


def test_the_collection_is_searched_by_how_it_sounds(visit: Visit) -> None:
    visit.open("listen")
    visit.page.of(
        "(() => { const way = document.querySelector('.picker select'); way.value = 'sound'; "
        "way.dispatchEvent(new Event('change')); })()"
    )
    visit.type(".picker input", "loud")
    visit.wait(".picker [role=status]", "loud ->")


def test_a_word_is_taught_by_this_track_and_others_and_forgotten(visit: Visit, page_server: Server) -> None:
    first = page_server.client.get("/api/tracks", params={"q": "piece 0"}).json()["tracks"][0]["id"]
    visit.open(f"listen/{first}")
    visit.wait(".teach button")
    visit.press("This track has it")
    visit.type(".teach input[type=search]", "piece")
    visit.page.wait_for("document.querySelectorAll('.found li').length === 8")
    for place, words in enumerate(visit.all_words(".found li"), start=1):
        if "Piece 0" not in words:
            has = any(f"Piece {seed}" in words for seed in (1, 2))
            visit.click(f".found li:nth-child({place}) button:nth-of-type({1 if has else 2})")
    assert [len(words.splitlines()) for words in visit.all_words(".examples .chips")] == [3, 5]
    visit.type(".teach input[name=word]", "gym")
    visit.press("Teach")
    visit.wait(".teach .remark", "gym: learned from")
    assert [each["word"] for each in page_server.client.get("/api/teach").json()["words"]] == ["gym"]
    visit.wait(".known li", "gym")
    visit.press("forget")
    visit.page.wait_for("document.querySelectorAll('.known li').length === 0")
    assert page_server.client.get("/api/teach").json()["words"] == []
