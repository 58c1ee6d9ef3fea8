"""Leases: how several processes, or machines that share a folder, take different runs of one queue.

A lease is a file beside the run, made by whoever takes it and touched while the work goes on. One that has not been
touched for long, or whose process on this machine is gone, may be taken over. Nothing but the file system is needed.
"""

import contextlib
import os
import socket
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Self

STALE_S = 600.0  # far more than an epoch takes, so only what died is taken over


@dataclass(frozen=True)
class Lease:
    """A run in our hands, until `release`."""

    path: Path

    @classmethod
    def take(cls, path: Path, *, stale_s: float = STALE_S) -> Self | None:
        """The lease at `path`, or None where somebody alive holds it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        _bury(path, stale_s)
        try:
            # Exclusive creation is atomic, on network file systems too: one of several gets it.
            with path.open("x", encoding="utf-8") as file:
                file.write(f"{socket.gethostname()} {os.getpid()}\n")
        except FileExistsError:
            return None
        return cls(path)

    def renew(self) -> None:
        """Say that the work goes on."""
        os.utime(self.path)

    def release(self) -> None:
        """Give it back."""
        self.path.unlink(missing_ok=True)


def held(path: Path, *, stale_s: float = STALE_S) -> bool:
    """Whether somebody alive holds the lease."""
    try:
        age_s = time.time() - path.stat().st_mtime
        host, _, pid = path.read_text(encoding="utf-8").strip().partition(" ")
    except FileNotFoundError:
        return False
    here_and_dead = host == socket.gethostname() and pid.isdigit() and not _alive(int(pid))
    return age_s < stale_s and not here_and_dead


def _bury(path: Path, stale_s: float) -> None:
    """Move a dead lease out of the way; of several that try, one does."""
    if not path.exists() or held(path, stale_s=stale_s):
        return
    grave = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
    try:
        path.rename(grave)
    except FileNotFoundError:
        return
    if held(grave, stale_s=stale_s):  # somebody took it between our look and our move: give it back
        with contextlib.suppress(FileExistsError):
            os.link(grave, path)
    grave.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
