"""The life of a process that hears for the server: it has a limit on memory, and ends when the server does.

It is ready when it has heard something once. Then it does one task after the other; what it says is (event, value,
last), and after what is `last` it is to be replaced.
"""

import contextlib
import logging
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from earmark.errors import EarmarkError, SoundError
from earmark.serve.problems import mistake
from earmark.sound.watchdog import anything_left

_LOG = logging.getLogger(__name__)

READY, DONE, FAILED = "ready", "done", "failed"
_POLITE = 5  # so that answers that need no hearing come first
_LOOK_S = 0.5
_FAREWELL_S = 3.0
_WARM_S = 3.0


@dataclass(frozen=True)
class Plan:
    """What a worker is started with: the bundle's folder, limits as in `settings.Limits`, and the server's folder."""

    model: Path
    memory_bytes: int
    sound_s: float
    patience_s: float
    folder: Path
    server: int


def life(plan: Plan, channel: "Connection[Any, Any]") -> None:
    """Serve until the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, who closes the pipe
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")  # read when NumPy is imported, which is below
    _end_with(plan.server, plan.folder)
    if hasattr(os, "nice"):
        os.nice(_POLITE)
    ear = _ready(plan)
    _limit(plan.memory_bytes)
    channel.send((READY, None, False))

    def tell(event: str, value: Any) -> None:
        channel.send((event, value, False))

    while True:
        try:
            task = channel.recv()
        except (EOFError, OSError):
            time.sleep(_FAREWELL_S)  # where the server was killed, the thread that looks after it ends this process
            return
        said = _done(task, partial(task, ear, tell))
        try:
            channel.send(said)
        except OSError:  # the server is gone
            return
        if said[2]:
            os._exit(0)  # at once: a thread that hangs cannot be waited for


def _done(task: object, do: Callable[[], Any]) -> tuple[str, Any, bool]:
    from earmark.serve.tasks import OF_STRANGERS

    try:
        return DONE, do(), False
    except MemoryError:
        error = SoundError("It needs more memory than is allowed.", hint="Give it a shorter or a simpler file.")
        return FAILED, error, True
    except EarmarkError as error:
        return FAILED, error, anything_left()
    except Exception as error:  # noqa: BLE001 - the edge: whatever is wrong with one task, the next one is done
        if not isinstance(task, OF_STRANGERS):
            _LOG.error("%s failed", type(task).__name__, exc_info=error)
            return FAILED, mistake(), True
        said = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": .")
        return FAILED, SoundError(f"It could not be heard: {said}.", hint="Convert it with another program."), True


def _ready(plan: Plan) -> Any:
    import numpy as np

    from earmark.listen.bundle import load_bundle
    from earmark.listen.listener import Listener
    from earmark.serve.ear import Ear

    bundle = load_bundle(plan.model)
    noise = np.random.default_rng(0).normal(size=round(22_050 * _WARM_S)).astype(np.float32) / 10
    Listener(bundle).hear(noise, sample_rate_hz=22_050)  # what is loaded late is loaded now
    return Ear(bundle, patience_s=plan.patience_s, sound_s=plan.sound_s)


def _limit(memory_bytes: int) -> None:
    """No more address space than that beyond what there is now, where the system can hold a process to it."""
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except (ImportError, OSError):  # not on Linux: time is limited all the same
        return
    most = pages * resource.getpagesize() + memory_bytes
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _end_with(server: int, folder: Path) -> None:
    """Have the process end soon after the server, whatever it does then, and take the server's uploads with it."""

    def look() -> None:
        while os.getppid() == server:
            time.sleep(_LOOK_S)
        with contextlib.suppress(OSError):
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)

    if os.name == "posix":
        threading.Thread(target=look, name="the server's pulse", daemon=True).start()
