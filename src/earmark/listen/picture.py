"""A spectrogram for people to look at, made while a track streams by, in memory that does not grow with its length.

Columns come in as `LogMel` gives them, `(128, frames)` float32 absolute dB with band 0 the lowest, and leave as uint8
levels under the maximum of the track.
"""

import numpy as np
from numpy.typing import NDArray

from earmark.sound.mel import BANDS, FLOOR_DB

MOST_COLUMNS = 1500


class Picture:
    """Collects columns; where they become too many, two neighbours become one, the louder level of each band.

    Parameters
    ----------
    most_columns:
        How many columns the picture has at most; it has more than half of that if the track is long enough.
    """

    def __init__(self, *, most_columns: int = MOST_COLUMNS) -> None:
        self._columns = np.empty((BANDS, 2 * most_columns), np.float32)
        self._filled = 0
        self._frames_a_column = 1
        self._rest = np.empty((BANDS, 0), np.float32)  # frames that do not fill a column yet

    def push(self, columns: NDArray[np.float32]) -> None:
        """Take the next columns, (128, any number) float32 absolute dB."""
        fresh = np.concatenate([self._rest, columns], axis=1)
        while fresh.shape[1] >= self._frames_a_column:
            room = self._columns.shape[1] - self._filled
            taken = min(room, fresh.shape[1] // self._frames_a_column)
            frames = taken * self._frames_a_column
            self._columns[:, self._filled : self._filled + taken] = _loudest(fresh[:, :frames], self._frames_a_column)
            self._filled += taken
            fresh = fresh[:, frames:]
            if self._filled == self._columns.shape[1]:
                self._halve()
        self._rest = fresh

    def finish(self) -> NDArray[np.uint8]:
        """The picture: (128, columns) uint8, 255 at the track's maximum, 0 at 80 dB under it and below."""
        if self._rest.shape[1]:
            self._columns[:, self._filled] = self._rest.max(axis=1)
            self._filled += 1
        if self._filled > self._columns.shape[1] // 2:
            self._halve()
        db = self._columns[:, : self._filled]
        if not db.size:
            return np.zeros((BANDS, 0), np.uint8)
        under = np.maximum(db - db.max(), FLOOR_DB)
        levels: NDArray[np.uint8] = np.rint((1 - under / FLOOR_DB) * 255).astype(np.uint8)
        return levels

    def _halve(self) -> None:
        if self._filled % 2:  # only at the end of a track
            self._columns[:, self._filled] = self._columns[:, self._filled - 1]
        pairs = (self._filled + 1) // 2
        self._columns[:, :pairs] = _loudest(self._columns[:, : 2 * pairs], 2)
        self._filled = pairs
        self._frames_a_column *= 2


def _loudest(db: NDArray[np.float32], frames: int) -> NDArray[np.float32]:
    """(128, columns * frames) -> (128, columns), the maximum of every `frames` neighbours."""
    grouped = db.reshape(len(db), -1, frames)  # (128, columns, frames)
    return np.asarray(grouped.max(axis=2))
