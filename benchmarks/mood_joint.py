"""What learning mood together with all else is worth, in mood and in genre, over the same folds (docs/results.md).

Both are cross-validations of the same clips: JOINT's networks learned quadrants and emotions too, CROSSVAL's did not. A
clip counts by the share of seeds that are right about it; artists are drawn for the interval and change sides for p.

    python benchmarks/mood_joint.py CROSSVAL JOINT --data 4q --data emotify [--cache FOLDER]
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mood import Bench
from numpy.typing import NDArray

from earmark.evaluate.predictions import Predictions
from earmark.measure.comparison import paired_test

Right = dict[str, tuple[str, list[float]]]  # by id: the artist, and whether each seed was right


def main() -> None:
    """Print accuracies by seed, and the differences."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("crossval", type=Path)
    parser.add_argument("joint", type=Path)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--recipe", type=Path, default=Path("recipes/mood.toml"))
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    said = {}
    for name, right_of in (("genre", genres), ("quadrant", quadrants)):
        both = [right_of(folder, options) for folder in (options.crossval, options.joint)]
        said[name] = compared(name, *both)
    if options.json:
        options.json.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")


def genres(crossval: Path, options: argparse.Namespace) -> Right:
    """Whether the most probable of the reported genres is right, of each reported clip."""
    right: Right = {}
    for seed in range(options.seeds):
        parts = [Predictions.read(file) for file in sorted((crossval / "runs").glob(f"seed{seed}_fold*.csv"))]
        for part in parts:
            among = np.array([name in set(part.labels) for name in part.genres])
            told = np.where(among, part.probabilities, 0.0).argmax(axis=1)
            add(right, part.ids, part.artists, np.array(part.genres)[told] == np.array(part.labels))
    return right


def quadrants(crossval: Path, options: argparse.Namespace) -> Right:
    """Whether the quadrant that a head on the network's numbers tells is right, of each labelled clip."""
    right: Right = {}
    for seed in range(options.seeds):
        bench = Bench(argparse.Namespace(**{**vars(options), "crossval": crossval, "seed": seed, "joint": None}))
        plan, heard = bench.plans["quadrant"], bench.heard
        rows, found = bench.scores(plan, lambda fold, heard=heard: heard(crossval, fold).numbers)
        ids = [bench.each[row].id for row in rows[found.rows].tolist()]
        add(right, ids, found.artists, found.scores.argmax(axis=1) == found.targets.argmax(axis=1))
    return right


def add(right: Right, ids: Any, artists: Any, each: NDArray[np.bool_]) -> None:
    """Note of one seed."""
    for name, artist, well in zip(ids, artists, each.tolist(), strict=True):
        right.setdefault(name, (artist, []))[1].append(float(well))


def compared(name: str, frozen: Right, joint: Right) -> dict[str, Any]:
    """Print and give the accuracies of the seeds, and joint minus frozen."""
    ids = sorted(frozen)
    by_seed = [[np.mean(seed) for seed in seeds_of(each, ids)] for each in (frozen, joint)]
    means = [np.array([np.mean(each[id_][1]) for id_ in ids]) for each in (joint, frozen)]
    test = paired_test(*means, [frozen[id_][0] for id_ in ids], rng=np.random.default_rng(0))
    said = {"n": len(ids), "frozen": by_seed[0], "joint": by_seed[1], **vars(test)}
    print(name, json.dumps({key: np.round(value, 4).tolist() for key, value in said.items()}))
    return said


def seeds_of(right: Right, ids: list[str]) -> Iterator[tuple[float, ...]]:
    """What each seed was right about."""
    return zip(*(right[name][1] for name in ids), strict=True)


if __name__ == "__main__":
    main()
