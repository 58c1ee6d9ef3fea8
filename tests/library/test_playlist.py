"""Playlists: the laws of a list, the three ways to one, and lists that are filled again."""

import dataclasses
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import WishError
from earmark.library.asks import ELSEWHERE, Ask, Playlist
from earmark.library.collection import Collection
from earmark.library.entry import Heard
from earmark.library.judging import Judge
from earmark.library.lexicon import Lexicon
from earmark.library.playlist import Maker, line_of
from earmark.library.playlist_files import Line, read_listing, text_of
from earmark.library.refresh import listing_of, refill_of
from earmark.library.rules import read_rule
from earmark.library.sequences import steps_of
from earmark.library.songs import Songs
from earmark.library.store import FileFacts
from earmark.library.synonyms import read_synonyms
from made_collection import NAMES, opened

LEXICON = Lexicon(NAMES, (), read_synonyms())
WAYS: dict[str, dict[str, Any]] = {
    "near": {"wishes": ("jazz", "Title 3")},
    "sum": {"wishes": ("jazz + metal but more piano",)},
    "path": {"start": "Title 2", "end": "Title 3"},
    "path of genres": {"start": "jazz", "end": "metal"},
    "arc": {"arc": "calm, lively, calm"},
    "arc of jazz": {"wishes": ("jazz + metal",), "arc": "dark, bright"},
}


