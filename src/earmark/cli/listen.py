"""`earmark listen`: hear files and folders, and print what was heard as a table, JSON, CSV or a page."""

import csv
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from earmark.listen.bundle import BundleInfo
    from earmark.listen.listener import Failure, Listener
    from earmark.track import Track

    Show = Callable[[Track | Failure], None]

CSV_COLUMNS = (
    "path",
    "duration_s",
    "genre",
    "probability",
    "genre_set",
    "cannot_tell",
    "decisive_s",
    "model",
    "error",
)
TAG_PREFIX = "tag:"  # a tag may have the name of a genre


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(listen)


def listen(
    files: Annotated[list[Path], typer.Argument(help="Sound files, and folders to search for them.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line and file.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a line a file.")] = False,
    tags: Annotated[
        bool, typer.Option("--tags", help="Say tags in the table, too, where the bundle has some.")
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with pictures to this file, too.")] = None,
    explain: Annotated[
        Path | None, typer.Option(metavar="PAGE", help="Write a page that explains one track to this file, too.")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="The bundle to hear with.", show_default="the shipped one")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes.", show_default="one a core")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no count on stderr.")] = False,
) -> None:
    """Tell the genres of music files, and which seconds decided.

    Exit code 1 if a file could not be heard; the others are heard all the same.

    \b
    Example: earmark listen song.mp3 ~/Music --html heard.html
    \b
    Example: earmark listen song.mp3 --tags
    \b
    Example: earmark listen song.mp3 --explain song.html
    """
    if as_json and as_csv:
        raise typer.BadParameter("choose --json or --csv, not both")
    if html and explain:
        raise typer.BadParameter("choose --html or --explain, not both")

    from earmark.cli._waiting import Progress
    from earmark.errors import BundleError, EarmarkError, SoundError
    from earmark.listen.bundle import load_bundle
    from earmark.listen.listener import Failure, Listener
    from earmark.sound.decode import find_audio, name_of
    from earmark.track import NONE

    listener = Listener(load_bundle(model))
    if tags and listener.bundle.info.tags is None:
        hint = "Listen without --tags, or name one that has with --model."
        raise BundleError(f"The bundle {listener.bundle.info.model} has no tags.", hint=hint)
    paths = list(find_audio(files))
    if not paths:
        searched = ", ".join(name_of(folder) for folder in files)
        raise SoundError(f"No sound file is in {searched}.", hint="Name files, or folders that hold some.")
    if explain and len(paths) != 1:
        raise EarmarkError(f"--explain is for one track, not for {len(paths)}.", hint="Name one sound file.")
    info = listener.bundle.info
    answers = (*info.labels, NONE) if info.outside else info.labels
    show = _json_lines() if as_json else _csv_lines(info) if as_csv else _table(answers, tags=tags)
    failed = 0
    with Progress(paths, shown=sys.stderr.isatty() and not quiet) as progress:
        for heard in _heard(listener, paths, html=html, explain=explain, jobs=jobs):
            with progress.step():
                show(heard)
                if isinstance(heard, Failure):
                    failed += 1
                    typer.echo(f"earmark: {heard.error}", err=True)
    if not quiet and (failed or len(paths) > 1):
        count = f"{len(paths) - failed} of {len(paths)} files heard"
        typer.echo(f"earmark: {count}, {failed} failed." if failed else f"earmark: {count}.", err=True)
    if failed:
        raise typer.Exit(1)


def _heard(
    listener: "Listener", paths: Sequence[Path], *, html: Path | None, explain: Path | None, jobs: int | None
) -> "Iterator[Track | Failure]":
    if explain is not None:
        yield _explained(listener, paths[0], explain)
        return
    if html is None:
        yield from listener.hear_all(paths, jobs=jobs)
        return

    from earmark.listen.listener import Failure
    from earmark.plots.page import Page

    info = listener.bundle.info
    with Page(html, labels=info.labels, model=info.model) as page:
        for heard in listener.hear_all_with_pictures(paths, jobs=jobs):
            page.add(heard)
            yield heard if isinstance(heard, Failure) else heard.track


def _explained(listener: "Listener", path: Path, page: Path) -> "Track | Failure":
    from earmark.errors import MissingExtraError, SoundError
    from earmark.listen.atlas import read_atlas
    from earmark.listen.explanation import explain
    from earmark.listen.listener import Failure
    from earmark.plots.explanation import EXPLANATION_STYLE, explanation_html
    from earmark.plots.sheet import new_sheet
    from earmark.sound.decode import name_of

    atlas = read_atlas(listener.bundle)
    try:
        with new_sheet(page, f"What earmark heard in {name_of(path)}", style=EXPLANATION_STYLE) as sheet:
            explanation = explain(listener, path, atlas=atlas)
            sheet.write(explanation_html(explanation, atlas=atlas, labels=listener.bundle.info.labels))
    except (SoundError, MissingExtraError) as error:
        return Failure(str(path), str(error))
    return explanation.track


def _json_lines() -> "Show":
    return lambda heard: _write(json.dumps(heard.to_dict()) + "\n")


def _csv_lines(info: "BundleInfo") -> "Show":
    from earmark.track import Track

    outside = ["outside", "none_of_these"] if info.outside else []
    tags = ["heard_tags", *(TAG_PREFIX + name for name in info.tags.names)] if info.tags else []
    columns = [*CSV_COLUMNS, *info.labels, *outside, *tags]
    writer = csv.DictWriter(_Stdout(), columns, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    return lambda heard: writer.writerow(_csv_row(heard) if isinstance(heard, Track) else heard.to_dict())


def _csv_row(track: "Track") -> dict[str, Any]:
    """All columns that there may be."""
    return {
        "path": track.path,
        "duration_s": track.duration_s,
        "genre": track.genre,
        "probability": track.genres[0].probability,
        "genre_set": ";".join(track.genre_set),
        "cannot_tell": int(track.cannot_tell),
        "decisive_s": ";".join(f"{segment.start_s}-{segment.end_s}" for segment in track.decisive),
        "model": track.model,
        **{label.name: label.probability for label in track.genres},
        "outside": track.outside,
        "none_of_these": int(track.none_of_these),
        "heard_tags": ";".join(track.heard_tags),
        **{TAG_PREFIX + tag.name: tag.probability for tag in track.tags},
    }


def _table(labels: Sequence[str], *, tags: bool) -> "Show":
    from earmark.plots.table import Table
    from earmark.track import Track

    table = Table(labels=labels, tags=tags)
    return lambda heard: table.add(heard) if isinstance(heard, Track) else None


def _write(text: str) -> None:
    # Flushed by line, so that what reads a pipe gets each answer when it is there.
    sys.stdout.write(text)
    sys.stdout.flush()


class _Stdout:
    """Where the CSV writer writes."""

    def write(self, text: str) -> None:
        _write(text)
