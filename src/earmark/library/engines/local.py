"""Hearing with the processes of this machine, at low priority; what brings a process down costs one file.

A process asks the collection, which it only reads, whether a sound is known, and leaves a claim, an empty file called
like the sound, for what it hears: two copies that come at the same time are heard once.
"""

import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from earmark.errors import BundleError, CollectionError, EarmarkError, SilenceError
from earmark.library.engines.engine import Answer, Failed, Heard, Known, Look, Silent, Waits
from earmark.library.hearing import Hearer
from earmark.library.kinds import LONGEST_S
from earmark.library.packing import pack_heard
from earmark.library.schema import connect_to_read, errors_of
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


def answering(task: Task) -> Callable[[str], Answer]:
    """What answers a file in this process; BundleError where the bundle cannot hear."""
    hearer = Hearer(load_bundle(task.bundle), patience_s=task.patience_s, longest_s=task.longest_s, quick=task.quick)
    return _Worker(task, hearer).answer


def _start(task: Task) -> Callable[[str], Answer]:
    """What a process does first."""
    _step_back(task.nice)
    return answering(task)


def _step_back(nice: int) -> None:
    """Leave processor, and by it the disk (Linux derives that priority), to whoever else wants it."""
    if sys.platform == "win32":
        if nice:
            import ctypes

            ctypes.windll.kernel32.SetPriorityClass(ctypes.windll.kernel32.GetCurrentProcess(), _BELOW_NORMAL)
    else:
        os.nice(nice)


class _Worker:
    """The life of a process: it answers file after file."""

    def __init__(self, task: Task, hearer: Hearer) -> None:
        self._task = task
        self._hearer = hearer

    def answer(self, path: str) -> Answer:
        """What became of a file; whatever is wrong with it, the next one is heard."""
        look: Look | None = None
        try:
            look = looked_into(path)
            if self._is_known(look.sound_id):
                return Known(look)
            if not self._claimed(look.sound_id):
                return Waits(path)
            return Heard(look, pack_heard(self._hearer.hear(path), self._hearer.names))
        except SilenceError:
            return Failed(path, "", None) if look is None else Silent(look)
        except (BundleError, CollectionError) as error:
            return error
        except EarmarkError as error:
            return Failed(path, str(error), look)
        except Exception as error:  # noqa: BLE001 - the edge: whatever is wrong with one file, the next one is heard
            said = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": .")
            return Failed(path, f"{name_of(path)} could not be heard: {said}.", look)

    @cached_property
    def _collection(self) -> sqlite3.Connection | None:
        return None if self._task.db is None else connect_to_read(self._task.db)

    def _is_known(self, sound: str) -> bool:
        if self._collection is None or self._task.db is None:
            return False
        with errors_of(self._task.db):
            found = self._collection.execute(
                "SELECT 1 FROM files JOIN heard ON file_id = files.id"
                " WHERE sound_id = ?1 AND (?2 IS NULL OR model_id = ?2) AND share >= ?3",
                (sound, self._task.model_id, self._task.least_share),
            ).fetchone()
        return found is not None

    def _claimed(self, sound: str) -> bool:
        """Whether this process may hear a sound; True where claims cannot be left."""
        if self._task.claims is None:
            return True
        try:
            os.close(os.open(self._task.claims / sound, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return False
        except OSError:
            return True
        return True


def looked_into(path: str) -> Look:
    """What a file is, without hearing it; SoundError where it cannot be read."""
    facts = _stat(path)  # first: who changes it later is noticed next time
    return Look(path, facts.st_size if facts else 0, facts.st_mtime_ns if facts else 0, sound_id(path), all_tags(path))


def release(claims: Path, sound: str) -> None:
    """Remove a claim: the collection has the sound, or it could not be heard."""
    with contextlib.suppress(OSError):
        (claims / sound).unlink()


def _stat(path: str) -> os.stat_result | None:
    try:
        return Path(path).stat()
    except OSError:
        return None  # `sound_id` says why, in words


def _crashed(crash: parallel.Crash[str]) -> Failed:
    how = f"signal {-crash.exit_code}" if crash.exit_code < 0 else f"exit code {crash.exit_code}"
    return Failed(crash.item, f"{name_of(crash.item)} brought down the process that heard it ({how}).")
