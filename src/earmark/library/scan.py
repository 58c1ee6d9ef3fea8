"""What an indexing run has to do: which files of some folders are to be heard, and which need not be looked into.

A file is unchanged where size and time of change are. What failed before is not tried again until it changes or is
asked for. A folder that is not there, or is suddenly without any sound, says nothing about its files: its disk may not
be mounted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from earmark.files import shown
from earmark.library.changes import Row, Wanted, count_below, row_of, set_back
from earmark.library.places import Facts, Found, facts_of, find_sound, is_folder, is_there
from earmark.library.store import FAILED, GONE, HEARD, Store
from earmark.sound.files import is_address
from earmark.sound.search import Search, is_left_out, joined


@dataclass(frozen=True)
class Choice:
    """Which files are heard again though they did not change: all (`again`), or those that failed (`retry`)."""

    wanted: Wanted = field(default_factory=Wanted)
    again: bool = False
    retry: bool = False


@dataclass(frozen=True)
class Request:
    """What is to be looked through.

    Attributes
    ----------
    places:
        Absolute paths of folders and files.
    roots:
        What a person named: the places, or what the places are changed parts of.
    choice:
        Which files are heard again.
    exclude:
        As of `sound.search.search`, seen from the roots.
    """

    places: Sequence[str]
    roots: Sequence[str]
    choice: Choice
    exclude: Sequence[str] = ()


@dataclass
class Scan:
    """What was found.

    Attributes
    ----------
    pending:
        Files to look into, absolute.
    unchanged, back, failed_before:
        How many need not be: as they were, there again as they were, failed before and as they were.
    present:
        Ids of these.
    absent:
        Places that are not there, and of which nothing is known.
    judged:
        Folders and files of which is known what is gone.
    notes:
        A sentence about each folder of which it is not.
    found:
        The search, with what was passed over.
    """

    pending: list[str] = field(default_factory=list)
    unchanged: int = 0
    back: int = 0
    failed_before: int = 0
    present: set[int] = field(default_factory=set)
    absent: list[str] = field(default_factory=list)
    judged: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    found: Search = field(default_factory=lambda: Search((), {}))


def scan(store: Store, request: Request) -> Scan:
    """Look through folders and at files, without opening any file."""
    result, back = Scan(), list[int]()
    searches = []
    for place in request.places:
        if not is_there(place):
            _miss(store, place, request, result)
            continue
        found = _search(place, request)
        searches.append(found.search)
        _judge(store, place, found, result)
        for path in found.paths:
            _sort(store, path, request.choice, result, back, facts=found.facts.get(path))
    result.found = joined(searches)
    set_back(store, back)
    return result


def root_of(path: str, roots: Sequence[str]) -> str:
    """What was named, by which a file is found; the file itself where it is below nothing that was."""
    inside = [root for root in roots if Path(path).is_relative_to(root)]
    return max(inside, key=len, default=path)


def _search(place: str, request: Request) -> Found:
    """The sound at a place; of a part of a root what a search of the root would come to."""
    if place in request.roots:
        return find_sound(place, exclude=request.exclude)
    root, found = root_of(place, request.roots), find_sound(place)
    return replace(found, paths=[path for path in found.paths if not is_left_out(path, root, exclude=request.exclude)])


def _miss(store: Store, place: str, request: Request, result: Scan) -> None:
    """A place that is not there: what that says of its files."""
    root = root_of(place, request.roots)
    if not count_below(store, place):
        if place == root:
            result.absent.append(place)
        return
    # A part of a folder that is there; a single file that was named, if its folder is there.
    if place != root or row_of(store, place, Wanted()) is not None:
        if is_folder(_above(place) if place == root else root):
            result.judged.append(place)
        return
    result.notes.append(
        f"{shown(place)} is not there: what the collection has of it stays as it is."
        " If its disk is not mounted, mount it; if it is gone for good, use --forget."
    )


def _above(place: str) -> str:
    return place.rpartition("/")[0] if is_address(place) else str(Path(place).parent)


def _judge(store: Store, place: str, found: Found, result: Scan) -> None:
    if not is_folder(place):
        return
    if found.paths or not (known := count_below(store, place)):
        result.judged.append(place)
        return
    result.notes.append(
        f"There is no sound file in {shown(place)}, of which the collection has {known}: they stay as they are."
        " If its disk is not mounted, mount it; if they are gone for good, use --forget."
    )


def _sort(store: Store, path: str, choice: Choice, result: Scan, back: list[int], *, facts: Facts | None) -> None:
    """Put a file where it belongs; `facts` are what is known of it, None where it has to be asked."""
    row = row_of(store, path, choice.wanted)
    if row is None or choice.again or not _is_as_it_was(facts or facts_of(path), row) or not _is_done(row, choice):
        result.pending.append(path)
        return
    result.present.add(row.id)
    result.failed_before += row.state == FAILED
    result.unchanged += row.state == HEARD
    if row.state == GONE:
        result.back += 1
        back.append(row.id)


def _is_done(row: Row, choice: Choice) -> bool:
    """Whether nothing is left to do with a file that did not change."""
    return not choice.retry if row.state == FAILED else row.answered


def _is_as_it_was(facts: Facts | None, row: Row) -> bool:
    return facts is not None and (facts.size, facts.mtime_ns) == (row.size, row.mtime_ns)
