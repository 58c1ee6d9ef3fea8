"""Pages of a collection's map, made of made-up tracks, for the tests of the page and of the browser."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.plots.collection_map import Answers, Dot, Plane, collection_page
from earmark.track import NONE

COLUMNS = (
    ("genres", "jazz"),
    ("genres", "rock"),
    ("genres", NONE),
    ("instrument", "piano"),
    ("style", "rock"),
    ("plane", "valence"),
    ("plane", "arousal"),
    ("quadrants", "joyful"),
    ("quadrants", "melancholic"),
)


def dots(count: int, folder: str = "/music", **changed: object) -> list[Dot]:
    made = [
        Dot(
            f"{folder}/artist {n % 7}/{n:05} song.ogg",
            f"Song {n}",
            f"Ärtist {n % 7}",
            "1999",
            63.2,
            "rock or jazz",
            "calm, melancholic 71 %",
            ("piano", "slow"),
            12.5,
        )
        for n in range(count)
    ]
    return [replace(dot, **changed) for dot in made]  # type: ignore[arg-type]


def plane(count: int, name: str = "by neighbours", *, seed: int = 0) -> Plane:
    rng = np.random.default_rng(seed)
    ends = ([("calm", -0.5)], [("rock", 0.61), ("piano", 0.3)], [], [("lively", 0.7)])
    region = {"x": 0.2, "y": -0.3, "count": 9, "words": [{"name": "rock", "here": 0.6, "overall": 0.1}]}
    return Plane(name, rng.normal(0, 0.5, (count, 2)), rng.integers(0, 11, count) / 10, ends, ([region], [region]))


def answers(count: int) -> NDArray[np.float32]:
    values = np.random.default_rng(0).random((count, len(COLUMNS))).astype(np.float32)
    values[:, 5:7] = 2 * values[:, 5:7] - 1
    values[0, 3] = np.nan
    return values


def page_of(
    count: int = 60, *, at: Path = Path("/pages/map.html"), colour: str = "genre", tracks: list[Dot] | None = None
) -> str:
    rng = np.random.default_rng(1)
    near = (np.arange(count)[:, np.newaxis] + 1 + np.argsort(rng.random((count, min(10, count - 1))), axis=1)) % count
    return "".join(
        collection_page(
            tracks or dots(count),
            [plane(count), plane(count, "by main axes", seed=1)],
            Answers(COLUMNS, answers(count)),
            neighbours=near,
            cosines=np.sort(rng.random(near.shape))[:, ::-1],
            page=at,
            model="earmark 6",
            colour=colour,
        )
    )
