"""Importers: each knows one kind of folder that music comes in, and lists its clips for `earmark.data.prepare`.

An importer is a module in this folder with a function under `@importer(...)`; it is found by being there.
"""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from earmark.errors import DataError


@dataclass(frozen=True)
class Item:
    """A clip of a source: its id in the prepared set, its sound (or picture) file, and its columns, such as genre."""

    id: str
    file: Path
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Trouble:
    """A file that is left out, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Catalogue:
    """What is in a source: its clips, what is left out on purpose, and what a person should know about it."""

    items: tuple[Item, ...]
    skipped: tuple[Trouble, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Importer:
    """One kind of source. Where several recognise a folder, the one with the lowest `rank` takes it."""

    name: str
    describes: str
    recognises: Callable[[Path], bool]
    rank: int
    catalogue: Callable[[Path], Catalogue]


_IMPORTERS: dict[str, Importer] = {}


def importer(
    name: str, *, describes: str, recognises: Callable[[Path], bool], rank: int
) -> Callable[[Callable[[Path], Catalogue]], Callable[[Path], Catalogue]]:
    """Register a function folder -> Catalogue as the importer `name`."""

    def register(catalogue: Callable[[Path], Catalogue]) -> Callable[[Path], Catalogue]:
        _IMPORTERS[name] = Importer(name, describes, recognises, rank, catalogue)
        return catalogue

    return register


def importers() -> tuple[Importer, ...]:
    """All importers, the most particular first."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return tuple(sorted(_IMPORTERS.values(), key=lambda known: (known.rank, known.name)))


def importer_for(folder: Path, name: str | None = None) -> Importer:
    """The importer called `name`, or else the first that recognises the folder.

    Raises
    ------
    DataError
        The folder is none, the name is not known, or no importer recognises the folder.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder.")
    known = importers()
    names = ", ".join(each.name for each in known)
    if name is not None:
        chosen = [each for each in known if each.name == name]
        if not chosen:
            raise DataError(f"There is no source kind '{name}'.", hint=f"Known: {names}.")
        return chosen[0]
    for each in known:
        if each.recognises(folder):
            return each
    kinds = "; ".join(f"{each.name} ({each.describes})" for each in known)
    raise DataError(f"{folder} is no kind of source that earmark knows.", hint=f"Known: {kinds}.")
