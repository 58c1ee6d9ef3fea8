"""Tracks in another order than that of their files, and in groups, by name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from earmark.sound.files import name_of
from earmark.track import CANNOT_TELL, NONE, Track


def genre_group(track: Track) -> str:
    """The track's most probable answer, or that none can be told."""
    return CANNOT_TELL if track.cannot_tell else track.answers[0].name


def _folder(track: Track) -> str:
    return name_of(Path(track.path).parent)


def _genres_first(group: str) -> tuple[bool, str]:
    """Genres by name, and what is no genre behind them."""
    return group in (NONE, CANNOT_TELL), group


def _probability(track: Track) -> float:
    """Of the most probable answer."""
    return track.answers[0].probability


# What to sort by, smallest first.
SORTS: Mapping[str, Callable[[Track], Any]] = {
    "path": lambda track: track.path.casefold(),
    "genre": lambda track: (*_genres_first(genre_group(track)), -_probability(track)),
    "length": lambda track: -track.duration_s,
    "probability": lambda track: -_probability(track),
}
# The name of a track's group, and what to sort the groups by.
GROUPS: Mapping[str, tuple[Callable[[Track], str], Callable[[str], Any]]] = {
    "genre": (genre_group, _genres_first),
    "folder": (_folder, str.casefold),
}
