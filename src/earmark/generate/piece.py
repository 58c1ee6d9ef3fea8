"""A piece as it is written: sound in blocks to a file, and beside it a JSON that names every source with its times."""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from earmark.errors import GenerateError, OutputError
from earmark.files import FileKind, guard_file, shown, whole

Floats = NDArray[np.float32]

MADE_BY = "earmark generate"
FORMATS = {".wav": ("WAV", "PCM_16"), ".flac": ("FLAC", "PCM_16")}
SOUND = FileKind("piece", "piece.flac", (MADE_BY.encode(),))
SOURCES = FileKind("list of sources", "piece.flac.json", (f'"made_by": "{MADE_BY}"'.encode(),))


@dataclass(frozen=True, slots=True)
class Source:
    """A run of a piece: what of it comes from where.

    Attributes
    ----------
    start_s, end_s:
        In the piece.
    path:
        The file; `title` and `artist` as the collection has them.
    from_s, to_s:
        In the file.
    gain_db, speed:
        By how much louder and faster it is played.
    """

    start_s: float
    end_s: float
    path: str
    title: str
    artist: str
    from_s: float
    to_s: float
    gain_db: float
    speed: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "start_s": round(self.start_s, 3),
            "end_s": round(self.end_s, 3),
            "path": self.path,
            "title": self.title,
            "artist": self.artist,
            "from_s": round(self.from_s, 3),
            "to_s": round(self.to_s, 3),
            "gain_db": round(self.gain_db, 2),
            "speed": round(self.speed, 4),
        }


def sources_file(out: Path) -> Path:
    """Where the list of sources of a piece is: "piece.flac.json" of "piece.flac", so that no two pieces share one."""
    return out.with_name(out.name + ".json")


def guard(out: Path, *, inputs: Iterable[str] = (), force: bool = False) -> None:
    """Refuse a place at which something of a person's would be lost, before any work is done.

    Raises
    ------
    GenerateError
        Its name says no format that can be written.
    OutputError
        As `files.guard_file`, of the sound and of the list beside it.
    """
    if out.suffix.lower() not in FORMATS and not out.is_dir():
        raise GenerateError(f"{shown(out)} has a name by which no format is known.", hint="End it with .wav or .flac.")
    guard_file(out, SOUND, option="--out", inputs=inputs, force=force)
    guard_file(sources_file(out), SOURCES, option="--out", inputs=inputs, force=force)


@contextmanager
def written(out: Path, *, rate_hz: int, channels: int) -> "Iterator[PieceWriter]":
    """A piece being written, with the list of its sources: both appear when both are whole, and neither before.

    The folder is made where it is not there. OutputError where the disk is full, and the like.
    """
    form, subtype = FORMATS[out.suffix.lower()]
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = f"{shown(out)} cannot be written ({error.strerror})."
        raise OutputError(said, hint="Check the folder, or name another place.") from error
    with whole(sources_file(out)) as beside, whole(out) as raw:
        stream = _Watched(raw)
        with soundfile.SoundFile(stream, "w", rate_hz, channels, subtype=subtype, format=form) as file:
            file.software = MADE_BY
            writer = PieceWriter(file, stream)
            yield writer
        stream.check()
        beside.write(json.dumps({"made_by": MADE_BY, **writer.told}, indent=1).encode() + b"\n")
        beside.flush()  # a full disk is found before the old sound is replaced


class PieceWriter:
    """Writes blocks of samples, (n, channels) float32, and counts them; `told` is what goes into the list beside."""

    def __init__(self, file: soundfile.SoundFile, stream: "_Watched") -> None:
        self._file, self._stream = file, stream
        self.samples = 0
        self.told: dict[str, Any] = {"sources": []}

    def write(self, block: Floats) -> None:
        """The next block; OutputError where it cannot be written."""
        self._file.write(block)
        self._stream.check()
        self.samples += len(block)


class _Watched:
    """A file that libsndfile writes to: C code can pass on no exception, so it is kept for `check`."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._error: OutputError | None = None

    def check(self) -> None:
        """Raise what went wrong in writing."""
        if self._error is not None:
            raise self._error

    def write(self, data: bytes) -> int:
        """As a file's."""
        if self._error is None:
            try:
                return self._raw.write(data)
            except OutputError as error:
                self._error = error
        return len(data)

    def read(self, size: int = -1) -> bytes:
        """As a file's; libsndfile asks for it when it opens one."""
        return b""

    def seek(self, offset: int, whence: int = 0) -> int:
        """As a file's."""
        try:
            return self._raw.seek(offset, whence)
        except OutputError as error:
            self._error = self._error or error
            return 0

    def tell(self) -> int:
        """As a file's."""
        return self._raw.tell()

    def flush(self) -> None:
        """As a file's."""
