"""Valence and arousal as the quadrants say them: how right that is, and how wide a range holds the truth.

The truth of a song is the side of its quadrant, and how far out as its label is certain: of 4Q, by the share of the
song's mood tags that lie in that quadrant.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip
from earmark.listen.calibrate import softmax
from earmark.listen.linear import SINGLE
from earmark.listen.reading import on_plane
from earmark.mood import AROUSAL, QUADRANTS, VALENCE
from earmark.teach.crossfit import Scores, calibrate, reach_of
from earmark.teach.plan import HeadPlan

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Plane:
    """`reach` of valence and arousal, as `LinearHead` has it, and figures of each by name."""

    reach: tuple[float, ...]
    figures: dict[str, Any]


def certainty_of(plan: HeadPlan, clips: Sequence[Clip]) -> Floats:
    """(clips,) how far out each lies, 1 where its set does not say."""
    found = []
    for clip in clips:
        labels = plan.labels_of(clip)
        certain = None if labels is None else labels.certain(clip, len(QUADRANTS))
        found.append(1.0 if certain is None else certain)
    return np.array(found)


def plane_of(found: Scores, certainty: Floats) -> Plane:
    """Measure valence and arousal out of fold, calibration cross-fitted; `certainty` is of the question's clips."""
    labels = found.question.labels
    told = np.empty((len(found.scores), 2))
    for here, others in found.parts():
        made = calibrate(SINGLE, found.scores[others], found.targets[others]).calibration
        assert made is not None
        told[here] = on_plane(labels, softmax(found.scores[here] / made.temperature))
    truth = on_plane(labels, found.targets) * certainty[found.rows, None]
    residuals = np.abs(told - truth)
    covered = np.empty(residuals.shape, np.bool_)
    for here, others in found.parts():
        covered[here] = residuals[here] <= np.array([reach_of(side) for side in residuals[others].T])
    figures = {
        name: {
            "correlation": float(np.corrcoef(told[:, side], truth[:, side])[0, 1]),
            "sign": float(np.mean((told[:, side] > 0) == (truth[:, side] > 0))),
            "coverage": float(covered[:, side].mean()),
        }
        for side, name in enumerate((VALENCE, AROUSAL))
    }
    return Plane(tuple(reach_of(side) for side in residuals.T), figures)
