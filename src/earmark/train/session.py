"""A whole training session as the command line wants it: files in, files out."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from earmark.data.dataset import Dataset
from earmark.data.splits import column_split
from earmark.errors import MissingExtraError
from earmark.train.batches import gather, genres_of
from earmark.train.checkpoint import Checkpoint
from earmark.train.loop import Place, train
from earmark.train.recipe import Recipe


def train_on(
    recipe: Path,
    folders: Sequence[Path],
    out: Path,
    *,
    split: str | None = None,
    seed: int = 0,
    threads: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> str | None:
    """Train by a recipe file on the folders' clips (those of `split`, in the folders that have its column).

    Writes `checkpoint.pt`, `log.jsonl` and, where matplotlib is installed, `curves.png` to `out`. Returns the last
    epoch in words; None in the processes of torchrun that do not write. Raises RecipeError and DataError.
    """
    import torch

    # torchrun gives each of its processes one thread; a single process takes all cores.
    torch.set_num_threads(threads or int(os.environ.get("OMP_NUM_THREADS", 0)) or os.cpu_count() or 1)
    plan = Recipe.load(recipe)
    datasets = [_part(Dataset.load(folder), split) for folder in folders]
    genres = genres_of(plan, datasets)
    examples = gather(datasets, plan, genres)
    place = Place.find()
    epochs = plan.train.epochs
    checkpoint = train(
        plan, examples, genres, out, seed=seed, place=place, report=lambda row: progress(int(row["epoch"]), epochs)
    )
    if place.rank != 0:
        return None
    _draw(checkpoint, out)
    row = checkpoint.history[-1]
    return ", ".join(f"{name.replace('_', ' ')} {row[name]:.4g}" for name in row if name != "rate")


def _part(dataset: Dataset, split: str | None) -> Dataset:
    if split is None or not any(split.partition("=")[0] in clip.columns for clip in dataset.clips):
        return dataset
    chosen = dict(zip((clip.id for clip in dataset.clips), column_split(dataset.clips, split), strict=True))
    return dataset.select(lambda clip: bool(chosen[clip.id]))


def _draw(checkpoint: Checkpoint, out: Path) -> None:
    from earmark.plots.figures import save, training_curves

    try:
        save(training_curves(checkpoint.history, title=checkpoint.recipe.name), out / "curves.png")
    except MissingExtraError:
        return  # the log has the same numbers
