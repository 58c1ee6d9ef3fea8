"""A whole training session as the command line wants it: files in, files out."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from earmark.data.dataset import Clip, Dataset
from earmark.data.splits import column_split, linked_artists
from earmark.errors import MissingExtraError
from earmark.files import FolderKind, guard_folder
from earmark.train.batches import gather, genres_of
from earmark.train.checkpoint import FILE, LOG, Checkpoint
from earmark.train.loop import Place, train
from earmark.train.recipe import Recipe
from earmark.train.threads import threads_said

# torch writes checkpoints as zip archives; one of another run is told by its content when training goes on.
FOLDER = FolderKind((FILE, LOG, "curves.png"), known_by={FILE: b"PK\x03\x04"})


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
    """Train by a recipe file on the folders' clips (on one side of `split` where given, see `split_sets`).

    Writes `checkpoint.pt`, `log.jsonl` and, where matplotlib is installed, `curves.png` to `out`. Returns the last
    epoch in words; None in the processes of torchrun that do not write. Raises RecipeError and DataError.
    """
    import torch

    guard_folder(out, FOLDER, inputs=[recipe])
    # torchrun gives each of its processes one thread; a single process takes all cores.
    torch.set_num_threads(threads or threads_said() or os.cpu_count() or 1)
    plan = Recipe.load(recipe)
    datasets = split_sets([Dataset.load(folder) for folder in folders], split)
    genres = genres_of(plan, datasets)
    examples = gather(datasets, plan, genres)
    place = Place.find()
    epochs = plan.epochs
    checkpoint = train(
        plan, examples, genres, out, seed=seed, place=place, report=lambda row: progress(int(row["done"]), epochs)
    )
    if place.rank != 0:
        return None
    _draw(checkpoint, out)
    row = checkpoint.history[-1]
    return ", ".join(f"{name.replace('_', ' ')} {row[name]:.4g}" for name in row if name != "rate")


def split_sets(datasets: Sequence[Dataset], split: str | None) -> list[Dataset]:
    """The clips of `split` (COLUMN=VALUE) where a set has its column; of other sets all but the artists left out.

    So a network trained on one side of a split never hears, in whatever set, an artist of the other side.
    """
    if split is None:
        return list(datasets)
    column = split.partition("=")[0]
    everyone = [clip for dataset in datasets for clip in dataset.clips]
    linked = dict(zip((c.artist_key for c in everyone), linked_artists([c.artist_key for c in everyone]), strict=True))
    having = [clip for clip in everyone if column in clip.columns]
    takes = column_split(having, split)
    chosen = {(clip.folder, clip.id) for clip, take in zip(having, takes, strict=True) if take}
    left_out = {linked[clip.artist_key] for clip, take in zip(having, takes, strict=True) if not take}

    def keep(clip: Clip) -> bool:
        if column in clip.columns:
            return (clip.folder, clip.id) in chosen
        return linked[clip.artist_key] not in left_out

    return [dataset.select(keep) for dataset in datasets]


def _draw(checkpoint: Checkpoint, out: Path) -> None:
    from earmark.plots.figures import save, training_curves

    try:
        save(training_curves(checkpoint.history, title=checkpoint.recipe.name), out / "curves.png")
    except MissingExtraError:
        return  # the log has the same numbers
