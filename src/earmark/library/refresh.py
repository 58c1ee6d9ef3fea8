"""Filling a list again: what the listener kept stays in its order, what is gone is replaced, and never comes again.

A list remembers how it was made and all that it ever offered, that which it last held first. What it offered and does
no longer hold was thrown out; what it holds and did not offer the listener put in.
"""

from collections.abc import Callable
from dataclasses import dataclass
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


def refill_of(listing: Listing, *, is_there: Callable[[str], bool]) -> Refill:
    """What stays of a list, and what must not come again; `is_there` tells of a path whether its file is there."""
    made = listing.made
    listed = listing.offered[: _count(made.get(_LISTED), len(listing.offered))]
    held = {line.path for line in listing.lines}
    kept = [line for line in listing.lines if is_there(line.path)]
    there = {line.path for line in kept}
    return Refill(
        ask=Ask.from_dict(made[_ASK]) if isinstance(made.get(_ASK), dict) else None,
        slots=tuple(_slots(listed or [line.path for line in listing.lines], kept, there)),
        thrown=tuple(path for path in listing.offered if path not in held),
        gone=len(listing.lines) - len(kept),
    )


def listing_of(playlist: Playlist, *, name: str, thrown: tuple[str, ...] = ()) -> Listing:
    """A list as it is written: with its memory, in which what was thrown out before stays."""
    lines = tuple(pick.line for pick in playlist.picks)
    paths = tuple(line.path for line in lines)
    made = {"by": f"earmark {__version__}", _LISTED: len(lines), _ASK: playlist.ask.to_dict()}
    return Listing(lines, name, made, (*paths, *(path for path in thrown if path not in paths)))


def asked(refill: Refill, file: Path) -> Ask:
    """How the list was made; WishError where it does not say."""
    if refill.ask is None:
        raise WishError(
            f"{shown(file)} does not say how it was made: earmark did not write it, or a player left that out.",
            hint="Say what it is to be like, too, as for a new list, and where it goes with --out.",
        )
    return refill.ask


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
