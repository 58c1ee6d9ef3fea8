"""Onsets, tempo, beats and cuts of sounds whose beats are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from earmark.generate.cutting import LONGEST_S, SHORTEST_S, cuts_of
from earmark.generate.fine import STEP_S, fine_log_mel, place_numbers, rises
from earmark.generate.onsets import onsets
from earmark.generate.stock import octaves_between
from earmark.generate.tempo import beats, tempo_of
from earmark.sound.mel import SAMPLE_RATE_HZ

Floats = "np.ndarray[tuple[int, ...], np.dtype[np.float32]]"


def clicks(times_s: list[float], length_s: float) -> Floats:
    """Short bursts of noise over a faint hiss."""
    rng = np.random.default_rng(0)
    sound = 1e-3 * rng.normal(size=round(length_s * SAMPLE_RATE_HZ))
    burst = rng.normal(size=1500) * np.exp(-np.arange(1500) / 300)
    for time_s in times_s:
        at = round(time_s * SAMPLE_RATE_HZ)
        part = sound[at : at + 1500]
        part += burst[: len(part)]
    return sound.astype(np.float32)


def strength(sound: Floats) -> Floats:
    return rises(place_numbers(fine_log_mel(sound)))


def test_each_click_is_an_onset_and_nothing_else_is() -> None:
    times_s = [0.7, 1.9, 2.6, 4.0]
    found_s = onsets(strength(clicks(times_s, 5.0))) * STEP_S
    assert len(found_s) == len(times_s)
    assert found_s == pytest.approx(np.array(times_s), abs=0.06)


@settings(max_examples=8, deadline=None)
@given(st.floats(70, 180))
def test_the_tempo_of_clicks_is_found_up_to_an_octave(bpm: float) -> None:
    rise = strength(clicks(np.arange(0.3, 15.5, 60 / bpm).tolist(), 16.0))
    tempo = tempo_of(rise)
    assert abs(float(octaves_between(tempo.bpm, bpm))) < 0.03
    assert tempo.clarity > 0.5
    found = beats(rise, tempo)
    assert np.diff(found).std() * STEP_S < 0.03
    assert len(found) == pytest.approx(16.0 / tempo.beat_s, abs=2.5)


@pytest.mark.parametrize(
    "sound", [np.zeros(40_000), np.full(40_000, 0.5), np.zeros(500)], ids=["nothing", "flat", "short"]
)
def test_what_has_no_onsets_has_no_tempo_and_is_cut_all_the_same(sound: Floats) -> None:
    rise = strength(sound.astype(np.float32))
    assert tempo_of(rise).clarity == 0
    cuts = cuts_of(rise)
    assert not cuts.on_beats
    assert len(cuts.times_s) >= 2
    assert (np.diff(cuts.times_s) >= 0).all()


def test_a_beat_is_cut_at_a_few_milliseconds_before_its_attack() -> None:
    times_s = np.arange(0.5, 15.5, 0.5)
    cuts = cuts_of(strength(clicks(times_s.tolist(), 16.0)))
    assert cuts.on_beats
    early_s = [float((times_s - cut_s)[np.abs(times_s - cut_s).argmin()]) for cut_s in cuts.times_s]
    assert -0.002 <= np.median(early_s) <= 0.03
    assert np.diff(cuts.times_s) == pytest.approx(np.full(len(cuts.times_s) - 1, 2.0), abs=0.05)
    assert (cuts.sharp > 0).all()


def test_of_the_beats_of_a_bar_those_are_cut_on_which_least_begins_but_something_does() -> None:
    beats_s = np.arange(0.5, 15.5, 0.5)
    sound = 4 * clicks(beats_s[::4].tolist(), 16.0) + 2 * clicks(beats_s[2::4].tolist(), 16.0)
    sound = sound + 0.5 * clicks(beats_s[3::4].tolist(), 16.0)  # on the second of each four nothing is
    cuts = cuts_of(strength(sound.astype(np.float32)))
    assert cuts.on_beats
    away_s = [float(np.abs(beats_s[3::4] - cut_s).min()) for cut_s in cuts.times_s]
    assert np.median(away_s) < 0.05


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_without_a_beat_segments_are_about_as_long_as_they_should_be(seed: int) -> None:
    rng = np.random.default_rng(seed)
    times_s = np.sort(rng.uniform(0, 20, 25)).tolist()
    cuts = cuts_of(strength(clicks(times_s, 20.0)))
    if not cuts.on_beats:
        lengths_s = np.diff(cuts.times_s)
        assert lengths_s.min() >= SHORTEST_S - 0.05
        assert lengths_s.max() <= LONGEST_S + 0.05


def test_a_louder_copy_is_cut_at_the_same_places() -> None:
    sound = clicks([0.5, 1.1, 2.3, 3.9, 5.2, 6.8, 7.1], 8.0)
    assert cuts_of(strength(sound)).times_s == pytest.approx(cuts_of(strength(sound / 4)).times_s, abs=1e-6)
