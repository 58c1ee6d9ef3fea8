"""How well a cross-validation's networks tell the genres of each set, whatever set was reported (docs/results.md).

Of the clips of a set that were held out, and whose labels leave some of the recipe's genres open, a network is right
where the genre that it says, among those that the set's labels name at all, is one of them. A label of one genre is
usual and has a figure of its own. Intervals by artist. With a second cross-validation of the same data, the
difference on the same clips, seed by seed where it has fewer.

    python benchmarks/own_genres.py results/ears/artist_grouped/earmark recipes/ears.toml --data gtzan --data 4q ...
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Dataset
from earmark.evaluate.beyond import _judged, _rows
from earmark.evaluate.predictions import Predictions
from earmark.evaluate.whole import cross_fit
from earmark.measure.bootstrap import artist_interval
from earmark.train.batches import allowed_genres, genres_of
from earmark.train.options import SetOptions
from earmark.train.recipe import Recipe

Key = tuple[str, str, int]  # set, id and seed


class Answered(NamedTuple):
    """A clip that was held out: whether the answer is right, whether its label is one genre, and who plays."""

    right: bool
    exact: bool
    artist: str


def main() -> None:
    """Print a line a set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("crossval", type=Path)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--against", type=Path, action="append", default=[], help="another cross-validation")
    options = parser.parse_args()
    recipe, datasets = Recipe.load(options.recipe), [Dataset.load(folder) for folder in options.data]
    first = answered(options.crossval, recipe, datasets)
    for name in sorted({key[0] for key in first}):
        here = {key: each for key, each in first.items() if key[0] == name}
        exact = {key: each for key, each in here.items() if each.exact}
        print(f"{name}: {interval(here)}; of clips with one genre {interval(exact)}")
        for folder in options.against:
            print(
                f"  {folder.name} minus {options.crossval.name}: {difference(answered(folder, recipe, datasets), here)}"
            )
    for line in recalls(options.crossval, recipe, datasets):
        print(line)


def answered(folder: Path, recipe: Recipe, datasets: list[Dataset]) -> dict[Key, Answered]:
    """What the networks said of the clips that they never heard."""
    genres = genres_of(recipe, datasets)
    rows = _rows(sorted((folder / "runs").glob("seed*_fold*.npz")), datasets)
    open_: NDArray[np.bool_] = np.stack(
        [allowed_genres(clip, recipe.sets.get(clip.folder.name, SetOptions()), genres) for clip in rows.clips]
    )
    sets = np.array([clip.folder.name for clip in rows.clips])
    found: dict[Key, Answered] = {}
    for name in np.unique(sets):
        here = np.flatnonzero((sets == name) & open_.any(axis=1))
        own = open_[here].any(axis=0)
        said = np.where(own, rows.said["logits"][here], -np.inf).argmax(axis=1)
        for row, genre in zip(here.tolist(), said.tolist(), strict=True):
            key = (str(name), rows.clips[row].id, int(rows.seeds[row]))
            found[key] = Answered(bool(open_[row, genre]), int(open_[row].sum()) == 1, rows.artists[row])
    return found


def recalls(folder: Path, recipe: Recipe, datasets: list[Dataset]) -> Iterator[str]:
    """How much of each genre is recognised among all genres, before and after their offsets, cross-fitted; in words."""
    predictions = Predictions.read(folder / "predictions.csv")
    found = _judged(_rows(sorted((folder / "runs").glob("seed*_fold*.npz")), datasets), recipe, predictions)
    if found is None:
        return
    judged, told = found[0], cross_fit(found[0])
    before, after = judged.logits.argmax(axis=1), told.probabilities[:, :-1].argmax(axis=1)
    for number, genre in enumerate(predictions.genres):
        rows = judged.exact & ~judged.is_outside & (judged.truth == number)
        shares = [float(np.mean(said[rows] == number)) for said in (before, after)]
        yield f"{genre}: {shares[0]:.0%} of {rows.sum()} answers recognised, {shares[1]:.0%} with offsets"


def interval(answers: dict[Key, Answered]) -> str:
    """Accuracy in words."""
    if not answers:
        return "none"
    right = np.array([each.right for each in answers.values()])
    low, high = artist_interval(right, [each.artist for each in answers.values()], rng=np.random.default_rng(0))
    clips = len({key[:2] for key in answers})
    return f"{right.mean():.1%} ({low:.1%} to {high:.1%}) of {clips} clips"


def difference(theirs: dict[Key, Answered], ours: dict[Key, Answered]) -> str:
    """The difference on the clips and seeds that both have, in points."""
    common = sorted(theirs.keys() & ours.keys())
    change = np.array([float(theirs[key].right) - float(ours[key].right) for key in common])
    low, high = artist_interval(change, [ours[key].artist for key in common], rng=np.random.default_rng(0))
    return f"{100 * change.mean():+.1f} points ({100 * low:+.1f} to {100 * high:+.1f}), {len(common)} answers"


if __name__ == "__main__":
    main()
