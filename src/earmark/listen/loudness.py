"""How loud each token is, so that what is far under the loudest of a track has no part in its answer; and the track.

Noise 70 dB down between two halves of a song is no music, though within its own window it is all there is. Levels are
B-weighted (IEC 60651): hum is louder in decibels than it is to an ear, and A-weighting would hush a bass line, too.

A track's loudness is measured as ITU-R BS.1770-4 does, from the same spectrogram: K-weighted, gated 10 LU under the
mean, in LUFS. It differs in what the spectrogram lacks. Channels are mixed before, and the mix is taken as though both
loudspeakers of a pair played it: 3 dB more than BS.1770 has for a file of one channel, and less than it has for a wide
stereo picture. There is nothing above 11 kHz, blocks are tokens of 1.47 s in the place of 0.4 s, and what is `QUIET_DB`
under the loudest stands for its absolute gate, so that a copy of half the level has 6.02 LU less however quiet it is.
`benchmarks/loudness.py` measures how near it comes.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from earmark.sound.mel import FFT_SAMPLES, FLOOR_DB, band_corners_hz, under_maximum
from earmark.sound.tokens import Window

Floats = NDArray[np.float32]

# A moment counts in full down to so far under the loudest one of its track, from there on less and less, and at the
# second level not at all: it is quiet.
FULL_DB = 20.0
QUIET_DB = 40.0

_GATE_LU = 10.0  # BS.1770-4: what lies so far under the mean of all has no part in the loudness
_OFFSET_DB = -0.691  # BS.1770-4: what K-weighting adds at 1 kHz
_PAIR_DB = 10 * np.log10(2)  # two loudspeakers play the mix
# What a sum over bins of |X|^2 has for samples of mean square 1, under a Hann window whose mean square is 3/8.
_FULL_SCALE_DB = 10 * np.log10(FFT_SAMPLES**2 / 2 * 3 / 8)
# The two filters of K-weighting at 48 kHz, (b, a) each: BS.1770-4, tables 1 and 2.
_K_RATE_HZ = 48_000
_K_FILTERS = (
    ((1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)),
    ((1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)),
)


def token_levels_db(db: Floats, *, token_frames: int) -> NDArray[np.float64]:
    """The B- and the K-weighted level of each token, that of its mean power: `(2, tokens)` dB.

    `db` is the log-mel, `(128, tokens * token_frames)`. The levels are relative to what it is relative to, and to a
    constant, which is `_FULL_SCALE_DB` of absolute dB.
    """
    power = np.power(np.float32(10), db / np.float32(10))  # (128, frames)
    frames = _weights() @ power  # (2, frames)
    return np.asarray(10 * np.log10(frames.reshape(2, -1, token_frames).mean(axis=2, dtype=np.float64) + 1e-30))


def integrated(lufs: NDArray[np.float64]) -> float:
    """The loudness of a track by that of its tokens that count, `(tokens,)` LUFS, one at least."""
    return _mean(lufs[lufs >= _mean(lufs) - _GATE_LU])


def _mean(levels_db: NDArray[np.float64]) -> float:
    """The level of the mean power."""
    return float(10 * np.log10(np.mean(10 ** (levels_db / 10))))


@cache
def _weights() -> Floats:
    """Of each mel band its width times its B- and its K-weight; `(2, 128)`. The bands' filters have an area of 1."""
    corners_hz = band_corners_hz()
    centres_hz = corners_hz[1:-1]
    widths_hz = (corners_hz[2:] - corners_hz[:-2]) / 2
    return (widths_hz * np.stack([_b_weight(centres_hz), _k_weight(centres_hz)])).astype(np.float32)


def _b_weight(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The power gain of B-weighting, about 1 at 1000 Hz."""
    square = hz**2
    gain = 12_194.0**2 * hz**3 / ((square + 20.6**2) * np.sqrt(square + 158.5**2) * (square + 12_194.0**2))
    return np.asarray((1.0197 * gain) ** 2)


def _k_weight(hz: NDArray[np.float64]) -> NDArray[np.float64]:
    """The power gain of K-weighting, 0.691 dB at 1000 Hz."""
    z = np.exp(-2j * np.pi * hz / _K_RATE_HZ)
    filters = [np.polyval(b[::-1], z) / np.polyval(a[::-1], z) for b, a in _K_FILTERS]
    return np.asarray(np.abs(np.prod(filters, axis=0)) ** 2)


@dataclass(frozen=True, eq=False, slots=True)
class Judged:
    """A window and which of its tokens are loud enough to be heard: `kept`, `(tokens,)` bool; the others likewise."""

    window: Window
    kept: NDArray[np.bool_]
    levels_db: NDArray[np.float64]
    lufs: NDArray[np.float64]

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
        levels_db, k_levels_db = token_levels_db(window.db, token_frames=self._token_frames) + window.peak_db
        self._loudest_db = max(self._loudest_db, float(levels_db[sounding].max(initial=-np.inf)))
        lufs = k_levels_db - _FULL_SCALE_DB + _PAIR_DB + _OFFSET_DB
        return Judged(window, sounding & (self.weights(levels_db) > 0), levels_db, lufs)

    def weights(self, levels_db: NDArray[np.float64]) -> NDArray[np.float64]:
        """How much moments of these levels count, 0 to 1, by the loudest moment that there was so far."""
        under_db = self._loudest_db - levels_db
        return np.asarray(np.clip((QUIET_DB - under_db) / (QUIET_DB - FULL_DB), 0, 1))


def only(db: Floats, kept: NDArray[np.bool_], *, token_frames: int) -> Floats:
    """The kept tokens of a log-mel, `(128, tokens * token_frames)` dB, side by side, under their own maximum."""
    if kept.all():
        return db
    return under_maximum(db.reshape(len(db), -1, token_frames)[:, kept].reshape(len(db), -1))
