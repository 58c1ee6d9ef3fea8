"""Sound for pages: it decodes back to what it was, whatever this libsndfile can write."""

import io

import numpy as np
import pytest
import soundfile

from earmark.sound.decode import blocks
from earmark.sound.encode import encode, encode_as

RATE_HZ = 22_050
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE_HZ) / RATE_HZ)).astype(np.float32)


def test_a_tone_comes_back_as_the_same_tone() -> None:
    sound = encode(TONE)
    back = np.concatenate(list(blocks(io.BytesIO(sound.content))))
    assert back.size == pytest.approx(TONE.size, abs=0.1 * RATE_HZ)
    spectrum = np.abs(np.fft.rfft(back[: 2 * RATE_HZ]))
    assert spectrum.argmax() / 2 == pytest.approx(440, abs=1)
    assert np.abs(back).max() == pytest.approx(0.5, abs=0.05)


def test_mp3_is_written_where_it_can_be_and_is_small() -> None:
    sound = encode(TONE)
    if "MP3" in soundfile.available_formats():
        assert sound.media_type == "audio/mpeg"
        assert len(sound.content) < TONE.size * 2 / 2


def test_without_mp3_it_is_a_wav(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": "WAV"})
    sound = encode(TONE)
    assert sound.media_type == "audio/wav"
    back, rate_hz = soundfile.read(io.BytesIO(sound.content), dtype="float32")
    assert rate_hz == RATE_HZ
    assert back == pytest.approx(TONE, abs=1e-4)


@pytest.mark.parametrize("level", [4.0, 1e9])
def test_what_is_too_loud_is_turned_down_and_not_clipped(level: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundfile, "available_formats", lambda: {"WAV": "WAV"})
    back, _ = soundfile.read(io.BytesIO(encode(level * TONE).content), dtype="float32")
    assert back == pytest.approx(2 * TONE, abs=1e-3)


@pytest.mark.parametrize(
    ("kind", "format_", "exact"), [("wav", "WAV", 4e-5), ("flac", "FLAC", 4e-5), ("ogg", "OGG", 0.2)]
)
@pytest.mark.parametrize("channels", [1, 2])
def test_sound_is_written_as_it_is_named(kind: str, format_: str, exact: float, channels: int) -> None:
    times_s = np.arange(44_100 * 3)[:, np.newaxis] / 44_100
    samples = np.asarray(0.5 * np.sin(2 * np.pi * 300 * times_s + np.arange(channels)), np.float32)
    written = io.BytesIO(encode_as(kind, samples, 44_100))
    info = soundfile.info(written)
    assert (info.format, info.samplerate, info.channels, info.frames) == (format_, 44_100, channels, len(samples))
    written.seek(0)
    read, _ = soundfile.read(written, dtype="float32", always_2d=True)
    np.testing.assert_allclose(read, samples, atol=exact)


def test_more_than_two_channels_become_one_and_what_is_too_loud_is_turned_down() -> None:
    samples = np.tile(np.array([[2.0, 2.0, -1.0]], np.float32), (1000, 1))
    read, _ = soundfile.read(io.BytesIO(encode_as("wav", samples, 8000)), dtype="float32", always_2d=True)
    assert read.shape == (1000, 1)
    np.testing.assert_allclose(read, 1, atol=1e-4)
    loud = np.array([[2.0], [-1.0]] * 500, np.float32)
    read, _ = soundfile.read(io.BytesIO(encode_as("flac", loud, 8000)), dtype="float32")
    np.testing.assert_allclose(read[:2], [1, -0.5], atol=1e-4)


@pytest.mark.parametrize(("rate_hz", "written_hz"), [(1000, 8000), (8000, 8000), (11_111, 11_111), (5_000_000, 48_000)])
@pytest.mark.parametrize("kind", ["wav", "flac", "ogg"])
def test_rates_that_players_do_not_know_become_ones_that_they_do(kind: str, rate_hz: int, written_hz: int) -> None:
    content = encode_as(kind, np.zeros((2 * rate_hz, 1), np.float32), rate_hz)
    info = soundfile.info(io.BytesIO(content))
    assert info.samplerate == written_hz
    assert info.duration == pytest.approx(2, abs=0.01)