def lively(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
    """Thirty artists of four tracks, lengths of all kinds, the last five no songs."""
    facts = dataclasses.replace(facts, tags={**facts.tags, "artist": f"Artist {number % 30}"})
    track = dataclasses.replace(heard.track, duration_s=60.0 + 11 * (number * 7 % 23))
    return facts, dataclasses.replace(heard, track=track, kind="song" if number < 120 else "spoken")


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return opened(tmp_path_factory.mktemp("lively"), np.random.default_rng(7), n=125, closeness=0.6, change=lively)


def maker(collection: Collection, *rules: str) -> Maker:
    judge = Judge(collection)

    def never(path: Path) -> Heard:
        raise AssertionError(f"{path} is heard")

    return Maker(
        collection, judge, LEXICON, Songs(collection, judge, (), never), [read_rule(rule, LEXICON) for rule in rules]
    )


@pytest.fixture(scope="module")
def made(collection: Collection) -> Maker:
    return maker(collection)


def rows(playlist: Playlist) -> list[int]:
    return [pick.row for pick in playlist.picks]


def artists(playlist: Playlist) -> list[str]:
    return [pick.line.artist for pick in playlist.picks]


@pytest.mark.parametrize("way", WAYS)
def test_a_list_has_as_many_songs_as_asked_for_none_twice_and_artists_apart(way: str, made: Maker) -> None:
    playlist = made.make(Ask(**WAYS[way], count=12, seed=3))
    assert len(set(rows(playlist))) == 12
    places: dict[str, int] = {}
    for place, artist in enumerate(artists(playlist)):
        assert place - places.get(artist, -9) > 5
        places[artist] = place
    assert playlist.notes == ()


@pytest.mark.parametrize("way", WAYS)
def test_the_same_seed_makes_the_same_list_and_another_one_another(
    way: str, made: Maker, collection: Collection
) -> None:
    ask = Ask(**WAYS[way], count=10, seed=3)
    assert made.make(ask).picks == maker(collection).make(ask).picks
    others = {tuple(rows(made.make(dataclasses.replace(ask, seed=seed, spread=0.5)))) for seed in range(4)}
    assert len(others) > 2
    still = {tuple(rows(made.make(dataclasses.replace(ask, seed=seed, spread=0.0)))) for seed in range(3)}
    assert len(still) == 1


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("minutes", [8, 31])
def test_a_length_is_met_within_one_track(way: str, minutes: int, made: Maker, collection: Collection) -> None:
    playlist = made.make(Ask(**WAYS[way], length_s=60.0 * minutes, seed=1))
    longest_s = max(entry.duration_s for entry in collection.entries)
    assert abs(playlist.length_s - 60 * minutes) <= longest_s
    assert playlist.length_s == pytest.approx(sum(pick.line.duration_s for pick in playlist.picks))


@settings(deadline=None, max_examples=25)
@given(
    way=st.sampled_from(sorted(WAYS)),
    count=st.integers(1, 30),
    spread=st.floats(0, 1),
    spacing=st.integers(0, 8),
    seed=st.integers(0, 99),
)
def test_no_list_has_a_track_twice_or_what_is_no_song(
    way: str, count: int, spread: float, spacing: int, seed: int, made: Maker, collection: Collection
) -> None:
    playlist = made.make(Ask(**WAYS[way], count=count, spread=spread, spacing=spacing, seed=seed))
    assert len(set(rows(playlist))) == len(rows(playlist))
    assert all(collection.entries[row].kind == "song" for row in rows(playlist))
    if len(playlist.picks) < count:
        assert any(note.startswith("No more than") for note in playlist.notes)


def test_songs_that_are_named_come_in_and_the_first_comes_first(made: Maker) -> None:
    playlist = made.make(Ask(wishes=("Title 3", "jazz", "Title 4"), count=9, spread=0.0))
    titles = [pick.line.title for pick in playlist.picks]
    assert titles[0] == "Title 3"
    assert "Title 4" in titles
    assert {pick.why for pick in playlist.picks if pick.line.title in ("Title 3", "Title 4")} == {"asked for"}
    assert any(pick.why.endswith(" to jazz") for pick in playlist.picks)
    assert playlist.understood == (
        "Title 3 -> the song Title 3",
        "jazz -> genre jazz",
        "Title 4 -> the song Title 4",
    )


def test_songs_of_an_expression_are_what_a_list_is_compared_with(made: Maker) -> None:
    playlist = made.make(Ask(wishes=("like Title 3 but calmer",), count=10))
    assert "Title 3" not in [pick.line.title for pick in playlist.picks]


def test_a_path_begins_and_ends_where_it_should_in_even_steps(made: Maker, collection: Collection) -> None:
    playlist = made.make(Ask(start="Title 2", end="Title 3", count=10, spread=0.0))
    titles = [pick.line.title for pick in playlist.picks]
    assert (titles[0], titles[-1]) == ("Title 2", "Title 3")
    middle = collection.vectors - collection.vectors.mean(axis=0)
    steps = steps_of(middle / np.linalg.norm(middle, axis=1, keepdims=True), rows(playlist))
    assert steps.max() <= 1.7 * steps.mean()  # the clusters are far from each other
    assert playlist.picks[0].why.startswith("start 1.00, end ")
    genres = ["jazz" if "/jazz/" in pick.line.path else "metal" for pick in playlist.picks]
    assert genres.index("metal") >= 4  # it does not go to and fro
    assert genres[-1] == "metal"


def test_an_arc_rises_and_falls(made: Maker, collection: Collection) -> None:
    playlist = made.make(Ask(arc="calm, lively, calm", count=15, spread=0.0))
    arousal = collection.arousal[rows(playlist)]
    assert arousal[:3].mean() < -0.5 < 0.5 < arousal[6:9].mean()
    assert arousal[-3:].mean() < -0.5
    flat = made.make(Ask(arc="0.9/0.9", count=5, spread=0.0))
    assert (collection.valence[rows(flat)] > 0.3).all()
    assert (collection.arousal[rows(flat)] > 0.3).all()


def test_an_arc_near_something_is_near_to_it(made: Maker, collection: Collection) -> None:
    near = made.make(Ask(wishes=("jazz",), arc="calm, lively", count=10, spread=0.0))
    alone = made.make(Ask(arc="calm, lively", count=10, spread=0.0))

    def of_jazz(playlist: Playlist) -> int:
        return sum("/jazz/" in pick.line.path for pick in playlist.picks)

    assert of_jazz(near) > of_jazz(alone)


def test_rules_keep_tracks_out_and_say_how_many(collection: Collection) -> None:
    ruled = maker(collection, "before 1990", "title ~ nothing of that name")
    playlist = ruled.make(Ask(wishes=("jazz",), count=20, spread=1.0))
    years = [int(collection.entries[row].tags["year"]) for row in rows(playlist)]
    assert min(years) >= 1990
    banned = sum(int(entry.tags["year"]) < 1990 and entry.kind == "song" for entry in collection.entries)
    assert playlist.notes[0] == f"Kept out by the rule 'before 1990': {banned}."


def test_where_rules_leave_nothing_it_is_said(collection: Collection) -> None:
    with pytest.raises(WishError, match="Nothing is left") as caught:
        maker(collection, "under 10 h").make(Ask(wishes=("jazz",)))
    assert "Kept out by the rule 'under 10 h': 120." in caught.value.hint


def test_what_is_no_song_comes_in_when_it_is_asked_for(made: Maker, collection: Collection) -> None:
    playlist = made.make(Ask(wishes=("jazz",), count=125, every_kind=True))
    assert sum(collection.entries[row].kind == "spoken" for row in rows(playlist)) == 5


def test_a_list_that_cannot_be_as_long_or_as_mixed_says_so(made: Maker) -> None:
    short = made.make(Ask(wishes=("jazz",), count=500))
    assert "No more than 120 tracks fit." in short.notes
    again = made.make(Ask(wishes=("jazz",), count=40, spacing=35))  # of thirty artists
    assert any(note.startswith("An artist comes again within 35 tracks") for note in again.notes)


def test_artists_that_are_not_known_are_said(tmp_path: Path) -> None:
    collection = opened(tmp_path, np.random.default_rng(0), n=12, tags={"artist": ""})
    playlist = maker(collection).make(Ask(wishes=("jazz",), count=6))
    assert playlist.notes[-1] == "Of 6 of these 6 tracks no artist is known: they are not set apart."


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (Ask(), "Nothing is asked for"),
        (Ask(start="jazz"), "needs a start and an end"),
        (Ask(end="jazz"), "needs a start and an end"),
        (Ask(start="Title 3", end="Title 3"), "begins and ends with the same song"),
        (Ask(wishes=("zesty",)), "'zesty' is no song"),
        (Ask(arc="zesty"), "'zesty' in the arc"),
    ],
)
def test_what_cannot_be_made_says_why(ask: Ask, said: str, made: Maker) -> None:
    with pytest.raises(WishError, match=said):
        made.make(ask)


