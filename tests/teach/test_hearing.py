"""Hearing examples: each once, what cannot be heard in a sentence, and never again what was heard."""

import os
from pathlib import Path

import numpy as np
import pytest

from earmark import load_bundle
from earmark.errors import BundleError
from earmark.listen.bundle import Bundle
from earmark.teach import hearing
from earmark.teach.cache import Cache
from earmark.teach.hearing import hear_files
from headed_bundle import write_headed_bundle
from tiny_bundle import write_tiny_bundle
from trees import piece, write_sound


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load_bundle(write_headed_bundle(tmp_path_factory.mktemp("bundle")))


@pytest.fixture(scope="module")
def songs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("songs")
    return [write_sound(folder / f"{seed}.flac", piece(seed=seed), artist=f"Artist {seed}") for seed in range(5)]


@pytest.fixture
def cache(bundle: Bundle, tmp_path: Path) -> Cache:
    return Cache(bundle.info.sha256, folder=tmp_path / "heard")


def test_files_are_heard_in_their_order_with_their_artists(bundle: Bundle, songs: list[Path], cache: Cache) -> None:
    told: list[tuple[int, int]] = []
    heard = hear_files(bundle, songs[:3], cache, progress=lambda done, total: told.append((done, total)))
    assert [each.path for each in heard.examples] == [str(song.resolve()) for song in songs[:3]]
    assert [each.artist for each in heard.examples] == ["Artist 0", "Artist 1", "Artist 2"]
    assert {(each.own, *each.numbers.shape) for each in heard.examples} == {(128, 131)}
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert (heard.failures, heard.notes) == ((), ())


def test_several_processes_hear_the_same(bundle: Bundle, songs: list[Path], cache: Cache, tmp_path: Path) -> None:
    gone = songs[0].with_name("gone.flac")
    side_by_side = hear_files(bundle, [*songs, gone], cache, jobs=2)
    alone = hear_files(bundle, [*songs, gone], Cache(bundle.info.sha256, folder=tmp_path / "other"), jobs=1)
    for one, other in zip(side_by_side.examples, alone.examples, strict=True):
        assert np.array_equal(one.numbers, other.numbers)
    assert side_by_side.failures == alone.failures == (f"{gone} is not there. Check the path.",)


def test_what_was_heard_is_not_heard_again(
    bundle: Bundle, songs: list[Path], cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = hear_files(bundle, songs[:2], cache)
    heard = []
    original = hearing.hear_or_say_why
    monkeypatch.setattr(hearing, "hear_or_say_why", lambda *args: heard.append(args[1]) or original(*args))
    told: list[tuple[int, int]] = []
    again = hear_files(bundle, songs[:3], cache, progress=lambda done, total: told.append((done, total)))
    assert heard == songs[2:3]
    assert told == [(1, 1)]
    assert np.array_equal(again.examples[0].numbers, first.examples[0].numbers)
    for entry in cache.folder.iterdir():
        entry.write_bytes(b"broken")
    hear_files(bundle, songs[:1], cache)
    assert heard == [songs[2], songs[0]]


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "is empty"), (b"words and words", "is not sound"), (None, "is silent")],
)
def test_what_cannot_be_heard_is_said(
    bundle: Bundle, songs: list[Path], cache: Cache, tmp_path: Path, content: bytes | None, said: str
) -> None:
    bad = tmp_path / "bad.flac"
    if content is None:
        write_sound(bad, np.zeros(60_000, np.float32))
    else:
        bad.write_bytes(content)
    heard = hear_files(bundle, [bad, songs[0]], cache)
    (sentence,) = heard.failures
    assert str(bad) in sentence
    assert said in sentence
    assert len(heard.examples) == len(list(cache.folder.iterdir())) == 1


def test_an_address_is_said_as_it_was_typed(bundle: Bundle, cache: Cache) -> None:
    (sentence,) = hear_files(bundle, ["https://example.org/a.mp3"], cache).failures
    assert sentence == "https://example.org/a.mp3 is an address, and earmark hears files. Download it first."


def test_a_failure_that_nobody_foresaw_costs_one_file(
    bundle: Bundle, songs: list[Path], cache: Cache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hearing, "tags_of", lambda file: 1 / 0)
    (sentence,) = hear_files(bundle, songs[:1], cache).failures
    assert sentence == f"{songs[0]} could not be heard: ZeroDivisionError: division by zero."


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bundle_that_does_not_tell_what_heads_read_is_named(songs: list[Path], tmp_path: Path, jobs: int) -> None:
    old = load_bundle(write_tiny_bundle(tmp_path / "old"))
    with pytest.raises(BundleError, match="tiny 1 is too old for heads"):
        hear_files(old, songs, Cache(old.info.sha256, folder=tmp_path / "heard"), jobs=jobs)


def test_where_nothing_can_be_kept_it_is_heard_all_the_same(bundle: Bundle, songs: list[Path], tmp_path: Path) -> None:
    (tmp_path / "taken").write_bytes(b"")
    heard = hear_files(bundle, songs[:2], Cache(bundle.info.sha256, folder=tmp_path / "taken"))
    assert len(heard.examples) == 2
    (note,) = heard.notes
    assert note.startswith("What was heard is not kept, and will be heard again: ")
    assert os.fspath(tmp_path) in note
