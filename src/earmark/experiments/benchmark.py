"""`earmark benchmark`: systems x protocols x seeds from a plan, as one queue in a folder, and the report on it.

Each system under each protocol is a cross-validation of its own in OUT/PROTOCOL/SYSTEM, so that everything said of
`crossval` holds: runs that are done are not done again, one that was cut off goes on from its last epoch, and several
processes or machines may share the folder. The report tells what is done so far.
"""

import dataclasses
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from earmark.experiments.comparison.cells import report_on_plan
from earmark.experiments.job import claim
from earmark.experiments.plan import Plan, System
from earmark.experiments.queue import Progress, in_other_hands, run_queue, threads_each
from earmark.files import FolderKind, guard_folder
from earmark.train.recipe import Recipe

FOLDER = FolderKind(("report.json", "report.md", "report.html"), known_by={"report.json": b'"command"'})


def benchmark(
    plan: Plan,
    folders: Sequence[Path],
    out: Path,
    *,
    jobs: int,
    progress: Progress = lambda done, total: None,
) -> list[str]:
    """Do what is missing of a plan; returns what failed, a sentence each. One failure does not stop the others."""
    queue = plan.jobs(folders, out, threads=threads_each(jobs))
    for job in {job.out: job for job in queue}.values():
        claim(job)
    failed = run_queue(queue, jobs, progress, keep_going=True)
    # What others held when its turn came, and have left since.
    left = [
        job
        for job in queue
        if not (job.done or in_other_hands(job) or any(said.startswith(f"{job.table}:") for said in failed))
    ]
    return failed + (run_queue(left, jobs, progress, keep_going=True) if left else [])


def standing(plan: Plan, folders: Sequence[Path], out: Path) -> str:
    """How many runs are done, in other hands and left, in words."""
    queue = plan.jobs(folders, out)
    done, busy = sum(job.done for job in queue), sum(in_other_hands(job) for job in queue)
    words = f"{done} of {len(queue)} runs done"
    if busy:
        words += f", {busy} in the hands of other processes"
    return f"{words}; the same command goes on." if done < len(queue) else f"{words}."


def added_system(spec: str, recipe: Path | None) -> System:
    """A stranger's network, MODULE:CLASS, as a system: trained by `recipe`, or else as earmark is.

    Raises RecipeError where the module or class is not there.
    """
    from earmark.models.registry import imported

    imported(spec)  # fails here, in words, not in every run
    plain = Recipe.load(recipe, kind=spec) if recipe else Recipe.from_dict({**DEFAULT, "model": {"kind": spec}})
    name = spec.partition(":")[2]
    return System(name, dataclasses.replace(plain, name=name), f"{spec}, added")


def run_benchmark(
    path: Path,
    folders: Sequence[Path],
    out: Path,
    *,
    jobs: int | None = None,
    only: Sequence[str] = (),
    add: str | None = None,
    recipe: Path | None = None,
    seeds: int = 1,
    report_only: bool = False,
    progress: Progress = lambda done, total: None,
) -> tuple[str, list[str]]:
    """A plan's file and data in, runs and report out; returns how it stands, and what failed.

    Raises
    ------
    RecipeError, DataError
        The plan, a recipe of it or the data are wrong, or the folder holds another benchmark.
    """
    guard_folder(out, FOLDER, inputs=[path])
    plan = Plan.load(path)
    shown = plan
    if add:
        system = added_system(add, recipe)
        shown = plan.with_system(system, seeds=seeds)
        plan = shown.only([system.name])
    if only:
        plan = plan.only(only)
    failed = [] if report_only else benchmark(plan, folders, out, jobs=jobs or os.cpu_count() or 1, progress=progress)
    data = " ".join(f"--data {Path(folder).name}" for folder in folders)
    report_on_plan(
        shown, folders, out, command=f"earmark benchmark {path.parent.name}/{path.name} {data} --out {out.name}"
    )
    return standing(plan, folders, out), failed


# How a stranger's network is trained when no recipe says otherwise: as `recipes/earmark.toml` trains earmark.
DEFAULT: Mapping[str, Any] = {
    "name": "added",
    "train": {
        "epochs": 40,
        "batch_size": 16,
        "learning_rate": 3e-3,
        "weight_decay": 0.02,
        "label_smoothing": 0.1,
        "ema_decay": 0.99,
    },
    "augment": {"tokens": 10, "roll": True, "mixup": 0.3, "mask_frames": 20},
}
