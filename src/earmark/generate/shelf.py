"""Described stretches of files, made once and kept: a small file each in a folder beside the collection.

A stretch is found by the hash of the file's sound, so that copies, other tags and other places change nothing, and by
its number: stretch k lies between k and k + 1 times `STRETCH_S`. The folder may be removed at any time.
"""

import contextlib
import hashlib
import io
import zipfile
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import OutputError, SoundError
from earmark.files import write_whole
from earmark.generate.segments import Segments, describe
from earmark.listen.beside import BROKEN
from earmark.sound import decode
from earmark.sound.files import Reader, opened
from earmark.sound.mel import SAMPLE_RATE_HZ
from earmark.sound.seeking import excerpts
from earmark.sound.watchdog import PATIENCE_S, Pulse, watched

Floats = NDArray[np.float32]

STRETCH_S = 48.0
SHORTEST_S = 4.0  # less at the end of a file is no stretch
MADE = 3  # rises when stretches are described in another way


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a file: its path, the hash of its sound, how long all of it is, and the stretch's number."""

    path: str
    sound_id: str
    duration_s: float
    number: int

    @property
    def start_s(self) -> float:
        """Where it begins in the file."""
        return self.number * STRETCH_S


def stretches_of(duration_s: float) -> int:
    """How many stretches a file has; what is left at its end is one if it is long enough."""
    whole, rest_s = divmod(duration_s, STRETCH_S)
    return int(whole) + (rest_s >= SHORTEST_S)


class Shelf:
    """The stretches of a collection's files.

    Parameters
    ----------
    folder:
        Where they are kept; made when the first one is.
    """

    def __init__(self, folder: Path, *, patience_s: float = PATIENCE_S) -> None:
        self.folder = folder
        self._patience_s = patience_s

    @classmethod
    def beside(cls, db: Path) -> "Shelf":
        """That of a collection: a folder beside its file."""
        return cls(db.with_name(db.name + ".segments"))

    def has(self, place: Place) -> bool:
        """Whether a stretch is there, and need not be described."""
        return self._file(place).exists()

    def get(self, place: Place) -> Segments:
        """A stretch, described now where it is not there.

        Raises
        ------
        SoundError
            The file is gone, cannot be decoded, or is shorter than it was.
        """
        kept = self._kept(place)
        if kept is not None:
            return kept
        made = describe(self._samples(place), first_s=place.start_s)
        stream = io.BytesIO()
        np.savez(stream, **made.arrays())
        with contextlib.suppress(OutputError):  # where nothing can be kept, it is made again the next time
            write_whole(self._file(place), stream.getvalue())
        return Segments.from_arrays(made.arrays())  # as it is kept, so that the first piece is like all later ones

    def _file(self, place: Place) -> Path:
        name = f"{place.sound_id} {place.number} {STRETCH_S} {MADE}"
        digest = hashlib.sha256(name.encode()).hexdigest()
        return self.folder / digest[:2] / f"{digest}.npz"

    def _kept(self, place: Place) -> Segments | None:
        file = self._file(place)
        try:
            if not zipfile.is_zipfile(file):
                return None
            with np.load(file, allow_pickle=False) as arrays:
                return Segments.from_arrays(arrays)
        except BROKEN:
            return None

    def _samples(self, place: Place) -> Floats:
        name = decode.name_of(place.path)

        def make(pulse: Pulse) -> Generator[Floats, None, None]:
            yield _read(place, name, pulse)

        stalled = decode.stalled(name, self._patience_s)
        (samples,) = watched(make, patience_s=self._patience_s, stalled=lambda: stalled)
        if len(samples) < SHORTEST_S / 2 * SAMPLE_RATE_HZ:
            raise SoundError(f"{name} is shorter than it was.", hint="It may have changed: index it again.")
        return samples


def _read(place: Place, name: str, pulse: Pulse) -> Floats:
    """A stretch's samples: cut out where the container says where they are, else found by decoding what is before."""
    first, count = round(place.start_s * SAMPLE_RATE_HZ), round(STRETCH_S * SAMPLE_RATE_HZ)
    with opened(place.path) as file:
        reader = Reader(file, name, pulse)
        with excerpts(reader, name) as sound:
            found = None if sound is None or first >= sound.samples else sound.read(first, count)
        reader.check()
    if found is not None:
        return found
    parts, at = [np.zeros(0, np.float32)], 0
    blocks = decode.blocks(place.path, pulse=pulse)
    try:
        for block in blocks:
            parts.append(block[max(first - at, 0) : max(first + count - at, 0)])
            at += len(block)
            if at >= first + count:
                break
    finally:
        blocks.close()
    return np.concatenate(parts)
