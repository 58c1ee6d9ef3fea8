"""Explanations by the tiny network: what is blanked and what is not, excerpts to the sample, an atlas, odd sources."""

import io
import json
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from atlases import RATE_HZ, low_bursts, points, small_atlas
from earmark import Listener, load_bundle
from earmark.errors import SoundError
from earmark.listen.explanation import Explanation, _Blanks, _excerpts, blank, elsewhere, explain
from earmark.listen.whitening import Whitening
from earmark.sound.mel import LogMel
from earmark.sound.tokens import FRAME_S, TOKEN_FRAMES, Window, windows
from earmark.track import NONE, Segment

TOKEN_S = TOKEN_FRAMES * FRAME_S
FILLER = np.linspace(-60, -20, 128, dtype=np.float32)
# Three windows, each with a token of loud low noise.
BURSTS = [(token * TOKEN_S, (token + 1) * TOKEN_S) for token in (10, 30, 42)]
SONG = low_bursts(70.0, *BURSTS)


@pytest.fixture(scope="module")
def explanation(listener: Listener) -> Explanation:
    return explain(listener, SONG, sample_rate_hz=RATE_HZ)


def window(start_token: int, *, seed: int = 0) -> Window:
    db = np.random.default_rng(seed).uniform(-80, 0, (128, 5 * TOKEN_FRAMES)).astype(np.float32)
    return Window(db, start_token * TOKEN_S, 5, peak_db=0.0)


def test_the_tokens_that_are_named_are_filled_and_nothing_else_is_touched() -> None:
    whole = window(40)
    before = whole.db.copy()
    left = blank(whole, [41, 44, 3, 45], FILLER, token_frames=TOKEN_FRAMES)
    cut, kept = (each.reshape(128, 5, TOKEN_FRAMES) for each in (left.db, before))
    assert (cut[:, [1, 4]] == FILLER[:, None, None]).all()
    assert (cut[:, [0, 2, 3]] == kept[:, [0, 2, 3]]).all()
    assert (whole.db == before).all()
    assert (left.start_s, left.new_tokens, left.peak_db) == (whole.start_s, 5, 0.0)


def test_a_token_is_filled_in_each_window_that_hears_it() -> None:
    mel = LogMel()
    columns = np.concatenate([mel.push(SONG), mel.finish()], axis=1)
    cut = list(windows([columns]))
    assert len(cut) == 3  # the last one is moved back, so that it begins in the middle of the second
    shared = round(cut[2].start_s / TOKEN_S) + 1
    changed = [(blank(each, [shared], FILLER, token_frames=TOKEN_FRAMES).db != each.db).any(axis=0) for each in cut]
    assert [int(frames.sum()) for frames in changed] == [0, TOKEN_FRAMES, TOKEN_FRAMES]
    starts_s = [each.start_s + frames.argmax() * FRAME_S for each, frames in zip(cut[1:], changed[1:], strict=True)]
    assert starts_s == pytest.approx([shared * TOKEN_S] * 2)


def test_the_answer_is_that_of_the_listener(explanation: Explanation, listener: Listener) -> None:
    pictured = listener.hear_with_picture(SONG, sample_rate_hz=RATE_HZ)
    assert explanation.track == pictured.track
    assert np.array_equal(explanation.spectrogram, pictured.spectrogram)


def test_the_seconds_that_made_it_low_are_missed_when_they_are_gone(explanation: Explanation) -> None:
    track = explanation.track
    assert track.genre == "low"
    starts_s = [segment.start_s for segment in track.decisive]
    assert all(any(start_s - 0.01 <= found < end_s for start_s, end_s in BURSTS) for found in starts_s)
    after = {label.name: label.probability for label in explanation.without.genres}
    assert explanation.change == pytest.approx(after["low"] - track.genres[0].probability, abs=1e-6)
    assert explanation.change < -0.05
    assert sum(after.values()) == pytest.approx(1, abs=1e-5)


def test_without_the_decisive_seconds_there_is_a_whole_answer_too(full_listener: Listener) -> None:
    found = explain(full_listener, SONG, sample_rate_hz=RATE_HZ)
    assert found.track.outside is not None
    assert found.without.outside is not None
    for said in (found.track, found.without):
        assert sum(label.probability for label in said.answers) == pytest.approx(1, abs=1e-5)
        assert said.none_of_these == (said.answers[0].name == NONE)
    # Loud seconds are gone, and what is not loud is none of the tiny network's genres.
    assert found.without.outside > found.track.outside
    after = {label.name: label.probability for label in found.without.genres}
    assert found.change == pytest.approx(after[found.track.genre] - found.track.genres[0].probability, abs=1e-6)
    assert json.loads(json.dumps(found.to_dict()))["without"]["outside"] == found.without.outside


