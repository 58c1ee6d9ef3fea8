"""Writing files so that nothing is ever half-written, and nothing of a person's is lost.

A file is written beside its place, flushed to the disk and renamed. What a person names as a target is looked at before
the work that may take hours, by `guard_file` and `guard_folder`: earmark replaces what it wrote itself, known by a mark
in its first bytes, and nothing else unless it is told to.
"""

import contextlib
import csv
import errno
import io
import os
import secrets
import stat
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from earmark.errors import OutputError

# Holds together emoji that consist of several.
_ZERO_WIDTH_JOINER = "\u200d"

MARK_BYTES = 4096  # a mark stands within so many first bytes


@dataclass(frozen=True)
class FileKind:
    """A kind of file that a person names: what messages call it, a name as an example, and the marks of its makers.

    There may be several marks, so that what earlier versions wrote is known too.
    """

    name: str
    example: str
    marks: tuple[bytes, ...]


@dataclass(frozen=True)
class FolderKind:
    """A kind of folder that a verb fills: the files it writes there, and those by whose marks the folder is known."""

    writes: tuple[str, ...]
    known_by: Mapping[str, bytes]


def guard_file(
    target: Path,
    kind: FileKind,
    *,
    option: str,
    inputs: Iterable[str | os.PathLike[str]] = (),
    sound_suffixes: Collection[str] = (),
    force: bool = False,
) -> None:
    """Refuse a target that a person would not want to lose.

    Parameters
    ----------
    target:
        Where the file is to go; a link stands for what it points to.
    kind:
        What is to be written there. Such a file may be replaced, and so may an empty one.
    option:
        The option that named the target, for messages.
    inputs:
        The files that are read.
    sound_suffixes:
        Ends of names that belong to sound, such as ".flac".
    force:
        Refuse only what cannot be written at all.

    Raises
    ------
    OutputError
        It is a folder, an input, no regular file, named like sound, there and of another's making, or not writable.
    """
    facts = _facts(target)
    name = shown(target)
    if facts and stat.S_ISDIR(facts.st_mode):
        raise _folder(target)
    if not force:
        instead = f"Name another file after {option}, or overwrite it with --force."
        if target.suffix.lower() in sound_suffixes:
            what = "is a sound file" if facts else "would be named like a sound file"
            page = f"Name the {kind.name} first: {option} {kind.example} {name}"
            raise OutputError(f"{name} {what}, and {option} takes the {kind.name} to write.", hint=page)
        if facts and any(_same(facts, each) for each in inputs):
            raise OutputError(f"{name} is read, and {option} would overwrite it.", hint=instead)
        if facts and not stat.S_ISREG(facts.st_mode):
            raise OutputError(f"{name} is no regular file.", hint=f"Name a file after {option}, or use --force.")
        if facts and facts.st_size and not _has_mark(target, kind.marks):
            raise OutputError(f"{name} is there, and is no {kind.name} that earmark wrote.", hint=instead)
    _refuse_unwritable(target, facts)


def guard_folder(folder: Path, kind: FolderKind, *, inputs: Iterable[str | os.PathLike[str]] = ()) -> None:
    """Refuse a folder in which the files to write would replace those of somebody else.

    Parameters
    ----------
    folder:
        Where the files are to go; it need not be there.
    kind:
        What is to be written. In a folder that is known to be of the kind, all of it may be replaced.
    inputs:
        The files that are read.

    Raises
    ------
    OutputError
        A file that would be written is there in a folder of another's making, or is an input; or the folder is a file
        or not writable.
    """
    facts = _facts(folder)
    if facts and not stat.S_ISDIR(facts.st_mode):
        raise OutputError(f"{shown(folder)} is a file, and a folder is needed.", hint="Name another folder.")
    there = [(folder / name, found) for name in kind.writes if (found := _facts(folder / name))]
    read = list(inputs)
    for file, found in there:
        if any(_same(found, each) for each in read):
            raise OutputError(f"{shown(file)} is read, and would be overwritten.", hint="Name another folder.")
    if there and not any(_has_mark(folder / name, (mark,)) for name, mark in kind.known_by.items()):
        said = f"{shown(there[0][0])} is there, and earmark did not write it."
        raise OutputError(said, hint="Choose an empty or a new folder.")
    _refuse_unwritable(folder / kind.writes[0], None)


