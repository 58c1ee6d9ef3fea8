"""The map for the page: both planes, a space of three axes, true neighbours, and values to colour by, as columns.

Columns and not a list of tracks: ten thousand points come in one answer of a megabyte. Coordinates are scaled so that
the largest is 1. Where there is no collection, the bundle's atlas stands for one: labelled clips, of which there is no
sound.
"""

import asyncio
import gzip
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.errors import CollectionError
from earmark.files import shown
from earmark.library.bearings import Bearing, Column, along, bearings
from earmark.library.collection import Collection
from earmark.library.collection_map import Charted, CollectionMap, map_of
from earmark.library.layout import NEIGHBOURS, principal_places
from earmark.library.names import GENRES
from earmark.library.neighbours import Neighbours, neighbours_of
from earmark.library.words import words_of
from earmark.listen.atlas import Atlas, read_atlas
from earmark.listen.bundle import Bundle
from earmark.serve.problems import ProblemError
from earmark.track import NONE

Floats = NDArray[np.floating[Any]]

_GENRE = "genres"


@dataclass(frozen=True, eq=False)
class Drawn:
    """A map as it is told, and the answers by which it can be coloured: (n, columns) float32, nan where not told."""

    told: dict[str, Any]
    columns: tuple[Column, ...]
    answers: NDArray[np.float32]

    @cached_property
    def packed(self) -> bytes:
        """What is told, as `packed` makes it: once, as it takes half a second for ten thousand points."""
        return packed(self.told)

    def colour(self, group: str, name: str) -> dict[str, Any]:
        """The values of an answer, by points; a problem with status 404 where there is none of that name."""
        for place, column in enumerate(self.columns):
            if (column.group, column.name) == (group, name):
                values = self.answers[:, place]
                told = values[np.isfinite(values)]
                low, high = (float(told.min()), float(told.max())) if told.size else (0.0, 1.0)
                return {
                    "values": [_number(value) for value in values.tolist()],
                    "low": _number(low),
                    "high": _number(high),
                }
        raise ProblemError(
            404, f"The map has no answer {name[:40]!r} in {group[:40]!r}.", "Ask /api/map for its colours."
        )


class Maps:
    """The map of what there is, drawn when it is first asked for, and again when the collection or its words changed.

    Parameters
    ----------
    db, bundle:
        The collection's file, and the bundle of the server.
    """

    def __init__(self, db: Path, bundle: Bundle) -> None:
        self._db = db
        self._bundle = bundle
        self._lock = asyncio.Lock()
        self._drawn: dict[Any, Drawn] = {}

    async def drawn(self, state: object, *, seed: int = 0) -> Drawn:
        """The map; `state` is what is known of the collection's file, and another map is drawn where it differs.

        Raises CollectionError where there is neither a collection nor an atlas.
        """
        key = (state, seed)
        async with self._lock:  # one at a time: whoever asks for the same one waits for it
            if key not in self._drawn:
                found = await asyncio.get_running_loop().run_in_executor(None, self._draw, seed)
                self._drawn = {each: drawn for each, drawn in self._drawn.items() if each[0] == state}
                if len(self._drawn) >= 3:
                    self._drawn.pop(next(iter(self._drawn)))
                self._drawn[key] = found
            return self._drawn[key]

    def _draw(self, seed: int) -> Drawn:
        drawn = self._of_what_there_is(seed)
        assert drawn.packed  # here, and not in the event loop
        return drawn

    def _of_what_there_is(self, seed: int) -> Drawn:
        try:
            with Collection.open(self._db) as collection:
                return of_collection(map_of(collection, words=words_of(collection), seed=seed), collection)
        except CollectionError as error:
            atlas = read_atlas(self._bundle)
            if atlas is None:
                raise
            return of_atlas(atlas, self._bundle, note=f"{error.sentence} These are clips of the atlas.")


def of_collection(charted: CollectionMap, collection: Collection) -> Drawn:
    """The map of a collection."""
    places, explained = principal_places(collection.vectors[charted.rows], 3)
    genres = [column.name for column in charted.columns if column.group == GENRES and column.name != NONE]
    told = charted.answers[
        :, [place for place, each in enumerate(charted.columns) if each.name in genres and each.group == GENRES]
    ]
    curved = {"curved": _plane(charted.curved)} if charted.layout.is_curved else {}
    return Drawn(
        {
            "kind": "collection",
            "model": charted.model,
            "count": len(charted),
            "ids": [str(entry.id) for entry in charted.entries],
            "titles": [shown(entry.title) for entry in charted.entries],
            "artists": [shown(entry.artist) for entry in charted.entries],
            "genres": genres,
            "genre": told.argmax(axis=1).tolist() if genres else [-1] * len(charted),
            "probability": _rounded(np.nan_to_num(told.max(axis=1))) if genres else [0.0] * len(charted),
            "planes": {**curved, "flat": _plane(charted.flat)},
            "solid": _solid(places, explained, charted.answers, charted.columns),
            "neighbours": _neighbours(charted.layout.neighbours),
            "chance": _number(charted.chance),
            "colours": _colours(charted.columns),
            "note": "",
        },
        tuple(charted.columns),
        charted.answers,
    )


