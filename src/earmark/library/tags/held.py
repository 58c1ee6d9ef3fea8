"""What a file's tags hold, and what every kind of tags can do: tell its fields, and how they are edited.

A field is a genre, a mood, or how sure earmark is of both, each as texts, mostly one. Whatever else stands in tags is
known here by a name and its bytes, to be held against what stands there afterwards.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO, Protocol

from earmark.errors import TagError
from earmark.library.tags.edits import Edit

GENRE, MOOD, CONFIDENCE = FIELDS = ("genre", "mood", "confidence")
OWN = "EARMARK"  # what the field of the confidence is called in all kinds of tags that have names
JOINER = "; "  # of several texts where a kind of tags has room for one
Values = Mapping[str, tuple[str, ...]]


class Tags(Protocol):
    """The tags of a file.

    `fields` has those that are there and not blank, `places` what each is called, `others` name and bytes of all else.
    """

    @property
    def fields(self) -> Values:
        """The texts of each field that is there."""

    @property
    def places(self) -> Mapping[str, str]:
        """Where each field stands, or would stand, such as "TCON of ID3v2.4"."""

    @property
    def others(self) -> tuple[tuple[str, bytes], ...]:
        """All other fields, pictures among them."""

    def edits(self, new: Values) -> list[Edit]:
        """What makes the fields that are named hold these texts; TagError where that cannot be."""


class Source:
    """The bytes of a file by their place.

    Parameters
    ----------
    file:
        An open file.
    name:
        What messages call it.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file = file
        self.name = name
        self.size_bytes = file.seek(0, os.SEEK_END)

    def at(self, place: int, size_bytes: int) -> bytes:
        """Bytes from a place on, all of them; TagError where the file ends before."""
        found = self.some(place, size_bytes)
        if len(found) < size_bytes:
            raise self.damaged("they end too early")
        return found

    def some(self, place: int, size_bytes: int) -> bytes:
        """Bytes from a place on, fewer at the end of the file."""
        self._file.seek(max(place, 0))
        return self._file.read(max(size_bytes, 0))

    def damaged(self, why: str) -> TagError:
        """The error where tags are not as their format says."""
        return TagError(f"The tags of {self.name} are not understood ({why}): it was left as it is.")


@dataclass(frozen=True)
class Plain:
    """Fields, places and others as plain values, for kinds of tags that know them at once."""

    fields: Values
    places: Mapping[str, str] = field(default_factory=dict)
    others: tuple[tuple[str, bytes], ...] = ()


def texts_of(values: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The fields that are not blank, each text stripped."""
    stripped = {name: tuple(text.strip() for text in texts if text.strip()) for name, texts in values.items()}
    return {name: texts for name, texts in stripped.items() if texts}
