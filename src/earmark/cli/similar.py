"""`earmark similar`: which tracks of the collection are like one, in which seconds, and what both have."""

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli._collection import Db, Least, OfGenre, OfMood, WithTag, open_collection

if TYPE_CHECKING:
    from rich.text import Text

    from earmark.errors import EarmarkError
    from earmark.library.collection import Collection
    from earmark.library.entry import Heard
    from earmark.library.filters import Bools
    from earmark.library.queries import Query
    from earmark.library.similar import Match


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("similar")(similar)


def similar(
    song: Annotated[
        str, typer.Argument(metavar="SONG", help="A sound file, in the collection or not, or the title of an entry.")
    ],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many, at most.")] = 10,
    per_artist: Annotated[
        int, typer.Option("--per-artist", min=0, help="How many of one artist, at most; 0 for any number.")
    ] = 1,
    genre: OfGenre = None,
    mood: OfMood = None,
    tag: WithTag = None,
    least: Least = 0.5,
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATTERN", help="Leave out files, folders and artists of this name, such as '*live*' (repeatable)."
        ),
    ] = None,
    segment: Annotated[
        str | None, typer.Option(metavar="FROM-TO", help="Search for these seconds of the song, such as 1:10-1:25.")
    ] = None,
    versions: Annotated[
        bool, typer.Option("--versions", help="Copies and other versions of a song, too: live, remastered, a demo.")
    ] = False,
    all_kinds: Annotated[
        bool, typer.Option("--all-kinds", help="What is no song, too: long mixes, speech, short and quiet pieces.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line and match.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="PAGE", help="Write a page that plays the seconds that are alike, too.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write the page even over a file that earmark did not write.")
    ] = False,
    db: Db = None,
    model: Annotated[
        Path | None, typer.Option(help="The bundle that heard the collection.", show_default="the shipped one")
    ] = None,
) -> None:
    """Find the tracks of the collection that are most like a song, and say why.

    Never the song itself, nor copies and other versions of it. A song that is not in the collection is heard first.

    \b
    Example: earmark similar song.mp3
    \b
    Example: earmark similar song.mp3 -n 5 --genre rock --mood calm
    \b
    Example: earmark similar song.mp3 --segment 0:05-0:15 --html like.html
    """
    if html is not None:
        from earmark.files import guard_file
        from earmark.plots.sheet import PAGE
        from earmark.sound.search import AUDIO_SUFFIXES

        guard_file(html, PAGE, option="--html", inputs=[song], sound_suffixes=AUDIO_SUFFIXES, force=force)

    # Threads would be woken for products that are over before they are awake. NumPy reads this when it is loaded.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from earmark.library.similar import similar as search

    with open_collection(db) as collection:
        query = _query(collection, song, segment, model)
        matches = search(
            collection,
            query,
            n=count,
            per_artist=per_artist or None,
            keep=_kept(collection, genre or (), mood or (), tag or (), least),
            exclude=exclude or (),
            versions=versions,
            all_kinds=all_kinds,
        )
        if not matches:
            raise _nothing_left(collection, query)
        if html is not None:
            _write_page(html, collection, query, matches)
        if as_json:
            for line in _json_lines(query, matches):
                typer.echo(line)
            return
        _print(query, matches)


def _query(collection: "Collection", song: str, segment: str | None, model: Path | None) -> "Query":
    """What is searched for, heard where it is not in the collection."""
    from earmark.library.queries import Query, seconds_in

    seconds = None if segment is None else seconds_in(segment)  # first: what is wrong with it costs no hearing
    row = _row(collection, song)
    if row is None:
        query = _heard(collection, song, model)
    else:
        query = Query.of_row(collection, row)
    if seconds is None:
        return query

    from earmark.cli._hearing import bundle_of
    from earmark.library.axes import axes_of

    return query.within(seconds, axes_of(bundle_of(collection, model)).directions)


