"""The most telling seconds of many tracks, heard or read from a collection, and written as files of sound.

A folder of previews is known by its list, `highlights.json` (`mirrored`). One file that cannot be heard or cut stops no
other.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earmark.errors import EarmarkError
from earmark.files import shown
from earmark.library.collection import Collection
from earmark.library.highlights import Highlight, highlight
from earmark.library.mirrored import MirroredFolder
from earmark.listen.listener import Failure, Listener
from earmark.sound.encode import encode_as
from earmark.sound.excerpt import excerpt
from earmark.track import Track

LIST = "highlights.json"
MADE_BY = "earmark highlights"
FADE_S = 0.05


@dataclass(frozen=True, slots=True)
class Preview:
    """A highlight, and the name of its file in the folder; empty where none was asked for."""

    highlight: Highlight
    file: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**self.highlight.to_dict(), **({"file": self.file} if self.file else {})}


class PreviewFolder:
    """A folder in which each track has a file with its most telling seconds.

    Parameters
    ----------
    folder:
        Where they go; it is looked at before anything is written.
    paths:
        The tracks.
    kind:
        One of `sound.encode.KINDS`.

    Raises
    ------
    OutputError
        Something of another's making would be overwritten, or the folder is not writable.
    """

    def __init__(self, folder: Path, paths: Sequence[str], kind: str) -> None:
        self._folder = MirroredFolder(folder, paths, f".{kind}", listed=LIST, made_by=MADE_BY)
        self._kind = kind

    def add(self, found: Highlight) -> Preview:
        """Write the seconds of a track; EarmarkError where they cannot be cut or written."""
        cut = excerpt(found.path, found.start_s, found.end_s)
        sound = encode_as(self._kind, cut.faded(FADE_S).samples, cut.rate_hz)
        preview = Preview(found, self._folder.write(found.path, sound))
        self._folder.told.append(preview.to_dict())
        return preview

    def finish(self) -> None:
        """Write the list of all that was added."""
        self._folder.finish()


def previews(
    tracks: Iterable[Track | Failure], *, seconds: float, folder: PreviewFolder | None
) -> Iterator[Preview | Failure]:
    """The most telling seconds of each track, written where there is a folder; what failed stays what it is."""
    for track in tracks:
        yield track if isinstance(track, Failure) else _preview(track, seconds, folder)
    if folder is not None:
        folder.finish()


def _preview(track: Track, seconds: float, folder: PreviewFolder | None) -> Preview | Failure:
    try:
        found = highlight(track, seconds=seconds)
        return Preview(found) if folder is None else folder.add(found)
    except EarmarkError as error:
        return Failure(track.path, str(error))
    except Exception as error:  # noqa: BLE001 - the edge: whatever is wrong with one file, the next one is cut
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": .")
        return Failure(track.path, f"{shown(track.path)} could not be cut: {reason}.")


def tracks_of(
    paths: Sequence[str], collection: Collection | None, listener: Listener, *, jobs: int | None = None
) -> Iterator[Track | Failure]:
    """The tracks of files in their order: those of the collection that did not change since, the others heard now."""
    rows = [None if collection is None else unchanged_row(collection, path) for path in paths]
    heard = listener.hear_all([path for path, row in zip(paths, rows, strict=True) if row is None], jobs=jobs)
    for path, row in zip(paths, rows, strict=True):
        yield next(heard) if row is None or collection is None else _kept(collection, row, path)


def unchanged_row(collection: Collection, path: str) -> int | None:
    """The row of a file that is as it was when it was heard; None for others."""
    row = collection.row_of(path)
    if row is None:
        return None
    entry = collection.entries[row]
    try:
        facts = Path(path).stat()
    except OSError:
        return None
    return row if (facts.st_size, facts.st_mtime_ns) == (entry.size, entry.mtime_ns) else None


def kept_tracks(collection: Collection) -> Iterator[Track | Failure]:
    """Every track of the collection."""
    return (_kept(collection, row, entry.path) for row, entry in enumerate(collection.entries))


def _kept(collection: Collection, row: int, path: str) -> Track | Failure:
    """A track of the collection, called as the person calls its file."""
    try:
        return replace(collection.track(int(collection.ids[row])), path=path)
    except EarmarkError as error:
        return Failure(path, str(error))
