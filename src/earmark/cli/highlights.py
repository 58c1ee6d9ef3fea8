"""`earmark highlights`: the most telling seconds of tracks, as files of sound or as times."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli._collection import Db

if TYPE_CHECKING:
    from earmark.library.collection import Collection
    from earmark.library.previews import Preview
    from earmark.listen.listener import Failure
    from earmark.track import Track


class Kind(StrEnum):
    """What files of sound may be written; as `sound.encode.KINDS`."""

    OGG = "ogg"
    FLAC = "flac"
    WAV = "wav"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(highlights)


def highlights(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILES", help="Sound files and folders.", show_default="all of the collection"),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write the seconds of each track as a file to this folder.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line and track.")] = False,
    seconds: Annotated[float, typer.Option(min=1, max=600, help="How many seconds of each track.")] = 20,
    kind: Annotated[Kind, typer.Option("--format", help="What files are written.")] = Kind.OGG,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN", help="Leave out files and folders of this name, such as '*live*' (repeatable)."
        ),
    ] = None,
    db: Db = None,
    model: Annotated[
        Path | None, typer.Option(help="The bundle to hear with what is not indexed.", show_default="the shipped one")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes that hear.", show_default="one a core")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no count on stderr.")] = False,
) -> None:
    """Find the most telling seconds of each track: those in which its genre and its tags show most.

    What is in the collection is not heard again. Exit code 1 if a track failed; the others are done all the same.

    \b
    Example: earmark highlights ~/Music/album
    \b
    Example: earmark highlights --out previews --seconds 15
    """
    from earmark.library.previews import PreviewFolder, previews

    with _collection(db, needed=not files) as collection:
        paths = _paths(files, collection, exclude or ())
        tracks = _tracks(paths, collection, searched=bool(files), model=model, jobs=jobs)
        folder = None if out is None else PreviewFolder(out, paths, kind.value)
        failed = _shown(previews(tracks, seconds=seconds, folder=folder), paths, as_json=as_json, quiet=quiet)
    if not quiet:
        _say(len(paths) - failed, len(paths), out)
    if failed:
        raise typer.Exit(1)


@contextmanager
def _collection(db: Path | None, *, needed: bool) -> "Iterator[Collection | None]":
    """The collection; None where there is none and none was named: files can be heard without."""
    from earmark.library.collection import Collection
    from earmark.library.schema import database_file

    if db is None and not needed and not database_file().exists():
        yield None
        return
    with Collection.open(db) as collection:
        yield collection


def _paths(files: Sequence[Path] | None, collection: "Collection | None", exclude: Sequence[str]) -> list[str]:
    """The files that were found, each once, or those of the collection."""
    from earmark.cli._count import no_sound
    from earmark.sound.search import search

    if not files:
        assert collection is not None
        return [entry.path for entry in collection.entries]
    found = search(files, exclude=exclude)
    if not found.paths:
        raise no_sound([str(file) for file in files], found, exclude=exclude)
    return list(dict.fromkeys(map(str, found.paths)))


def _tracks(
    paths: Sequence[str], collection: "Collection | None", *, searched: bool, model: Path | None, jobs: int | None
) -> "Iterator[Track | Failure]":
    from earmark.library.previews import kept_tracks, tracks_of

    if not searched:
        assert collection is not None
        return kept_tracks(collection)

    from earmark.listen.bundle import load_bundle
    from earmark.listen.listener import Listener

    return tracks_of(paths, collection, Listener(load_bundle(model)), jobs=jobs)


def _shown(found: "Iterator[Preview | Failure]", paths: Sequence[str], *, as_json: bool, quiet: bool) -> int:
    """Print each as it comes; gives how many failed."""
    from earmark.cli._streams import say
    from earmark.cli._waiting import Progress
    from earmark.listen.listener import Failure

    failed = 0
    with Progress(paths, shown=sys.stderr.isatty() and not quiet) as progress:
        for each in found:
            with progress.step():
                if isinstance(each, Failure):
                    failed += 1
                    say(each.error)
                if as_json:
                    typer.echo(json.dumps(each.to_dict()))
                elif not isinstance(each, Failure):
                    typer.echo(_line(each))
    return failed


def _line(preview: "Preview") -> str:
    """The seconds, the answer, what is heard in them, and the file."""
    from earmark.files import shown
    from earmark.plots.text import clock

    found = preview.highlight
    heard = f"; {', '.join(found.tags)}" if found.tags else ""
    return f"{clock(found.start_s):>7}–{clock(found.end_s):<7} {found.words}{heard}  {shown(found.path)}"


def _say(done: int, count: int, out: Path | None) -> None:
    from earmark.cli._streams import say
    from earmark.files import shown

    failed = f", {count - done} failed" if done < count else ""
    place = f" in {shown(out)}" if out is not None else ""
    say(f"{done} of {count} tracks{place}{failed}.")
