"""`earmark playlist`: a list near songs and words, along a path or an arc of moods; and a list filled again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from earmark.cli._collection import Db, open_collection
from earmark.cli._wishes import Synonyms, hears, words_for

if TYPE_CHECKING:
    from rich.text import Text

    from earmark.library.asks import Ask, Playlist
    from earmark.library.collection import Collection
    from earmark.library.playlist_files import Listing

_SEEDS = 1_000_000  # short enough to be typed


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("playlist")(playlist)


def playlist(
    like: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="LIKE", help="Songs, and what it is to be like: 'jazz', 'A + B - C', 'like SONG but calmer'."
        ),
    ] = None,
    start: Annotated[str | None, typer.Option("--from", metavar="LIKE", help="Where a path begins.")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar="LIKE", help="Where a path ends.")] = None,
    arc: Annotated[
        str | None, typer.Option(metavar="MOODS", help="Moods to go through, such as 'calm, lively, calm'.")
    ] = None,
    count: Annotated[int | None, typer.Option("--count", "-n", min=1, help="How many.", show_default="20")] = None,
    length: Annotated[
        str | None, typer.Option(metavar="TIME", help="How long instead, such as 60m, 1h or 1:30:00.")
    ] = None,
    spread: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="How far from what was asked for: 0 is nearest, 1 anything.", show_default="0.2"
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Makes the same list again.", show_default="another each time")
    ] = None,
    spacing: Annotated[
        int | None, typer.Option(min=0, help="An artist comes once within so many tracks more.", show_default="5")
    ] = None,
    never: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="A rule of what never comes in, or a file of rules (repeatable)."),
    ] = None,
    all_kinds: Annotated[
        bool, typer.Option("--all-kinds", help="What is no song, too: long mixes, speech, short and quiet pieces.")
    ] = False,
    refresh: Annotated[
        Path | None, typer.Option(metavar="LIST", help="Fill this list again: what you kept stays, the rest is new.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write it: .m3u8, .xspf or .json.", show_default="only print it")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write it even over a file that earmark did not write.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object: the tracks, and how it was understood.")
    ] = False,
    db: Db = None,
    synonyms: Synonyms = None,
    model: Annotated[
        Path | None,
        typer.Option(help="The bundle that hears what is not in the collection.", show_default="the shipped one"),
    ] = None,
) -> None:
    """Make a playlist of the collection's songs.

    It begins with how it understood what was asked for. No song comes twice, and none that a rule keeps out.

    \b
    Example: earmark playlist song.mp3 "jazz - vocals" --length 60m --out evening.m3u8
    \b
    Example: earmark playlist --from song.mp3 --to metal -n 12 --seed 7
    \b
    Example: earmark playlist "like song.mp3 but calmer" --never "title ~ christmas"
    \b
    Example: earmark playlist --refresh evening.m3u8
    """
    if bool(start or end) and (like or arc):
        raise typer.BadParameter("choose --from and --to, or what it is to be like, not both")
    target = _target(out, refresh, force=force)

    from earmark.library.playlist_files import Listing, read_listing
    from earmark.library.refresh import refill_of

    old = Listing(()) if refresh is None else read_listing(refresh)
    with open_collection(db) as collection:
        refill = refill_of(old, refresh, is_there=lambda path: _is_there(collection, path))
        asked = {"wishes": tuple(like or ()), "start": start or "", "end": end or "", "arc": arc or ""}
        changes = {
            "count": count, "length_s": _seconds(length), "spread": spread, "seed": seed, "spacing": spacing,
            "never": tuple(never) if never else None, "every_kind": all_kinds or None,
        }  # fmt: skip
        ask = _ask(refill.ask, refresh, asked, {name: value for name, value in changes.items() if value is not None})
        made = _made(collection, ask, synonyms, model, slots=refill.slots, thrown=refill.thrown)
        if refill.gone:
            from earmark.cli._streams import say

            say(f"{refill.gone} of its files are no longer there, and are replaced.")
    if target is not None:
        _write(target, made, name=old.name or target.stem, thrown=refill.thrown)
    if as_json:
        typer.echo(json.dumps(made.to_dict()))
    else:
        _print(made, target)


def _target(out: Path | None, refresh: Path | None, *, force: bool) -> Path | None:
    """Where the list goes, once it is sure that it may."""
    from earmark.files import guard_file
    from earmark.library.playlist_files import KIND, checked_suffix
    from earmark.sound.search import AUDIO_SUFFIXES

    target = refresh if out is None else out
    if target is not None:
        option = "--refresh" if out is None else "--out"
        if out is not None or refresh is None or refresh.exists():  # what is not there is told when it is read
            guard_file(target, KIND, option=option, sound_suffixes=AUDIO_SUFFIXES, force=force)
        checked_suffix(target)
    return target


def _is_there(collection: "Collection", path: str) -> bool:
    return collection.row_of(path) is not None or Path(path).is_file()


def _seconds(length: str | None) -> float | None:
    from earmark.library.quantities import read_duration

    seconds = None if length is None else read_duration(length)
    if length is not None and not seconds:
        raise typer.BadParameter(f"'{length}' is no length; say for example 60m, 1h or 1:30:00", param_hint="--length")
    return seconds


def _ask(before: "Ask | None", refresh: Path | None, asked: dict[str, Any], changes: dict[str, Any]) -> "Ask":
    """What the list is to be: as it was before, with what is asked for now."""
    import secrets
    from dataclasses import replace

    from earmark.library.asks import Ask
    from earmark.library.refresh import not_told

    anew = any(asked.values())
    if refresh is not None and before is None and not anew:
        raise not_told(refresh)
    ask = before or Ask()
    if anew or refresh is None:
        ask = replace(ask, **asked, folder=str(Path.cwd()))
    if "count" in changes and "length_s" in changes:
        raise typer.BadParameter("choose --count or --length, not both")
    if {"count", "length_s"} & changes.keys():
        ask = replace(ask, count=None, length_s=None)
    return replace(ask, **{"seed": secrets.randbelow(_SEEDS), **changes})


def _made(
    collection: "Collection", ask: "Ask", synonyms: Path | None, model: Path | None, **what_stands: Any
) -> "Playlist":
    from earmark.library.playlist import Maker
    from earmark.library.rules import read_rules
    from earmark.library.songs import Songs

    words = words_for(collection, synonyms)
    folder = Path(ask.folder)
    rules = read_rules(ask.never, words.lexicon, folder=folder)
    songs = Songs(collection, words.judge, words.yours, hears(collection, model), folder=folder)
    return Maker(collection, words.judge, words.lexicon, songs, rules).make(ask, **what_stands)


def _write(target: Path, made: "Playlist", *, name: str, thrown: tuple[str, ...]) -> None:
    from earmark.cli._streams import say
    from earmark.files import write_whole
    from earmark.library.playlist_files import as_addresses, text_of
    from earmark.library.refresh import listing_of

    listing: Listing = listing_of(made, target, name=name, thrown=thrown)
    write_whole(target, text_of(listing, target))
    count = as_addresses(listing, target)
    if count:
        say(f"{count} names cannot stand in an M3U8, and are written as file addresses, which not every player reads.")


def _print(made: "Playlist", target: Path | None) -> None:
    from rich.console import Console

    from earmark.cli._streams import say

    console = Console(highlight=False)
    for line in _lines(made, target):
        console.print(line, soft_wrap=True)
    for note in made.notes:
        say(note)


def _lines(made: "Playlist", target: Path | None) -> "Iterator[Text]":
    """How it was understood, a line a track and one for where it lies if that is not written, and what it comes to."""
    from rich.text import Text

    from earmark.files import shown
    from earmark.plots.text import clock

    for line in made.understood:
        yield Text(line, style="bold")
    for rank, pick in enumerate(made.picks, start=1):
        name = " – ".join(part for part in (pick.line.artist, pick.line.title) if part) or Path(pick.line.path).stem
        length = f"  {clock(pick.line.duration_s)}" if pick.line.duration_s >= 0 else ""
        yield Text.assemble(f"{rank:>3}  ", (shown(name), "bold"), f"{length}  {pick.why}")
        if target is None:
            yield Text(f"     {shown(pick.line.path)}", style="dim")
    count = len(made.picks)
    where = f"{target}: " if target else ""
    tracks = f"{count} track{'' if count == 1 else 's'}, {clock(made.length_s)}"
    yield Text(f"{where}{tracks}; --seed {made.ask.seed} makes it again")
