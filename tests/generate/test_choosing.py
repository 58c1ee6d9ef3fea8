"""What may come into a piece, and what is one run of it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from earmark.generate.choosing import _songs
from earmark.generate.mosaic import Run, _goes_on
from earmark.generate.piece import Source


@dataclass
class Facts:
    """What a collection says of its entries."""

    kinds: list[str]
    sound_ids: list[str]
    durations_s: Any

    def __len__(self) -> int:
        return len(self.kinds)


def facts(kinds: str, sound_ids: str, *durations_s: float) -> Any:
    return Facts(kinds.split(), list(sound_ids), np.array(durations_s or [60.0] * len(sound_ids)))


@pytest.mark.parametrize(
    ("collection", "without", "allowed"),
    [
        (facts("song song song", "abc"), (), [1, 1, 1]),
        (facts("song song song", "aba"), (), [1, 1, 0]),  # each sound once
        (facts("song song song", "aba"), (0,), [0, 1, 0]),  # nor a copy of what must not come in
        (facts("song song song", "aba"), (2,), [0, 1, 0]),
        (facts("song effect song", "abc", 60, 60, 1), (), [1, 0, 0]),
        (facts("effect effect effect", "aba"), (2,), [0, 1, 0]),  # where there are no songs
        (facts("song effect effect", "aab"), (0,), [0, 0, 1]),
    ],
)
def test_what_may_come_in(collection: Any, without: tuple[int, ...], allowed: list[int]) -> None:
    assert _songs(collection, without).astype(int).tolist() == allowed


def test_what_goes_on_at_another_speed_or_level_is_another_run() -> None:
    one = Run(Source(0, 4, "a", "", "", 10.0, 14.0, 1.0, 1.0), 0.0)
    other = Run(Source(4, 8, "a", "", "", 14.0, 18.0, 1.0, 1.0), 0.0)
    assert _goes_on(one, other)
    for change in ({"speed": 1.03}, {"gain_db": 2.0}, {"path": "b"}, {"from_s": 15.0}):
        assert not _goes_on(one, Run(replace(other.source, **change), 0.0))  # type: ignore[arg-type]
