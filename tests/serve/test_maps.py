"""The map as columns: true to its vectors in three axes, scaled, and the same for who asks at once."""

import asyncio
from pathlib import Path

import numpy as np
import pytest

from earmark import load_bundle
from earmark.errors import CollectionError
from earmark.library.layout import principal_places
from earmark.serve.maps import Maps
from earmark.serve.problems import ProblemError
from served import Music


def test_three_axes_hold_what_lies_in_three_dimensions() -> None:
    rng = np.random.default_rng(0)
    inside = rng.normal(size=(50, 3)) * [3, 2, 1]
    vectors = inside @ np.linalg.qr(rng.normal(size=(20, 3)))[0].T + 5
    places, explained = principal_places(vectors, 3)
    apart = np.linalg.norm(vectors[:, None] - vectors, axis=2)
    assert np.allclose(np.linalg.norm(places[:, None] - places, axis=2), apart, atol=1e-4)
    assert sum(explained) == pytest.approx(1)
    assert list(explained) == sorted(explained, reverse=True)


def test_a_map_is_drawn_once_until_the_collection_changes(music_served: Music) -> None:
    maps = Maps(music_served.db, load_bundle(music_served.bundle))

    async def asked() -> list[object]:
        both = await asyncio.gather(maps.drawn("one"), maps.drawn("one"))
        return [*both, await maps.drawn("two"), await maps.drawn("two", seed=1)]

    first, same, changed, other = asyncio.run(asked())
    assert first is same
    assert changed is not first
    assert other is not changed


def test_values_that_are_not_told_are_null_and_unknown_answers_are_not_there(music_served: Music) -> None:
    maps = Maps(music_served.db, load_bundle(music_served.bundle))
    drawn = asyncio.run(maps.drawn("one"))
    drawn.answers[0, 0] = np.nan
    column = drawn.columns[0]
    colour = drawn.colour(column.group, column.name)
    assert colour["values"][0] is None
    assert colour["low"] <= colour["high"]
    with pytest.raises(ProblemError, match="no answer"):
        drawn.colour("no", "such")


def test_without_collection_and_atlas_there_is_no_map(tiny_folder: Path, tmp_path: Path) -> None:
    maps = Maps(tmp_path / "none.db", load_bundle(tiny_folder))
    with pytest.raises(CollectionError):
        asyncio.run(maps.drawn("one"))
