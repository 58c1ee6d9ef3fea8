"""Cross-validation: every clip predicted once a seed by a network that never heard its artist.

The runs are a queue in a folder: each (seed, fold) that is done has its table of predictions there, one that was cut
off goes on from its last epoch. Several processes, or machines that share the folder, may work on one queue.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from earmark.errors import DataError
from earmark.evaluate import calibration
from earmark.evaluate.among import among_own
from earmark.evaluate.beyond import measure_beyond
from earmark.evaluate.predictions import Predictions
from earmark.evaluate.report import FOLDER as REPORT
from earmark.evaluate.report import figures, in_words, write_report
from earmark.evaluate.runs import PLAN, RUNS
from earmark.experiments.job import claim, jobs_of
from earmark.experiments.protocol import Protocol
from earmark.experiments.queue import Progress, run_queue, threads_each
from earmark.files import FolderKind, guard_folder
from earmark.train.recipe import Recipe

FOLDER = FolderKind((PLAN, *REPORT.writes), known_by={PLAN: b'"ids_sha256"', **REPORT.known_by})


def crossval(
    recipe: Recipe,
    folders: Sequence[Path],
    out: Path,
    *,
    protocol: Protocol | None = None,
    seeds: int = 3,
    reported: Sequence[str] = (),
    jobs: int | None = None,
    progress: Progress = lambda done, total: None,
) -> Predictions:
    """Run what is missing of the queue in `out`, and join all predictions.

    Parameters
    ----------
    recipe, folders:
        What to train, on which data sets. Artists are grouped over all of them together.
    protocol:
        How the clips are split; artist-grouped five-fold by default.
    reported:
        Names of the sets whose clips are predicted; all sets with full labels by default. Clips of the other sets only
        train, and never in a fold whose held-out part has their artist.
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
        The folder holds another cross-validation, the data cannot be split so, or runs are still in the hands of
        another process that shares the folder.
    """
    jobs = jobs or os.cpu_count() or 1
    queue = jobs_of(
        recipe,
        folders,
        out,
        protocol=protocol or Protocol(),
        seeds=seeds,
        reported=reported,
        threads=threads_each(jobs),
    )
    claim(queue[0])
    run_queue(queue, jobs, progress)
    missing = sum(not job.done for job in queue)
    if missing:
        raise DataError(
            f"{missing} of {len(queue)} runs in {out} are in the hands of another process.",
            hint="When it has ended, the same command gives the figures.",
        )
    predictions = Predictions.joined([Predictions.read(job.table) for job in queue])
    predictions.write(out / "predictions.csv")
    return predictions


def run_crossval(recipe: Path, folders: Sequence[Path], out: Path, **options: Any) -> Predictions:
    """`crossval` from a recipe file; `out` must not hold files of another's making."""
    guard_folder(out, FOLDER, inputs=[recipe])
    return crossval(Recipe.load(recipe), folders, out, **options)


def report_files(recipe: Path, folders: Sequence[Path], out: Path, predictions: Predictions) -> str:
    """`report_on` and, where the networks say more than genres, `beyond.json`; the figures in a few lines."""
    words = [report_on(predictions, out)]
    if any((out / RUNS).glob("*.npz")):
        beyond = measure_beyond(Recipe.load(recipe), folders, out, predictions)
        beyond.write(out)
        words.append(beyond.words)
    return "\n".join(words)


def report_on(predictions: Predictions, out: Path) -> str:
    """Calibrate out of fold, write the report to `out`, and say the figures in a few lines.

    Each set is measured among the genres that it has labels of (`evaluate.among`).
    """
    said, predictions = predictions, among_own(predictions)
    probabilities, sets = calibration.cross_fit(predictions)
    calibrated = predictions.with_probabilities(probabilities)
    folds, seeds = len(set(predictions.folds.tolist())), len(set(predictions.seeds.tolist()))
    protocol = (
        f"artist-grouped {folds}-fold cross-validation, {seeds} seed{'s' * (seeds > 1)}, calibration cross-fitted"
    )
    metrics = figures(calibrated, sets, protocol=protocol, raw=predictions)
    write_report(out, calibrated, sets, metrics)
    said.write(out / "predictions.csv")  # as the networks said it: what calibration is fitted on
    return in_words(metrics)
