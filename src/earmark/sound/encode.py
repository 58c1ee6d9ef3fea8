"""From samples to a sound file: for any browser MP3 where libsndfile can write it (from 1.1), else WAV; or as named."""

import io
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from earmark.sound.mel import SAMPLE_RATE_HZ


@dataclass(frozen=True, slots=True)
class Encoded:
    """A sound file's bytes, and their media type, such as "audio/mpeg"."""

    media_type: str
    content: bytes


def encode(samples: NDArray[np.float32]) -> Encoded:
    """Encode samples, (n,) mono at 22 050 Hz; what is over full scale is turned down as a whole."""
    peak = float(np.abs(samples).max(initial=0.0))
    level = samples / peak if peak > 1 else samples
    if "MP3" in soundfile.available_formats():
        return Encoded("audio/mpeg", _written(level, format="MP3", subtype="MPEG_LAYER_III"))
    return Encoded("audio/wav", _written(level, format="WAV", subtype="PCM_16"))


# By suffix: format and kind of samples, as libsndfile calls them.
KINDS = {"wav": ("WAV", "PCM_16"), "flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS")}
_MOST_CHANNELS = 2
_LOWEST_HZ, _HIGHEST_HZ = 8_000, 48_000  # that all players know; on some others libsndfile's encoder brings us down
_AT_ONCE = 4096  # samples: libsndfile keeps what it is given for Vorbis on its stack


def encode_as(kind: str, samples: NDArray[np.float32], rate_hz: int) -> bytes:
    """Encode samples, (n, channels), as one of `KINDS`; what is over full scale is turned down as a whole.

    More than two channels become one, their mean; rates below 8 and above 48 kHz become these.
    """
    level = samples if samples.shape[1] <= _MOST_CHANNELS else samples.mean(axis=1, keepdims=True)
    level, rate_hz = _at_known_rate(level, rate_hz)
    level = level / max(float(np.abs(level).max(initial=0.0)), 1.0)
    form, subtype = KINDS[kind]
    stream = io.BytesIO()
    with soundfile.SoundFile(stream, "w", rate_hz, level.shape[1], subtype=subtype, format=form) as file:
        for start in range(0, len(level), _AT_ONCE):
            file.write(level[start : start + _AT_ONCE])
    return stream.getvalue()


def _at_known_rate(samples: NDArray[np.float32], rate_hz: int) -> tuple[NDArray[np.float32], int]:
    known_hz = min(max(rate_hz, _LOWEST_HZ), _HIGHEST_HZ)
    if known_hz == rate_hz:
        return samples, rate_hz
    return np.asarray(soxr.resample(samples, rate_hz, known_hz), np.float32), known_hz


def _written(samples: NDArray[np.float32], **kind: str) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, samples, SAMPLE_RATE_HZ, **kind)
    return stream.getvalue()
