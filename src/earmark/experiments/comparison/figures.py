"""What a benchmark found, as figures: each system under each protocol, comparisons, the price of the leak, costs.

A row of a cell's predictions is one answer. An item is what is answered: a clip, or under a segment protocol a segment,
whose id is its clip's with "@" and a number. A system's correctness on an item is its mean over seeds. All intervals
draw artists. Everything here is ready for JSON: no figure is NaN, what there is not is None.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.evaluate import calibration
from earmark.evaluate.predictions import SEGMENT_MARK, Predictions
from earmark.measure.bootstrap import artist_interval
from earmark.measure.comparison import Difference, holm, paired_test
from earmark.measure.metrics import confusion, coverage, ece, macro_f1, mean_set_size

BOOTSTRAP_SEED = 0
TEST_ROUNDS = 9999
LEVEL = 0.05  # an adjusted p below it tells two systems apart


@dataclass(frozen=True)
class Cell:
    """One system under one protocol.

    Attributes
    ----------
    predictions:
        All finished runs joined, as the networks said them; None where none is finished.
    runs_done, runs_planned:
        Networks trained, and to be trained: seeds times folds.
    facts:
        One a finished run: `parameters`, `train_seconds`, `epochs`, `examples`, `threads`, `hear_seconds_per_clip`,
        `processor`; what a system has not is None or missing.
    """

    system: str
    protocol: str
    predictions: Predictions | None
    runs_done: int
    runs_planned: int
    facts: tuple[Mapping[str, Any], ...]

    @property
    def incomplete(self) -> bool:
        """Whether runs are missing."""
        return self.runs_done < self.runs_planned


@dataclass(frozen=True)
class ProtocolWords:
    """A protocol in words; `leaky` where artists or clips stand on both sides of its splits."""

    name: str
    leaky: bool
    description: str

    @property
    def label(self) -> str:
        """Its name as it is shown: with the word "leaky" where it leaks."""
        return f"{self.name} (leaky)" if self.leaky and "leaky" not in self.name.lower() else self.name


@dataclass(frozen=True, eq=False)
class Heard:
    """What a system said under a protocol, and whether runs of it are missing."""

    answers: Predictions
    incomplete: bool


HeardCells = Mapping[tuple[str, str], Heard]  # by system and protocol


@dataclass(frozen=True, eq=False)
class Items:
    """Correctness by item: keys sorted, artists, labels, right (items,) the mean over seeds (and segments)."""

    keys: NDArray[np.str_]
    artists: NDArray[np.str_]
    labels: NDArray[np.str_]
    right: NDArray[np.float64]

    def at(self, places: NDArray[np.intp]) -> "Items":
        """Those at these places."""
        return Items(self.keys[places], self.artists[places], self.labels[places], self.right[places])


def benchmark_figures(
    cells: Sequence[Cell], protocols: Sequence[ProtocolWords], *, reference: str, recipes: Mapping[str, str]
) -> dict[str, Any]:
    """All figures of a benchmark, by name, ready for JSON."""
    honest = [words.name for words in protocols if not words.leaky]
    main = (honest or [words.name for words in protocols])[0]
    systems = list(dict.fromkeys(cell.system for cell in cells))
    heard = {
        (cell.system, cell.protocol): Heard(cell.predictions, cell.incomplete)
        for cell in cells
        if cell.predictions is not None
    }
    compared = {name: _comparisons(systems, name, heard, reference) for name in honest}
    return {
        "reference": reference,
        "main_protocol": main,
        "protocols": [
            {"name": words.name, "label": words.label, "leaky": words.leaky, "description": words.description}
            for words in protocols
        ],
        "systems": [{"name": system, "recipe": recipes.get(system, "")} for system in systems],
        "genres": list(next(iter(heard.values())).answers.genres) if heard else [],
        "cells": [_cell_figures(cell) for cell in cells],
        "price_of_the_leak": _prices(systems, protocols, heard, honest[0]) if honest else [],
        "comparisons": compared,
        "genre_differences": _genre_differences(systems, main, heard, reference),
        "confusion": {system: _confusion(heard[system, main].answers) for system in systems if (system, main) in heard},
    }


def cells_of(figures: Mapping[str, Any], protocol: str) -> list[dict[str, Any]]:
    """A protocol's cells as they are shown: the best first, then incomplete ones, then those without answers."""
    own = [cell for cell in figures["cells"] if cell["protocol"] == protocol]
    return sorted(own, key=lambda cell: (not cell["n"], cell["incomplete"], -cell.get("accuracy", 0.0)))


