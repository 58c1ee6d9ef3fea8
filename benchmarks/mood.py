"""How well mood is told from frozen vectors, beside controls, within sets and across them (docs/results.md).

Each clip is told by a head on the vectors of a network that never heard its artist, fitted on the clips of the other
folds. `--joint` are networks that learned mood together with all else, of the same folds. The mapping of Emotify's
emotions onto the plane is `MAPPING`, and was written down before anything was looked at.

    python benchmarks/mood.py CROSSVAL --data 4q --data emotify [--seed 1] [--joint CROSSVAL] [--cache FOLDER]
"""

import argparse
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mood_controls
import numpy as np
import torch
from mood_numbers import artists_of, clips_of, folds_of_runs, hear, network_of
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.data.splits import NEVER_HELD_OUT
from earmark.listen.calibrate import softmax
from earmark.listen.linear import SINGLE
from earmark.listen.reading import on_plane
from earmark.measure.bootstrap import artist_interval, artist_interval_of
from earmark.models.kernel import VIEW
from earmark.models.pitch import SIZE
from earmark.teach.crossfit import Question, Scores, figures, fit, ranks, score_out_of_fold, spearman
from earmark.teach.fit import Penalty
from earmark.teach.heads import ask
from earmark.teach.plan import HeadPlan, load_plans
from earmark.teach.plane import certainty_of, plane_of
from earmark.teach.splices import find_splices

# Where an emotion lies on the plane of valence and arousal: +1, -1, or 0 for neither side.
MAPPING = {
    "joyful activation": (1, 1),
    "power": (0, 1),
    "tension": (-1, 1),
    "sadness": (-1, -1),
    "calmness": (1, -1),
    "tenderness": (1, -1),
}
NumbersOf = Callable[[int], NDArray[np.float32]]
ROUNDS = 2000
VECTOR, OWN, VIEWED = 128, 128 + SIZE, 2 * VIEW


