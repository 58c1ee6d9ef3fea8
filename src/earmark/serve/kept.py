"""What a server keeps in memory for clients: answers for uploads, how tracks look, covers; the latest, for a while."""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from math import inf
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from earmark.serve.problems import ProblemError
from earmark.serve.settings import Limits
from earmark.serve.tasks import Shown

Made = TypeVar("Made")

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


class Lately(Generic[Made]):
    """What was made for clients of late, by what it was made of; the oldest is forgotten.

    Parameters
    ----------
    most:
        How many are kept.
    most_weight, weigh:
        How heavy all may be together, and how heavy each is; any weight by default.
    """

    def __init__(self, most: int, *, most_weight: float = inf, weigh: Callable[[Made], float] = lambda made: 0) -> None:
        self._most = most
        self._most_weight = most_weight
        self._weigh = weigh
        self._weight = 0.0
        self._found: OrderedDict[Hashable, Made] = OrderedDict()
        self._locks: WeakValueDictionary[Hashable, asyncio.Lock] = WeakValueDictionary()

    def __len__(self) -> int:
        return len(self._found)

    async def of(self, key: Hashable, make: Callable[[], Awaitable[Made]]) -> Made:
        """One that is kept, or is made now; who asks for one that is being made waits for it."""
        lock = self._locks.setdefault(key, asyncio.Lock())
        async with lock:
            if key not in self._found:
                self._found[key] = await make()
                self._weight += self._weigh(self._found[key])
            self._found.move_to_end(key)
            found = self._found[key]
            while len(self._found) > self._most or (self._weight > self._most_weight and len(self._found) > 1):
                self._weight -= self._weigh(self._found.popitem(last=False)[1])
            return found
