"""`earmark listen`: hear files and folders, and print what was heard as a table, JSON, CSV or a page."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from earmark.listen.bundle import BundleInfo
    from earmark.listen.listener import Failure, Listener
    from earmark.track import HeardTag, Track

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
    "unread_s",
    "notes",
)
TAG_PREFIX = "tag:"  # a tag may have the name of a genre


class Sort(StrEnum):
    """What the rows of the table may be sorted by."""

    PATH = "path"
    GENRE = "genre"
    LENGTH = "length"
    PROBABILITY = "probability"


class Group(StrEnum):
    """What the rows of the table may be grouped by."""

    GENRE = "genre"
    FOLDER = "folder"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(listen)


def listen(
    files: Annotated[  # text, for a Path would make one slash of the two of an address
        list[str] | None, typer.Argument(metavar="FILES", help="Sound files, and folders to search for them.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line and file.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, a line a file.")] = False,
    wide: Annotated[
        bool, typer.Option("--wide", "-w", help="Say all in the table, some lines a file instead of one.")
    ] = False,
    tags: Annotated[
        bool,
        typer.Option("--tags", help="Say tags in the table, too, and when, as far as the bundle tells."),
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with pictures to this file, too.")] = None,
    explain: Annotated[
        Path | None, typer.Option(metavar="PAGE", help="Write a page that explains one track to this file, too.")
    ] = None,
    sort: Annotated[
        Sort | None, typer.Option(help="Sort the table, which then comes when all is heard.", show_default="as named")
    ] = None,
    group: Annotated[
        Group | None, typer.Option(help="Group the table, which then comes when all is heard.", show_default="no")
    ] = None,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN", help="Leave out files and folders of this name, such as '*live*' (repeatable)."
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write the page even over a file that is no page of earmark's.")
    ] = False,
    model: Annotated[Path | None, typer.Option(help="The bundle to hear with.", show_default="the shipped one")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes.", show_default="one a core")] = None,
    patience: Annotated[
        float, typer.Option(min=1, metavar="SECONDS", help="Give a file up when nothing came of it for so long.")
    ] = 60,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress and no count on stderr.")] = False,
) -> None:
    """Tell the genres of music files, and which seconds decided.

    Exit code 1 if a file could not be heard; the others are heard all the same. What else is in a folder is counted at
    the end, by kind.

    \b
    Example: earmark listen song.mp3 ~/Music --html heard.html
    \b
    Example: earmark listen ~/Music --exclude 'live*' --group genre
    \b
    Example: earmark listen song.mp3 --explain song.html
    """
    for_programs = {"--json": as_json, "--csv": as_csv}
    _at_most_one({**for_programs, "--sort": sort})
    _at_most_one({**for_programs, "--group": group})
    _at_most_one({"--html": html, "--explain": explain})
    named = _named(files or (), html=html, explain=explain, force=force)

    from earmark.cli._count import Count, no_sound
    from earmark.cli._streams import say
    from earmark.cli._waiting import Progress
    from earmark.errors import BundleError, EarmarkError
    from earmark.listen.bundle import load_bundle
    from earmark.listen.listener import Failure, Listener
    from earmark.sound.files import is_address
    from earmark.sound.search import search
    from earmark.track import NONE

    listener = Listener(load_bundle(model), patience_s=patience)
    if tags and listener.bundle.info.tags is None:
        hint = "Listen without --tags, or name one that has with --model."
        raise BundleError(f"The bundle {listener.bundle.info.model} has no tags.", hint=hint)
    found = search(named, exclude=exclude or ())
    addresses = {Path(name): name for name in named if is_address(name)}
    paths = [addresses.get(path, path) for path in found.paths]
    if not paths:
        raise no_sound(named, found, exclude=exclude or ())
    if explain and len(paths) != 1:
        raise EarmarkError(f"--explain is for one track, not for {len(paths)}.", hint="Name one sound file.")
    info = listener.bundle.info
    if as_json or as_csv:
        output: AbstractContextManager[Show] = nullcontext(_json_lines() if as_json else _csv_lines(info))
    else:
        answers = (*info.labels, NONE) if info.outside else info.labels
        output = _table(answers, paths, wide=wide, tags=tags, sort=sort, group=group)
    count = Count()
    # A table that waits for all comes when the progress is gone.
    with output as show, Progress(paths, shown=sys.stderr.isatty() and not quiet) as progress:
        for heard in _heard(listener, paths, html=html, explain=explain, jobs=jobs):
            with progress.step():
                show(heard)
                count.add(heard)
                if isinstance(heard, Failure):
                    say(heard.error)
    if not quiet:
        for line in (*count.lines(), *found.notes):
            say(line)
    if count.failed:
        raise typer.Exit(1)


def _at_most_one(options: Mapping[str, object]) -> None:
    """Refuse two of these options, {name: what was given}, together."""
    given = [name for name, value in options.items() if value]
    if len(given) > 1:
        raise typer.BadParameter(f"choose {given[0]} or {given[1]}, not both")


def _named(files: Sequence[str], *, html: Path | None, explain: Path | None, force: bool) -> Sequence[str]:
    """The files, once it is sure that they have names and that no page takes the place of what one would miss."""
    from earmark.errors import EarmarkError

    # Pages first: with `--html *.flac` the only file that there is may have become the page.
    for option, page in (("--html", html), ("--explain", explain)):
        if page is not None:
            from earmark.files import guard_file
            from earmark.plots.sheet import PAGE
            from earmark.sound.search import AUDIO_SUFFIXES

            guard_file(page, PAGE, option=option, inputs=files, sound_suffixes=AUDIO_SUFFIXES, force=force)
    if not files:
        raise typer.BadParameter("name sound files, or folders to search for them", param_hint="FILES")
    if "" in files:
        raise EarmarkError("An empty name is no file.", hint="Name sound files, or folders to search for them.")
    return files


def _heard(
    listener: "Listener", paths: Sequence[str | Path], *, html: Path | None, explain: Path | None, jobs: int | None
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


def _explained(listener: "Listener", path: str | Path, page: Path) -> "Track | Failure":
    from earmark.errors import MissingExtraError, SoundError
    from earmark.listen.atlas import read_atlas
    from earmark.listen.explanation import explain
    from earmark.listen.listener import Failure
    from earmark.plots.explanation import explanation_page
    from earmark.plots.sheet import new_sheet

    atlas = read_atlas(listener.bundle)
    try:
        with new_sheet(page) as sheet:
            explanation = explain(listener, path, atlas=atlas)
            sheet.writelines(explanation_page(explanation, atlas=atlas, labels=listener.bundle.info.labels))
    except (SoundError, MissingExtraError) as error:
        return Failure(str(path), str(error))
    return explanation.track


def _json_lines() -> "Show":
    return lambda heard: _write(json.dumps(heard.to_dict()) + "\n")


def _csv_lines(info: "BundleInfo") -> "Show":
    from earmark.files import csv_text
    from earmark.track import Track

    outside = ["outside", "none_of_these"] if info.outside else []
    timed = ["heard_s"] if info.tags and info.tags.grouped else []
    tags = ["heard_tags", *timed, *(TAG_PREFIX + name for name in info.tags.names)] if info.tags else []
    columns = [*CSV_COLUMNS, *info.labels, *outside, *tags]
    _write(csv_text(columns))

    def show(heard: "Track | Failure") -> None:
        row = _csv_row(heard) if isinstance(heard, Track) else heard.to_dict()
        _write(csv_text(row.get(column) for column in columns))

    return show


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
        "unread_s": track.unread_s,
        "notes": " ".join(track.notes),
        **{label.name: label.probability for label in track.genres},
        "outside": track.outside,
        "none_of_these": int(track.none_of_these),
        "heard_tags": ";".join(track.heard_tags),
        "heard_s": ";".join(" ".join([tag.name, *_seconds(tag)]) for tag in track.heard),
        **{TAG_PREFIX + tag.name: tag.probability for tag in track.tags},
    }


def _seconds(tag: "HeardTag") -> list[str]:
    return [f"{span.start_s}-{span.end_s}" for span in tag.spans]


@contextmanager
def _table(
    labels: Sequence[str], paths: Sequence[str | Path], *, wide: bool, tags: bool, sort: str | None, group: str | None
) -> "Iterator[Show]":
    from earmark.plots.table import Table
    from earmark.track import Track

    table = Table(labels=labels, paths=paths, wide=wide, tags=tags, sort=sort, group=group)
    yield lambda heard: table.add(heard) if isinstance(heard, Track) else None
    table.finish()


def _write(text: str) -> None:
    # Flushed by line, so that what reads a pipe gets each answer when it is there.
    sys.stdout.write(text)
    sys.stdout.flush()