def of_atlas(atlas: Atlas, bundle: Bundle, *, note: str) -> Drawn:
    """The map of a bundle's atlas, by the three axes that it has."""
    vectors = atlas.vectors.astype(np.float32)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    near = neighbours_of(vectors, NEIGHBOURS)
    places = atlas.places.astype(np.float32)
    labels = list(atlas.labels)
    columns = tuple(Column(_GENRE, label) for label in labels)
    # Its labels are people's, and a clip has one or several.
    answers = np.array([[float(label in _labels(said)) for label in labels] for said in atlas.genres], np.float32)
    count = len(atlas.names)
    flat = {
        "xy": _scaled(places[:, :2]),
        "kept": None,
        "kept_each": None,
        "goes_with": _goes_with(bearings(places[:, :2], answers, columns)),
        "regions": [],
        "fine_regions": [],
    }
    return Drawn(
        {
            "kind": "atlas",
            "model": bundle.info.model,
            "count": count,
            "ids": [""] * count,
            "titles": [title or name for title, name in zip(atlas.titles, atlas.names, strict=True)],
            "artists": list(atlas.artists),
            "genres": labels,
            "genre": [
                next((labels.index(each) for each in _labels(said) if each in labels), -1) for said in atlas.genres
            ],
            "probability": [1.0] * count,
            "planes": {"flat": flat},
            "solid": _solid(places, tuple(atlas.explained.tolist()), answers, columns),
            "neighbours": _neighbours(near),
            "chance": _number(near.rows.shape[1] / max(count - 1, 1)),
            "colours": _colours(columns),
            "note": note,
        },
        columns,
        answers,
    )


def packed(told: dict[str, Any]) -> bytes:
    """Plain JSON values as compressed JSON."""
    return gzip.compress(json.dumps(told, allow_nan=False, separators=(",", ":")).encode("ascii"), 5)


def _labels(said: str) -> list[str]:
    return [each.strip().casefold() for each in said.split(";")]


def _plane(charted: Charted) -> dict[str, Any]:
    largest = _largest(charted.plane.positions)
    return {
        "xy": _scaled(charted.plane.positions),
        "kept": _number(charted.plane.share),
        "kept_each": _rounded(charted.plane.kept),
        "goes_with": _goes_with(charted.bearings),
        "regions": [_region(each.to_dict(), largest) for each in charted.regions[0]],
        "fine_regions": [_region(each.to_dict(), largest) for each in charted.regions[1]],
    }


def _region(region: dict[str, Any], largest: float) -> dict[str, Any]:
    return {**region, "x": _number(region["x"] / largest), "y": _number(region["y"] / largest)}


def _goes_with(found: Sequence[Bearing]) -> dict[str, list[list[Any]]]:
    left, right = along(found, "right")
    down, up = along(found, "up")
    ends = {"left": (left, "right"), "right": (right, "right"), "down": (down, "up"), "up": (up, "up")}
    return {
        end: [[each.column.name, _number(float(getattr(each, axis)))] for each in those]
        for end, (those, axis) in ends.items()
    }


def _solid(
    places: Floats, explained: tuple[float, ...], answers: NDArray[np.float32], columns: Sequence[Column]
) -> dict[str, Any]:
    axes = []
    for axis in places.T:
        minus, plus = along(bearings(np.stack([axis, axis], axis=1), answers, columns), "right")
        axes.append(
            {
                "plus": [[each.column.name, _number(each.right)] for each in plus],
                "minus": [[each.column.name, _number(each.right)] for each in minus],
            }
        )
    return {"xyz": _scaled(places), "explained": [_number(share) for share in explained], "goes_with": axes}


def _neighbours(near: Neighbours) -> dict[str, Any]:
    return {
        "count": near.rows.shape[1],
        "rows": near.rows.tolist(),
        "cosines": [_rounded(row) for row in near.cosines],
    }


def _colours(columns: Sequence[Column]) -> list[dict[str, str]]:
    return [{"group": column.group, "name": column.name} for column in columns]


def _largest(positions: Floats) -> float:
    return float(np.abs(positions).max(initial=0.0)) or 1.0


def _scaled(positions: Floats) -> list[float]:
    return _rounded((positions / _largest(positions)).ravel())


def _rounded(values: Floats) -> list[float]:
    return [round(value, 4) for value in values.tolist()]


def _number(value: float) -> float | None:
    return round(value, 6) if np.isfinite(value) else None