def by_item(predictions: Predictions, *, name: Callable[[str], str] = str) -> Items:
    """Mean correctness of each item; `name` makes an item's name of a row's id, such as `clip_of`."""
    rows = [f"{set_}/{name(id_)}" for set_, id_ in zip(predictions.sets, predictions.ids, strict=True)]
    keys, first, item = np.unique(np.array(rows), return_index=True, return_inverse=True)
    right = (predictions.predicted == predictions.truth).astype(float)
    return Items(
        keys,
        np.array(predictions.artists)[first],
        np.array(predictions.labels)[first],
        np.bincount(item, weights=right) / np.bincount(item),
    )


def clip_of(row_id: str) -> str:
    """The clip that a segment is of; a clip's own id comes back as it is."""
    clip, _, number = row_id.rpartition(SEGMENT_MARK)
    return clip if clip and number.isdecimal() else row_id


def _unit(predictions: Predictions) -> str:
    return "clips" if all(clip_of(id_) == id_ for id_ in predictions.ids) else "segments"


def _rng() -> np.random.Generator:
    return np.random.default_rng(BOOTSTRAP_SEED)


def _interval(values: NDArray[Any], artists: Sequence[str]) -> tuple[float, float] | tuple[None, None]:
    """The 95 % interval; nothing follows from one artist about others."""
    return artist_interval(values, artists, rng=_rng()) if len(set(artists)) > 1 else (None, None)


