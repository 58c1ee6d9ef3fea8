"""Tracks in another order than that of their files, and in groups, by name."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from earmark.sound.files import name_of
from earmark.track import Track

NONE_OF_THESE = "none of these"
CANNOT_TELL = "cannot tell"


def genre_group(track: Track) -> str:
    """The track's most probable genre, or that it has none that could be told."""
    if track.none_of_these:
        return NONE_OF_THESE
    return CANNOT_TELL if track.cannot_tell else track.genre


def _folder(track: Track) -> str:
    return name_of(Path(track.path).parent)


def _genres_first(group: str) -> tuple[bool, str]:
    """Genres by name, and what is no genre behind them."""
    return group in (NONE_OF_THESE, CANNOT_TELL), group


def _probability(track: Track) -> float:
    """Of what is said first."""
    if track.none_of_these and track.outside is not None:
        return track.outside
    return track.genres[0].probability


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
