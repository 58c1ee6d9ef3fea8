"""What verbs about the collection have in common: the option that names its file, and opening it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from earmark.library.collection import Collection

Db = Annotated[
    Path | None,
    typer.Option("--db", metavar="FILE", help="The collection's file.", show_default="EARMARK_DB, or your own"),
]


def open_collection(db: Path | None) -> "Collection":
    """The collection, to be used as a context manager; CollectionError where there is none that can be read."""
    from earmark.library.collection import Collection

    return Collection.open(db)
