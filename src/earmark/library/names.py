"""What the columns of a collection's answers are called, in groups: genres, tags, mood, and what further heads tell."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from earmark.listen.linear import MOOD, SHARES, SINGLE, mood_numbers
from earmark.mood import QUADRANTS
from earmark.track import NONE, Track

if TYPE_CHECKING:  # who only reads a collection need not load what hears
    from earmark.listen.bundle import Bundle

GENRES, TAGS, PLANE, MOODS, EMOTIONS = OWN = ("genres", "tags", "plane", "quadrants", "emotions")
HEAD_PREFIX = "head:"  # of a head that is called like another group


@dataclass(frozen=True)
class Names:
    """The columns of `answers`, in their order.

    Attributes
    ----------
    groups:
        The names of each group. `OWN` are always there, empty where the bundle does not tell: genres, with
        `track.NONE` last where that is told, tags, plane (valence and arousal), quadrants and emotions. Behind them
        stand the further heads of the bundle under their own names, such as "voice".
    tag_groups:
        The group of each tag, such as "instrument", in the order of the tags; empty where tags have none.
    """

    groups: Mapping[str, tuple[str, ...]]
    tag_groups: tuple[str, ...] = ()

    @property
    def genres(self) -> tuple[str, ...]:
        """The genres, with `track.NONE` last where that is told."""
        return self.groups[GENRES]

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags of the bundle."""
        return self.groups[TAGS]

    @property
    def quadrants(self) -> tuple[str, ...]:
        """The quadrants of mood."""
        return self.groups[MOODS]

    @property
    def emotions(self) -> tuple[str, ...]:
        """What listeners may feel."""
        return self.groups[EMOTIONS]

    @property
    def heads(self) -> dict[str, tuple[str, ...]]:
        """The labels of each further head."""
        return {group: labels for group, labels in self.groups.items() if group not in OWN}

    @property
    def count(self) -> int:
        """How many columns there are."""
        return len(self._places)

    def place(self, group: str, name: str) -> int:
        """The column of a name; KeyError where there is none."""
        return self._places[group, name]

    def columns(self, group: str) -> slice:
        """The columns of a group; KeyError where there is none."""
        labels = self.groups[group]
        first = self._places[group, labels[0]] if labels else 0
        return slice(first, first + len(labels))

    @cached_property
    def _places(self) -> dict[tuple[str, str], int]:
        return {
            key: place
            for place, key in enumerate((group, name) for group in self.groups for name in self.groups[group])
        }

    def answers(self, track: Track) -> NDArray[np.float32]:
        """What a track says, (columns,) float32: probabilities, shares, valence and arousal; nan where not told."""
        row = np.full(self.count, np.nan, np.float32)
        for key, value in _told(track, self.heads):
            if key in self._places:
                row[self._places[key]] = value
        return row

    def to_json(self) -> str:
        """As the database has them."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote."""
        return cls.from_dict(json.loads(text))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"groups": {name: list(labels) for name, labels in self.groups.items()}, "tag_groups": self.tag_groups}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """What `to_dict` wrote."""
        groups = {str(name): tuple(map(str, labels)) for name, labels in values["groups"].items()}
        return cls({**dict.fromkeys(OWN, ()), **groups}, tuple(values["tag_groups"]))


def names_of(bundle: "Bundle") -> Names:
    """What a bundle tells of a track."""
    info, moods = bundle.info, [head for head in bundle.heads if head.role == MOOD]

    def labels(kind: str) -> tuple[str, ...]:
        return next((head.labels for head in moods if head.kind == kind), ())

    quadrants = labels(SINGLE)
    own = {
        GENRES: (*info.labels, *([NONE] if info.outside else [])),
        TAGS: info.tags.names if info.tags else (),
        PLANE: mood_numbers(moods),
        MOODS: tuple(name for name in QUADRANTS if name in quadrants),
        EMOTIONS: labels(SHARES),
    }
    further = {_free(head.name): head.labels for head in bundle.heads if not head.role}
    grouped = info.tags is not None and info.tags.grouped
    return Names({**own, **further}, tuple(tag.group for tag in info.tags.each) if info.tags and grouped else ())


def _free(head: str) -> str:
    return HEAD_PREFIX + head if head in OWN else head


def _told(track: Track, heads: Mapping[str, tuple[str, ...]]) -> "list[tuple[tuple[str, str], float]]":
    told = [((GENRES, label.name), label.probability) for label in track.answers]
    told += [((TAGS, label.name), label.probability) for label in track.tags]
    if track.mood is not None:
        told += [((PLANE, name), each.value) for name in ("valence", "arousal") if (each := getattr(track.mood, name))]
        told += [((MOODS, label.name), label.probability) for label in track.mood.quadrants]
        told += [((EMOTIONS, label.name), label.probability) for label in track.mood.emotions]
    for head in track.heads:
        told += [((_free(head.name), label.name), label.probability) for label in head.labels]
        told += [((_free(head.name), name), number.value) for name, number in head.numbers.items()]
    return [each for each in told if each[0][0] in OWN or each[0][0] in heads]
