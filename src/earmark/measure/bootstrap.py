"""Confidence intervals of means, where items come in clusters.

Clips of one artist are alike: one record, one studio, one voice. To draw single clips again pretends that they are
independent and gives intervals that are too narrow. So whole artists are drawn, with replacement (the cluster
bootstrap: Davison & Hinkley 1997, section 3.8), and the interval is the percentile one.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

DRAWS_AT_ONCE = 4_000_000  # bounds the memory of many artists: 32 MB of int64


def artist_interval(
    values: ArrayLike,
    artists: Sequence[str],
    *,
    weights: ArrayLike | None = None,
    level: float = 0.95,
    rounds: int = 2000,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Confidence interval of the (weighted) mean of `values`, by a bootstrap of artists.

    Parameters
    ----------
    values:
        (n,) numbers or bools, one an item.
    artists:
        (n,) keys, one an item; items of one key are drawn together.
    weights:
        (n,) positive numbers, or None for the plain mean.
    level:
        Share of the rounds' means inside the interval.
    rounds:
        How often the artists are drawn.
    rng:
        Where the draws come from.

    Returns
    -------
    (low, high) in the unit of `values`.

    Raises
    ------
    ValueError
        Empty or non-finite arrays, different lengths, weights of 0 or less, fewer than two artists, a level outside
        (0, 1).
    """
    numbers = np.asarray(values, dtype=np.float64)
    loads = np.ones_like(numbers) if weights is None else np.asarray(weights, dtype=np.float64)
    _check(numbers, loads, artists, level=level, rounds=rounds)
    family = artist_numbers(artists)
    sums, totals = (np.asarray(np.bincount(family, weights=each), np.float64) for each in (numbers * loads, loads))
    means = _drawn_means(sums, totals, rounds=rounds, rng=rng)
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def artist_interval_of(
    figure: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    artists: Sequence[str],
    *,
    level: float = 0.95,
    rounds: int = 2000,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Confidence interval of any figure of the items, by a bootstrap of artists.

    Parameters
    ----------
    figure:
        Takes (draws, n) float64, how often each item was drawn, and gives (draws,) values, NaN where a draw has none:
        these do not count.
    artists, level, rounds, rng:
        As in `artist_interval`.

    Returns
    -------
    (low, high) in the unit of the figure.

    Raises
    ------
    ValueError
        As `artist_interval`; no draw has a value.
    """
    ones = np.ones(len(artists))
    _check(ones, ones, artists, level=level, rounds=rounds)
    step = max(1, DRAWS_AT_ONCE // len(artists))
    values = [figure(draw_artists(artists, min(step, rounds - start), rng)) for start in range(0, rounds, step)]
    found = np.concatenate(values)
    found = found[~np.isnan(found)]
    if not len(found):
        raise ValueError("the figure has no value in any draw of the artists")
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def draw_artists(artists: Sequence[str], rounds: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How often each item counts in each draw of artists with replacement, (rounds, n)."""
    family = artist_numbers(artists)
    count = int(family.max()) + 1
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=rounds)  # (rounds, artists)
    return np.asarray(drawn[:, family], dtype=np.float64)


def artist_numbers(artists: Sequence[str]) -> NDArray[np.int64]:
    """(n,) the number of each item's artist, from 0, in the order of the names."""
    return np.asarray(np.unique(np.asarray(artists, dtype=str), return_inverse=True)[1], dtype=np.int64)


def _drawn_means(
    sums: NDArray[np.float64], loads: NDArray[np.float64], *, rounds: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """(rounds,) means of as many artists as there are, drawn with replacement. sums, loads: (artists,) totals."""
    means = np.empty(rounds)
    step = max(1, DRAWS_AT_ONCE // len(sums))
    for start in range(0, rounds, step):
        drawn = rng.integers(len(sums), size=(min(step, rounds - start), len(sums)))
        means[start : start + len(drawn)] = sums[drawn].sum(axis=1) / loads[drawn].sum(axis=1)
    return means


def _check(
    numbers: NDArray[np.float64], loads: NDArray[np.float64], artists: Sequence[str], *, level: float, rounds: int
) -> None:
    if numbers.ndim != 1 or numbers.size == 0:
        raise ValueError(f"values must be (n,) with n of at least 1, not {numbers.shape}")
    if not len(numbers) == len(artists) or loads.shape != numbers.shape:
        raise ValueError(
            f"values, artists and weights must be of one length, not {len(numbers)}, {len(artists)}, {len(loads)}"
        )
    if not np.all(np.isfinite(numbers)):
        raise ValueError("values must be finite")
    if not np.all(loads > 0) or not np.all(np.isfinite(loads)):
        raise ValueError("weights must be finite and above 0")
    if len(set(artists)) < 2:
        raise ValueError("an interval over artists needs at least two artists")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, not {level}")
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, not {rounds}")
