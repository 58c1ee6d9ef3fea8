"""A decoder that hangs costs a stated time, not for ever.

Decoders are C code, which nothing can interrupt from within its own process. So what they make is made in a thread of
its own, and whoever waits for it gives up where there is no progress: no item, and no byte of the file that was not
read before. A thread that was given up is put to sleep as soon as its decoder asks for bytes; one that asks for none
keeps its core until the process ends, which is why worker processes are ended after it (`listen.parallel`).
"""

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from earmark.errors import EarmarkError

Item = TypeVar("Item")

PATIENCE_S = 60.0
_TICK_S = 1.0
_FAREWELL_S = 1.0
_GIVEN_UP = "earmark decoder, given up"


class Pulse:
    """The sign of life of a maker: call it whenever something was achieved."""

    def __init__(self) -> None:
        self.beats = 0
        self._stopped = False
        self._given_up = False

    def __call__(self) -> None:
        """There is progress; who was asked to stop is stopped here."""
        if self._stopped:
            raise TimeoutError("Nobody waits for this any more.")
        self.beats += 1

    def stop(self) -> None:
        """End what makes progress when it next says so."""
        self._stopped = True

    def rest(self) -> None:
        """Return at once, or never where it was given up: for places that a hanging decoder comes by."""
        if self._given_up:
            threading.Event().wait()

    def give_up(self) -> None:
        """Put to sleep what makes none."""
        self._given_up = True


@dataclass(frozen=True, slots=True)
class _Made(Generic[Item]):
    item: Item


@dataclass(frozen=True, slots=True)
class _Ended:
    error: BaseException | None = None


def watched(
    make: Callable[[Pulse], Generator[Item, None, None]], *, patience_s: float, stalled: Callable[[], EarmarkError]
) -> Iterator[Item]:
    """What a generator yields, made in a thread of its own, no sooner than asked for.

    Parameters
    ----------
    make:
        Gives the generator; called in the thread, with the pulse that it should beat between items where these take
        long.
    patience_s:
        How many seconds may pass without a beat or an item. Seconds in which this process does not run do not count.
    stalled:
        The error to raise then.

    Raises
    ------
    What the generator raises, and what `stalled` gives.
    """
    pulse = Pulse()
    wanted = threading.Semaphore(0)
    made: queue.SimpleQueue[_Made[Item] | _Ended] = queue.SimpleQueue()
    closing = threading.Event()
    thread = threading.Thread(
        target=_run, args=(make, pulse, wanted, made, closing), name="earmark decoder", daemon=True
    )
    thread.start()
    try:
        while True:
            # Not one item ahead: decoder and listener would fight for the interpreter, which costs more than it brings.
            wanted.release()
            outcome = _next(made, pulse, patience_s)
            if outcome is None:
                thread.name = _GIVEN_UP
                raise stalled()
            if isinstance(outcome, _Ended):
                if outcome.error is not None:
                    raise outcome.error
                return
            yield outcome.item
    finally:
        pulse.stop()
        closing.set()
        wanted.release()
        thread.join(_FAREWELL_S)  # so that files are closed; it has at most the item under way to finish
        if thread.is_alive():
            pulse.give_up()


def anything_left() -> bool:
    """Whether this process has a thread with a decoder that was given up."""
    return any(thread.name == _GIVEN_UP for thread in threading.enumerate())


def _run(
    make: Callable[[Pulse], Generator[Item, None, None]],
    pulse: Pulse,
    wanted: threading.Semaphore,
    made: "queue.SimpleQueue[_Made[Item] | _Ended]",
    closing: threading.Event,
) -> None:
    """The life of the thread: an item for each that is wanted."""
    try:
        items = make(pulse)
        try:
            while True:
                wanted.acquire()
                if closing.is_set():
                    return
                item = next(items)
                pulse()
                made.put(_Made(item))
        finally:
            items.close()
    except StopIteration:
        made.put(_Ended())
    except BaseException as error:  # noqa: BLE001 - whoever waits raises it
        made.put(_Ended(error))


def _next(
    made: "queue.SimpleQueue[_Made[Item] | _Ended]", pulse: Pulse, patience_s: float
) -> _Made[Item] | _Ended | None:
    """The next outcome; None where there was no progress for too long."""
    tick_s = min(_TICK_S, patience_s / 4)
    waited_s, beats = 0.0, pulse.beats
    while waited_s < patience_s:
        before_s = time.monotonic()
        try:
            return made.get(timeout=tick_s)
        except queue.Empty:
            # A process that was stopped for an hour has waited for a tick.
            waited_s += min(time.monotonic() - before_s, 2 * tick_s)
        if pulse.beats != beats:
            waited_s, beats = 0.0, pulse.beats
    return None
