"""What can be measured in a piece alone: how rough its joints are, how steady its tempo, how much is copied."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.generate.cutting import CLEAR
from earmark.generate.fine import AROUND_FRAMES, STEP_S, fine_log_mel, place_numbers, rises
from earmark.generate.piece import Source
from earmark.generate.stock import octaves_between
from earmark.generate.tempo import tempo_of
from earmark.sound.mel import SAMPLE_RATE_HZ

Floats = NDArray[np.float32]

_JUMP_S = 0.005
_TEMPO_WINDOW_S, _TEMPO_STEP_S = 12.0, 6.0
_SAME_TEMPO = 0.06  # octaves: 4 %
_GAP_S = 0.5  # within which a file that is left and taken up again goes on


@dataclass(frozen=True, eq=False)
class Roughness:
    """How rough moments of a sound are.

    Attributes
    ----------
    flux:
        (n,) dB: the largest rise of the spectrum within 60 ms (`generate.fine.rises`).
    jumps:
        (n,) the largest step from sample to sample within 5 ms, over the root mean square of the half second around.
    """

    flux: NDArray[np.float64]
    jumps: NDArray[np.float64]


def roughness(samples: Floats, moments_s: Sequence[float]) -> Roughness:
    """Of some moments of a sound, (samples,) mono at 22 050 Hz."""
    rise = rises(place_numbers(fine_log_mel(samples)))
    steps = np.abs(np.diff(samples))
    flux, jumps = [], []
    for moment_s in moments_s:
        frame, sample = round(moment_s / STEP_S), round(moment_s * SAMPLE_RATE_HZ)
        flux.append(float(rise[max(frame - AROUND_FRAMES, 0) : frame + AROUND_FRAMES + 1].max(initial=0.0)))
        near, wide = round(_JUMP_S * SAMPLE_RATE_HZ), SAMPLE_RATE_HZ // 4
        around = samples[max(sample - wide, 0) : sample + wide]
        level = float(np.sqrt(np.mean(np.square(around)))) if len(around) else 0.0
        jumps.append(float(steps[max(sample - near, 0) : sample + near].max(initial=0.0)) / max(level, 1e-6))
    return Roughness(np.array(flux), np.array(jumps))


def joints_s(sources: Sequence[Source]) -> list[float]:
    """Where a piece goes from one run to the next."""
    return [each.start_s for each in sources[1:]]


def tempo_steadiness(samples: Floats) -> float | None:
    """The share of windows of 12 s whose tempo is that of the whole, or twice or half; None where it has none."""
    rise = rises(place_numbers(fine_log_mel(samples)))
    whole = tempo_of(rise)
    length, step = round(_TEMPO_WINDOW_S / STEP_S), round(_TEMPO_STEP_S / STEP_S)
    parts = [tempo_of(rise[at : at + length]) for at in range(0, len(rise) - length + 1, step)]
    if whole.clarity < CLEAR or not parts:
        return None
    near = [abs(float(octaves_between(each.beat_s, whole.beat_s))) <= _SAME_TEMPO for each in parts]
    return float(np.mean(near))


@dataclass(frozen=True, slots=True)
class Copied:
    """How much of a piece is one source's: the longest run in seconds, the share of the commonest file, how many."""

    longest_s: float
    most: float
    files: int


def copied(sources: Sequence[Source]) -> Copied:
    """Of a piece with at least one source."""
    lengths: dict[str, float] = {}
    longest = run = 0.0
    before: Source | None = None
    for each in sources:
        length = each.end_s - each.start_s
        lengths[each.path] = lengths.get(each.path, 0.0) + length
        run = length + (run if before is not None and _goes_on(before, each) else 0.0)
        longest, before = max(longest, run), each
    return Copied(longest, max(lengths.values()) / sum(lengths.values()), len(lengths))


def _goes_on(one: Source, other: Source) -> bool:
    """Whether a run takes up its file about where the one before left it, at whatever level and speed."""
    return one.path == other.path and abs(other.from_s - one.to_s) < _GAP_S
