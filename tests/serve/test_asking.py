"""Texts of clients name songs by ids and titles, are completed, and are never taken for files."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from earmark import load_bundle
from earmark.errors import WishError
from earmark.library.collection import Collection
from earmark.serve.asking import KnownSongs, completions, rules_of
from earmark.serve.shelf import Books
from served import Music


@pytest.fixture(scope="module")
def books(music_served: Music) -> Iterator[Books]:
    with Collection.open(music_served.db) as collection:
        yield Books(collection, load_bundle(music_served.bundle))


def test_a_song_is_named_by_its_id_or_its_title_and_by_no_file(books: Books, music_served: Music) -> None:
    songs = KnownSongs(books)
    entry = books.collection.entries[3]
    for name in (f"#{entry.id}", " piece 3 ", "Artist 3 Piece 3"):
        found = songs.find(name)
        assert found is not None
        assert found.row == 3
    for name in (entry.path, str(music_served.folder), "/etc/passwd", "~", "", "\x00", "#", "#x", "#٣"):
        assert songs.find(name) is None
    for name in ("#999", "#" + "9" * 30):
        with pytest.raises(WishError, match="no track #999"):
            songs.find(name)


def test_a_file_that_is_there_is_no_song(books: Books, music_served: Music, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(music_served.page)
    assert KnownSongs(books).find("index.html") is None


def test_rules_are_rules_and_never_files(books: Books, tmp_path: Path) -> None:
    assert [rule.text for rule in rules_of(books, ["tag loud"])] == ["tag loud"]
    file = tmp_path / "rules"
    file.write_text("tag loud\n")
    with pytest.raises(WishError):
        rules_of(books, [str(file)])


@pytest.mark.parametrize(
    ("text", "expected", "start"),
    [
        ("lo", {"loud", "low"}, 0),
        ("jazz + lo", {"loud", "low"}, 7),
        ("#3 - LOU", {"loud"}, 5),
        ("- lou", {"loud"}, 2),
        ("x - y + lou", {"loud"}, 8),
        ("", set(), 0),
        ("jazz + ", set(), 7),
    ],
)
def test_the_last_operand_is_completed(books: Books, text: str, expected: set[str], start: int) -> None:
    found = [each for each in completions(books, text, 10) if each.kind != "song"]
    assert {each.insert for each in found} == expected
    assert {each.start for each in found} <= {start}


def test_songs_are_completed_by_their_ids_behind_words(books: Books) -> None:
    found = completions(books, "loud + piece", 3)
    assert [each.kind for each in found] == ["song"] * 3
    assert found[0].insert == f"#{books.collection.entries[0].id}"
    assert found[0].text == "Artist 0 – Piece 0"
