"""What worker processes do in tests: functions that a spawned process can import, some of which die on purpose."""

import os
import signal
import time
from collections.abc import Callable, Generator
from multiprocessing.queues import Queue
from pathlib import Path

from earmark.errors import EarmarkError
from earmark.files import whole
from earmark.listen.bundle import load_bundle
from earmark.listen.listener import Listener
from earmark.sound.watchdog import Pulse, watched
from earmark.track import Track


def start_squaring() -> Callable[[int], int]:
    """Squares; 13 ends the process at once, 14 kills it, and even numbers take their time."""
    return _square


def start_telling_threads() -> Callable[[int], str]:
    """How many threads the arithmetic of the worker may use."""
    return lambda _: os.environ["OPENBLAS_NUM_THREADS"]


def start_telling_process() -> Callable[[int], int]:
    """The worker's process."""
    return lambda _: os.getpid()


def start_hanging() -> Callable[[str], tuple[str, int]]:
    """What became of an item, and the worker's process; of "hang" a decoder is never done."""
    return _hang


def hear_all(bundle: Path, songs: list[Path], names: "Queue[Path]") -> None:
    """Hear songs with two processes, if that may be, and tell which were heard."""
    for heard in Listener(load_bundle(bundle)).hear_all(songs, jobs=2):
        assert isinstance(heard, Track)
        names.put(Path(heard.path))


def start_meeting() -> Callable[[tuple[Path, Path]], str]:
    """Two items that wait for each other: (a file to leave, a file to wait for)."""
    return _meet


def start_and_die() -> Callable[[int], int]:
    """Dies before it is ready."""
    os._exit(5)


def start_and_refuse() -> Callable[[int], int]:
    """Says why it cannot start."""
    raise EarmarkError("There is no music today.")


def hear_or_die(listener: Listener, name: str) -> Track:
    """Hear a file, unless it is named so that it brings the process down."""
    if "deadly" in name:
        os.kill(os.getpid(), signal.SIGSEGV)
    return listener.hear(name)


def _meet(places: tuple[Path, Path]) -> str:
    ours, theirs = places
    ours.touch()
    deadline_s = time.monotonic() + 20
    while not theirs.exists() and time.monotonic() < deadline_s:
        time.sleep(0.01)
    return "met" if theirs.exists() else "alone"


def _square(number: int) -> int:
    if number == 13:
        os._exit(3)
    if number == 14:
        os.kill(os.getpid(), signal.SIGKILL)
    if number % 2 == 0:
        time.sleep(0.02)
    return number * number


def write_or_fail(target: Path) -> None:
    """Half-writes a file and waits; what is to write "failure" fails as soon as another file is half-written."""
    if target.name == "failure":
        while not list(target.parent.glob("*.part")):
            time.sleep(0.02)
        raise EarmarkError("The failure.")
    with whole(target) as file:
        file.write(b"half")
        file.flush()
        time.sleep(60)


def write_or_die(target: Path) -> None:
    """Likewise, but what is to write "death" dies."""
    if target.name == "death":
        while not list(target.parent.glob("*.part")):
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGKILL)
    write_or_fail(target)


def _hang(item: str) -> tuple[str, int]:
    def make(pulse: Pulse) -> Generator[int, None, None]:
        while item == "hang":
            time.sleep(0.01)
        yield 1

    try:
        list(watched(make, patience_s=0.2, stalled=lambda: EarmarkError("It hangs.")))
    except EarmarkError:
        return "given up", os.getpid()
    return "done", os.getpid()
