"""`earmark generate`: a piece of sound along a way through a collection."""

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from earmark.cli._collection import Db
from earmark.cli._wishes import Synonyms

if TYPE_CHECKING:
    from rich.text import Text

    from earmark.generate.asking import Ask, Ground
    from earmark.generate.generator import Generator
    from earmark.generate.making import Made
    from earmark.library.collection import Collection

_SEEDS = 1_000_000  # short enough to be typed


class Renderer(StrEnum):
    """What makes sound of a way."""

    MOSAIC = "mosaic"
    SPECTROGRAM = "spectrogram"


@dataclass(frozen=True)
class _Means:
    """By what a piece is made; see the options."""

    renderer: Renderer
    imagine: bool
    refine: bool


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command()(generate)


def generate(
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The piece, .wav or .flac; its sources go into a .json beside it.")
    ],
    genre: Annotated[str, typer.Option(metavar="GENRE", help="Of this genre.")] = "",
    mood: Annotated[
        str, typer.Option(metavar="MOOD", help="Of this mood, alone or with --genre, --like, --blend.")
    ] = "",
    like: Annotated[str, typer.Option(metavar="SONG", help="Like a song: a file, or the title of an entry.")] = "",
    start: Annotated[
        str, typer.Option("--from", metavar="LIKE", help="Where a way begins: a song, or an expression.")
    ] = "",
    end: Annotated[str, typer.Option("--to", metavar="LIKE", help="Where a way ends.")] = "",
    blend: Annotated[
        str, typer.Option(metavar="EXPRESSION", help="What arithmetic comes to: 'blues - country + pop'.")
    ] = "",
    seconds: Annotated[float, typer.Option(min=1, max=14_400, help="How long.")] = 60,
    temperature: Annotated[
        float, typer.Option(min=0, max=2, help="How much chance has a say: 0 is none, 1 much.")
    ] = 0.5,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Makes the same piece again.", show_default="another each time")
    ] = None,
    renderer: Annotated[Renderer, typer.Option(help="What makes sound of it.")] = Renderer.MOSAIC,
    imagine: Annotated[
        bool, typer.Option("--imagine", help="Let the bundle's generator say what a mosaic should sound like, too.")
    ] = False,
    refine: Annotated[
        bool, typer.Option("--refine", help="Follow the song after --like: mix each part to sound as it does there.")
    ] = False,
    from_folder: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Make it of the music in this folder.", show_default="the collection"),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Write even over a file that earmark did not write.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what it was made of as one JSON object.")] = False,
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="No progress, and nothing but failures on stderr.")
    ] = False,
    db: Db = None,
    synonyms: Synonyms = None,
    model: Annotated[
        Path | None,
        typer.Option(help="The bundle that hears, and whose generator is asked.", show_default="the shipped one"),
    ] = None,
) -> None:
    """Make a piece along a way through the collection, of its own music or from nothing.

    The renderer "mosaic" chooses segments of your own music and joins them on beats and onsets; a JSON beside the piece
    names each with its times. "spectrogram" makes sound of what the bundle's generator imagines.

    \b
    Example: earmark generate --genre jazz --seconds 30 --out piece.flac
    \b
    Example: earmark generate --from song.mp3 --to metal --seed 7 --out way.wav
    \b
    Example: earmark generate --blend "blues - country + pop" --mood calm --out blend.flac
    """
    _refuse_contradictions(genre, mood, like, start, end, blend, db, from_folder)
    if refine and (not like or renderer is Renderer.SPECTROGRAM):
        raise typer.BadParameter("--refine follows the song after --like, in a mosaic")
    imagine = imagine or renderer is Renderer.SPECTROGRAM

    from earmark.generate.asking import Ask
    from earmark.generate.piece import guard

    guard(out, inputs=[each for each in (like, start, end) if each], force=force)
    ask = Ask(
        genre=genre, mood=mood, like=like, start=start, end=end, blend=blend, seconds=seconds,
        temperature=temperature, seed=secrets.randbelow(_SEEDS) if seed is None else seed,
    )  # fmt: skip
    made = _made(
        ask,
        out,
        _Means(renderer, imagine, refine),
        _source(db, from_folder, model, quiet=quiet),
        synonyms,
        model,
        quiet=quiet,
    )
    if as_json:
        typer.echo(json.dumps(made.told))
    else:
        _print(made, ask.seed, quiet=quiet)


