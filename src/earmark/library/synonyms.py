"""Files of synonyms: phrases for what a network tells, for years, lengths and loudness, and for what is not told.

`synonyms.toml` beside this module is the one that ships, and says what a file may hold. A user's own is in the user's
data folder, or what `EARMARK_SYNONYMS` names; what it says of a phrase counts first.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from earmark.errors import WishError
from earmark.files import shown
from earmark.library.names import MOODS

SYNONYMS_VARIABLE = "EARMARK_SYNONYMS"
SHIPPED = Path(__file__).with_name("synonyms.toml")
RESERVED = ("years", "lengths", "loudness", "more", "near", "passed_over")
YEARS, LENGTHS, LOUDNESS, MORE, NEAR, PASSED_OVER = RESERVED
_GROUPS = {"moods": MOODS}  # tables that are called otherwise than their group
_HINT = "See the section on synonyms in docs/collection.md."


@dataclass(frozen=True, slots=True)
class Near:
    """Something that is not told: what, in words, and wishes that are nearest to it."""

    what: str
    tries: tuple[str, ...]


@dataclass(frozen=True)
class Synonyms:
    """What a file says.

    Attributes
    ----------
    source:
        The file, for messages.
    answers:
        Of each group (genres, tags, moods, emotions, or a head's name) the phrases of its answers, {answer: phrases}.
    years, lengths:
        Phrases of a range, {range: phrases}.
    loudness:
        Phrases of a part of the collection, {part: phrases}.
    more:
        Comparatives, {answer: phrases}; a "-" stands before an answer there is to be less of.
    near:
        What is not told, {phrase: Near}.
    passed_over:
        Words that ask for nothing.
    """

    source: Path
    answers: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    years: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lengths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    loudness: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    more: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    near: Mapping[str, Near] = field(default_factory=dict)
    passed_over: tuple[str, ...] = ()


def synonyms_file() -> Path:
    """Where a user's own synonyms are, whether the file is there or not."""
    named = os.environ.get(SYNONYMS_VARIABLE)
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_data_path("earmark", appauthor=False) / "synonyms.toml"


def read_synonyms(own: Path | None = None) -> tuple[Synonyms, ...]:
    """The files to ask, the first one first: the one that is named, else the user's own if there is one; then ours.

    Raises WishError where one is not there or is no such file.
    """
    mine = synonyms_file()
    first = [own] if own is not None else [mine] if mine.is_file() else []
    return tuple(_read(file) for file in [*first, SHIPPED])


def _read(file: Path) -> Synonyms:
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise WishError(f"{shown(file)} cannot be read ({error.strerror}).", hint="Name a file of synonyms.") from error
    except ValueError as error:  # of TOML and of UTF-8 alike
        raise WishError(f"{shown(file)} is no TOML ({error}).", hint=_HINT) from error
    tables = {name: _table(file, name, table) for name, table in values.items() if name not in (NEAR, PASSED_OVER)}
    return Synonyms(
        file,
        answers={_GROUPS.get(name, name): table for name, table in tables.items() if name not in RESERVED},
        years=tables.get(YEARS, {}),
        lengths=tables.get(LENGTHS, {}),
        loudness=tables.get(LOUDNESS, {}),
        more=tables.get(MORE, {}),
        near=_near(file, values.get(NEAR, {})),
        passed_over=_texts(file, PASSED_OVER, values.get(PASSED_OVER, {"words": []}), key="words"),
    )


def _table(file: Path, name: str, table: Any) -> dict[str, tuple[str, ...]]:
    if not isinstance(table, dict):
        raise WishError(f"{shown(file)}: '{name}' is no table.", hint=f"Write [{name}] on a line of its own. {_HINT}")
    return {answer: _texts(file, f"{name}.{answer}", {"": phrases}, key="") for answer, phrases in table.items()}


def _near(file: Path, table: Any) -> dict[str, Near]:
    if not isinstance(table, dict):
        raise WishError(f"{shown(file)}: '{NEAR}' is no table.", hint=_HINT)
    found = {}
    for what, value in table.items():
        tries = _texts(file, f"{NEAR}.{what}", value, key="try")
        found.update({phrase: Near(what, tries) for phrase in _texts(file, f"{NEAR}.{what}", value, key="words")})
    return found


def _texts(file: Path, place: str, table: Any, *, key: str) -> tuple[str, ...]:
    texts = table.get(key) if isinstance(table, dict) else None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        what = f"'{place}' has no list of texts" + (f" '{key}'" if key else "")
        raise WishError(f"{shown(file)}: {what}.", hint=_HINT)
    return tuple(texts)
