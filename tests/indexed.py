"""Folders of short pieces, and indexing them in this process, for tests of what becomes of files."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from corpus import music
from earmark import load_bundle
from earmark.library.collection import Collection
from earmark.library.engines.engine import Answer
from earmark.library.engines.engine import Heard as HeardAnswer
from earmark.library.engines.local import Task, answering
from earmark.library.indexing import Indexer, Options, Report
from earmark.library.store import Store

RATE_HZ = 22_050


@dataclass
class Here:
    """An engine that hears in this process, and remembers which files it was asked for and which it heard."""

    task: Task
    desk: "Desk"

    def hear(self, paths: Sequence[str]) -> Iterator[Answer]:
        """As `engine.Engine` has it."""
        answer = answering(self.task)
        for path in paths:
            self.desk.asked.append(Path(path).name)
            self.desk.before(path)
            found = answer(path)
            if isinstance(found, HeardAnswer):
                self.desk.heard.append(Path(path).name)
            yield found


@dataclass
class Desk:
    """A folder of music and a collection of it.

    `asked` and `heard` are names of files since they were last cleared; `before` is called before each file.
    """

    folder: Path
    db: Path
    bundle: Path
    asked: list[str] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda path: None

    def index(self, *places: Path, named: Sequence[Path] = (), **options: Any) -> Report:
        """Index the folder, or other places."""
        self.asked.clear()
        self.heard.clear()
        with Store(self.db) as store:
            indexer = Indexer(
                store, load_bundle(self.bundle), Options(**options), engine=lambda task, _: Here(task, self)
            )
            return indexer.index(places or [self.folder], named=named)

    def names(self) -> list[str]:
        """Names of the entries, in the order of their paths."""
        with Collection.open(self.db) as collection:
            return [Path(each.path).name for each in collection.entries]

    def ids(self) -> dict[str, int]:
        """Ids of the entries by name."""
        with Collection.open(self.db) as collection:
            return {Path(each.path).name: each.id for each in collection.entries}


def piece(path: Path, *, seed: int = 0, length_s: float = 2.0, **tags: str) -> Path:
    """Write a piece of music, each seed another; its format by its suffix."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with soundfile.SoundFile(path, "w", RATE_HZ, 2) as file:
        for name, value in tags.items():
            setattr(file, name, value)
        file.write(music(rate_hz=RATE_HZ, length_s=length_s, seed=seed))
    return path


def silence(path: Path) -> Path:
    """Write three seconds of nothing."""
    soundfile.write(path, np.zeros(3 * RATE_HZ), RATE_HZ)
    return path
