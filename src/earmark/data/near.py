"""Near-duplicates: clips that are one recording at another level, in another file format, or some seconds later.

A fingerprint is what neighbouring groups of mel bands do against each other over time: no gain and no fixed filter
changes it. All pairs are cross-correlated over shifts of up to 10 s with FFTs. Copies (gain, mp3, shifts) that share
10 s score 0.55 to 1, GTZAN's 200 000 pairs of different recordings below 0.23; remixes lie between. Similarity is not
identity: this reports and never merges. After Haitsma & Kalker, A highly robust audio fingerprinting system, 2002.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from earmark.listen.parallel import Crash, cores, work
from earmark.sound.tokens import FRAME_S

SIMILAR = 0.35
LONGEST_SHIFT_S = 10.0

# Half the frame rate: shifts are never whole frames, and what is finer than this would not survive that.
_STEP_FRAMES = 2
_STEP_S = _STEP_FRAMES * FRAME_S
_GROUPS, _BANDS_A_GROUP = 16, 7  # the upper 16 bands are empty in many compressed files
_FEWEST_STEPS = 20  # 3 s
_ENOUGH_STEPS = 65  # 10 s: what overlaps by less is alike by chance more easily, and must be more alike to count
_MEAN_STEPS = 21  # 3.3 s
_QUIET = 3.0  # picture values, about 1 dB: bands that move less than this are mostly rounding
_PAIRS_AT_ONCE = 8_000  # 16 MB an array: larger ones go back to the system every time, which costs more than the sums
_WORTH_A_SECOND_LOOK = 0.2
_IN_PROCESS = 64  # clips that are compared sooner than processes start


@dataclass(frozen=True)
class Near:
    """Two clips, by position, that sound alike: `second` begins `shift_s` into `first` (negative: before it)."""

    first: int
    second: int
    similarity: float
    shift_s: float


def near_duplicates(
    pictures: Sequence[NDArray[np.uint8]], *, threshold: float = SIMILAR, jobs: int | None = None
) -> list[Near]:
    """Pairs of clips whose similarity reaches `threshold`, the most alike first.

    Parameters
    ----------
    pictures:
        (128, frames) uint8 each; those shorter than 3 s or without movement are like nothing.
    threshold:
        From 0 to 1.
    jobs:
        How many processes; one a core by default.

    The work grows with the square of the number of clips: seconds for 640, half an hour for 10 000.
    """
    prints = [fingerprint(picture) for picture in pictures]
    heard = [position for position, each in enumerate(prints) if each.shape[1] >= _FEWEST_STEPS and each.any()]
    if len(heard) < 2:
        return []
    prints = [prints[position] for position in heard]
    candidates = _candidates(prints, jobs=1 if len(heard) <= _IN_PROCESS else jobs or cores())
    scored = [
        Near(heard[first], heard[second], _similarity(prints[first], prints[second], shift), shift * _STEP_S)
        for first, second, shift in candidates
    ]
    return sorted((near for near in scored if near.similarity >= threshold), key=lambda near: -near.similarity)


def fingerprint(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(128, frames) uint8 -> (15, frames // 2) float32: differences of band groups against their own 3 s around."""
    steps = picture.shape[1] // _STEP_FRAMES
    used = picture[: _GROUPS * _BANDS_A_GROUP, : steps * _STEP_FRAMES].astype(np.float32)
    levels = used.reshape(_GROUPS, _BANDS_A_GROUP, steps, _STEP_FRAMES).mean(axis=(1, 3))  # (16, steps)
    differences: NDArray[np.float32] = np.diff(levels, axis=0)  # (15, steps)
    if steps == 0:
        return differences
    moving = differences - _moving_mean(differences)
    moving /= moving.std(axis=1, keepdims=True) + _QUIET
    energy = float(np.square(moving).sum(axis=0).mean())
    scaled: NDArray[np.float32] = moving * np.float32(1 / np.sqrt(energy) if energy > 1e-6 else 0)
    return scaled


