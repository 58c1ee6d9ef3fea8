"""What would become of a file's tags, without writing any: which fields, from what to what, and why others stay."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from earmark.errors import EarmarkError, SoundError, TagError
from earmark.files import shown
from earmark.library.entry import Entry
from earmark.library.tags.formats import read_tags
from earmark.library.tags.held import CONFIDENCE, FIELDS, GENRE, MOOD, Tags, Values
from earmark.library.tags.told import Told, Wish
from earmark.sound.identity import sound_id


@dataclass(frozen=True, slots=True)
class Change:
    """A field that is to be written: which, where, and its texts before and after."""

    field: str
    place: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"field": self.field, "place": self.place, "before": list(self.before), "after": list(self.after)}


@dataclass(frozen=True)
class Plan:
    """What is to become of a file.

    Attributes
    ----------
    path:
        As the collection has it.
    changes:
        None where the file stays as it is.
    kept:
        Fields that hold something already, and stay.
    lacking:
        Fields of which nothing is certain enough, and why.
    refused:
        Why the file cannot be tagged at all, one sentence; empty where it can.
    left_out:
        What it is, where it is no song and was not looked at; empty otherwise.
    """

    path: str
    changes: tuple[Change, ...] = ()
    kept: tuple[str, ...] = ()
    lacking: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""
    left_out: str = ""

    @property
    def values(self) -> dict[str, tuple[str, ...]]:
        """The fields to write."""
        return {change.field: change.after for change in self.changes}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "path": self.path,
            "changes": [change.to_dict() for change in self.changes],
            "kept": list(self.kept),
            "lacking": dict(self.lacking),
            "refused": self.refused,
            "left_out": self.left_out,
        }


def planned(entry: Entry, told: Told, wish: Wish, *, overwrite: bool = False) -> Plan:
    """What is to become of a file of the collection; nothing is written.

    Whatever stands in the way is told in the plan.
    """
    try:
        with open_unchanged(entry) as file:
            tags = read_tags(file, shown(entry.path))
            fields, places = tags.fields, tags.places
    except EarmarkError as error:
        return Plan(entry.path, refused=str(error))
    values, kept = _values(fields, told, wish, entry.model, overwrite=overwrite)
    changes = tuple(Change(name, places[name], fields.get(name, ()), values[name]) for name in FIELDS if name in values)
    return Plan(entry.path, changes, kept, told.lacking)


def open_unchanged(entry: Entry) -> BinaryIO:
    """The file of an entry, open; TagError where its sound is another one than was heard, or it must not be changed."""
    name = shown(entry.path)
    try:
        facts = Path(entry.path).stat()
        if (facts.st_size, facts.st_mtime_ns) != (entry.size, entry.mtime_ns) and sound_id(
            entry.path
        ) != entry.sound_id:
            raise TagError(
                f"{name} holds another sound than was heard: it was left as it is.",
                hint="Hear it: earmark index FOLDER.",
            )
    except (OSError, SoundError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise TagError(f"{name} cannot be read ({reason}): it was left as it is.") from error
    if facts.st_nlink > 1:
        raise TagError(
            f"{name} is in {facts.st_nlink} folders at once (hard links), which writing would part: "
            "it was left as it is."
        )
    if not facts.st_mode & 0o222 or not os.access(entry.path, os.W_OK):
        raise TagError(f"{name} is read-only: it was left as it is.")
    return Path(entry.path).open("rb")


def _values(
    there: Values, told: Told, wish: Wish, model: str, *, overwrite: bool
) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The texts of each field to write, and the fields that hold something and stay."""
    values, kept = dict[str, tuple[str, ...]](), list[str]()
    sure = [name for name in (GENRE, MOOD) if told.texts(name)]
    for name in sure:
        if name not in wish.fields:
            continue
        if there.get(name) and not overwrite:
            kept.append(name)
        elif there.get(name) != told.texts(name):
            values[name] = told.texts(name)
    if CONFIDENCE in wish.fields:
        alone = wish.fields == (CONFIDENCE,)
        of = sure if alone else [name for name in sure if name in (wish.fields if overwrite else values)]
        before = there.get(CONFIDENCE, ("",))[0]
        text = told.confidence(tuple(of), model, before)
        if of and text != before:
            values[CONFIDENCE] = (text,)
    return values, tuple(kept)


def what_was_lost(before: Tags, after: Tags, values: Values) -> str:
    """What is other than it should be in tags that were edited; empty where all is well."""
    for name, texts in ({**before.fields, **values}).items():
        if after.fields.get(name) != texts:
            return f"the {name} reads otherwise"
    old, new = Counter(before.others), Counter(after.others)
    if old - new:
        return f"{next(iter(old - new))[0]} reads otherwise"
    copied: frozenset[str] = getattr(before, "copied", frozenset())
    added = [name for name, _ in new - old if name not in copied]
    return f"{added[0]} was added" if added else ""
