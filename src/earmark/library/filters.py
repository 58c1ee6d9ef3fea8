"""Which entries may be given at all: those that are of a genre or mood, or have a tag, more probably than not."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.errors import CollectionError, WishError
from earmark.library.judging import Judge
from earmark.library.lexicon import Lexicon
from earmark.library.meanings import OF_GROUP, YOURS, Answer
from earmark.library.names import GENRES, MOODS

LEAST = 0.5

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Filters:
    """What a match must be: one of the genres, one of the moods, and have all tags; what is empty asks for nothing."""

    genres: tuple[str, ...] = ()
    moods: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


def kept(filters: Filters, judge: Judge, lexicon: Lexicon, *, least: float = LEAST) -> Bools:
    """Which entries pass, (n,): what is asked for, which must be something, is at least so probable.

    Raises
    ------
    WishError
        The network does not tell a genre, mood or tag of that name.
    CollectionError
        No entry passes.
    """
    passed = [judge.any_of([_named(lexicon, GENRES, name) for name in filters.genres])] if filters.genres else []
    passed += [judge.any_of([_named(lexicon, MOODS, name) for name in filters.moods])] if filters.moods else []
    passed += [judge.share(_tag(lexicon, name)) for name in filters.tags]
    inside = np.logical_and.reduce([np.nan_to_num(shares) >= least for shares in passed])
    if not inside.any():
        said = ", ".join((*filters.genres, *filters.moods, *filters.tags))
        raise CollectionError(
            f"No track of the collection is {said} with a probability of {least:g} or more.",
            hint="Ask for less of it at once, or with a lower --min.",
        )
    return np.asarray(inside)


def _named(lexicon: Lexicon, group: str, name: str) -> Answer:
    found = lexicon.answer(group, name)
    if found is None:
        raise _unknown(OF_GROUP[group], name, lexicon.groups[group])
    return found


def _tag(lexicon: Lexicon, name: str) -> Answer:
    """A word of the user's, a tag of the bundle, or the answer of a further head."""
    groups = [YOURS, *(group for group in lexicon.groups if group not in (GENRES, MOODS))]
    for group in groups:
        found = lexicon.answer(group, name)
        if found is not None:
            return found
    raise _unknown("tag", name, lexicon.suggestions(name))


def _unknown(what: str, name: str, known: Sequence[str]) -> WishError:
    hint = f"There are: {', '.join(known)}." if known else "earmark listen --tags says which there are."
    return WishError(f"There is no {what} '{name}' that this network tells.", hint=hint)
