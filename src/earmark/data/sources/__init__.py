"""Importers: each recognises one kind of folder of music, and lists its clips for `earmark.data.prepare`.

An importer is a module in this folder with a function under `@importer(...)`; it is found by being there. A set whose
own ids may be no file names, or may be used twice, gets them from `unique_ids`.
"""

import importlib
import pkgutil
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from earmark.errors import DataError


@dataclass(frozen=True)
class Item:
    """A clip of a source: its id in the prepared set, its sound (or picture) file, and its columns, such as genre.

    An id is a file name on any system and used once, by case too: `unique_ids` makes such ids of paths.
    """

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
    """The contents of a source: its clips, files that are left out on purpose, and notes for the user."""

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


def unique_ids(paths: Iterable[Path]) -> list[str]:
    """An id for each relative path that can be a file name on any system: `rock/a b.mp3` -> `rock.a b`.

    Paths that would share an id keep their suffix in it; those that still do (also by case) get a number.
    """
    paths = list(paths)
    stems = [_joined(path.with_suffix("")) for path in paths]
    counts = Counter(stem.casefold() for stem in stems)
    wanted = [stem if counts[stem.casefold()] == 1 else _joined(path) for stem, path in zip(stems, paths, strict=True)]
    taken: set[str] = set()
    ids = []
    for name in wanted:
        tries = (name if number == 1 else f"{name}~{number}" for number in count(1))
        clip_id = next(each for each in tries if each.casefold() not in taken)
        taken.add(clip_id.casefold())
        ids.append(clip_id)
    return ids


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


def _joined(path: Path) -> str:
    # A leading genre name is dropped from names that repeat it, as GTZAN's do: blues/blues.00000 -> blues.00000.
    parts = path.parts[1:] if len(path.parts) == 2 and path.name.startswith(f"{path.parts[0]}.") else path.parts
    return "".join("_" if letter in '<>:"/\\|?*' or ord(letter) < 32 else letter for letter in ".".join(parts))