def test_a_track_of_which_nothing_is_blanked_has_its_own_answer(full_listener: Listener) -> None:
    columns: list[np.ndarray] = []
    track = full_listener.hear(SONG, sample_rate_hz=RATE_HZ, on_columns=columns.append)
    said = _Blanks(full_listener.bundle, columns, track, filler=None).answer([])
    assert said.genre_set == track.genre_set
    assert [label.name for label in said.answers] == [label.name for label in track.answers]
    shares = [label.probability for label in track.answers]
    assert [label.probability for label in said.answers] == pytest.approx(shares, rel=1e-3)


def test_other_seconds_are_missed_less_and_the_draws_repeat(explanation: Explanation, listener: Listener) -> None:
    assert len(explanation.random_changes) == 5
    assert explanation.change < min(explanation.random_changes)
    assert explanation.without_random == pytest.approx(np.mean(explanation.random_changes))
    again = explain(listener, SONG, sample_rate_hz=RATE_HZ)
    assert again.random_changes == explanation.random_changes
    other = explain(listener, SONG, sample_rate_hz=RATE_HZ, seed=1, draws=3)
    assert len(other.random_changes) == 3
    assert other.random_changes != explanation.random_changes[:3]


def test_other_seconds_come_in_runs_as_long_as_the_decisive_ones() -> None:
    decisive, others = [3, 4, 5, 9], [0, 1, 2, 6, 7, 8, 10, 11, 12, 13]
    rng = np.random.default_rng(0)
    for _ in range(50):
        drawn = elsewhere(decisive, others, rng)
        assert set(drawn) < set(others)
        gaps = np.diff(drawn)
        assert len(drawn) == 4
        assert (gaps == 1).sum() >= 2  # three in a row, and one anywhere
    assert elsewhere(decisive, [0, 1, 6, 7], rng) == []


def test_long_runs_find_their_room_before_short_ones_take_it() -> None:
    rng = np.random.default_rng(0)
    assert {tuple(elsewhere([3, 4, 5, 9], [0, 1, 2, 7], rng)) for _ in range(30)} == {(0, 1, 2, 7)}


def test_a_track_with_no_other_seconds_has_no_draws(listener: Listener) -> None:
    short = explain(listener, low_bursts(1.0, (0.0, 1.0)), sample_rate_hz=RATE_HZ)
    assert short.random_changes == ()
    assert short.without_random is None


def test_excerpts_are_the_samples_of_the_segments(explanation: Explanation) -> None:
    assert [excerpt.segment for excerpt in explanation.excerpts] == list(explanation.track.decisive)
    for excerpt in explanation.excerpts:
        start, end = (round(time_s * RATE_HZ) for time_s in (excerpt.segment.start_s, excerpt.segment.end_s))
        assert np.array_equal(excerpt.samples, SONG[start:end])
        assert excerpt.samples.dtype == np.float32


