"""`earmark teach`: a user's own words, learned from a few tracks each, listed, removed, handed on."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from earmark.listen.bundle import Bundle
    from earmark.listen.linear import LinearHead
    from earmark.sound.search import Search
    from earmark.teach.hearing import File, HeardFiles, Progress

_PATIENCE_S = 2.0


class _NotTakesAll(TyperCommand):
    """All names behind --not, up to the next option, are of what is none of the word, as a shell writes `*.mp3`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # click's context; typer may bring a click of its own
        said: list[str] = []
        inside = False
        for place, word in enumerate(args):
            if word == "--":
                said += args[place:]
                break
            if word.startswith("-"):
                inside = word == "--not"
                said += [] if inside else [word]
            else:
                said += ["--not", word] if inside else [word]
        return super().parse_args(ctx, [*said, "--not"] if args[-1:] == ["--not"] else said)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("teach", cls=_NotTakesAll)(teach)


def teach(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="WORD FILES", help="The word, and sound files or folders that have it."),
    ] = None,
    counter: Annotated[
        list[str] | None,
        typer.Option("--not", metavar="FILES", help="Files and folders that are none of it: all names that follow."),
    ] = None,
    again: Annotated[
        bool,
        typer.Option("--again", help="Use the files of before too; without a word, teach all words again."),
    ] = False,
    show: Annotated[bool, typer.Option("--list", help="Say which words there are.")] = False,
    remove: Annotated[list[str] | None, typer.Option(metavar="WORD", help="Forget a word (repeatable).")] = None,
    export: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the words that are named, or all, for others.")
    ] = None,
    import_: Annotated[
        Path | None, typer.Option("--import", metavar="FILE", help="Take the words of a file that --export wrote.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Export over another's file; import in the place of words of yours.")
    ] = False,
    model: Annotated[
        Path | None, typer.Option(help="The bundle that is taught.", show_default="the shipped one")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes.", show_default="one a core")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was learned, or the list, as JSON.")] = False,
) -> None:
    """Teach earmark a word of your own by a few tracks that have it, and some that have not.

    It says how good it expects to be, by artists that it did not hear. `earmark listen` tells the word from then on.
    Exit code 1 if a file could not be heard; the word is learned from the others.

    \b
    Example: earmark teach gym ~/Music/running push.mp3 --not ~/Music/sleep
    \b
    Example: earmark teach gym more.mp3 --again
    \b
    Example: earmark teach --list
    """
    named = list(words or ())
    asked = [
        option
        for option, given in {
            "--list": show, "--remove": remove, "--export": export, "--import": import_, "--again": again,
        }.items()
        if given
    ]  # fmt: skip
    if len(asked) > 1:
        raise typer.BadParameter(f"choose {asked[0]} or {asked[1]}, not both")
    if asked and asked != ["--again"] and (counter or (named and not export)):
        raise typer.BadParameter(f"{asked[0]} takes no files")
    if show:
        _list(model, as_json=as_json)
    elif remove:
        _remove(remove)
    elif export is not None:
        _export(export, named, model, force=force)
    elif import_ is not None:
        _import(import_, model, force=force)
    else:
        _teach(named, counter or [], model, jobs=jobs, again=again, as_json=as_json)


def _list(model: Path | None, *, as_json: bool) -> None:
    from earmark.listen.bundle import load_bundle
    from earmark.teach.words import all_words, find

    network = load_bundle(model).info.sha256
    found = all_words()
    here = [word for word in found if word.network == network]
    elsewhere = [word for word in found if word.network != network and not find(word.name, here)]
    if as_json:
        typer.echo(json.dumps([_plain(word, other=word in elsewhere) for word in (*here, *elsewhere)]))
        return
    if not found:
        typer.echo("There are no words of yours yet. Teach one: earmark teach WORD FILES")
        return
    width = max(len(word.name) for word in found)
    for word in here:
        typer.echo(f"{word.name:<{width}}  {_short(word)}")
    for word in elsewhere:
        typer.echo(f"{word.name:<{width}}  of another bundle, to be taught again: earmark teach '{word.name}' --again")


def _remove(names: Sequence[str]) -> None:
    from earmark.teach.words import remove_words

    typer.echo(f"Forgotten: {', '.join(remove_words(names))}")


