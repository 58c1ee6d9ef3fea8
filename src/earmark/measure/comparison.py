"""Paired tests of two systems on the same clips, NumPy alone.

Conventions: `right_a` and `right_b` are (n,) shares from 0 to 1, how often a system was right about each item (0 or 1
of one network, a mean over several seeds); `artists` is (n,) keys. Clips of one artist are alike, so whole artists are
drawn, and whole artists change sides: a test that takes clips for independent finds differences that are not there.

Sources: approximate randomisation of two systems, Noreen 1989 and Yeh 2000 (COLING, 947-953); sign changes by cluster,
Canay, Romano & Shaikh 2017 (Econometrica 85, 1013-1030); a p that is never 0, Phipson & Smyth 2010; Holm 1979.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.measure.bootstrap import artist_interval, artist_numbers

SIGNS_AT_ONCE = 4_000_000  # bounds the memory of many artists: 32 MB of float64
TIE = 1e-9  # thirds summed in another order differ by less than this


@dataclass(frozen=True)
class Difference:
    """Accuracy of the first system minus that of the second, its 95 % interval, and the two-sided p-value."""

    difference: float
    low: float
    high: float
    p: float


def paired_test(
    right_a: ArrayLike,
    right_b: ArrayLike,
    artists: Sequence[str],
    *,
    rounds: int = 9999,
    rng: np.random.Generator,
) -> Difference:
    """Difference of two systems' accuracy on the same items, its interval and its p-value.

    The interval is the percentile one of the paired differences, by drawing artists.

    The p-value is that of a permutation. Were the systems equal, it would be chance which of the two gave which
    answers, so all answers about an artist change sides together, with probability one half. p is the share of such
    worlds with a difference at least as large, the real world counted as one: (k + 1) / (rounds + 1), never 0. It is
    preferred to the bootstrap of the centred difference because it is exact for any number of artists of any size when
    the systems can be exchanged (Canay, Romano & Shaikh 2017). Where systems are equal on the whole but each suits
    other artists, it errs to the safe side: what an artist prefers only widens the spread of the permuted sums. The
    cluster bootstrap is right for many clusters only, and rejects too often when they are few or unequal, as when a few
    artists have many clips (Cameron, Gelbach & Miller 2008, Review of Economics and Statistics 90, 414-427).

    Parameters
    ----------
    right_a, right_b:
        (n,) shares from 0 to 1, how often each system was right about each item.
    artists:
        (n,) keys, one an item.
    rounds:
        How often artists are drawn, and how often they change sides.
    rng:
        Where the draws come from. With a generator in the same state, swapping the systems gives the same p.

    Raises
    ------
    ValueError
        Empty or non-finite arrays, shares outside 0 to 1, different lengths, fewer than two artists, rounds below 1.
    """
    first, second = _shares(right_a, "right_a"), _shares(right_b, "right_b")
    if not len(first) == len(second) == len(artists):
        raise ValueError(
            f"right_a, right_b and artists must be of one length, not {len(first)}, {len(second)}, {len(artists)}"
        )
    if rounds < 1:
        raise ValueError(f"rounds must be at least 1, not {rounds}")
    if len(set(artists)) < 2:
        raise ValueError("a comparison over artists needs at least two artists")
    differences = first - second
    p = _sign_change_p(differences, artists, rounds=rounds, rng=rng)
    low, high = artist_interval(differences, artists, rounds=rounds, rng=rng)
    return Difference(float(differences.mean()), low, high, p)


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjusted p-values in the order given (Holm 1979): those below a level hold together at that level.

    The smallest of m is multiplied by m, the next by m - 1, and so on; none falls below one smaller than itself, and
    none rises above 1. Raises ValueError where there are none or one is no p-value.
    """
    raw = np.asarray(p_values, dtype=np.float64)
    if raw.ndim != 1 or raw.size == 0:
        raise ValueError(f"p_values must be (m,) with m of at least 1, not {raw.shape}")
    if not np.all((raw >= 0) & (raw <= 1)):  # written so that NaN fails too
        raise ValueError("p_values must be from 0 to 1")
    order = np.argsort(raw, kind="stable")
    stepped = np.maximum.accumulate(raw[order] * np.arange(len(raw), 0, -1))
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(stepped, 1)
    return tuple(adjusted.tolist())


def _sign_change_p(
    differences: NDArray[np.float64], artists: Sequence[str], *, rounds: int, rng: np.random.Generator
) -> float:
    sums = np.bincount(artist_numbers(artists), differences)  # (artists,)
    observed = abs(sums.sum()) - TIE
    as_large = 0
    step = max(1, SIGNS_AT_ONCE // len(sums))
    for start in range(0, rounds, step):
        heads = rng.integers(2, size=(min(step, rounds - start), len(sums)), dtype=np.int8)
        totals = (2.0 * heads - 1) @ sums  # (rounds at once,)
        as_large += int(np.sum(np.abs(totals) >= observed))
    return (as_large + 1) / (rounds + 1)


def _shares(values: ArrayLike, name: str) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or numbers.size == 0:
        raise ValueError(f"{name} must be (n,) with n of at least 1, not {numbers.shape}")
    if not np.all((numbers >= 0) & (numbers <= 1)):
        raise ValueError(f"{name} must be shares from 0 to 1")
    return numbers
