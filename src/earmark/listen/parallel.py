"""Work on many items with one process a core, where a process that dies costs only the item it was on.

A pool of the standard library gives up as a whole when a worker is killed, and a decoder may well be killed by a broken
file. So each worker has a pipe of its own, does one item at a time, and is replaced when it dies. Processes are
spawned; a worker starts with single-threaded arithmetic, since the cores are taken by its siblings. A worker in which a
decoder hangs gives its answer and ends.
"""

import multiprocessing
import os
import pickle
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnContext
from typing import Generic, TypeVar

from earmark.errors import EarmarkError
from earmark.sound.watchdog import anything_left

Item = TypeVar("Item")
Answer = TypeVar("Answer")

# How many answers may wait for an earlier item that takes long, a worker: bounds memory, not often speed.
_AHEAD = 32


@dataclass(frozen=True, slots=True)
class Crash(Generic[Item]):
    """The process that worked on `item` died; `exit_code` is negative for a signal."""

    item: Item
    exit_code: int


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def work(
    start: Callable[[], Callable[[Item], Answer]], items: Sequence[Item], *, jobs: int
) -> Iterator[Answer | Crash[Item]]:
    """The answer for each item, in order, each as soon as it and those before it are done.

    Parameters
    ----------
    start:
        Called once in every worker; gives the function that answers an item. It, items and answers are pickled.
    items:
        What to work on.
    jobs:
        How many processes.

    Raises
    ------
    EarmarkError
        What `start` raised, or that workers cannot start at all.
    """
    pool = _Pool(start, items, processes=min(jobs, len(items)))
    try:
        for position in range(len(items)):
            while position not in pool.answers:
                pool.give(limit=position + _AHEAD * jobs)
                pool.collect()
            yield pool.answers.pop(position)
    finally:
        pool.stop()


def work_as_done(
    start: Callable[[], Callable[[Item], Answer]], items: Sequence[Item], *, jobs: int
) -> Iterator[Answer | Crash[Item]]:
    """As `work`, but each answer as soon as it is there, in any order: none waits for an item that takes long."""
    pool = _Pool(start, items, processes=min(jobs, len(items)))
    left = len(items)
    try:
        while left:
            pool.give(limit=len(items))
            pool.collect()
            for position in list(pool.answers):
                left -= 1
                yield pool.answers.pop(position)
    finally:
        pool.stop()


class _Pool(Generic[Item, Answer]):
    """The workers, which item comes next, and the answers that nobody took yet, by position of their item."""

    def __init__(self, start: Callable[[], Callable[[Item], Answer]], items: Sequence[Item], *, processes: int) -> None:
        self.answers: dict[int, Answer | Crash[Item]] = {}
        self._items = items
        self._next = 0
        self._context = multiprocessing.get_context("spawn")
        self._pickled_start = pickle.dumps(start)
        self._workers: list[_Worker[Item, Answer]] = [self._hire() for _ in range(processes)]

    def give(self, *, limit: int) -> None:
        """An item for each worker that has none; none whose position is `limit` or beyond."""
        for worker in self._workers:
            if worker.ready and self._next < min(len(self._items), limit):
                worker.give(self._next, self._items[self._next])
                self._next += 1

    def collect(self) -> None:
        """Wait until a worker says something or dies, and keep what it said."""
        talking = wait([worker.channel for worker in self._workers])
        for worker in [worker for worker in self._workers if worker.channel in talking]:
            self._hear(worker)

    def stop(self) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.stop()

    def _hear(self, worker: "_Worker[Item, Answer]") -> None:
        position = worker.position
        try:
            answer = worker.receive()
        except (EOFError, OSError):
            exit_code = worker.bury()
            if position is not None:
                self.answers[position] = Crash(self._items[position], exit_code)
            elif not worker.ready:
                raise _cannot_start(exit_code) from None
            self._workers[self._workers.index(worker)] = self._hire()
        else:
            if position is not None:
                self.answers[position] = answer
            if worker.leaves:
                worker.stop()
                self._workers[self._workers.index(worker)] = self._hire()

    def _hire(self) -> "_Worker[Item, Answer]":
        return _Worker(self._context, self._pickled_start)


class _Worker(Generic[Item, Answer]):
    """A process with its pipe, and the position of the item it is on."""

    def __init__(self, context: SpawnContext, pickled_start: bytes) -> None:
        self.channel, theirs = context.Pipe()
        self.position: int | None = None
        self.ready = False
        self.leaves = False  # it has given its last answer
        self._process = context.Process(target=_serve, args=(pickled_start, theirs), daemon=True)
        with _interrupt_blocked():
            self._process.start()
        theirs.close()  # so that our end sees the end of the stream when the process dies

    def give(self, position: int, item: Item) -> None:
        self.position, self.ready = position, False
        try:
            self.channel.send(item)
        except OSError:
            return  # it died between two items: `receive` will find out, and this item is the one it costs

    def receive(self) -> Answer:
        message = self.channel.recv()
        if self.position is None and isinstance(message, EarmarkError):  # it cannot start, and says why
            raise message
        answer: Answer
        answer, self.leaves = message
        self.position, self.ready = None, not self.leaves
        return answer

    def bury(self) -> int:
        """The exit code of a process that closed its pipe; it may take a moment to be gone."""
        self._process.join(timeout=5)
        self.stop()
        return self._process.exitcode or 0

    def stop(self) -> None:
        """End the process at once; there is nothing in it to save."""
        self.channel.close()
        self._process.kill()
        self._process.join()


def _serve(pickled_start: bytes, channel: "Connection[object, object]") -> None:
    """The life of a worker: say that it is ready, then an answer for each item until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, who closes the pipe
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # read when NumPy is imported, which is below
    try:
        answer = pickle.loads(pickled_start)()
    except EarmarkError as error:
        channel.send(error)
        return
    channel.send((None, False))
    while True:
        try:
            item = channel.recv()
        except (EOFError, OSError):
            return
        said = answer(item)
        leaves = anything_left()
        try:
            channel.send((said, leaves))
        except OSError:  # the parent is gone
            return
        if leaves:
            os._exit(0)  # at once: a thread that hangs cannot be waited for


@contextmanager
def _interrupt_blocked() -> Iterator[None]:
    """A process started in here never sees Ctrl-C, not even while Python starts; ours is only delayed."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _cannot_start(exit_code: int) -> EarmarkError:
    return EarmarkError(
        f"The worker processes cannot start (exit code {exit_code}).",
        hint="In a script, call it under `if __name__ == '__main__':`, or use jobs=1.",
    )
