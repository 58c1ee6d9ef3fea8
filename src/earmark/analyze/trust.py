"""Faithfulness of every way to explain, over the networks of a reading, each on clips that it never heard."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.analyze import faithfulness as tests
from earmark.analyze.attention import rank_correlations
from earmark.analyze.explanations import CONTROLS, METHODS, Scores, explain
from earmark.analyze.material import Material
from earmark.analyze.reading import Reading, mean_with_interval

Figures = dict[str, Any]
Floats = NDArray[np.float64]
Progress = Callable[[int], None]

# Over all networks of a reading.
SPLICES = 300
CURVE_CLIPS = 150
RANDOMISED_CLIPS = 40
PLANTED_CLIPS = 100


def spliced(reading: Reading, material: Material, *, rng: np.random.Generator, progress: Progress) -> Figures:
    """Hit rate and ROC AUC of each method on splices; nothing where none can be made."""
    scores: list[Scores] = []
    inside, artists = [], []
    for network, rows in reading.parts():
        count = -(-SPLICES // len(reading.networks))
        made = tests.splices(material, rows, reading.heard.take(rows), count, rng)
        if made is None:
            continue
        scores.append(explain(network, made.db, made.targets, filler=material.filler, rng=rng, progress=progress))
        inside.append(made.inside)
        artists += [material.artists[row] for row in made.rows]
    return _located(scores, inside, artists, rng)


def planted(reading: Reading, material: Material, *, rng: np.random.Generator, progress: Progress) -> Figures:
    """The same on clips whose deciding span is known; nothing where it is not."""
    known = tests.planted(material)
    if known is None:
        return {}
    scores: list[Scores] = []
    inside, artists = [], []
    for network, own in reading.parts():
        rows = _some(own, PLANTED_CLIPS, reading, rng)
        targets = material.labels[rows]
        scores.append(explain(network, known.db[rows], targets, filler=material.filler, rng=rng, progress=progress))
        inside.append(known.inside[rows])
        artists += [material.artists[row] for row in rows]
    return _located(scores, inside, artists, rng)


def _located(
    scores: Sequence[Scores], inside: Sequence[NDArray[np.bool_]], artists: Sequence[str], rng: np.random.Generator
) -> Figures:
    if not scores or len(set(artists)) < 2:
        return {}
    where = np.concatenate(inside)
    found = {
        name: tests.located(np.concatenate([each[name] for each in scores]), where)
        for name in METHODS
        if all(name in each for each in scores)
    }
    rows = []
    for name, result in found.items():
        row: Figures = {"method": name}
        for key, values in (("hit_rate", result.hits), ("auc", result.areas)):
            row[key] = mean_with_interval(values, artists, rng)
            for control in CONTROLS:
                rival = found[control].hits if key == "hit_rate" else found[control].areas
                row[f"{key}_over_{control}"] = mean_with_interval(values.astype(float) - rival, artists, rng)
        rows.append(row)
    return {"n": len(where), "artists": len(set(artists)), "chance": float(where.mean()), "methods": rows}


def curves(reading: Reading, material: Material, *, rng: np.random.Generator, progress: Progress) -> Figures:
    """Deletion and insertion curves of each method for the genre that the network hears."""
    made: list[tests.Curves] = []
    artists: list[str] = []
    for network, own in reading.parts():
        rows = _some(own, CURVE_CLIPS, reading, rng)
        db, heard = material.db[rows], reading.heard.take(rows)
        targets = heard.logits.argmax(axis=1).astype(np.int64)
        filler = material.filler
        scores = explain(network, db, targets, filler=filler, rng=rng, heard=heard, progress=progress)
        made.append(tests.curves(network, db, targets, scores, filler=filler, heard=heard, progress=progress))
        artists += [material.artists[row] for row in rows]
    whole = np.concatenate([each.whole for each in made])
    empty = np.concatenate([each.empty for each in made])
    rows_ = []
    for name in [name for name in METHODS if all(name in each.deletion for each in made)]:
        down = np.concatenate([each.deletion[name] for each in made])
        up = np.concatenate([each.insertion[name] for each in made])
        chance_down = np.concatenate([each.deletion["random"] for each in made])
        chance_up = np.concatenate([each.insertion["random"] for each in made])
        rows_.append(
            {
                "method": name,
                "deletion": [mean_with_interval(values, artists, rng) for values in down.T],
                "insertion": [mean_with_interval(values, artists, rng) for values in up.T],
                "deletion_area": mean_with_interval(down.mean(axis=1), artists, rng),
                "insertion_area": mean_with_interval(up.mean(axis=1), artists, rng),
                "deletion_below_random": mean_with_interval((chance_down - down).mean(axis=1), artists, rng),
                "insertion_over_random": mean_with_interval((up - chance_up).mean(axis=1), artists, rng),
            }
        )
    return {
        "n": len(whole),
        "shares": list(tests.SHARES),
        "whole": float(whole.mean()),
        "empty": float(empty.mean()),
        "methods": rows_,
    }


def randomised(reading: Reading, material: Material, *, rng: np.random.Generator, progress: Progress) -> Figures:
    """How alike explanations stay when weights become random, from the answer down; nothing without weights."""
    alike: dict[tuple[str, str], list[Floats]] = {}
    artists: list[str] = []
    for number, (network, own) in enumerate(reading.parts()):
        others = tests.randomised(network, seed=number)
        if not others:
            return {}
        rows = _some(own, RANDOMISED_CLIPS, reading, rng)
        db, heard = material.db[rows], reading.heard.take(rows)
        targets = heard.logits.argmax(axis=1).astype(np.int64)
        before = explain(network, db, targets, filler=material.filler, rng=rng, heard=heard, progress=progress)
        artists += [material.artists[row] for row in rows]
        for stage, other in others:
            after = explain(other, db, targets, filler=material.filler, rng=rng, progress=progress)
            for method, scores in after.items():
                alike.setdefault((method, stage), []).append(rank_correlations(before[method], scores))
    stages = list(dict.fromkeys(stage for _, stage in alike))
    methods = [
        {
            "method": name,
            "stages": [mean_with_interval(np.concatenate(alike[name, stage]), artists, rng) for stage in stages],
        }
        for name in dict.fromkeys(name for name, _ in alike)
    ]
    return {"n": len(artists), "stages": stages, "methods": methods}


def _some(own: NDArray[np.int64], total: int, reading: Reading, rng: np.random.Generator) -> NDArray[np.int64]:
    """A network's share of so many clips over all networks."""
    return tests.pieces(own, -(-total // len(reading.networks)), rng)
