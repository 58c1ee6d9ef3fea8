"""Artist-grouped cross-validation: every clip predicted once a seed by a network that never heard its artist.

The runs are a queue in a folder: each (seed, fold) that is done has its table of predictions there, one that was cut
off goes on from its last epoch. Runs go side by side in processes of one thread: small networks use cores better so.
"""

import json
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Dataset
from earmark.data.splits import NEVER_HELD_OUT, artist_folds, linked_artists
from earmark.errors import DataError
from earmark.evaluate import calibration
from earmark.evaluate.predictions import Predictions
from earmark.evaluate.report import figures, in_words, write_report
from earmark.files import write_whole
from earmark.listen.calibrate import softmax
from earmark.train.batches import Examples, gather, genres_of
from earmark.train.recipe import Recipe
from earmark.train.session import split_sets

CHECKPOINTS = "checkpoints"
Progress = Callable[[int, int], None]
Folds = NDArray[np.int64]


@dataclass(frozen=True)
class Job:
    """One network of a cross-validation, in words that cross to another process."""

    recipe: Recipe
    folders: tuple[Path, ...]
    reported: tuple[str, ...]
    split: str | None
    out: Path
    folds: int
    seed: int
    fold: int
    threads: int

    @property
    def table(self) -> Path:
        """Where its predictions go."""
        return self.out / "runs" / f"seed{self.seed}_fold{self.fold}.csv"

    @property
    def checkpoints(self) -> Path:
        """Where its checkpoint is."""
        return self.out / CHECKPOINTS / f"seed{self.seed}_fold{self.fold}"


