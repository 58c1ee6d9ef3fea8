"""A track as attributes of a music manager: few plain values by name, for beets and what is like it.

What earmark tells stands under `earmark_...`; what is not told is not there. A few are also called as AcousticBrainz
called them, since lists of people ask for these names: those alone for which a head or tag stands that was measured.
https://acousticbrainz.readthedocs.io/data.html
"""

from collections.abc import Mapping

from earmark.library.entry import Entry
from earmark.library.lexicon import SIDES
from earmark.library.tags.held import GENRE
from earmark.library.tags.told import Wish, told_of
from earmark.mood import SURE, Mood
from earmark.track import Track

Value = str | float | list[str]

PREFIX = "earmark_"
TEXTS = ("earmark_genre", "earmark_kind", "earmark_model")
LISTS = ("earmark_genres", "earmark_mood", "earmark_tags")
NUMBERS = ("earmark_confidence", "earmark_mood_confidence", "earmark_valence", "earmark_arousal")
# AcousticBrainz's names, and the tags whose probability stands under them.
BY_TAGS = {"mood_acoustic": "acoustic", "mood_electronic": "electronic", "mood_sad": "sad"}
VOICE = "voice_instrumental"
_VOICES = {"vocal": "voice", "instrumental": "instrumental"}  # earmark's words, AcousticBrainz's words


def attributes_of(track: Track, entry: Entry, wish: Wish | None = None) -> dict[str, Value]:
    """What stands under `earmark_...`, with genres as sure as they must be to stand in a file's tags."""
    told = told_of(track, wish or Wish())
    found: dict[str, Value | None] = {
        "earmark_genre": next(iter(told.texts(GENRE)), None),
        "earmark_genres": list(told.texts(GENRE)),
        "earmark_confidence": track.genres[0].probability if track.genres else None,
        "earmark_tags": list(track.heard_tags),
        "earmark_kind": entry.kind,
        "earmark_model": track.model,
    }
    if track.mood:
        found |= _of_mood(track.mood)
    return {name: value for name, value in found.items() if value not in (None, [])}


def like_acousticbrainz(track: Track) -> dict[str, Value]:
    """What stands under AcousticBrainz's names; what the network does not tell is not there."""
    known = {label.name: label.probability for label in track.tags}
    found: dict[str, Value] = {name: known[tag] for name, tag in BY_TAGS.items() if tag in known}
    for head in track.heads:
        if head.name == "voice" and len(head.told) == 1 and head.told[0] in _VOICES:
            found[VOICE] = _VOICES[head.told[0]]
    return found


def _of_mood(mood: Mood) -> Mapping[str, Value | None]:
    """The sides of the plane that are sure, such as "calm", and the quadrants that are told, two at most."""
    sides = [name for name, quadrants in SIDES.items() if mood.probability(quadrants) >= SURE]
    quadrants = [label.name for label in mood.quadrants if label.name in mood.quadrant_set] if mood.quadrant else []
    return {
        "earmark_mood": [*sides, *quadrants],
        "earmark_mood_confidence": mood.probability((mood.quadrant,)) if mood.quadrant else None,
        "earmark_valence": None if mood.valence is None else mood.valence.value,
        "earmark_arousal": None if mood.arousal is None else mood.arousal.value,
    }
