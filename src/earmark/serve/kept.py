"""What a server keeps in memory for clients: answers for uploads, and how tracks look; the latest, for a while."""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from weakref import WeakValueDictionary

from earmark.serve.ear import Sketch
from earmark.serve.problems import ProblemError
from earmark.serve.settings import Limits
from earmark.serve.tasks import Shown

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