def main() -> None:
    """Print a block a question."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("crossval", type=Path)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--recipe", type=Path, default=Path("recipes/mood.toml"))
    parser.add_argument("--joint", type=Path)
    parser.add_argument("--seed", type=int, default=0, help="of the networks")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--controls", action="store_true", help="also mean mel, rules, an untrained network, teachers")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    bench = Bench(options)
    for system, numbers_of in bench.systems():
        bench.viewed = system in ("frozen", "frozen without pitch", "frozen, folds of joint", "joint")
        for plan in bench.plans.values():
            bench.within(system, plan, numbers_of)
        bench.across(system, numbers_of)
    if options.json:
        options.json.write_text(json.dumps(bench.said, indent=1) + "\n", encoding="utf-8")


class Bench:
    """All clips, and what was said of them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.plans = {plan.name: plan for plan in load_plans(options.recipe)}
        self.clips = clips_of([Dataset.load(folder) for folder in options.data])
        self.each: list[Clip] = [clip for _, clip in self.clips]
        self.folds = folds_of_runs(options.crossval, self.each, seed=options.seed)
        self.artists = artists_of(self.each)
        self.said: dict[str, Any] = {}
        self.viewed = True
        self._heard: dict[tuple[str, int], Any] = {}

    def systems(self) -> Iterator[tuple[str, NumbersOf]]:
        """Names, and the numbers by which each knows all clips, by fold."""
        kept = sorted(set(self.folds.tolist()) - {NEVER_HELD_OUT})
        print(f"{len(self.each)} clips, {int((self.folds != NEVER_HELD_OUT).sum())} held out, folds {kept}")
        yield "frozen", lambda fold: self.heard(self.options.crossval, fold).numbers
        yield "frozen, vector and pitch", lambda fold: self.heard(self.options.crossval, fold).numbers[:, :OWN]
        yield "frozen, vector alone", lambda fold: self.heard(self.options.crossval, fold).numbers[:, :VECTOR]
        yield (
            "frozen without pitch",
            lambda fold: np.delete(self.heard(self.options.crossval, fold).numbers, np.s_[VECTOR:OWN], axis=1),
        )
        if self.options.joint:
            mine, theirs = self.folds, folds_of_runs(self.options.joint, self.each, seed=self.options.seed)
            self.folds = np.where(theirs == mine, mine, NEVER_HELD_OUT)
            yield "frozen, folds of joint", lambda fold: self.heard(self.options.crossval, fold).numbers
            yield "joint", lambda fold: self.heard(self.options.joint, fold).numbers
            self.folds = mine
        if self.options.controls:
            self.machine()
            yield from mood_controls.systems(
                self.clips, network_of(self.options.crossval, kept[0], seed=self.options.seed)
            )

    def own_of(self, numbers_of: NumbersOf) -> int:
        """How many of the numbers have a spread of their own: all but the view of kernel machines."""
        size = numbers_of(int(self.folds.max())).shape[1]
        return size - VIEWED if self.viewed else size

    def heard(self, crossval: Path, fold: int) -> Any:
        """What the network of a fold makes of all clips."""
        key = (str(crossval), fold)
        if key not in self._heard:
            seed = self.options.seed
            cache = self.options.cache and self.options.cache / f"{crossval.name}_seed{seed}_fold{fold}.npz"
            self._heard[key] = hear(network_of(crossval, fold, seed=seed), self.clips, cache)
        return self._heard[key]

    def question(self, plan: HeadPlan, own: int) -> tuple[NDArray[np.int64], Question]:
        """The rows of a plan's clips, and what it asks of them."""
        asked = ask(plan, self.each, own=own)
        return asked.rows, asked.question

    def scores(self, plan: HeadPlan, numbers_of: NumbersOf) -> tuple[NDArray[np.int64], Scores]:
        """Out of fold, of a plan's clips that were held out."""
        own = self.own_of(numbers_of)
        rows, question = self.question(plan, own)
        found = score_out_of_fold(question, lambda fold: numbers_of(fold)[rows], [self.folds[rows]], Penalty())
        return rows, found

    def within(self, system: str, plan: HeadPlan, numbers_of: NumbersOf) -> None:
        """Print a plan's figures."""
        rng = np.random.default_rng(0)
        rows, found = self.scores(plan, numbers_of)
        said = figures(found, rng=rng)
        said["n"] = len(found.scores)
        if plan.kind == SINGLE:
            clips = [self.each[row] for row in rows.tolist()]
            said |= sides(found, rng) | {"plane": plane_of(found, certainty_of(plan, clips)).figures}
            if system in ("frozen", "joint"):
                said["splices"] = self.splices(system, plan, rows, found.question)
        self.said.setdefault(system, {})[plan.name] = said
        print(f"\n{system}, {plan.name}: {json.dumps(rounded(said))}")
        if plan.name == "emotions":
            held = self.folds[rows] != NEVER_HELD_OUT
            print(f"  mean {np.mean([row['spearman'] for row in said['labels'].values()]):.3f}, of {int(held.sum())}")

    def machine(self) -> None:
        """Print what mean and deviation of bands are worth to a support vector machine."""
        rows, question = self.question(self.plans["quadrant"], VECTOR)
        mel = np.stack([mood_controls.mean_mel(self.clips[row][0].db(self.each[row])) for row in rows.tolist()])
        truth = question.targets.argmax(axis=1)
        told = mood_controls.svm(mel, truth, self.folds[rows])
        right = (told == truth)[told >= 0]
        print(f"\nmean and deviation of bands, SVM, quadrant: {right.mean():.3f} of {len(right)}")

    def splices(self, system: str, plan: HeadPlan, rows: NDArray[np.int64], question: Question) -> dict[str, Any]:
        """As `teach.splices`, each fold by its own network."""
        crossval = self.options.joint if system == "joint" else self.options.crossval
        held = self.folds[rows]
        able = held != NEVER_HELD_OUT

        def numbers_of(fold: int) -> NDArray[np.float32]:
            numbers: NDArray[np.float32] = self.heard(crossval, fold).numbers[rows][able]
            return numbers

        def moments_of(fold: int) -> Any:
            moments = self.heard(crossval, fold).moments()
            return [moments[row] for row in rows[able].tolist()]

        return find_splices(question.take(able), numbers_of, moments_of, held[able], Penalty())

    def across(self, system: str, numbers_of: NumbersOf) -> None:
        """Print how a head of one set agrees with the people of the other, without any more learning."""
        quadrant, emotions = self.plans["quadrant"], self.plans["emotions"]
        own_numbers = self.own_of(numbers_of)
        here, there = self.question(quadrant, own_numbers), self.question(emotions, own_numbers)
        felt, labels = on_mapping(emotions.numbered, there[1].targets), here[1].labels
        rng = np.random.default_rng(0)
        said: dict[str, Any] = {}
        told = on_plane(labels, softmax(self.transferred(here, there[0], numbers_of)))
        self._agree(said, "4q on emotify", there[0], told, felt, rng)
        told = on_mapping(emotions.numbered, self.transferred(there, here[0], numbers_of))
        self._agree(said, "emotify on 4q", here[0], told, on_plane(labels, here[1].targets), rng)
        own = self.scores(emotions, numbers_of)[1]
        within = on_mapping(emotions.numbered, own.scores), on_mapping(emotions.numbered, own.targets)
        held = there[0][self.folds[there[0]] != NEVER_HELD_OUT]
        order = np.argsort([int(self.folds[row]) for row in held], kind="stable")
        self._agree(said, "emotify on emotify", held[order], *within, rng)
        self.said.setdefault(system, {})["across"] = said
        print(f"{system}, across: {json.dumps(rounded(said))}")

    def transferred(
        self, taught: tuple[NDArray[np.int64], Question], rows: NDArray[np.int64], numbers_of: NumbersOf
    ) -> NDArray[np.float64]:
        """Scores of the other set's clips by heads on all of one set, each by the network that never heard the clip.

        Clips of the other set's artists are left out of what the head learns.
        """
        mine, question = taught
        scores = np.full((len(rows), len(question.labels)), np.nan)
        for fold in sorted(set(self.folds[rows].tolist()) - {NEVER_HELD_OUT}):
            numbers, held = numbers_of(fold), self.folds[rows] == fold
            asked = {self.artists[row] for row in rows[held].tolist()}
            kept = np.array([self.artists[row] not in asked for row in mine.tolist()])
            layer = fit(question.take(kept), numbers[mine[kept]], Penalty())
            scores[held] = layer.scores(numbers[rows[held]])
        return scores

    def _agree(self, said: dict[str, Any], what: str, rows: NDArray[np.int64], told: Any, truth: Any, rng: Any) -> None:
        known = ~np.isnan(told[:, 0])
        artists = [self.artists[row] for row, kept in zip(rows.tolist(), known, strict=True) if kept]
        for place, name in enumerate(("valence", "arousal")):
            mine, theirs = told[known, place], truth[known, place]
            low, high = correlation_interval(mine, theirs, artists, rng)
            said[f"{what}, {name}"] = {"spearman": spearman(mine, theirs), "low": low, "high": high, "n": len(mine)}