def crossval(
    recipe: Recipe,
    folders: Sequence[Path],
    out: Path,
    *,
    folds: int = 5,
    seeds: int = 3,
    reported: Sequence[str] = (),
    split: str | None = None,
    jobs: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Predictions:
    """Run what is missing of the queue in `out`, and join all predictions.

    Parameters
    ----------
    recipe, folders:
        What to train, on which data sets. Artists are grouped over all of them together.
    reported:
        Names of the sets whose clips are predicted; all sets with full labels by default. Clips of the other sets only
        train, and never in a fold whose held-out part has their artist.
    split:
        Only one side, COLUMN=VALUE, of the sets that have that column: to choose a recipe without the other side.
    jobs:
        Runs side by side; one a core by default.
    progress:
        Called now and then with (epochs done, epochs in all).

    Returns
    -------
    One row a reported clip and seed; `predictions.csv` in `out` holds the same.

    Raises
    ------
    DataError
        The folder holds another cross-validation, or the data cannot be split so.
    """
    jobs = jobs or os.cpu_count() or 1
    folders = tuple(Path(folder).resolve() for folder in folders)
    queue = [
        Job(recipe, folders, tuple(reported), split, out, folds, seed, fold, max(1, (os.cpu_count() or 1) // jobs))
        for seed in range(seeds)
        for fold in range(folds)
    ]
    _claim(queue[0])
    _run(queue, jobs, progress)
    predictions = Predictions.joined([Predictions.read(job.table) for job in queue])
    predictions.write(out / "predictions.csv")
    return predictions


def run_crossval(
    recipe: Path,
    folders: Sequence[Path],
    out: Path,
    *,
    folds: int = 5,
    seeds: int = 1,
    reported: Sequence[str] = (),
    split: str | None = None,
    jobs: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Predictions:
    """`crossval` from a recipe file."""
    plan = Recipe.load(recipe)
    return crossval(
        plan, folders, out, folds=folds, seeds=seeds, reported=reported, split=split, jobs=jobs, progress=progress
    )


def report_on(predictions: Predictions, out: Path) -> str:
    """Calibrate out of fold, write the report to `out`, and say the figures in a few lines."""
    probabilities, sets = calibration.cross_fit(predictions)
    calibrated = predictions.with_probabilities(probabilities)
    folds, seeds = len(set(predictions.folds.tolist())), len(set(predictions.seeds.tolist()))
    protocol = (
        f"artist-grouped {folds}-fold cross-validation, {seeds} seed{'s' * (seeds > 1)}, calibration cross-fitted"
    )
    metrics = figures(calibrated, sets, protocol=protocol, raw=predictions)
    write_report(out, calibrated, sets, metrics)
    predictions.write(out / "predictions.csv")  # as the networks said it: what calibration is fitted on
    return in_words(metrics)


def run_job(job: Job) -> None:
    """Train one network (or go on with it) and write what it says of the clips held out."""
    import torch

    from earmark.train.loop import Place, train
    from earmark.train.predict import clip_logits

    torch.set_num_threads(job.threads)
    genres, examples, folds = split(job)
    held = examples.take(folds == job.fold)
    seed = 1000 * job.seed + job.fold  # a start of its own for every network
    place = Place(Place.find().device)  # each run is alone, whatever launched the queue
    mine = examples.take(may_train(examples, folds, job.fold))
    checkpoint = train(job.recipe, mine, genres, job.checkpoints, seed=seed, place=place)
    logits = clip_logits(checkpoint.network(), held)
    answer = Predictions(
        genres,
        tuple(clip.id for clip in held.clips),
        tuple(clip.folder.name for clip in held.clips),
        tuple(held.artists),
        tuple(genres[row.argmax()] for row in held.allowed.numpy()),
        softmax(logits),
        np.full(len(held), job.seed, dtype=np.int64),
        np.full(len(held), job.fold, dtype=np.int64),
    )
    answer.write(job.table)


def split(job: Job) -> tuple[tuple[str, ...], Examples, Folds]:
    """Genres, examples and the fold of each; -1 for those that are not reported.

    The folds depend on the reported clips and the seed alone, so that recipes with and without further sets are
    measured on the same folds. Each seed groups the artists anew.
    """
    datasets = split_sets([Dataset.load(folder) for folder in job.folders], job.split)
    genres = genres_of(job.recipe, datasets)
    examples = gather(datasets, job.recipe, genres)
    rows = np.flatnonzero(_reported(examples, job.reported))
    folds = np.full(len(examples), NEVER_HELD_OUT, dtype=np.int64)
    labels, artists = examples.labels, linked_artists(examples.artists)
    folds[rows] = artist_folds(
        [labels[row] for row in rows], [artists[row] for row in rows], folds=job.folds, seed=job.seed
    )
    return genres, examples, folds


def may_train(examples: Examples, folds: Folds, fold: int) -> NDArray[np.bool_]:
    """(n,) which examples may train when `fold` is held out: none by an artist of that fold, from whatever set."""
    artists = linked_artists(examples.artists)
    held = {artist for artist, place in zip(artists, folds, strict=True) if place == fold}
    return np.array([artist not in held for artist in artists], dtype=np.bool_)


def _reported(examples: Examples, names: Sequence[str]) -> NDArray[np.bool_]:
    full = examples.allowed.numpy().sum(axis=1) == 1
    named = np.array([not names or clip.folder.name in names for clip in examples.clips], dtype=np.bool_)
    return np.asarray(full & named)


def _claim(job: Job) -> None:
    """Write what the queue is, or refuse a folder that holds another one."""
    import hashlib

    ids = hashlib.sha256()
    for folder in job.folders:
        ids.update("\n".join(clip.id for clip in Dataset.load(folder).clips).encode())
    plan = {
        "recipe": job.recipe.identity(),
        "sets": [folder.name for folder in job.folders],
        "reported": list(job.reported),
        "split": job.split,
        "folds": job.folds,
        "ids_sha256": ids.hexdigest(),
    }
    path = job.out / "crossval.json"
    text = json.dumps(plan, indent=2, sort_keys=True) + "\n"
    if path.exists() and path.read_text(encoding="utf-8") != text:
        hint = "Name another folder with --out, or remove this one."
        raise DataError(f"{job.out} holds the cross-validation of another recipe or of other data.", hint=hint)
    write_whole(path, text)


def _run(queue: Sequence[Job], jobs: int, progress: Progress) -> None:
    todo = [job for job in queue if not job.table.exists()]
    total = sum(job.recipe.train.epochs for job in queue)
    if len(todo) <= 1 or jobs == 1:
        for job in todo:
            progress(_epochs_done(queue), total)
            run_job(job)
        progress(total, total)
        return
    with ProcessPoolExecutor(min(jobs, len(todo)), mp_context=get_context("spawn")) as pool:
        running = {pool.submit(run_job, job) for job in todo}
        while running:
            done, running = wait(running, timeout=1.0)
            for future in done:
                future.result()
            progress(_epochs_done(queue), total)


def _epochs_done(queue: Sequence[Job]) -> int:
    return sum(_epochs_of(job) for job in queue)


def _epochs_of(job: Job) -> int:
    if job.table.exists():
        return job.recipe.train.epochs
    log = job.checkpoints / "log.jsonl"
    return len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0