def test_how_a_list_was_asked_for_survives_its_file() -> None:
    ask = Ask(wishes=("a", "b"), arc="calm", count=3, spread=0.5, seed=9, never=("x",), every_kind=True, folder="/m")
    assert Ask.from_dict(ask.to_dict()) == ask
    assert Ask.from_dict({"length_s": 60}).length_s == 60.0
    with pytest.raises(WishError, match="how it was made"):
        Ask.from_dict({"count": "many"})


# Filling a list again


Edit = Callable[[list[Line]], list[Line]]


def refreshed(maker: Maker, first: Playlist, folder: Path, edit: Edit, **changes: Any) -> tuple[Playlist, Playlist]:
    """A list that was written, edited by a listener and filled again; and what a second filling makes of that."""
    file = folder / "list.m3u8"
    lists = [first]
    thrown: tuple[str, ...] = ()
    for seed in (11, 12):
        file.write_text(text_of(listing_of(lists[-1], file, name="x", thrown=thrown), file))
        listing = read_listing(file)
        edited = dataclasses.replace(listing, lines=tuple(edit(list(listing.lines))))
        file.write_text(text_of(edited, file))
        refill = refill_of(read_listing(file), file, is_there=lambda path: not path.endswith("gone.mp3"))
        assert refill.ask is not None
        thrown = refill.thrown
        ask = dataclasses.replace(refill.ask, seed=seed, **changes)
        lists.append(maker.make(ask, slots=refill.slots, thrown=refill.thrown))
    return lists[1], lists[2]


@pytest.mark.parametrize("way", WAYS)
def test_what_the_listener_kept_stays_in_order_and_the_rest_is_new(way: str, made: Maker, tmp_path: Path) -> None:
    first = made.make(Ask(**WAYS[way], count=10, seed=2, folder=str(tmp_path)))
    paths = [pick.line.path for pick in first.picks]
    second, third = refreshed(made, first, tmp_path, lambda lines: [*lines[:3], *lines[5:]])
    new = [pick.line.path for pick in second.picks]
    kept = [path for path in paths if path not in paths[3:5]]
    assert [path for path in new if path in paths] == kept
    assert len(set(new)) == 10
    assert [new[place] for place in (0, 1, 2, 5, 6, 7, 8, 9)] == kept  # the new ones stand where the old ones stood
    assert [pick.new for pick in second.picks] == [False] * 3 + [True] * 2 + [False] * 5
    assert [pick.why for pick in second.picks][:3] == ["kept"] * 3
    last = [pick.line.path for pick in third.picks]
    assert not {*paths[3:5], *new[3:5]} & set(last)  # what was thrown out once never comes again
    assert len(set(last)) == 10


