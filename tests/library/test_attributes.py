"""A track as attributes of a music manager: what is told is there, and nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from earmark.label import sorted_labels
from earmark.library.attributes import BY_TAGS, LISTS, NUMBERS, PREFIX, TEXTS, attributes_of, like_acousticbrainz
from earmark.library.collection import Collection
from earmark.library.tags.told import Wish
from earmark.track import HeadAnswer, Track


@pytest.fixture
def track(made_collection: Collection) -> Track:
    """A jazz track that is calm."""
    made = made_collection.track(made_collection.entries[0].id)
    mood = replace(
        made.mood, quadrants=sorted_labels({"serene": 0.6, "melancholic": 0.35, "joyful": 0.03, "tense": 0.02})
    )
    return replace(
        made,
        mood=replace(mood, quadrant_set=("serene", "melancholic")),
        genres=sorted_labels({"jazz": 0.8, "blues": 0.2}),
        genre_set=("jazz",),
        cannot_tell=False,
        none_of_these=False,
    )


def attributes(track: Track, collection: Collection, **wish: Any) -> dict[str, Any]:
    return attributes_of(track, collection.entries[0], Wish(**wish))


def test_what_is_told_stands_under_our_names(track: Track, made_collection: Collection) -> None:
    found = attributes(track, made_collection)
    assert (found["earmark_genre"], found["earmark_genres"], found["earmark_confidence"]) == ("Jazz", ["Jazz"], 0.8)
    assert found["earmark_mood"] == ["calm", "serene", "melancholic"]
    assert found["earmark_mood_confidence"] == 0.6
    assert found["earmark_valence"] == track.mood.valence.value  # type: ignore[union-attr]
    assert found["earmark_kind"] == made_collection.entries[0].kind
    assert set(found) <= {*TEXTS, *LISTS, *NUMBERS}
    assert all(name.startswith(PREFIX) for name in found)


def test_what_is_not_sure_or_not_told_is_not_there(track: Track, made_collection: Collection) -> None:
    found = attributes(track, made_collection, min_confidence=0.9)
    assert "earmark_genre" not in found
    assert "earmark_genres" not in found
    assert found["earmark_confidence"] == 0.8
    assert "earmark_mood" not in attributes(replace(track, mood=None), made_collection)
    unsure = replace(
        track.mood, quadrants=sorted_labels(dict.fromkeys(("joyful", "tense", "serene", "melancholic"), 0.25))
    )
    unsure = replace(unsure, quadrant_set=("joyful", "tense", "serene"))
    assert not {"earmark_mood", "earmark_mood_confidence"} & set(
        attributes(replace(track, mood=unsure), made_collection)
    )


@pytest.mark.parametrize(
    ("told", "said"),
    [(("vocal",), "voice"), (("instrumental",), "instrumental"), (("vocal", "instrumental"), None), ((), None)],
)
def test_voice_is_called_as_acousticbrainz_does(track: Track, told: tuple[str, ...], said: str | None) -> None:
    heads = (HeadAnswer("voice", "single", sorted_labels({"vocal": 0.7, "instrumental": 0.3}), told=told),)
    assert like_acousticbrainz(replace(track, heads=heads)).get("voice_instrumental") == said


def test_probabilities_are_those_of_tags_that_the_network_has(track: Track) -> None:
    tags = sorted_labels({"acoustic": 0.25, "sad": 0.5, "angry": 0.75})
    found = like_acousticbrainz(replace(track, tags=tags, heads=()))
    assert found == {"mood_acoustic": 0.25, "mood_sad": 0.5}
    assert set(found) < set(BY_TAGS)
