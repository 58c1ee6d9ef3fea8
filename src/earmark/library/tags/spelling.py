"""What genres and moods are called in tags: the customary spelling, and what a user's own map makes of it.

A map is TOML. All names on its left, and in its lists, are those that the network tells, in any case:

    [merge]                      # told together, their probabilities are summed
    "Rock" = ["rock", "metal"]
    [rename]
    hiphop = "Rap"
    [forbid]                     # never written
    genres = ["world", "pop"]
    moods = ["tense"]
    [moods]
    melancholic = "Melancholy"
    [case]                       # of what has no name of yours: "title", "lower", "upper" or "sentence"
    genres = "lower"
    moods = "title"
"""

import difflib
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from earmark.errors import TagError
from earmark.files import shown
from earmark.library.lexicon import SIDES
from earmark.mood import QUADRANTS

MERGE, RENAME, FORBID, MOODS, CASE = TABLES = ("merge", "rename", "forbid", "moods", "case")
CUSTOMARY = {
    "hiphop": "Hip-Hop",
    "rnb": "R&B",
    "r&b": "R&B",
    "edm": "EDM",
    "drum and bass": "Drum and Bass",
    "rock and roll": "Rock and Roll",
    "singer-songwriter": "Singer-Songwriter",
}
_CASES: Mapping[str, Callable[[str], str]] = {
    "title": lambda name: " ".join(word[:1].upper() + word[1:] for word in name.split(" ")),
    "lower": str.lower,
    "upper": str.upper,
    "sentence": lambda name: name[:1].upper() + name[1:],
}
_NOT_IN_NAMES = ";\0\r\n"  # part several texts where a kind of tags has room for one
_HINT = "See the section on maps in docs/tags.md."


@dataclass(frozen=True)
class Spelling:
    """How names are written.

    Attributes
    ----------
    merged:
        {genre: what it is written as, with others}.
    renamed, moods:
        {genre or mood: what it is written as}.
    forbidden:
        Genres and moods that are never written.
    genre_case, mood_case:
        One of the cases, for what has no name; empty for the customary spelling, of moods as they are told.
    """

    merged: Mapping[str, str] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)
    moods: Mapping[str, str] = field(default_factory=dict)
    forbidden: frozenset[str] = frozenset()
    genre_case: str = ""
    mood_case: str = ""

    def genre(self, name: str) -> str:
        """What a genre is written as; empty where it must not be."""
        if name in self.forbidden:
            return ""
        own = self.merged.get(name) or self.renamed.get(name)
        if own:
            return own
        if self.genre_case:
            return _CASES[self.genre_case](CUSTOMARY.get(name, name))
        return CUSTOMARY.get(name) or _CASES["title"](name)

    def mood(self, name: str) -> str:
        """What a mood is written as; empty where it must not be."""
        if name in self.forbidden:
            return ""
        return self.moods.get(name) or (_CASES[self.mood_case](name) if self.mood_case else name)


def read_map(file: Path, genres: Iterable[str]) -> Spelling:
    """The spelling of a map, for a network that tells these genres; TagError where it is none."""
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise TagError(f"{shown(file)} cannot be read ({error.strerror}).", hint="Name a map of genres.") from error
    except ValueError as error:  # of TOML and of UTF-8 alike
        raise TagError(f"{shown(file)} is no TOML ({error}).", hint=_HINT) from error
    return _Map(file, values, tuple(genres)).spelling()


class _Map:
    """A map that is read, and complains by its name."""

    def __init__(self, file: Path, values: Mapping[str, Any], genres: tuple[str, ...]) -> None:
        self._file = file
        self._values = values
        self._genres = {genre.casefold(): genre for genre in genres}
        self._moods = {mood: mood for mood in (*QUADRANTS, *SIDES)}

    def spelling(self) -> Spelling:
        for name, table in self._values.items():
            if name not in TABLES or not isinstance(table, dict):
                raise self._wrong(f"'{name}' is none of the tables {', '.join(TABLES)}")
        pairs = [
            (genre, self._text(MERGE, target, target))
            for target, names in self._table(MERGE)
            for genre in self._known(MERGE, names, self._genres)
        ]
        merged = dict(pairs)
        if len(merged) < len(pairs):
            raise self._wrong(f"'{Counter(genre for genre, _ in pairs).most_common(1)[0][0]}' is merged twice")
        renamed = self._renamed(RENAME, self._genres)
        both = merged.keys() & renamed.keys()
        if both:
            raise self._wrong(f"'{min(both)}' is both merged and renamed")
        cases, forbidden = dict(self._table(CASE)), dict(self._table(FORBID))
        for table, keys in ((CASE, cases), (FORBID, forbidden)):
            if keys.keys() - {"genres", "moods"}:
                raise self._wrong(
                    f"[{table}] has 'genres' and 'moods', and no '{min(keys.keys() - {'genres', 'moods'})}'"
                )
        return Spelling(
            merged,
            renamed,
            self._renamed(MOODS, self._moods),
            frozenset(
                [
                    *self._known(FORBID, forbidden.get("genres", []), self._genres),
                    *self._known(FORBID, forbidden.get("moods", []), self._moods),
                ]
            ),
            self._case(cases.get("genres", "")),
            self._case(cases.get("moods", "")),
        )

    def _table(self, name: str) -> Sequence[tuple[str, Any]]:
        return list(self._values.get(name, {}).items())

    def _renamed(self, table: str, names: Mapping[str, str]) -> dict[str, str]:
        return {self._known(table, [key], names)[0]: self._text(table, key, text) for key, text in self._table(table)}

    def _known(self, table: str, names: Any, known: Mapping[str, str]) -> list[str]:
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise self._wrong(f'[{table}] needs a list of names, such as ["rock", "pop"]')
        for name in names:
            if name.casefold() not in known:
                near = difflib.get_close_matches(name.casefold(), known, n=1)
                instead = f": did you mean '{known[near[0]]}'?" if near else f"; there are {', '.join(known.values())}"
                raise self._wrong(f"'{name}' in [{table}] is nothing that the network tells{instead}")
        return [known[name.casefold()] for name in names]

    def _text(self, table: str, key: str, text: Any) -> str:
        if not isinstance(text, str) or not text.strip() or set(text) & set(_NOT_IN_NAMES):
            raise self._wrong(f"'{key}' in [{table}] needs a name of one line, without a semicolon")
        return text.strip()

    def _case(self, case: Any) -> str:
        if case and case not in _CASES:
            raise self._wrong(f"[{CASE}] knows {', '.join(_CASES)}, and no '{case}'")
        return str(case)

    def _wrong(self, what: str) -> TagError:
        return TagError(f"{shown(self._file)}: {what.rstrip('.?')}{'?' if what.endswith('?') else '.'}", hint=_HINT)
