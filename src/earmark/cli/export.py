"""`earmark export`: the collection for other programs or machines; or a checkpoint as a bundle that needs no torch."""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated

import typer

from earmark.cli._collection import Db, open_collection

if TYPE_CHECKING:
    from earmark.library.collection import Collection
    from earmark.library.records import Record
    from earmark.listen.linear import LinearHead


class Format(StrEnum):
    """What a collection can be written as."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"
    JAMS = "jams"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(export)


def export(
    checkpoint: Annotated[
        Path | None,
        typer.Argument(
            help="For a bundle: the checkpoint of `earmark train`, its file or folder.", show_default="the collection"
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="PLACE", help="File of the table, folder of JAMS or of the bundle.", show_default="stdout for text"
        ),
    ] = None,
    form: Annotated[
        Format | None, typer.Option("--format", help="What the collection is written as.", show_default="by --out")
    ] = None,
    index: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Copy the collection itself to this file, for another machine.")
    ] = None,
    no_words: Annotated[bool, typer.Option("--no-words", help="Leave out words of yours (earmark teach).")] = False,
    force: Annotated[bool, typer.Option("--force", help="Write even over a file that earmark did not write.")] = False,
    db: Db = None,
    crossval: Annotated[
        Path | None,
        typer.Option(help="For a bundle: folder of `earmark crossval` with the same recipe, which calibrates it."),
    ] = None,
    version: Annotated[str, typer.Option(help="For a bundle: its version.")] = "1",
) -> None:
    """Export the collection: JSON lines, CSV, Parquet, JAMS, or as it is; or make a bundle of a checkpoint.

    A bundle has ONNX, labels, calibration from out-of-fold predictions, lineage and figures. Exit code 1 if a track of
    the collection was left out, as it is damaged.

    \b
    Example: earmark export --out music.csv
    \b
    Example: earmark export --format jams --out jams
    \b
    Example: earmark export --index laptop.db
    \b
    Example: earmark export run --crossval results/earmark --out bundle
    """
    if checkpoint is not None or crossval is not None:
        _refuse({"--format": form, "--index": index, "--db": db}, "A bundle is made of a checkpoint, without {}.")
        _bundle(checkpoint, crossval, out, version=version)
    elif index is not None:
        _refuse({"--format": form, "--out": out}, "--index copies the collection as it is, without {}.")
        _copy(db, index, force=force)
    else:
        _collection(db, form or _format_of(out), out, force=force, no_words=no_words)


def _refuse(options: Mapping[str, object], words: str) -> None:
    given = [name for name, value in options.items() if value is not None]
    if given:
        raise typer.BadParameter(words.format(given[0]))


def _bundle(checkpoint: Path | None, crossval: Path | None, out: Path | None, *, version: str) -> None:
    if checkpoint is None or crossval is None or out is None:
        raise typer.BadParameter("a bundle needs a checkpoint, --crossval and --out")

    from earmark.evaluate.bundling import export_files

    info = export_files(checkpoint, crossval, out, version=version)
    typer.echo(f"{out}: {info.model}, {len(info.labels)} genres")


def _format_of(out: Path | None) -> Format:
    """The format that a name says."""
    suffix = "" if out is None else out.suffix.lower().removeprefix(".")
    found = {"jsonl": Format.JSONL, "ndjson": Format.JSONL, "csv": Format.CSV, "parquet": Format.PARQUET}.get(suffix)
    if found is None:
        raise typer.BadParameter(f"name a format with --format: {', '.join(Format)}")
    return found


def _copy(db: Path | None, index: Path, *, force: bool) -> None:
    from earmark.cli._streams import say
    from earmark.errors import OutputError
    from earmark.files import guard_file, shown
    from earmark.library.copying import INDEX, copy_collection
    from earmark.library.schema import database_file
    from earmark.sound.search import AUDIO_SUFFIXES

    own = database_file() if db is None else db
    if index.exists() and own.exists() and index.samefile(own):
        raise OutputError(f"{shown(index)} is the collection itself.", hint="Name another file after --index.")
    guard_file(index, INDEX, option="--index", sound_suffixes=AUDIO_SUFFIXES, force=force)
    size_bytes = copy_collection(own, index)
    say(f"{shown(index)}: {size_bytes / 1e6:.1f} MB. There: earmark import {shown(index.name)}")


def _collection(db: Path | None, form: Format, out: Path | None, *, force: bool, no_words: bool) -> None:
    from earmark.cli._streams import say
    from earmark.library.records import records
    from earmark.library.words import words_of

    if out is None and form in (Format.PARQUET, Format.JAMS):
        raise typer.BadParameter(f"name a place for {form.value} with --out")
    _guard(form, out, force=force)
    failed = 0

    def on_failure(_: str, reason: str) -> None:
        nonlocal failed
        failed += 1
        say(reason)

    with open_collection(db) as collection:
        words = () if no_words else words_of(collection)
        found = records(collection, words=words, on_failure=on_failure)
        count = _written(collection, found, form, out, words)
    if out is not None:
        say(f"{out}: {count} tracks{f', {failed} left out' if failed else ''}.")
    if failed:
        raise typer.Exit(1)


def _guard(form: Format, out: Path | None, *, force: bool) -> None:
    """Raise OutputError where something of another's making would be overwritten; of a folder `JamsFolder` says so."""
    if out is None or form is Format.JAMS:
        return

    from earmark.files import guard_file
    from earmark.library.export import CSV, JSON_LINES
    from earmark.library.parquet import parquet_kind
    from earmark.sound.search import AUDIO_SUFFIXES

    kind = parquet_kind(out) if form is Format.PARQUET else CSV if form is Format.CSV else JSON_LINES
    guard_file(out, kind, option="--out", sound_suffixes=AUDIO_SUFFIXES, force=force)


def _written(
    collection: "Collection",
    found: "Iterable[Record]",
    form: Format,
    out: Path | None,
    words: "Sequence[LinearHead]",
) -> int:
    """Write all records; gives how many there were."""
    if form is Format.JAMS:
        from earmark.library.jams import JamsFolder

        assert out is not None
        return JamsFolder(out, [entry.path for entry in collection.entries]).write(found)
    with _opened(out) as stream:
        if form is Format.PARQUET:
            from earmark.library.parquet import write_parquet

            return write_parquet(found, collection.names, stream, words=[word.name for word in words])
        counted = _Counted(found)
        for line in _lines(collection, counted, form, words):
            stream.write(line.encode("utf-8", "backslashreplace"))
        return counted.count


class _Counted:
    """Records that are counted as they pass by."""

    def __init__(self, found: "Iterable[Record]") -> None:
        self._found = found
        self.count = 0

    def __iter__(self) -> "Iterator[Record]":
        for record in self._found:
            self.count += 1
            yield record


@contextmanager
def _opened(out: Path | None) -> Iterator[IO[bytes]]:
    """The file, which appears when the block ends well, or stdout."""
    from earmark.files import whole

    if out is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole(out) as stream:
        yield stream


def _lines(
    collection: "Collection", found: "Iterable[Record]", form: Format, words: "Sequence[LinearHead]"
) -> Iterator[str]:
    from earmark.library.export import csv_lines, json_lines

    if form is Format.JSONL:
        return json_lines(found)

    from earmark.cli._csv import Columns, Told
    from earmark.library.records import any_track

    told = Told.of(collection.names, any_track(collection), [word.name for word in words])
    return csv_lines(found, Columns(told))
