"""Fingerprints: a thousand bytes by which a recording is known again in another file, format, level or start.

Of four stretches of a track, 18.6 s each, there is a word of 16 bits every 155 ms. A bit says whether the step from one
group of mel bands to the next is larger than it is on average in the 3 s around: no gain and no fixed filter changes
that, and a codec little. Stretches lie at fixed times from the start, so that of a long track nothing is kept but them;
to compare two, each stretch is moved by up to 5 s. After J. Haitsma & T. Kalker, A Highly Robust Audio Fingerprinting
System, ISMIR 2002, on the log-mel that listening makes anyhow (`sound.mel`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

SAME = 0.35  # from so alike on, two fingerprints are of one recording
VERSION = 1  # the first byte
STRETCHES, WORDS = 4, 120

Columns = NDArray[np.float32]
Signs = NDArray[np.float32]

_BITS, _BANDS_A_GROUP = 16, 6  # 17 groups, up to 5.9 kHz: what lies above is missing in many compressed files
_BANDS = (_BITS + 1) * _BANDS_A_GROUP
_STEP_FRAMES, _MEAN_FRAMES = 2, 4
_STRETCH_FRAMES = (WORDS - 1) * _STEP_FRAMES + _MEAN_FRAMES
_APART_FRAMES = 516  # 40 s from the start of a stretch to that of the next
_AROUND_STEPS = 10  # on both sides: 3.3 s in all
_RANGE_DB = 75.0  # what lies further under the loudest moment is silence
_SHIFT_STEPS = 32  # 5 s
_FEWEST_WORDS = 20  # 3 s
_UNLIKE = 0.15  # copies are hardly ever less alike, even in a stretch that is mostly quiet
_AT_ONCE = 256


@dataclass
class Fingerprinter:
    """Makes the fingerprint of a track that comes in pieces: `on_columns` each, then `finish` once."""

    _frames: int = 0
    _kept: list[list[Columns]] = field(default_factory=lambda: [[] for _ in range(STRETCHES)])

    def on_columns(self, columns: Columns) -> None:
        """The next piece of the spectrogram, (128, k) float32 absolute dB."""
        start, self._frames = self._frames, self._frames + columns.shape[1]
        for number, kept in enumerate(self._kept):
            first = number * _APART_FRAMES - start
            piece = columns[:_BANDS, max(first, 0) : max(first + _STRETCH_FRAMES, 0)]
            if piece.shape[1]:
                kept.append(_group_powers(piece))

    def finish(self) -> bytes:
        """At most 961 bytes; none where there is less than 3 s of sound."""
        powers = [np.concatenate(kept, axis=1) for kept in self._kept if kept]
        loudest = max((float(each.max()) for each in powers), default=0.0)
        stretches = [_bits(each, loudest) for each in powers]
        words = np.concatenate([np.zeros((0, _BITS), np.bool_), *stretches])
        if np.count_nonzero(words.any(axis=1)) < _FEWEST_WORDS:
            return b""
        return bytes([VERSION]) + np.packbits(words, axis=1).tobytes()


def _group_powers(db: Columns) -> Columns:
    """(102, k) dB -> (17, k) power."""
    powers = np.power(np.float32(10), db / np.float32(10))
    return np.asarray(powers.reshape(_BITS + 1, _BANDS_A_GROUP, -1).mean(axis=1), np.float32)


def _bits(powers: Columns, loudest: float) -> NDArray[np.bool_]:
    """(17, frames) power -> (words, 16)."""
    steps = (powers.shape[1] - _MEAN_FRAMES) // _STEP_FRAMES + 1
    if steps <= 0 or loudest <= 0:
        return np.zeros((0, _BITS), np.bool_)
    sums = np.cumsum(np.pad(powers.astype(np.float64), ((0, 0), (1, 0))), axis=1)
    ends = np.arange(steps) * _STEP_FRAMES
    means = (sums[:, ends + _MEAN_FRAMES] - sums[:, ends]) / _MEAN_FRAMES  # (17, steps)
    levels = 10 * np.log10(np.maximum(means, loudest * 10 ** (-_RANGE_DB / 10)))
    rises = np.diff(levels, axis=0)  # (16, steps)
    return np.asarray((rises - _around(rises)).T > 1e-6)


def _around(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each value and up to 10 on both sides, along the last axis."""
    count = values.shape[1]
    sums = np.cumsum(np.pad(values, ((0, 0), (1, 0))), axis=1)
    first = np.maximum(np.arange(count) - _AROUND_STEPS, 0)
    end = np.minimum(np.arange(count) + _AROUND_STEPS + 1, count)
    return np.asarray((sums[:, end] - sums[:, first]) / (end - first))


