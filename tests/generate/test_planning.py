"""Segments in order: nothing twice within a minute, the same again; and what too little comes to."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.errors import GenerateError
from earmark.generate.fine import COARSE_NUMBERS, PLACE_NUMBERS
from earmark.generate.planning import AGAIN_S, AHEAD, LONGEST_RUN_S, Progress, plan
from earmark.generate.segments import Segments
from earmark.generate.shelf import Place
from earmark.generate.stock import Stock, Stretch


def made_stock(rng: np.random.Generator, *, stretches: int, each: int, length_s: float = 1.5) -> Stock:
    """A stock of made-up segments, without a collection."""
    places = [
        Stretch(Place(f"{one}.mp3", f"sound {one}", 48.0, 0), one, made(rng, each, length_s))
        for one in range(stretches)
    ]
    count = stretches * each
    stretch, number = np.divmod(np.arange(count), each)
    parts = [place.segments for place in places]
    return Stock(
        stretches=places, stretch=stretch, number=number, rows=stretch,
        next=np.where(number + 1 < each, np.arange(count) + 1, -1),
        lengths_s=np.concatenate([part.lengths_s for part in parts]), speeds=np.ones(count),
        gains_db=np.zeros(count, np.float32), sharp=np.ones(count, np.float32),
        edges=np.concatenate([part.edges for part in parts]), spectra=np.concatenate([part.spectra for part in parts]),
        rough=np.zeros(count, np.float32), quiet=np.zeros(count, bool), piece_beat_s=np.nan,
        beat_s=np.full(count, np.nan), tokens=np.zeros((count, 24), np.float32),
    )  # fmt: skip


def made(rng: np.random.Generator, count: int, length_s: float) -> Segments:
    """Made-up segments of about a length."""
    lengths_s = length_s * rng.uniform(0.7, 1.3, count)
    ends_s = np.cumsum(lengths_s)
    return Segments(
        starts_s=ends_s - lengths_s, ends_s=ends_s, sharp=np.ones(count, np.float32),
        edges=rng.normal(scale=8, size=(count, 4, PLACE_NUMBERS)).astype(np.float32),
        spectra=np.zeros((count, COARSE_NUMBERS), np.float32), levels_db=np.zeros(count, np.float32),
        level_db=0.0, rough_db=3.0, bpm=120.0, clarity=0.0, on_beats=False,
    )  # fmt: skip


def planned(
    stock: Stock, seconds: float, seed: int = 0, *, progress: Progress | None = None
) -> list[tuple[int, float, float]]:
    """Segments with when they begin and end."""
    progress = progress or Progress()
    costs = np.random.default_rng(5).random((max(int(seconds / 1.5), 1), len(stock)))
    rng = np.random.default_rng(seed)
    chosen = plan(stock, costs, progress, end_s=seconds, step_s=1.5, first_s=0.0, temperature=1.0, rng=rng)
    return [(each, progress.time_s - float(stock.lengths_s[each]), progress.time_s) for each in chosen]


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1000), st.integers(4, 9))
def test_no_segment_comes_twice_within_a_minute(seed: int, each: int) -> None:
    stock = made_stock(np.random.default_rng(seed), stretches=14, each=each)
    chosen = planned(stock, 150.0, seed)
    last: dict[int, float] = {}
    for segment, start_s, end_s in chosen:
        assert start_s - last.get(segment, -AGAIN_S) >= AGAIN_S - 1e-9
        last[segment] = end_s
    assert len(chosen) > len(last)  # some did come again, after the minute
    assert chosen[-1][2] >= 149.0


def test_the_same_seed_makes_the_same_plan_and_another_one_another() -> None:
    stock = made_stock(np.random.default_rng(1), stretches=8, each=10)
    assert planned(stock, 40.0, 3) == planned(stock, 40.0, 3)
    assert planned(stock, 40.0, 3) != planned(stock, 40.0, 4)


def test_music_that_is_used_up_is_an_error_with_words() -> None:
    stock = made_stock(np.random.default_rng(2), stretches=2, each=6)
    with pytest.raises(GenerateError, match="too little music"):
        planned(stock, 60.0)


def test_a_piece_goes_on_where_its_last_part_ended() -> None:
    stock = made_stock(np.random.default_rng(3), stretches=8, each=10)
    progress = Progress()
    first = planned(stock, 20.0, progress=progress)
    second = planned(stock, 40.0, progress=progress)
    assert not {each[0] for each in first} & {each[0] for each in second}
    assert second[0][1] == pytest.approx(first[-1][2])


def test_what_is_remembered_does_not_grow_with_the_piece() -> None:
    stock = made_stock(np.random.default_rng(4), stretches=20, each=10, length_s=0.5)
    progress = Progress()
    planned(stock, 150.0, progress=progress)
    assert len(progress.used) <= 4 * AGAIN_S + AHEAD
    assert len(progress.heard) <= 20


def test_of_two_ways_the_one_that_continues_is_taken_for_a_while_and_then_left() -> None:
    long = made_stock(np.random.default_rng(6), stretches=3, each=16, length_s=2.2)
    short = made_stock(np.random.default_rng(7), stretches=9, each=4, length_s=1.0)
    stock = both(long, short)  # the usual length says little of how long a run of long ones is
    progress = Progress()
    flat = np.zeros((1, len(stock)))
    run_s = longest_s = 0.0
    before = -2
    for segment in plan(
        stock, flat, progress, end_s=50.0, step_s=1.0, first_s=0.0, temperature=0.0, rng=np.random.default_rng(0)
    ):
        goes_on = segment == before + 1 and stock.number[segment]
        run_s = (run_s if goes_on else 0.0) + float(stock.lengths_s[segment])
        longest_s, before = max(longest_s, run_s), segment
    assert LONGEST_RUN_S / 2 <= longest_s <= LONGEST_RUN_S + 0.7  # units are rounded


def both(one: Stock, other: Stock) -> Stock:
    """The segments of two stocks."""
    found: dict[str, Any] = {
        each.name: np.concatenate([getattr(one, each.name), getattr(other, each.name)])
        for each in fields(Stock)
        if each.name not in ("stretches", "piece_beat_s")
    }
    count, stretches = len(one), len(one.stretches)
    found["stretch"][count:] += stretches
    found["rows"][count:] += stretches
    found["next"][count:] += np.where(other.next >= 0, count, 0)
    moved = [replace(each, place=replace(each.place, sound_id=f"other {each.row}")) for each in other.stretches]
    return Stock(stretches=[*one.stretches, *moved], piece_beat_s=np.nan, **found)
