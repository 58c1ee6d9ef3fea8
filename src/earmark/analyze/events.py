"""What happens in a spectrogram: loudness, brightness, onsets, the band of voices, and the beats of `beats.csv`.

`db` is (n, 128, frames) float32, dB under each window's maximum; a token is 19 frames.
"""

import csv
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.errors import DataError
from earmark.sound.mel import BANDS, FFT_SAMPLES, SAMPLE_RATE_HZ, mel_filter_bank
from earmark.sound.tokens import FRAME_S, TOKEN_FRAMES

Floats = NDArray[np.float64]

VOICE_HZ = (300.0, 3400.0)  # where a telephone carries speech
BEATS_FILE = "beats.csv"
ONSET_DEVIATIONS = 0.5  # a peak of the flux counts as an onset from so many deviations above its mean


def token_events(db: NDArray[np.float32]) -> dict[str, Floats]:
    """By name (n, tokens): what each token has of an event, in units that only compare tokens of one clip."""
    flux = _flux(db)
    return {
        "loudness": _by_token(_level(db)),
        "onsets": _by_token(flux),
        "brightness": _by_token(_centroid(db)),
        "voice band": _by_token(_voice(db)),
    }


def token_beats(dataset: Dataset, clips: Sequence[Clip], tokens: int) -> dict[str, Floats]:
    """Beats and downbeats in each token, (n, tokens) each, NaN for clips without; nothing where the set has no file.

    Raises DataError where beats.csv is there and has no id, time or position in a row.
    """
    file = dataset.folder / BEATS_FILE
    if not file.exists():
        return {}
    place = {clip.id: row for row, clip in enumerate(clips)}
    beats = np.full((2, len(clips), tokens), np.nan)
    with file.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream), start=2):
            try:
                at, token = place.get(row["id"]), int(float(row["time_s"]) / (TOKEN_FRAMES * FRAME_S))
                first = row["position"] == "1"
            except (KeyError, TypeError, ValueError):
                hint = "It needs the columns id, time_s (seconds) and position (in the bar, from 1)."
                raise DataError(f"{file}, row {number} is no beat.", hint=hint) from None
            if at is not None and 0 <= token < tokens:
                beats[:, at] = np.nan_to_num(beats[:, at])
                beats[0, at, token] += 1
                beats[1, at, token] += first
    return {"beats": beats[0], "downbeats": beats[1]}


def clip_features(db: NDArray[np.float32], clips: Sequence[Clip]) -> dict[str, Floats]:
    """By name (n,): tempo in beats a minute where clips.csv has `bpm` (else NaN), and what the spectrogram tells."""
    level = _level(db)
    flux = _flux(db)
    high = flux > flux.mean(axis=1, keepdims=True) + ONSET_DEVIATIONS * flux.std(axis=1, keepdims=True)
    peak = (flux[:, 1:-1] > flux[:, :-2]) & (flux[:, 1:-1] >= flux[:, 2:]) & high[:, 1:-1]
    tempo = np.array([_number(clip.columns.get("bpm", "")) for clip in clips])
    features = {
        "tempo": tempo,
        "brightness": _centroid(db).mean(axis=1),
        "loudness range": np.percentile(level, 95, axis=1) - np.percentile(level, 10, axis=1),
        "onset density": peak.sum(axis=1) / (db.shape[2] * FRAME_S),
        "mean loudness": level.mean(axis=1),
    }
    return {name: values for name, values in features.items() if not np.isnan(values).all()}


def _level(db: NDArray[np.float32]) -> Floats:
    """Of each frame, dB under the window's maximum summed over bands: (n, frames)."""
    return np.asarray(10 * np.log10(np.power(10, db.astype(np.float64) / 10).sum(axis=1)))


def _flux(db: NDArray[np.float32]) -> Floats:
    """How much louder bands are than a frame ago, dB, the mean over bands: (n, frames)."""
    rise = np.maximum(np.diff(db, axis=2, prepend=db[:, :, :1]), 0).mean(axis=1, dtype=np.float64)
    return np.asarray(rise)


def _centroid(db: NDArray[np.float32]) -> Floats:
    """The band around which the sound lies, 0 to 127: (n, frames)."""
    power = np.power(10, db.astype(np.float64) / 20)
    return np.asarray(np.einsum("nbf,b->nf", power, np.arange(BANDS)) / power.sum(axis=1))


def _voice(db: NDArray[np.float32]) -> Floats:
    """How much louder the band of voices is than the others, dB: (n, frames)."""
    centres_hz = mel_filter_bank().argmax(axis=1) * SAMPLE_RATE_HZ / FFT_SAMPLES
    inside = (centres_hz >= VOICE_HZ[0]) & (centres_hz <= VOICE_HZ[1])
    return np.asarray(db[:, inside].mean(axis=1, dtype=np.float64) - db[:, ~inside].mean(axis=1, dtype=np.float64))


def _by_token(frames: Floats) -> Floats:
    return np.asarray(frames.reshape(len(frames), -1, TOKEN_FRAMES).mean(axis=2))


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")
