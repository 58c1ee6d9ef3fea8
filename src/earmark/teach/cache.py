"""What `earmark teach` heard, a small file each in the user's cache folder, so that nothing is heard twice.

An entry is found by the file's path, size and time of change and by the network that heard it: where one of them is
another, so is the entry. `EARMARK_CACHE` names another folder. The folder may be removed at any time.
"""

import contextlib
import hashlib
import io
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.files import write_whole
from earmark.listen.beside import BROKEN

FOLDER_VARIABLE = "EARMARK_CACHE"
MADE = 1  # rises when the same network's numbers are made in another way
MOST = 5000  # entries, 6 MB: the oldest are removed
_NAME = re.compile(r"[0-9a-f]{64}\.npz")


@dataclass(frozen=True, eq=False, slots=True)
class Example:
    """A file that was heard.

    Attributes
    ----------
    path:
        Of the file, resolved.
    numbers:
        What heads read of it, (numbers,) float32.
    own:
        How many of these, the first ones, have a spread of their own (`Tally.own`).
    artist:
        As the file's tags name it, or empty.
    """

    path: str
    numbers: NDArray[np.float32]
    own: int
    artist: str = ""


def cache_folder() -> Path:
    """Where entries are, whether it is there or not."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_cache_path("earmark", appauthor=False) / "heard"


class Cache:
    """The entries of one network.

    Parameters
    ----------
    network:
        The SHA-256 of the network that hears.
    folder:
        Where entries are; `cache_folder()` by default.
    """

    def __init__(self, network: str, *, folder: Path | None = None) -> None:
        self.folder = cache_folder() if folder is None else folder
        self._network = network

    def key(self, file: Path) -> str:
        """What a file's entry is called, as the file now is; empty where it cannot be looked at."""
        try:
            facts = file.stat()
        except (OSError, ValueError):
            return ""
        parts = (os.fsencode(file.resolve()), facts.st_size, facts.st_mtime_ns, self._network, MADE)
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def get(self, key: str, file: Path) -> Example | None:
        """The entry of a file; None where there is none, or a broken one."""
        place = self.folder / f"{key}.npz"
        try:
            if not key or not zipfile.is_zipfile(place):
                return None
            with np.load(place, allow_pickle=False) as entry:
                numbers = np.asarray(entry["numbers"], np.float32)
                own, artist = int(entry["own"]), str(entry["artist"])
        except BROKEN:
            return None
        whole = numbers.ndim == 1 and 0 < own <= len(numbers) and bool(np.isfinite(numbers).all())
        return Example(str(file.resolve()), numbers, own, artist) if whole else None

    def keep(self, key: str, example: Example) -> None:
        """Write an entry, whole or not at all; OutputError where it cannot be written."""
        if not key:
            return
        stream = io.BytesIO()
        np.savez(stream, numbers=example.numbers, own=example.own, artist=example.artist)
        write_whole(self.folder / f"{key}.npz", stream.getvalue())

    def trim(self, most: int = MOST) -> None:
        """Remove the oldest entries, of any network, where there are more than so many; other files stay."""
        with contextlib.suppress(OSError):  # another process may do the same
            entries = [entry for entry in os.scandir(self.folder) if _NAME.fullmatch(entry.name)]
            if len(entries) > most:
                entries.sort(key=lambda entry: entry.stat().st_mtime)
                for entry in entries[: len(entries) - most]:
                    Path(entry.path).unlink(missing_ok=True)
