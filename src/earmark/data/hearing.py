"""A clip's sound heard once: its picture, and what can be measured on the way.

Everything is measured on the mono sound at 22 050 Hz that the front end hears.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.data.layout import picture_of_db
from earmark.sound.mel import SAMPLE_RATE_HZ, LogMel, under_maximum
from earmark.sound.tokens import SILENCE_DB

# Mixing to mono and resampling take clipped peaks a little below full scale.
FULL_SCALE = 0.99


@dataclass(frozen=True, eq=False)
class Heard:
    """A clip's picture, (128, frames) uint8 with band 0 lowest, and its measures.

    `peak_db` is the spectrogram's maximum, absolute; `clipped_share` the share of samples at full scale, 0 to 1.
    """

    picture: NDArray[np.uint8]
    duration_s: float
    peak_db: float
    clipped_share: float

    @property
    def silent(self) -> bool:
        """Whether there is nothing to hear."""
        return self.peak_db <= SILENCE_DB


def hear_clip(path: Path) -> Heard:
    """Decode a sound file; raises SoundError where it cannot be heard, and judges nothing else."""
    from earmark.sound.decode import blocks

    mel = LogMel()
    columns, samples, at_full_scale = [], 0, 0
    for block in blocks(path):
        columns.append(mel.push(block))
        samples += block.size
        at_full_scale += int(np.count_nonzero(np.abs(block) >= FULL_SCALE))
    columns.append(mel.finish())
    db = np.concatenate(columns, axis=1)
    picture = picture_of_db(under_maximum(db))
    return Heard(picture, samples / SAMPLE_RATE_HZ, float(db.max()), at_full_scale / max(samples, 1))
