"""Laws of the search: never the song itself, no copies unasked, few of an artist, only what is wished, and why."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from earmark.library.collection import Collection
from earmark.library.entry import Entry, Heard, Tokens
from earmark.library.queries import Query
from earmark.library.reasons import Reason, Seconds
from earmark.library.similar import LIKE, Match, how_close, name_of_entry, similar, usual, warning
from earmark.library.store import FileFacts
from made_collection import GENRES, opened

Change = Callable[[int, FileFacts, Heard], tuple[FileFacts, Heard]]
CLUSTERS = len(GENRES)


def made(folder: Path, change: Change | None = None, *, n: int = 60, seed: int = 0) -> Collection:
    return opened(folder, np.random.default_rng(seed), n=n, change=change)


def row_of(collection: Collection, number: int) -> int:
    return next(row for row, entry in enumerate(collection.entries) if entry.path.endswith(f"{number:05}.mp3"))


def numbers_of(matches: tuple[Match, ...]) -> list[int]:
    return [int(match.entry.path[-9:-4]) for match in matches]


def of_number(collection: Collection, number: int = 0) -> Query:
    return Query.of_row(collection, row_of(collection, number))


@given(st.integers(0, 39))
@settings(deadline=None, max_examples=15)
def test_a_song_is_never_like_itself_and_the_nearest_come_first(made_collection: Collection, row: int) -> None:
    matches = similar(made_collection, Query.of_row(made_collection, row), n=50, per_artist=None)
    assert row not in [match.row for match in matches]
    assert len({match.row for match in matches}) == len(matches) > 20
    proximities = [match.proximity for match in matches]
    assert proximities == sorted(proximities, reverse=True)


def test_what_is_like_a_song_is_of_its_kind(made_collection: Collection) -> None:
    for row in range(0, 40, 7):
        genre = Path(made_collection.entries[row].path).parent.name
        matches = similar(made_collection, Query.of_row(made_collection, row), n=3)
        assert [Path(match.entry.path).parent.name for match in matches] == [genre] * 3
        assert all(genre in match.reason.genres for match in matches)


@pytest.mark.parametrize("per_artist", [1, 2])
def test_of_an_artist_no_more_are_given_than_asked_for(made_collection: Collection, per_artist: int) -> None:
    matches = similar(made_collection, of_number(made_collection), n=30, per_artist=per_artist)
    artists = [match.entry.artist_key for match in matches]
    assert max(artists.count(artist) for artist in artists) == per_artist


def test_who_is_not_known_stands_for_himself(tmp_path: Path) -> None:
    with made(tmp_path, lambda number, facts, heard: (replace(facts, tags={}), heard)) as collection:
        assert len(similar(collection, of_number(collection), n=30)) == 30


def test_no_more_are_given_than_wanted_and_the_same_ones_first(made_collection: Collection) -> None:
    query = of_number(made_collection)
    all_of_them = similar(made_collection, query, n=100)
    for count in (1, 4):
        assert numbers_of(similar(made_collection, query, n=count)) == numbers_of(all_of_them)[:count]


def copy_of_the_first(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
    """Entry 5 is the first one's sound with other tags, entry 10 another encoding of it, 15 a version by its tags."""
    if number == 0:
        copy_of_the_first.first = (facts, heard)  # type: ignore[attr-defined]
        return replace(facts, tags={"title": "Song", "artist": "Somebody"}), heard
    first_facts, first_heard = copy_of_the_first.first  # type: ignore[attr-defined]
    if number == 5:
        return replace(facts, sound_id=first_facts.sound_id), heard
    if number == 10:
        return facts, replace(heard, vector=first_heard.vector, tokens=first_heard.tokens)
    if number == 15:
        return replace(facts, tags={"title": "Song (Live)", "artist": "somebody"}), heard
    return facts, heard


def test_copies_and_versions_are_left_out_unless_they_are_asked_for(tmp_path: Path) -> None:
    with made(tmp_path, copy_of_the_first) as collection:
        query = of_number(collection)
        plain = numbers_of(similar(collection, query, n=100, per_artist=None))
        assert not {5, 10, 15} & set(plain)
        asked = similar(collection, query, n=100, per_artist=None, versions=True)
        told = {number: match.relation for number, match in zip(numbers_of(asked), asked, strict=True)}
        assert (told[5], told[10], told[15]) == ("copy", "copy", "version")
        assert numbers_of(asked)[0] == 10
        assert all(not relation for number, relation in told.items() if number not in (5, 10, 15))


