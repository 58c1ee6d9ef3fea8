"""How loud each token is, so that what is far under the loudest of a track has no part in its answer.

Noise 70 dB down between two halves of a song is no music, though within its own window it is all there is. Levels are
B-weighted (IEC 60651): hum is louder in decibels than it is to an ear, and A-weighting would hush a bass line, too.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from earmark.sound.mel import FLOOR_DB, band_corners_hz, under_maximum
from earmark.sound.tokens import Window

Floats = NDArray[np.float32]

# A moment counts in full down to so far under the loudest one of its track, from there on less and less, and at the
# second level not at all: it is quiet.
FULL_DB = 20.0
QUIET_DB = 40.0


def token_levels_db(db: Floats, *, token_frames: int) -> NDArray[np.float64]:
    """The B-weighted level of each token, that of its mean power: `(tokens,)` dB.

    `db` is the log-mel, `(128, tokens * token_frames)`. The levels are relative to what it is relative to, and to a
    constant.
    """
    power = np.power(np.float32(10), db / np.float32(10))  # (128, frames)
    frames = _weights() @ power  # (frames,)
    return np.asarray(10 * np.log10(frames.reshape(-1, token_frames).mean(axis=1, dtype=np.float64) + 1e-30))


@cache
def _weights() -> Floats:
    """Of each mel band its width times its B-weight; `(128,)`. The bands' filters have an area of 1."""
    corners_hz = band_corners_hz()
    centres_hz = corners_hz[1:-1]
    widths_hz = (corners_hz[2:] - corners_hz[:-2]) / 2
    return (widths_hz * _b_weight(centres_hz)).astype(np.float32)


def _b_weight(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The power gain of B-weighting, about 1 at 1000 Hz."""
    square = hz**2
    gain = 12_194.0**2 * hz**3 / ((square + 20.6**2) * np.sqrt(square + 158.5**2) * (square + 12_194.0**2))
    return np.asarray((1.0197 * gain) ** 2)


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """A window and which of its tokens are loud enough to be heard: `kept`, `(tokens,)` bool; `levels_db` likewise."""

    window: Window
    kept: NDArray[np.bool_]
    levels_db: NDArray[np.float64]

    @property
    def new_kept(self) -> NDArray[np.bool_]:
        """Of the window's new tokens, which are kept."""
        return self.kept[len(self.kept) - self.window.new_tokens :]


class Loudness:
    """Judges the windows of a track, in order, by the loudest moment that there was so far.

    Parameters
    ----------
    token_frames:
        Frames in a token.
    """

    def __init__(self, *, token_frames: int) -> None:
        self._token_frames = token_frames
        self._loudest_db = -np.inf

    def judge(self, window: Window, *, silence_db: float) -> Judged:
        """Which tokens of the next window are more than silence, and not far under the loudest."""
        frames = window.db.reshape(len(window.db), -1, self._token_frames)  # (128, tokens, frames)
        sounding = frames.max(axis=(0, 2)) > max(FLOOR_DB, silence_db - window.peak_db)
        levels_db = token_levels_db(window.db, token_frames=self._token_frames) + window.peak_db
        self._loudest_db = max(self._loudest_db, float(levels_db[sounding].max(initial=-np.inf)))
        return Judged(window, sounding & (self.weights(levels_db) > 0), levels_db)

    def weights(self, levels_db: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much moments of these levels count, 0 to 1, by the loudest moment that there was so far."""
        under_db = self._loudest_db - levels_db
        return np.asarray(np.clip((QUIET_DB - under_db) / (QUIET_DB - FULL_DB), 0, 1))


def only(db: Floats, kept: NDArray[np.bool_], *, token_frames: int) -> Floats:
    """The kept tokens of a log-mel, `(128, tokens * token_frames)` dB, side by side, under their own maximum."""
    if kept.all():
        return db
    return under_maximum(db.reshape(len(db), -1, token_frames)[:, kept].reshape(len(db), -1))
