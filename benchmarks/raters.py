"""How well Emotify's raters agree with each other: the ceiling of any head that learns from them (docs/results.md).

The raters of each clip are dealt out in two halves, the shares of both are correlated over clips (Spearman), and that
is stepped up to the length of the whole by the formula of Spearman and Brown (1910). Mean of 50 deals.

    python benchmarks/raters.py DATA/emotify
"""

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import numpy as np

from earmark.teach.crossfit import spearman

EMOTIONS = (
    *("amazement", "solemnity", "tenderness", "nostalgia", "calmness"),
    *("power", "joyful_activation", "tension", "sadness"),
)
DEALS = 50


def main() -> None:
    """Print a line an emotion."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    with (folder / "clips.csv").open(encoding="utf-8", newline="") as text:
        flagged = {row["id"] for row in csv.DictReader(text) if row["flag"]}
    ratings: dict[str, list[list[float]]] = defaultdict(list)
    with (folder / "ratings.csv").open(encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            if row["id"] not in flagged:
                ratings[row["id"]].append([float(row[name]) for name in EMOTIONS])
    clips = [np.array(rows) for rows in ratings.values()]
    rng = np.random.default_rng(0)
    halves = np.empty((DEALS, len(EMOTIONS)))
    for deal in range(DEALS):
        first, second = np.empty((2, len(clips), len(EMOTIONS)))
        for place, rows in enumerate(clips):
            order = rng.permutation(len(rows))
            first[place], second[place] = rows[order[::2]].mean(axis=0), rows[order[1::2]].mean(axis=0)
        halves[deal] = [spearman(first[:, column], second[:, column]) for column in range(len(EMOTIONS))]
    whole = 2 * halves / (1 + halves)
    for name, value in zip(EMOTIONS, whole.mean(axis=0), strict=True):
        print(f"{name}: {value:.2f}")
    print(f"mean: {whole.mean():.3f}, of {len(clips)} clips")


if __name__ == "__main__":
    main()