def _moving_mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
    half = _MEAN_STEPS // 2
    sums = np.cumsum(np.pad(values, ((0, 0), (half + 1, half)), mode="edge"), axis=1)
    mean: NDArray[np.float32] = (sums[:, _MEAN_STEPS:] - sums[:, :-_MEAN_STEPS]) / np.float32(_MEAN_STEPS)
    return mean


def _candidates(prints: Sequence[NDArray[np.float32]], *, jobs: int) -> list[tuple[int, int, int]]:
    """Pairs worth a second look, each with its best shift in steps."""
    lengths = np.array([each.shape[1] for each in prints])
    most_shift = round(LONGEST_SHIFT_S / _STEP_S)
    size = 1 << int(lengths.max() + most_shift - 1).bit_length()
    spectra = np.stack([np.fft.rfft(each, size, axis=1).astype(np.complex64).T for each in prints], axis=2)
    rows = max(1, _PAIRS_AT_ONCE // len(prints))
    starts = list(range(0, len(prints), rows))
    begin = partial(_Comparison, spectra, lengths, most_shift, rows)
    # Processes also because each of them calculates in one thread: many small products are slower in several.
    found = map(begin(), starts) if jobs == 1 else work(begin, starts, jobs=jobs)
    candidates = []
    for pairs in found:
        if isinstance(pairs, Crash):
            raise MemoryError(f"Comparing the clips from number {pairs.item} on failed, exit code {pairs.exit_code}.")
        candidates.extend(pairs)
    return candidates


@dataclass(frozen=True, eq=False)
class _Comparison:
    """Compares `rows` clips from a position on with all after them. `spectra` is (frequencies, 15, clips) complex64."""

    spectra: NDArray[np.complex64]
    lengths: NDArray[np.int64]
    most_shift: int
    rows: int

    def __call__(self, start: int) -> list[tuple[int, int, int]]:
        firsts, seconds = slice(start, start + self.rows), slice(start, None)
        left = self.spectra[:, :, firsts].transpose(0, 2, 1)  # (frequencies, rows, 15)
        products = np.matmul(left, np.conj(self.spectra[:, :, seconds]))
        correlation = np.fft.irfft(products, axis=0)  # (shifts, rows, clips)
        shifts = np.arange(-self.most_shift, self.most_shift + 1)
        overlap = _overlap(self.lengths[firsts, None], self.lengths[seconds], shifts[:, None, None])
        shorter = np.minimum(self.lengths[firsts, None], self.lengths[seconds])
        # Fingerprints have a mean energy of 1 a step, so the overlap's length stands for its energy here.
        weights = np.where(2 * overlap >= shorter, _trust(overlap) / np.maximum(overlap, 1), 0)
        scores = weights * correlation[shifts]
        best = scores.argmax(axis=0)  # (rows, clips)
        high = np.take_along_axis(scores, best[None], axis=0)[0] >= _WORTH_A_SECOND_LOOK
        return [
            (start + int(row), start + int(column), int(shifts[best[row, column]]))
            for row, column in np.argwhere(high)
            if row < column
        ]


def _overlap(first: NDArray[np.int64], second: NDArray[np.int64], shift: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many steps two clips share where the second begins `shift` steps into the first."""
    overlap: NDArray[np.int64] = np.minimum(first, second + shift) - np.maximum(shift, 0)
    return overlap


def _trust(overlap: NDArray[np.int64]) -> NDArray[np.float32]:
    """What a similarity counts for, 0 to 1, when it rests on this many steps: chance falls with their square root."""
    trust: NDArray[np.float32] = np.sqrt(np.clip(overlap / _ENOUGH_STEPS, 0, 1)).astype(np.float32)
    return trust


def _similarity(first: NDArray[np.float32], second: NDArray[np.float32], shift: int) -> float:
    """Normalised correlation of the parts that overlap, less where those are short."""
    first, second = first[:, max(shift, 0) :], second[:, max(-shift, 0) :]
    steps = min(first.shape[1], second.shape[1])
    first, second = first[:, :steps], second[:, :steps]
    norm = float(np.sqrt(np.square(first).sum() * np.square(second).sum()))
    return float(_trust(np.array(steps)) * (first * second).sum()) / norm if norm > 0 else 0.0
