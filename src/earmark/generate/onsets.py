"""Where notes begin: peaks of the rise of the spectrum that stand out of what is around them.

After S. Boeck, F. Krebs & M. Schedl, Evaluating the Online Capabilities of Onset Detection Methods, ISMIR 2012.
"""

import numpy as np
from numpy.typing import NDArray

from earmark.generate.fine import STEP_S, highest_around

Floats = NDArray[np.float32]

_BACKGROUND = round(0.5 / STEP_S)  # frames on both sides over which the mean is taken
_OVER_DB = 0.6  # by how much a peak is over the mean around it


def onsets(strength: Floats) -> NDArray[np.int64]:
    """The frames at which something begins, rising; `strength` is (frames,) dB as `fine.rises` gives it."""
    if len(strength) < 3:
        return np.zeros(0, np.int64)
    peaks = (strength >= highest_around(strength)) & (strength > background(strength) + _OVER_DB)
    frames: NDArray[np.int64] = np.flatnonzero(peaks)
    if not len(frames):
        return frames
    apart = np.concatenate([[True], np.diff(frames) > 1])  # of equal neighbours the first
    return np.asarray(frames[apart])


def background(strength: Floats) -> Floats:
    """The mean of the second around each frame, (frames,)."""
    sums = np.cumsum(np.concatenate([[0.0], strength.astype(np.float64)]))
    places = np.arange(len(strength))
    first, last = np.maximum(places - _BACKGROUND, 0), np.minimum(places + _BACKGROUND + 1, len(strength))
    return np.asarray((sums[last] - sums[first]) / (last - first), np.float32)


def between_frames(strength: Floats, frame: int) -> float:
    """Where a peak is to a part of a frame, by a parabola through its neighbours."""
    if not 0 < frame < len(strength) - 1:
        return float(frame)
    before, at, behind = (float(each) for each in strength[frame - 1 : frame + 2])
    bend = before - 2 * at + behind
    return frame + float(np.clip((before - behind) / (2 * bend), -0.5, 0.5)) if bend < 0 else float(frame)
