"""The whole way from sound to answer, with the tiny network: golden answers, laws, streams, folders, failures."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from corpus import Case, music
from earmark import Listener, Track, load_bundle
from earmark.errors import EarmarkError, SoundError
from earmark.listen.bundle import Bundle, write_bundle
from earmark.listen.calibrate import Platt, softmax
from earmark.listen.listener import Failure
from earmark.sound import decode, mel, tokens
from earmark.track import NONE
from tiny_bundle import INFO, LABELS, OUTSIDE, TAGS, tiny_network

RATE_HZ = 22_050
TOKEN_S = tokens.TOKEN_FRAMES * tokens.FRAME_S
Samples = NDArray[np.float32]


def tone(pitch_hz: float, length_s: float, *, level: float = 0.3) -> Samples:
    time_s = np.arange(round(RATE_HZ * length_s)) / RATE_HZ
    return (level * np.sin(2 * np.pi * pitch_hz * time_s)).astype(np.float32)


def silence(length_s: float) -> Samples:
    return np.zeros(round(RATE_HZ * length_s), np.float32)


def hiss(length_s: float, *, seed: int = 0) -> Samples:
    noise = 0.1 * np.random.default_rng(seed).normal(size=round(RATE_HZ * length_s))
    return noise.astype(np.float32)


def heard(listener: Listener, samples: Samples) -> Track:
    return listener.hear(samples, sample_rate_hz=RATE_HZ)


def probabilities(track: Track) -> dict[str, float]:
    return {label.name: label.probability for label in track.genres}


def assert_same_answer(one: Track, other: Track, *, within: float) -> None:
    assert probabilities(one) == pytest.approx(probabilities(other), abs=within)
    assert len(one.timeline) == len(other.timeline)
    for ours, theirs in zip(one.timeline, other.timeline, strict=True):
        assert ours.attention == pytest.approx(theirs.attention, abs=within)
        assert (ours.start_s, ours.end_s) == pytest.approx((theirs.start_s, theirs.end_s), abs=0.01)


@pytest.mark.parametrize(("pitch_hz", "genre"), [(200, "low"), (1500, "middle"), (6000, "high")])
def test_the_genre_is_where_the_sound_is(listener: Listener, pitch_hz: float, genre: str) -> None:
    assert heard(listener, tone(pitch_hz, 5)).genre == genre


def test_a_track_of_one_window_says_what_the_network_says(listener: Listener) -> None:
    samples = music(rate_hz=RATE_HZ, length_s=10).mean(axis=1)
    db = mel.log_mel(samples)
    db = db[:, : db.shape[1] // tokens.TOKEN_FRAMES * tokens.TOKEN_FRAMES]
    outputs = listener.bundle.run(mel.under_maximum(db)[np.newaxis])
    track = heard(listener, samples)
    assert probabilities(track) == pytest.approx(dict(zip(LABELS, softmax(outputs.logits[0]), strict=True)), abs=1e-5)
    np.testing.assert_allclose([moment.attention for moment in track.timeline], outputs.attention[0], rtol=1e-4)
    for moment, logits in zip(track.timeline, outputs.token_logits[0], strict=True):
        said = {label.name: label.probability for label in moment.genres}
        assert said == pytest.approx(dict(zip(LABELS, softmax(logits), strict=True)), abs=1e-5)


def test_windows_count_by_their_new_tokens(listener: Listener) -> None:
    samples = np.concatenate([tone(200, 20 * TOKEN_S), tone(6000, 10 * TOKEN_S + 0.2)])
    spectrogram = mel.LogMel()
    columns = np.concatenate([spectrogram.push(samples), spectrogram.finish()], axis=1)
    first, last = tokens.windows([columns])
    assert (first.new_tokens, last.new_tokens) == (20, 10)
    one, two = (listener.bundle.run(window.db[np.newaxis]) for window in (first, last))
    track = heard(listener, samples)
    expected = softmax((20 * one.logits[0] + 10 * two.logits[0]) / 30)
    assert probabilities(track) == pytest.approx(dict(zip(LABELS, expected, strict=True)), abs=1e-5)
    new = two.attention[0, 10:]
    attention = np.concatenate([20 / 30 * one.attention[0], 10 / 30 * new / new.sum()])
    np.testing.assert_allclose([moment.attention for moment in track.timeline], attention, rtol=1e-4)
    assert [moment.genre for moment in track.timeline[1:19]] == ["low"] * 18
    assert [moment.genre for moment in track.timeline[21:]] == ["high"] * 9


def test_the_timeline_covers_the_track_token_by_token_and_its_attention_sums_to_one(
    listener: Listener, song: Path
) -> None:
    track = listener.hear(song)
    assert track.duration_s == 40.0
    assert len(track.timeline) == int(40 / TOKEN_S)
    assert sum(moment.attention for moment in track.timeline) == pytest.approx(1, abs=1e-4)
    for position, moment in enumerate(track.timeline):
        assert moment.start_s == pytest.approx(position * TOKEN_S, abs=6e-4)
        assert moment.end_s == pytest.approx((position + 1) * TOKEN_S, abs=6e-4)
        assert sum(label.probability for label in moment.genres) == pytest.approx(1, abs=1e-5)


def test_the_loud_seconds_decide(listener: Listener) -> None:
    samples = np.concatenate([0.001 * hiss(9), hiss(3), 0.001 * hiss(8)])
    (segment, *_) = sorted(heard(listener, samples).decisive, key=lambda segment: -segment.attention)
    assert segment.start_s >= 9 - TOKEN_S
    assert segment.end_s <= 12 + TOKEN_S


def test_a_steady_sound_has_a_steady_timeline_to_its_end(listener: Listener) -> None:
    steady = np.tile(hiss(TOKEN_S / 19), 19 * 45)
    attention = [moment.attention for moment in heard(listener, steady).timeline]
    np.testing.assert_allclose(attention[1:-1], 1 / len(attention), rtol=0.05)


def test_an_answer_survives_json(listener: Listener, song: Path) -> None:
    track = listener.hear(song)
    assert Track.from_dict(json.loads(json.dumps(track.to_dict()))) == track


def test_the_answer_names_its_file_and_its_model(listener: Listener, song: Path) -> None:
    track = listener.hear(song)
    assert (track.path, track.model) == (str(song), "tiny 1")


# The laws.


@pytest.mark.parametrize("gain", [0.01, 0.1, 2.0])
def test_a_louder_copy_gets_the_same_answer(listener: Listener, gain: float) -> None:
    samples = music(rate_hz=RATE_HZ, length_s=40).mean(axis=1)
    assert_same_answer(heard(listener, gain * samples), heard(listener, samples), within=2e-5)


def test_a_path_a_file_object_and_an_array_get_the_same_answer(listener: Listener, song: Path) -> None:
    by_path = listener.hear(song)
    samples, rate_hz = soundfile.read(song, dtype="float32")
    with song.open("rb") as file:
        by_file = listener.hear(file)
    by_bytes = listener.hear(io.BytesIO(song.read_bytes()))
    by_array = listener.hear(samples, sample_rate_hz=rate_hz)
    assert by_file == by_path == listener.hear(str(song))
    assert replace(by_bytes, path="") == replace(by_array, path="") == replace(by_path, path="")


@pytest.mark.parametrize("block_s", [0.05, 1.7, 300.0])
def test_the_size_of_the_blocks_does_not_matter(
    listener: Listener, song: Path, block_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = listener.hear(song)
    monkeypatch.setattr(decode, "blocks", partial(decode.blocks, block_s=block_s))
    assert listener.hear(song) == track


def test_formats_of_one_recording_get_the_same_answer(listener: Listener, corpus: dict[str, Case]) -> None:
    wav = listener.hear(corpus["wav"].path)
    assert_same_answer(listener.hear(corpus["flac"].path), wav, within=1e-3)
    # A codec drops what it deems inaudible, and the tiny network counts every band however faint.
    for name in ("mp3", "ogg"):
        assert probabilities(listener.hear(corpus[name].path)) == pytest.approx(probabilities(wav), abs=0.1)


@pytest.mark.parametrize("rate_hz", [44_100, 48_000])
def test_sample_rates_of_one_recording_get_the_same_answer(listener: Listener, rate_hz: int) -> None:
    def made(rate_hz: int) -> Track:
        time_s = np.arange(rate_hz * 10) / rate_hz
        samples = sum(np.sin(2 * np.pi * pitch_hz * time_s * (1 + 0.01 * time_s)) for pitch_hz in (150, 900, 4000))
        return listener.hear(0.1 * samples, sample_rate_hz=rate_hz)

    assert_same_answer(made(rate_hz), made(RATE_HZ), within=0.02)


def test_mono_and_stereo_get_the_same_answer(listener: Listener) -> None:
    mono = hiss(8)
    stereo = np.stack([mono, mono], axis=1)
    assert_same_answer(heard(listener, stereo), heard(listener, mono), within=1e-5)


@pytest.mark.parametrize("level", [0.03, 1.0])  # 60 dB under the sound is silence before 80 dB under it, or after
def test_a_silent_half_minute_has_no_part_in_the_answer_and_is_quiet_in_the_timeline(
    listener: Listener, level: float
) -> None:
    window_s = 20 * TOKEN_S
    sound = tone(200, window_s, level=level)
    track = heard(listener, np.concatenate([sound, silence(3 * window_s), sound]))
    silent = [moment for moment in track.timeline if window_s + TOKEN_S / 2 < moment.start_s < 4 * window_s - TOKEN_S]
    assert len(silent) == 59
    assert all((moment.quiet, moment.genres, moment.attention) == (True, (), 0) for moment in silent)
    assert len(track.timeline) == 100
    assert track.duration_s == pytest.approx(5 * window_s, abs=1e-3)
    assert sum(moment.attention for moment in track.timeline) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("silence_s", [5, 20, 70])
def test_silence_at_the_end_does_not_change_the_answer(listener: Listener, silence_s: float) -> None:
    samples = hiss(40 * TOKEN_S)
    with_silence = heard(listener, np.concatenate([samples, silence(silence_s)]))
    assert probabilities(with_silence) == pytest.approx(probabilities(heard(listener, samples)), abs=0.02)
    assert max(segment.end_s for segment in with_silence.decisive) <= 41 * TOKEN_S


# Sets and abstention.


@pytest.mark.parametrize(
    ("set_quantile", "max_set", "size", "cannot_tell"), [(0.0, 2, 1, False), (1.0, 2, 3, True), (1.0, 3, 3, False)]
)
def test_the_set_and_the_abstention_follow_the_calibration(
    tmp_path: Path, set_quantile: float, max_set: int, size: int, cannot_tell: bool
) -> None:
    calibration = replace(INFO.calibration, set_quantile=set_quantile, max_set=max_set)
    write_bundle(tmp_path, tiny_network().SerializeToString(), replace(INFO, calibration=calibration))
    track = heard(Listener(load_bundle(tmp_path)), hiss(3))
    assert len(track.genre_set) == size
    assert track.cannot_tell is cannot_tell
    assert track.genre_set == tuple(label.name for label in track.genres[:size])


def test_a_higher_temperature_makes_a_less_certain_answer(tmp_path: Path, listener: Listener) -> None:
    calibration = replace(INFO.calibration, temperature=3.0)
    write_bundle(tmp_path, tiny_network().SerializeToString(), replace(INFO, calibration=calibration))
    samples = tone(200, 5)
    sure, unsure = heard(listener, samples), heard(Listener(load_bundle(tmp_path)), samples)
    for warm, cold in ((unsure, sure), (unsure.timeline[0], sure.timeline[0])):
        again = softmax([3 * np.log(label.probability) for label in warm.genres])
        assert [label.probability for label in cold.genres] == pytest.approx(again, abs=1e-3)


# Tags, and "none of these".


def test_without_heads_nothing_is_said_of_tags_or_of_what_is_outside(listener: Listener) -> None:
    track = heard(listener, hiss(3))
    assert (track.tags, track.heard_tags, track.outside, track.none_of_these) == ((), (), None, False)


def test_heads_change_nothing_of_the_genres(listener: Listener, full_listener: Listener) -> None:
    samples = music(rate_hz=RATE_HZ, length_s=40).mean(axis=1)
    full, plain = heard(full_listener, samples), heard(listener, samples)
    assert [label.name for label in full.genres_alone] == [label.name for label in plain.genres]
    shares = [label.probability for label in plain.genres]
    assert [label.probability for label in full.genres_alone] == pytest.approx(shares, rel=1e-5)
    assert (full.decisive, full.timeline) == (plain.decisive, plain.timeline)


def test_logits_of_heads_count_by_the_new_tokens_of_their_windows(full_listener: Listener) -> None:
    samples = np.concatenate([tone(200, 20 * TOKEN_S), hiss(10 * TOKEN_S + 0.2)])
    spectrogram = mel.LogMel()
    columns = np.concatenate([spectrogram.push(samples), spectrogram.finish()], axis=1)
    one, two = (full_listener.bundle.run(window.db[np.newaxis]) for window in tokens.windows([columns]))
    track = heard(full_listener, samples)
    assert one.tags is not None
    assert two.tags is not None
    assert one.outside is not None
    assert two.outside is not None
    assert track.tags == TAGS.labels((20 * one.tags[0] + 10 * two.tags[0]) / 30)
    logit = (20 * one.outside[0] + 10 * two.outside[0]) / 30
    assert track.outside == pytest.approx(float(OUTSIDE.calibration.probabilities(logit)), rel=1e-5)
    assert track.heard_tags == TAGS.heard(track.tags)


def told(full_listener: Listener, offset: float, **changes: float) -> Track:
    """A low tone, heard by a bundle whose logit of "none of these" is always `offset`."""
    bundle = full_listener.bundle
    info = replace(bundle.info, outside=replace(OUTSIDE, calibration=Platt(slope=0.0, offset=offset), **changes))
    return heard(Listener(Bundle(bundle.folder, info, bundle._network)), tone(200, 3))


@pytest.mark.parametrize("offset", [-500.0, -3.0, -0.5, 0.0, 0.5, 3.0, 30.0, 500.0])
def test_genres_and_none_of_these_sum_to_1_and_none_of_these_is_said_where_it_comes_first(
    full_listener: Listener, offset: float
) -> None:
    track = told(full_listener, offset)
    assert sum(label.probability for label in track.answers) == pytest.approx(1, abs=1e-5)
    assert track.none_of_these == (track.answers[0].name == NONE)
    assert track.genre_set[0] == track.answers[0].name
    assert track.genre == "low"  # the nearest one, where it is none of these


def test_where_it_is_surely_none_of_these_the_genres_keep_their_shares(full_listener: Listener) -> None:
    unsure, sure = told(full_listener, 0.0), told(full_listener, 60.0)
    assert sure.outside == 1
    for one, other in zip(unsure.genres_alone, sure.genres_alone, strict=True):
        assert (one.name, one.probability) == (other.name, pytest.approx(other.probability, rel=1e-4))


def test_the_set_is_taken_from_all_answers_together(full_listener: Listener) -> None:
    low = told(full_listener, 0.0).genres_alone[0].probability
    assert told(full_listener, -1.0, set_quantile=0.5).genre_set == ("low",)
    assert told(full_listener, 1.0, set_quantile=0.5).genre_set == (NONE,)
    both = told(full_listener, 0.0, set_quantile=1 - 0.49 * low)
    assert set(both.genre_set) == {"low", NONE}
    assert told(full_listener, 0.0, set_quantile=1.0).cannot_tell


def test_heads_that_answer_nonsense_are_found_out(tmp_path: Path) -> None:
    network = tiny_network(heads=True)
    for constant in network.graph.initializer:
        if constant.name == "fifteen":
            constant.raw_data = np.float32(np.nan).tobytes()
    write_bundle(tmp_path, network.SerializeToString(), replace(INFO, tags=TAGS, outside=OUTSIDE))
    with pytest.raises(EarmarkError, match="not a number"):
        heard(Listener(load_bundle(tmp_path)), hiss(3))


# What cannot be heard.


def test_digital_silence_is_refused_by_name(listener: Listener, corpus: dict[str, Case]) -> None:
    with pytest.raises(SoundError, match=r"silence\.wav is silent"):
        listener.hear(corpus["digital silence"].path)
    with pytest.raises(SoundError, match="The array is silent"):
        heard(listener, silence(40))


def test_half_a_second_is_heard_and_less_is_not(listener: Listener) -> None:
    assert len(heard(listener, tone(200, 0.6)).timeline) == 1
    assert heard(listener, tone(200, 0.6)).timeline[0].end_s == 0.6
    with pytest.raises(SoundError, match="too short"):
        heard(listener, tone(200, 0.3))


def test_an_array_needs_its_rate_and_a_file_does_not(listener: Listener, song: Path) -> None:
    with pytest.raises(SoundError, match="does not say its rate"):
        listener.hear(hiss(3))
    with pytest.raises(SoundError, match="with arrays alone"):
        listener.hear(song, sample_rate_hz=44_100)


@pytest.mark.parametrize("source", [[0.1] * 44_100, None, 3])
def test_what_is_no_sound_at_all_is_refused_in_words(listener: Listener, source: object) -> None:
    with pytest.raises(SoundError, match="is no sound"):
        listener.hear(source)  # type: ignore[arg-type]


def test_a_network_that_answers_nonsense_is_found_out(tmp_path: Path) -> None:
    network = tiny_network()
    for constant in network.graph.initializer:
        if constant.name == "genre_weights":
            constant.raw_data = np.full(128 * 3, np.nan, np.float32).tobytes()
    write_bundle(tmp_path, network.SerializeToString(), INFO)
    with pytest.raises(EarmarkError, match="not a number"):
        heard(Listener(load_bundle(tmp_path)), hiss(3))


def test_every_case_of_the_corpus_is_heard_or_refused_in_a_sentence(
    listener: Listener, corpus: dict[str, Case]
) -> None:
    cases = list(corpus.values())
    for case, answer in zip(cases, listener.hear_all([case.path for case in cases], jobs=1), strict=True):
        assert isinstance(answer, Track) == case.hears, answer
        assert answer.path == str(case.path)
        if isinstance(answer, Failure):
            assert case.says in answer.error
            assert "\n" not in answer.error


# Pictures, and long files.


def test_a_picture_comes_with_the_same_answer(listener: Listener, song: Path) -> None:
    pictured = listener.hear_with_picture(song)
    assert pictured.track == listener.hear(song)
    assert pictured.spectrogram.shape == (128, 1 + 40 * RATE_HZ // mel.HOP_SAMPLES)
    assert pictured.spectrogram.max() == 255


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads the peak of memory from /proc")
def test_memory_does_not_grow_with_the_length_of_a_track(tiny_folder: Path, tmp_path: Path) -> None:
    script = (
        "import re, sys; from earmark import Listener, load_bundle;"
        "pictured = Listener(load_bundle(sys.argv[1])).hear_with_picture(sys.argv[2]);"
        # Not getrusage: its peak starts with that of the process that forked this one.
        "peak = re.search(r'VmHWM:\\s*(\\d+)', open('/proc/self/status').read()).group(1);"
        "print(len(pictured.track.timeline), peak)"
    )
    kilobytes = []
    for minutes in (2, 40):
        file = tmp_path / f"{minutes}.flac"
        minute = np.tile(hiss(6), 10)
        with soundfile.SoundFile(file, "w", RATE_HZ, 1) as stream:
            for _ in range(minutes):
                stream.write(minute)
        answer = subprocess.run(
            [sys.executable, "-c", script, tiny_folder, file], capture_output=True, text=True, check=True
        )
        count, used = map(int, answer.stdout.split())
        assert count == int(minutes * 60 / TOKEN_S)
        kilobytes.append(used)
    short, long = kilobytes
    assert long < 300_000
    assert long - short < 30_000
