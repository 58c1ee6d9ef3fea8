"""`earmark import`: what another machine heard is taken into the collection, by the sound of the files."""
# ruff: noqa: N999 - a verb is called as its file, and there is no better word for this one

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli._collection import Db

if TYPE_CHECKING:
    from collections.abc import Iterator

    from earmark.library.merge import Merged


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("import")(import_)


def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A collection of another machine: `earmark export --index`.")
    ],
    missing: Annotated[
        bool, typer.Option("--missing", help="Show what is not here, too, under the paths that it has there.")
    ] = False,
    db: Db = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Take what another machine heard into the collection, so that nothing is heard twice.

    Files are known by a hash of their sound, wherever they lie. What is not here is kept unseen: the next `earmark
    index` of a folder that holds it need not hear it.

    \b
    Example: earmark import desktop.db
    """
    from earmark.cli._streams import say
    from earmark.library.merge import merge
    from earmark.library.schema import connect_to_read
    from earmark.library.store import Store

    connect_to_read(file).close()  # first: a collection shall not be made for nothing
    with Store(db) as store:
        merged = merge(store, file, missing=missing)
    if as_json:
        typer.echo(json.dumps(merged.to_dict()))
        return
    for line in _lines(merged, missing=missing):
        say(line)


def _lines(merged: "Merged", *, missing: bool) -> "Iterator[str]":
    """What came of it, in words."""
    unseen = "shown all the same" if missing else "kept until they are indexed"
    said = {
        "here have answers from there": merged.answered,
        f"not here and {unseen}": merged.kept,
        "known before": merged.known,
    }
    parts = [f"{count} {what}" for what, count in said.items() if count]
    yield f"{', '.join(parts) or 'Nothing was heard there'}."
    if merged.elsewhere:
        yield f"{merged.elsewhere} left out, as their path is here that of another sound."
    if merged.damaged:
        yield f"{merged.damaged} left out, as they are damaged."
    if len(merged.networks) > 1:
        yield f"They were heard by {', '.join(merged.networks)}; answers of one network are told at a time."
