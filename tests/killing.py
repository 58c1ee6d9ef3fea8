"""`earmark index` killed at random moments and run again, and what a collection holds then."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

# All that is kept, but for ids and times, which a run does not determine.
_CONTENT = """
SELECT files.path, root, size, mtime_ns, sound_id, state, reason, tags, models.sha256, complete,
    duration_s, kind, share, vector, numbers, answers, summary, timeline, tokens, fingerprint
FROM files LEFT JOIN heard ON heard.file_id = files.id LEFT JOIN models ON models.id = model_id
LEFT JOIN told ON told.heard_id = heard.id LEFT JOIN details ON details.heard_id = heard.id ORDER BY files.path
"""
_DONE = "SELECT path, at FROM files JOIN heard ON heard.file_id = files.id"


@dataclass(frozen=True)
class Killed:
    """What came of it: how many kills came while it ran, how many files were there after each, and what was wrong."""

    kills: int
    done: tuple[int, ...]
    faults: tuple[str, ...]


def index(db: Path, arguments: Sequence[str | Path]) -> "subprocess.Popen[bytes]":
    """`earmark index` as a process of its own."""
    command = [sys.executable, "-m", "earmark", "index", *map(os.fspath, arguments), "--db", os.fspath(db), "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def index_killed(
    db: Path,
    arguments: Sequence[str | Path],
    *,
    kills: int,
    longest_s: float,
    rng: np.random.Generator,
    say: Callable[[str], None] = lambda line: None,
) -> Killed:
    """Start it and kill it so many times, each after a random while of at most `longest_s`, and then let it end.

    Wrong is where the file is damaged, where what was done is lost or done again, and where the last run does not end
    well.
    """
    before: dict[bytes, float] = {}
    faults, done, while_running = [], [], 0
    for number in range(kills):
        process = index(db, arguments)
        time.sleep(float(rng.uniform(0, longest_s)))
        while_running += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        now = _done(db)
        faults += _faults(db, before, now, number)
        before = now
        done.append(len(now))
        say(f"kill {number + 1}: {len(now)} files done")
    code = index(db, arguments).wait()
    faults += [f"the last run ended with {code}"] if code else []
    faults += _faults(db, before, _done(db), kills)
    return Killed(while_running, tuple(done), tuple(faults))


def content(db: Path) -> list[tuple[object, ...]]:
    """All that a collection holds."""
    return _rows(db, _CONTENT)


def _done(db: Path) -> dict[bytes, float]:
    """When each file was heard that is in the collection."""
    return dict(_rows(db, _DONE)) if db.exists() else {}  # type: ignore[arg-type]


def _faults(db: Path, before: dict[bytes, float], now: dict[bytes, float], number: int) -> list[str]:
    faults = [f"run {number}: {path!r} was lost" for path in before.keys() - now.keys()]
    faults += [f"run {number}: {path!r} was heard again" for path, at in before.items() if now.get(path, at) != at]
    whole = not db.exists() or _rows(db, "PRAGMA integrity_check") == [("ok",)]
    return faults if whole else [*faults, f"run {number}: the file is damaged"]


def _rows(db: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(db)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()
