"""Worse copies of clips, by name: what a phone, a codec, a noisy room or a wrong speed make of a recording.

Most are done on the spectrogram, (128, frames) float32 dB under its maximum, because that is what data sets hold; a
codec can only be done to sound. What is drawn at random is drawn anew for each clip, and the same each time.
"""

import io
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.errors import MissingExtraError
from earmark.sound.decode import blocks
from earmark.sound.mel import FLOOR_DB, SAMPLE_RATE_HZ, band_corners_hz, log_mel, under_maximum
from earmark.sound.tokens import FRAME_S

Floats = NDArray[np.float32]
Change = Callable[[Floats, np.random.Generator], Floats]
_FFT_BIN_HZ = SAMPLE_RATE_HZ / 2048
_HANN_BINS = 1.5  # the window's equivalent noise bandwidth: so many bins are one independent value


@dataclass(frozen=True)
class Condition:
    """One way to make a clip worse: `change` of its spectrogram or, with `of_sound`, of its samples at 22 050 Hz."""

    name: str
    words: str
    change: Change = field(repr=False)
    of_sound: bool = False


CONDITIONS: dict[str, Condition] = {}


@dataclass(frozen=True)
class DegradedDataset(Dataset):
    """A data set whose clips are heard under a condition; everything else is as it was."""

    condition: Condition

    @classmethod
    def of(cls, dataset: Dataset, condition: Condition) -> "DegradedDataset":
        """`dataset` under `condition`."""
        return cls(dataset.name, dataset.folder, dataset.clips, condition, pitch=dataset.pitch)

    def db(self, clip: Clip) -> Floats:
        """As `Dataset.db`, of the worse copy; of sound, the clip's sound must be there."""
        rng = np.random.default_rng(zlib.crc32(clip.id.encode()))
        if not self.condition.of_sound:
            return under_maximum(self.condition.change(super().db(clip), rng))
        samples = np.concatenate(list(blocks(clip.sound_path or clip.path)))
        return log_mel(self.condition.change(samples, rng))


def condition(name: str, words: str, *, of_sound: bool = False) -> Callable[[Change], Change]:
    """Register a change under a name."""

    def keep(change: Change) -> Change:
        CONDITIONS[name] = Condition(name, words, change, of_sound)
        return change

    return keep


@condition("clean", "as it is")
def clean(db: Floats, rng: np.random.Generator) -> Floats:
    """No change: what the others are held against."""
    return db


@condition("low_pass_5k", "nothing above 5 kHz")
def low_pass_5k(db: Floats, rng: np.random.Generator) -> Floats:
    """Bands centred above 5 kHz are gone."""
    return np.where(_centres_hz()[:, None] > 5000, np.float32(FLOOR_DB), db)


@condition("noise_30", "white noise 30 dB below the music")
def noise_30(db: Floats, rng: np.random.Generator) -> Floats:
    """White noise whose power is a thousandth of the clip's mean power."""
    widths_hz = _widths_hz()
    power = 10.0 ** (db / 10)
    mean = float((power * widths_hz[:, None]).sum(axis=0).mean() / widths_hz.sum())
    return np.asarray(10 * np.log10(power + 1e-3 * mean * noise_power(db.shape[1], rng)), dtype=np.float32)


def noise_power(frames: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """White noise of mean power 1, (128, frames).

    With bands of area 1 white noise has the same mean power in each. Power over a band is the mean of so many
    independent exponential values as the band is wide: a gamma distribution. A triangle is as wide as a mean over three
    quarters of its base.
    """
    shape = np.maximum(1.5 * _widths_hz() / (_FFT_BIN_HZ * _HANN_BINS), 1.0)[:, None]
    return rng.gamma(shape, 1 / shape, size=(len(shape), frames))


@condition("phone", "a phone's loudspeaker: nothing below 400 Hz, a bump at 2.5 kHz, dull above 7 kHz")
def phone(db: Floats, rng: np.random.Generator) -> Floats:
    """24 dB an octave below 400 Hz, 12 dB an octave above 7 kHz, 6 dB more around 2.5 kHz."""
    octaves = np.log2(np.maximum(_centres_hz(), 20.0))
    curve = -24 * np.maximum(np.log2(400) - octaves, 0) - 12 * np.maximum(octaves - np.log2(7000), 0)
    curve += 6 * np.exp(-0.5 * ((octaves - np.log2(2500)) / 0.4) ** 2)
    return np.asarray(db + curve[:, None], dtype=np.float32)


@condition("faster_6", "6 % faster, and higher")
def faster_6(db: Floats, rng: np.random.Generator) -> Floats:
    """As a turntable that runs too fast."""
    return _at_speed(db, 1.06)


@condition("slower_6", "6 % slower, and lower")
def slower_6(db: Floats, rng: np.random.Generator) -> Floats:
    """As a turntable that runs too slow."""
    return _at_speed(db, 0.94)


@condition("excerpt_10", "10 s from the middle")
def excerpt_10(db: Floats, rng: np.random.Generator) -> Floats:
    """No more than 10 s."""
    return _middle(db, 10.0)


@condition("excerpt_5", "5 s from the middle")
def excerpt_5(db: Floats, rng: np.random.Generator) -> Floats:
    """No more than 5 s."""
    return _middle(db, 5.0)


@condition("mp3_64", "mp3 at 64 kbit/s", of_sound=True)
def mp3_64(samples: Floats, rng: np.random.Generator) -> Floats:
    """Encoded by LAME and decoded again. Needs the extra `av`."""
    try:
        import av
    except ImportError as missing:
        raise MissingExtraError.naming("Encoding mp3", "av") from missing
    file = io.BytesIO()
    with av.open(file, "w", format="mp3") as container:
        stream = container.add_stream("mp3", rate=SAMPLE_RATE_HZ, bit_rate=64_000, layout="mono")
        whole = np.clip(samples * 32767, -32768, 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(whole, format="s16p", layout="mono")
        frame.sample_rate = SAMPLE_RATE_HZ
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)
    file.seek(0)
    return np.concatenate(list(blocks(file)))


def _centres_hz() -> NDArray[np.float64]:
    return band_corners_hz()[1:-1]


def _widths_hz() -> NDArray[np.float64]:
    return np.asarray(np.diff(band_corners_hz())[1:])  # (128,) from centre to centre


def _at_speed(db: Floats, speed: float) -> Floats:
    """Time and frequency at another speed, by interpolation; frequencies that were not heard are at the floor."""
    centres = _centres_hz()
    bands = np.interp(centres / speed, centres, np.arange(len(centres)), right=len(centres))
    frames = np.arange(0, db.shape[1] - 1, speed)
    padded = np.concatenate([db, np.full((1, db.shape[1]), FLOOR_DB, np.float32)])
    low = np.minimum(np.floor(bands).astype(int), len(centres))
    high = np.minimum(low + 1, len(centres))
    share = (bands - low)[:, None]
    moved = (1 - share) * padded[low] + share * padded[high]  # (128, frames)
    first = np.floor(frames).astype(int)
    part = frames - first
    return np.asarray((1 - part) * moved[:, first] + part * moved[:, first + 1], dtype=np.float32)


def _middle(db: Floats, seconds: float) -> Floats:
    frames = min(db.shape[1], round(seconds / FRAME_S))
    start = (db.shape[1] - frames) // 2
    return db[:, start : start + frames]
