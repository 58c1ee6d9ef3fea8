"""From samples to a sound file that any browser plays: MP3 where libsndfile can write it (from 1.1), else WAV."""

import io
from dataclasses import dataclass

import numpy as np
import soundfile
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


def _written(samples: NDArray[np.float32], **kind: str) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, samples, SAMPLE_RATE_HZ, **kind)
    return stream.getvalue()
