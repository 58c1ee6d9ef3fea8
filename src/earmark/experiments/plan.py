"""The plan of a benchmark: systems, protocols, and the queue in which they are done."""

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.errors import RecipeError
from earmark.experiments.job import Job, jobs_of
from earmark.experiments.protocol import Protocol
from earmark.train.recipe import Recipe


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
