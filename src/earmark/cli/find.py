"""`earmark find`: the tracks of the collection that fit a wish in words, and the seconds in which they do."""

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli._collection import Db, open_collection
from earmark.cli._wishes import Synonyms, words_for

if TYPE_CHECKING:
    from rich.text import Text

    from earmark.library.find import Finding
    from earmark.library.lexicon import Lexicon
    from earmark.library.wishes import Wish

_KNOWN = ("jazz", "piano", "vocals", "calm", "nostalgia")  # examples of what may be asked for


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("find")(find)


def find(
    wish: Annotated[list[str], typer.Argument(metavar="WISH", help="What it is to be, such as 'calm piano, 70s'.")],
    count: Annotated[int, typer.Option("--count", "-n", min=1, help="How many, at most.")] = 20,
    least: Annotated[float, typer.Option("--min", min=0, max=1, metavar="P", help="How probable it must be.")] = 0.05,
    per_artist: Annotated[
        int, typer.Option("--per-artist", min=0, help="How many of one artist, at most; 0 for any number.")
    ] = 0,
    all_kinds: Annotated[
        bool, typer.Option("--all-kinds", help="What is no song, too: long mixes, speech, short and quiet pieces.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object: what was understood, and what was found.")
    ] = False,
    db: Db = None,
    synonyms: Synonyms = None,
) -> None:
    """Find tracks of the collection by words for genres, tags, moods, loudness, years, lengths, and words of your own.

    It begins with what it understood, and how. Exit code 1 if it understood nothing, or nothing fits.

    \b
    Example: earmark find "calm piano, no vocals, 70s"
    \b
    Example: earmark find "rock or metal, female voice, shorter than 4 min" -n 5 --per-artist 1
    \b
    Example: earmark find "artist:miles, very calm" --json
    """
    from earmark.library.find import find as search
    from earmark.library.wishes import read_wish

    with open_collection(db) as collection:
        words = words_for(collection, synonyms)
        asked = read_wish(" ".join(wish), words.lexicon)
        if not asked.terms:
            raise _not_understood(asked, words.lexicon)
        found = search(
            collection,
            asked,
            words.judge,
            count=count,
            least=least,
            per_artist=per_artist or None,
            every_kind=all_kinds,
        )
    if as_json:
        typer.echo(json.dumps(found.to_dict()))
    else:
        _print(found)
    if not found.found:
        raise typer.Exit(1)


def _not_understood(wish: "Wish", lexicon: "Lexicon") -> Exception:
    from earmark.errors import WishError

    said = "; ".join(each.words for each in wish.unknown)
    known = [word for word in _KNOWN if lexicon.meaning(word)] or [next(iter(lexicon.groups.values()))[0]]
    return WishError(
        f"Nothing was understood: {said}." if said else "Nothing is asked for.",
        hint=f"Known are, for example: {', '.join(known)}, 70s, longer than 5 min, and words of yours (earmark teach).",
    )


def _print(found: "Finding") -> None:
    from rich.console import Console

    from earmark.cli._streams import say

    console = Console(highlight=False)
    for line in _lines(found):
        console.print(line, soft_wrap=True)
    for note in found.notes:
        say(f"{note[:-1]} (--all-kinds has them, too)." if note == found.left_out else note)


def _lines(found: "Finding") -> "Iterator[Text]":
    """What was understood; then three lines an entry: its name and probability, why, and where it lies."""
    from rich.text import Text

    from earmark.files import shown
    from earmark.library.similar import name_of_entry
    from earmark.plots.text import clock

    for line in found.wish.lines:
        yield Text(line, style="" if line.startswith("not understood") else "bold")
    for rank, each in enumerate(found.found, start=1):
        name = (name_of_entry(each.entry), "bold")
        yield Text.assemble(f"{rank:>3}  ", name, f"  {clock(each.entry.duration_s)}  fits {each.probability:.2f}")
        yield Text(f"     {'; '.join(part.words for part in each.parts)}")
        yield Text(f"     {shown(each.entry.path)}", style="dim")
