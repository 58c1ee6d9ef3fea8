"""`earmark map`: the collection as one page, on which what sounds alike lies together; or its places as JSON."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli._collection import Db, Least, OfGenre, OfMood, WithTag, open_collection

if TYPE_CHECKING:
    from earmark.library.collection import Collection
    from earmark.library.collection_map import CollectionMap


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("map")(collection_map)


def collection_map(
    html: Annotated[Path | None, typer.Option(metavar="PAGE", help="Write the map as a page to this file.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print places and neighbours as one JSON object.")] = False,
    colour: Annotated[
        str, typer.Option(metavar="NAME", help="What the page is coloured by at first: genre, mood, a tag and others.")
    ] = "genre",
    genre: OfGenre = None,
    mood: OfMood = None,
    tag: WithTag = None,
    least: Least = 0.5,
    seed: Annotated[int, typer.Option(min=0, help="Of the layout: what another one shows too is in the music.")] = 0,
    force: Annotated[
        bool, typer.Option("--force", help="Write the page even over a file that earmark did not write.")
    ] = False,
    db: Db = None,
) -> None:
    """Draw the collection as a map: what sounds alike lies together, as far as a plane can hold that.

    The page needs nothing else and no network: zoom, search, colour by any answer, click a dot to hear it. It says how
    many of each track's true neighbours are its neighbours there.

    \b
    Example: earmark map --html map.html
    \b
    Example: earmark map --html calm.html --mood calm --colour piano
    """
    if (html is None) is not as_json:
        raise typer.BadParameter("name a page to write with --html, or ask for --json; one of both")
    if html is not None:
        from earmark.files import guard_file
        from earmark.plots.sheet import PAGE
        from earmark.sound.search import AUDIO_SUFFIXES

        guard_file(html, PAGE, option="--html", sound_suffixes=AUDIO_SUFFIXES, force=force)

    with open_collection(db) as collection:
        charted = _charted(collection, (genre or (), mood or (), tag or ()), least=least, seed=seed)
        if html is None:
            typer.echo(json.dumps(charted.to_dict()))
            return
        _write(html, collection, charted, colour)
        _say(html, charted)


def _charted(
    collection: "Collection", asked: tuple[Sequence[str], Sequence[str], Sequence[str]], *, least: float, seed: int
) -> "CollectionMap":
    """The map of what is of these genres and moods and has these tags; of all where none are asked for."""
    from earmark.cli._bar import progress_bar
    from earmark.cli._wishes import words_for
    from earmark.library.collection_map import map_of
    from earmark.library.filters import Filters, kept

    words = words_for(collection, None)
    genres, moods, tags = map(tuple, asked)
    keep = kept(Filters(genres, moods, tags), words.judge, words.lexicon, least=least) if any(asked) else None
    with progress_bar("map, %") as show:
        return map_of(collection, keep=keep, words=words.yours, seed=seed, progress=show)


def _write(html: Path, collection: "Collection", charted: "CollectionMap", colour: str) -> None:
    from difflib import get_close_matches

    from earmark.errors import CollectionError
    from earmark.library.map_page import columns_of, map_page
    from earmark.plots.collection_map import colours
    from earmark.plots.sheet import new_sheet

    known = colours(columns_of(charted))
    if colour not in known:
        near = get_close_matches(colour, known, n=5) or known[:5]
        raise CollectionError(
            f"The map cannot be coloured by '{colour}'.", hint=f"There are {', '.join(near)} and others: see the page."
        )
    with new_sheet(html) as sheet:
        sheet.writelines(map_page(collection, charted, html, colour=colour))


def _say(html: Path, charted: "CollectionMap") -> None:
    from earmark.cli._streams import say
    from earmark.files import shown
    from earmark.plots.text import percent

    near = charted.layout.neighbours.rows.shape[1]
    say(
        f"{shown(html)}: {len(charted)} tracks; of each one's {near} true neighbours"
        f" {percent(charted.curved.plane.share)} are among its {near} nearest there"
        f" (chance: {percent(charted.chance)})."
    )
