"""Ways: where they begin and end, that any part is the same as in the whole, and that chance is as wide as is asked."""

import numpy as np
import pytest

from earmark.generate.walk import STEP_S, way

RNG = np.random.default_rng(0)
DIRECTIONS = RNG.normal(size=(30, 6))
ONE, OTHER = np.eye(6)[0], np.eye(6)[1]


def made(seconds: float = 60.0, *, temperature: float = 0.0, seed: int = 1, end: np.ndarray = OTHER):  # type: ignore[no-untyped-def,type-arg]
    return way(
        ONE, end, seconds, rows=(3, 7), directions=DIRECTIONS, temperature=temperature, rng=np.random.default_rng(seed)
    )


def test_a_way_without_chance_begins_and_ends_where_it_should_and_rests_there() -> None:
    found = made()
    targets = found.targets(0, found.steps)
    assert targets.vectors[0] == pytest.approx(ONE)
    assert targets.vectors[-1] == pytest.approx(OTHER)
    assert (np.diff(targets.vectors @ OTHER) >= -1e-9).all()
    assert targets.homes[0] == 3
    assert targets.homes[-1] == 7
    assert targets.homes[found.steps // 2] == -1
    assert found.steps == int(np.ceil(60 / STEP_S))


def test_any_part_of_a_way_is_that_part_of_the_whole() -> None:
    found = made(temperature=1.0)
    whole, part = found.targets(0, 40), found.targets(17, 9)
    assert part.vectors == pytest.approx(whole.vectors[17:26])
    assert (part.homes == whole.homes[17:26]).all()


def test_the_hotter_the_wider_and_vectors_keep_their_length() -> None:
    away = []
    for temperature in (0.0, 0.3, 1.0):
        vectors = made(300.0, temperature=temperature, end=ONE).targets(0, 200).vectors
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(200))
        away.append(float(np.mean(1 - vectors @ ONE)))
    assert away[0] == pytest.approx(0)
    assert away[0] < away[1] < away[2]


def test_the_same_seed_wanders_the_same_way() -> None:
    assert made(temperature=1.0).targets(0, 9).vectors == pytest.approx(made(temperature=1.0).targets(0, 9).vectors)
    other = made(temperature=1.0, seed=2).targets(0, 9).vectors
    assert np.abs(made(temperature=1.0).targets(0, 9).vectors - other).max() > 1e-3
