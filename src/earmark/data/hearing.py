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

    `peak_db` is the spectrogram's maximum, absolute as in `sound.mel`, and no sound of the format is under
    `silence_db`; `clipped_share` the share of samples at full scale, 0 to 1; `unread_s` the seconds of the file that
    could not be read.
    """

    picture: NDArray[np.uint8]
    duration_s: float
    peak_db: float
    clipped_share: float
    silence_db: float = SILENCE_DB
    unread_s: float = 0.0

    @property
    def silent(self) -> bool:
        """Whether there is nothing to hear."""
        return self.peak_db <= self.silence_db


def hear_clip(path: Path) -> Heard:
    """Decode a sound file; raises SoundError where it cannot be heard, and judges nothing else."""
    from earmark.sound.decode import blocks

    mel = LogMel()
    columns, samples, at_full_scale = [], 0, 0
    sound = blocks(path)
    for block in sound:
        columns.append(mel.push(block))
        samples += block.size
        at_full_scale += int(np.count_nonzero(np.abs(block) >= FULL_SCALE))
    columns.append(mel.finish())
    db = np.concatenate(columns, axis=1)
    picture = picture_of_db(under_maximum(db))
    return Heard(
        picture,
        duration_s=samples / SAMPLE_RATE_HZ,
        peak_db=float(db.max()),
        clipped_share=at_full_scale / max(samples, 1),
        silence_db=sound.silence_db,
        unread_s=sound.unread_s,
    )