@contextlib.contextmanager
def whole(target: Path) -> Iterator[IO[bytes]]:
    """A file being written: it appears under its name when the block ends well; where the block fails, nothing changes.

    A link is written through. What is no regular file, such as a pipe, is written to as it is. An existing file keeps
    its permissions; a new one gets those that the umask leaves. Its folder must be there.

    Raises
    ------
    OutputError
        It cannot be opened or written, also from `write` inside the block. Other errors of the block pass.
    """
    facts = _facts(target)
    if facts and stat.S_ISDIR(facts.st_mode):
        raise _folder(target)
    if facts and not stat.S_ISREG(facts.st_mode):
        with _errors_of(target):
            raw = _Target(target, "w", named=target)
        with io.BufferedWriter(raw) as file:
            yield file
        return
    place = Path(os.path.realpath(target))
    beside = place.with_name(f".{secrets.token_hex(8)}.part")  # of its own, for others may write the same target
    try:
        with _errors_of(target):
            raw = _Target(beside, "x", named=target)
        with io.BufferedWriter(raw) as file:
            yield file
            file.flush()
            with _errors_of(target):
                os.fsync(raw.fileno())
        with _errors_of(target):
            if facts:
                _give_owner_and_mode(beside, facts)
            beside.replace(place)
    finally:
        with contextlib.suppress(OSError):  # what went wrong before is the news
            beside.unlink(missing_ok=True)


def write_whole(path: Path, content: bytes | str) -> None:
    """Write a file, making its folder: whoever reads it sees the old file or the new one, whole.

    Text is written as UTF-8; what no UTF-8 can say, such as bytes of a name that are no text, is escaped. Raises
    OutputError where it cannot be written.
    """
    with _errors_of(path):
        path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as file:
        file.write(content.encode(errors="backslashreplace") if isinstance(content, str) else content)


@contextlib.contextmanager
def alone(target: Path) -> Iterator[None]:
    """The block, by one process at a time for a target, which others wait for: to read, change and write it.

    The lock is a file beside it, and the system frees it if we die. OutputError where that file cannot be made.
    """
    with _errors_of(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        file = target.with_name(target.name + ".lock").open("ab+")
    with file:
        with _errors_of(target):
            lock(file, wait=True)
        yield


def lock(file: IO[bytes], *, wait: bool) -> None:
    """Lock an open file until it is closed; another process waits, or OSError is raised where it must not."""
    if sys.platform == "win32":
        import msvcrt

        while True:
            file.seek(0)
            try:
                msvcrt.locking(file.fileno(), msvcrt.LK_LOCK if wait else msvcrt.LK_NBLCK, 1)
            except OSError as error:
                if not wait or error.errno != errno.EDEADLK:  # as which it gives up after ten seconds
                    raise
            else:
                return
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)


def csv_text(head: Iterable[object], rows: Iterable[Iterable[object]] = ()) -> str:
    """A table as CSV, or one line of it; lines end in a line feed alone on every system, and None is an empty cell."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([head, *rows])
    return text.getvalue()


def shown(path: str | os.PathLike[str]) -> str:
    """A path as messages say it: on one line, with what cannot be printed escaped."""
    return "".join(map(_printable, os.fspath(path)))


def _printable(character: str) -> str:
    if character.isprintable() or character == _ZERO_WIDTH_JOINER:
        return character
    return character.encode("unicode_escape").decode("ascii")


class _Target(io.FileIO):
    """An open file whose failures to write name the target, and can so be told from those of what is read."""

    def __init__(self, path: Path, mode: str, *, named: Path) -> None:
        super().__init__(path, mode)
        self._named = named

    def write(self, data: Any) -> int:
        with _errors_of(self._named):
            return super().write(data)


@contextlib.contextmanager
def _errors_of(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
        hint = "Make room, or name a place on another disk." if full else "Check the folder, or name another place."
        raise OutputError(f"{shown(target)} cannot be written ({error.strerror}).", hint=hint) from error


def _facts(path: Path) -> os.stat_result | None:
    """What is there; None where nothing is, or nothing that can be looked at."""
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def _same(facts: os.stat_result, other: str | os.PathLike[str]) -> bool:
    found = _facts(Path(other))
    return found is not None and os.path.samestat(facts, found)


def _has_mark(file: Path, marks: tuple[bytes, ...]) -> bool:
    try:
        with file.open("rb") as stream:
            first = stream.read(MARK_BYTES)
    except OSError:
        return False
    return any(mark in first for mark in marks)


def _refuse_unwritable(target: Path, facts: os.stat_result | None) -> None:
    """Raise OutputError where the target, or the nearest folder above it that is there, may not be written."""
    with _errors_of(target):
        if facts and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        if facts and not stat.S_ISREG(facts.st_mode):
            return
        above = next(each for each in Path(os.path.realpath(target)).parents if each.exists())
        if not above.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        if not os.access(above, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))


def _give_owner_and_mode(file: Path, facts: os.stat_result) -> None:
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):  # only root may give files away
            os.chown(file, facts.st_uid, facts.st_gid)
    file.chmod(stat.S_IMODE(facts.st_mode))


def _folder(target: Path) -> OutputError:
    return OutputError(f"{shown(target)} is a folder.", hint="Name a file in it.")
