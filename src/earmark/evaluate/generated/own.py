"""How rough the places are, as they stand in their own files, at which a piece leaves one source and takes up the next.

Cuts are where beats and notes begin, which are rougher than most moments of music; this says how much of a joint's
roughness was there before anything was joined.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import soxr
from numpy.typing import NDArray

from earmark.errors import SoundError
from earmark.evaluate.generated.laws import roughness
from earmark.generate.piece import Source
from earmark.sound.excerpt import excerpt
from earmark.sound.mel import SAMPLE_RATE_HZ

_AROUND_S = 2.0


def own_flux(sources: Sequence[Source]) -> NDArray[np.float64]:
    """(joints,) dB: the larger flux (`laws.roughness`) of where a source is left and of where the next begins.

    nan where neither file can be read.
    """
    found = [[_flux(one, one.to_s), _flux(other, other.from_s)] for one, other in pairwise(sources)]
    return np.array([max((each for each in pair if each is not None), default=np.nan) for pair in found], np.float64)


def _flux(source: Source, at_s: float) -> float | None:
    """At a second of a source's file, played as fast and as loud as in the piece."""
    first_s = max(at_s - _AROUND_S, 0.0)
    try:
        cut = excerpt(source.path, first_s, at_s + _AROUND_S)
    except SoundError:
        return None
    mono = soxr.resample(cut.samples.mean(axis=1), cut.rate_hz * source.speed, SAMPLE_RATE_HZ)
    samples = np.asarray(mono * 10 ** (source.gain_db / 20), np.float32)
    return float(roughness(samples, [(at_s - first_s) / source.speed]).flux[0])
