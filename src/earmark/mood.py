"""The mood of a track: valence and arousal, their quadrants, what listeners feel, and how it goes over time.

The plane of valence (dark to bright) and arousal (calm to lively) is Russell's (1980, doi 10.1037/h0077714); its four
quadrants have a word each.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from earmark.label import Label, Measured, labels_to_dict, sorted_labels

JOYFUL, TENSE, MELANCHOLIC, SERENE = "joyful", "tense", "melancholic", "serene"
QUADRANTS = (JOYFUL, TENSE, MELANCHOLIC, SERENE)  # from the first, bright and lively, against the clock
LIVELY, BRIGHT = (JOYFUL, TENSE), (JOYFUL, SERENE)
VALENCE, AROUSAL = "valence", "arousal"
SIDES = {JOYFUL: (1, 1), TENSE: (-1, 1), MELANCHOLIC: (-1, -1), SERENE: (1, -1)}  # of valence and arousal
SURE = 0.9  # from so probable on a side of the plane is told where no single quadrant is
CANNOT_TELL = "cannot tell the mood"


@dataclass(frozen=True, slots=True)
class MoodMoment:
    """Valence and arousal of some seconds, -1 to 1: a point of the track's arc."""

    start_s: float
    end_s: float
    valence: float
    arousal: float

    def to_dict(self) -> dict[str, float]:
        """Plain JSON values."""
        return {"start_s": self.start_s, "end_s": self.end_s, "valence": self.valence, "arousal": self.arousal}


@dataclass(frozen=True, slots=True)
class Mood:
    """The mood of a track; what a bundle does not tell is None or empty.

    Attributes
    ----------
    valence, arousal:
        Dark to bright and calm to lively, -1 to 1.
    quadrants:
        `QUADRANTS` with their probabilities, which sum to 1, the most probable first.
    quadrant_set:
        Those of the 90 % set, the most probable first; where it has more than two, the quadrant cannot be told.
    emotions:
        What listeners feel: the share of them that is expected to name each, the largest first.
    emotions_told:
        Those named by clearly more listeners than they are in other music.
    arc:
        A point for every moment of the track that is not quiet, in order of time.
    """

    valence: Measured | None = None
    arousal: Measured | None = None
    quadrants: tuple[Label, ...] = ()
    quadrant_set: tuple[str, ...] = ()
    emotions: tuple[Label, ...] = ()
    emotions_told: tuple[str, ...] = ()
    arc: tuple[MoodMoment, ...] = ()

    @property
    def quadrant(self) -> str | None:
        """The most probable quadrant; None where it cannot be told."""
        return self.quadrants[0].name if self.quadrants and len(self.quadrant_set) <= 2 else None

    def probability(self, names: tuple[str, ...]) -> float:
        """That it is one of these quadrants."""
        return sum(label.probability for label in self.quadrants if label.name in names)

    @property
    def words(self) -> str:
        """In a few words: "calm, melancholic 71 %", "lively; joyful 52 % or tense 41 %"; empty without quadrants."""
        if not self.quadrants:
            return ""
        told = [label for label in self.quadrants if label.name in self.quadrant_set]
        shares = " or ".join(f"{label.name} {100 * label.probability:.0f} %" for label in told)
        side = self._side({label.name for label in told})
        if len(told) == 1:
            return f"{side}, {shares}"
        if len(told) == 2:
            return f"{side}; {shares}" if side else shares
        if side := self._side(set()):
            halves = [name for name in QUADRANTS if name in _OF_SIDE[side]]
            return f"{side}; cannot tell whether {halves[0]} or {halves[1]}"
        return CANNOT_TELL

    def _side(self, names: set[str]) -> str:
        """The side of the plane on which all these quadrants lie; without any, one that is sure; else nothing."""
        for side, quadrants in _OF_SIDE.items():
            if names <= set(quadrants) if names else self.probability(quadrants) >= SURE:
                return side
        return ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, with the words."""
        return {
            "words": self.words,
            "valence": None if self.valence is None else self.valence.to_dict(),
            "arousal": None if self.arousal is None else self.arousal.to_dict(),
            "quadrant": self.quadrant,
            "quadrants": labels_to_dict(self.quadrants),
            "quadrant_set": list(self.quadrant_set),
            "emotions": labels_to_dict(self.emotions),
            "emotions_told": list(self.emotions_told),
            "arc": [moment.to_dict() for moment in self.arc],
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The mood that `to_dict` wrote; KeyError where a field is missing."""
        return cls(
            valence=None if values["valence"] is None else Measured(**values["valence"]),
            arousal=None if values["arousal"] is None else Measured(**values["arousal"]),
            quadrants=sorted_labels(values["quadrants"]),
            quadrant_set=tuple(values["quadrant_set"]),
            emotions=sorted_labels(values["emotions"]),
            emotions_told=tuple(values["emotions_told"]),
            arc=tuple(MoodMoment(**moment) for moment in values["arc"]),
        )


_OF_SIDE = {
    "lively": LIVELY,
    "calm": (MELANCHOLIC, SERENE),
    "bright": BRIGHT,
    "dark": (TENSE, MELANCHOLIC),
}
