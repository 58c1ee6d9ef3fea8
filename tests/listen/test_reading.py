"""What heads say of a track: mood, further answers, a user's words, and the seconds of each.

The network is that of headed_bundle.py. Tokens are equally loud, so it looks at all nearly alike (the last third of the
bands has one less).
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from earmark import Listener
from earmark.errors import BundleError, EarmarkError
from earmark.listen.bundle import Bundle, load_bundle
from earmark.listen.calibrate import Calibration, Platt
from earmark.listen.linear import (
    HEADS_FILE,
    MOOD,
    MULTI,
    NUMBER,
    SHARES,
    SINGLE,
    YOURS,
    Layer,
    LinearHead,
    mood_numbers,
    write_heads,
)
from earmark.listen.tally import Tally
from earmark.mood import AROUSAL, QUADRANTS, VALENCE
from earmark.sound.tokens import FRAME_S, TOKEN_FRAMES, Window
from earmark.track import Track
from headed_bundle import write_headed_bundle
from tiny_bundle import write_tiny_bundle

TOKEN_S = TOKEN_FRAMES * FRAME_S
THIRDS = np.arange(128) * 3 // 128
LOW, MIDDLE, HIGH = np.eye(3)
SURE = 20.0  # how much a head's score rises with the mean level of a third, floor to maximum


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return load_bundle(write_headed_bundle(tmp_path_factory.mktemp("bundles") / "read"))


def layer(*thirds: NDArray[np.float64] | float, middle: float = 10.0) -> Layer:
    """A column for each vector of what a third of the bands says for a label, less `middle`; a number says itself."""
    count = len(thirds)
    weights, offsets = np.zeros((131, count)), np.zeros(count)
    for place, third in enumerate(thirds):
        if isinstance(third, float):
            offsets[place] = third
        else:
            weights[:128, place] = SURE * (third / np.bincount(THIRDS))[THIRDS]
            offsets[place] = -middle * third.sum()
    return Layer(weights, offsets, weights[:128], offsets)


def head(bundle: Bundle, name: str, kind: str, labels: tuple[str, ...], read: Layer, **changes: Any) -> LinearHead:
    parts: dict[str, Any] = {"lines": (Platt(1.0, 0.0),) * len(labels)}
    if kind == SINGLE:
        parts = {"calibration": Calibration(temperature=1.0, set_quantile=0.6, max_set=2)}
    if kind == NUMBER:
        parts = {"reach": (0.2,) * len(labels)}
    return LinearHead(name, kind, labels, bundle.info.sha256, read, **{**parts, **changes})


def window(*thirds: NDArray[np.float64] | None, start_s: float = 0.0) -> Window:
    """A token each: the third of the bands that sounds in it, or nothing."""
    db = np.full((128, TOKEN_FRAMES * len(thirds)), -80, np.float32)
    for place, third in enumerate(thirds):
        if third is not None:
            db[third[THIRDS] == 1, place * TOKEN_FRAMES : (place + 1) * TOKEN_FRAMES] = 0
    return Window(start_s=start_s, db=db, new_tokens=len(thirds), peak_db=30.0)


def heard(bundle: Bundle, heads: list[LinearHead], *windows: Window) -> Track:
    tally, tokens = Tally(bundle, heads), 0
    for each in windows:
        tally.add(each)
        tokens += each.new_tokens
    return tally.track("a", tokens * TOKEN_S)


HALVES = (*[LOW] * 10, *[HIGH] * 10)


def test_numbers_are_the_vector_that_decides_and_the_view_behind_it(bundle: Bundle) -> None:
    tally = Tally(bundle)
    tally.add(window(*HALVES))
    numbers = tally.numbers
    assert numbers.shape == (131,)
    levels = [numbers[:128][third == THIRDS].mean() for third in range(3)]
    assert levels == pytest.approx([0.5, 0, 0.5], abs=0.02)
    assert numbers[128:] / 20 == pytest.approx([0.5, 0, 0.5], abs=0.02)


def test_moments_are_the_tokens_that_are_not_quiet(bundle: Bundle) -> None:
    tally = Tally(bundle)
    tally.add(window(LOW, None, HIGH, HIGH, None, MIDDLE))
    tally.add(window(LOW, None, start_s=6 * TOKEN_S))
    moments = tally.moments
    assert moments.starts_s == pytest.approx(TOKEN_S * np.array([0, 2, 3, 5, 6]))
    assert moments.token_s == pytest.approx(TOKEN_S)
    assert moments.vectors.shape == (5, 128)
    assert [THIRDS[vector.argmax()] for vector in moments.vectors] == [0, 2, 2, 1, 0]
    assert moments.weights == pytest.approx([1] * 5)


def test_a_moment_that_is_quiet_beside_what_follows_is_left_out_with_its_own_vector(bundle: Bundle) -> None:
    first = window(LOW, HIGH, MIDDLE)
    first.db[:, :TOKEN_FRAMES] -= 30
    tally = Tally(bundle)
    tally.add(replace(first, peak_db=0.0))
    assert len(tally.moments.starts_s) == 3
    tally.add(replace(window(HIGH, start_s=3 * TOKEN_S), peak_db=25.0))
    moments = tally.moments
    assert moments.starts_s == pytest.approx(TOKEN_S * np.array([1, 2, 3]))
    assert [THIRDS[vector.argmax()] for vector in moments.vectors] == [2, 1, 2]
    assert moments.weights[:2].max() < moments.weights[2] == 1


def test_a_users_word_is_a_tag_with_the_seconds_in_which_it_sounds(bundle: Bundle) -> None:
    word = head(bundle, "shrill", MULTI, ("shrill",), layer(HIGH, middle=8.0), role=YOURS)
    track = heard(bundle, [word], window(*HALVES))
    (tag,) = track.tags
    assert (tag.name, tag.probability) == ("shrill", pytest.approx(1 / (1 + np.exp(-2)), abs=0.05))
    assert track.heard_tags == ("shrill",)
    (told,) = track.heard
    assert (told.name, told.group, told.probability) == ("shrill", "yours", tag.probability)
    assert not told.throughout
    (span,) = told.spans
    assert (span.start_s, span.end_s) == (
        pytest.approx(10 * TOKEN_S, abs=TOKEN_S),
        pytest.approx(20 * TOKEN_S, abs=0.01),
    )
    assert span.probability > 0.9
    assert (track.heads, track.mood) == ((), None)


def test_a_word_that_is_not_told_is_a_tag_and_has_no_seconds(bundle: Bundle) -> None:
    word = head(bundle, "shrill", MULTI, ("shrill",), layer(HIGH, middle=12.0), role=YOURS)
    track = heard(bundle, [word], window(*HALVES))
    assert [tag.name for tag in track.tags] == ["shrill"]
    assert (track.heard_tags, track.heard) == ((), ())


def test_a_label_that_sounds_all_the_time_is_heard_throughout(bundle: Bundle) -> None:
    word = head(bundle, "deep", MULTI, ("deep",), layer(LOW, middle=8.0), role=YOURS)
    (told,) = heard(bundle, [word], window(*[LOW] * 20)).heard
    assert told.throughout
    assert [(span.start_s, span.end_s) for span in told.spans] == [(0.0, pytest.approx(20 * TOKEN_S, abs=0.01))]


def test_words_stand_behind_the_tags_of_the_bundle(tmp_path: Path) -> None:
    tagged = load_bundle(write_headed_bundle(tmp_path / "tagged", timed=True))
    word = head(tagged, "shrill", MULTI, ("shrill",), layer(HIGH, middle=8.0), role=YOURS)
    plain, more = heard(tagged, [], window(*HALVES)), heard(tagged, [word], window(*HALVES))
    assert plain.tags
    assert {tag.name for tag in more.tags} == {*(tag.name for tag in plain.tags), "shrill"}
    assert list(more.tags) == sorted(more.tags, key=lambda tag: -tag.probability)
    assert more.heard_tags == (*plain.heard_tags, "shrill")
    assert more.heard[:-1] == plain.heard
    assert replace(more, tags=plain.tags, heard_tags=plain.heard_tags, heard=plain.heard) == plain


def test_a_further_head_says_its_answer_and_its_first_label_has_seconds(bundle: Bundle) -> None:
    further = head(bundle, "place", SINGLE, ("cellar", "attic"), layer(LOW, HIGH, middle=0.0))
    track = heard(bundle, [further], window(*[LOW] * 14, *[HIGH] * 6))
    (answer,) = track.heads
    assert (answer.name, answer.kind, answer.told, answer.cannot_tell) == ("place", SINGLE, ("cellar",), False)
    (told,) = track.heard
    assert (told.name, told.group) == ("cellar", "place")
    assert [span.start_s for span in told.spans] == [0.0]
    assert told.spans[0].end_s == pytest.approx(14 * TOKEN_S, abs=1.1 * TOKEN_S)
    assert track.tags == ()


def test_of_labels_between_which_a_head_cannot_decide_the_first_one_has_seconds(bundle: Bundle) -> None:
    further = head(bundle, "place", SINGLE, ("cellar", "attic"), layer(LOW, HIGH, middle=0.0))
    torn = replace(further, calibration=Calibration(temperature=50.0, set_quantile=0.9, max_set=2))
    track = heard(bundle, [torn], window(*[LOW] * 15, *[HIGH] * 5))
    assert track.heads[0].told == ("cellar", "attic")
    assert [tag.name for tag in track.heard] == ["cellar"]


def test_what_a_head_cannot_tell_and_what_is_a_number_has_no_seconds(bundle: Bundle) -> None:
    calibration = Calibration(temperature=1.0, set_quantile=0.9, max_set=1)
    torn = head(bundle, "place", SINGLE, ("cellar", "attic"), layer(0.0, 0.0), calibration=calibration)
    number = head(bundle, "height", NUMBER, ("metres",), layer(0.5))
    track = heard(bundle, [torn, number], window(*HALVES))
    assert track.heads[0].cannot_tell
    assert track.heads[1].numbers["metres"].value == 0.5
    assert track.heard == ()


def mood_heads(bundle: Bundle) -> list[LinearHead]:
    """The quadrant by the third that sounds, valence by the high less the low third, arousal by the middle one."""
    return [
        head(bundle, "quadrant", SINGLE, QUADRANTS, layer(HIGH, MIDDLE, LOW, -9.0, middle=0.0), role=MOOD),
        head(bundle, "plane", NUMBER, ("valence", "arousal"), _plane(), role=MOOD),
        head(bundle, "emotions", SHARES, ("power", "sadness"), layer(1.0, -1.0), told_from=(0.6, 0.6), role=MOOD),
    ]


def _plane() -> Layer:
    means = np.eye(3)[THIRDS] / np.bincount(THIRDS)  # (128, thirds)
    weights = means @ np.array([[-1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    whole, offsets = np.concatenate([weights, np.zeros((3, 2))]), np.array([0.0, -0.5])
    return Layer(whole, offsets, weights, offsets)


def test_mood_has_its_plane_its_quadrants_its_emotions_and_its_arc(bundle: Bundle) -> None:
    track = heard(bundle, mood_heads(bundle), window(*[LOW] * 5, None, *[HIGH] * 10, None, *[LOW] * 3))
    said = track.mood
    assert said is not None
    assert said.valence is not None
    assert said.arousal is not None
    assert said.valence.value == pytest.approx(2 / 18, abs=0.04)
    assert said.arousal.value == pytest.approx(-0.5, abs=0.02)
    assert (said.valence.high - said.valence.value, said.valence.value - said.valence.low) == pytest.approx(
        (0.2, 0.2), abs=1e-5
    )
    assert said.quadrants[0].name == QUADRANTS[0]
    assert sum(label.probability for label in said.quadrants) == pytest.approx(1, abs=1e-5)
    assert said.quadrant_set[0] == QUADRANTS[0]
    assert said.emotions_told == ("power",)
    assert [label.name for label in said.emotions] == ["power", "sadness"]
    starts = [moment.start_s for moment in said.arc]
    loud = [place for place in range(20) if place not in (5, 16)]
    assert starts == pytest.approx([place * TOKEN_S for place in loud], abs=0.001)
    assert [np.sign(moment.valence) for moment in said.arc] == [-1] * 5 + [1] * 10 + [-1] * 3
    assert {answer.name for answer in track.heads} == {"quadrant", "plane", "emotions"}
    assert track.heard == ()  # mood has an arc, and no tags
    assert Track.from_dict(track.to_dict()) == track


def test_heads_of_mood_that_are_missing_leave_their_part_empty(bundle: Bundle) -> None:
    quadrant, plane, emotions = mood_heads(bundle)
    said = heard(bundle, [emotions], window(*HALVES)).mood
    assert said is not None
    assert (said.valence, said.arousal, said.quadrants, said.arc) == (None, None, (), ())
    valence = replace(
        plane,
        labels=("valence",),
        reach=(0.2,),
        layer=Layer(*(each[..., :1] for each in vars(plane.layer).values())),
    )
    said = heard(bundle, [valence], window(*HALVES)).mood
    assert said is not None
    assert said.valence is not None
    assert (said.arousal, said.arc) == (None, ())
    other = replace(quadrant, labels=("a", "b", "c", "d"))
    said = heard(bundle, [other], window(*HALVES)).mood
    assert said is not None
    assert said.quadrants == ()


def test_without_heads_a_track_is_what_it_was(bundle: Bundle) -> None:
    track = heard(bundle, [], window(*HALVES))
    assert (track.mood, track.heads, track.tags) == (None, (), ())


def test_heads_do_not_change_what_else_is_said(bundle: Bundle) -> None:
    plain, more = (heard(bundle, heads, window(*HALVES)) for heads in ([], mood_heads(bundle)))
    assert replace(more, mood=None, heads=()) == plain


def test_a_bundle_that_does_not_tell_single_tokens_is_too_old_for_heads(tmp_path: Path) -> None:
    old = load_bundle(write_tiny_bundle(tmp_path / "old"))
    read = layer(HIGH)
    short = Layer(read.weights[:128], read.offsets, read.token_weights, read.token_offsets)
    with pytest.raises(EarmarkError, match="tiny 1 is too old for heads"):
        heard(old, [head(old, "shrill", MULTI, ("shrill",), short)], window(*HALVES))


def test_a_listener_hears_the_heads_of_its_bundle_and_the_words_it_is_given(bundle: Bundle) -> None:
    write_heads(bundle.folder / HEADS_FILE, mood_heads(bundle))
    word = head(bundle, "shrill", MULTI, ("shrill",), layer(HIGH, middle=12.0), role=YOURS)
    listener = Listener(load_bundle(bundle.folder), words=[word])
    time_s = np.arange(22_050 * 12) / 22_050
    sound = np.where(time_s < 6, np.sin(2 * np.pi * 60 * time_s), 0) + np.where(
        time_s >= 6, np.random.default_rng(0).normal(scale=0.5, size=len(time_s)), 0
    )
    track = listener.hear(sound.astype(np.float32), sample_rate_hz=22_050)
    assert track.mood is not None
    assert len(track.mood.arc) == 8
    assert track.mood.arc[0].valence < track.mood.arc[-1].valence
    assert [answer.name for answer in track.heads] == ["quadrant", "plane", "emotions"]
    assert track.heard_tags == ("shrill",)
    assert track.heard[-1].spans[0].start_s == pytest.approx(6, abs=TOKEN_S)
    with pytest.raises(BundleError, match="'shrill' in your words was trained on the numbers of another network"):
        Listener(load_bundle(bundle.folder), words=[replace(word, network="another")])


def test_a_head_that_names_what_a_tag_names_stands_in_its_place(tmp_path: Path) -> None:
    tagged = load_bundle(write_headed_bundle(tmp_path / "tagged", timed=True))
    plain = heard(tagged, [], window(*HALVES))
    name = plain.heard[0].name
    further = head(tagged, "kind", SINGLE, (name, "else"), layer(LOW, HIGH, middle=0.0))
    track = heard(tagged, [further], window(*HALVES))
    (answer,) = track.heads
    said = {label.name: label.probability for label in answer.labels}
    assert {tag.name: tag.probability for tag in track.tags}[name] == said[name]
    assert [tag.name for tag in track.tags].count(name) == 1
    assert [tag.group for tag in track.heard if tag.name == name] in ([], ["kind"])
    assert name not in track.heard_tags


def test_quadrants_that_know_their_reach_say_valence_and_arousal(bundle: Bundle) -> None:
    quadrants = head(bundle, "quadrant", SINGLE, ("joyful", "serene"), layer(HIGH, LOW, middle=0.0), role=MOOD)
    assert mood_numbers([quadrants]) == ()
    told = replace(quadrants, labels=QUADRANTS, layer=layer(HIGH, HIGH, LOW, LOW, middle=0.0), reach=(0.8, 0.6))
    assert mood_numbers([told]) == (VALENCE, AROUSAL)
    mood = heard(bundle, [told], window(*[LOW] * 10, *[HIGH] * 10)).mood
    assert mood is not None
    assert mood.valence is not None
    assert mood.arousal is not None
    lively = mood.probability(("joyful", "tense"))
    assert mood.arousal.value == pytest.approx(2 * lively - 1, abs=1e-4)
    assert (mood.arousal.low, mood.arousal.high) == pytest.approx(
        (max(mood.arousal.value - 0.6, -1), min(mood.arousal.value + 0.6, 1))
    )
    assert mood.arc[0].arousal < mood.arc[-1].arousal