def test_what_the_listener_put_in_and_moved_stays_where_it_is(
    made: Maker, collection: Collection, tmp_path: Path
) -> None:
    first = made.make(Ask(wishes=("jazz",), count=6, seed=2, folder=str(tmp_path)))
    inside = {pick.row for pick in first.picks}
    own = line_of(collection.entries[next(row for row in range(100) if row not in inside)])
    stranger = Line(str(tmp_path / "elsewhere.mp3"), "Mine", "Me", 100.0)
    second, _ = refreshed(made, first, tmp_path, lambda lines: [stranger, *lines[:1:-1], own])
    paths = [pick.line.path for pick in second.picks]
    assert paths[0] == stranger.path
    assert paths[-1] == own.path
    assert second.picks[0].row == ELSEWHERE
    assert len(second.picks) == 6
    assert paths[1:5] == [pick.line.path for pick in first.picks[:1:-1]]


def test_files_that_are_gone_are_replaced_and_may_come_again(made: Maker, tmp_path: Path) -> None:
    first = made.make(Ask(wishes=("jazz",), count=4, seed=2, folder=str(tmp_path)))
    file = tmp_path / "list.m3u8"
    listing = listing_of(first, file, name="x")
    lost = dataclasses.replace(listing.lines[1], path=str(tmp_path / "gone.mp3"))
    file.write_text(text_of(dataclasses.replace(listing, lines=(listing.lines[0], lost, *listing.lines[2:])), file))
    refill = refill_of(read_listing(file), file, is_there=lambda path: not path.endswith("gone.mp3"))
    assert refill.gone == 1
    assert sum(line is None for line in refill.slots) == 1
    assert lost.path not in refill.thrown


def test_a_list_of_a_length_keeps_it(made: Maker, tmp_path: Path, collection: Collection) -> None:
    first = made.make(Ask(wishes=("jazz",), length_s=1800.0, seed=2, folder=str(tmp_path)))
    second, _ = refreshed(made, first, tmp_path, lambda lines: lines[3:])
    assert abs(second.length_s - 1800) <= max(entry.duration_s for entry in collection.entries)


def test_a_longer_list_is_longer_at_its_end(made: Maker, tmp_path: Path) -> None:
    first = made.make(Ask(wishes=("jazz",), count=5, seed=2, folder=str(tmp_path)))
    second, _ = refreshed(made, first, tmp_path, lambda lines: lines, count=8)
    assert [pick.new for pick in second.picks] == [False] * 5 + [True] * 3


def test_a_path_that_is_filled_again_still_ends_where_it_should(made: Maker, tmp_path: Path) -> None:
    ask = Ask(start="Title 2", end="Title 3", count=6, seed=2, folder=str(tmp_path))
    second, third = refreshed(made, made.make(ask), tmp_path, lambda lines: [*lines[:2], *lines[3:]], count=8)
    for playlist in (second, third):
        titles = [pick.line.title for pick in playlist.picks]
        assert (titles[0], titles[-1], len(titles)) == ("Title 2", "Title 3", 8)


def test_an_end_that_was_thrown_out_does_not_come_again(made: Maker, tmp_path: Path) -> None:
    ask = Ask(start="Title 2", end="Title 3", count=6, seed=2, folder=str(tmp_path))
    second, _ = refreshed(made, made.make(ask), tmp_path, lambda lines: lines[1:])
    assert "Title 2" not in [pick.line.title for pick in second.picks]
    near = made.make(Ask(wishes=("Title 2", "jazz"), count=6, seed=2, folder=str(tmp_path)))
    again, _ = refreshed(made, near, tmp_path, lambda lines: [line for line in lines if "Title 2" not in line.title])
    assert "Title 2" not in [pick.line.title for pick in again.picks]


def test_the_folder_of_a_list_moves_with_it(made: Maker, tmp_path: Path) -> None:
    first = made.make(Ask(wishes=("jazz",), count=2, folder=str(tmp_path / "here")))
    file = tmp_path / "here/list.m3u8"
    file.parent.mkdir()
    file.write_text(text_of(listing_of(first, file, name="x"), file))
    file.parent.rename(tmp_path / "there")
    moved = tmp_path / "there/list.m3u8"
    ask = refill_of(read_listing(moved), moved, is_there=lambda path: True).ask
    assert ask is not None
    assert ask.folder == str(tmp_path / "there")


def test_a_list_of_somebody_elses_says_nothing_of_how_it_was_made(tmp_path: Path) -> None:
    file = tmp_path / "theirs.m3u8"
    file.write_text("a.mp3\nb.mp3\n")
    refill = refill_of(read_listing(file), file, is_there=lambda path: True)
    assert refill.ask is None
    assert [line.path for line in refill.slots if line] == [str(tmp_path / "a.mp3"), str(tmp_path / "b.mp3")]
    assert Counter(refill.thrown) == Counter()
