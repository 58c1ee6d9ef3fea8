"""Faithfulness of every way to explain, over the networks of a reading, each on clips that it never heard.

`costly` of each function is what `costly_methods` made for the networks of the reading, in their order; with none of it
the costly methods are left out. What random weights do is asked of the others alone.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from earmark.analyze import faithfulness as tests
from earmark.analyze.attention import rank_correlations
from earmark.analyze.explanations import CONTROLS, METHODS, Costly, Scores, explain
from earmark.analyze.material import Heard, Material, Network, hear
from earmark.analyze.reading import Reading, mean_with_interval

Figures = dict[str, Any]
Floats = NDArray[np.float64]
Progress = Callable[[int], None]

_LOCATED = {"hit_rate": "hits", "auc": "areas", "iou": "overlaps", "f1": "f1"}  # figures, and parts of `Located`
# Over all networks of a reading.
SPLICES = 300
CURVE_CLIPS = 150
RANDOMISED_CLIPS = 40
PLANTED_CLIPS = 100
MASK_CLIPS = 100  # that each network's mask learns from
MASKS = 64  # of each window, that the forest learns from


def costly_methods(reading: Reading, material: Material, *, progress: Progress) -> tuple[Costly, ...]:
    """What the costly methods need, for each network of a reading.

    Masks learn from clips that the network was trained on, so that they are asked of others; where nobody knows which
    those are, from any.
    """
    made = []
    for number, (network, rows) in enumerate(reading.parts()):
        decoder = None
        if network.module is not None:
            from earmark.analyze.mask import fit_mask  # torch

            others = np.setdiff1d(np.arange(len(material)), rows)
            own = tests.pieces(others if len(others) else rows, MASK_CLIPS, np.random.default_rng(number))
            heard = hear(network, material.db[own], progress=progress)
            decoder = fit_mask(network, material.db[own], heard, filler=material.filler, seed=number, progress=progress)
        made.append(Costly(MASKS, decoder))
    return tuple(made)


class Explained(NamedTuple):
    """Clips of one network that it never heard: their rows, windows, the genre heard in each, every method's scores."""

    network: Network
    rows: NDArray[np.int64]  # (n,) of the material
    db: NDArray[np.float32]  # (n, 128, frames)
    heard: Heard
    answers: NDArray[np.int64]  # (n,)
    scores: Scores  # (n, tokens) each, for that genre


def explained_answers(
    reading: Reading,
    material: Material,
    clips: int,
    *,
    rng: np.random.Generator,
    progress: Progress,
    costly: Sequence[Costly] = (),
) -> Iterator[Explained]:
    """So many clips over all networks of a reading, drawn from those that each never heard, a network at a time."""
    for number, (network, own) in enumerate(reading.parts()):
        rows = _some(own, clips, reading, rng)
        db, heard = material.db[rows], reading.heard.take(rows)
        answers = heard.logits.argmax(axis=1).astype(np.int64)
        ask = partial(explain, filler=material.filler, costly=_at(costly, number), rng=rng, progress=progress)
        yield Explained(network, rows, db, heard, answers, ask(network, db, answers, heard=heard))


def windows_to_learn(networks: Sequence[Network]) -> int:
    """An upper bound for what `costly_methods` reports to `progress`."""
    from earmark.analyze.mask import EPOCHS  # torch

    return sum(MASK_CLIPS * (1 + 2 * EPOCHS) for network in networks if network.module is not None)


def spliced(
    reading: Reading,
    material: Material,
    *,
    rng: np.random.Generator,
    progress: Progress,
    costly: Sequence[Costly] = (),
) -> Figures:
    """How well each method finds splices; nothing where none can be made."""
    scores: list[Scores] = []
    inside, artists = [], []
    for number, (network, rows) in enumerate(reading.parts()):
        count = -(-SPLICES // len(reading.networks))
        made = tests.splices(material, rows, reading.heard.take(rows), count, rng)
        if made is None:
            continue
        explained = partial(explain, filler=material.filler, costly=_at(costly, number), rng=rng, progress=progress)
        scores.append(explained(network, made.db, made.targets))
        inside.append(made.inside)
        artists += [material.artists[row] for row in made.rows]
    return _located(scores, inside, artists, rng)


def planted(
    reading: Reading,
    material: Material,
    *,
    rng: np.random.Generator,
    progress: Progress,
    costly: Sequence[Costly] = (),
) -> Figures:
    """The same on clips whose deciding span is known; nothing where it is not."""
    known = tests.planted(material)
    if known is None:
        return {}
    scores: list[Scores] = []
    inside, artists = [], []
    for number, (network, own) in enumerate(reading.parts()):
        rows = _some(own, PLANTED_CLIPS, reading, rng)
        targets = material.labels[rows]
        explained = partial(explain, filler=material.filler, costly=_at(costly, number), rng=rng, progress=progress)
        scores.append(explained(network, known.db[rows], targets))
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
        for key, part in _LOCATED.items():
            values = getattr(result, part).astype(float)
            row[key] = mean_with_interval(values, artists, rng)
            for control in CONTROLS:
                row[f"{key}_over_{control}"] = mean_with_interval(values - getattr(found[control], part), artists, rng)
        row["shown"] = mean_with_interval(result.shown, artists, rng)
        rows.append(row)
    return {"n": len(where), "artists": len(set(artists)), "chance": float(where.mean()), "methods": rows}


def curves(
    reading: Reading,
    material: Material,
    *,
    rng: np.random.Generator,
    progress: Progress,
    costly: Sequence[Costly] = (),
) -> Figures:
    """Deletion and insertion curves of each method for the genre that the network hears."""
    made: list[tests.Curves] = []
    artists: list[str] = []
    for each in explained_answers(reading, material, CURVE_CLIPS, rng=rng, progress=progress, costly=costly):
        said, filler = (each.network, each.db, each.answers, each.scores), material.filler
        made.append(tests.curves(*said, filler=filler, heard=each.heard, progress=progress))
        artists += [material.artists[row] for row in each.rows]
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
    """A network's share of so many clips over all networks, drawn from its own."""
    return tests.pieces(own, -(-total // len(reading.networks)), rng)


def _at(costly: Sequence[Costly], number: int) -> Costly | None:
    """What the costly methods need for the network at this place."""
    return costly[number] if costly else None
