"""What was written into which file, in which run, and the bytes that lead back: one line of JSON a step, never changed.

A file is `planned`, with the hashes of the old and the new one, before the new one takes its place, and `written` after
that. What was cut short in between is known by the file's hash. The journal stands beside the collection.
"""

import contextlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Self

from earmark import __version__
from earmark.errors import TagError
from earmark.files import shown
from earmark.library.tags.edits import Edit

_SUFFIX = ".tags.jsonl"
PLANNED, WRITTEN, DROPPED, CHANGED = "planned", "written", "dropped", "changed"
UNDOING, UNDONE = "undoing", "undone"
_OPEN = (PLANNED, UNDOING)
_RUN, _PART = "run", "part"


class StopError(TagError):
    """A file that cannot be tagged, for a reason that holds for the next ones, too."""


@dataclass(frozen=True)
class Record:
    """What a run did with a file.

    Attributes
    ----------
    run, number:
        Which run, and which file of it.
    path:
        The file.
    old, new:
        Hashes of it before and after.
    mtime_ns:
        Its time of change before.
    back:
        The edits that make the old one of the new one; none in what was read, of which `Journal.back` gives them.
    fields:
        {field: [texts before, texts after]}.
    state:
        "planned", "written", "undoing", "undone"; "dropped" where the new file never took its place; "changed" where
        nobody knows whether it did, as somebody changed the file since.
    """

    run: int
    number: int
    path: str
    old: str
    new: str
    mtime_ns: int
    back: tuple[Edit, ...]
    fields: dict[str, Any]
    state: str = PLANNED
    at: int = -1  # where in the journal it stands


@dataclass(frozen=True)
class Run:
    """A run: when it was, and how many files stand as it wrote them."""

    number: int
    at: float
    written: int
    undone: int


def journal_file(db: Path) -> Path:
    """The journal of a collection."""
    return db.with_name(db.name + _SUFFIX)


class Journal:
    """A journal that is read, and added to; one process at a time, which is whoever holds the collection's `Store`.

    TagError where it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._records: dict[tuple[int, int], Record] = {}
        self._runs: dict[int, float] = {}
        self._parts: dict[tuple[int, int], str] = {}
        self._file: IO[bytes] | None = None
        for at, line in self._lines():
            self._take(line, at)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    @property
    def runs(self) -> list[Run]:
        """All runs, in their order."""
        states = {number: [each.state for each in self.of_run(number)] for number in self._runs}
        return [
            Run(number, at, states[number].count(WRITTEN), states[number].count(UNDONE))
            for number, at in sorted(self._runs.items())
        ]

    def of_run(self, number: int) -> list[Record]:
        """What a run did, in its order."""
        return [record for (run, _), record in sorted(self._records.items()) if run == number]

    @property
    def open_records(self) -> list[Record]:
        """What was cut short: of which it is not known whether it was written, or undone."""
        return [record for _, record in sorted(self._records.items()) if record.state in _OPEN]

    @property
    def parts(self) -> list[str]:
        """Files beside others that a run that was cut short may have left."""
        done = {key for key, record in self._records.items() if record.state not in _OPEN}
        return [part for key, part in self._parts.items() if key not in done]

    def new_run(self) -> int:
        """The number of a run that begins."""
        number = max(self._runs, default=0) + 1
        self._add({"do": _RUN, "run": number, "at": time.time(), "earmark": __version__})
        return number

    def beside(self, run: int, number: int, part: Path) -> None:
        """That a new file is being written beside the old one."""
        self._add({"do": _PART, "run": run, "file": number, "part": os.fspath(part)})

    def planned(self, record: Record) -> None:
        """That a new file is whole, and will take the old one's place: on the disk when this ends."""
        self._add(
            {
                "do": PLANNED,
                "run": record.run,
                "file": record.number,
                "path": record.path,
                "old": record.old,
                "new": record.new,
                "mtime_ns": record.mtime_ns,
                "back": [edit.to_json() for edit in record.back],
                "fields": record.fields,
            },
            to_the_disk=True,
        )

    def back(self, record: Record) -> tuple[Edit, ...]:
        """The edits that lead back, which are not kept in memory; TagError where they cannot be read any more."""
        try:
            with self.path.open("rb") as file:
                file.seek(record.at)
                return tuple(Edit.from_json(each) for each in json.loads(file.readline())["back"])
        except OSError as error:
            raise self._failed("read", error) from error
        except (ValueError, KeyError, TypeError) as error:
            raise self._damaged(error) from error

    def mark(self, record: Record, state: str) -> None:
        """What became of a file."""
        self._add({"do": state, "run": record.run, "file": record.number}, to_the_disk=state in (UNDOING, UNDONE))

    def _lines(self) -> Iterator[tuple[int, dict[str, Any]]]:
        try:
            with self.path.open("rb") as file:
                at = 0
                for line in file:
                    # What was cut short tells of nothing that was done.
                    with contextlib.suppress(ValueError):
                        yield at, json.loads(line)
                    at += len(line)
        except FileNotFoundError:
            return
        except OSError as error:
            raise self._failed("read", error) from error

    def _take(self, line: dict[str, Any], at: int) -> None:
        try:
            key = (int(line["run"]), int(line.get("file", 0)))
            if line["do"] == _RUN:
                self._runs[key[0]] = float(line["at"])
            elif line["do"] == _PART:
                self._parts[key] = str(line["part"])
            elif line["do"] == PLANNED:
                self._records[key] = _record(key, line, at)
            elif key in self._records:
                self._records[key] = replace(self._records[key], state=str(line["do"]))
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise self._damaged(error) from error

    def _add(self, line: dict[str, Any], *, to_the_disk: bool = False) -> None:
        try:
            if self._file is None:
                self._file = self._opened()
            at = self._file.seek(0, os.SEEK_END)
            self._file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
            self._file.flush()
            if to_the_disk:
                os.fsync(self._file.fileno())
        except OSError as error:
            raise self._failed("written", error) from error
        self._take(line, at)

    def _opened(self) -> IO[bytes]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("ab+")
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")  # behind a line that was cut short
        return file

    def _failed(self, what: str, error: OSError) -> TagError:
        said = f"The journal {shown(self.path)} cannot be {what} ({error.strerror})"
        return StopError(f"{said}: no file is tagged without it.", hint="Make room, or check the folder.")

    def _damaged(self, error: Exception) -> TagError:
        return TagError(f"The journal {shown(self.path)} is damaged ({error}).", hint="Move it away.")


def _record(key: tuple[int, int], line: dict[str, Any], at: int) -> Record:
    path, old, new = (str(line[name]) for name in ("path", "old", "new"))
    return Record(*key, path, old, new, int(line["mtime_ns"]), (), dict(line["fields"]), at=at)


def fields_of(changes: Sequence[Any]) -> dict[str, Any]:
    """{field: [texts before, texts after]} of changes."""
    return {change.field: [list(change.before), list(change.after)] for change in changes}
