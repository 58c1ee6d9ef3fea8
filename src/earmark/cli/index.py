"""`earmark index`: hear folders once, keep what was heard, and say what became of each file."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli._collection import Db

if TYPE_CHECKING:
    from earmark.library.indexing import Indexer, Report
    from earmark.library.status import Status
    from earmark.library.store import Store


class Kind(StrEnum):
    """Engines, as `indexing.ENGINES` has them."""

    LOCAL = "local"
    RAY = "ray"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(index)


def index(
    folders: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DIR",
            help="Folders to index, single files, and addresses such as s3://bucket/music.",
            show_default="those of before",
        ),
    ] = None,
    db: Db = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes.", show_default="one a core")] = None,
    nice: Annotated[int, typer.Option(min=0, max=19, help="By how much processes stand back for others.")] = 10,
    longest: Annotated[
        float | None,
        typer.Option(min=0, metavar="MINUTES", help="What is longer is no song.", show_default="20, or as before"),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Hear no more of a track than its answer needs; --rehear hears the rest.")
    ] = False,
    retry: Annotated[bool, typer.Option("--retry", help="Try files again that could not be heard.")] = False,
    rehear: Annotated[
        bool, typer.Option("--rehear", help="Hear what only another network has heard, or only in part.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Hear all files of these folders again.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Go on, and index what changes, until it is stopped (Ctrl-C).")
    ] = False,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN", help="Leave out files and folders of this name, such as '*live*' (repeatable)."
        ),
    ] = None,
    model: Annotated[Path | None, typer.Option(help="The bundle to hear with.", show_default="the shipped one")] = None,
    engine: Annotated[
        Kind, typer.Option("--engine", help="Where to hear: with this machine's processes, or on a Ray cluster.")
    ] = Kind.LOCAL,
    ray_address: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="The cluster, such as 10.0.0.1:6379.", show_default="one on this machine"),
    ] = None,
    parquet: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Write rows to a lake, too: Parquet files in this folder.")
    ] = None,
    patience: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Give a file up when nothing came of it for so long.")
    ] = 60,
    status: Annotated[bool, typer.Option("--status", help="Say what is in the collection, and hear nothing.")] = False,
    forget: Annotated[
        list[str] | None,
        typer.Option(metavar="DIR", help="Remove all that is known of a folder or file (repeatable)."),
    ] = None,
    forget_gone: Annotated[
        bool, typer.Option("--forget-gone", help="Remove all that is known of files that are gone.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print counts and failures as JSON.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no count on stderr.")] = False,
) -> None:
    """Index folders of music: each file is heard once, and what was heard is kept in one file.

    What did not change is not heard again, nor is what has other tags or lies elsewhere. It may be stopped at any
    moment, and goes on where it was. Exit code 1 if nothing could be heard.

    \b
    Example: earmark index ~/Music
    \b
    Example: earmark index ~/Music /media/disk/music --exclude 'live*' --jobs 2
    \b
    Example: earmark index --again ~/Music/album
    \b
    Example: earmark index s3://bucket/music --engine ray --ray-address auto --parquet /lake/music
    \b
    Example: earmark index --status
    """
    if sum((status, bool(forget), forget_gone)) > 1 or ((status or forget or forget_gone) and folders):
        raise typer.BadParameter("choose one of DIR, --status, --forget and --forget-gone")
    if status:
        _show_status(db, as_json=as_json)
        return
    from earmark.library.store import Store

    if forget or forget_gone:
        with Store(db) as store:
            _forget(store, forget or [], as_json=as_json)
        return
    from earmark.library.indexing import Indexer, Options
    from earmark.listen.bundle import load_bundle

    if ray_address is not None and engine is not Kind.RAY:
        raise typer.BadParameter("--ray-address goes with --engine ray")
    if watch:
        from earmark.library.watch import check_extra

        check_extra()
    bundle = load_bundle(model)
    options = Options(
        jobs=jobs,
        nice=nice,
        longest_s=None if longest is None else 60 * longest,
        patience_s=patience,
        exclude=tuple(exclude or ()),
        retry=retry,
        rehear=rehear,
        again=again,
        quick=quick,
        engine=engine.value,
        ray_address=ray_address,
        parquet=parquet,
    )
    with Store(db) as store:
        places = _places(store, folders or [])
        if watch:
            _refuse_addresses(places)
        report = _run(Indexer(store, bundle, options), places, quiet=quiet)
        if not watch:
            _refuse_nothing(report, places, exclude=options.exclude)
        _tell(report, store.db, as_json=as_json, quiet=quiet)
        if watch:
            once = replace(options, retry=False, rehear=False, again=False)
            _watch(
                Indexer(store, bundle, once), store.db, places, exclude=options.exclude, as_json=as_json, quiet=quiet
            )
    if not report.present:
        raise typer.Exit(1)


def _places(store: "Store", folders: Sequence[str]) -> list[str]:
    """What is to be indexed: what was named, or what was named before."""
    from earmark.errors import CollectionError
    from earmark.library.entry import absolute
    from earmark.library.status import folders_of

    places = list(dict.fromkeys(map(absolute, folders))) or list(folders_of(store.connection))
    if not places:
        raise CollectionError("The collection is empty.", hint="Name folders to index: earmark index DIR.")
    return places


def _refuse_addresses(places: Sequence[str]) -> None:
    """Raise CollectionError where a place cannot be watched."""
    from earmark.errors import CollectionError
    from earmark.files import shown
    from earmark.sound.files import is_address

    for place in filter(is_address, places):
        raise CollectionError(
            f"{shown(place)} is an address, and --watch goes by what this machine's folders tell.",
            hint="Index it now and then, without --watch.",
        )


def _run(indexer: "Indexer", places: Sequence[str], *, quiet: bool, named: Sequence[str] = ()) -> "Report":
    """Index, with progress and failures on stderr."""
    from earmark.cli._streams import say
    from earmark.cli._waiting import Progress

    shown = sys.stderr.isatty() and not quiet
    return indexer.index(
        places,
        named=named,
        show=lambda pending: Progress(pending, shown=shown),
        on_failure=lambda path, reason: say(reason),
    )


def _refuse_nothing(report: "Report", places: Sequence[str], *, exclude: Sequence[str]) -> None:
    """Raise SoundError where there was nothing to hear, and nothing is said of it yet."""
    from earmark.cli._count import no_sound

    if not (report.present or report.scan.found.paths or report.failed or report.gone or report.notes):
        raise no_sound(places, report.scan.found, exclude=exclude)


def _watch(
    indexer: "Indexer", db: Path, places: Sequence[str], *, exclude: Sequence[str], as_json: bool, quiet: bool
) -> None:
    """Index what changes, until Ctrl-C."""
    from earmark.cli._streams import say
    from earmark.library.watch import changes

    if not quiet:
        say("Watching for changes; Ctrl-C ends it.")
    try:
        for changed in changes(places, exclude=exclude):
            report = _run(indexer, changed, named=places, quiet=quiet)
            if report.changed:
                _tell(report, db, as_json=as_json, quiet=quiet)
    except KeyboardInterrupt:
        return


def _tell(report: "Report", db: Path, *, as_json: bool, quiet: bool) -> None:
    from earmark.cli._streams import say

    if as_json:
        sys.stdout.write(json.dumps({"db": str(db), **report.to_dict()}) + "\n")
        sys.stdout.flush()
    if not quiet:
        for line in _lines(report):
            say(line)


def _lines(report: "Report") -> Iterator[str]:
    """What became of the files, in words."""
    counts = {
        "heard": report.heard,
        "unchanged": report.unchanged,
        "with other tags": report.retagged,
        "moved": report.moved,
        "copy" if report.copied == 1 else "copies": report.copied,
        "back": report.back,
        "gone": report.gone,
        "failed": len(report.failed),
    }
    said = [f"{count} {what}" for what, count in counts.items() if count or what == "heard"]
    yield f"{', '.join(said)}."
    if report.silent:
        yield f"Nothing but silence is in {report.silent} of those heard."
    if report.failed_before:
        yield f"{report.failed_before} failed before and did not change; --retry tries them again, --status says why."
    yield from report.notes
    yield from report.scan.found.notes


def _show_status(db: Path | None, *, as_json: bool) -> None:
    from earmark.library.status import status_of

    status = status_of(db)
    if as_json:
        sys.stdout.write(json.dumps(status.to_dict()) + "\n")
        return
    for line in _status_lines(status):
        typer.echo(line)


def _status_lines(status: "Status") -> Iterator[str]:
    from earmark.files import shown

    yield f"{status.db}: {status.files} files, {status.hours:.1f} hours, {status.size_bytes / 1e6:.1f} MB"
    if status.kinds:
        yield "Kinds: " + ", ".join(f"{count} {kind}" for kind, count in status.kinds.items())
    for model in status.models:
        chosen = model.current and len(status.models) > 1
        yield f"Heard by {model.model}: {model.files}" + (", whose answers are told" if chosen else "")
    for folder, count in status.folders.items():
        yield f"Folder {shown(folder)}: {count}"
    if status.gone:
        yield f"Gone: {status.gone}"
    for _, reason in status.failures:
        yield f"Failed: {reason}"


def _forget(store: "Store", places: Sequence[str], *, as_json: bool) -> None:
    from earmark.cli._streams import say
    from earmark.library.changes import forget, forget_gone
    from earmark.library.entry import absolute

    count = sum(forget(store, absolute(place)) for place in places) if places else forget_gone(store)
    if as_json:
        sys.stdout.write(json.dumps({"forgotten": count}) + "\n")
    else:
        say(f"{count} {'file' if count == 1 else 'files'} forgotten.")
