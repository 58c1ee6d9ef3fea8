"""`earmark genres`: how many tracks of each genre there are."""

from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(genres)


def genres(
    files: Annotated[list[str], typer.Argument(help="Sound files, and folders to search for them.")],
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes.", show_default="one a core")] = None,
) -> None:
    """Count the tracks of each genre, the most frequent first.

    Exit code 1 if a file could not be heard; the others are counted all the same.

    \b
    Example: earmark genres ~/Music
    """
    from collections import Counter

    from earmark.cli._count import no_sound
    from earmark.cli._streams import say
    from earmark.listen.listener import Failure, Listener
    from earmark.sound.search import search

    found = search(files)
    if not found.paths:
        raise no_sound(files, found, exclude=())
    counts: Counter[str] = Counter()
    for answer in Listener().hear_all(found.paths, jobs=jobs):
        if isinstance(answer, Failure):
            say(answer.error)
        else:
            counts[answer.genre] += 1
    for genre, count in counts.most_common():
        typer.echo(f"{count:6}  {genre}")
    if counts.total() < len(found.paths):
        raise typer.Exit(1)