def _row(collection: "Collection", song: str) -> int | None:
    """The row of a file, or of what is called so; None for a file that is not in the collection."""
    from earmark.errors import CollectionError, EarmarkError
    from earmark.files import shown

    if not song:
        raise EarmarkError("An empty name is no song.", hint="Name a sound file, or the title of an entry.")
    path = Path(song)
    for place in (path, path.resolve()):
        if (row := collection.row_of(place)) is not None:
            return row
    if path.exists():
        return None
    if (row := _titled(collection, song)) is None:
        raise CollectionError(
            f"There is no file {shown(song)}, and nothing of that name in the collection.",
            hint="Name a sound file, or the title of an entry.",
        )
    return row


def _titled(collection: "Collection", song: str) -> int | None:
    """The entry with a title; WishError where there are several."""
    from earmark.library.judging import Judge
    from earmark.library.songs import Songs

    def never(path: Path) -> "Heard":
        raise FileNotFoundError(path)

    found = Songs(collection, Judge(collection), (), never).find(song)
    return found.row if found else None


def _heard(collection: "Collection", song: str, model: Path | None) -> "Query":
    from earmark.cli._hearing import bundle_of
    from earmark.cli._streams import say
    from earmark.files import shown
    from earmark.library.hearing import hear_entry
    from earmark.library.queries import Query, entry_of_file

    heard = hear_entry(bundle_of(collection, model), song)
    say(f"{shown(song)} is not in the collection, and was heard for this.")
    return Query.of_heard(entry_of_file(song, heard), heard)


def _kept(
    collection: "Collection", genres: Sequence[str], moods: Sequence[str], tags: Sequence[str], least: float
) -> "Bools | None":
    """Which entries are asked for; None for all."""
    if not (genres or moods or tags):
        return None

    from earmark.cli._wishes import words_for
    from earmark.library.filters import Filters, kept

    words = words_for(collection, None)
    filters = Filters(tuple(genres), tuple(moods), tuple(tags))
    return kept(filters, words.judge, words.lexicon, least=least)


def _nothing_left(collection: "Collection", query: "Query") -> "EarmarkError":
    from earmark.errors import CollectionError

    if len(collection) == 1 and query.row is not None:
        return CollectionError(
            "The song is the only track of the collection.", hint="Index more: earmark index FOLDER."
        )
    return CollectionError(
        "No other track of the collection is left to be like it.",
        hint="Ask for less with --genre, --mood, --tag and --exclude, or for more with --versions and --all-kinds.",
    )


def _json_lines(query: "Query", matches: "Sequence[Match]") -> "Iterator[str]":
    segment = None if query.segment is None else [query.segment.start_s, query.segment.end_s]
    for rank, match in enumerate(matches, start=1):
        yield json.dumps({"song": query.entry.path, "segment": segment, "rank": rank, **match.to_dict()})


def _print(query: "Query", matches: "Sequence[Match]") -> None:
    from rich.console import Console

    from earmark.cli._streams import say
    from earmark.library.similar import warning

    console = Console(highlight=False)
    for line in _lines(query, matches):
        console.print(line, soft_wrap=True)
    if sentence := warning(matches):
        say(sentence)


def _lines(query: "Query", matches: "Sequence[Match]") -> "Iterator[Text]":
    """Three lines a match: its name and how close it is, why, and where it lies."""
    from rich.text import Text

    from earmark.files import shown
    from earmark.library.similar import how_close, name_of_entry

    seconds = f"{query.segment.words} of " if query.segment else ""
    yield Text(f"Like {seconds}{name_of_entry(query.entry)}:", style="bold")
    for rank, match in enumerate(matches, start=1):
        relation = f", a {match.relation}" if match.relation else ""
        name = (name_of_entry(match.entry), "bold")
        yield Text.assemble(f"{rank:>3}  ", name, f"  {how_close(match)}{relation}")
        yield Text(f"     {match.reason.words or 'nothing in particular that has a name'}")
        yield Text(f"     {shown(match.entry.path)}", style="dim")


def _write_page(page: Path, collection: "Collection", query: "Query", matches: "Sequence[Match]") -> None:
    from earmark.library.similar_page import similar_page
    from earmark.plots.sheet import new_sheet

    with new_sheet(page) as sheet:
        sheet.writelines(similar_page(collection, query, matches))
