"""Hyper-parameter search: which values of a recipe's options are right most often on artists that were not heard.

A trial is one set of values; its value is the mean accuracy over folds by artist, the same folds for all trials, each
network trained from the same start. A trial that is worse than the median after some folds is given up. The search is a
study in a folder (`experiments.study`): it can be cut off at any time, goes on at the last epoch, and is joined by
whoever runs the same command on the same folder.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from earmark.data.dataset import Dataset, fingerprint
from earmark.errors import DataError, RecipeError
from earmark.experiments import findings
from earmark.experiments.protocol import Folds, Protocol, reported_rows
from earmark.experiments.queue import Progress, side_by_side
from earmark.experiments.study import FINISHED, JOURNAL, TERMS, SharedStudy, Trial, TrialState, UpdateFinishedTrialError
from earmark.files import FolderKind, guard_folder, write_whole
from earmark.train.batches import Examples, gather, genres_of
from earmark.train.checkpoint import FILE
from earmark.train.recipe import Recipe
from earmark.train.session import split_sets

FOLDER = FolderKind((TERMS, JOURNAL, *findings.WRITES), known_by={TERMS: b'"folds_run"'})


@dataclass(frozen=True)
class Plan:
    """A search, in words that cross to another process."""

    recipe: Recipe
    folders: tuple[Path, ...]
    out: Path
    trials: int
    folds: int
    folds_run: int  # a trial trains on the first so many
    reported: tuple[str, ...]
    split: str | None
    seed: int

    def join(self, clips: "Clips") -> SharedStudy:
        """The study in the folder, as one more worker; raises DataError where it is of another plan."""
        terms = {
            "sets": [folder.name for folder in self.folders],
            "reported": list(self.reported),
            "split": self.split,
            "folds": self.folds,
            "folds_run": self.folds_run,
            "ids_sha256": clips.fingerprint,
        }
        return SharedStudy(self.out, self.recipe, terms=terms, steps=self.folds_run, seed=self.seed)


@dataclass(frozen=True, eq=False)
class Clips:
    """What all trials train and are measured on; `folds` (clips,) is -1 for clips that only train."""

    genres: tuple[str, ...]
    examples: Examples
    folds: Folds
    protocol: Protocol

    @classmethod
    def load(cls, plan: Plan) -> "Clips":
        """Read the sets and group their artists, as the first seed of an artist-grouped cross-validation does."""
        datasets = split_sets([Dataset.load(folder) for folder in plan.folders], plan.split)
        genres = genres_of(plan.recipe, datasets)
        examples = gather(datasets, plan.recipe, genres)
        protocol = Protocol(folds=plan.folds)
        folds = protocol.folds_of(examples, reported_rows(examples, plan.reported), seed=0)
        return cls(genres, examples, folds, protocol)

    @property
    def fingerprint(self) -> str:
        """Changes with the clips and with how they are parted."""
        return fingerprint(self.examples.clips, self.folds)


def run_search(
    recipe: Path,
    folders: Sequence[Path],
    out: Path,
    *,
    trials: int = 50,
    folds: int = 5,
    stop_after_folds: int | None = None,
    reported: Sequence[str] = (),
    split: str | None = None,
    jobs: int | None = None,
    seed: int = 0,
    command: str = "earmark search",
    progress: Progress = lambda done, total: None,
) -> str:
    """Search in the ranges of a recipe file until the study in `out` has `trials` finished trials.

    Parameters
    ----------
    recipe, folders:
        What to train, with its [search], on which data sets. Artists are grouped over all of them together.
    folds, stop_after_folds:
        Parts of the artists, and how many of them are held out in turn; all by default. Fewer are quicker and coarser.
    reported:
        Names of the sets whose clips are held out; all by default. Clips of the other sets only train.
    split:
        Only one side, COLUMN=VALUE, of the sets that have that column.
    jobs:
        Trials side by side; one a core by default.
    command:
        How the search was asked for, for the record.
    progress:
        Called now and then with (trials finished, trials in all).

    Returns
    -------
    What was found, in a few lines; `best.toml`, `trials.csv`, `importance.json` and `study.json` in `out` say it all.

    Raises
    ------
    RecipeError, DataError, MissingExtraError
        There is nothing to search, the folder holds another search, the data cannot be split so, optuna is missing.
    """
    guard_folder(out, FOLDER, inputs=[recipe])
    if stop_after_folds is not None and not 1 <= stop_after_folds <= folds:
        raise DataError(f"A trial cannot stop after {stop_after_folds} of {folds} folds.")
    plan = Plan(
        Recipe.load(recipe),
        tuple(Path(folder).resolve() for folder in folders),
        out,
        trials,
        folds,
        stop_after_folds or folds,
        tuple(reported),
        split,
        seed,
    )
    if not plan.recipe.search:
        raise RecipeError(f"{recipe} has no [search] with ranges to search in.", hint="See recipes/search.toml.")
    clips = Clips.load(plan)
    study = plan.join(clips)
    _run(plan, study, clips, jobs or os.cpu_count() or 1, progress)
    protocol = f"mean accuracy of {plan.folds_run} of {plan.folds} folds by artist"
    return findings.write(out, plan.recipe, study, protocol=protocol, command=command)


def work(plan: Plan) -> None:
    """Be one more worker of the search, in a process of its own."""
    clips = Clips.load(plan)
    work_on(plan, plan.join(clips), clips)


def work_on(plan: Plan, study: SharedStudy, clips: Clips, progress: Progress = lambda done, total: None) -> None:
    """Do trials, one after the other on one thread, until enough are finished, by whomever."""
    import torch

    torch.set_num_threads(1)
    with study.working():
        while (trial := study.take(plan.trials)) is not None:
            progress(len(study.trials(*FINISHED)), plan.trials)
            try:
                measure(trial, plan, study, clips)
            except UpdateFinishedTrialError:
                continue  # this machine slept so long that others took the trial over
            except Exception:
                # Told as failed, for it would fail again. What is broken off by hand or by a crash stays to be retried.
                study.study.tell(trial, state=TrialState.FAIL)
                raise
        progress(plan.trials, plan.trials)


def measure(trial: Trial, plan: Plan, study: SharedStudy, clips: Clips) -> None:
    """Train on fold after fold and tell the study the mean accuracy, or that the trial was not worth going on with."""
    recipe, folder = plan.recipe.with_values(trial.params), study.folder_of(trial)
    accuracies: list[float] = []
    for fold in range(plan.folds_run):
        accuracies.append(_remembered(recipe, clips, fold, folder / f"fold{fold}"))
        trial.report(float(np.mean(accuracies)), step=fold)
        if fold + 1 < plan.folds_run and trial.should_prune():
            study.study.tell(trial, state=TrialState.PRUNED)
            return
    study.study.tell(trial, float(np.mean(accuracies)))


def fold_accuracy(recipe: Recipe, clips: Clips, fold: int, folder: Path) -> float:
    """Train without the artists of `fold`, in `folder`, and hear its clips: the share that is right."""
    from earmark.train.loop import Place, train
    from earmark.train.predict import clip_logits

    held = clips.examples.take(clips.folds == fold)
    mine = clips.examples.take(clips.protocol.may_train(clips.examples, clips.folds, fold))
    place = Place(Place.find().device)  # each network is alone, whatever launched the search
    checkpoint = train(recipe, mine, clips.genres, folder, seed=fold, place=place)
    said = clip_logits(checkpoint.network(), held).argmax(axis=1)
    return float((said == held.allowed.numpy().argmax(axis=1)).mean())


def _remembered(recipe: Recipe, clips: Clips, fold: int, folder: Path) -> float:
    """The accuracy on a fold, written down when it is known; the checkpoint, megabytes a fold, is not kept after."""
    record = folder / "accuracy.json"
    if not record.exists():
        accuracy = fold_accuracy(recipe, clips, fold, folder)
        write_whole(record, json.dumps({"accuracy": accuracy}) + "\n")
        (folder / FILE).unlink(missing_ok=True)
    return float(json.loads(record.read_text(encoding="utf-8"))["accuracy"])


def _run(plan: Plan, study: SharedStudy, clips: Clips, jobs: int, progress: Progress) -> None:
    missing = plan.trials - len(study.trials(*FINISHED))
    if min(jobs, missing) <= 1:
        work_on(plan, study, clips, progress)
        return
    workers = min(jobs, missing)
    side_by_side(work, [plan] * workers, workers, lambda: progress(len(study.trials(*FINISHED)), plan.trials))
