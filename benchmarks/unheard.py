"""How often predictions are right of clips by artists of whom no other clip was learned from, over several sets.

A network that learned from one part of a set, and from other sets, may know an artist of the held-out part from these.
Given are the predictions that `earmark evaluate` wrote, the sets, the first of which they are of, and the column of it
that parts what was learned from (`train`); clips of the other sets count as learned from. Printed are all clips, and
those of artists whom none of that has, each with its 95 % interval by artist.

    python benchmarks/unheard.py PREDICTIONS.csv fault_filtered_split --data gtzan --data 4q
"""

import argparse
import csv
from pathlib import Path

import numpy as np

from earmark.data.dataset import Dataset
from earmark.data.splits import linked_artists
from earmark.measure.bootstrap import artist_interval


def main() -> None:
    """Print two lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("predictions", type=Path)
    parser.add_argument("column", help="of the first set: 'train' in it is what was learned from")
    parser.add_argument("--data", type=Path, action="append", required=True)
    options = parser.parse_args()
    with options.predictions.open(newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    first, *others = (Dataset.load(folder).clips for folder in options.data)
    asked = [clip for clip in first if clip.id in rows]
    learned = [clip for clip in first if clip.columns.get(options.column) == "train"]
    learned += [clip for clips in others for clip in clips]
    artists = linked_artists([clip.artist_key for clip in [*asked, *learned]])
    heard = set(artists[len(asked) :])
    new = np.array([artist not in heard for artist in artists[: len(asked)]])
    hits = np.array([rows[clip.id]["prediction"] == rows[clip.id]["label"] for clip in asked], np.float64)
    for name, chosen in (("all", np.ones(len(asked), bool)), ("by artists whom it never heard", new)):
        names = [clip.artist_key for clip, taken in zip(asked, chosen, strict=True) if taken]
        low, high = artist_interval(hits[chosen], names, rng=np.random.default_rng(0))
        print(f"{name}: {hits[chosen].mean():.1%} of {chosen.sum()} clips ({low:.1%} to {high:.1%})")


if __name__ == "__main__":
    main()
