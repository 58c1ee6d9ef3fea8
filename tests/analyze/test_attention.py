"""Attention in time: evenness, music against position, and what happens in a token, on worlds made by hand."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from earmark.analyze import attention, events
from earmark.data.dataset import Clip, Dataset
from earmark.errors import DataError
from earmark.sound.tokens import TOKEN_FRAMES


@pytest.fixture
def rng():
    return np.random.default_rng(3)


def even(rng, clips, steps=20):
    shares = rng.dirichlet(np.full(steps, 5.0), size=clips)
    return shares.astype(np.float32)


def test_a_step_that_all_clips_look_at_is_told_from_uniform_and_noise_is_not(rng):
    artists = [f"artist {clip // 2}" for clip in range(60)]
    noise = even(rng, 60)
    assert attention.uniform_p(noise, artists, rounds=499, rng=rng) > 0.05
    noise[:, 7] += 0.1
    assert attention.uniform_p(noise, artists, rounds=499, rng=rng) == pytest.approx(1 / 500)


def test_one_artist_with_many_clips_is_one_witness(rng):
    shares = even(rng, 40)
    shares[:, 7] += 0.1
    assert attention.uniform_p(shares, ["one"] * 40, rounds=499, rng=rng) > 0.02  # 20 turns are all there are


def world(rng, *, music: float, position: float):
    """What a network attends to that goes by loudness of a token, by its place, or by both."""
    places = rng.standard_normal(attention.SHORT_TOKENS)
    level = np.repeat(rng.uniform(-60, -1, size=(30, 20)), TOKEN_FRAMES, axis=1)
    db = np.repeat(level[:, None], 128, axis=1).astype(np.float32)
    db[:, 0, ::TOKEN_FRAMES] = 0  # the same maximum in every window

    def attend(cut):
        loud = cut[:, 5, 1::TOKEN_FRAMES] / 20
        logits = music * loud + position * places
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)

    return attention.shifted(attend, db)


def test_attention_that_goes_with_the_music_moves_with_it(rng):
    shifts = world(rng, music=1.0, position=0.0)
    assert shifts.music_correlation.mean() > 0.95
    assert shifts.position_share.mean() < 0.2


def test_attention_that_goes_by_position_stays(rng):
    shifts = world(rng, music=0.0, position=1.0)
    assert shifts.position_share.mean() > 0.99
    assert shifts.position_correlation.mean() > 0.99


def test_rank_correlations_are_scipys(rng):
    one, other = rng.integers(5, size=(2, 4, 20)).astype(float)
    wanted = [spearmanr(a, b).statistic for a, b in zip(one, other, strict=True)]
    assert np.allclose(attention.rank_correlations(one, other), wanted)
    assert attention.rank_correlations(np.ones((1, 5)), np.arange(5.0)[None]).tolist() == [0]


def test_events_correlate_within_clips_alone(rng):
    shares = even(rng, 12)
    event = shares.astype(float) + np.arange(12)[:, None]  # clips differ, and that must not count
    event[3] = np.nan
    event[4] = 1.0
    artists = [f"artist {clip}" for clip in range(12)]
    mean, low, high, clips = attention.event_correlation(shares, event, artists, rng=rng)
    assert (mean, low, high, clips) == (pytest.approx(1), pytest.approx(1), pytest.approx(1), 10)
    assert attention.event_correlation(shares, np.full((12, 20), np.nan), artists, rng=rng) is None


def clips(*ids, **columns):
    return tuple(Clip(each, None, "blues", each, columns) for each in ids)


def test_a_louder_brighter_token_is_one(rng):
    db = np.full((1, 128, 4 * TOKEN_FRAMES), -60, np.float32)
    db[:, 100:110, TOKEN_FRAMES : 2 * TOKEN_FRAMES] = -10
    found = events.token_events(db)
    assert found["loudness"][0].argmax() == 1
    assert found["brightness"][0].argmax() == 1
    assert found["onsets"][0].argmax() == 1
    assert found["voice band"][0].argmin() == 1  # band 105 is far above a voice


def test_beats_fall_into_their_tokens(tmp_path):
    (tmp_path / "beats.csv").write_text("id,time_s,position\na,0.1,1\na,0.9,2\na,1.6,1\nb,99,1\nelse,1,1\n")
    found = events.token_beats(Dataset("set", tmp_path, ()), clips("a", "b", "c"), 3)
    assert found["beats"][0].tolist() == [2, 1, 0]
    assert found["downbeats"][0].tolist() == [1, 1, 0]
    assert np.isnan(found["beats"][1:]).all()
    assert events.token_beats(Dataset("set", tmp_path / "none", ()), clips("a"), 3) == {}


def test_a_broken_file_of_beats_is_said_in_words(tmp_path):
    (tmp_path / "beats.csv").write_text("id,time_s,position\na,soon,1\n")
    with pytest.raises(DataError, match=r"beats\.csv, row 2 is no beat"):
        events.token_beats(Dataset("set", tmp_path, ()), clips("a"), 3)


def test_features_of_clips_know_tempo_only_where_it_stands(rng):
    db = rng.uniform(-80, 0, size=(2, 128, 380)).astype(np.float32)
    assert "tempo" not in events.clip_features(db, clips("a", "b"))
    found = events.clip_features(db, clips("a", "b", bpm="120.5"))
    assert found["tempo"].tolist() == [120.5, 120.5]
    assert all(values.shape == (2,) for values in found.values())


def test_a_steady_pulse_has_its_density_of_onsets():
    db = np.full((1, 128, 380), -60, np.float32)
    db[:, :, ::10] = -5  # 38 strokes in 29.5 s
    assert events.clip_features(db, clips("a"))["onset density"][0] == pytest.approx(37 / 29.45, rel=0.02)