def _cell_figures(cell: Cell) -> dict[str, Any]:
    counted = {"runs_done": cell.runs_done, "runs_planned": cell.runs_planned, "incomplete": cell.incomplete}
    out: dict[str, Any] = {"system": cell.system, "protocol": cell.protocol, **counted, "costs": _costs(cell.facts)}
    predictions = cell.predictions
    if predictions is None:
        return out | {"n": 0}
    truth = predictions.truth
    right = predictions.predicted == truth
    items = {f"{set_}/{id_}" for set_, id_ in zip(predictions.sets, predictions.ids, strict=True)}
    seeds = np.unique(predictions.seeds)
    low, high = _interval(right, predictions.artists)
    return out | {
        "unit": _unit(predictions),
        "n": len(items),
        "n_clips": len({clip_of(item) for item in items}),
        "n_predictions": len(predictions),
        "n_artists": len(set(predictions.artists)),
        "seeds": len(seeds),
        "accuracy": float(right.mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        "accuracy_by_seed": {str(seed): float(right[predictions.seeds == seed].mean()) for seed in seeds},
        "macro_f1": macro_f1(truth, predictions.predicted),
        **_calibrated_figures(predictions),
    }


def _calibrated_figures(predictions: Predictions) -> dict[str, Any]:
    truth = predictions.truth
    raw = ece(predictions.probabilities, truth)
    pairs = set(zip(predictions.seeds.tolist(), predictions.folds.tolist(), strict=True))
    if min(Counter(seed for seed, _ in pairs).values()) < 2:
        return {"calibration": "none", "ece": raw, "ece_uncalibrated": raw, "coverage": None, "mean_set_size": None}
    probabilities, sets = calibration.cross_fit(predictions)
    return {
        "calibration": "cross-fitted",
        "ece": ece(probabilities, truth),
        "ece_uncalibrated": raw,
        "coverage": coverage(sets, truth),
        "mean_set_size": mean_set_size(sets),
    }


def _costs(facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Medians over runs, in all and by processor."""
    processors = [str(fact.get("processor") or "unknown processor") for fact in facts]
    return _medians(facts) | {
        "by_processor": {
            name: _medians([fact for fact, own in zip(facts, processors, strict=True) if own == name])
            for name in dict.fromkeys(processors)
        }
    }


def _medians(facts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    def middle(values: Sequence[Any]) -> Any:
        known = [value for value in values if value is not None]
        return median(known) if known else None

    names = ("parameters", "train_seconds", "hear_seconds_per_clip")
    return {
        "runs": len(facts),
        "threads": sorted({fact["threads"] for fact in facts if fact.get("threads")}),
        **{name: middle([fact.get(name) for fact in facts]) for name in names},
        "ms_per_clip_epoch": middle([_ms_per_clip_epoch(fact) for fact in facts]),
    }


def _ms_per_clip_epoch(fact: Mapping[str, Any]) -> float | None:
    seen = (fact.get("examples") or 0) * (fact.get("epochs") or 0)
    seconds = fact.get("train_seconds")
    return None if seconds is None or not seen else 1000 * seconds / seen


def _common(first: Items, second: Items) -> tuple[Items, Items]:
    """Both on the items that both have."""
    _, here, there = np.intersect1d(first.keys, second.keys, assume_unique=True, return_indices=True)
    return first.at(here), second.at(there)


def _comparisons(systems: Sequence[str], protocol: str, heard: HeardCells, reference: str) -> list[dict[str, Any]]:
    """Every pair under one protocol, `a` minus `b`; the reference is always `b`.

    `p_holm` is adjusted over the comparisons with the reference, the question that a benchmark asks (None for other
    pairs); `p_holm_all` over all pairs. The words go by the former where it is there.
    """
    items = {system: by_item(heard[system, protocol].answers) for system in systems if (system, protocol) in heard}
    rows = []
    for a, b in combinations(sorted(items, key=lambda system: system == reference), 2):
        first, second = _common(items[a], items[b])
        if len(set(first.artists)) < 2:
            continue
        result = paired_test(first.right, second.right, first.artists.tolist(), rounds=TEST_ROUNDS, rng=_rng())
        incomplete = [system for system in (a, b) if heard[system, protocol].incomplete]
        rows.append((a, b, result, {"n": len(first.keys), "n_artists": len(set(first.artists))}, incomplete))
    every = holm([result.p for _, _, result, _, _ in rows]) if rows else ()
    asked = [number for number, row in enumerate(rows) if row[1] == reference]
    own = dict(zip(asked, holm([rows[number][2].p for number in asked]), strict=True)) if asked else {}
    return [
        {
            "a": a,
            "b": b,
            **counts,
            "incomplete": incomplete,
            **vars(result),
            "p_holm": own.get(number),
            "p_holm_all": every[number],
            "a_is": _in_words(result, own.get(number, every[number])),
        }
        for number, (a, b, result, counts, incomplete) in enumerate(rows)
    ]


def _in_words(result: Difference, p: float) -> str:
    said = f"p = {p:.2g}" if p < 0.995 else "p = 1"
    if p >= LEVEL:
        return f"cannot be told ({said})"
    return f"{'better' if result.difference > 0 else 'worse'} ({said})"


def _prices(
    systems: Sequence[str],
    protocols: Sequence[ProtocolWords],
    heard: HeardCells,
    honest: str,
) -> list[dict[str, Any]]:
    """Accuracy under each leaky protocol minus the honest one, clip by clip; segments are averaged over their clip."""
    rows = []
    for words in protocols:
        both = [system for system in systems if {(system, words.name), (system, honest)} <= heard.keys()]
        for system in both if words.leaky else ():
            leaky, fair = heard[system, words.name], heard[system, honest]
            row = _price(leaky.answers, fair.answers)
            named = {"system": system, "protocol": words.name, "honest_protocol": honest}
            rows.append({**named, "incomplete": leaky.incomplete or fair.incomplete, **row})
    return [row for row in rows if row["n_clips"]]


def _price(leaky: Predictions, fair: Predictions) -> dict[str, Any]:
    first, second = _common(by_item(leaky, name=clip_of), by_item(fair, name=clip_of))
    if not len(first.keys):
        return {"n_clips": 0}
    differences = first.right - second.right
    low, high = _interval(differences, first.artists.tolist())
    common = set(first.keys.tolist())
    answered = {f"{set_}/{id_}" for set_, id_ in zip(leaky.sets, leaky.ids, strict=True)}
    return {
        "n": sum(clip_of(item) in common for item in answered),
        "unit": _unit(leaky),
        "n_clips": len(common),
        "accuracy_leaky": float(first.right.mean()),
        "accuracy_honest": float(second.right.mean()),
        "difference": float(differences.mean()),
        "low": low,
        "high": high,
    }


def _genre_differences(
    systems: Sequence[str], protocol: str, heard: HeardCells, reference: str
) -> dict[str, dict[str, float]]:
    """System to genre to its accuracy minus the reference's on the clips both have; "all" is all genres together."""
    if (reference, protocol) not in heard:
        return {}
    base = by_item(heard[reference, protocol].answers)
    out = {}
    for system in systems:
        if system == reference or (system, protocol) not in heard:
            continue
        own, other = _common(by_item(heard[system, protocol].answers), base)
        if not len(own.keys):
            continue
        gaps = own.right - other.right
        by_genre = {str(genre): float(gaps[own.labels == genre].mean()) for genre in np.unique(own.labels)}
        out[system] = {"all": float(gaps.mean()), **by_genre}
    return out


def _confusion(answers: Predictions) -> list[list[int]]:
    """Counts, rows are labels, all seeds together."""
    counts: list[list[int]] = confusion(answers.truth, answers.predicted, len(answers.genres)).tolist()
    return counts
