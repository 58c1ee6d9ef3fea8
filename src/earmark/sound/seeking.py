"""Excerpts of a sound file, mono at 22 050 Hz, as decoding all of it would give them, at the cost of the excerpts.

The file's own samples are cut out (`sound.cuts`, `sound.cuts_pyav`), from a place at which the resampler's steps meet a
sample of either rate, a little early and a little long for what its filter needs.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from earmark.sound.cuts import Cuts, cuts_of
from earmark.sound.cuts_pyav import pyav_cuts
from earmark.sound.files import Reader
from earmark.sound.mel import SAMPLE_RATE_HZ
from earmark.sound.pieces import Levels, check_rate, mono_blocks

Floats = NDArray[np.float32]

_LEAD_S = 0.02  # more than the resampler's filter is long


class Excerpts:
    """A file that is open, from any place.

    Parameters
    ----------
    cuts:
        Its samples.
    name:
        What errors call it.
    """

    def __init__(self, cuts: Cuts, name: str) -> None:
        check_rate(cuts.rate_hz, name)
        self._cuts = cuts
        self._name = name
        self._levels = Levels()
        self.samples = round(cuts.samples * SAMPLE_RATE_HZ / cuts.rate_hz)

    @property
    def duration_s(self) -> float:
        """Seconds of the whole file."""
        return self._cuts.samples / self._cuts.rate_hz

    @property
    def notes(self) -> tuple[str, ...]:
        """As in `decode.Blocks`, of what was read so far."""
        return tuple(self._levels.notes())

    @property
    def silence_db(self) -> float:
        """As in `decode.Blocks`, once something was read."""
        return self._levels.silence_db

    def read(self, first: int, count: int) -> Floats | None:
        """Samples `first` to `first + count` at 22 050 Hz, (count,) float32; fewer at the end of the file.

        None where they are not there: the file must be heard whole.

        Raises
        ------
        SoundError
            As `decode.blocks`.
        """
        count = min(count, self.samples - first)
        rate_hz = self._cuts.rate_hz
        step = SAMPLE_RATE_HZ // math.gcd(rate_hz, SAMPLE_RATE_HZ)  # samples in which either rate has whole ones
        lead = math.ceil(_LEAD_S * SAMPLE_RATE_HZ)
        start = max(first - lead, 0) // step * step
        own_start = start * rate_hz // SAMPLE_RATE_HZ
        own_end = min(math.ceil((first + count + lead) * rate_hz / SAMPLE_RATE_HZ), self._cuts.samples)
        piece = self._cuts.read(own_start, own_end - own_start)
        if piece is None:
            return None
        mono = np.concatenate([*mono_blocks([piece], self._name, self._levels), np.empty(0, np.float32)])
        return mono[first - start : first - start + count]


@contextmanager
def excerpts(file: Reader, name: str) -> Iterator[Excerpts | None]:
    """The excerpts of a file, while the block lasts; None where it must be heard whole."""
    cuts = cuts_of(file)
    if cuts is not None:
        yield Excerpts(cuts, name)
        return
    with pyav_cuts(file) as found:
        yield Excerpts(found, name) if found else None
