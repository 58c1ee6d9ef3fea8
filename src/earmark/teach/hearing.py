"""Hearing a user's examples: files to numbers, by several processes where there are several, kept in a cache."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from earmark.errors import BundleError, EarmarkError, OutputError
from earmark.listen import parallel
from earmark.listen.bundle import Bundle, load_bundle
from earmark.listen.listener import sum_up
from earmark.listen.tally import Tally
from earmark.sound import decode
from earmark.sound.tags import tags_of
from earmark.teach.cache import Cache, Example

File = str | Path  # text where it may be an address, of which a Path would change the slashes
Progress = Callable[[int, int], None]
_FEW = 3  # as many files are heard sooner than processes start


@dataclass(frozen=True, eq=False)
class HeardFiles:
    """Files that were heard, in their order, and a sentence about each that could not be; `notes` about the rest."""

    examples: tuple[Example, ...]
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def hear_files(
    bundle: Bundle,
    files: Sequence[File],
    cache: Cache,
    *,
    jobs: int | None = None,
    progress: Progress = lambda done, total: None,
) -> HeardFiles:
    """Hear files, those alone that the cache does not have.

    Parameters
    ----------
    bundle:
        Whose network hears them.
    files:
        Each once.
    cache:
        Of this network.
    jobs:
        How many processes; one a core by default.
    progress:
        Called with (done, total) of the files that have to be heard.

    Raises
    ------
    BundleError
        The bundle does not tell what heads read.
    """
    keys = [cache.key(Path(file)) for file in files]  # before: a file may change while it is heard
    found: dict[int, Example | str] = {}
    for place, (key, file) in enumerate(zip(keys, files, strict=True)):
        known = cache.get(key, Path(file))
        if known is not None:
            found[place] = known
    waiting = [place for place in range(len(files)) if place not in found]
    notes: dict[str, None] = {}
    answers = _answers(bundle, [files[place] for place in waiting], jobs=parallel.cores() if jobs is None else jobs)
    for done, (place, answer) in enumerate(zip(waiting, answers, strict=True), start=1):
        found[place] = answer
        if isinstance(answer, Example):
            try:
                cache.keep(keys[place], answer)
            except OutputError as reason:
                notes["What was heard is not kept, and will be heard again: " + reason.sentence] = None
        progress(done, len(waiting))
    if waiting:
        cache.trim()
    in_order = [found[place] for place in range(len(files))]
    return HeardFiles(
        tuple(each for each in in_order if isinstance(each, Example)),
        tuple(each for each in in_order if isinstance(each, str)),
        tuple(notes)[:1],
    )


def _answers(bundle: Bundle, files: Sequence[File], *, jobs: int) -> Iterator[Example | str]:
    """An example, or a sentence, for each file, in order."""
    if jobs == 1 or len(files) <= _FEW:
        for file in files:
            yield hear_or_say_why(bundle, file)
        return
    for answer in parallel.work(partial(_start, bundle.folder), list(files), jobs=jobs):
        if isinstance(answer, parallel.Crash):
            yield f"{decode.name_of(answer.item)} brought down the process that heard it."
        elif isinstance(answer, BundleError):
            raise answer
        else:
            yield answer


def _start(folder: Path) -> Callable[[File], Example | str | BundleError]:
    """What a worker process does first: a bundle of its own."""
    return partial(_hear_or_give_up, load_bundle(folder))


def _hear_or_give_up(bundle: Bundle, file: File) -> Example | str | BundleError:
    try:
        return hear_or_say_why(bundle, file)
    except BundleError as error:
        return error


def hear_or_say_why(bundle: Bundle, file: File) -> Example | str:
    """One file, or why it cannot be heard; BundleError where no file can."""
    try:
        return hear_file(bundle, file)
    except BundleError:
        raise
    except EarmarkError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - the edge: whatever is wrong with one file, the next one is heard
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": .")
        return f"{decode.name_of(file)} could not be heard: {reason}."


def hear_file(bundle: Bundle, file: File) -> Example:
    """One file; SoundError and the like where it cannot be heard."""
    tally = Tally(bundle)
    sum_up(tally, decode.blocks(file), bundle, name=decode.name_of(file))
    # A bundle that knows no single tokens is too old for words, and says so here.
    own = tally.own if len(tally.moments.starts_s) else 0
    return Example(str(Path(file).resolve()), tally.numbers, own, tags_of(Path(file)).get("artist", ""))
