"""Worker processes that hear for the server, and the bounded queue before them.

Each worker has a thread here that gives it one errand at a time, waits no longer than that may take, and replaces the
process where it dies, hangs or is broken off. So no file stalls or ends the server.
"""

import logging
import multiprocessing
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.context import SpawnContext
from typing import Any

from earmark.serve.problems import ProblemError
from earmark.serve.tasks import Task
from earmark.serve.worker import DONE, FAILED, READY, Plan, life

_LOG = logging.getLogger(__name__)

_TICK_S = 0.1
_START_S = 120.0
_USUAL_S = 1.0  # that an errand is expected to take, before any was done


@dataclass(eq=False)
class Errand:
    """Something to be done by a worker.

    Attributes
    ----------
    task, what:
        What to do, and what messages call it, such as the name of a file.
    tell:
        Called by a thread with events: (name, value); the last is "done" with the result, or "failed" with an error.
    limit_s:
        How long it may take.
    broken_off:
        Set where nobody wants it any more.
    """

    task: Task
    what: str
    tell: Callable[[str, Any], None]
    limit_s: float
    broken_off: threading.Event = field(default_factory=threading.Event)


class Crew:
    """Workers and their queue: `start` before, `stop` after.

    Parameters
    ----------
    plan:
        What workers are started with.
    workers, waiting:
        How many there are, and how many errands may wait for one.
    """

    def __init__(self, plan: Plan, *, workers: int, waiting: int) -> None:
        self._plan = plan
        self._most_waiting = waiting
        self._queue: deque[Errand] = deque()
        self._changed = threading.Condition()
        self._coming = 0
        self._stopping = False
        self._took_s = _USUAL_S
        self._posts = [_Post(plan) for _ in range(workers)]
        self._threads = [threading.Thread(target=self._serve, args=(post,), daemon=True) for post in self._posts]
        self.replaced = 0

    def start(self) -> None:
        """Start the processes; what comes in meanwhile waits."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End all processes at once, and fail what waits."""
        with self._changed:
            self._stopping = True
            left, self._queue = list(self._queue), deque()
            self._changed.notify_all()
        for errand in left:
            errand.tell(FAILED, _ending())
        for thread in self._threads:
            thread.join()

    @property
    def ready(self) -> int:
        """How many workers are ready or busy."""
        return sum(post.ready for post in self._posts)

    @property
    def waiting(self) -> int:
        """How many errands wait."""
        return len(self._queue)

    @property
    def size(self) -> int:
        """How many workers there are to be."""
        return len(self._posts)

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the queue for what is still on its way here; a problem with status 429 where none is left."""
        with self._changed:
            self._check_room(len(self._queue) + self._coming)
            self._coming += 1
        try:
            yield
        finally:
            with self._changed:
                self._coming -= 1

    def _check_room(self, waiting: int) -> None:
        if waiting >= self._most_waiting:
            patience_s = max(1, round(self._took_s * waiting / len(self._posts)))
            raise ProblemError(
                429,
                f"{waiting} others wait already.",
                f"Try again in {patience_s} seconds.",
                retry_after_s=patience_s,
            )

    def take(self, errand: Errand) -> None:
        """Put an errand at the end of the queue; a problem with status 429 where that is full."""
        with self._changed:
            self._check_room(len(self._queue))
            if self._stopping:
                raise _ending()
            self._queue.append(errand)
            self._changed.notify()

    def ahead(self, errand: Errand) -> int:
        """How many errands come before this one; 0 where it is under way or done."""
        with self._changed:
            return self._queue.index(errand) if errand in self._queue else 0

    def drop(self, errand: Errand) -> None:
        """Break an errand off, or do not begin it."""
        errand.broken_off.set()
        with self._changed:
            if errand not in self._queue:
                return
            self._queue.remove(errand)
        errand.tell(FAILED, broken_off())

    def _serve(self, post: "_Post") -> None:
        """The life of a thread."""
        if sys.platform != "win32":
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # processes that start here never see Ctrl-C
        while not self._is_stopping():
            if not post.ready:
                post.start(self._is_stopping)
                continue
            errand = self._next()
            if errand is not None:
                self._do(post, errand)
        post.stop()

    def _next(self) -> Errand | None:
        with self._changed:
            if not self._queue and not self._stopping:
                self._changed.wait(timeout=_TICK_S * 10)
            return self._queue.popleft() if self._queue and not self._stopping else None

    def _do(self, post: "_Post", errand: Errand) -> None:
        began_s = time.monotonic()
        errand.tell("running", None)
        event, value = post.do(errand, self._is_stopping)
        self._took_s = 0.8 * self._took_s + 0.2 * (time.monotonic() - began_s)
        self.replaced += not post.ready
        errand.tell(event, value)

    def _is_stopping(self) -> bool:
        return self._stopping


class _Post:
    """A place of a worker: the process that has it, or none."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._context: SpawnContext = multiprocessing.get_context("spawn")
        self._process: Any = None
        self._channel: Any = None
        self.ready = False

    def start(self, stopping: Callable[[], bool]) -> None:
        """Start a process, and wait until it is ready; one that does not become so is given up."""
        until_s = time.monotonic() + _START_S
        try:
            self._begin()
            while not stopping() and time.monotonic() < until_s:
                if self._channel.poll(_TICK_S):
                    self.ready = self._channel.recv()[0] == READY
                    return
        except (EOFError, OSError) as error:  # it died; or there is no memory, process or file left for one
            _LOG.warning("a worker could not be started: %s", error)
        self.stop()
        if not stopping():
            time.sleep(1.0)  # rather than start processes that cannot live as fast as possible

    def _begin(self) -> None:
        self._channel, theirs = self._context.Pipe()
        with theirs:  # closed here, so that our end sees the end of the stream when the process dies
            process = self._context.Process(target=life, args=(self._plan, theirs), daemon=True)
            process.start()
            self._process = process

    def do(self, errand: Errand, stopping: Callable[[], bool]) -> tuple[str, Any]:
        """Have an errand done; gives the last event and its value, and is not ready where the process was ended."""
        until_s = time.monotonic() + errand.limit_s
        try:
            self._channel.send(errand.task)
            while True:
                if (refusal := self._refusal(errand, until_s, stopping)) is not None:
                    self.stop()
                    return FAILED, refusal
                if not self._channel.poll(_TICK_S):
                    continue
                event, value, last = self._channel.recv()
                if event in (DONE, FAILED):
                    if last:
                        self.stop()
                    return event, value
                errand.tell(event, value)
        except Exception as error:  # noqa: BLE001 - it died, or what it said cannot be read: the thread must go on
            if not isinstance(error, EOFError | OSError):
                _LOG.error("what a worker said cannot be read", exc_info=error)
            self.stop()
            what = f"{errand.what} brought down the process that worked on it."
            return FAILED, ProblemError(422, what, "It may be damaged: convert it with another program.")

    def stop(self) -> None:
        """End the process at once; there is nothing in it to save."""
        self.ready = False
        if self._channel is not None:
            self._channel.close()
            self._channel = None
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._process = None

    @staticmethod
    def _refusal(errand: Errand, until_s: float, stopping: Callable[[], bool]) -> ProblemError | None:
        if stopping():
            return _ending()
        if errand.broken_off.is_set():
            return broken_off()
        if time.monotonic() > until_s:
            what = f"{errand.what} was given up: it was not done within {errand.limit_s:g} seconds."
            return ProblemError(422, what, "Ask for less: a shorter file, or fewer seconds.")
        return None


def _ending() -> ProblemError:
    return ProblemError(503, "The server is ending.", "Start it again, and ask again.", retry_after_s=5)


def broken_off() -> ProblemError:
    """What is told of an errand that nobody wants any more."""
    return ProblemError(410, "It was broken off, as was asked for.", "Ask again.")
