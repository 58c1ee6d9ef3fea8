"""`earmark listen`: hear files and folders, and print what was heard as a table, JSON, CSV or a page."""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from earmark.listen.listener import Failure, Listener
    from earmark.track import Track

    Show = Callable[[Track | Failure], None]


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
        typer.Option("--tags", help="Say mood and tags in the table, too, and when, as far as the bundle tells."),
    ] = False,
    html: Annotated[Path | None, typer.Option(help="Write a page with pictures to this file, too.")] = None,
    explain: Annotated[
        Path | None, typer.Option(metavar="PAGE", help="Write a page that explains one track to this file, too.")
    ] = None,
    mood_map: Annotated[
        Path | None,
        typer.Option("--mood-map", metavar="SVG", help="Draw the valence and arousal of all tracks to this file, too."),
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
    quick: Annotated[
        bool, typer.Option("--quick", help="Hear only as much of each track as the answer needs, from all over it.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write pages and pictures even over files that earmark did not write.")
    ] = False,
    model: Annotated[Path | None, typer.Option(help="The bundle to hear with.", show_default="the shipped one")] = None,
    no_words: Annotated[bool, typer.Option("--no-words", help="Leave out words of yours (earmark teach).")] = False,
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
    \b
    Example: earmark listen ~/Music --mood-map moods.svg
    \b
    Example: earmark listen ~/Music --quick
    """
    for_programs = {"--json": as_json, "--csv": as_csv}
    _at_most_one({**for_programs, "--sort": sort})
    _at_most_one({**for_programs, "--group": group})
    _at_most_one({"--html": html, "--explain": explain})
    _at_most_one({"--quick": quick, "--explain": explain})
    targets = {"--html": html, "--explain": explain, "--mood-map": mood_map}
    named = _named(files or (), targets, force=force)

    from earmark.cli._count import Count, no_sound
    from earmark.cli._streams import say
    from earmark.cli._waiting import Progress
    from earmark.errors import EarmarkError
    from earmark.listen.bundle import load_bundle
    from earmark.listen.listener import Failure, Listener
    from earmark.sound.files import is_address
    from earmark.sound.search import search
    from earmark.teach.words import read_words
    from earmark.track import NONE

    bundle = load_bundle(model)
    words = () if no_words else read_words(bundle.info.sha256)
    listener = Listener(bundle, patience_s=patience, words=words)
    _can_tell(listener, tags=tags, mood_map=mood_map is not None)
    found = search(named, exclude=exclude or ())
    addresses = {Path(name): name for name in named if is_address(name)}
    paths = [addresses.get(path, path) for path in found.paths]
    if not paths:
        raise no_sound(named, found, exclude=exclude or ())
    if explain and len(paths) != 1:
        raise EarmarkError(f"--explain is for one track, not for {len(paths)}.", hint="Name one sound file.")
    info = listener.bundle.info
    if as_json or as_csv:
        output: AbstractContextManager[Show] = nullcontext(_json_lines() if as_json else _csv_lines(listener))
    else:
        answers = (*info.labels, NONE) if info.outside else info.labels
        output = _table(answers, paths, wide=wide, tags=tags, sort=sort, group=group)
    count = Count()
    # A table that waits for all comes when the progress is gone.
    showing = Progress(paths, shown=sys.stderr.isatty() and not quiet)
    with output as show, _mood_map(mood_map, listener) as draw, showing as progress:
        for heard in _heard(listener, paths, html=html, explain=explain, quick=quick, jobs=jobs):
            with progress.step():
                show(heard)
                draw(heard)
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


def _named(files: Sequence[str], targets: Mapping[str, Path | None], *, force: bool) -> Sequence[str]:
    """The files, once it is sure that they have names and that nothing written takes the place of what one would miss.

    `targets` are the files to write, {option: file}.
    """
    from earmark.errors import EarmarkError

    # Targets first: with `--html *.flac` the only file that there is may have become the page.
    for option, target in targets.items():
        if target is not None:
            from earmark.files import guard_file
            from earmark.plots.sheet import MOOD_MAP, PAGE
            from earmark.sound.search import AUDIO_SUFFIXES

            kind = MOOD_MAP if option == "--mood-map" else PAGE
            guard_file(target, kind, option=option, inputs=files, sound_suffixes=AUDIO_SUFFIXES, force=force)
    given = [os.path.realpath(target) for target in targets.values() if target is not None]
    if len(set(given)) < len(given):
        raise typer.BadParameter("--mood-map and the page need a file each")
    if not files:
        raise typer.BadParameter("name sound files, or folders to search for them", param_hint="FILES")
    if "" in files:
        raise EarmarkError("An empty name is no file.", hint="Name sound files, or folders to search for them.")
    return files


def _can_tell(listener: "Listener", *, tags: bool, mood_map: bool) -> None:
    """Raise BundleError where the bundle has nothing to say of what was asked for."""
    from earmark.errors import BundleError
    from earmark.listen.linear import mood_numbers
    from earmark.mood import AROUSAL, VALENCE

    info, heads = listener.bundle.info, listener.bundle.heads
    if tags and info.tags is None and not (heads or listener.words):
        hint = "Listen without --tags, or name one that has with --model."
        raise BundleError(f"The bundle {info.model} has no tags.", hint=hint)
    if mood_map and not {VALENCE, AROUSAL} <= set(mood_numbers(heads)):
        hint = "Listen without --mood-map, or name one that does with --model."
        raise BundleError(f"The bundle {info.model} does not tell valence and arousal.", hint=hint)


def _heard(
    listener: "Listener",
    paths: Sequence[str | Path],
    *,
    html: Path | None,
    explain: Path | None,
    quick: bool,
    jobs: int | None,
) -> "Iterator[Track | Failure]":
    if explain is not None:
        yield _explained(listener, paths[0], explain)
        return

    from earmark.listen.listener import Failure, Listener, hear_each

    if quick:
        from earmark.listen.quick import hear_quickly, hear_quickly_with_picture
    if html is None:
        yield from hear_each(listener, paths, hear_quickly if quick else Listener.hear, jobs=jobs)
        return

    from earmark.plots.page import Page

    info = listener.bundle.info
    hear = hear_quickly_with_picture if quick else Listener.hear_with_picture
    with Page(html, labels=info.labels, model=info.model) as page:
        for heard in hear_each(listener, paths, hear, jobs=jobs):
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


@contextmanager
def _mood_map(file: Path | None, listener: "Listener") -> "Iterator[Show]":
    """What draws each track into a mood map, which is there when the block ends well; nothing without a file."""
    if file is None:
        yield lambda heard: None
        return

    from earmark.listen.listener import Failure
    from earmark.plots.mood_plane import Spots, mood_map
    from earmark.plots.sheet import new_sheet

    spots = Spots()
    with new_sheet(file) as sheet:
        yield lambda heard: None if isinstance(heard, Failure) else spots.add(heard)
        sheet.write(mood_map(spots, model=listener.bundle.info.model))


def _json_lines() -> "Show":
    return lambda heard: _write(json.dumps(heard.to_dict()) + "\n")


def _csv_lines(listener: "Listener") -> "Show":
    from earmark.cli._csv import Columns
    from earmark.files import csv_text

    columns = Columns(listener)
    _write(csv_text(columns.names))
    return lambda heard: _write(csv_text(columns.row(heard)))


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
