"""Segments of a stretch, and that what is kept of them is what they were."""

from pathlib import Path

import numpy as np
import pytest

from corpus import music
from earmark.errors import SoundError
from earmark.generate.segments import AT_START, BEFORE_END, BEFORE_START, BEHIND_END, Segments, describe
from earmark.generate.shelf import STRETCH_S, Place, Shelf, stretches_of
from earmark.generate.stock import stock_of, take
from earmark.library.collection import Collection
from earmark.sound.mel import SAMPLE_RATE_HZ
from indexed import piece

SOUND = music(rate_hz=SAMPLE_RATE_HZ, length_s=12.0).mean(axis=1)


def test_segments_follow_each_other_and_each_ends_as_the_next_begins() -> None:
    found = describe(SOUND, first_s=100.0)
    assert len(found) >= 4
    assert found.on_beats
    assert found.starts_s[1:] == pytest.approx(found.ends_s[:-1])
    assert found.starts_s[0] >= 100.0
    assert found.ends_s[-1] <= 112.1
    assert found.edges[:-1, BEHIND_END] == pytest.approx(found.edges[1:, AT_START])
    assert found.edges[:-1, BEFORE_END] == pytest.approx(found.edges[1:, BEFORE_START])


def test_a_louder_copy_has_the_same_segments_at_higher_levels() -> None:
    quiet, loud = describe(SOUND / 10), describe(SOUND)
    assert quiet.starts_s == pytest.approx(loud.starts_s)
    assert loud.level_db - quiet.level_db == pytest.approx(20, abs=0.1)
    assert loud.edges - quiet.edges == pytest.approx(np.full(loud.edges.shape, 20), abs=0.1)


def test_what_is_kept_is_read_again_to_the_step_and_what_is_not_that_is_refused() -> None:
    found = describe(SOUND)
    again = Segments.from_arrays(found.arrays())
    assert (again.starts_s == found.starts_s).all()
    assert again.edges == pytest.approx(found.edges, abs=0.05)
    assert (again.bpm, again.on_beats) == (found.bpm, found.on_beats)
    with pytest.raises(ValueError, match="shapes"):
        Segments.from_arrays(found.arrays() | {"edges": np.zeros((1, 2))})
    with pytest.raises(KeyError):
        Segments.from_arrays({name: value for name, value in found.arrays().items() if name != "sharp"})


@pytest.mark.parametrize(
    ("duration_s", "count"), [(0.0, 0), (3.9, 0), (4.0, 1), (48.0, 1), (51.0, 1), (53.0, 2), (96.0, 2)]
)
def test_what_is_long_enough_is_a_stretch(duration_s: float, count: int) -> None:
    assert stretches_of(duration_s) == count
    assert STRETCH_S == 48.0


@pytest.mark.parametrize("name", ["a.ogg"])
def test_a_stretch_is_described_once_and_then_read(tmp_path: Path, name: str) -> None:
    file = piece(tmp_path / name, length_s=55.0)
    shelf = Shelf(tmp_path / "shelf")
    place = Place(str(file), "sound", 55.0, 1)
    assert not shelf.has(place)
    made = shelf.get(place)
    assert made.starts_s[0] >= STRETCH_S
    assert shelf.has(place)
    file.unlink()
    kept = shelf.get(place)
    assert (kept.starts_s == made.starts_s).all()
    assert (kept.edges == made.edges).all()


def test_what_cannot_be_kept_is_to_the_bit_what_would_be_read_again(tmp_path: Path) -> None:
    place = Place(str(piece(tmp_path / "a.wav", length_s=6.0)), "sound", 6.0, 0)
    (tmp_path / "no folder").write_text("a file stands where the shelf would be")
    made, kept = (Shelf(tmp_path / name).get(place) for name in ("no folder", "shelf"))
    for name, array in made.arrays().items():
        assert np.array_equal(array, kept.arrays()[name]), name
    assert np.array_equal(made.edges, kept.edges)


def test_a_broken_entry_is_made_again_and_a_missing_file_is_told(tmp_path: Path) -> None:
    file = piece(tmp_path / "a.wav", length_s=6.0)
    shelf = Shelf(tmp_path / "shelf")
    place = Place(str(file), "sound", 6.0, 0)
    made = shelf.get(place)
    (entry,) = shelf.folder.rglob("*.npz")
    entry.write_bytes(b"not that")
    assert (shelf.get(place).starts_s == made.starts_s).all()
    with pytest.raises(SoundError, match=r"gone\.wav"):
        shelf.get(Place(str(tmp_path / "gone.wav"), "other", 6.0, 0))
    with pytest.raises(SoundError, match="shorter than it was"):
        shelf.get(Place(str(file), "sound", 200.0, 3))


def test_a_stock_says_what_continues_what_and_leaves_out_what_cannot_be_read(
    collection: Collection, shelf: Shelf
) -> None:
    places = [
        (row, Place(entry.path, entry.sound_id, entry.duration_s, 0)) for row, entry in enumerate(collection.entries)
    ]
    said: list[tuple[int, str]] = []
    assert take(
        collection,
        shelf,
        [*places[1:], *((0, Place("gone.mp3", "none", 96.0, number)) for number in (0, 1))],
        on_failure=lambda *each: said.append(each),
    )
    assert [(row, "gone.mp3 is not there any more" in sentence) for row, sentence in said] == [(0, True)]
    stock = take(collection, shelf, places)
    assert stock is not None
    assert len(stock.stretches) == 3
    follows = stock.next >= 0
    assert (stock.stretch[stock.next[follows]] == stock.stretch[follows]).all()
    assert (stock.number[stock.next[follows]] == stock.number[follows] + 1).all()
    assert (~follows).sum() == 3
    assert np.isfinite(stock.beat_s).all()
    assert (
        stock.beat_s == pytest.approx(np.full(len(stock), stock.piece_beat_s), rel=0.05)
        or len(set(stock.beat_s.round(2))) > 1
    )
    assert len({stock.key(segment) for segment in range(len(stock))}) == len(stock)
    assert take(collection, shelf, [(0, Place("gone.mp3", "none", 48.0, 0))]) is None
    assert stock_of(stock.stretches[:1], collection, beat_s=0.49).speeds[0] == pytest.approx(1.02, abs=0.025)
