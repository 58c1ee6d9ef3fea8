"""Filling a list again: what the listener kept stays in its order, what is gone is replaced, and never comes again.

A list remembers how it was made and all that it ever offered, that which it last held first. What it offered and does
no longer hold was thrown out; what it holds and did not offer the listener put in.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from earmark import __version__
from earmark.errors import WishError
from earmark.files import shown
from earmark.library.asks import Ask, Playlist
from earmark.library.playlist_files import Line, Listing

_LISTED, _ASK = "listed", "ask"


@dataclass(frozen=True)
class Refill:
    """What is to be done with a list.

    Attributes
    ----------
    ask:
        How it was made; None of a list that does not say.
    slots:
        What stays, in order, and None where something was: None of what `thrown` names or `gone` counts.
    thrown:
        Absolute paths of what was offered once and is no longer in the list.
    gone:
        How many of its files are no longer there.
    """

    ask: Ask | None
    slots: tuple[Line | None, ...]
    thrown: tuple[str, ...]
    gone: int


def refill_of(listing: Listing, file: Path | None, *, is_there: Callable[[str], bool]) -> Refill:
    """What stays of the list in a file, and what must not come again.

    `is_there` tells of a path whether its file is there. Without a file there is nothing that stays.
    """
    if file is None:
        return Refill(None, (), (), 0)
    made = listing.made
    listed = listing.offered[: _count(made.get(_LISTED), len(listing.offered))]
    held = {line.path for line in listing.lines}
    kept = [line for line in listing.lines if is_there(line.path)]
    there = {line.path for line in kept}
    return Refill(
        ask=_remembered(made[_ASK], file) if isinstance(made.get(_ASK), dict) else None,
        slots=tuple(_slots(listed or [line.path for line in listing.lines], kept, there)),
        thrown=tuple(path for path in listing.offered if path not in held),
        gone=len(listing.lines) - len(kept),
    )


def listing_of(playlist: Playlist, file: Path, *, name: str, thrown: tuple[str, ...] = ()) -> Listing:
    """A list as it is written to a file: with its memory, in which what was thrown out before stays.

    The folder in which relative paths begin is remembered from where the list is, so that both may move together.
    """
    lines = tuple(pick.line for pick in playlist.picks)
    paths = tuple(line.path for line in lines)
    ask = replace(playlist.ask, folder=_relative(playlist.ask.folder, file))
    made = {"by": f"earmark {__version__}", _LISTED: len(lines), _ASK: ask.to_dict()}
    return Listing(lines, name, made, (*paths, *(path for path in thrown if path not in paths)))


def not_told(file: Path) -> WishError:
    """What to say of a list that does not remember how it was made."""
    return WishError(
        f"{shown(file)} does not say how it was made: earmark did not write it, or a player left that out.",
        hint="Say what it is to be like, too, as for a new list, and where it goes with --out.",
    )


def _remembered(values: Mapping[str, Any], file: Path) -> Ask:
    ask = Ask.from_dict(values)
    return replace(ask, folder=os.path.normpath(Path(os.path.realpath(file)).parent / ask.folder))


def _relative(folder: str, file: Path) -> str:
    try:
        return os.path.relpath(folder, Path(os.path.realpath(file)).parent)
    except ValueError:  # on another drive
        return folder


def _slots(listed: list[str] | tuple[str, ...], kept: list[Line], there: set[str]) -> "list[Line | None]":
    """What stays, with room where something was: behind that which stood before it."""
    room: dict[str, int] = {}
    last = ""
    for path in listed:
        if path in there:
            last = path
        else:
            room[last] = room.get(last, 0) + 1
    slots: list[Line | None] = [None] * room.get("", 0)
    for line in kept:
        slots += [line, *[None] * room.pop(line.path, 0)]
    return slots


def _count(value: Any, most: int) -> int:
    return value if isinstance(value, int) and 0 <= value <= most else most
