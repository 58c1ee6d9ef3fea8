"""`earmark duplicates`: which files of the collection hold one recording; they are shown, and left as they are."""

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli._collection import Db, open_collection

if TYPE_CHECKING:
    from rich.text import Text

    from earmark.library.duplicates import Group


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("duplicates")(duplicates)


def duplicates(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line and group.")] = False,
    db: Db = None,
) -> None:
    """Show which files of the collection hold the same recording, whatever their format, level and tags.

    They are found by the sound and its length, and nothing is changed. A live version is another recording.

    \b
    Example: earmark duplicates
    \b
    Example: earmark duplicates --json
    """
    from earmark.library.duplicates import duplicates as search

    with open_collection(db) as collection:
        groups, count = search(collection), len(collection)
    if as_json:
        for group in groups:
            typer.echo(json.dumps(group.to_dict()))
        return

    from rich.console import Console

    console = Console(highlight=False)
    for line in _lines(groups, count):
        console.print(line, soft_wrap=True)


def _lines(groups: "Sequence[Group]", count: int) -> "Iterator[Text]":
    from rich.text import Text

    from earmark.files import shown
    from earmark.library.duplicates import kbit_s
    from earmark.library.similar import name_of_entry
    from earmark.plots.text import clock

    for group in groups:
        differs = f"; they differ in {', '.join(group.differs)}" if group.differs else ""
        told = f"  {len(group.entries)} files of the {group.kind}{differs}"
        yield Text.assemble((name_of_entry(group.entries[0]), "bold"), told)
        for entry in group.entries:
            facts = f"  {clock(entry.duration_s):>7}  {kbit_s(entry):>5.0f} kbit/s  {entry.size / 1e6:>6.1f} MB  "
            yield Text(f"{facts}{shown(entry.path)}")
    files = sum(len(group.entries) for group in groups)
    if not groups:
        yield Text(f"No two of {count} files hold the same recording.")
    else:
        recordings = f"{len(groups)} recording{'s' if len(groups) > 1 else ''}"
        yield Text(f"{recordings} in {files} files, of {count}. Nothing was changed.")