def on_mapping(names: tuple[str, ...], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """(clips, 2) valence and arousal of (clips, emotions), standardised, by `MAPPING`."""
    spread = (values - np.nanmean(values, axis=0)) / np.nanstd(values, axis=0)
    weights = np.array([MAPPING.get(name, (0, 0)) for name in names], np.float64)
    return np.asarray(spread @ weights)


def sides(found: Scores, rng: np.random.Generator) -> dict[str, Any]:
    """How often the quadrant told lies on the right side of each axis, with intervals."""
    labels = found.question.labels
    told, truth = found.scores.argmax(axis=1), found.targets.argmax(axis=1)
    made = {}
    for name, halves in (("arousal", ("joyful", "tense")), ("valence", ("joyful", "serene"))):
        upper = np.isin(np.arange(len(labels)), [labels.index(half) for half in halves])
        right = upper[told] == upper[truth]
        low, high = artist_interval(right, found.artists, rng=rng)
        made[f"{name}_sign"] = [float(right.mean()), low, high]
    return made


def correlation_interval(first: Any, second: Any, artists: list[str], rng: np.random.Generator) -> tuple[float, float]:
    """95 % interval of the correlation of ranks, by drawing artists."""
    here, there = ranks(first), ranks(second)

    def correlation(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        shares = counts / counts.sum(axis=1, keepdims=True)
        means = [shares @ each for each in (here, there)]
        both = shares @ (here * there) - means[0] * means[1]
        spreads = [shares @ np.square(each) - np.square(mean) for each, mean in zip((here, there), means, strict=True)]
        return np.asarray(both / np.sqrt(spreads[0] * spreads[1]))

    return artist_interval_of(correlation, artists, rounds=ROUNDS, rng=rng)


def rounded(values: Any) -> Any:
    """Three digits, for reading."""
    if isinstance(values, dict):
        return {name: rounded(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [rounded(value) for value in values]
    return round(values, 3) if isinstance(values, float) else values


if __name__ == "__main__":
    main()
