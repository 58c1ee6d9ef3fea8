"""How well a word is learned from 5, 10, 20 and 50 examples (docs/results.md): AUC on clips by artists never heard.

Examples are drawn from the folds on which a network was trained, and are asked about the fold that it never heard, by
the penalty of `earmark teach`, against 200 other clips as the background. The same is done on the teachers' outputs.
Words are labels that people gave 4Q's songs; the network learned from the genres of the clips that it heard (those with
"genres" below), and never from their moods.

    python benchmarks/few_shot.py CROSSVAL --data 4q [--cache FOLDER]
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from mood_controls import TEACHERS, teacher_numbers
from mood_numbers import artists_of, clips_of, folds_of_runs, hear, network_of
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.data.splits import NEVER_HELD_OUT
from earmark.listen.linear import MULTI
from earmark.measure.binary import roc_auc
from earmark.models.pitch import SIZE
from earmark.teach.fit import fit_layer
from earmark.teach.learn import PENALTY

WORDS = (
    *(("genres", name) for name in ("Latin", "Folk", "New Age", "R&B", "Rap", "Vocal")),
    *(("moods_split", name) for name in ("Joyous", "Gloomy", "Angry", "Peaceful")),
)
COUNTS = (5, 10, 20, 50)
DRAWS = 10
BACKGROUND = 200
OWN = 128 + SIZE


def main() -> None:
    """Print a line a word."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("crossval", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="4Q")
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    pairs = clips_of([Dataset.load(options.data)])
    clips = [clip for _, clip in pairs]
    folds, artists = folds_of_runs(options.crossval, clips), np.array(artists_of(clips))
    kept = sorted(set(folds.tolist()) - {NEVER_HELD_OUT})
    ours = {}
    for fold in kept:
        cache = options.cache and options.cache / f"4q_{options.crossval.name}_{fold}.npz"
        ours[fold] = hear(network_of(options.crossval, fold), pairs, cache).numbers
    taught = {name: teacher_numbers(pairs, name) for name in TEACHERS}
    both = np.concatenate(list(taught.values()), axis=1)
    systems = {
        "earmark": (ours, OWN),
        **{name: (dict.fromkeys(kept, rows), rows.shape[1]) for name, rows in taught.items()},
    }
    systems["both teachers"] = (dict.fromkeys(kept, both), both.shape[1])
    print(f"{len(clips)} clips, folds {kept}; mean AUC of {DRAWS} draws a fold")
    print("| word | clips | system | " + " | ".join(f"{count}" for count in COUNTS) + " |")
    means: dict[str, list[list[float]]] = {name: [] for name in systems}
    for column, word in WORDS:
        yes = np.array([word in _named(clip, column) for clip in clips])
        for name, (numbers, own) in systems.items():
            row = [curve(numbers, own, yes, folds, artists, count) for count in COUNTS]
            means[name].append(row)
            print(f"| {word} | {yes.sum()} | {name} | " + " | ".join(f"{auc:.3f}" for auc in row) + " |", flush=True)
    for name, rows in means.items():
        print(f"| **mean** | | {name} | " + " | ".join(f"{auc:.3f}" for auc in np.nanmean(rows, axis=0)) + " |")


def curve(
    numbers: dict[int, NDArray[np.float32]],
    own: int,
    yes: NDArray[np.bool_],
    folds: NDArray[np.int64],
    artists: NDArray[np.str_],
    count: int,
) -> float:
    """The mean AUC over folds and draws; NaN where no fold leaves so many examples."""
    found = []
    for fold, rows in numbers.items():
        held = folds == fold
        mine = ~np.isin(artists, artists[held])
        examples, others = np.flatnonzero(mine & yes), np.flatnonzero(mine)
        if len(examples) < count or not yes[held].any():
            continue
        for draw in range(DRAWS):
            rng = np.random.default_rng([fold, draw])
            drawn = rng.permutation(examples)[:count]
            far = rng.permutation(others[~np.isin(others, drawn)])[
                :BACKGROUND
            ]  # whatever they are, as an atlas has them
            taken = np.concatenate([drawn, far])
            loads = np.where(np.arange(len(taken)) < count, 1.0, count / len(far))
            targets = (np.arange(len(taken)) < count).astype(np.float64)[:, None]
            layer = fit_layer(rows[taken], targets, kind=MULTI, own=own, weights=loads, penalty=PENALTY)
            found.append(roc_auc(layer.scores(rows[held])[:, 0], yes[held]))
    return float(np.mean(found)) if found else float("nan")


def _named(clip: Clip, column: str) -> list[str]:
    return [part.strip() for part in clip.columns.get(column, "").split(";")]


if __name__ == "__main__":
    main()
