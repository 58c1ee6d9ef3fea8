"""Attention in time: which steps of a clip get more than their share, and whether that is music or position.

`attention` is (n, tokens), each row sums to 1; `labels` (n,). An excerpt starts anywhere in a song, so an effect of the
music cannot stand at one step of all clips unless the network prefers the place itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from earmark.measure.bootstrap import artist_interval, artist_numbers
from earmark.sound.mel import under_maximum
from earmark.sound.tokens import TOKEN_FRAMES

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Attend = Callable[[NDArray[np.float32]], NDArray[np.float32]]  # (n, 128, frames) dB -> (n, tokens)

SHORT_TOKENS = 15  # of the windows that are shifted, so that five starts fit into a clip
OFFSETS = (0, 2, 4, 5)  # tokens by which they start later
LEAST_ATTENTION = 1e-6  # before the logarithm


def uniform_p(
    attention: NDArray[np.float32], artists: Sequence[str], *, rounds: int, rng: np.random.Generator
) -> float:
    """p of the mean attention being as uneven as it is, were steps alike.

    The steps of each artist's clips are turned round by a number of steps drawn at random, so that what follows what in
    a clip stays and only the place in the clip is lost. p is the share of such worlds in which the squares of the
    means' deviations add up to at least as much (the real world counted as one).
    """
    family = artist_numbers(artists)
    sums = np.stack([attention[family == one].sum(axis=0, dtype=np.float64) for one in range(family.max() + 1)])
    steps = attention.shape[1]

    def unevenness(totals: Floats) -> Floats:
        return np.asarray(np.square(totals / len(attention) - 1 / steps).sum(axis=-1))

    turns = rng.integers(steps, size=(rounds, len(sums)))
    place = (np.arange(steps) + turns[..., None]) % steps  # (rounds, artists, steps)
    turned = np.take_along_axis(np.broadcast_to(sums, (rounds, *sums.shape)), place, axis=2).sum(axis=1)
    as_uneven = int((unevenness(turned) >= unevenness(sums.sum(axis=0)) - 1e-15).sum())
    return (as_uneven + 1) / (rounds + 1)


@dataclass(frozen=True, eq=False)
class Shifts:
    """Attention on windows of `SHORT_TOKENS` tokens that start at several of a clip's tokens.

    `logs` is (n, offsets, SHORT_TOKENS): logarithms of attention less their mean over the window.
    """

    logs: Floats
    offsets: tuple[int, ...]

    @property
    def profiles(self) -> Floats:
        """(offsets, SHORT_TOKENS): the mean over clips by position in the window."""
        return np.asarray(self.logs.mean(axis=0))

    @property
    def position_share(self) -> Floats:
        """(n,): how much of a clip's variance the profile of all clips explains; it may be below 0."""
        rest = np.square(self.logs - self.profiles.mean(axis=0)).sum(axis=(1, 2))
        return np.asarray(1 - rest / np.maximum(np.square(self.logs).sum(axis=(1, 2)), 1e-12))

    @property
    def music_correlation(self) -> Floats:
        """(n,): of the same seconds heard at other positions, the profile of positions taken away."""
        left = self.logs - self.profiles.mean(axis=0)
        pairs = [(i, j) for i in range(len(self.offsets)) for j in range(i + 1, len(self.offsets))]
        rows = []
        for i, j in pairs:
            gap = self.offsets[j] - self.offsets[i]
            rows.append(_correlations(left[:, i, gap:], left[:, j, : SHORT_TOKENS - gap]))
        return np.asarray(np.mean(rows, axis=0))

    @property
    def position_correlation(self) -> Floats:
        """(n,): of other seconds of the same clip heard at the same position, the clip's own mean there untouched."""
        pairs = [(i, j) for i in range(len(self.offsets)) for j in range(i + 1, len(self.offsets))]
        return np.asarray(np.mean([_correlations(self.logs[:, i], self.logs[:, j]) for i, j in pairs], axis=0))


def shifted(attend: Attend, db: NDArray[np.float32]) -> Shifts:
    """Hear windows that start later and later in each clip; `db` is (n, 128, 380) dB."""
    logs = []
    for offset in OFFSETS:
        start = offset * TOKEN_FRAMES
        cut = db[:, :, start : start + SHORT_TOKENS * TOKEN_FRAMES]
        heard = np.log(np.maximum(attend(np.stack([under_maximum(one) for one in cut])), LEAST_ATTENTION))
        logs.append(heard - heard.mean(axis=1, keepdims=True))
    return Shifts(np.stack(logs, axis=1).astype(np.float64), OFFSETS)


def event_correlation(
    attention: NDArray[np.float32], event: Floats, artists: Sequence[str], *, rng: np.random.Generator
) -> tuple[float, float, float, int] | None:
    """Rank correlation within clips of attention with what happens in a token: mean, interval by artist, clips.

    `event` is (n, tokens), NaN where a clip has none; clips where it never changes do not count. None where fewer than
    two artists are left.
    """
    usable = ~np.isnan(event).any(axis=1)
    usable &= np.nan_to_num(event).std(axis=1) > 0
    names = [artist for artist, use in zip(artists, usable, strict=True) if use]
    if len(set(names)) < 2:
        return None
    values = rank_correlations(attention[usable].astype(np.float64), event[usable])
    low, high = artist_interval(values, names, rng=rng)
    return float(values.mean()), low, high, len(values)


def rank_correlations(one: Floats, other: Floats) -> Floats:
    """Spearman's, of each row with its row, (n, k) and (n, k) -> (n,); 0 where one of them is constant."""
    return _correlations(rankdata(one, axis=1), rankdata(other, axis=1))


def _correlations(one: Floats, other: Floats) -> Floats:
    """Of each row with its row, (n,); 0 where one of them is constant, of which SciPy's would warn and say NaN."""
    a, b = one - one.mean(axis=1, keepdims=True), other - other.mean(axis=1, keepdims=True)
    size = np.sqrt(np.square(a).sum(axis=1) * np.square(b).sum(axis=1))
    return np.asarray((a * b).sum(axis=1) / np.maximum(size, 1e-12))
