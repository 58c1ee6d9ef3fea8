"""The views "Make" and "Model" in a browser: lists by words, a path or an arc, and the model's card."""

import time
from pathlib import Path

from paged import Visit
from served import Music, Server


def test_a_list_near_a_word_is_made_and_the_same_seed_makes_it_again(visit: Visit, page_server: Server) -> None:
    visit.open("make")
    visit.type(".wishes input", "loud")
    visit.press("Add")
    assert visit.all_words(".wishes .chips li")[0].startswith("loud")
    visit.press("Make the list")
    visit.wait(".listing .row", "Piece")
    seed = int(visit.words(".listing [role=status]").split("seed ")[1].split()[0])
    wish = {"like": ["loud"], "count": 20, "spread": 0.2, "spacing": 5, "seed": seed}
    expected = [each["item"]["title"] for each in page_server.client.post("/api/playlist", json=wish).json()["tracks"]]
    assert [words.split(" – ")[1] for words in visit.all_words(".listing .row a")] == expected


def test_a_path_is_asked_for_by_where_it_begins_and_ends(visit: Visit) -> None:
    visit.open("make")
    visit.click(".playlist-form input[value=path]")
    for name, words in (("From", "Piece 2"), ("To", "Piece 5")):
        visit.type(f".playlist-form input[aria-label={name}]", words)
    visit.press("Make the list")
    visit.wait(".listing .row a", "Piece 2")
    assert visit.all_words(".listing .row a")[-1].endswith("Piece 5")


def test_nothing_asked_for_is_refused_in_words(visit: Visit) -> None:
    visit.open("make")
    visit.press("Make the list")
    visit.wait(".result .problem")
    visit.page.errors.clear()  # the browser shows the refusal, too


def test_all_of_a_list_is_played_and_the_same_list_is_kept_as_a_file(visit: Visit, tmp_path: Path) -> None:
    visit.page.ask("Page.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    visit.open("make")
    visit.type(".wishes input", "loud")
    visit.press("Make the list")
    visit.wait(".listing .row", "Piece")
    visit.press("Play all")
    visit.page.wait_for("!document.querySelector('.player').hidden")
    assert visit.words(".player .what") == visit.words(".listing .row a")
    visit.press("M3U8")
    visit.wait(".listing", "earmark.m3u8 was handed")
    kept = tmp_path / "earmark.m3u8"
    deadline = time.monotonic() + 30
    while not kept.is_file() and time.monotonic() < deadline:
        time.sleep(0.05)
    files = [Path(line).stem for line in kept.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    assert files == [words.split(" – ")[1].lower() for words in visit.all_words(".listing .row a")]


def test_the_model_s_card_says_what_the_server_says(visit: Visit, page_server: Server) -> None:
    visit.open("model")
    visit.wait(".model section")
    told = page_server.client.get("/api/model").json()
    assert f"{told['name']} {told['version']}" in visit.words(".model > p")
    assert visit.words(".model").count("That was not measured of this network.") == 3
    assert "50 %" in visit.words(".pairs + *, .pairs ~ *, .model").replace("\u00a0", " ")


def test_the_next_of_a_list_is_played_and_one_that_cannot_be_is_passed_over(
    visit: Visit, music_served: Music, tmp_path: Path
) -> None:
    visit.open("make")
    visit.type(".wishes input", "loud")
    visit.press("Make the list")
    visit.wait(".listing .row", "Piece")
    titles = visit.all_words(".listing .row a")
    gone = music_served.folder / f"{titles[1].split(' – ')[1].lower()}.flac"
    gone.rename(tmp_path / "elsewhere")
    try:
        visit.press("Play all")
        visit.wait(".player .what", titles[0])
        visit.page.wait_for("Number(document.querySelector('.player input').max) > 20")
        visit.page.of(
            "(() => { const place = document.querySelector('.player input'); place.value = place.max - 0.2; "
            "place.dispatchEvent(new Event('input')); })()"
        )
        visit.wait(".player .what", titles[2])
        assert titles[1] in visit.words(".player .trouble")
    finally:
        (tmp_path / "elsewhere").rename(gone)
    visit.page.errors[:] = [line for line in visit.page.errors if " 404 " not in line]  # the one that is gone


def test_a_piece_is_made_of_the_form_as_it_stands_and_of_nothing_it_is_said_so(visit: Visit) -> None:
    visit.open("make")
    visit.page.wait_for("document.querySelector('.piece-form select').value !== ''")
    visit.page.of("document.querySelector('.piece-form input[type=number]').value = 6")
    visit.press("Make the piece")
    visit.wait(".result .buttons button", "Play the piece")
    visit.page.of("document.querySelector('.piece-form select').value = ''")
    visit.press("Make the piece")
    visit.wait(".result .problem", "Choose a genre or a mood.")


def test_a_piece_is_made_like_a_song_and_names_what_it_is_made_of(visit: Visit) -> None:
    visit.open("make")
    visit.click(".piece-form input[value=like]")
    visit.type(".piece-form input[aria-label=Like]", "Piece 3")
    visit.page.of("document.querySelector('.piece-form input[type=number]').value = 6")
    visit.press("Make the piece")
    visit.wait(".result .buttons button", "Play the piece")
    visit.press("Its parts")
    assert all("Piece" in words for words in visit.all_words(".result .rows li"))
    visit.page.wait_for("!document.querySelector('.player').hidden")
