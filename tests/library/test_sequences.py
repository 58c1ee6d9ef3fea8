"""Lists whose every place has its own wish: the best rows, none twice, even steps along a path, artists apart."""

import dataclasses

import numpy as np
import pytest

from earmark.library.sequences import Course, Place, Steps, candidates_for, solve, steps_of
from earmark.library.ways import PATH, on_great_circle


def unit(vectors: np.ndarray) -> np.ndarray:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def cloud(count: int, seed: int = 0, numbers: int = 16) -> np.ndarray:
    return unit(np.random.default_rng(seed).normal(size=(count, numbers)))


def course(lacks: np.ndarray, **options: object) -> Course:
    places = [Place.of(row, candidates_for(len(lacks))) for row in lacks]
    count = lacks.shape[1]
    known = {"vectors": cloud(count), "artists": np.arange(count), "steps": Steps(smooth=0.0)} | options
    return Course(places, **known)  # type: ignore[arg-type]


def test_without_a_price_on_steps_every_place_gets_its_best() -> None:
    lacks = np.full((3, 9), 5.0)
    lacks[[0, 1, 2], [4, 7, 1]] = 0.0
    assert solve(course(lacks)) == [4, 7, 1]


def test_no_row_comes_twice_and_no_song() -> None:
    lacks = np.tile(np.arange(6.0), (3, 1))
    assert sorted(solve(course(lacks)) or []) == [0, 1, 2]
    assert sorted(solve(course(lacks, families={0: 0, 1: 0})) or []) == [0, 2, 3]


def test_what_may_not_stand_there_never_does() -> None:
    lacks = np.tile(np.arange(6.0), (3, 1))
    lacks[0, :5] = np.inf
    assert (solve(course(lacks)) or [])[0] == 5
    lacks[1] = np.inf
    assert solve(course(lacks)) is None
    assert solve(course(np.tile([0.0, np.inf], (2, 1)))) is None  # one row for two places


def test_an_artist_is_set_apart_as_far_as_there_are_others() -> None:
    lacks = np.tile(np.arange(8.0) / 100, (4, 1))
    artists = np.array([0, 0, 0, 0, 1, 2, 3, 4])
    rows = solve(course(lacks, artists=artists, spacing=5)) or []
    assert sorted(artists[rows]) == [0, 1, 2, 3]
    rows = solve(course(lacks[:, :4], artists=artists[:4], spacing=5)) or []
    assert sorted(rows) == [0, 1, 2, 3]


def test_a_place_for_one_row_alone_gets_it() -> None:
    lacks = np.tile(np.arange(6.0), (2, 1))
    fixed = dataclasses.replace(course(lacks), places=[Place.only(5), *course(lacks).places])
    assert (solve(fixed) or [])[0] == 5


def test_candidates_are_those_that_lack_least_in_their_order() -> None:
    place = Place.of(np.array([3.0, np.inf, 1.0, 2.0]), 2)
    assert place.rows.tolist() == [2, 3]
    assert place.lacks.tolist() == [1.0, 2.0]
    assert Place.of(np.array([np.inf]), 2).rows.tolist() == []


def path(vectors: np.ndarray, first: int, last: int, count: int, steps: Steps | None) -> list[int]:
    """Along the great circle; without a price on steps each place takes what is nearest and not yet there."""
    start, end = vectors[first], vectors[last]
    places = [Place.only(first)]
    for number in range(1, count - 1):
        lacks = 2 - 2 * vectors @ on_great_circle(start, end, number / (count - 1))
        lacks[[first, last]] = np.inf
        places.append(Place.of(lacks, candidates_for(count)))
    places.append(Place.only(last))
    if steps is None:
        rows: list[int] = []
        for place in places:
            rows.append(next(row for row in place.rows.tolist() if row not in rows))
        return rows
    progress = (vectors - start) @ (end - start) / float((end - start) @ (end - start))
    found = solve(
        Course(places, vectors, np.arange(len(vectors)), {}, 0, dataclasses.replace(steps, progress=progress))
    )
    assert found is not None
    return found


@pytest.mark.parametrize("seed", range(5))
def test_the_steps_of_a_path_are_even_and_lead_on(seed: int) -> None:
    vectors = cloud(600, seed)
    rows = path(vectors, 0, 1, 10, PATH)
    steps = steps_of(vectors, rows)
    assert (rows[0], rows[-1], len(set(rows))) == (0, 1, 10)
    assert steps.max() <= 1.3 * steps.mean()
    nearest = steps_of(vectors, path(vectors, 0, 1, 10, None))
    assert steps.max() / steps.mean() < nearest.max() / nearest.mean()
    along = vectors[rows] @ (vectors[1] - vectors[0])
    assert (np.diff(along) > -0.1).all()


def test_points_of_a_great_circle_are_equally_far_apart() -> None:
    first, last = cloud(2)
    points = np.array([on_great_circle(first, last, along) for along in np.linspace(0, 1, 7)])
    assert np.allclose(np.linalg.norm(points, axis=1), 1)
    assert np.allclose(points[[0, -1]], [first, last])
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert np.allclose(steps, steps[0])


def test_a_way_to_the_opposite_side_and_one_to_itself_are_ways() -> None:
    (first,) = cloud(1)
    points = np.array([on_great_circle(first, -first, along) for along in np.linspace(0, 1, 5)])
    assert np.allclose(np.linalg.norm(points, axis=1), 1)
    assert np.allclose(points[-1], -first)
    assert np.allclose(on_great_circle(first, first, 0.3), first)
