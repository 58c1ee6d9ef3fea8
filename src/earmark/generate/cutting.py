"""Where music is cut into segments of about a bar: on beats where the tempo is clear, on onsets where it is not."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.generate.fine import STEP_S
from earmark.generate.onsets import between_frames, onsets
from earmark.generate.tempo import Tempo, beats, tempo_of

Floats = NDArray[np.float32]

USUAL_S, SHORTEST_S, LONGEST_S = 1.6, 0.9, 2.8
CLEAR = 0.3  # from so clear on, cuts are on beats
_AHEAD_S = 0.02  # the spectrum rises most when an attack is 30 ms ahead; a cut is 10 ms before it
_BEATS = (1, 2, 4, 8)  # in a segment
_MOSTLY = 0.5  # from so large a share of beats on
_ALIKE_DB = 0.5  # beats that are so much alike are as strong as each other
_NEAR_S = 0.05  # an onset so near to a beat is where the beat is cut
_PULL = 0.3  # what an onset of average strength counts beside a length twice as long as usual, which counts 0.48
_GRID_S = 0.2  # where there are no onsets at all


@dataclass(frozen=True, eq=False)
class Cuts:
    """Where segments begin and end.

    Attributes
    ----------
    times_s:
        (k,) float64, rising; a segment is between each two.
    sharp:
        (k,) float32: how strong an onset begins there, in dB; 0 where none does.
    tempo:
        See `Tempo`.
    on_beats:
        Whether cuts are on beats.
    """

    times_s: NDArray[np.float64]
    sharp: Floats
    tempo: Tempo
    on_beats: bool


def cuts_of(strength: Floats) -> Cuts:
    """The cuts of some music by its onset strengths, (frames,) as of `fine.rises`; at least its two ends."""
    tempo = tempo_of(strength)
    starts = onsets(strength)
    if tempo.clarity >= CLEAR:
        frames = _on_beats(strength, starts, tempo)
        if len(frames) >= 2:
            return _cuts(strength, frames, starts, tempo, on_beats=True)
    return _cuts(strength, _on_onsets(strength, starts), starts, tempo, on_beats=False)


def _on_beats(strength: Floats, starts: NDArray[np.int64], tempo: Tempo) -> NDArray[np.int64]:
    """Every first, second, fourth or eighth beat: of those on which mostly something begins, those on which least does.

    The loudest beats of a bar are rougher than nine in ten moments of the music, and so is what is joined on them.
    """
    found = beats(strength, tempo)
    if not len(found):
        return found
    count = min(_BEATS, key=lambda each: abs(np.log(each * tempo.beat_s / USUAL_S)))
    moved = np.array([_nearest(starts, beat) for beat in found])
    phases = [moved[phase::count] for phase in range(min(count, len(moved)))]
    begins = [float(np.isin(each, starts).mean()) for each in phases]
    steps = [round(float(np.median(strength[each])) / _ALIKE_DB) for each in phases]
    mostly = [number for number, share in enumerate(begins) if share >= _MOSTLY]
    if not mostly:
        return np.unique(phases[int(np.argmax(steps))])
    return np.unique(phases[min(mostly, key=lambda number: (steps[number], -begins[number]))])


def _nearest(starts: NDArray[np.int64], beat: int) -> int:
    if not len(starts):
        return beat
    near = int(starts[np.abs(starts - beat).argmin()])
    return near if abs(near - beat) * STEP_S <= _NEAR_S else beat


def _on_onsets(strength: Floats, starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The chain of places, from end to end, with the most onset strength at lengths that are about usual."""
    last = len(strength) - 1
    grid = np.arange(0, last, max(round(_GRID_S / STEP_S), 1))
    places = np.unique(np.concatenate([[0], grid, starts, [last]]))
    usual_db = max(float(strength[starts].mean()), 1e-6) if len(starts) else 1.0
    pull = np.where(np.isin(places, starts), strength[places] / usual_db, 0.0)
    costs, before = np.full(len(places), np.inf), np.full(len(places), -1)
    costs[0] = 0.0
    for number in range(1, len(places)):
        lengths_s = (places[number] - places[:number]) * STEP_S
        fits = (lengths_s >= SHORTEST_S) & (lengths_s <= LONGEST_S) & np.isfinite(costs[:number])
        if not fits.any():
            continue
        ways = np.where(fits, costs[:number] + np.square(np.log(np.maximum(lengths_s, 1e-3) / USUAL_S)), np.inf)
        before[number] = int(ways.argmin())
        costs[number] = float(ways.min()) - _PULL * min(float(pull[number]), 3.0)
    end = int(np.flatnonzero(np.isfinite(costs))[-1])
    chain = []
    while end >= 0:
        chain.append(int(places[end]))
        end = int(before[end])
    return np.array(chain[::-1] if len(chain) > 1 else [0, last], np.int64)


def _cuts(
    strength: Floats, frames: NDArray[np.int64], starts: NDArray[np.int64], tempo: Tempo, *, on_beats: bool
) -> Cuts:
    begins = np.isin(frames, starts)
    exact = [
        between_frames(strength, int(frame)) if onset else float(frame)
        for frame, onset in zip(frames, begins, strict=True)
    ]
    times_s = np.array(exact) * STEP_S + np.where(begins, _AHEAD_S, 0.0)
    sharp = np.where(begins, strength[frames], 0.0)
    return Cuts(np.maximum(times_s, 0.0), np.asarray(sharp, np.float32), tempo, on_beats)
