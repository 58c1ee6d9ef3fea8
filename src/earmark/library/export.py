"""A collection as text for programs: JSON lines with all there is, and CSV with the columns of `earmark listen --csv`.

Each line is made when it is asked for, so that memory does not grow with the number of tracks. `parquet` and `jams`
write the same for tables and for music informatics.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from earmark.files import FileKind, csv_text
from earmark.library.records import FILE_TAGS, Record
from earmark.track import Track

# Files that may be replaced: such tables have no place for a mark, and are known by what ours begin with.
JSON_LINES = FileKind("JSON lines of tracks", "music.jsonl", (b'{"schema":1,"path":', b'{"schema":2,"path":'))
CSV = FileKind("CSV of tracks", "music.csv", (b"path,duration_s,genre,probability,genre_set,cannot_tell,",))

FILE_PREFIX = "file:"  # of the columns of what stands in a file's tags
KIND = "kind"


class Columns(Protocol):
    """The columns of tracks, and the cells of one."""

    names: tuple[str, ...]

    def row(self, track: Track, /) -> list[Any]:
        """Of each column; None where nothing is known."""


def json_lines(records: Iterable[Record]) -> Iterator[str]:
    """A JSON object a line and track."""
    for record in records:
        yield json.dumps(record.to_dict(), separators=(",", ":")) + "\n"


def csv_lines(records: Iterable[Record], columns: Columns) -> Iterator[str]:
    """A line with the names of the columns, then one a track: those of the answer, the kind, the tags of the file."""
    yield csv_text([*columns.names, KIND, *(FILE_PREFIX + name for name in FILE_TAGS)])
    for record in records:
        yield csv_text([*columns.row(record.track), record.entry.kind, *_file_cells(record)])


def _file_cells(record: Record) -> Sequence[Any]:
    return [record.entry.tags.get(name) for name in FILE_TAGS]
