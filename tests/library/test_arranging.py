"""The order of a list: near neighbours follow each other, and artists are set apart."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.library.arranging import arrange, clashes


def unit(count: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, 8))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def way(vectors: np.ndarray, rows: list[int]) -> float:
    return sum(2 - 2 * float(vectors[one] @ vectors[other]) for one, other in pairwise(rows))


def test_the_first_row_stays_first_and_the_way_is_short() -> None:
    vectors = unit(7)
    rows = arrange([None] * 7, list(range(7)), vectors, np.arange(7), spacing=5)
    best = min(way(vectors, [0, *rest]) for rest in permutations(range(1, 7)))
    assert rows[0] == 0
    assert sorted(rows) == list(range(7))  # type: ignore[type-var]
    assert way(vectors, rows) <= 1.1 * best  # type: ignore[arg-type]


@settings(deadline=None, max_examples=60)
@given(artists=st.lists(st.integers(0, 5), min_size=1, max_size=18), spacing=st.integers(0, 5), seed=st.integers(0, 5))
def test_all_rows_come_once_and_artists_are_apart_where_that_can_be(
    artists: list[int], spacing: int, seed: int
) -> None:
    count = len(artists)
    rows = arrange([None] * count, list(range(count)), unit(count, seed), np.array(artists), spacing=spacing)
    assert sorted(rows) == list(range(count))  # type: ignore[type-var]
    # With the first row free to choose, a round of all artists in turn is the best that can be done.
    most = max(artists.count(artist) for artist in set(artists))
    others = len(set(artists))
    if others > spacing and all(artists.count(artist) == most for artist in set(artists)):
        assert clashes(rows, np.array(artists), spacing) == 0


def test_an_artist_with_half_of_the_places_comes_every_other_time() -> None:
    artists = np.array([0, 0, 0, 0, 1, 2, 3])
    rows = arrange([None] * 7, [1, 0, 2, 3, 4, 5, 6], unit(7), artists, spacing=1)
    assert [artists[row] == 0 for row in rows] == [True, False] * 3 + [True]  # type: ignore[index]


def test_what_stands_stays_where_it_is() -> None:
    artists = np.array([0, 0, 1, 2, 3, 0])
    rows = arrange([0, None, None, 4, -1, None], [1, 2, 3], unit(6), artists, spacing=1)
    assert (rows[0], rows[3], rows[4]) == (0, 4, -1)
    assert {rows[1], rows[2], rows[5]} == {1, 2, 3}
    assert clashes(rows, artists, 1) == 0
    assert arrange([2, -1], [], unit(6), artists, spacing=1) == [2, -1]


@pytest.mark.parametrize(
    ("rows", "spacing", "count"),
    [([0, 1, 2], 5, 1), ([0, 2, 1], 1, 0), ([0, 2, 1], 2, 1), ([0, -1, 1], 1, 0), ([0, 0], 0, 0), ([], 3, 0)],
)
def test_clashes_are_counted_once_each(rows: list[int | None], spacing: int, count: int) -> None:
    assert clashes(rows, np.array([7, 7, 8]), spacing) == count
