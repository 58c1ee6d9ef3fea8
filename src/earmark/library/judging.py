"""How well what is meant fits the entries of a collection: calibrated probabilities, 1 and 0 where it is certain.

Shares are (n,) float64 in the order of the entries, nan where a thing is not known of one. The year is the file's own,
from its tags; where these have none, a decade is what the network tells of it, if it tells decades. Terms are taken as
independent; of genres, and of the quadrants of mood, no two are true at once, so that "or" adds theirs.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from earmark.library.entry import Entry
from earmark.library.lexicon import SIDES, plain
from earmark.library.meanings import (
    FILE_GENRE,
    KIND,
    LENGTH,
    LOUDNESS,
    SHARES,
    TEMPO,
    YEAR,
    YOURS,
    Answer,
    Holds,
    Meaning,
    Part,
    Range,
)
from earmark.library.names import GENRES, MOODS, PLANE, TAGS, Names
from earmark.library.wishes import Term
from earmark.listen.linear import LinearHead

Shares = NDArray[np.float64]
_EXCLUSIVE = (GENRES, MOODS)
_TENTHS = 10  # what a part comes to is a number of one decimal
_TEXT_OF: Mapping[str, Callable[[Entry], str]] = {
    "artist": lambda entry: f"{entry.tags.get('artist') or ''} {entry.tags.get('albumartist') or ''}",
    "title": lambda entry: entry.title,
    "album": lambda entry: str(entry.tags.get("album") or ""),
    FILE_GENRE: lambda entry: str(entry.tags.get("genre") or ""),
    "path": lambda entry: entry.path,
    KIND: lambda entry: entry.kind,
}


class Rows(Protocol):
    """What is judged: a `Collection`, or a file that was heard alone."""

    @property
    def names(self) -> Names:
        """What the columns of `answers` are called."""

    @property
    def entries(self) -> Sequence[Entry]:
        """(n,) files."""

    @property
    def answers(self) -> NDArray[np.float32]:
        """(n, columns)."""

    @property
    def numbers(self) -> NDArray[np.float32]:
        """(n, numbers), what heads read."""

    @property
    def loudness_lufs(self) -> NDArray[np.float64]:
        """(n,) as in `Track`; nan where it is not known."""


class Judge:
    """Holds meanings against entries, each meaning once.

    Parameters
    ----------
    rows:
        The entries.
    words:
        The user's own words for the network that heard them.
    """

    def __init__(self, rows: Rows, words: Sequence[LinearHead] = ()) -> None:
        self._rows = rows
        self._words = {word.name: word for word in words}
        self._known: dict[Meaning, Shares] = {}

    def share(self, meaning: Meaning) -> Shares:
        """How probable a meaning is of each entry; KeyError where the network does not tell it."""
        if meaning not in self._known:
            self._known[meaning] = self._judged(meaning)
        return self._known[meaning]

    def any_of(self, meanings: Sequence[Meaning]) -> Shares:
        """How probable it is that one of some meanings is true."""
        if len(meanings) == 1:
            return self.share(meanings[0])
        none = np.ones(len(self._rows.entries))
        known = np.zeros(len(none), bool)
        for shares in self._apart(meanings):
            known |= np.isfinite(shares)
            none *= 1 - np.nan_to_num(shares)
        return np.where(known, 1 - none, np.nan)

    def fits(self, term: Term) -> Shares:
        """How well each entry fits a term, with its sign and weight; what is not wanted and not known fits."""
        shares = self.any_of(term.meanings)
        if not term.wanted:
            shares = 1 - np.nan_to_num(shares)
        return np.asarray(shares**term.times)

    def all_of(self, terms: Sequence[Term]) -> Shares:
        """How probable it is that each entry fits all of some terms, nan where one of them is not known of it.

        Moods that go together are one: what is dark and calm is melancholic.
        """
        quadrants, others = self._meeting(terms)
        shares = [self.fits(term) for term in others]
        if quadrants:
            shares.append(self._quadrants(quadrants))
        return np.asarray(np.prod(shares, axis=0))

    def _meeting(self, terms: Sequence[Term]) -> tuple[set[str], list[Term]]:
        """The quadrants that all terms of mood allow, and the other terms; none where moods exclude each other."""
        moods = [term for term in terms if term.times == 1 and all(_is_mood(each) for each in term.meanings)]
        allowed = set(self._rows.names.quadrants)
        for term in moods:
            named = {
                each for meaning in term.meanings if isinstance(meaning, Answer) for each in _quadrants_of(meaning)
            }
            allowed = allowed & named if term.wanted else allowed - named
        if len(moods) < 2 or not allowed:
            return set(), list(terms)
        return allowed, [term for term in terms if term not in moods]

    def settled(self, meaning: Meaning) -> Meaning:
        """A part of the collection as the range that it comes to, of all that is known; other meanings as they are."""
        if not isinstance(meaning, Part):
            return meaning
        values = self.values(meaning.of)
        known = values[np.isfinite(values)]
        if not len(known):
            return Range(meaning.of, part=meaning)
        share = SHARES[meaning.share]
        if meaning.most:
            low = math.floor(_TENTHS * np.quantile(known, 1 - share)) / _TENTHS
            return Range(meaning.of, low=low, part=meaning)
        return Range(meaning.of, high=math.ceil(_TENTHS * np.quantile(known, share)) / _TENTHS, part=meaning)

    @cached_property
    def years(self) -> Shares:
        """The year in each file's tags; nan where there is none."""
        return np.array([year_of(entry.tags) for entry in self._rows.entries], np.float64)

    @cached_property
    def lengths_s(self) -> Shares:
        """The length of each."""
        return np.array([entry.duration_s for entry in self._rows.entries], np.float64)

    @cached_property
    def tempos(self) -> Shares:
        """The beats a minute in each file's tags; nan where there are none."""
        return np.array([_number(entry.tags.get("bpm")) for entry in self._rows.entries], np.float64)

    def _judged(self, meaning: Meaning) -> Shares:
        if isinstance(meaning, Answer):
            return self._answer(meaning)
        if isinstance(meaning, Part):
            return self.share(self.settled(meaning))
        if isinstance(meaning, Range):
            return self._range(meaning)
        text_of = _TEXT_OF[meaning.of]
        return np.array([float(_holds(meaning, text_of(entry))) for entry in self._rows.entries], np.float64)

    def _answer(self, meaning: Answer) -> Shares:
        if meaning.group == YOURS:
            word = self._words[meaning.name]
            return np.asarray(word.probabilities(word.layer.scores(self._rows.numbers))[:, 0], np.float64)
        if meaning.group == MOODS:
            return self._quadrants({*_quadrants_of(meaning)})
        return self._column(meaning.group, meaning.name)

    def _quadrants(self, names: set[str]) -> Shares:
        columns = [self._column(MOODS, name) for name in sorted(names)]
        return np.asarray(np.clip(np.sum(columns, axis=0), 0, 1))

    def _range(self, meaning: Range) -> Shares:
        values = self.values(meaning.of)
        inside = np.where(np.isfinite(values), (values >= meaning.low) & (values <= meaning.high), np.nan)
        if meaning.tag:
            return np.where(np.isnan(inside), self._column(TAGS, meaning.tag), inside)
        return np.asarray(inside, np.float64)

    def values(self, of: str) -> Shares:
        """A number of each entry, by its name in `meanings.NUMBERS`; nan where it is not known."""
        if of == LOUDNESS:
            return np.asarray(self._rows.loudness_lufs, np.float64)
        if of in (YEAR, LENGTH, TEMPO):
            return {YEAR: lambda: self.years, LENGTH: lambda: self.lengths_s, TEMPO: lambda: self.tempos}[of]()
        return self._column(PLANE, of)

    def _column(self, group: str, name: str) -> Shares:
        return np.asarray(self._rows.answers[:, self._rows.names.place(group, name)], np.float64)

    def _apart(self, meanings: Sequence[Meaning]) -> list[Shares]:
        """Shares of meanings that may be true together: those that may not are one."""
        together: list[Shares] = []
        for group in _EXCLUSIVE:
            inside = [each for each in meanings if isinstance(each, Answer) and each.group == group]
            if inside and group == MOODS:
                together.append(self._quadrants({quadrant for each in inside for quadrant in _quadrants_of(each)}))
            elif inside:
                together.append(np.clip(np.sum([self._column(group, each.name) for each in inside], axis=0), 0, 1))
        others = (each for each in meanings if not (isinstance(each, Answer) and each.group in _EXCLUSIVE))
        return [*together, *map(self.share, others)]


def _is_mood(meaning: Meaning) -> bool:
    return isinstance(meaning, Answer) and meaning.group == MOODS


def _quadrants_of(meaning: Answer) -> tuple[str, ...]:
    return tuple(SIDES.get(meaning.name, (meaning.name,)))


def year_of(tags: Mapping[str, Any]) -> float:
    """The year in the tags of a file: the first four digits in a row that may be one; nan where there are none."""
    match = re.search(r"(?<!\d)(1[89]|20)\d\d(?!\d)", str(tags.get("year") or ""))
    return float(match[0]) if match else np.nan


def holds(pattern: str, text: str) -> bool:
    """Whether a text has a pattern in it, whatever its capitals, accents and signs; with * or ? the pattern is all."""
    if "*" in pattern or "?" in pattern:
        return fnmatchcase(text.casefold(), pattern.casefold())
    wanted = plain(pattern)
    return wanted in plain(text) if wanted else pattern.casefold() in text.casefold()


def _holds(meaning: Holds, text: str) -> bool:
    if meaning.of == KIND:
        return text == meaning.text.casefold()
    if meaning.of == "path" and not set("*?") & set(meaning.text):
        return meaning.text.casefold() in text.casefold()
    return holds(meaning.text, text)


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return np.nan
