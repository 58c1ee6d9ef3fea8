"""What of a track is certain enough to stand in its tags: one or two genres, a mood, and how sure they are."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

from earmark.label import Label, sorted_labels
from earmark.library.lexicon import SIDES
from earmark.library.tags.held import CONFIDENCE, FIELDS, GENRE, MOOD
from earmark.library.tags.spelling import Spelling
from earmark.mood import SURE, Mood
from earmark.track import NONE, Track

MIN_CONFIDENCE = 0.5
MOST_GENRES = 2
_CLOSE = 0.5  # a further genre is at least so probable, as a share of the first


@dataclass(frozen=True)
class Wish:
    """What is to be written.

    Attributes
    ----------
    fields:
        Which of `FIELDS`.
    min_confidence:
        How probable the first genre, and the mood, must be.
    most_genres:
        How many at most.
    spelling:
        What they are called.
    """

    fields: tuple[str, ...] = FIELDS
    min_confidence: float = MIN_CONFIDENCE
    most_genres: int = MOST_GENRES
    spelling: Spelling = dataclasses.field(default_factory=Spelling)


@dataclass(frozen=True)
class Told:
    """What is certain enough, as it is written: names with their probabilities by field; and why others are not."""

    labels: Mapping[str, tuple[Label, ...]]
    lacking: Mapping[str, str]

    def texts(self, field: str) -> tuple[str, ...]:
        """The names of a field; none where nothing is certain enough."""
        return tuple(label.name for label in self.labels.get(field, ()))

    def confidence(self, fields: tuple[str, ...], model: str, before: str) -> str:
        """How sure some fields are, such as "genre Rock 0.83, Pop 0.42; mood serene 0.71; earmark 6.0".

        What `before` says of other fields is kept.
        """
        parts = {part.split(" ")[0]: part for part in before.split("; ") if part.split(" ")[0] in (GENRE, MOOD)}
        for field in fields:
            if self.labels.get(field):
                names = ", ".join(f"{label.name} {label.probability:.2f}" for label in self.labels[field])
                parts[field] = f"{field} {names}"
        return "; ".join([*(parts[field] for field in (GENRE, MOOD) if field in parts), model])


def told_of(track: Track, wish: Wish) -> Told:
    """What of a track is to be written."""
    labels, lacking = dict[str, tuple[Label, ...]](), dict[str, str]()
    for field, tell in ((GENRE, _genres), (MOOD, _moods)):
        found = tell(track, wish)
        if isinstance(found, str):
            lacking[field] = found
        else:
            labels[field] = found
    asked = (GENRE, MOOD) if wish.fields == (CONFIDENCE,) else wish.fields
    return Told(labels, {field: why for field, why in lacking.items() if field in asked})


def _genres(track: Track, wish: Wish) -> tuple[Label, ...] | str:
    """The genres by their names in tags, or why there are none."""
    if track.cannot_tell:
        return "earmark cannot tell the genre"
    if track.none_of_these:
        return "it is none of the genres that earmark knows"
    sums: dict[str, float] = {}
    possible = set()
    for label in track.genres:
        name = wish.spelling.genre(label.name)
        sums[name] = sums.get(name, 0.0) + label.probability
        possible |= {name} if label.name in track.genre_set and label.name != NONE else set()
    forbidden = sums.pop("", 0.0)
    ranked = [label for label in sorted_labels(sums) if label.name in possible]
    if not ranked or ranked[0].probability < wish.min_confidence:
        likely = f"{ranked[0].name} {ranked[0].probability:.2f}" if ranked else "what is likely is forbidden by the map"
        return f"no genre is certain enough ({likely})"
    if forbidden > ranked[0].probability:
        return "its genre is forbidden by the map"
    first = ranked[0].probability
    return tuple(label for label in ranked if label.probability >= _CLOSE * first)[: wish.most_genres]


def _moods(track: Track, wish: Wish) -> tuple[Label, ...] | str:
    """The quadrant by its name in tags, or the side of the plane that is sure, or why there is none."""
    if track.mood is None:
        return "the network tells no mood"
    for name, probability in _candidates(track.mood, wish.min_confidence):
        spelt = wish.spelling.mood(name)
        return (Label(spelt, probability),) if spelt else "its mood is forbidden by the map"
    return "no mood is certain enough"


def _candidates(mood: Mood, least: float) -> list[tuple[str, float]]:
    quadrant = mood.quadrant
    single = [(quadrant, mood.probability((quadrant,)))] if quadrant else []
    sides = [(name, mood.probability(quadrants)) for name, quadrants in SIDES.items()]
    found = [each for each in single if each[1] >= least]
    return found or [each for each in sides if each[1] >= max(SURE, least)][:1]
