"""`earmark benchmark`: systems x protocols x seeds from a plan, as one queue in a folder, and the report on it.

Each system under each protocol is a cross-validation of its own in OUT/PROTOCOL/SYSTEM, so that everything said of
`crossval` holds: runs that are done are not done again, one that was cut off goes on from its last epoch, and several
processes or machines may share the folder. The report tells what is done so far.
"""

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.errors import RecipeError
from earmark.experiments.job import Job, claim, jobs_of
from earmark.experiments.protocol import Protocol
from earmark.experiments.queue import Progress, in_other_hands, run_queue, threads_each
from earmark.files import FolderKind, guard_folder
from earmark.train.recipe import Recipe

FOLDER = FolderKind(("report.json", "report.md", "report.html"), known_by={"report.json": b'"command"'})


@dataclass(frozen=True)
class System:
    """A system of a plan: its recipe, and what it is in a line."""

    name: str
    recipe: Recipe
    what: str = ""


@dataclass(frozen=True)
class Entry:
    """One line of a plan's queue: these systems under this protocol, with so many seeds."""

    protocol: str
    systems: tuple[str, ...]
    seeds: int = 1


@dataclass(frozen=True)
class Plan:
    """What a benchmark consists of, in the order in which it is done."""

    title: str
    reference: str
    systems: Mapping[str, System]
    protocols: Mapping[str, Protocol]
    queue: tuple[Entry, ...]
    report: tuple[str, ...] = ()  # the sets whose clips are reported, by name; all by default

    @classmethod
    def load(cls, path: Path) -> "Plan":
        """Read a plan, a TOML file; the recipes that it names lie relative to it.

        Raises
        ------
        RecipeError
            It cannot be read, lacks a part, names what is not there, or a recipe of it is wrong.
        """
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as reason:
            raise RecipeError(f"The plan {path} cannot be read: {reason.strerror}.") from reason
        except tomllib.TOMLDecodeError as reason:
            raise RecipeError(f"The plan {path} is not TOML: {reason}.") from reason
        for part in ("systems", "protocols", "queue"):
            if not values.get(part):
                raise RecipeError(f"The plan {path} has no '{part}'.")
        systems = {name: _system(name, table, path) for name, table in values["systems"].items()}
        protocols = {name: Protocol.from_dict(name, table) for name, table in values["protocols"].items()}
        queue = tuple(_entry(table, systems, protocols, path) for table in values["queue"])
        reference = values.get("reference", next(iter(systems)))
        return cls(
            values.get("title", path.stem), reference, systems, protocols, queue, tuple(values.get("report", ()))
        )

    def with_system(self, system: System, *, seeds: int = 1) -> "Plan":
        """The plan with one more system, first in the queue, under every protocol that its reference is tested with."""
        tested = dict.fromkeys(entry.protocol for entry in self.queue if self.reference in entry.systems)
        added = tuple(Entry(protocol, (system.name,), seeds) for protocol in tested)
        return dataclasses.replace(self, systems={**self.systems, system.name: system}, queue=added + self.queue)

    def only(self, systems: Sequence[str]) -> "Plan":
        """The plan with these systems alone; raises RecipeError for a name it does not have."""
        for name in systems:
            if name not in self.systems:
                raise RecipeError(f"The plan has no system '{name}'.", hint=f"It has: {', '.join(self.systems)}.")
        queue = (
            Entry(entry.protocol, tuple(name for name in entry.systems if name in systems), entry.seeds)
            for entry in self.queue
        )
        return dataclasses.replace(self, queue=tuple(entry for entry in queue if entry.systems))

    def jobs(self, folders: Sequence[Path], out: Path, *, threads: int = 1) -> list[Job]:
        """All runs in order, each once."""
        jobs: dict[Path, Job] = {}
        for entry in self.queue:
            for name in entry.systems:
                for job in jobs_of(
                    self.systems[name].recipe,
                    folders,
                    out / entry.protocol / name,
                    protocol=self.protocols[entry.protocol],
                    seeds=entry.seeds,
                    reported=self.report,
                    threads=threads,
                ):
                    jobs.setdefault(job.table, job)
        return list(jobs.values())


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

    plain = Recipe.load(recipe) if recipe else Recipe.from_dict(DEFAULT)
    imported(spec)  # fails here, in words, not in every run
    options = {key: value for key, value in plain.model.to_dict().items() if recipe and key != "kind"}
    values = {**plain.to_dict(), "name": spec.partition(":")[2], "model": {"kind": spec, **options}}
    return System(spec.partition(":")[2], Recipe.from_dict(values), f"{spec}, added")


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
    from earmark.experiments.comparison.cells import report_on_plan

    guard_folder(out, FOLDER, inputs=[path])
    plan = Plan.load(path)
    shown = plan
    if add:
        system = added_system(add, recipe)
        shown = plan.with_system(system, seeds=seeds)
        plan = shown.only([system.name])
    if only:
        plan = plan.only(only)
    failed = [] if report_only else benchmark(plan, folders, out, jobs=jobs or _cores(), progress=progress)
    data = " ".join(f"--data {Path(folder).name}" for folder in folders)
    report_on_plan(
        shown, folders, out, command=f"earmark benchmark {path.parent.name}/{path.name} {data} --out {out.name}"
    )
    return standing(plan, folders, out), failed


# How a stranger's network is trained when no recipe says otherwise: as `recipes/earmark.toml` trains earmark.
DEFAULT: Mapping[str, Any] = {
    "name": "added",
    "model": {"kind": "added"},
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


def _cores() -> int:
    import os

    return os.cpu_count() or 1


def _system(name: str, table: Mapping[str, Any], path: Path) -> System:
    known = {"recipe", "change", "what"}
    if "recipe" not in table or set(table) - known:
        raise RecipeError(f"The plan {path}: the system '{name}' needs a 'recipe', and may have 'change' and 'what'.")
    recipe = Recipe.load(path.parent / table["recipe"]).with_values(table.get("change", {}))
    return System(name, dataclasses.replace(recipe, name=name), table.get("what", ""))


def _entry(
    table: Mapping[str, Any], systems: Mapping[str, System], protocols: Mapping[str, Protocol], path: Path
) -> Entry:
    try:
        entry = Entry(table["protocol"], tuple(table["systems"]), table.get("seeds", 1))
    except KeyError as missing:
        raise RecipeError(f"The plan {path}: a part of the queue has no {missing}.") from None
    if entry.protocol not in protocols:
        raise RecipeError(f"The plan {path}: the queue names a protocol '{entry.protocol}' that it does not have.")
    for name in entry.systems:
        if name not in systems:
            raise RecipeError(f"The plan {path}: the queue names a system '{name}' that it does not have.")
    return entry
