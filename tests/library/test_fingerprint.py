"""Fingerprints: the same recording is known again, whatever its level, start and format, and another one is not."""

import io

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from earmark.library.fingerprint import (
    SAME,
    STRETCHES,
    VERSION,
    WORDS,
    Fingerprinter,
    may_be_alike,
    similarity,
)
from earmark.sound.decode import blocks
from earmark.sound.mel import SAMPLE_RATE_HZ, LogMel

Samples = NDArray[np.float32]


def piece(seed: int, length_s: float = 30.0) -> Samples:
    """Notes and noises that nobody else has, a new one every quarter of a second."""
    rng = np.random.default_rng(seed)
    samples = np.zeros(round(length_s * SAMPLE_RATE_HZ), np.float32)
    for start in range(0, len(samples) - SAMPLE_RATE_HZ, SAMPLE_RATE_HZ // 4):
        time_s = np.arange(SAMPLE_RATE_HZ) / SAMPLE_RATE_HZ
        for _ in range(3):
            pitch_hz, decay = rng.uniform(80, 3000), rng.uniform(2, 12)
            tone = np.sin(2 * np.pi * pitch_hz * time_s) * np.exp(-decay * time_s)
            samples[start : start + SAMPLE_RATE_HZ] += rng.uniform(0.02, 0.2) * tone.astype(np.float32)
    return samples + 1e-3 * rng.normal(size=len(samples)).astype(np.float32)


def printed(samples: Samples, *, block: int = 50_000) -> bytes:
    made, stream = Fingerprinter(), LogMel()
    for start in range(0, len(samples), block):
        made.on_columns(stream.push(samples[start : start + block]))
    made.on_columns(stream.finish())
    return made.finish()


@pytest.fixture(scope="module")
def song() -> Samples:
    return piece(0)


def test_the_same_sound_has_the_same_fingerprint_however_it_is_cut(song: Samples) -> None:
    whole = printed(song)
    assert similarity(whole, whole) == pytest.approx(1.0, abs=1e-5)
    assert printed(song, block=7_001) == whole


def test_it_takes_less_than_a_kilobyte_however_long_the_track_is() -> None:
    long = printed(np.tile(piece(3, 60.0), 5))
    assert len(long) == 1 + STRETCHES * WORDS * 2 < 1024
    assert long[0] == VERSION


@pytest.mark.parametrize("gain_db", [-30.0, -6.0, 9.0])
def test_level_is_no_matter(song: Samples, gain_db: float) -> None:
    assert similarity(printed(song), printed(song * np.float32(10 ** (gain_db / 20)))) > 0.95


@pytest.mark.parametrize("later_s", [0.02, 0.5, 3.3])
def test_silence_in_front_is_no_matter(song: Samples, later_s: float) -> None:
    later = np.concatenate([np.zeros(round(later_s * SAMPLE_RATE_HZ), np.float32), song])
    assert similarity(printed(song), printed(later)) > SAME + 0.1
    assert similarity(printed(later), printed(song)) > SAME + 0.1


@pytest.mark.parametrize("kind", [("MP3", "MPEG_LAYER_III"), ("OGG", "VORBIS"), ("WAV", "PCM_U8")])
def test_a_codec_is_no_matter(song: Samples, kind: tuple[str, str]) -> None:
    if kind[0] not in soundfile.available_formats():
        pytest.skip(f"this libsndfile cannot write {kind[0]}")
    file = io.BytesIO()
    soundfile.write(file, song * 0.5, SAMPLE_RATE_HZ, format=kind[0], subtype=kind[1])
    file.seek(0)
    assert similarity(printed(song), printed(np.concatenate(list(blocks(file))))) > SAME + 0.15


@given(st.integers(1, 500))
@settings(deadline=None, max_examples=6)
def test_another_recording_is_another(seed: int) -> None:
    assert similarity(printed(piece(0)), printed(piece(seed))) < SAME - 0.1


def test_it_is_the_same_from_both_sides() -> None:
    one, other = printed(piece(0)), printed(piece(1))
    assert similarity(one, other) == pytest.approx(similarity(other, one), abs=1e-6)


@pytest.mark.parametrize("samples", [np.zeros(30_000, np.float32), piece(0, 2.5)])
def test_silence_and_what_is_shorter_than_three_seconds_have_none(samples: Samples) -> None:
    assert printed(np.asarray(samples, np.float32)) == b""


def test_silence_within_a_piece_makes_it_like_nothing() -> None:
    quiet = np.zeros(15 * SAMPLE_RATE_HZ, np.float32)
    one, other = (printed(np.concatenate([piece(seed, 14.0), quiet])) for seed in (5, 6))
    assert similarity(one, other) < SAME - 0.1


def test_what_is_empty_or_of_another_version_is_like_nothing(song: Samples) -> None:
    whole = printed(song)
    for other in (b"", bytes([VERSION + 1]) + whole[1:]):
        assert similarity(whole, other) == 0.0
        assert similarity(other, whole) == 0.0


def test_a_part_of_some_seconds_is_known_in_the_whole(song: Samples) -> None:
    assert similarity(printed(song), printed(song[: 9 * SAMPLE_RATE_HZ])) > SAME


def test_what_is_unlike_need_not_be_compared_in_full(song: Samples) -> None:
    whole = printed(song)
    late = printed(np.concatenate([np.zeros(20 * SAMPLE_RATE_HZ, np.float32), piece(2, 60.0)]))  # begins with nothing
    others = [printed(0.3 * song), printed(piece(1)), b"", late, printed(song[SAMPLE_RATE_HZ:])]
    assert may_be_alike(whole, others).tolist() == [True, False, False, True, True]
    assert may_be_alike(b"", others).tolist() == [False] * 5
    assert may_be_alike(whole, []).tolist() == []


def test_many_are_compared_in_parts_with_the_same_result(song: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, others = printed(song), [printed(song * 0.5), printed(piece(1)), printed(song[5000:])]
    said = may_be_alike(whole, others)
    monkeypatch.setattr("earmark.library.fingerprint._AT_ONCE", 1)
    assert may_be_alike(whole, others).tolist() == said.tolist()