def _export(file: Path, names: Sequence[str], model: Path | None, *, force: bool) -> None:
    from earmark.files import FileKind, guard_file
    from earmark.listen.bundle import load_bundle
    from earmark.sound.search import AUDIO_SUFFIXES
    from earmark.teach.words import export_words

    kind = FileKind("file of words", "words.json", (b'"heads": [{"name"',))
    guard_file(file, kind, option="--export", sound_suffixes=AUDIO_SUFFIXES, force=force)
    written = export_words(file, names, load_bundle(model).info.sha256)
    typer.echo(f"{file}: {', '.join(word.name for word in written)}")


def _import(file: Path, model: Path | None, *, force: bool) -> None:
    from earmark.cli._streams import say
    from earmark.listen.background import read_background
    from earmark.listen.bundle import load_bundle
    from earmark.teach.words import find, import_words, keep_words, read_words

    bundle = load_bundle(model)
    background = read_background(bundle)
    numbers = None if background is None else background.numbers.shape[1]
    brought = import_words(file, bundle.info.sha256, numbers=numbers)
    mine = read_words(bundle.info.sha256)
    new = [word for word in brought if force or not find(word.name, mine)]
    for word in brought:
        if word not in new:
            say(f"'{word.name}' is one of your words, and stays as it is (--force takes the other).")
    if new:
        typer.echo(f"{keep_words(new)}: {', '.join(word.name for word in new)}")


def _teach(
    named: Sequence[str], counter: Sequence[str], model: Path | None, *, jobs: int | None, again: bool, as_json: bool
) -> None:
    # Before NumPy comes: threads for layers of 128 numbers wait for each other longer than they count.
    for library in ("OPENBLAS", "OMP", "MKL"):
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")

    from earmark.listen.bundle import load_bundle
    from earmark.teach.words import all_words, checked_name

    if not named and not again:
        raise typer.BadParameter("name a word, and files that have it", param_hint="WORD FILES")
    names = [checked_name(_no_file(named[0], named[1:]))] if named else []
    bundle = load_bundle(model)
    before = all_words()  # first: what is wrong with it shall not be told after an hour
    if again and not names:
        names = _names(before)
    learned, failed = [], False
    for name in names:
        examples, others = _files(name, named[1:], counter, before, bundle, again=again)
        word, whole = _learn(name, examples, others, bundle, jobs=jobs)
        learned.append(word)
        failed |= not whole
    _tell(learned, before, bundle, again=again, as_json=as_json)
    if failed:
        raise typer.Exit(1)


def _names(words: "Sequence[LinearHead]") -> list[str]:
    from earmark.errors import DataError

    if not words:
        raise DataError("There are no words of yours yet.", hint="Teach one: earmark teach WORD FILES.")
    return list({word.name.casefold(): word.name for word in words}.values())


def _no_file(word: str, files: Sequence[str]) -> str:
    """The word, unless it was forgotten and a file stands in its place."""
    from earmark.errors import DataError
    from earmark.sound.search import is_audio

    if is_audio(word) and Path(word).is_file():
        raise DataError(
            f"'{word}' is a file, and the word comes first.", hint=f"Say: earmark teach WORD {' '.join([word, *files])}"
        )
    return word


def _files(
    name: str,
    files: Sequence[str],
    counter: Sequence[str],
    before: "Sequence[LinearHead]",
    bundle: "Bundle",
    *,
    again: bool,
) -> "tuple[list[File], list[File]]":
    """The files that have the word, and those that have not, each once; those of before come first."""
    from earmark.cli._streams import say
    from earmark.errors import DataError
    from earmark.sound.search import joined
    from earmark.teach.words import find

    examples: list[File] = []
    others: list[File] = []
    if again:
        known = sorted(find(name, before), key=lambda word: word.network != bundle.info.sha256)
        if not known:
            raise DataError(f"There is no word '{name}' of yours yet.", hint="Teach it without --again.")
        examples, others = (list(known[0].figures.get(part, ())) for part in ("examples", "counter"))
        if not examples and not files:
            raise DataError(f"'{name}' came without its files.", hint=f"Name some: earmark teach '{name}' FILES.")
    elif not files:
        raise DataError(f"No files are named that have the word '{name}'.", hint=f"Say: earmark teach '{name}' FILES.")
    new = _searched(files), _searched(counter)
    for note in joined(new).notes:
        say(note)
    wanted, unwanted = _each_once([*examples, *new[0].paths], files), _each_once([*others, *new[1].paths], counter)
    both = wanted.keys() & unwanted.keys()
    if both:
        path = wanted[min(both)]
        raise DataError(f"{path} is named both as '{name}' and as none of it.", hint="Leave it out in one place.")
    return list(wanted.values()), list(unwanted.values())