def similarity(one: bytes, other: bytes) -> float:
    """How alike two recordings are by their fingerprints: 1 for the same, about 0.1 for two that are not, at least 0.

    It is the correlation of the bits, stretch by stretch where the two fit best, so that bits which are always the same
    count for nothing. 0 where one of the two is empty, of another version, or they share less than 3 s.
    """
    found = [_best(each, their[np.newaxis]) for each, their in zip(_stretches(one), _stretches(other), strict=False)]
    words = sum(float(shared[0]) for _, shared in found)
    return max(sum(float(near[0] * shared[0]) for near, shared in found) / words, 0.0) if words else 0.0


def may_be_alike(one: bytes, others: Sequence[bytes]) -> NDArray[np.bool_]:
    """Which others may be alike at all, (m,), by their first stretches: a hundredth of those that are not pass."""
    first, theirs = _stretches(one)[:1], [_stretches(other)[:1] for other in others]
    passed = np.zeros(len(others), np.bool_)
    rows = [row for row, stretches in enumerate(theirs) if stretches and first]
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        near, shared = _best(first[0], np.stack([theirs[row][0] for row in some]))
        passed[some] = (near >= _UNLIKE) | (shared == 0)
    return passed


def _stretches(fingerprint: bytes) -> list[Signs]:
    """Bits as -1 and 1, (16, 120) each; 0 where there was silence, or nothing any more."""
    if not fingerprint or fingerprint[0] != VERSION:
        return []
    packed = np.frombuffer(fingerprint[1:], np.uint8).reshape(-1, _BITS // 8)
    signs = np.unpackbits(packed, axis=1).astype(np.float32) * 2 - 1
    signs[~packed.any(axis=1)] = 0
    stretches = [signs[start : start + WORDS] for start in range(0, len(signs), WORDS)]
    return [np.pad(each.T, ((0, 0), (0, WORDS - len(each)))) for each in stretches]


def _best(one: Signs, others: Signs) -> tuple[Signs, Signs]:
    """Of a stretch, (16, 120), and others, (m, 16, 120), the correlation where they fit best, (m,), and shared words.

    Both are 0 where the two share too little, wherever they are put.
    """
    moved = _moved(one)  # (65, 16, 120)
    said, theirs = np.abs(moved[:, 0]), np.abs(others[:, 0])  # (65, 120), (m, 120)
    shared = said @ theirs.T  # (65, m)
    products = moved.reshape(len(moved), -1) @ others.reshape(len(others), -1).T
    # Means are over the words that both have.
    sums = (moved.reshape(-1, WORDS) @ theirs.T).reshape(len(moved), _BITS, -1)  # (65, 16, m)
    their_sums = (said @ others.reshape(-1, WORDS).T).reshape(len(moved), -1, _BITS).transpose(0, 2, 1)
    counts = np.maximum(shared, 1)
    covered = products - (sums * their_sums).sum(axis=1) / counts
    spreads = [_BITS * shared - np.square(each).sum(axis=1) / counts for each in (sums, their_sums)]
    near = covered / np.sqrt(np.maximum(spreads[0] * spreads[1], 1))
    least = np.maximum(_FEWEST_WORDS, np.minimum(said.sum(axis=1).max(), theirs.sum(axis=1)) / 2)  # (m,)
    near[shared < least] = -2
    best, columns = near.argmax(axis=0), np.arange(len(others))
    found = near[best, columns] > -2
    return np.where(found, near[best, columns], 0), np.where(found, shared[best, columns], 0)


def _moved(one: Signs) -> Signs:
    """A stretch moved by all shifts, (65, 16, 120)."""
    padded = np.pad(one, ((0, 0), (_SHIFT_STEPS, _SHIFT_STEPS)))
    return np.ascontiguousarray(sliding_window_view(padded, WORDS, axis=1).transpose(1, 0, 2))
