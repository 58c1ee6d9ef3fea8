"""The genre map, nearest genres and genre arithmetic of readings, with how far each finding stands a second look."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from earmark.analyze import events, space
from earmark.analyze.material import Material
from earmark.analyze.reading import Reading
from earmark.measure.bootstrap import artist_interval_of, draw_artists

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Figures = dict[str, Any]

AXES = 3
NEAREST = 2
NEIGHBOURS = 5  # of a clip, whose order on the map is compared with the true one
SPACES = ("full", "map3", "map2")  # 128 numbers, and the first axes of the map


@dataclass(frozen=True, eq=False)
class Draws:
    """Genre means of a reading in each space, as they are and for each draw of artists, and the map they are on."""

    pca: PCA
    means: dict[str, Floats]  # (genres, d)
    drawn: dict[str, Floats]  # (draws, genres, d), without draws that lack a genre


def draws_of(reading: Reading, material: Material, *, rounds: int, rng: np.random.Generator) -> Draws:
    """Means under draws of artists; the axes of the map stay what they are."""
    genres = len(material.genres)
    weights = draw_artists(material.artists, rounds, rng)
    pca = space.principal_axes(reading.places, AXES)
    full = space.genre_means(reading.places, material.labels, genres)
    drawn = space.genre_means(reading.places, material.labels, genres, weights)
    drawn = drawn[~np.isnan(drawn).any(axis=(1, 2))]
    means, many = {"full": full}, {"full": drawn}
    for name, axes in (("map3", 3), ("map2", 2)):
        means[name] = pca.transform(full)[:, :axes]
        many[name] = pca.transform(drawn.reshape(-1, drawn.shape[2]))[:, :axes].reshape(*drawn.shape[:2], axes)
    return Draws(pca, means, many)


def genre_map(reading: Reading, draws: Draws, material: Material, *, rng: np.random.Generator) -> Figures:
    """Points, means, ellipses, what the axes go with, and how wrong the map is."""
    points = draws.pca.transform(reading.places)
    errors = {
        f"{axes} axes": {
            "explained": float(draws.pca.explained_variance_ratio_[:axes].sum()),
            "trustworthiness": trustworthiness(reading.places, points[:, :axes], n_neighbors=NEIGHBOURS),
            "kept_neighbours": float(space.kept_neighbours(reading.places, points[:, :axes], NEIGHBOURS).mean()),
        }
        for axes in (2, 3)
    }
    return {
        "points": points,
        "explained": draws.pca.explained_variance_ratio_,
        "means": draws.means["map3"],
        "covariances": np.stack([np.cov(each.T) for each in draws.drawn["map2"].swapaxes(0, 1)]),
        "errors": errors,
        "true_neighbours": _nearest_clips(reading.places),
        "map_neighbours": _nearest_clips(points[:, :2]),
        "axes": _axes(points, material, rng),
    }


def _nearest_clips(points: Floats, count: int = 3) -> Ints:
    return space.nearest(space.distances(points), count)


def _axes(points: Floats, material: Material, rng: np.random.Generator) -> list[Figures]:
    """Rank correlation of every axis with every feature of clips, and its interval by artist."""
    rows = []
    for name, values in events.clip_features(material.db, material.clips).items():
        usable = ~np.isnan(values)
        names = [artist for artist, use in zip(material.artists, usable, strict=True) if use]
        if usable.sum() < len(points) / 2 or len(set(names)) < 2:
            continue
        for axis in range(points.shape[1]):
            one, other = rankdata(points[usable, axis]), rankdata(values[usable])
            correlation = partial(_weighted, one, other)
            low, high = artist_interval_of(correlation, names, rng=rng)
            rho = float(correlation(np.ones((1, len(names))))[0])
            rows.append(
                {"axis": axis + 1, "feature": name, "rho": rho, "low": low, "high": high, "n": int(usable.sum())}
            )
    return rows


def _weighted(one: Floats, other: Floats, weights: Floats) -> Floats:
    """Correlation of two rows of ranks under each weighting, (draws, n) -> (draws,)."""
    total = weights.sum(axis=1, keepdims=True)
    a = one - weights @ one[:, None] / total
    b = other - weights @ other[:, None] / total
    both = (weights * a * b).sum(axis=1)
    return np.asarray(both / np.sqrt((weights * a * a).sum(axis=1) * (weights * b * b).sum(axis=1)))


def neighbours(readings: Sequence[Reading], draws: Sequence[Draws], material: Material) -> Figures:
    """The nearest two of each genre by space, how often over draws and readings, and by each network on all clips."""
    genres = len(material.genres)
    found: Figures = {}
    for name in SPACES:
        shares = [space.nearest_shares(space.nearest(space.distances(each.drawn[name])), genres) for each in draws]
        found[name] = {
            "distances": space.distances(draws[0].means[name]),
            "nearest": space.nearest(space.distances(draws[0].means[name])),
            "shares": np.mean(shares, axis=0),
            "by_reading": [space.nearest(space.distances(each.means[name])) for each in draws],
        }
    own = [places for reading in readings for places in reading.own]
    each = [space.distances(space.genre_means(places, material.labels, genres)) for places in own]
    found["by_network"] = space.nearest_shares(space.nearest(np.stack(each)), genres)
    found["merges"] = space.merges(found["full"]["distances"])
    return found


def arithmetic(
    readings: Sequence[Reading],
    draws: Sequence[Draws],
    material: Material,
    *,
    permutations: int,
    rng: np.random.Generator,
) -> Figures:
    """Every a - b + c, ranked by how near the answer is against the next, with chance and steadiness beside it."""
    genres = len(material.genres)
    equations = space.Equations.all(genres)
    if not len(equations) or genres < 5:  # with terms excluded an answer needs a rival
        return {"rows": []}
    rows: list[Figures] = [
        {"a": int(a), "b": int(b), "c": int(c)} for a, b, c in zip(equations.a, equations.b, equations.c, strict=True)
    ]
    shuffled = space.permuted_labels(material.labels, material.artists, genres, permutations, rng)
    world = {
        "full": np.stack([space.genre_means(readings[0].places, labels, genres) for labels in shuffled]),
    }
    world["map3"] = draws[0].pca.transform(world["full"].reshape(-1, world["full"].shape[2])).reshape(-1, genres, AXES)
    for name in ("full", "map3"):
        _answers(rows, equations, name, draws, world[name])
    near = space.nearest(space.distances(draws[0].means["full"]))
    for row in rows:
        row["answer_is_a_neighbour"] = row["full"]["answer"] in {*near[row["a"]].tolist(), *near[row["c"]].tolist()}
    rows.sort(key=lambda row: row["full"]["ratio"])
    return {"rows": rows, **_summary(rows)}


def _answers(rows: list[Figures], equations: space.Equations, name: str, draws: Sequence[Draws], world: Floats) -> None:
    """Add what one space says to every row."""
    gaps = equations.gaps(draws[0].means[name])
    answer, free = equations.answers(gaps), equations.answers(gaps, excluding=False)
    ratio = equations.ratios(gaps)
    drawn = np.concatenate([equations.answers(equations.gaps(each.drawn[name])) for each in draws])
    steady = (drawn == answer).mean(axis=0)
    readings = np.sum([equations.answers(equations.gaps(each.means[name])) == answer for each in draws], axis=0)
    chance_gaps = equations.gaps(world)
    chance = (equations.answers(chance_gaps) == answer).mean(axis=0)
    chance_free = (equations.answers(chance_gaps, excluding=False) == answer).mean(axis=0)
    as_near = (equations.ratios(chance_gaps) <= ratio).sum(axis=0)
    for number, row in enumerate(rows):
        row[name] = {
            "answer": int(answer[number]),
            "ratio": float(ratio[number]),
            "draws": float(steady[number]),
            "readings": int(readings[number]),
            "chance": float(chance[number]),
            "chance_not_excluding": float(chance_free[number]),
            "p": float((as_near[number] + 1) / (len(world) + 1)),
            "answer_not_excluding": int(free[number]),
        }


def _summary(rows: Sequence[Figures]) -> Figures:
    """What is true of equations as a whole."""

    def share(test: Any) -> float:
        return float(np.mean([bool(test(row)) for row in rows]))

    return {
        "equations": len(rows),
        "term_is_the_answer": share(lambda row: row["full"]["answer_not_excluding"] in (row["a"], row["c"])),
        "answer_is_a_neighbour": share(lambda row: row["answer_is_a_neighbour"]),
        "steady": share(lambda row: row["full"]["draws"] >= 0.9),
        "p_below_5_percent": share(lambda row: row["full"]["p"] < 0.05),
        "same_on_the_map": share(lambda row: row["full"]["answer"] == row["map3"]["answer"]),
    }
