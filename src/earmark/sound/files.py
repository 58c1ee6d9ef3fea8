"""Sound files before they are sound: finding them, naming them in messages, opening them.

Every way in which a file cannot be opened becomes a `SoundError` sentence here. Names are shown on one line whatever is
in them.
"""

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from earmark.errors import SoundError

Source = str | os.PathLike[str] | BinaryIO

# fmt: off
AUDIO_SUFFIXES = frozenset({
    ".aac", ".aif", ".aifc", ".aiff", ".ape", ".au", ".caf", ".dsf", ".flac", ".m4a", ".m4b", ".mka", ".mp2", ".mp3",
    ".oga", ".ogg", ".opus", ".rf64", ".snd", ".tta", ".w64", ".wav", ".wave", ".wma", ".wv",
})
# fmt: on

# Holds together emoji that consist of several.
_ZERO_WIDTH_JOINER = "\u200d"


def find_audio(paths: Iterable[str | os.PathLike[str]]) -> Iterator[Path]:
    """The sound files in files and folders.

    A path that is no folder is given back whatever it is, so that hearing it says what is wrong. Folders are searched
    to their depths, sorted by name, for the names of `AUDIO_SUFFIXES`; hidden ones are skipped. Links are followed, but
    no folder is entered twice. A folder that may not be searched is given back itself.
    """
    entered: set[tuple[int, int]] = set()
    for path in map(Path, paths):
        if path.is_dir():
            yield from _find_in(path, entered)
        else:
            yield path


def name_of(source: Source) -> str:
    """What messages call a source: its path on one line, control characters escaped, or "The stream"."""
    name = getattr(source, "name", None) if hasattr(source, "read") else os.fspath(source)
    if not isinstance(name, str):
        return "The stream"
    return "".join(c if c.isprintable() or c == _ZERO_WIDTH_JOINER else _escaped(c) for c in name)


def is_address(name: str) -> bool:
    """Whether a name is that of something on the net, such as https://example.org/song.mp3."""
    return re.match(r"[a-z][a-z0-9+.-]+://", name, re.IGNORECASE) is not None


@contextlib.contextmanager
def opened(source: Source) -> Iterator[BinaryIO]:
    """The source as a seekable binary file, at its start; what cannot be sought, a pipe, is copied to disk first.

    Raises
    ------
    SoundError
        Where it cannot be opened, or is empty. A path is closed afterwards, a file object left open.
    """
    with contextlib.ExitStack() as stack:
        try:
            file: Any = source if hasattr(source, "read") else stack.enter_context(Path(source).open("rb"))
            if not file.seekable():
                copy = stack.enter_context(tempfile.TemporaryFile())
                shutil.copyfileobj(file, copy)
                file = copy
            size_bytes = file.seek(0, os.SEEK_END)
            file.seek(0)
        except (OSError, ValueError) as error:
            raise _unopened(source, error) from error
        if not size_bytes:
            raise SoundError(f"{name_of(source)} is empty.", hint="Copy or download it again.")
        yield file


class Reader:
    """A file for decoders written in C, which cannot pass on a Python exception: it is kept for `check`."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self._name = name
        self._error: BaseException | None = None

    def read(self, size_bytes: int = -1) -> bytes:
        """The next bytes; nothing once a read has failed."""
        if self._error:
            return b""
        try:
            return self._file.read(size_bytes)
        except BaseException as error:  # noqa: BLE001 - Ctrl-C too: raised inside a C callback it would be lost
            self._error = error
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, as files do."""
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        """The place, in bytes."""
        return self._file.tell()

    def signature(self) -> bytes:
        """The first bytes, by which formats are known. The place is then the start."""
        self.seek(0)
        first = self.read(16)
        self.seek(0)
        return first

    def unread_share(self) -> float:
        """How much of the file is behind the place where reading stopped, 0 to 1."""
        here = self.tell()
        size_bytes = self.seek(0, os.SEEK_END)
        self.seek(here)
        return 1 - here / size_bytes if size_bytes > here else 0.0

    def check(self) -> None:
        """Raise what stopped the reading, if anything did: `SoundError` where the file was at fault."""
        if isinstance(self._error, OSError | ValueError):
            raise SoundError(
                f"{self._name} could not be read to its end: {_reason(self._error)}.",
                hint="Check the disk or the network.",
            ) from self._error
        if self._error:
            raise self._error


def _find_in(folder: Path, entered: set[tuple[int, int]]) -> Iterator[Path]:
    try:
        facts = folder.stat()
        entries = sorted(folder.iterdir())
    except OSError:
        yield folder
        return
    if (facts.st_dev, facts.st_ino) in entered:
        return
    entered.add((facts.st_dev, facts.st_ino))
    for entry in entries:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _find_in(entry, entered)
        elif entry.suffix.lower() in AUDIO_SUFFIXES and (entry.is_file() or entry.is_symlink()):
            yield entry


def _unopened(source: Source, error: OSError | ValueError) -> SoundError:
    """Why a source cannot be opened, in words."""
    name = name_of(source)
    path = None if hasattr(source, "read") else Path(source)
    if isinstance(error, FileNotFoundError):
        if is_address(name):
            return SoundError(f"{name} is an address, and earmark hears files.", hint="Download it first.")
        if path and path.is_symlink():
            return SoundError(f"{name} is a link to a file that is not there.", hint="Repair or remove the link.")
        return SoundError(f"{name} is not there.", hint="Check the path.")
    if isinstance(error, PermissionError) or (path and path.is_dir() and not os.access(path, os.R_OK | os.X_OK)):
        return SoundError(f"{name} may not be read.", hint="Ask for the permission to read it.")
    if isinstance(error, IsADirectoryError):
        return SoundError(f"{name} is a folder, not a file.", hint="Name a file in it.")
    return SoundError(f"{name} cannot be opened: {_reason(error)}.", hint="Check the path and the disk.")


def _reason(error: BaseException) -> str:
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).rstrip(".")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
