"""`earmark tag`: what was heard, into the tags of files: shown first, written when asked, and taken back."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.cli._collection import Db, open_collection

if TYPE_CHECKING:
    from earmark.errors import TagError
    from earmark.library.collection import Collection
    from earmark.library.tags.plan import Change, Plan
    from earmark.library.tags.told import Wish

_MINUS, _PLUS = "yellow", "blue"  # told apart by everybody, and by their signs


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(tag)


def tag(
    places: Annotated[
        list[Path] | None, typer.Argument(metavar="DIR", help="Folders and files of the collection.")
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Write it; without, it is shown.")] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Bring files back as they were before the last run.")] = False,
    run: Annotated[
        int | None, typer.Option("--run", min=1, metavar="N", help="Undo this run.", show_default="the last")
    ] = None,
    journal: Annotated[bool, typer.Option("--journal", help="List the runs that wrote something.")] = False,
    fields: Annotated[
        str, typer.Option(metavar="FIELDS", help="Of genre, mood and confidence, those to write.")
    ] = "genre,mood,confidence",
    min_confidence: Annotated[
        float, typer.Option("--min-confidence", min=0, max=1, metavar="P", help="How probable genre and mood must be.")
    ] = 0.5,
    most: Annotated[int, typer.Option("--most", min=1, help="How many genres, at most.")] = 2,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Fields that hold something, too; without, only those that are empty.")
    ] = False,
    map_file: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help="What genres and moods are to be called (TOML).")
    ] = None,
    all_kinds: Annotated[
        bool, typer.Option("--all-kinds", help="What is no song, too: long mixes, speech, short and quiet pieces.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line and file.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but what failed.")] = False,
    db: Db = None,
) -> None:
    """Write genre, mood and how sure earmark is of them into the tags of files that were indexed.

    Nothing is written without --write. All other fields, pictures and the sound stay as they are, byte for byte, and
    --undo brings back the same file. Exit code 1 if no file could be tagged though there was something to write.

    \b
    Example: earmark tag ~/Music
    \b
    Example: earmark tag ~/Music --write --min-confidence 0.7 --map my-genres.toml
    \b
    Example: earmark tag --undo
    """
    if sum((write, undo, journal)) > 1:
        raise typer.BadParameter("choose one of --write, --undo and --journal")
    if run is not None and not undo:
        raise typer.BadParameter("--run says which run --undo takes back")
    if journal:
        _list_runs(db, as_json=as_json)
    elif undo:
        _undo(db, places or [], run, as_json=as_json, quiet=quiet)
    elif not places:
        raise typer.BadParameter("name folders or files to tag", param_hint="DIR")
    else:
        with open_collection(db) as collection:
            wish = _wish(collection, fields, min_confidence, most, map_file)
            rows = _rows(collection, places)
            plans = _plans(collection, rows, wish, overwrite=overwrite, all_kinds=all_kinds)
            report = _write(collection, plans) if write else ((row, plan, "") for row, plan in plans)
            _tell(report, wrote=write, as_json=as_json, quiet=quiet)


def _wish(collection: "Collection", fields: str, min_confidence: float, most: int, map_file: Path | None) -> "Wish":
    from earmark.library.tags.held import FIELDS
    from earmark.library.tags.spelling import Spelling, read_map
    from earmark.library.tags.told import Wish
    from earmark.track import NONE

    named = {name.strip() for name in fields.split(",")}
    if not named <= set(FIELDS):
        raise typer.BadParameter(
            f"there are {', '.join(FIELDS)}, and no '{min(named - set(FIELDS))}'", param_hint="--fields"
        )
    genres = [name for name in collection.names.genres if name != NONE]
    spelling = read_map(map_file, genres) if map_file else Spelling()
    return Wish(tuple(name for name in FIELDS if name in named), min_confidence, most, spelling)


def _rows(collection: "Collection", places: Sequence[Path]) -> list[int]:
    """The rows of the files below some places; what is there and not indexed is said, TagError where that is all."""
    from earmark.cli._streams import say
    from earmark.errors import TagError
    from earmark.files import shown
    from earmark.library.entry import absolute
    from earmark.sound.search import search

    known = {*collection.silent(), *(path for path, _ in collection.failures())}
    paths = list(dict.fromkeys(absolute(path) for path in search([str(place) for place in places]).paths))
    rows = [(path, collection.row_of(path)) for path in paths]
    missing = [path for path, row in rows if row is None and path not in known]
    named = ", ".join(shown(place) for place in places)
    if missing:
        count = f"{len(missing)} of {len(paths)} sound files in {named} are"
        what = f"{shown(missing[0])} is" if len(missing) == 1 else count
        say(f"{what} not in the collection. Hear them first: earmark index DIR.")
    found = [row for _, row in rows if row is not None]
    if not found:
        raise TagError(f"No file of the collection is in {named}.", hint="Hear it first: earmark index DIR.")
    return found


def _plans(
    collection: "Collection", rows: Sequence[int], wish: "Wish", *, overwrite: bool, all_kinds: bool
) -> "Iterator[tuple[int, Plan]]":
    """What is to become of each file, one after the other."""
    from earmark.library.tags.plan import Plan, planned
    from earmark.library.tags.told import told_of

    for row in rows:
        entry = collection.entries[row]
        if not (entry.recommended or all_kinds):
            yield row, Plan(entry.path, left_out=entry.kind)
        else:
            told = told_of(collection.track(entry.id), wish)
            yield row, planned(entry, told, wish, overwrite=overwrite)


def _write(collection: "Collection", plans: "Iterable[tuple[int, Plan]]") -> "Iterator[tuple[int, Plan, str]]":
    """Write each plan; with it, why that failed, or nothing."""
    from earmark.cli._streams import say
    from earmark.errors import TagError
    from earmark.library.store import Store
    from earmark.library.tags.journal import Journal, StopError, journal_file
    from earmark.library.tags.writing import Writer

    with Store(collection.db) as store, Journal(journal_file(store.db)) as journal:
        writer = Writer(journal, store)
        for line in _settled(writer.settled):
            say(line)
        for row, plan in plans:
            failed = ""
            if plan.changes:
                try:
                    writer.write(plan, collection.entries[row])
                except StopError as error:
                    yield row, plan, str(error)
                    return
                except TagError as error:
                    failed = str(error)
            yield row, plan, failed


def _settled(found: dict[str, str]) -> Iterator[str]:
    from earmark.files import shown

    words = {
        "written": "had been written",
        "dropped": "was as before",
        "undone": "had been brought back",
        "changed": "was changed since by another program",
    }
    for path, state in found.items():
        yield f"A run before was cut short at {shown(path)}, which {words[state]}."


def _tell(report: "Iterable[tuple[int, Plan, str]]", *, wrote: bool, as_json: bool, quiet: bool) -> None:
    from earmark.cli._streams import say

    counts, failures, changed = Counter[str](), 0, 0
    for _, plan, failed in report:
        reason = failed or plan.refused
        if as_json:
            done = wrote and bool(plan.changes) and not failed
            sys.stdout.write(json.dumps(plan.to_dict() | {"written": done, "failed": failed}) + "\n")
        elif plan.changes and not failed and not quiet:
            for line in _diff(plan):
                typer.echo(line)
        if reason:
            say(reason)
        failures += bool(reason)
        changed += bool(plan.changes) and not failed
        counts.update(_kinds(plan) if not failed else ["left"])
    if not quiet:
        for line in _summary(counts, changed, wrote=wrote):
            say(line)
    if failures and not changed:
        raise typer.Exit(1)


def _kinds(plan: "Plan") -> Iterator[str]:
    """What is counted of a plan."""
    yield from (change.field for change in plan.changes)
    if plan.refused or plan.left_out:
        yield "left" if plan.refused else "no song"
    elif not plan.changes:
        yield "kept" if plan.kept else "unsure" if plan.lacking else "same"


def _summary(counts: "Counter[str]", changed: int, *, wrote: bool) -> Iterator[str]:
    from earmark.library.tags.held import FIELDS

    fields = ", ".join(f"{counts[name]} {name}" for name in FIELDS if counts[name])
    files = f"{changed} {'file' if changed == 1 else 'files'}"
    said = [f"{files} {'tagged' if wrote else 'would be tagged'}" + (f" ({fields})" if fields else "")]
    rest = {
        "kept": "with fields that hold something (--overwrite)",
        "unsure": "of which nothing is certain enough",
        "same": "that have it already",
        "no song": "that are no songs (--all-kinds)",
        "left": "left as they were, see above",
    }
    said += [f"{counts[name]} {words}" for name, words in rest.items() if counts[name]]
    yield f"{', '.join(said)}."
    if not wrote:
        yield "Nothing was written; --write does it."
    elif changed:
        yield "earmark tag --undo brings them back as they were."


def _diff(plan: "Plan") -> Iterator[str]:
    """A file and its changes, as lines with a minus and a plus."""
    from earmark.files import shown

    yield shown(plan.path)
    width = max(len(change.field) for change in plan.changes)
    for change in plan.changes:
        yield from _lines(change, width)


def _lines(change: "Change", width: int) -> Iterator[str]:
    from earmark.files import shown

    name = change.field.ljust(width)
    if change.before:
        yield typer.style(f"  - {name}  {shown('; '.join(change.before))}", fg=_MINUS)
    yield typer.style(f"  + {name}  {shown('; '.join(change.after))}", fg=_PLUS) + f"  [{change.place}]"


def _list_runs(db: Path | None, *, as_json: bool) -> None:
    from earmark.library.schema import database_file
    from earmark.library.tags.journal import Journal, journal_file

    with Journal(journal_file(database_file() if db is None else db)) as found:
        for run in found.runs:
            at = datetime.fromtimestamp(run.at)
            if as_json:
                values: dict[str, Any] = {"run": run.number, "at": at.isoformat(timespec="seconds")}
                typer.echo(json.dumps(values | {"written": run.written, "undone": run.undone}))
            else:
                typer.echo(f"run {run.number}  {at:%Y-%m-%d %H:%M}  {run.written} written, {run.undone} undone")


def _undo(db: Path | None, places: Sequence[Path], run: int | None, *, as_json: bool, quiet: bool) -> None:
    from earmark.cli._streams import say
    from earmark.library.entry import absolute
    from earmark.library.schema import database_file
    from earmark.library.store import Store
    from earmark.library.tags.journal import Journal, journal_file
    from earmark.library.tags.writing import undo

    path = journal_file(database_file() if db is None else db)
    if not path.exists():
        raise _nothing_to_undo(run)
    back = failed = 0
    with Store(db) as store, Journal(path) as journal:
        numbers = [each.number for each in journal.runs if each.written]
        number = run if run is not None else max(numbers, default=0)
        if number not in numbers:
            raise _nothing_to_undo(run)
        for record, reason in undo(journal, store, number, within=[absolute(place) for place in places]):
            back, failed = back + (not reason), failed + bool(reason)
            if as_json:
                typer.echo(json.dumps({"path": record.path, "undone": not reason, "failed": reason}))
            if reason:
                say(reason)
    if not quiet:
        left = f", {failed} left as they were" if failed else ""
        say(f"{back} {'file' if back == 1 else 'files'} brought back as they were before run {number}{left}.")
    if failed and not back:
        raise typer.Exit(1)


def _nothing_to_undo(run: int | None) -> "TagError":
    from earmark.errors import TagError

    what = "There is nothing to undo." if run is None else f"There is nothing of run {run} to undo."
    return TagError(what, hint="See the runs: earmark tag --journal.")
