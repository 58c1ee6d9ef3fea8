"""Pieces that are generated for clients: made by a worker into the server's folder, of which the latest are kept."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from earmark.generate.asking import Ask
from earmark.serve.ear import Ear
from earmark.serve.problems import ProblemError
from earmark.serve.tasks import Tell

_MOST_PIECES = 16
PIECE = "p"  # the first letter of the ids of pieces


@dataclass(frozen=True)
class Wanted:
    """What a piece is to be, with songs as "#17" or titles, and how it is made.

    `renderer` is "mosaic", of the collection's own music, or "spectrogram", of what the bundle's generator imagines;
    `imagine` has a mosaic follow what it imagines.
    """

    ask: Ask
    renderer: str = "mosaic"
    imagine: bool = False


@dataclass(frozen=True)
class Make:
    """Make a piece of the collection `db` into the file `out`; gives what is told of it."""

    wanted: Wanted
    db: Path
    out: Path

    def __call__(self, ear: Ear, tell: Tell) -> dict[str, Any]:
        """Plain JSON values."""
        from earmark.generate.asking import Ground
        from earmark.generate.making import Listeners
        from earmark.library.collection import Collection
        from earmark.serve.asking import songs_of
        from earmark.serve.shelf import Books

        seconds = self.wanted.ask.seconds
        failures: list[str] = []

        def on_step(done: float, total: float) -> None:  # of its own measure: a mosaic describes first, then joins
            tell("progress", {"made_s": seconds * done / total, "of_s": seconds})

        listeners = Listeners(failures.append, on_step)
        with Collection.open(self.db) as collection:
            books = Books(collection, ear.bundle)
            ground = Ground(collection, books.lexicon, songs_of(books), books.judge)
            made = self._made(ear, ground, listeners)
            told = dict(made.told)
            for source in told["sources"]:
                row = collection.row_of(source["path"])
                source["id"] = None if row is None else str(collection.ids[row])
        return {**told, "seconds": made.seconds, "notes": [*made.notes, *failures[:5]]}

    def _made(self, ear: Ear, ground: Any, listeners: Any) -> Any:
        from earmark.generate.generator import load_generator
        from earmark.generate.making import make_mosaic, make_spectrogram
        from earmark.generate.shelf import Shelf

        drawn = self.wanted.renderer == "spectrogram"
        generator = load_generator(ear.bundle) if drawn or self.wanted.imagine else None
        if drawn and generator is not None:
            return make_spectrogram(ground, self.wanted.ask, self.out, listeners, generator=generator)
        return make_mosaic(
            ground, self.wanted.ask, self.out, listeners, shelf=Shelf.beside(self.db), generator=generator
        )


class Pieces:
    """The latest pieces, by their ids; older ones are removed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._files: OrderedDict[str, Path] = OrderedDict()

    def place(self) -> tuple[str, Path]:
        """A new id, and where its sound goes."""
        name = f"{PIECE}{secrets.token_hex(8)}"
        return name, self._folder / f"{name}.wav"

    def keep(self, name: str, file: Path) -> None:
        """Keep a piece that was made."""
        self._files[name] = file
        while len(self._files) > _MOST_PIECES:
            self.remove(self._files.popitem(last=False)[1])

    def find(self, name: str) -> Path:
        """The file of a piece; a problem with status 404 where it is not kept."""
        if name not in self._files:
            raise ProblemError(404, f"There is no piece {name[:40]!r} any more.", "Make it again, with its seed.")
        return self._files[name]

    def remove(self, file: Path) -> None:
        """Remove a piece and what stands beside it."""
        from earmark.generate.piece import sources_file

        for each in (file, sources_file(file)):
            each.unlink(missing_ok=True)
