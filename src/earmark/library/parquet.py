"""A collection as a Parquet table, a row a track: answers as numbers, vectors as lists of one length. Needs `parquet`.

Columns are called as those of CSV; what has several values is a list. Rows are written by groups, so that memory does
not grow with their number. https://parquet.apache.org/docs/file-format/
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from earmark.errors import MissingExtraError
from earmark.files import FileKind
from earmark.library.export import FILE_PREFIX, KIND
from earmark.library.names import EMOTIONS, GENRES, MOODS, PLANE, TAGS, Names
from earmark.library.records import FILE_TAGS, Record
from earmark.track import NONE

if TYPE_CHECKING:
    import pyarrow as pa

GROUP = 500  # rows that are in memory at once
_NUMBERS = 128
_PREFIXES = {GENRES: "", TAGS: "tag:", PLANE: "", MOODS: "mood:", EMOTIONS: "feel:"}
_OUTSIDE = "outside"  # what CSV calls "none of these"
_MADE_BY = {b"made_by": b"earmark export"}  # among the metadata at the end of a file
_MAGIC = b"PAR1"


def parquet_kind(target: Path) -> FileKind:
    """What may be replaced at a target: a Parquet table, if it is one of ours; MissingExtraError as `write_parquet`."""
    return FileKind("Parquet table", "music.parquet", (_MAGIC,) if _is_ours(target) else ())


def _is_ours(target: Path) -> bool:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import read_schema
    except ModuleNotFoundError as error:
        raise MissingExtraError.naming("Parquet", "parquet") from error
    try:
        metadata = read_schema(target).metadata or {}
    except (ArrowException, OSError):
        return False
    return all(metadata.get(key) == value for key, value in _MADE_BY.items())


def write_parquet(records: Iterable[Record], names: Names, stream: IO[bytes], *, words: Iterable[str] = ()) -> int:
    """Write all records to a binary file; gives how many there were.

    Parameters
    ----------
    records, names:
        The tracks, and what the collection tells of them.
    stream:
        Open for writing.
    words:
        The user's own, which are among the tracks' tags.

    Raises
    ------
    MissingExtraError
        pyarrow is not installed.
    """
    try:
        from pyarrow import RecordBatch
        from pyarrow.parquet import ParquetWriter
    except ModuleNotFoundError as error:
        raise MissingExtraError.naming("Parquet", "parquet") from error
    own = [word for word in words if f"tag:{word}" not in answer_columns(names)]
    schema = schema_of(names, own)
    count = 0
    rows = (parquet_row(record, names, own) for record in records)
    with ParquetWriter(stream, schema, compression="zstd") as writer:
        while group := list(islice(rows, GROUP)):
            writer.write_batch(RecordBatch.from_pylist(group, schema=schema))
            count += len(group)
    return count


def answer_columns(names: Names) -> list[str]:
    """What the columns of a collection's answers are called here, in their order; no two alike."""
    return list(_answer_columns(names))


def _answer_columns(names: Names) -> Iterator[str]:
    for group, labels in names.groups.items():
        prefix = _PREFIXES.get(group, f"{group}:")
        for label in labels:
            yield _OUTSIDE if (group, label) == (GENRES, NONE) else prefix + label


def schema_of(names: Names, words: Sequence[str] = ()) -> "pa.Schema":
    """The columns of a table of tracks, with those of the user's own words."""
    import pyarrow as pa

    segment = pa.struct([(name, pa.float32()) for name in _SEGMENT])
    heard = pa.struct(
        [
            ("name", pa.string()),
            ("group", pa.string()),
            ("probability", pa.float32()),
            ("throughout", pa.bool_()),
            ("passing", pa.bool_()),
            ("spans", pa.list_(pa.struct([("start_s", pa.float32()), ("end_s", pa.float32())]))),
        ]
    )
    told = [(column, pa.float32()) for column in answer_columns(names)]
    return pa.schema(
        [
            ("path", pa.string()),
            ("duration_s", pa.float64()),
            ("genre", pa.string()),
            ("probability", pa.float32()),
            ("genre_set", pa.list_(pa.string())),
            ("cannot_tell", pa.bool_()),
            ("none_of_these", pa.bool_()),
            ("words", pa.string()),
            ("mood", pa.string()),
            ("heard_tags", pa.list_(pa.string())),
            ("heard", pa.list_(heard)),
            ("decisive", pa.list_(segment)),
            ("model", pa.string()),
            ("unread_s", pa.float32()),
            ("heard_share", pa.float32()),
            ("loudness_lufs", pa.float32()),
            ("notes", pa.list_(pa.string())),
            (KIND, pa.string()),
            ("sound_id", pa.string()),
            ("size", pa.int64()),
            ("mtime_ns", pa.int64()),
            *told,
            *((f"tag:{word}", pa.float32()) for word in words),
            *((FILE_PREFIX + name, pa.string()) for name in FILE_TAGS),
            ("vector", pa.list_(pa.float32(), _NUMBERS)),
        ],
        metadata=_MADE_BY,
    )


_SEGMENT = ("start_s", "end_s", "attention", "probability", "evidence")


def parquet_row(record: Record, names: Names, words: Sequence[str] = ()) -> dict[str, Any]:
    """A track as a row of `schema_of`."""
    entry, track = record.entry, record.track
    answers = [None if value != value else value for value in names.answers(track).tolist()]
    own = {label.name: label.probability for label in track.tags}
    return {
        "path": _text(track.path),
        "duration_s": track.duration_s,
        "genre": track.genre,
        "probability": track.genres[0].probability,
        "genre_set": list(track.genre_set),
        "cannot_tell": track.cannot_tell,
        "none_of_these": track.none_of_these,
        "words": track.words,
        "mood": track.mood.words if track.mood else None,
        "heard_tags": list(track.heard_tags),
        "heard": [{**tag.to_dict(), "spans": [_span(span.to_dict()) for span in tag.spans]} for tag in track.heard],
        "decisive": [segment.to_dict() for segment in track.decisive],
        "model": track.model,
        "unread_s": track.unread_s,
        "heard_share": track.heard_share,
        "loudness_lufs": track.loudness_lufs,
        "notes": list(track.notes),
        KIND: entry.kind,
        "sound_id": entry.sound_id,
        "size": entry.size,
        "mtime_ns": entry.mtime_ns,
        **dict(zip(answer_columns(names), answers, strict=True)),
        **{f"tag:{word}": own.get(word) for word in words},
        **{
            FILE_PREFIX + name: None if (text := entry.tags.get(name)) is None else _text(str(text))
            for name in FILE_TAGS
        },
        "vector": record.vector.tolist(),
    }


def _span(values: dict[str, Any]) -> dict[str, Any]:
    return {"start_s": values["start_s"], "end_s": values["end_s"]}


def _text(text: str) -> str:
    """A text as UTF-8 can say it; bytes of a name that are no text are escaped, as in pages and CSV."""
    return text.encode("utf-8", "backslashreplace").decode()
