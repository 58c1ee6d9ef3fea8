"""A song followed with the sound of other music: frames of a source mixed so that they sum to the song's spectrum.

Non-negative matrix factorisation with a fixed basis, whose activations are kept sparse: a frame of the source does not
come again at once, few sound together, and those that follow each other in the source do so here (J. Driedger, T.
Praetzlich & M. Mueller, Let It Bee: Towards NMF-Inspired Audio Mosaicing, ISMIR 2015). The distance is the generalised
Kullback-Leibler divergence of magnitudes; where the mix is no nearer to the song than the source as it is, that stays.
"""

from dataclasses import dataclass, field

import numpy as np
import soxr
from numpy.typing import NDArray

from earmark.errors import SoundError
from earmark.sound.excerpt import excerpt

Floats = NDArray[np.float32]
Complex = NDArray[np.complex64]

FRAME, HOP = 4096, 1024  # at 44 100 Hz: 93 and 23 ms
ROUNDS = 16
AGAIN, TOGETHER, ONWARD = 3, 10, 3  # frames within which none comes again, that sound at once, that follow each other
_LEAD_S = 0.1  # more than is needed, for the resampler's filter
_TINY = np.float32(1e-9)


@dataclass
class Target:
    """A song that is followed, from its beginning, again and again; of `duration_s`, more than a tenth of a second.

    `refined` counts the runs that were nearer to it mixed than as they are, of `runs`.
    """

    path: str
    duration_s: float
    rate_hz: int
    runs: int = field(default=0, init=False)
    refined: int = field(default=0, init=False)

    def shape(self, samples: Floats, start_s: float, rng: np.random.Generator) -> Floats:
        """A run, (n, channels), that begins at a second of the piece: mixed where that brings it nearer to the song."""
        wanted = self._song(start_s, len(samples))
        found = mixed(samples, wanted, rng) if wanted is not None else None
        self.runs += 1
        self.refined += found is not None
        return samples if found is None else found

    def _song(self, start_s: float, count: int) -> Floats | None:
        """(count,) of the song, which begins again where it ends; None where it cannot be read."""
        at_s, left = start_s % self.duration_s, count
        parts: list[Floats] = []
        while left > 0:
            at_s = at_s if self.duration_s - at_s > _LEAD_S else 0.0
            end_s = min(at_s + left / self.rate_hz + _LEAD_S, self.duration_s)
            try:
                cut = excerpt(self.path, at_s, end_s)
            except SoundError:
                return None
            mono = np.asarray(soxr.resample(cut.samples.mean(axis=1), cut.rate_hz, self.rate_hz), np.float32)[:left]
            if not len(mono):
                return None
            parts.append(mono)
            left -= len(mono)
            at_s = 0.0
        return np.concatenate(parts)


def mixed(samples: Floats, wanted: Floats, rng: np.random.Generator) -> Floats | None:
    """Frames of a sound, (n, channels), mixed to follow another, (n,); None where that comes no nearer than it is.

    As long and as loud as the sound.
    """
    if len(samples) < 4 * FRAME or not np.any(wanted) or not np.any(samples):
        return None
    channels = [_stft(samples[:, channel]) for channel in range(samples.shape[1])]
    basis = np.asarray(np.abs(sum(channels)) / len(channels), np.float32)
    target = np.asarray(np.abs(_stft(wanted)), np.float32)
    target *= np.float32(basis.sum() / max(float(target.sum()), float(_TINY)))
    weights = activations(basis, target, rng)
    if divergence(target, basis @ weights) >= divergence(target, basis):
        return None
    sound = np.stack([_istft(each @ weights, len(samples)) for each in channels], axis=1)
    level = np.sqrt(np.square(samples).mean() / max(float(np.square(sound).mean()), float(_TINY)))
    return np.asarray(sound * level, np.float32)


def activations(basis: Floats, target: Floats, rng: np.random.Generator, *, rounds: int = ROUNDS) -> Floats:
    """(frames of the basis, frames of the target), nowhere negative: how much of which sounds when.

    `basis` and `target` are magnitudes (bins, frames).
    """
    weights = rng.random((basis.shape[1], target.shape[1]), dtype=np.float32) + np.float32(0.1)
    sums = np.maximum(basis.sum(axis=0), _TINY)[:, np.newaxis]
    for number in range(1, rounds + 1):
        left = np.float32(1 - number / rounds)  # of what is held down: nothing at the end
        weights = _onward(_few(_not_again(weights, left), left))
        weights = weights * (basis.T @ (target / np.maximum(basis @ weights, _TINY))) / sums
    return np.asarray(weights, np.float32)


def divergence(target: Floats, made: Floats) -> float:
    """The generalised Kullback-Leibler divergence of magnitudes from a target, once both sum to the same."""
    made = made * (target.sum() / max(float(made.sum()), float(_TINY)))
    ratio = np.maximum(target, _TINY) / np.maximum(made, _TINY)
    return float((target * np.log(ratio) - target + made).sum())


def _not_again(weights: Floats, left: np.float32) -> Floats:
    """Of each frame only its largest weight within some frames stays."""
    padded = np.pad(weights, ((0, 0), (AGAIN, AGAIN)))
    shifts = [padded[:, shift : shift + weights.shape[1]] for shift in range(2 * AGAIN + 1)]
    return np.where(weights >= np.max(shifts, axis=0), weights, weights * left)


def _few(weights: Floats, left: np.float32) -> Floats:
    """At each time only the largest weights stay."""
    if len(weights) <= TOGETHER:
        return weights
    least = np.partition(weights, len(weights) - TOGETHER, axis=0)[len(weights) - TOGETHER]
    return np.where(weights >= least, weights, weights * left)


def _onward(weights: Floats) -> Floats:
    """Along diagonals weights lift each other: what follows in the source follows here."""
    padded = np.pad(weights, ONWARD)
    rows, columns = weights.shape
    shifts = [padded[shift : shift + rows, shift : shift + columns] for shift in range(2 * ONWARD + 1)]
    return np.asarray(np.sum(shifts, axis=0), np.float32)


def _window() -> Floats:
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME), np.float32)


def _stft(samples: Floats) -> Complex:
    padded = np.pad(samples, (FRAME // 2, FRAME))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    return np.asarray(np.fft.rfft(frames * _window()).T, np.complex64)


def _istft(spectrum: Complex, count: int) -> Floats:
    frames = np.fft.irfft(spectrum.T, FRAME).astype(np.float32) * _window()
    length = (len(frames) - 1) * HOP + FRAME
    total, weight = np.zeros(length, np.float32), np.zeros(length, np.float32)
    square = np.square(_window())
    for number, frame in enumerate(frames):
        total[number * HOP : number * HOP + FRAME] += frame
        weight[number * HOP : number * HOP + FRAME] += square
    found = (total / np.maximum(weight, np.float32(1e-3)))[FRAME // 2 :]
    return np.asarray(found[:count], np.float32)
