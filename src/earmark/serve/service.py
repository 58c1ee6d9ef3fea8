"""What a running server has, and what routes ask of it."""

import asyncio
import importlib.util
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from typing import Annotated
from weakref import WeakValueDictionary

from fastapi import Depends, Request

from earmark.listen.bundle import Bundle
from earmark.serve.crew import Crew
from earmark.serve.ear import Sketch
from earmark.serve.jobs import Jobs
from earmark.serve.making import Pieces
from earmark.serve.maps import Maps
from earmark.serve.metrics import Metrics
from earmark.serve.problems import ProblemError
from earmark.serve.settings import Limits, Settings
from earmark.serve.shelf import Shelf
from earmark.serve.tasks import Shown
from earmark.serve.uploads import Desk

UPLOAD = "u"  # the first letter of the ids of uploads


class Kept:
    """Answers for uploads, by their ids, the latest ones; sound is not kept."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._found: OrderedDict[str, tuple[Shown, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._found)

    def keep(self, shown: Shown) -> str:
        """Keep an answer under a new id."""
        name = f"{UPLOAD}{secrets.token_hex(8)}"
        self._found[name] = (shown, time.monotonic())
        self._forget()
        return name

    def replace(self, name: str, shown: Shown) -> None:
        """Keep a fuller answer under an id that there is."""
        self._found[name] = (shown, time.monotonic())

    def find(self, name: str) -> Shown:
        """An answer by its id; a problem with status 404 where it is not kept."""
        self._forget()
        if name not in self._found:
            raise ProblemError(404, f"There is no upload {name[:40]!r} any more.", "Send it again.")
        return self._found[name][0]

    def _forget(self) -> None:
        oldest_s = time.monotonic() - self._limits.kept_s
        old = [name for name, (_, kept_s) in self._found.items() if kept_s < oldest_s]
        for name in old:
            del self._found[name]
        while len(self._found) > self._limits.kept:
            self._found.popitem(last=False)


class Sketches:
    """How tracks of the collection look, of the latest that were asked for."""

    def __init__(self, most: int = 32) -> None:
        self._most = most
        self._found: OrderedDict[Hashable, Sketch] = OrderedDict()
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    async def of(self, key: Hashable, draw: Callable[[], Awaitable[Sketch]]) -> Sketch:
        """A sketch that is kept, or is drawn now; who asks for one that is being drawn waits for it."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            if key not in self._found:
                self._found[key] = await draw()
            self._found.move_to_end(key)
            while len(self._found) > self._most:
                self._found.popitem(last=False)
            return self._found[key]


@dataclass
class Service:
    """What a running server has.

    Attributes
    ----------
    settings, bundle:
        What it was started with.
    desk, crew, jobs:
        Where uploads lie, who hears them, and what was asked for.
    shelf, maps:
        The collection, and its map.
    kept, sketches, pieces:
        Answers for uploads, how tracks look, and what was generated.
    metrics:
        What was counted.
    """

    settings: Settings
    bundle: Bundle
    desk: Desk
    crew: Crew
    jobs: Jobs
    shelf: Shelf
    maps: Maps
    kept: Kept
    pieces: Pieces
    metrics: Metrics
    sketches: Sketches = field(default_factory=Sketches)

    @property
    def generates(self) -> bool:
        """Whether pieces can be made."""
        return importlib.util.find_spec("earmark.generate") is not None


def service_of(request: Request) -> Service:
    """The service that a request is for."""
    service = request.app.state.service
    assert isinstance(service, Service)
    return service


Serving = Annotated[Service, Depends(service_of)]
