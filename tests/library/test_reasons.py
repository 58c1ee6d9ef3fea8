"""Reasons: the seconds that match are found, and only what both have is named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from earmark.library.entry import TOKEN_NUMBERS, Tokens, no_tokens
from earmark.library.names import Names
from earmark.library.reasons import (
    FEWEST_TOKENS,
    RUN_TOKENS,
    Elsewhere,
    Pair,
    Reason,
    Seconds,
    best_pair,
    reason,
    side_shares,
)
from earmark.mood import QUADRANTS
from earmark.track import NONE

NAMES = Names(
    {
        "genres": ("blues", "rock", NONE),
        "tags": ("guitar", "piano", "sad"),
        "plane": (),
        "quadrants": QUADRANTS,
        "emotions": (),
    }
)
NOTHING = np.zeros(TOKEN_NUMBERS, np.float32)
USUAL = Elsewhere(NOTHING, np.full(NAMES.count, 0.2, np.float32))
Floats = NDArray[np.float32]


def tokens(count: int, seed: int = 0, *, gap_after: int | None = None) -> Tokens:
    vectors = np.random.default_rng(seed).normal(size=(count, TOKEN_NUMBERS)).astype(np.float32)
    starts_s = np.arange(count) * 1.5
    if gap_after is not None:
        starts_s[gap_after:] += 6.0
    return Tokens(starts_s, 1.5, vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def with_motif(track: Tokens, at: int, motif: Floats) -> Tokens:
    vectors = track.vectors.copy()
    vectors[at : at + len(motif)] = motif
    return Tokens(track.starts_s, track.token_s, vectors)


def answers(**told: float) -> Floats:
    """A row of answers, 0 where nothing is said; spaces are underscores."""
    row = np.zeros(NAMES.count, np.float32)
    for name, value in told.items():
        group = next(group for group, labels in NAMES.groups.items() if name.replace("_", " ") in labels)
        row[NAMES.place(group, name.replace("_", " "))] = value
    return row


def shared(here: Floats, there: Floats, elsewhere: Elsewhere = USUAL) -> Reason:
    return reason(no_tokens(), no_tokens(), here, there, names=NAMES, elsewhere=elsewhere)


@given(st.integers(0, 1000), st.integers(0, 30 - RUN_TOKENS), st.integers(0, 50 - RUN_TOKENS))
@settings(deadline=None, max_examples=25)
def test_a_motif_that_both_tracks_have_is_found_in_both(seed: int, here_at: int, there_at: int) -> None:
    motif = np.repeat(tokens(1, seed + 7).vectors, RUN_TOKENS, axis=0)
    here, there = with_motif(tokens(30, seed), here_at, motif), with_motif(tokens(50, seed + 1), there_at, motif)
    found = best_pair(here, there, common=NOTHING)
    assert found is not None
    assert found.here.start_s == 1.5 * here_at
    assert found.there.start_s == 1.5 * there_at
    assert found.here.end_s - found.here.start_s == pytest.approx(1.5 * RUN_TOKENS)
    assert found.similarity == pytest.approx(1.0, abs=1e-5)


def test_what_all_tracks_have_is_no_reason() -> None:
    everywhere = tokens(1, 5).vectors[0]
    motif = np.repeat(tokens(1, 6).vectors, RUN_TOKENS, axis=0) * 0.9
    here, there = (
        with_motif(with_motif(tokens(40, seed), 2, np.repeat(everywhere[None], 10, axis=0)), 25, motif)
        for seed in (0, 1)
    )
    plain, less = (best_pair(here, there, common=common) for common in (NOTHING, everywhere))
    assert plain is not None
    assert plain.here.start_s < 15
    assert less is not None
    assert less.here.start_s == 1.5 * 25


def test_segments_do_not_go_over_something_quiet() -> None:
    motif = np.repeat(tokens(1, 9).vectors, RUN_TOKENS, axis=0)
    here, there = with_motif(tokens(30, gap_after=10), 7, motif), with_motif(tokens(30, 1), 4, motif)
    found = best_pair(here, there, common=NOTHING)
    assert found is not None
    assert found.here.end_s - found.here.start_s == pytest.approx(1.5 * RUN_TOKENS)


def test_short_tracks_have_shorter_segments_and_the_shortest_none() -> None:
    short = best_pair(tokens(FEWEST_TOKENS), tokens(20, 1), common=NOTHING)
    assert short is not None
    assert short.here == Seconds(0.0, 1.5 * FEWEST_TOKENS)
    assert short.there.end_s - short.there.start_s == pytest.approx(1.5 * FEWEST_TOKENS)
    assert best_pair(tokens(FEWEST_TOKENS - 1), tokens(20, 1), common=NOTHING) is None
    assert best_pair(no_tokens(), tokens(20, 1), common=NOTHING) is None


def test_a_track_that_is_all_gaps_has_no_segment() -> None:
    broken = Tokens(np.arange(10) * 9.0, 1.5, tokens(10).vectors)
    assert best_pair(broken, tokens(20, 1), common=NOTHING) is None


def test_long_tracks_are_compared_in_parts_with_the_same_result(monkeypatch: pytest.MonkeyPatch) -> None:
    here, there = tokens(60), tokens(40, 1)
    whole = best_pair(here, there, common=NOTHING)
    monkeypatch.setattr("earmark.library.reasons._ROWS_AT_ONCE", 7)
    assert best_pair(here, there, common=NOTHING) == whole


def test_of_equal_segments_the_first_ones_are_shown() -> None:
    same = Tokens(np.arange(20) * 1.5, 1.5, np.repeat(tokens(1).vectors, 20, axis=0))
    found = best_pair(same, same, common=NOTHING)
    assert found is not None
    assert (found.here.start_s, found.there.start_s) == (0.0, 0.0)


def test_only_what_is_probable_in_both_is_shared() -> None:
    here = answers(blues=0.6, rock=0.3, guitar=0.9, piano=0.8, serene=0.6, melancholic=0.2)
    there = answers(blues=0.5, rock=0.1, guitar=0.7, piano=0.1, serene=0.55, melancholic=0.3)
    said = shared(here, there)
    assert (said.genres, said.tags, said.moods) == (("blues",), ("guitar",), ("serene",))


def test_none_of_these_is_no_genre_to_share() -> None:
    both = answers(none_of_these=0.9)
    assert shared(both, both).genres == ()


def test_tags_that_are_rarer_elsewhere_come_first_and_what_everybody_has_not_at_all() -> None:
    both = answers(guitar=0.9, piano=0.6, sad=0.7)
    usual = np.zeros(NAMES.count, np.float32)
    for name, share in {"guitar": 0.85, "piano": 0.1, "sad": 0.3}.items():
        usual[NAMES.place("tags", name)] = share
    assert shared(both, both, Elsewhere(NOTHING, usual)).tags == ("piano", "sad")


def test_where_the_quadrants_differ_the_side_that_both_are_on_is_told() -> None:
    here, there = answers(serene=0.45, melancholic=0.45, joyful=0.1), answers(melancholic=0.8, serene=0.2)
    assert shared(here, there).moods == ("calm",)
    assert shared(here, answers(joyful=0.9, tense=0.1)).moods == ()


def test_what_is_not_told_is_not_shared() -> None:
    assert shared(np.full(NAMES.count, np.nan, np.float32), answers(blues=1.0)) == Reason()
    bare = Names({**dict.fromkeys(NAMES.groups, ()), "genres": ("blues",)})
    both = np.ones(1, np.float32)
    said = reason(no_tokens(), no_tokens(), both, both, names=bare, elsewhere=Elsewhere(NOTHING, both))
    assert said == Reason(genres=("blues",))


def test_words_have_times_and_what_both_share_each_once() -> None:
    pair = Pair(Seconds(70.2, 82.0), Seconds(40.0, 52.1), 0.8)
    said = Reason(pair, ("electronic",), ("synth", "electronic"), ("calm",))
    assert said.words == "1:10-1:22 here is like 0:40-0:52 there; both: electronic, synth, calm"
    assert Reason().words == ""
    assert said.to_dict()["segments"]["there"] == {"start_s": 40.0, "end_s": 52.1}
    assert Reason().to_dict()["segments"] is None


def test_elsewhere_is_the_mean_of_other_tracks_and_of_what_is_told_of_them() -> None:
    rows = np.array([[0.2, np.nan], [0.4, 1.0], [np.nan, np.nan]], np.float32)
    said = Elsewhere.of([tokens(3), tokens(5, 1), no_tokens()], rows)
    np.testing.assert_allclose(said.answers, [0.3, 1.0], rtol=1e-6)
    means = [tokens(3).vectors.mean(axis=0), tokens(5, 1).vectors.mean(axis=0)]
    np.testing.assert_allclose(said.token, np.mean(means, axis=0), atol=1e-6)


def test_sides_are_sums_of_quadrants() -> None:
    shares = dict(zip(QUADRANTS, (0.4, 0.3, 0.2, 0.1), strict=True))
    assert dict(side_shares(shares)) == pytest.approx({"lively": 0.7, "calm": 0.3, "bright": 0.5, "dark": 0.5})
