"""The artist bootstrap: against theory, by law, on bad input, and its time."""

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.measure.bootstrap import artist_interval, artist_interval_of, artist_numbers, draw_artists


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_interval_of_independent_items_is_that_of_the_normal_law() -> None:
    values = rng(1).normal(3, 2, size=400)
    low, high = artist_interval(values, [str(i) for i in range(400)], rounds=8000, rng=rng())
    spread = 1.96 * values.std() / np.sqrt(400)
    assert (low, high) == pytest.approx((values.mean() - spread, values.mean() + spread), abs=0.03 * 2 * spread + 0.005)


def test_clips_of_one_artist_that_are_all_alike_count_as_one() -> None:
    per_artist = rng(2).integers(2, size=60)
    alone = artist_interval(per_artist, [str(i) for i in range(60)], rng=rng())
    copied = artist_interval(np.repeat(per_artist, 25), [str(i // 25) for i in range(60 * 25)], rng=rng())
    naive = artist_interval(np.repeat(per_artist, 25), [str(i) for i in range(60 * 25)], rng=rng())
    assert copied == pytest.approx(alone, abs=0.02)  # another order of the artists, so other draws
    assert naive[1] - naive[0] < 0.3 * (copied[1] - copied[0])


def test_a_weight_of_three_is_three_copies() -> None:
    values, artists = rng(3).random(30), [f"{i % 7}" for i in range(30)]
    weights = rng(4).integers(1, 4, size=30)
    copies = artist_interval(np.repeat(values, weights), list(np.repeat(artists, weights)), rng=rng())
    assert artist_interval(values, artists, weights=weights, rng=rng()) == pytest.approx(copies, abs=1e-12)


def test_artists_are_drawn_the_same_when_drawn_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    values, artists = rng(5).random(80), [str(i % 40) for i in range(80)]
    whole = artist_interval(values, artists, rng=rng())
    monkeypatch.setattr("earmark.measure.bootstrap.DRAWS_AT_ONCE", 40 * 300)
    assert artist_interval(values, artists, rng=rng()) == pytest.approx(whole, abs=0.01)


def test_a_higher_level_gives_a_wider_interval() -> None:
    values, artists = rng(6).random(100), [str(i % 30) for i in range(100)]
    widths = [
        np.diff(artist_interval(values, artists, level=level, rng=rng())).item() for level in (0.5, 0.8, 0.95, 0.99)
    ]
    assert widths == sorted(widths)
    assert len(set(widths)) == 4


@given(
    seed=st.integers(0, 2**32 - 1),
    n=st.integers(2, 40),
    scale=st.floats(0.1, 100),
    shift=st.floats(-100, 100),
)
def test_the_interval_follows_the_unit_of_the_values_and_stays_within_them(
    seed: int, n: int, scale: float, shift: float
) -> None:
    values, artists = rng(seed).random(n), [str(i % max(2, n // 2)) for i in range(n)]
    low, high = artist_interval(values, artists, rounds=200, rng=rng(seed))
    assert values.min() - 1e-9 <= low <= high <= values.max() + 1e-9
    moved = artist_interval(values * scale + shift, artists, rounds=200, rng=rng(seed))
    assert moved == pytest.approx((low * scale + shift, high * scale + shift), abs=1e-6)


def test_about_95_of_100_intervals_hold_the_truth() -> None:
    held = 0
    for seed in range(200):
        draws = rng(seed)
        artist_means = np.clip(0.6 + 0.2 * draws.normal(size=80), 0, 1)
        hits = draws.random((80, 5)) < artist_means[:, None]
        low, high = artist_interval(hits.ravel(), [str(i // 5) for i in range(400)], rounds=500, rng=draws)
        held += low <= 0.5984 <= high  # the mean of that normal law after clipping
    assert 0.90 <= held / 200 <= 0.985


def test_2000_rounds_over_200_artists_take_less_than_50_ms() -> None:
    values, artists = rng(7).random(640), [f"artist {i % 200}" for i in range(640)]
    times_s = []
    for _ in range(5):
        start_s = time.process_time()
        artist_interval(values, artists, rng=rng())
        times_s.append(time.process_time() - start_s)
    assert min(times_s) < 0.05


@pytest.mark.parametrize(
    ("values", "artists", "options", "words"),
    [
        ([], [], {}, "values must be"),
        ([[1.0]], ["a"], {}, r"not \(1, 1\)"),
        ([1.0, 2.0], ["a"], {}, "one length"),
        ([1.0, 2.0], ["a", "b"], {"weights": [1.0]}, "one length"),
        ([1.0, np.nan], ["a", "b"], {}, "values must be finite"),
        ([1.0, 2.0], ["a", "b"], {"weights": [1.0, 0.0]}, "above 0"),
        ([1.0, 2.0], ["a", "b"], {"weights": [1.0, np.inf]}, "finite"),
        ([1.0, 2.0], ["a", "a"], {}, "two artists"),
        ([1.0, 2.0], ["a", "b"], {"level": 1.0}, "level"),
        ([1.0, 2.0], ["a", "b"], {"rounds": 0}, "rounds"),
    ],
)
def test_bad_input_is_named(values: list, artists: list, options: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        artist_interval(values, artists, rng=rng(), **options)


def test_the_interval_of_any_figure_is_that_of_the_mean_where_it_is_the_mean() -> None:
    values, artists = rng(8).random(120), [str(i % 40) for i in range(120)]

    def mean(weights: np.ndarray) -> np.ndarray:
        return weights @ values / weights.sum(axis=1)

    means = artist_interval(values, artists, rounds=8000, rng=rng())
    assert artist_interval_of(mean, artists, rounds=8000, rng=rng()) == pytest.approx(means, abs=0.004)


def test_draws_in_which_a_figure_has_no_value_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    artists = ["a", "b", "c"]

    def of_a(weights: np.ndarray) -> np.ndarray:
        assert len(weights) <= 10
        return np.where(weights[:, 0] > 0, 5.0, np.nan)

    monkeypatch.setattr("earmark.measure.bootstrap.DRAWS_AT_ONCE", 30)
    assert artist_interval_of(of_a, artists, rounds=95, rng=rng()) == (5.0, 5.0)
    with pytest.raises(ValueError, match="no value in any draw"):
        artist_interval_of(lambda weights: np.full(len(weights), np.nan), artists, rounds=9, rng=rng())
    with pytest.raises(ValueError, match="two artists"):
        artist_interval_of(of_a, ["a", "a"], rng=rng())


def test_an_artists_items_are_drawn_together() -> None:
    weights = draw_artists(["a", "b", "a", "c"], 200, rng())
    assert np.array_equal(weights[:, 0], weights[:, 2])
    assert set((weights[:, 0] + weights[:, 1] + weights[:, 3]).tolist()) == {3.0}


def test_artists_are_numbered_in_the_order_of_their_names() -> None:
    assert artist_numbers(["b", "a", "10", "b"]).tolist() == [2, 1, 0, 2]
