"""Hearing with the processes of this machine, at low priority; what brings a process down costs one file.

A process asks a ledger, files that all of them see, whether a sound is known or being heard (`ledger.py`).
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from earmark.errors import BundleError, CollectionError, EarmarkError, SilenceError
from earmark.library.engines.engine import Answer, Failed, Heard, Known, Look, Silent, Waits
from earmark.library.engines.ledger import FileLedger, Ledger
from earmark.library.hearing import Hearer
from earmark.library.kinds import LONGEST_S
from earmark.library.packing import pack_heard
from earmark.library.places import Facts, facts_of, local_file
from earmark.listen import parallel
from earmark.listen.bundle import load_bundle
from earmark.sound.files import name_of
from earmark.sound.identity import sound_id
from earmark.sound.tags import all_tags
from earmark.sound.watchdog import PATIENCE_S

NICE = 10
_BELOW_NORMAL = 0x4000  # the priority class of Windows


@dataclass(frozen=True)
class Task:
    """How files are to be heard.

    Attributes
    ----------
    bundle:
        Its folder.
    db:
        The collection that is asked whether a sound is known; None where all is to be heard.
    model_id, least_share:
        It is known where this network, or any for None, has heard so much of it.
    claims:
        A folder for claims; None for none.
    nice:
        By how much the priority of processes is lowered, 0 to 19.
    patience_s, longest_s, quick:
        As of `hearing.Hearer`.
    """

    bundle: Path
    db: Path | None = None
    model_id: int | None = None
    least_share: float = 0.0
    claims: Path | None = None
    nice: int = NICE
    patience_s: float = PATIENCE_S
    longest_s: float = LONGEST_S
    quick: bool = False


class LocalEngine:
    """An engine of so many processes, one a core by default."""

    def __init__(self, task: Task, *, jobs: int | None = None) -> None:
        self._task = task
        self._jobs = parallel.cores() if jobs is None else jobs

    def hear(self, paths: Sequence[str]) -> Iterator[Answer]:
        """As `engine.Engine` has it."""
        for answer in parallel.work_as_done(partial(_start, self._task), paths, jobs=self._jobs):
            yield _crashed(answer) if isinstance(answer, parallel.Crash) else answer


def answering(task: Task, ledger: Ledger | None = None) -> Callable[[str], Answer]:
    """What answers a file in this process, asking the task's own ledger or another; BundleError where none can hear."""
    hearer = Hearer(load_bundle(task.bundle), patience_s=task.patience_s, longest_s=task.longest_s, quick=task.quick)
    return _Worker(ledger or ledger_of(task), hearer).answer


def ledger_of(task: Task) -> FileLedger:
    """The ledger of a task's files."""
    return FileLedger(task.db, model_id=task.model_id, least_share=task.least_share, claims=task.claims)


def _start(task: Task) -> Callable[[str], Answer]:
    """What a process does first."""
    step_back(task.nice)
    return answering(task)


def step_back(nice: int) -> None:
    """Leave processor, and by it the disk (Linux derives that priority), to whoever else wants it."""
    if sys.platform == "win32":
        if nice:
            import ctypes

            ctypes.windll.kernel32.SetPriorityClass(ctypes.windll.kernel32.GetCurrentProcess(), _BELOW_NORMAL)
    else:
        os.nice(nice)


class _Worker:
    """The life of a process: it answers file after file."""

    def __init__(self, ledger: Ledger, hearer: Hearer) -> None:
        self._ledger = ledger
        self._hearer = hearer

    def answer(self, path: str) -> Answer:
        """What became of a file; whatever is wrong with it, the next one is heard."""
        look: Look | None = None
        try:
            facts = facts_of(path)  # first: who changes it later is noticed next time
            with local_file(path) as file:
                look = looked_into(file, path, facts)
                return self._answered(look, file)
        except SilenceError:
            return Failed(path, "", None) if look is None else Silent(look)
        except (BundleError, CollectionError) as error:
            return error
        except EarmarkError as error:
            return Failed(path, str(error), look)
        except Exception as error:  # noqa: BLE001 - the edge: whatever is wrong with one file, the next one is heard
            said = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": .")
            return Failed(path, f"{name_of(path)} could not be heard: {said}.", look)

    def _answered(self, look: Look, file: str) -> Answer:
        standing = self._ledger.ask(look.sound_id)
        if standing == "known":
            return Known(look)
        if standing == "claimed":
            return Waits(look.path)
        return Heard(look, pack_heard(self._hearer.hear(file), self._hearer.names))


def looked_into(file: str, path: str, facts: Facts | None) -> Look:
    """What a file is, which is kept as `path`, without hearing it; SoundError where it cannot be read."""
    facts = facts or Facts(0, 0)  # `sound_id` says why there are none, in words
    return Look(path, facts.size, facts.mtime_ns, sound_id(file), all_tags(file))


def _crashed(crash: parallel.Crash[str]) -> Failed:
    how = f"signal {-crash.exit_code}" if crash.exit_code < 0 else f"exit code {crash.exit_code}"
    return Failed(crash.item, f"{name_of(crash.item)} brought down the process that heard it ({how}).")
