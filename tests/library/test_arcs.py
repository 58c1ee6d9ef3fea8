"""Arcs of mood: words are places among the collection's own tracks, numbers are themselves."""

import numpy as np
import pytest

from earmark.errors import WishError
from earmark.library.arcs import read_arc
from earmark.library.lexicon import Lexicon
from earmark.library.synonyms import read_synonyms
from made_collection import NAMES

PLANE = np.stack([np.linspace(-1, 1, 101), np.linspace(-0.5, 0.5, 101)], axis=1)  # tenths lie at 0.8 and 0.4


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon(NAMES, ("Zing",), read_synonyms())


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("calm, lively", [[np.nan, -0.4], [np.nan, 0.4]]),
        ("bright, dark", [[0.8, np.nan], [-0.8, np.nan]]),
        ("joyful", [[0.8, 0.4]]),
        ("peaceful", [[0.8, -0.4]]),
        ("lively and bright", [[0.8, 0.4]]),
        ("-0.5, 0.25", [[np.nan, -0.5], [np.nan, 0.25]]),
        ("0.5/−1", [[0.5, -1.0]]),
    ],
)
def test_points_of_an_arc(text: str, points: list[list[float]], lexicon: Lexicon) -> None:
    assert np.allclose(read_arc(text, PLANE, lexicon).points, points, equal_nan=True)


def test_an_arc_says_how_it_was_meant(lexicon: Lexicon) -> None:
    assert (
        read_arc("calm, 0.5/-1", PLANE, lexicon).words
        == "calm -> arousal -0.40; 0.5/-1 -> valence +0.50, arousal -1.00"
    )


def test_between_points_the_way_is_straight(lexicon: Lexicon) -> None:
    arc = read_arc("calm, lively, calm", PLANE, lexicon)
    assert [round(float(arc.at(along)[1]), 2) for along in (0, 0.25, 0.5, 0.75, 1)] == [-0.4, 0, 0.4, 0, -0.4]
    assert np.isnan(arc.at(0.3)[0])


def test_where_one_end_does_not_say_the_nearer_one_counts(lexicon: Lexicon) -> None:
    arc = read_arc("bright, joyful", PLANE, lexicon)
    assert np.isnan(arc.at(0.4)[1])
    assert arc.at(0.6)[1] == pytest.approx(0.4)
    assert read_arc("calm", PLANE, lexicon).at(0.7)[1] == pytest.approx(-0.4)


def test_tracks_without_a_mood_do_not_count(lexicon: Lexicon) -> None:
    plane = np.concatenate([PLANE, np.full((50, 2), np.nan)])
    assert np.allclose(read_arc("joyful", plane, lexicon).points, [[0.8, 0.4]])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zesty", "'zesty' in the arc is not understood: that is no mood that is told"),
        ("calm, piano", "'piano' in the arc is not understood"),
        ("fast", "earmark does not tell how fast it is"),
        ("calm,,lively", "a point without a mood"),
        ("calm, 2", "outside of the plane"),
        ("Zing", "no mood that is told"),
    ],
)
def test_what_is_no_arc_says_why(text: str, said: str, lexicon: Lexicon) -> None:
    with pytest.raises(WishError, match=said):
        read_arc(text, PLANE, lexicon)


def test_a_network_without_a_plane_has_no_arcs(lexicon: Lexicon) -> None:
    with pytest.raises(WishError, match="does not tell valence and arousal"):
        read_arc("calm", np.full((5, 2), np.nan), lexicon)