def _refuse_contradictions(
    genre: str, mood: str, like: str, start: str, end: str, blend: str, db: Path | None, from_folder: Path | None
) -> None:
    ways = {"--genre": genre, "--like": like, "--blend": blend, "--from and --to": start or end}
    given = [name for name, value in ways.items() if value]
    if len(given) > 1:
        raise typer.BadParameter(f"choose one of {', '.join(given)}")
    if not given and not mood:
        raise typer.BadParameter("say what it is to be: --genre, --mood, --like, --blend, or --from and --to")
    if (start or end) and not (start and end):
        raise typer.BadParameter("a way needs both --from and --to")
    if (start or end) and mood:
        raise typer.BadParameter("--mood does not go with --from and --to: name moods there, such as --to calm")
    if db is not None and from_folder is not None:
        raise typer.BadParameter("choose --db or --from-folder, not both")


def _source(db: Path | None, folder: Path | None, model: Path | None, *, quiet: bool) -> Path | None:
    """The collection's file; of a folder one of its own."""
    if folder is None:
        return db
    import sys

    from earmark.cli._streams import say
    from earmark.cli._waiting import Progress
    from earmark.generate.folders import collection_of
    from earmark.listen.bundle import load_bundle

    return collection_of(
        folder,
        load_bundle(model),
        show=lambda paths: Progress(paths, shown=sys.stderr.isatty() and not quiet),
        on_failure=lambda _, reason: say(reason),
    )


def _made(
    ask: "Ask",
    out: Path,
    means: _Means,
    db: Path | None,
    synonyms: Path | None,
    model: Path | None,
    *,
    quiet: bool,
) -> "Made":
    from earmark.cli._bar import progress_bar
    from earmark.cli._collection import open_collection
    from earmark.cli._streams import say
    from earmark.generate.making import Listeners, make_mosaic, make_spectrogram
    from earmark.generate.shelf import Shelf

    generator = _generator(model) if means.imagine else None  # first: without it nothing is done
    with open_collection(db) as collection, progress_bar("steps") as show:
        ground = ground_of(collection, synonyms, model)
        listeners = Listeners(say, (lambda done, total: None) if quiet else show)
        if generator is not None and means.renderer is Renderer.SPECTROGRAM:
            return make_spectrogram(ground, ask, out, listeners, generator=generator)
        return make_mosaic(
            ground, ask, out, listeners, shelf=Shelf.beside(collection.db), generator=generator, refine=means.refine
        )


def _generator(model: Path | None) -> "Generator":
    from earmark.generate.generator import load_generator
    from earmark.listen.bundle import load_bundle

    return load_generator(load_bundle(model))


def ground_of(collection: "Collection", synonyms: Path | None, model: Path | None) -> "Ground":
    """What texts are read over: the collection, with the user's words and synonyms."""
    from earmark.cli._wishes import hears, words_for
    from earmark.generate.asking import Ground
    from earmark.library.songs import Songs

    words = words_for(collection, synonyms)
    songs = Songs(collection, words.judge, words.yours, hears(collection, model))
    return Ground(collection, words.lexicon, songs, words.judge)


def _print(made: "Made", seed: int, *, quiet: bool) -> None:
    from rich.console import Console

    from earmark.cli._streams import say

    console = Console(highlight=False)
    for line in _lines(made, seed):
        console.print(line, soft_wrap=True)
    for note in () if quiet else made.notes:
        say(note)


def _lines(made: "Made", seed: int) -> "Iterator[Text]":
    """How it was understood, a line a run, and what it comes to."""
    from rich.text import Text

    from earmark.files import shown
    from earmark.plots.text import clock

    for line in made.understood:
        yield Text(line, style="bold")
    for source in made.sources:
        name = " – ".join(part for part in (source.artist, source.title) if part)
        times = f"{clock(source.start_s):>5}–{clock(source.end_s):<5}"
        yield Text.assemble(f"{times}  ", (shown(name), "bold"), f"  {clock(source.from_s)}–{clock(source.to_s)}")
    parts, files = len(made.sources), len({source.path for source in made.sources})
    told = f" of {parts} {'part' if parts == 1 else 'parts'} of {files} {'file' if files == 1 else 'files'}"
    yield Text(f"{shown(made.out)}: {clock(made.seconds)}{told if files else ''}; --seed {seed} makes it again")
