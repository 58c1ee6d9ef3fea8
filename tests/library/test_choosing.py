"""Which entries come into a list: the nearest, spread, no song twice, artists no more often than can be set apart."""

import dataclasses
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.library.choosing import Chosen, Size, choose
from earmark.library.collection import Collection
from earmark.library.entry import Heard
from earmark.library.pool import Pool
from earmark.library.store import FileFacts
from made_collection import opened


@pytest.fixture(scope="module")
def pool(made_collection: Collection) -> Pool:
    return Pool(made_collection)


def scores(pool: Pool, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=len(pool))


def drawn(pool: Pool, size: Size, each: "list[np.ndarray] | None" = None, **options: Any) -> Chosen:
    known = {
        "spread": 0.0,
        "spacing": 0,
        "rng": np.random.default_rng(0),
        "allowed": np.ones(len(pool), bool),
    } | options
    return choose(pool, each or [scores(pool)], known.pop("allowed"), size, **known)


def test_without_spread_the_nearest_are_taken_in_their_order(pool: Pool) -> None:
    chosen = drawn(pool, Size(count=7))
    assert list(chosen.rows) == np.argsort(-scores(pool))[:7].tolist()
    assert not chosen.short
    assert not chosen.crowded


def test_with_spread_rows_are_of_the_nearest_and_others_each_time(pool: Pool) -> None:
    order = np.argsort(-scores(pool)).tolist()
    lists = [drawn(pool, Size(count=5), spread=0.5, rng=np.random.default_rng(seed)).rows for seed in range(20)]
    near = int(np.ceil(5**0.5 * len(pool) ** 0.5))
    assert {row for rows in lists for row in rows} <= set(order[:near])
    assert len(set(lists)) > 10
    assert lists[3] == drawn(pool, Size(count=5), spread=0.5, rng=np.random.default_rng(3)).rows
    anything = {
        row
        for seed in range(60)
        for row in drawn(pool, Size(count=5), spread=1.0, rng=np.random.default_rng(seed)).rows
    }
    assert len(anything) > 30


def test_the_nearer_the_likelier(pool: Pool) -> None:
    order = np.argsort(-scores(pool)).tolist()
    often = Counter(
        row
        for seed in range(200)
        for row in drawn(pool, Size(count=4), spread=0.6, rng=np.random.default_rng(seed)).rows
    )
    assert sum(often[row] for row in order[:5]) > 2 * sum(often[row] for row in order[5:10])


def test_each_wish_has_its_turn(pool: Pool) -> None:
    first, second = scores(pool, 1), scores(pool, 2)
    rows = drawn(pool, Size(count=6), [first, second]).rows
    one, two = np.argsort(-first).tolist(), np.argsort(-second).tolist()
    assert rows[0] == one[0]
    assert rows[1] == two[0]
    assert set(rows) <= {*one[:6], *two[:6]}


def test_what_is_not_allowed_or_infinitely_far_never_comes_in(pool: Pool) -> None:
    allowed = np.arange(len(pool)) % 2 == 0
    far = scores(pool)
    far[:10] = -np.inf
    chosen = drawn(pool, Size(count=40), [far], allowed=allowed, spread=1.0)
    assert set(chosen.rows) == {row for row in range(10, 40) if row % 2 == 0}
    assert chosen.short


def test_an_artist_has_no_more_places_than_can_be_set_apart(pool: Pool) -> None:
    chosen = drawn(pool, Size(count=20), spacing=9)
    assert max(Counter(pool.artists[list(chosen.rows)].tolist()).values()) == 2
    assert not chosen.crowded


def test_rather_an_artist_too_often_than_a_list_too_short(pool: Pool) -> None:
    allowed = np.isin(pool.artists, pool.artists[:2])
    chosen = drawn(pool, Size(count=4), allowed=allowed, spacing=9)
    assert len(chosen.rows) == 4
    assert chosen.crowded
    assert not chosen.short


@settings(deadline=None, max_examples=40)
@given(minutes=st.floats(0.6, 12), spread=st.floats(0, 1), seed=st.integers(0, 9))
def test_a_length_is_met_within_a_track(minutes: float, spread: float, seed: int, uneven: Pool) -> None:
    size = Size(length_s=60 * minutes)
    chosen = drawn(uneven, size, spread=spread, rng=np.random.default_rng(seed))
    total_s = float(uneven.lengths_s[list(chosen.rows)].sum())
    within_s = uneven.lengths_s.max() / (2 if len(chosen.rows) > 1 else 1)
    assert abs(total_s - 60 * minutes) <= within_s + 1e-6


def of_many_lengths(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
    length_s = 20.0 + 7.0 * (number * 13 % 17)
    return facts, dataclasses.replace(heard, track=dataclasses.replace(heard.track, duration_s=length_s))


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Pool:
    return Pool(opened(tmp_path_factory.mktemp("uneven"), np.random.default_rng(4), n=60, change=of_many_lengths))


def test_what_stands_already_counts(pool: Pool) -> None:
    order = np.argsort(-scores(pool)).tolist()
    chosen = drawn(pool, Size(count=5).beside(2, 60.0), before=order[:2])
    assert len(chosen.rows) == 3
    assert drawn(pool, Size(length_s=60.0).beside(2, 61.0)).rows == ()
    assert drawn(pool, Size(count=2).beside(3, 0.0)).rows == ()


def some_copies(number: int, facts: FileFacts, heard: Heard) -> tuple[FileFacts, Heard]:
    tags = dict(facts.tags)
    if number == 1:
        return dataclasses.replace(facts, sound_id=f"{0:032x}"), heard  # the sound of the first
    if number in (2, 3):
        tags |= {"artist": "Nina", "title": "Sinnerman" if number == 2 else "Sinnerman (Live at home)"}
    return dataclasses.replace(facts, tags=tags), heard


def test_no_song_comes_twice(tmp_path: Path) -> None:
    pool = Pool(opened(tmp_path, np.random.default_rng(0), n=12, change=some_copies))
    chosen = drawn(pool, Size(count=12))
    assert len(chosen.rows) == 10
    assert chosen.short
    same, live = (
        [row for row, entry in enumerate(pool.entries) if int(Path(entry.path).stem[-5:]) in numbers]
        for numbers in ((0, 1), (2, 3))
    )
    assert len(set(same) & set(chosen.rows)) == 1
    assert len(set(live) & set(chosen.rows)) == 1
    families = pool.families(range(12))
    assert families[same[0]] == families[same[1]]
    assert families[live[0]] == families[live[1]]
    assert len(set(families.values())) == 10
    assert same[1] not in drawn(pool, Size(count=12), before=same[:1]).rows


def test_artists_that_are_not_known_are_each_their_own(tmp_path: Path) -> None:
    pool = Pool(opened(tmp_path, np.random.default_rng(0), n=6, tags={"artist": ""}))
    assert len(set(pool.artists.tolist())) == 6
