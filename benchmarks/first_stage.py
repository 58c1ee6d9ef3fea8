"""What a first stage is worth: genres of artists that it never heard, read off what it makes of their clips.

    python benchmarks/first_stage.py RECIPE OUT --data 4q --data emotify --probe gtzan

Trains the first stage of the recipe in OUT (goes on where it stopped) on the --data sets without any artist of the
--probe set, then fits SVMs to each of its outputs for the clips of the --probe set, in five folds by artist, with three
seeds, and prints the shares that are right; and, where the probed set has teachers of the recipe's, how its tags agree
with theirs. A first stage costs a tenth of a cross-validation, and all clips of the probed set count, so recipes can be
told apart before the long runs. The figures are of frozen outputs: a second stage does better.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from earmark.data.dataset import Dataset
from earmark.data.splits import artist_folds, linked_artists
from earmark.data.teacher import Teacher
from earmark.listen.clips import clip_windows
from earmark.models.registry import Network
from earmark.train.batches import gather, genres_of
from earmark.train.loop import train
from earmark.train.predict import window_tokens_of
from earmark.train.recipe import Recipe

FOLDS, SEEDS = 5, 3
Features = dict[str, NDArray[np.float32]]


def main() -> None:
    """Train, probe, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--probe", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    probed = Dataset.load(given.probe)
    recipe = Recipe.load(given.recipe)
    net = first_stage(recipe, given.data, given.out, probed)
    labels = np.array([probed.labels.index(clip.label or "") for clip in probed.clips])
    artists = linked_artists([clip.artist_key for clip in probed.clips])
    outputs = outputs_of(net, probed)
    for name, file, clips, correlation in agreement(recipe, outputs["tags"], given.data, probed):
        print(f"tags of {name} ({file}), {clips} clips: mean correlation {correlation:.3f}", flush=True)
    for name, features in outputs.items():
        shares = [share_right(features, labels, artists, seed=seed) for seed in range(SEEDS)]
        print(f"{name:<18} {np.mean(shares):6.1%}  by seed {', '.join(f'{share:.1%}' for share in shares)}", flush=True)


def first_stage(recipe: Recipe, folders: Sequence[Path], out: Path, probed: Dataset) -> Network:
    """The network after the recipe's first stage on the sets, without the artists of `probed`."""
    first = recipe.first_stage()
    if first is None:
        raise SystemExit(f"The recipe '{recipe.name}' has no first stage.")
    datasets = [Dataset.load(folder) for folder in folders]
    genres = genres_of(first, datasets)
    examples = gather(datasets, first, genres)
    theirs = [clip.artist_key for clip in probed.clips]
    linked = linked_artists([*theirs, *examples.artists])
    held = set(linked[: len(theirs)])
    examples = examples.take(np.array([artist not in held for artist in linked[len(theirs) :]]))

    def report(row: dict[str, float]) -> None:
        print(
            f"epoch {row['epoch']:.0f} of {first.train.epochs}: loss {row['loss']:.3f}, {row['seconds']:.0f} s",
            flush=True,
        )

    return train(first, examples, genres, out, report=report, finish=False).network()


def outputs_of(net: Network, probed: Dataset) -> Features:
    """Of each clip, the mean over its windows: the vector, the mean of its tokens, and every head; (clips, k) each."""
    rows: dict[str, list[NDArray[np.float32]]] = {}
    with torch.inference_mode():
        for clip in probed.clips:
            tokens = window_tokens_of(net.token_frames)
            windows = clip_windows(probed.db(clip), token_frames=net.token_frames, window_tokens=tokens)
            said = net(torch.from_numpy(np.stack([window.db for window in windows])))
            parts = {"vector": said.vector, "mean of tokens": said.vectors.mean(dim=1), **said.heads}
            for name, values in parts.items():
                rows.setdefault(name, []).append(values.mean(dim=0).numpy())
    return {name: np.stack(values) for name, values in rows.items() if len(values[0]) > 1}


def agreement(
    recipe: Recipe, tags: NDArray[np.float32], folders: Sequence[Path], probed: Dataset
) -> Iterator[tuple[str, str, int, float]]:
    """Of each teacher that heard the probed set: the set, its file, the clips, the mean correlation of its tags."""
    first = 0
    for name in recipe.teacher.files if recipe.teacher else ():
        file = f"{name}.npz"
        sizes = {len(Teacher.load(folder, file).tags) for folder in folders if (folder / file).exists()}
        columns = slice(first, first + max(sizes, default=0))
        first = columns.stop
        if not (probed.folder / file).exists() or columns.start == columns.stop:
            continue
        teacher = Teacher.load(probed.folder, file)
        heard = [teacher.hears(clip).logits for clip in probed.clips]
        taught = np.array([len(logits) > 0 for logits in heard])
        wanted = np.stack([logits.mean(axis=0) for logits in heard if len(logits)])
        pairs = zip(tags[taught, columns].T, wanted.T, strict=True)
        yield probed.name, file, len(wanted), float(np.mean([np.corrcoef(*pair)[0, 1] for pair in pairs]))


def share_right(
    features: NDArray[np.float32], labels: NDArray[np.int64], artists: Sequence[str], *, seed: int
) -> float:
    """Of an RBF-SVM on standardised features, no artist on both sides."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    folds = artist_folds([str(label) for label in labels], artists, folds=FOLDS, seed=seed)
    right = 0
    for fold in range(FOLDS):
        here = folds == fold
        model = make_pipeline(StandardScaler(), SVC(C=3.0)).fit(features[~here], labels[~here])
        right += int((model.predict(features[here]) == labels[here]).sum())
    return right / len(labels)


if __name__ == "__main__":
    main()
