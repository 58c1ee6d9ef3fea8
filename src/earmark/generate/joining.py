"""Runs of samples joined to one stream: each is cross-faded into the next at equal power, and nothing else is held.

Where one sound fades out as a cosine and another, unrelated one fades in as a sine, their powers add to what they were.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

FADE_IN_S, FADE_OUT_S = 0.005, 1.5  # of the whole piece
_KNEE = 0.9  # of full scale: what is louder is bent down, and never reaches it


def rising(count: int) -> Floats:
    """(count, 1) a quarter of a sine: a fade in; its reverse is the fade out of equal power."""
    return np.sin((np.arange(count, dtype=np.float32) + 0.5) / max(count, 1) * np.float32(np.pi / 2))[:, np.newaxis]


class Joiner:
    """Joins runs: `push` each in order, then `finish`; what they give is the piece.

    Parameters
    ----------
    rate_hz:
        Samples a second.
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._held: Floats | None = None  # the end of the last run, as long as any fade can be

    def push(self, samples: Floats, *, fade: int, holds: int) -> Iterator[Floats]:
        """Take a run, give what can be heard no other way any more.

        Parameters
        ----------
        samples:
            (n, channels) float32. The first `fade` lie under the end of the run before.
        fade:
            Samples of the cross-fade with the run before; 0 for the first.
        holds:
            Samples that are kept back at least, for the fade into the next.
        """
        if self._held is None:
            begin = rising(min(round(FADE_IN_S * self._rate_hz), len(samples)))
            samples = np.concatenate([samples[: len(begin)] * begin, samples[len(begin) :]])
        else:
            fade = min(fade, len(self._held), len(samples))
            curve = rising(fade)
            yield self._held[: len(self._held) - fade]
            end = self._held[len(self._held) - fade :]
            samples = np.concatenate([end * curve[::-1] + samples[:fade] * curve, samples[fade:]])
        kept = min(holds, len(samples))
        self._held = samples[len(samples) - kept :]
        yield samples[: len(samples) - kept]

    def finish(self) -> Floats:
        """The rest, faded out."""
        held = self._held if self._held is not None else np.zeros((0, 2), np.float32)
        end = rising(min(round(FADE_OUT_S * self._rate_hz), len(held)))[::-1]
        return np.concatenate([held[: len(held) - len(end)], held[len(held) - len(end) :] * end])


def within_full_scale(samples: Floats) -> Floats:
    """Samples bent so that none reaches full scale; below nine tenths of it nothing changes."""
    over = np.abs(samples) > _KNEE
    if not over.any():
        return samples
    room = np.float32(1 - _KNEE)
    bent = np.sign(samples) * (_KNEE + room * np.tanh((np.abs(samples) - _KNEE) / room))
    return np.asarray(np.where(over, bent, samples), np.float32)