def test_of_two_copies_of_another_song_one_is_given(tmp_path: Path) -> None:
    def two(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        return (replace(facts, sound_id="same"), heard) if number in (5, 10) else (facts, heard)

    with made(tmp_path, two) as collection:
        plain = numbers_of(similar(collection, of_number(collection), n=100, per_artist=None))
        assert len({5, 10} & set(plain)) == 1
        every = numbers_of(similar(collection, of_number(collection), n=100, per_artist=None, versions=True))
        assert {5, 10} <= set(every)


def test_what_is_no_song_is_left_out_unless_all_kinds_are_asked_for(tmp_path: Path) -> None:
    def spoken(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        return facts, replace(heard, kind="spoken") if number % 2 else heard

    with made(tmp_path, spoken) as collection:
        assert all(number % 2 == 0 for number in numbers_of(similar(collection, of_number(collection), n=100)))
        every = numbers_of(similar(collection, of_number(collection), n=100, all_kinds=True))
        assert any(number % 2 for number in every)


def test_only_what_is_kept_is_given(made_collection: Collection) -> None:
    keep = np.array(["metal" in entry.path for entry in made_collection.entries])
    matches = similar(made_collection, of_number(made_collection), keep=keep, n=100)
    assert {Path(match.entry.path).parent.name for match in matches} == {"metal"}
    assert similar(made_collection, of_number(made_collection), keep=~keep & keep) == ()


@pytest.mark.parametrize(
    "pattern",
    ["jazz", "*/JAZZ/*", "jazz artist*", "Jazz Artist ?", "jazz/"],
    ids=["folder", "path", "artist", "?", "/"],
)
def test_patterns_leave_out_folders_paths_and_artists(made_collection: Collection, pattern: str) -> None:
    left = similar(made_collection, of_number(made_collection, 2), n=100, exclude=[pattern])
    assert left
    assert not any("jazz" in match.entry.path for match in left)


def test_a_file_that_is_not_in_the_collection_finds_its_own_kind(made_collection: Collection) -> None:
    row = row_of(made_collection, 7)
    entry = replace(made_collection.entries[row], id=0, path="/elsewhere/x.mp3", sound_id="", tags={})
    heard = Heard(
        made_collection.track(int(made_collection.ids[row])),
        made_collection.vectors[row],
        made_collection.numbers[row],
        made_collection.answers[row],
        made_collection.tokens(int(made_collection.ids[row])),
    )
    query = Query.of_heard(entry, heard)
    assert row not in [match.row for match in similar(made_collection, query)]  # it is a copy
    assert similar(made_collection, query, versions=True)[0].row == row


def test_nothing_is_really_like_a_stranger(made_collection: Collection) -> None:
    mean = made_collection.vectors.mean(axis=0)
    stranger = of_number(made_collection)
    matches = similar(made_collection, replace(stranger, row=None, vector=-mean / np.linalg.norm(mean)), n=3)
    assert not any(match.really for match in matches)
    assert warning(matches).startswith("Nothing here is really like it")
    assert warning(similar(made_collection, stranger, n=3)) == ""
    assert warning(()) == ""


def test_closeness_is_told_by_pairs_and_not_in_a_small_collection(tmp_path: Path) -> None:
    with made(tmp_path, n=12) as collection:
        match = similar(collection, of_number(collection))[0]
        assert match.closer_than is None
        assert match.really
        assert how_close(match) == f"similarity {match.similarity:.2f}"


def match_of(closer_than: float | None) -> Match:
    return Match(some_entry(), 0, 0.5, 0.9, closer_than, "", Reason())


def some_entry(**tags: str) -> Entry:
    return Entry(1, "/music/a.mp3", 1, 1, "", tags, 200.0, "song", 1.0, "made 1")


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1.0, "closer than 99.9 % of pairs"),
        (0.9983, "closer than 99.8 % of pairs"),
        (0.6, "closer than 60 % of pairs"),
        (LIKE, "closer than 95.0 % of pairs"),
    ],
)
def test_closeness_in_words(share: float, words: str) -> None:
    assert how_close(match_of(share)) == words
    assert match_of(share).really is (share >= LIKE)


def test_an_entry_is_called_by_artist_and_title_or_by_what_there_is() -> None:
    assert name_of_entry(some_entry(artist="Nina", title="Sinner\nman")) == "Nina – Sinner\\nman"
    assert name_of_entry(some_entry()) == "a"


def with_moments(vectors: NDArray[np.float32], at: Tokens) -> Tokens:
    return Tokens(at.starts_s, at.token_s, vectors)


def test_seconds_of_a_song_find_what_is_like_these_seconds(tmp_path: Path) -> None:
    """The first track's second half is a moment of the cluster of track 1."""
    directions = np.linalg.qr(np.random.default_rng(0).normal(size=(128, 24)))[0]
    targets: dict[int, NDArray[np.float32]] = {}

    def halves(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
        targets[number] = heard.vector @ directions.astype(np.float32)
        return facts, heard

    with made(tmp_path, halves) as collection:
        plain = of_number(collection)
        vectors = plain.tokens.vectors.copy()
        vectors[10:] = targets[1] / np.linalg.norm(targets[1])
        song = replace(plain, tokens=with_moments(vectors, plain.tokens))
        half = song.within(Seconds(14.7, 30.0), directions)
        matches = similar(collection, half, n=4)
        assert all(number % CLUSTERS == 1 for number in numbers_of(matches))
        assert all(match.reason.segments and match.reason.segments.here.start_s >= 13 for match in matches)
        assert all(number % CLUSTERS == 0 for number in numbers_of(similar(collection, song, n=4)))


def test_what_is_usual_is_the_same_each_time(made_collection: Collection) -> None:
    first, again = usual(made_collection), usual(made_collection)
    np.testing.assert_array_equal(first.token, again.token)
    np.testing.assert_allclose(first.answers, made_collection.answers.mean(axis=0), atol=0.1)


def test_a_match_is_plain_json(made_collection: Collection) -> None:
    said = similar(made_collection, of_number(made_collection))[0].to_dict()
    assert set(said) == {
        *("path", "artist", "title", "duration_s", "similarity", "proximity", "closer_than", "really", "relation"),
        "reason",
    }
    assert said["reason"]["words"]
