"""Rules of what never comes into a playlist, a line each: "title ~ christmas", "genre classical > 0.5", "under 1 min".

They are read when a list is made, so that they may be written and changed long after indexing. A user's own stand in
`never.rules` in the user's data folder, or in what `EARMARK_NEVER` names.
"""

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import WishError
from earmark.files import shown
from earmark.library.entry import KINDS
from earmark.library.judging import Judge
from earmark.library.lexicon import Lexicon
from earmark.library.meanings import KIND, TEXTS, Holds, Meaning
from earmark.library.quantities import quantity_at
from earmark.library.wishes import meaning_of_field

NEVER_VARIABLE = "EARMARK_NEVER"
MOSTLY = 0.5  # what is more probable than that is it, where a rule names no number
_HINT = (
    'Write for example: title ~ christmas; genre classical > 0.5; tag speech; mood tense > 0.8; shorter than 1 min; '
    "kind spoken; path ~ /Audiobooks/ and longer than 20 min."
)  # fmt: skip
_FILE_HINT = "Mend that line, or name another file; docs/collection.md says how rules are written."
_AND = re.compile(r"\s+and\s+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)", re.IGNORECASE)  # outside of quotes
_REMARK = re.compile(r"\s#\s.*$")
_NEVER = re.compile(r"^(?:never|no)\s+(?!longer|shorter|more|less)", re.IGNORECASE)
_TEXT = re.compile(r"([A-Za-z][A-Za-z-]*)\s*(?:~|=)\s*(.+)$")
_OVER = re.compile(r"(.+?)\s*(>=?|<=?|≥|≤)\s*(\d*\.?\d+)(\s*%)?$")
_NAMED = re.compile(r"([A-Za-z][\w-]*)[\s:]+(.+)$")
_NUMBER_OF = re.compile(r"^(?:year|length)\s*(?=[<>≤≥])|^(?:year|length)\s+(?=\S)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Condition:
    """A meaning, and from which probability on it is true, or `below` which."""

    meaning: Meaning
    level: float = MOSTLY
    below: bool = False

    def holds(self, judge: Judge) -> NDArray[np.bool_]:
        """(n,) of which entries it is true; what is not known of one is not true of it."""
        shares = judge.share(self.meaning)
        met = shares <= self.level if self.below else shares >= self.level
        return np.asarray(met & np.isfinite(shares))


@dataclass(frozen=True, slots=True)
class Rule:
    """An entry of which all conditions are true never comes into a list; `text` is as it was written."""

    text: str
    conditions: tuple[Condition, ...]

    def bans(self, judge: Judge) -> NDArray[np.bool_]:
        """(n,) which entries it keeps out."""
        return np.asarray(np.logical_and.reduce([each.holds(judge) for each in self.conditions]))


def never_file() -> Path:
    """Where a user's own rules are, whether the file is there or not."""
    named = os.environ.get(NEVER_VARIABLE)
    if named:
        return Path(named)
    import platformdirs

    return platformdirs.user_data_path("earmark", appauthor=False) / "never.rules"


def read_rules(named: Sequence[str], lexicon: Lexicon, *, folder: Path | None = None) -> tuple[Rule, ...]:
    """The user's own rules, if there are any, and those that are named: files of rules, and rules themselves.

    Relative paths begin at `folder`, by default the current one.

    Raises WishError where one is no rule, with its file and line.
    """
    mine = never_file()
    rules = list(_in_file(mine, lexicon)) if mine.is_file() else []
    for text in named:
        path = (folder or Path()) / text
        if _is_file(path):
            rules += _in_file(path, lexicon)
        else:
            rules.append(read_rule(text, lexicon))
    return tuple(rules)


def read_rule(text: str, lexicon: Lexicon) -> Rule:
    """One rule; WishError where it is none."""
    bare = _NEVER.sub("", text.strip())
    if not bare:
        raise WishError("An empty rule keeps nothing out.", hint=_HINT)
    return Rule(text.strip(), tuple(_condition(part.strip(), text.strip(), lexicon) for part in _AND.split(bare)))


def _in_file(file: Path, lexicon: Lexicon) -> list[Rule]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise WishError(f"{shown(file)} cannot be read ({error.strerror}).", hint="Name a file of rules.") from error
    except UnicodeDecodeError as error:
        raise WishError(f"{shown(file)} is no text of rules.", hint="Name a file with a rule a line.") from error
    rules = []
    for number, line in enumerate(lines, start=1):
        bare = "" if line.lstrip().startswith("#") else _REMARK.sub("", line).strip()
        if bare:
            try:
                rules.append(read_rule(bare, lexicon))
            except WishError as error:
                raise WishError(f"{shown(file)}, line {number}: {error.sentence}", hint=_FILE_HINT) from error
    return rules


def _condition(part: str, rule: str, lexicon: Lexicon) -> Condition:
    quantity = _NUMBER_OF.sub("", part)
    found = quantity_at(quantity, 0)
    if found is not None and found[0] == len(quantity):
        return Condition(lexicon.ranged(found[1]))
    text = _TEXT.match(part)
    if text and text[1].lower() in TEXTS:
        return Condition(_holds(text[1].lower(), text[2].strip().strip('"'), rule))
    over = _OVER.match(part)
    name, level, below = part, MOSTLY, False
    if over:
        name, level, below = over[1].strip(), float(over[3]) / (100 if over[4] else 1), over[2][0] in "<≤"
        if level > 1:
            raise WishError(f"'{part}' asks for a probability of {level:g}, and 1 is the most.", hint=_HINT)
    return Condition(_meaning(name, rule, lexicon), level, below)


def _holds(field: str, text: str, rule: str) -> Holds:
    if not text:
        raise WishError(f"'{rule}' names no text.", hint=_HINT)
    if field == KIND and text.lower() not in KINDS:
        raise WishError(f"'{text}' in '{rule}' is no kind; there are {', '.join(KINDS)}.", hint=_HINT)
    return Holds(field, text)


def _meaning(name: str, rule: str, lexicon: Lexicon) -> Meaning:
    named = _NAMED.match(name)
    if named and named[1].lower() == KIND:
        return _holds(KIND, named[2], rule)
    meaning: Meaning | None = None
    if named and named[1].lower() not in TEXTS:
        meaning = meaning_of_field(named[1].lower(), named[2].strip('"'), lexicon)
    if meaning is None:
        meaning = lexicon.meaning(name.strip('"'))
    if meaning is None:
        raise _no_rule(name, named[2] if named else name, rule, lexicon)
    return meaning


def _no_rule(name: str, last: str, rule: str, lexicon: Lexicon) -> WishError:
    near = lexicon.near(name) or lexicon.near(last)
    if near is not None:
        said = f"'{rule}' is no rule: earmark does not tell {near.what}."
        return WishError(said, hint=f"Write for example: title ~ {last}. {_HINT}")
    alike = lexicon.suggestions(last)
    meant = f"Did you mean {' or '.join(alike)}? " if alike else ""
    return WishError(f"'{name}' in '{rule}' is nothing that is told.", hint=meant + _HINT)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False
