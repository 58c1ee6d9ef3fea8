"""The picture of a spectrogram: small whatever the length, and the same however it came."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from earmark.listen.picture import Picture


def drawn(db: NDArray[np.float32], *, cuts: list[int] | None = None, most_columns: int = 20) -> NDArray[np.uint8]:
    picture = Picture(most_columns=most_columns)
    for piece in np.split(db, sorted(cuts or []), axis=1):
        picture.push(piece)
    return picture.finish()


def noise(frames: int) -> NDArray[np.float32]:
    return np.random.default_rng(frames).uniform(-90, 30, (128, frames)).astype(np.float32)


def test_levels_are_under_the_maximum() -> None:
    db = np.full((128, 3), -200, np.float32)
    db[5] = [10, -30, -69.9]
    assert drawn(db)[5].tolist() == [255, 128, 0]
    assert not drawn(db)[6:].any()


def test_a_short_track_is_drawn_frame_by_frame() -> None:
    assert drawn(noise(20)).shape == (128, 20)


@pytest.mark.parametrize("frames", [1, 21, 39, 40, 41, 799, 10_000])
def test_a_long_track_has_no_more_columns_than_allowed_and_not_many_less(frames: int) -> None:
    columns = drawn(noise(frames)).shape[1]
    assert columns <= 20
    assert columns >= min(frames, 11)


@given(frames=st.integers(1, 500), cuts=st.lists(st.integers(0, 500), max_size=6))
def test_the_cutting_does_not_matter(frames: int, cuts: list[int]) -> None:
    db = noise(frames)
    np.testing.assert_array_equal(drawn(db, cuts=[min(cut, frames) for cut in cuts]), drawn(db))


def test_the_loudest_frame_is_never_lost_and_stays_in_its_place() -> None:
    db = np.zeros((128, 1024), np.float32)
    db[7, 768] = 50
    picture = drawn(db)
    row, column = np.unravel_index(picture.argmax(), picture.shape)
    assert row == 7
    assert column == 0.75 * picture.shape[1]
    assert np.sort(picture[7])[-2] == 96  # 50 dB below it, as if no neighbour had been joined to it


def test_the_end_of_a_track_is_drawn_though_it_fills_no_column() -> None:
    db = np.zeros((128, 1025), np.float32)
    db[7, -1] = 50
    assert drawn(db)[7].argmax() == drawn(db).shape[1] - 1


def test_nothing_gives_an_empty_picture() -> None:
    assert drawn(noise(0)).shape == (128, 0)
