"""The mood in words, and as JSON: what is told is what is sure, and what goes out comes in again."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from earmark.label import Measured, sorted_labels
from earmark.mood import (
    CANNOT_TELL,
    JOYFUL,
    MELANCHOLIC,
    QUADRANTS,
    SERENE,
    TENSE,
    Mood,
    MoodMoment,
)

SHARES = st.floats(0, 1)
PLACES = st.floats(-1, 1)
MEASURED = st.builds(Measured, value=PLACES, low=PLACES, high=PLACES)
LABELS = st.dictionaries(st.text(max_size=8), SHARES, max_size=4).map(sorted_labels)
NAMES = st.lists(st.text(max_size=8), max_size=3).map(tuple)
MOMENTS = st.builds(MoodMoment, start_s=st.floats(0, 1e5), end_s=st.floats(0, 1e5), valence=PLACES, arousal=PLACES)
MOODS = st.builds(
    Mood,
    valence=st.none() | MEASURED,
    arousal=st.none() | MEASURED,
    quadrants=LABELS,
    quadrant_set=NAMES,
    emotions=LABELS,
    emotions_told=NAMES,
    arc=st.lists(MOMENTS, max_size=3).map(tuple),
)


def mood(*told: str, joyful: float = 0.0, tense: float = 0.0, melancholic: float = 0.0, serene: float = 0.0) -> Mood:
    """One whose 90 % set is `told`."""
    shares = dict(zip(QUADRANTS, (joyful, tense, melancholic, serene), strict=True))
    quadrants = sorted_labels(shares)
    return Mood(quadrants=quadrants, quadrant_set=tuple(each.name for each in quadrants if each.name in told))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (mood(MELANCHOLIC, melancholic=0.71, serene=0.2), "calm, melancholic 71 %"),
        (mood(SERENE, serene=0.95), "calm, serene 95 %"),
        (mood(TENSE, tense=0.8), "lively, tense 80 %"),
        (mood(JOYFUL, joyful=0.9), "lively, joyful 90 %"),
        (mood(JOYFUL, TENSE, joyful=0.52, tense=0.41), "lively; joyful 52 % or tense 41 %"),
        (mood(JOYFUL, TENSE, joyful=0.41, tense=0.52), "lively; tense 52 % or joyful 41 %"),
        (mood(MELANCHOLIC, SERENE, melancholic=0.5, serene=0.45), "calm; melancholic 50 % or serene 45 %"),
        (mood(JOYFUL, SERENE, joyful=0.5, serene=0.45), "bright; joyful 50 % or serene 45 %"),
        (mood(TENSE, MELANCHOLIC, tense=0.5, melancholic=0.45), "dark; tense 50 % or melancholic 45 %"),
        (mood(JOYFUL, MELANCHOLIC, joyful=0.5, melancholic=0.45), "joyful 50 % or melancholic 45 %"),
        (mood(TENSE, SERENE, tense=0.5, serene=0.45), "tense 50 % or serene 45 %"),
        (mood(JOYFUL, TENSE, SERENE, joyful=0.5, tense=0.45, serene=0.05),
         "lively; cannot tell whether joyful or tense"),
        (mood(JOYFUL, SERENE, TENSE, joyful=0.5, serene=0.42, tense=0.08),
         "bright; cannot tell whether joyful or serene"),
        (mood(*QUADRANTS, joyful=0.04, tense=0.05, melancholic=0.46, serene=0.45),
         "calm; cannot tell whether melancholic or serene"),
        (mood(*QUADRANTS, joyful=0.04, tense=0.46, melancholic=0.45, serene=0.05),
         "dark; cannot tell whether tense or melancholic"),
        (mood(*QUADRANTS, joyful=0.25, tense=0.25, melancholic=0.25, serene=0.25), CANNOT_TELL),
        (mood(JOYFUL, TENSE, SERENE, joyful=0.4, tense=0.3, serene=0.3), CANNOT_TELL),
        (Mood(), ""),
        (Mood(valence=Measured(0.1, 0.0, 0.2), emotions=sorted_labels({"power": 0.4})), ""),
    ],
)  # fmt: skip
def test_a_mood_is_told_as_exactly_as_it_is_known(said: Mood, words: str) -> None:
    assert said.words == words


def test_the_quadrant_is_the_most_probable_one_of_at_most_two() -> None:
    assert mood(SERENE, serene=0.9).quadrant == SERENE
    assert mood(JOYFUL, TENSE, joyful=0.41, tense=0.52).quadrant == TENSE
    assert mood(JOYFUL, TENSE, SERENE, joyful=0.4, tense=0.3, serene=0.3).quadrant is None
    assert Mood().quadrant is None


def test_a_side_is_as_probable_as_its_quadrants_together() -> None:
    said = mood(joyful=0.4, tense=0.3, melancholic=0.2, serene=0.1)
    assert said.probability((JOYFUL, TENSE)) == pytest.approx(0.7)
    assert said.probability((SERENE,)) == pytest.approx(0.1)
    assert Mood().probability((JOYFUL,)) == 0


@given(MOODS)
def test_what_goes_into_json_comes_out_again(said: Mood) -> None:
    values = json.loads(json.dumps(said.to_dict()))
    assert Mood.from_dict(values) == said
    assert values["words"] == said.words
    assert values["quadrant"] == said.quadrant


def test_what_a_bundle_does_not_tell_is_null_or_empty() -> None:
    assert Mood().to_dict() == {
        "words": "",
        "valence": None,
        "arousal": None,
        "quadrant": None,
        "quadrants": {},
        "quadrant_set": [],
        "emotions": {},
        "emotions_told": [],
        "arc": [],
    }


def test_a_field_that_is_missing_is_an_error() -> None:
    values = Mood().to_dict()
    del values["arc"]
    with pytest.raises(KeyError, match="arc"):
        Mood.from_dict(values)
