"""Copies of one recording are known again, in whatever encoding, and only one of them comes into a piece."""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from earmark.generate.asking import Ask, Ground
from earmark.generate.choosing import Chooser
from earmark.generate.making import Listeners, make_mosaic, way_of
from earmark.generate.recordings import Recordings
from earmark.generate.shelf import Shelf
from earmark.library.arithmetic import Expression, Operand, Solution
from earmark.library.collection import Collection
from earmark.library.entry import Entry
from earmark.library.meanings import Answer
from earmark.library.names import GENRES, MOODS

NEAR, ALMOST, FAR = [1.0, 0.0], [0.9, 0.436], [0.0, 1.0]


def entry(number: int, sound: str, duration_s: float) -> Entry:
    return Entry(number, f"{number}.mp3", 1, 1, sound, {}, duration_s, "song", 1.0, "tiny 1")


@dataclass
class Shown:
    """What a collection shows of its entries."""

    entries: list[Entry]
    vectors: Any
    prints: list[bytes]

    @property
    def durations_s(self) -> Any:
        return np.array([each.duration_s for each in self.entries])

    def published_of(self, rows: list[int]) -> Any:
        return np.array([self.vectors[row] for row in rows])

    def fingerprint(self, entry_id: int) -> bytes:
        return self.prints[entry_id]


def test_a_recording_is_known_by_its_sound_and_by_length_and_vector_and_fingerprint() -> None:
    one, other = (bytes([1]) + np.random.default_rng(seed).bytes(480) for seed in (0, 1))
    facts: list[tuple[str, float, list[float], bytes]] = [
        ("a", 200.0, NEAR, one), ("a", 90.0, FAR, b""), ("b", 201.0, ALMOST, one), ("c", 200.0, ALMOST, other),
        ("d", 200.0, NEAR, b""), ("e", 260.0, NEAR, one), ("f", 200.0, FAR, one),
    ]  # fmt: skip
    shown = Shown(
        [entry(number, sound, length_s) for number, (sound, length_s, _, _) in enumerate(facts)],
        [vector for _, _, vector, _ in facts],
        [each for _, _, _, each in facts],
    )
    recordings = Recordings(shown)  # type: ignore[arg-type]
    # The same sound; the same fingerprint; another one; a vector alone; another length; a vector that is far.
    assert [recordings.same(0, other) for other in range(1, 7)] == [True, True, False, True, False, False]
    assert recordings.same(2, 0)
    assert recordings.copies_of(0) == [2, 4]


def test_of_one_recording_one_file_comes_into_a_piece_until_that_is_lost(
    ground: Ground, collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Recordings, "_compared", lambda self, one, other: True)
    targets = way_of(ground, Ask(genre="low"), ground.places(Ask(genre="low"))).targets(0, 8)
    chooser = Chooser(collection, ground.space.directions)
    rows = [{row for row, _ in chooser.places(targets)} for _ in range(2)]
    assert rows[0] == rows[1]
    assert len(rows[0]) == 1
    chooser.leave_out(list(rows[0]))
    (other,) = {row for row, _ in chooser.places(targets)}
    assert other not in rows[0]
    assert Chooser(collection, ground.space.directions, without=(0,)).empty


def test_a_condition_on_what_may_come_in_is_kept(ground: Ground, shelf: Shelf, tmp_path: Path) -> None:
    ask = Ask(like="One but more low", seconds=6.0)
    made = make_mosaic(ground, ask, tmp_path / "a.wav", Listeners(), shelf=shelf)
    assert {Path(each.path).name for each in made.sources} == {"three.ogg"}


def test_a_file_beside_the_collection_with_the_sound_of_an_entry_is_that_entry(
    ground: Ground, collection: Collection, tmp_path: Path
) -> None:
    copy = shutil.copy(collection.entries[1].path, tmp_path / "copy.ogg")
    song = ground.songs.find("One")
    assert song is not None
    elsewhere = Operand(1, str(copy), song=replace(song, row=None))
    place = ground._place(Expression("copy", (elsewhere,), ()))
    assert (place.row, place.without, place.songs) == (1, (1,), ((str(copy), 1),))
    assert ground._place(Expression("copy", (elsewhere,), ()), itself=True).without == ()


@pytest.mark.parametrize(
    ("operands", "genre"),
    [
        ([(1, "low", GENRES)], "low"),
        ([(1, "calm", MOODS), (1, "low", GENRES)], "low"),
        ([(1, "calm", MOODS), (-1, "low", GENRES)], None),  # what is taken away need not be heard in every moment
        ([(1, "low", GENRES), (-1, "high", GENRES)], None),
        ([(1, "calm", MOODS)], None),
    ],
)
def test_a_genre_is_wanted_in_every_moment_where_it_is_the_only_one_and_not_taken_away(
    ground: Ground, monkeypatch: pytest.MonkeyPatch, operands: list[tuple[int, str, str]], genre: str | None
) -> None:
    solved = Solution(np.ones(2), np.ones(3), np.ones(3, bool), ())
    monkeypatch.setattr(Ground, "_solved", lambda self, expression: solved)
    named = tuple(Operand(sign, name, answer=Answer(group, name)) for sign, name, group in operands)
    place = ground._place(Expression("text", named, ()))
    assert (place.answer.name if place.answer else None) == genre
