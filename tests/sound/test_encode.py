"""Sound for pages: it decodes back to what it was, whatever this libsndfile can write."""

import io

import numpy as np
import pytest
import soundfile

from earmark.sound.decode import blocks
from earmark.sound.encode import encode

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
