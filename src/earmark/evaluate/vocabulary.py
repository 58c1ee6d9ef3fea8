"""The words that a listener has for music: `words.toml`, read and checked.

A word has a group, outputs of networks by which it is heard, and labels of people by which it can be judged. An output
is named by where it was learned from and what it is called there: ("audioset", "Saxophone").
"""

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from earmark.errors import DataError
from earmark.listen.heads import GROUPS

FILE = Path(__file__).with_name("words.toml")
STYLES = "styles"  # the source of the outputs of the head of this name
PEOPLE = "people"
LEFT_OUT = "left_out"


class Output(NamedTuple):
    """An output of a network: its source (the stem of a teacher's file, or `STYLES`), and its name there."""

    source: str
    name: str


class Label(NamedTuple):
    """A label that people gave clips: the set, its column, and the label."""

    dataset: str
    column: str
    name: str


@dataclass(frozen=True)
class Word:
    """A word: its name, its group (one of `GROUPS`, or empty), what it is heard by, and what people call it."""

    name: str
    group: str
    heard_by: tuple[Output, ...]
    people: tuple[Label, ...] = ()


@dataclass(frozen=True)
class Vocabulary:
    """All words, and the outputs that are none."""

    words: tuple[Word, ...]
    left_out: frozenset[Output]

    @classmethod
    def load(cls, file: Path = FILE) -> "Vocabulary":
        """Read such a file; raises DataError, which names what is wrong."""
        try:
            groups = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as reason:
            raise DataError(f"The vocabulary {file} cannot be read: {reason}.") from reason
        unknown = set(groups) - {*GROUPS, LEFT_OUT}
        if unknown:
            raise DataError(f"{file} has a group '{min(unknown)}'; there are {', '.join(GROUPS)}.")
        words = tuple(
            _word(name, group, parts, file) for group in GROUPS for name, parts in groups.get(group, {}).items()
        )
        left_out = frozenset(_outputs(groups.get(LEFT_OUT, {})))
        _refuse_twice([word.name for word in words], "the word", file)
        outputs = [output for word in words for output in word.heard_by]
        _refuse_twice([f"{source}: {name}" for source, name in [*outputs, *left_out]], "the output", file)
        return cls(words, left_out)

    def heard_by(self, outputs: Sequence[Output]) -> tuple[Word, ...]:
        """The words of a network with these outputs, each by those of its outputs that the network has.

        An output that is not in the vocabulary is a word of its own, of no group.
        """
        has = set(outputs)
        words = [
            Word(word.name, word.group, tuple(output for output in word.heard_by if output in has), word.people)
            for word in self.words
        ]
        known = self.left_out.union(*(word.heard_by for word in self.words))
        taken = {word.name for word in words if word.heard_by}
        own = [
            Word(output.name if output.name not in taken else f"{output.source}: {output.name}", "", (output,))
            for output in outputs
            if output not in known
        ]
        return tuple(word for word in [*words, *own] if word.heard_by)


def _word(name: str, group: str, parts: Mapping[str, Any], file: Path) -> Word:
    outputs = {source: names for source, names in parts.items() if source != PEOPLE}
    heard_by = tuple(_outputs(outputs))
    if not heard_by:
        raise DataError(f"{file}: nothing is heard by which '{name}' could be told.")
    return Word(name, group, heard_by, tuple(_label(text, file) for text in parts.get(PEOPLE, ())))


def _outputs(names_of: Mapping[str, Sequence[str]]) -> Iterable[Output]:
    return (Output(source, name) for source, names in names_of.items() for name in names)


def _label(text: str, file: Path) -> Label:
    place, _, name = text.partition(": ")
    dataset, _, column = place.partition(" ")
    if not (dataset and column and name):
        raise DataError(f"{file}: '{text}' is no label of people.", hint='Write "SET COLUMN: LABEL".')
    return Label(dataset, column, name)


def _refuse_twice(names: Sequence[str], what: str, file: Path) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DataError(f"{file} has {what} '{twice[0]}' twice.")
