"""How fast a piece of music goes, how clear that is, and where its beats are.

The tempo is where the autocorrelation of onsets, weighted towards 120 beats a minute, is largest; beats are the chain
of frames at about that distance with the most onset strength (D. Ellis, Beat Tracking by Dynamic Programming, Journal
of New Music Research 36, 2007).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.generate.fine import STEP_S
from earmark.generate.onsets import background

Floats = NDArray[np.float32]

SLOWEST_BPM, FASTEST_BPM = 50.0, 210.0
_USUAL_BPM, _OCTAVES = 120.0, 0.9  # the middle and the width of what is likely
_TIGHT = 100.0  # how much beats keep their distance


@dataclass(frozen=True, slots=True)
class Tempo:
    """Beats a minute, and how clear they are: the correlation of onsets with those a beat earlier, at most 1."""

    bpm: float
    clarity: float

    @property
    def beat_s(self) -> float:
        """Seconds from beat to beat."""
        return 60.0 / self.bpm


def tempo_of(strength: Floats) -> Tempo:
    """The tempo of onset strengths, (frames,); a clarity of 0 where there is nothing that could have one."""
    pulses = _pulses(strength)
    slowest = round(60 / SLOWEST_BPM / STEP_S)
    energy = float(pulses @ pulses)
    if energy < 1e-9 or len(pulses) < 2 * slowest:
        return Tempo(_USUAL_BPM, 0.0)
    size = 1 << (2 * len(pulses) - 1).bit_length()
    power = np.square(np.abs(np.fft.rfft(pulses, size)))
    lags = np.arange(slowest + 2)
    alike = np.fft.irfft(power, size)[: slowest + 2] / energy * len(pulses) / (len(pulses) - lags)
    fastest = round(60 / FASTEST_BPM / STEP_S)
    bpm = 60 / (np.maximum(lags, 1) * STEP_S)
    likely = np.exp(-0.5 * np.square(np.log2(bpm / _USUAL_BPM) / _OCTAVES))
    weighted = np.asarray(alike * likely)
    lag = fastest + int(weighted[fastest : slowest + 1].argmax())
    before, at, behind = weighted[lag - 1 : lag + 2]
    bend = before - 2 * at + behind
    exact = lag + float(np.clip((before - behind) / (2 * bend), -0.5, 0.5)) if bend < 0 else float(lag)
    return Tempo(60 / (exact * STEP_S), float(np.clip(alike[lag], 0.0, 1.0)))


def beats(strength: Floats, tempo: Tempo) -> NDArray[np.int64]:
    """The frames of the beats, rising; some before the first and after the last onset too."""
    pulses = _pulses(strength)
    deviation = float(pulses.std())
    if deviation < 1e-9:
        return np.zeros(0, np.int64)
    pulses = pulses / deviation
    period = tempo.beat_s / STEP_S
    reach = np.arange(-round(2 * period), -max(round(period / 2), 1) + 1)
    near = -_TIGHT * np.square(np.log(-reach / period))
    sums, before = np.array(pulses), np.full(len(pulses), -1)
    for frame in range(-reach[-1], len(pulses)):
        places = frame + reach
        inside = places >= 0
        scores = near[inside] + sums[places[inside]]
        best = int(scores.argmax())
        if scores[best] > 0:
            sums[frame] += scores[best]
            before[frame] = places[inside][best]
    last_period = max(round(period), 1)
    frame = len(sums) - last_period + int(sums[-last_period:].argmax())
    chain = []
    while frame >= 0:
        chain.append(frame)
        frame = int(before[frame])
    return np.array(chain[::-1], np.int64)


def _pulses(strength: Floats) -> NDArray[np.float64]:
    """What stands out of the second around it."""
    return np.asarray(np.maximum(strength - background(strength), 0.0), np.float64)