def _searched(files: Sequence[str]) -> "Search":
    """What is in files and folders; SoundError where names are given and there is nothing."""
    from earmark.cli._count import no_sound
    from earmark.sound.search import search

    found = search(files)
    if files and not found.paths:
        raise no_sound(files, found, exclude=())
    return found


def _each_once(files: "Sequence[File]", named: Sequence[str]) -> "dict[Path, File]":
    """Files by where they are; those that were named as an address keep its two slashes."""
    from earmark.sound.files import is_address

    addresses = {Path(name): name for name in named if is_address(name)}
    found: dict[Path, File] = {}
    for file in map(Path, files):
        found.setdefault(file.resolve(), addresses.get(file, file))
    return found


def _learn(
    name: str, examples: "Sequence[File]", others: "Sequence[File]", bundle: "Bundle", *, jobs: int | None
) -> "tuple[LinearHead, bool]":
    """The word, and whether all files were heard; those that were not are said."""
    from earmark.cli._streams import say
    from earmark.listen.background import read_background
    from earmark.teach.cache import Cache
    from earmark.teach.hearing import hear_files
    from earmark.teach.learn import learn

    background = read_background(bundle)
    cache = Cache(bundle.info.sha256)
    with _late_bar() as show:
        heard: list[HeardFiles] = [
            hear_files(bundle, files, cache, jobs=jobs, progress=show) for files in (examples, others)
        ]
    for each in heard:
        for sentence in (*each.failures, *each.notes):
            say(sentence)
    word = learn(name, heard[0].examples, heard[1].examples, background, network=bundle.info.sha256)
    twice = sum(len(each.examples) for each in heard) - word.figures["n"] - word.figures["n_counter"]
    if twice:
        say(f"Files that are the same recording as another count once; left out: {twice}.")
    return word, not any(each.failures for each in heard)


@contextmanager
def _late_bar() -> "Iterator[Progress]":
    """A bar that comes when two seconds have passed."""
    import time

    started_s = time.monotonic()
    with ExitStack() as stack:
        bars: list[Progress] = []

        def show(done: int, total: int) -> None:
            if not bars and time.monotonic() - started_s > _PATIENCE_S:
                from earmark.cli._bar import progress_bar

                bars.append(stack.enter_context(progress_bar("files")))
            for bar in bars:
                bar(done, total)

        yield show


def _tell(
    learned: "Sequence[LinearHead]", before: "Sequence[LinearHead]", bundle: "Bundle", *, again: bool, as_json: bool
) -> None:
    """Keep what was learned, and say so."""
    from earmark.cli._streams import say
    from earmark.teach.learn import in_words
    from earmark.teach.words import find, keep_words

    file = keep_words(learned)
    for word in learned:
        here = [each for each in find(word.name, before) if each.network == word.network]
        if here and not again:
            say(f"'{word.name}' was taught before, and is learned anew from these files (--again adds to them).")
        if word.name in _told_already(bundle):
            say(f"The bundle tells '{word.name}', too: yours stands beside it among yours, in JSON in its place.")
    if as_json:
        typer.echo(json.dumps([_plain(word) for word in learned]))
        return
    for word in learned:
        typer.echo("\n".join(in_words(word)))
    typer.echo(f"`earmark listen --tags` tells it from now on ({file}).")


def _told_already(bundle: "Bundle") -> set[str]:
    tags = bundle.info.tags.names if bundle.info.tags else ()
    return {*bundle.info.labels, *tags, *(label for head in bundle.heads for label in head.labels)}


def _plain(word: "LinearHead", *, other: bool = False) -> dict[str, Any]:
    from earmark.teach.learn import verdict

    return {"word": word.name, "of_another_bundle": other, "verdict": verdict(word), **word.figures}


def _short(word: "LinearHead") -> str:
    from earmark.teach.learn import in_short

    return in_short(word)
