"""What verbs about the collection have in common: options that name its file and choose entries, and opening it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from earmark.library.collection import Collection

Db = Annotated[
    Path | None,
    typer.Option("--db", metavar="FILE", help="The collection's file.", show_default="EARMARK_DB, or your own"),
]

OfGenre = Annotated[
    list[str] | None, typer.Option(metavar="GENRE", help="Only what is of this genre (repeatable: or).")
]
OfMood = Annotated[
    list[str] | None,
    typer.Option(metavar="MOOD", help="Only what is of this mood, such as calm or joyful (repeatable: or)."),
]
WithTag = Annotated[
    list[str] | None,
    typer.Option(metavar="TAG", help="Only what has this tag, or word of yours (repeatable: and)."),
]
Least = Annotated[float, typer.Option("--min", min=0, max=1, metavar="P", help="How probable that must be.")]


def open_collection(db: Path | None) -> "Collection":
    """The collection, to be used as a context manager; CollectionError where there is none that can be read."""
    from earmark.library.collection import Collection

    return Collection.open(db)
