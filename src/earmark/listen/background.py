"""The background of a bundle: what its network makes of clips of many kinds, in `background.npz` beside it.

A user's word is told from it where there is too little that is expressly none of the word (`earmark.teach.learn`). The
clips are some of those of the atlas. A background fits one network alone, which it names by its SHA-256.
"""

import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.npyio import NpzFile
from numpy.typing import NDArray

from earmark.files import write_whole
from earmark.listen.beside import read_beside
from earmark.listen.bundle import Bundle

BACKGROUND_FILE = "background.npz"


@dataclass(frozen=True, eq=False, slots=True)
class Background:
    """Clips as heads read them.

    Attributes
    ----------
    numbers:
        (clips, numbers) float16, as `Tally.numbers` has them.
    artists:
        Of each clip, as its data set names them; empty where it does not.
    network_sha256:
        The network that made the numbers.
    """

    numbers: NDArray[np.float16]
    artists: tuple[str, ...]
    network_sha256: str

    def __post_init__(self) -> None:
        if self.numbers.ndim != 2 or len(self.artists) != len(self.numbers):
            raise ValueError("does not say the same of every clip")
        if not np.isfinite(self.numbers).all():
            raise ValueError("has what is not a number")

    def write(self, folder: Path) -> Path:
        """Write it into a bundle's folder, whole or not at all; gives its path."""
        stream = io.BytesIO()
        np.savez_compressed(
            stream, numbers=self.numbers, artists=np.array(self.artists, np.str_), network_sha256=self.network_sha256
        )
        path = folder / BACKGROUND_FILE
        write_whole(path, stream.getvalue())
        return path


def read_background(bundle: Bundle) -> Background | None:
    """The background of a bundle; None where it has none. BundleError where it is broken, or another network's."""
    return read_beside(bundle, BACKGROUND_FILE, "a background", _background_in)


def _background_in(table: NpzFile) -> Background:
    artists = tuple(str(name) for name in np.atleast_1d(table["artists"]))
    return Background(np.asarray(table["numbers"], np.float16), artists, str(table["network_sha256"]))
