"""What heads say of a track and its moments: tags of a user, further answers with their seconds, and the mood."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.label import Label, six_digits, sorted_labels
from earmark.listen.linear import MOOD, NUMBER, SHARES, SINGLE, YOURS, LinearHead, ranged
from earmark.listen.spans import TokenTags, spans_of, throughout
from earmark.mood import AROUSAL, QUADRANTS, SIDES, VALENCE, Mood, MoodMoment
from earmark.track import HeadAnswer, HeardTag

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Moments:
    """What heads read of a track's tokens that are not quiet, in order of time.

    `starts_s` (tokens,), the seconds of each, `vectors` (tokens, vector) float16, `weights` (tokens,): how much each
    counts in the track.
    """

    starts_s: Floats
    token_s: float
    vectors: NDArray[np.float16]
    weights: Floats


@dataclass(frozen=True, eq=False)
class Read:
    """What heads say of a track.

    `tags` are what they add to the fields of `Track` of these names: tags, heard_tags, heard. What they say of a name
    that a tag of the bundle has too stands in that tag's place, by `with_tags`.
    """

    answers: tuple[HeadAnswer, ...]
    mood: Mood | None
    tags: Mapping[str, tuple[Any, ...]]
    named: Mapping[str, Label]

    def with_tags(self, fields: Mapping[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
        """The fields of a track that tags fill, with what the heads add: one answer a name."""
        tags = [self.named.get(label.name, label) for label in fields.get("tags", ())]
        told = {
            "tags": sorted_labels({label.name: label.probability for label in [*tags, *self.tags["tags"]]}),
            "heard_tags": tuple(name for name in fields.get("heard_tags", ()) if name not in self.named),
            "heard": tuple(tag for tag in fields.get("heard", ()) if tag.name not in self.named),
        }
        return {"tags": told["tags"], **{name: told[name] + self.tags[name] for name in ("heard_tags", "heard")}}


def read_heads_of(
    heads: Sequence[LinearHead], numbers: NDArray[np.float32], moments: Moments, duration_s: float
) -> Read:
    """What heads say of a track.

    Parameters
    ----------
    heads:
        Of the network that made the numbers.
    numbers, moments:
        What it makes of the track, and of its tokens.
    duration_s:
        Of the track.
    """
    said = [_Said(head, head.answer(numbers), numbers, moments, duration_s) for head in heads]
    words = [each for each in said if each.head.role == YOURS]
    others = [each for each in said if not each.head.role]
    moods = {each.head.name: each for each in said if each.head.role == MOOD}
    labels = [label for each in [*others, *words] for label in each.answer.labels]
    return Read(
        named={label.name: label for label in labels},
        answers=tuple(each.answer for each in said if each.head.role != YOURS),
        mood=_mood(moods, moments, duration_s) if moods else None,
        tags={
            "tags": tuple(label for each in words for label in each.answer.labels),
            "heard_tags": tuple(name for each in words for name in each.answer.told),
            "heard": tuple(tag for each in [*others, *words] for tag in each.heard()),
        },
    )


@dataclass(frozen=True, eq=False)
class _Said:
    """A head, its answer for a track, and what it heard."""

    head: LinearHead
    answer: HeadAnswer
    numbers: NDArray[np.float32]
    moments: Moments
    duration_s: float

    def in_time(self) -> Floats:
        """(tokens, labels), smoothed over the neighbours of each."""
        scores = self.head.in_time(self.numbers, self.moments.vectors, self.moments.weights)
        return TokenTags(self.moments.starts_s, self.moments.token_s, scores, self.duration_s).smoothed()

    def heard(self) -> list[HeardTag]:
        """The labels that are told, with their seconds; nothing of numbers, and nothing where it cannot be told."""
        if self.head.kind == NUMBER or self.answer.cannot_tell:
            return []
        told = [label for label in self.answer.labels if label.name in self.answer.told]
        if self.head.kind == SINGLE:
            told = told[:1]
        if not told:
            return []
        shares, found = self.in_time(), []
        tokens = TokenTags(self.moments.starts_s, self.moments.token_s, shares, self.duration_s)
        for label in told:
            place = self.head.labels.index(label.name)
            spans = tuple(spans_of(tokens, shares[:, place], self._threshold(place)))
            group = YOURS if self.head.role == YOURS else self.head.name
            found.append(HeardTag(label.name, group, label.probability, spans, throughout(tokens, spans)))
        return found

    def _threshold(self, place: int) -> float:
        """From which probability on a moment is one of this label."""
        return self.head.told_from[place] if self.head.told_from else 0.5


def _mood(moods: Mapping[str, _Said], moments: Moments, duration_s: float) -> Mood:
    """What the heads of mood say, by their names: numbers of the plane, quadrants, shares of listeners.

    Where no head tells numbers, valence and arousal are what the quadrants say: the probability of one side less that
    of the other.
    """
    numbers: dict[str, Any] = {}
    lines: dict[str, Floats] = {}
    quadrants: tuple[Label, ...] = ()
    chosen: tuple[str, ...] = ()
    emotions: tuple[Label, ...] = ()
    named: tuple[str, ...] = ()
    for each in moods.values():
        if each.head.kind == NUMBER:
            numbers = dict(each.answer.numbers)
            in_time = each.in_time()
            lines = {name: in_time[:, place] for place, name in enumerate(each.head.labels)}
        elif each.head.kind == SINGLE and set(each.head.labels) == set(QUADRANTS):
            quadrants, chosen = each.answer.labels, each.answer.told
            if each.head.reach and not numbers:
                place = on_plane(each.head.labels, each.head.probabilities(each.head.layer.scores(each.numbers)))
                reach = each.head.reach
                numbers = {name: ranged(place[side], reach[side]) for side, name in enumerate((VALENCE, AROUSAL))}
                in_time = on_plane(each.head.labels, each.in_time())
                lines = {name: in_time[:, side] for side, name in enumerate((VALENCE, AROUSAL))}
        elif each.head.kind == SHARES:
            emotions, named = each.answer.labels, each.answer.told
    return Mood(
        valence=numbers.get(VALENCE),
        arousal=numbers.get(AROUSAL),
        quadrants=quadrants,
        quadrant_set=chosen,
        emotions=emotions,
        emotions_told=named,
        arc=_arc(lines, moments, duration_s) if {VALENCE, AROUSAL} <= lines.keys() else (),
    )


def on_plane(labels: Sequence[str], shares: NDArray[Any]) -> Floats:
    """(..., 2) valence and arousal, -1 to 1, of quadrants with these shares, (..., labels)."""
    return np.asarray(np.asarray(shares, np.float64) @ np.array([SIDES[label] for label in labels], np.float64))


def _arc(lines: Mapping[str, Floats], moments: Moments, duration_s: float) -> tuple[MoodMoment, ...]:
    ends_s = np.minimum(moments.starts_s + moments.token_s, duration_s)
    return tuple(
        MoodMoment(round(start_s, 3), round(end_s, 3), six_digits(valence), six_digits(arousal))
        for start_s, end_s, valence, arousal in zip(
            moments.starts_s.tolist(), ends_s.tolist(), lines[VALENCE].tolist(), lines[AROUSAL].tolist(), strict=True
        )
    )
