"""Sound files before they are sound: naming them in messages, opening them.

Every way in which a file cannot be opened becomes a `SoundError` sentence here. Names are shown on one line whatever is
in them.
"""

import contextlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from earmark.errors import SoundError
from earmark.files import shown
from earmark.sound.watchdog import Pulse

Source = str | os.PathLike[str] | BinaryIO


def name_of(source: Source) -> str:
    """What messages call a source: its path on one line, control characters escaped, or "The stream"."""
    name = getattr(source, "name", None) if hasattr(source, "read") else os.fspath(source)
    if not isinstance(name, str):
        return "The stream"
    return shown(name)


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
            if isinstance(file, io.TextIOBase):
                raise SoundError(f"{name_of(source)} is opened as text.", hint="Open it with 'rb', or give a BytesIO.")
            if not file.seekable():
                file = stack.enter_context(_copied(file, name_of(source)))
            size_bytes = file.seek(0, os.SEEK_END)
            file.seek(0)
        except (OSError, ValueError, AttributeError) as error:
            raise _unopened(source, error) from error
        if not size_bytes:
            raise SoundError(f"{name_of(source)} is empty.", hint="Copy or download it again.")
        yield file


@contextlib.contextmanager
def _copied(stream: Any, name: str) -> Iterator[BinaryIO]:
    """What can be read but once, on disk."""
    with tempfile.TemporaryFile() as copy:
        try:
            shutil.copyfileobj(stream, copy)
        except OSError as error:
            raise SoundError(
                f"{name} could not be copied to {tempfile.gettempdir()}: {_reason(error)}.",
                hint="It cannot be sought in, so it is copied first; make room there, or set TMPDIR.",
            ) from error
        yield copy


class Reader:
    """A file for decoders written in C, which cannot pass on a Python exception: it is kept for `check`.

    Bytes that were not read before are progress, and beat the pulse.
    """

    def __init__(self, file: BinaryIO, name: str, pulse: Pulse | None = None) -> None:
        self._file = file
        self._name = name
        self._pulse = pulse or Pulse()
        self._furthest = 0
        self._error: BaseException | None = None

    def read(self, size_bytes: int = -1) -> bytes:
        """The next bytes; nothing once a read has failed."""
        self._pulse.rest()
        if self._error:
            return b""
        try:
            data = self._file.read(size_bytes)
            place = self._file.tell()
            if place > self._furthest:
                self._furthest = place
                self._pulse()
            if not isinstance(data, bytes):
                raise TypeError(f"its read() gave {type(data).__name__}, not bytes")
            return data
        except BaseException as error:  # noqa: BLE001 - Ctrl-C too: raised inside a C callback it would be lost
            self._error = error
            return b""

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, as files do; nowhere once something has failed."""
        self._pulse.rest()
        if self._error:
            return 0
        try:
            return self._file.seek(offset, whence)
        except BaseException as error:  # noqa: BLE001 - as above
            self._error = error
            return 0

    def tell(self) -> int:
        """The place, in bytes."""
        return 0 if self._error else self._file.tell()

    @property
    def size_bytes(self) -> int:
        """The length of the file. The place stays."""
        here = self.tell()
        size_bytes = self.seek(0, os.SEEK_END)
        self.seek(here)
        return size_bytes

    def check(self) -> None:
        """Raise what stopped the reading, if anything did: `SoundError` where the file was at fault."""
        if isinstance(self._error, OSError | ValueError | TypeError):
            raise SoundError(
                f"{self._name} could not be read to its end: {_reason(self._error)}.",
                hint="Check the disk or the network.",
            ) from self._error
        if self._error:
            raise self._error


def _unopened(source: Source, error: OSError | ValueError | AttributeError) -> SoundError:
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
