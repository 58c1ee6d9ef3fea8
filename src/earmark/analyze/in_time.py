"""Attention in time of readings: by genre and step, under a shifted start, and by musical event."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from earmark.analyze import events
from earmark.analyze.attention import Shifts, event_correlation, shifted, uniform_p
from earmark.analyze.material import Material, Network, hear
from earmark.analyze.reading import Reading, mean_with_interval
from earmark.analyze.space import genre_means
from earmark.data.dataset import Dataset
from earmark.measure.bootstrap import draw_artists
from earmark.measure.comparison import holm

Figures = dict[str, Any]
Floats = NDArray[np.float64]

TOP = 3
CLIPS_SHIFTED = 200  # at most, over all networks: each is heard several times
PERMUTATIONS = 1999


def mean_attention(readings: Sequence[Reading]) -> NDArray[np.float32]:
    """Of each clip, the mean over readings: (n, tokens)."""
    mean: NDArray[np.float32] = np.mean([reading.heard.attention for reading in readings], axis=0)
    return mean


def steps(
    readings: Sequence[Reading], material: Material, *, rounds: int, rng: np.random.Generator
) -> tuple[Figures, Floats]:
    """Mean attention of each genre and step with intervals, the top steps, and whether it is told from uniform.

    Returns
    -------
    The figures, and the draws that the intervals are of, (draws, genres, tokens).
    """
    attention = mean_attention(readings)
    genres = len(material.genres)
    drawn = genre_means(attention, material.labels, genres, draw_artists(material.artists, rounds, rng))
    drawn = drawn[~np.isnan(drawn).any(axis=(1, 2))]
    means = genre_means(attention, material.labels, genres)
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    by_reading = np.stack([genre_means(each.heard.attention, material.labels, genres) for each in readings])
    p_values = [_p(attention, material, material.labels == genre, rng) for genre in range(genres)]
    figures = {
        "means": means,
        "low": low,
        "high": high,
        "uniform": 1 / attention.shape[1],
        "top": (-means).argsort(axis=1, kind="stable")[:, :TOP],
        "top_by_reading": (-by_reading).argsort(axis=2, kind="stable")[:, :, :TOP],
        "p_uniform": p_values,
        "p_uniform_adjusted": list(holm(p_values)),
        "p_uniform_all": _p(attention, material, np.ones(len(material), dtype=bool), rng),
        "all_means": attention.mean(axis=0, dtype=np.float64),
        # The exponential of a clip's entropy is to how many steps its attention amounts.
        "evenness": float(np.exp(entr(attention.astype(np.float64)).sum(axis=1)).mean() / attention.shape[1]),
    }
    return figures, drawn


def _p(attention: NDArray[np.float32], material: Material, rows: NDArray[np.bool_], rng: np.random.Generator) -> float:
    artists = [artist for artist, use in zip(material.artists, rows, strict=True) if use]
    return uniform_p(attention[rows], artists, rounds=PERMUTATIONS, rng=rng)


def shift(
    reading: Reading, material: Material, *, rng: np.random.Generator, progress: Callable[[int], None]
) -> Figures:
    """Whether attention stays with the music or with the position when excerpts start later."""
    rows, logs = [], []
    each = max(2, CLIPS_SHIFTED // len(reading.networks))
    offsets: tuple[int, ...] = ()
    for network, own in reading.parts():
        chosen = own if len(own) <= each else np.sort(rng.choice(own, size=each, replace=False))

        def attend(db: NDArray[np.float32], network: Network = network) -> NDArray[np.float32]:
            return hear(network, db, progress=progress).attention

        said = shifted(attend, material.db[chosen])
        rows.append(chosen)
        logs.append(said.logs)
        offsets = said.offsets
    all_rows = np.concatenate(rows)
    shifts = Shifts(np.concatenate(logs), offsets)
    artists = [material.artists[row] for row in all_rows]
    profiles = shifts.profiles
    gap = offsets[-1] - offsets[0]
    figures: Figures = {
        "n": len(all_rows),
        "offsets": list(offsets),
        "profiles": profiles,
        "stays": float(np.corrcoef(profiles[0], profiles[-1])[0, 1]),
        "moves": float(np.corrcoef(profiles[0, gap:], profiles[-1, : profiles.shape[1] - gap])[0, 1]),
    }
    for name in ("position_share", "music_correlation", "position_correlation"):
        figures[name] = mean_with_interval(getattr(shifts, name), artists, rng)
    return figures


def by_event(
    readings: Sequence[Reading], dataset: Dataset, material: Material, *, rng: np.random.Generator
) -> list[Figures]:
    """Rank correlation within clips of attention with each event."""
    attention = mean_attention(readings)
    found = events.token_events(material.db) | events.token_beats(dataset, material.clips, attention.shape[1])
    rows = []
    for name, values in found.items():
        said = event_correlation(attention, values, material.artists, rng=rng)
        if said is not None:
            mean, low, high, clips = said
            rows.append({"event": name, "rho": mean, "low": low, "high": high, "n": clips})
    return rows