@pytest.mark.parametrize("block_samples", [1, 700, 11_025, 50_000])
def test_excerpts_go_on_from_block_to_block_and_no_more_is_read(block_samples: int) -> None:
    song = np.random.default_rng(0).normal(size=4 * RATE_HZ).astype(np.float32)
    read = []

    def blocks() -> Iterator[np.ndarray]:
        for start in range(0, len(song), block_samples):
            read.append(start)
            yield song[start : start + block_samples]

    segments = (Segment(0.0, 0.25, 0.1), Segment(0.5, 1.5, 0.2))
    first, second = _excerpts(blocks(), segments)
    assert np.array_equal(first.samples, song[: round(0.25 * RATE_HZ)])
    assert np.array_equal(second.samples, song[RATE_HZ // 2 : round(1.5 * RATE_HZ)])
    assert (first.segment, second.segment) == segments
    assert read[-1] < 1.5 * RATE_HZ <= read[-1] + block_samples


def test_a_file_gives_what_its_samples_give(explanation: Explanation, listener: Listener, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", SONG, RATE_HZ, subtype="FLOAT")
    found = explain(listener, tmp_path / "song.wav")
    assert replace(found.track, path="The array") == explanation.track
    assert found.without == explanation.without
    for ours, theirs in zip(found.excerpts, explanation.excerpts, strict=True):
        assert np.array_equal(ours.samples, theirs.samples)


class Pipe(io.BytesIO):
    """What can be read once."""

    def seekable(self) -> bool:
        return False


def test_an_open_file_and_a_pipe_are_decoded_twice_all_the_same(explanation: Explanation, listener: Listener) -> None:
    stream = io.BytesIO()
    soundfile.write(stream, SONG, RATE_HZ, format="WAV", subtype="FLOAT")
    for source in (stream, Pipe(stream.getvalue())):
        found = explain(listener, source)
        assert found.track.genres == explanation.track.genres
        assert np.array_equal(found.excerpts[0].samples, explanation.excerpts[0].samples)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_a_pipe_with_a_name_keeps_it(explanation: Explanation, listener: Listener, tmp_path: Path) -> None:
    stream = io.BytesIO()
    soundfile.write(stream, SONG, RATE_HZ, format="WAV", subtype="FLOAT")
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(stream.getvalue(),))
    writer.start()
    found = explain(listener, tmp_path / "pipe")
    writer.join()
    assert found.track.path == str(tmp_path / "pipe")
    assert found.track.genres == explanation.track.genres


def test_an_atlas_places_the_track_and_names_its_neighbours(explanation: Explanation, listener: Listener) -> None:
    vector = listener.hear_with_vector(SONG, sample_rate_hz=RATE_HZ).vector  # as it is: this bundle has no whitening
    atlas = small_atlas(np.stack([vector, vector + 1, *points((9.0,))]))
    found = explain(listener, SONG, sample_rate_hz=RATE_HZ, atlas=atlas)
    assert found.place == pytest.approx(vector[:3].tolist(), abs=1e-5)
    assert found.neighbours[0].name == "clip0"
    assert found.neighbours[0].distance < 0.1
    assert found.without != explanation.without  # another filler
    assert explanation.place is None
    assert explanation.neighbours == ()


def test_with_a_whitening_neighbours_are_by_what_is_published_and_the_place_by_what_the_network_makes(
    tiny_folder: Path, tmp_path: Path
) -> None:
    bundle = load_bundle(shutil.copytree(tiny_folder, tmp_path / "bundle"))
    raw = Listener(bundle).hear_with_vector(SONG, sample_rate_hz=RATE_HZ).raw
    whitening = Whitening(raw - points((3.0, 4.0))[0], np.eye(128, dtype=np.float32))
    atlas = replace(small_atlas(points((1.0,), (0.6, 0.8))), whitening=whitening, network_sha256=bundle.info.sha256)
    atlas.write(bundle.folder)
    found = explain(Listener(bundle), SONG, sample_rate_hz=RATE_HZ, atlas=atlas)
    assert found.place == pytest.approx(raw[:3].tolist(), abs=1e-5)
    assert (found.neighbours[0].name, found.neighbours[0].distance) == ("clip1", pytest.approx(0, abs=0.01))


def test_the_filler_is_the_mean_of_the_track_where_there_is_no_atlas(listener: Listener) -> None:
    noise = np.random.default_rng(0).normal(size=RATE_HZ * 20).astype(np.float32)
    found = explain(listener, noise, sample_rate_hz=RATE_HZ)
    assert abs(found.change) < 0.01  # noise is its own mean


def test_as_json_it_is_plain_and_has_no_samples(listener: Listener) -> None:
    found = explain(listener, SONG, sample_rate_hz=RATE_HZ, atlas=small_atlas(points((1.0,), (2.0,))))
    plain = json.loads(json.dumps(found.to_dict()))
    assert plain["track"] == found.track.to_dict()
    assert plain["without"]["genres"] == {label.name: label.probability for label in found.without.genres}
    assert plain["change"] == found.change
    assert plain["without_random"] == found.without_random
    assert len(plain["place"]) == 3
    assert [clip["name"] for clip in plain["neighbours"]] == [clip.name for clip in found.neighbours]
    assert set(plain) == {"track", "without", "change", "random_changes", "without_random", "place", "neighbours"}


def test_what_cannot_be_heard_cannot_be_explained(listener: Listener, tmp_path: Path) -> None:
    with pytest.raises(SoundError, match="silent"):
        explain(listener, np.zeros(RATE_HZ * 5, np.float32), sample_rate_hz=RATE_HZ)
    with pytest.raises(SoundError, match="is not there"):
        explain(listener, tmp_path / "nothing.mp3")
    with pytest.raises(SoundError, match="is a folder"):
        explain(listener, tmp_path)
