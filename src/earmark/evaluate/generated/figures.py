"""Numbers of generated pieces as they are told: shares, means, and how joints compare with what is inside music."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ROUGH = 0.9  # quantile of what is inside real music
_SAME_DB = 0.5  # by so much flux changes where the frames lie elsewhere


def share(hits: NDArray[np.bool_], of: int | None = None) -> float | None:
    """The share of hits, of all or of so many; None of none."""
    count = len(hits) if of is None else of
    return round(float(hits.sum()) / count, 3) if count else None


def wilson(hits: float, of: int) -> list[float] | None:
    """The 95 % interval of a share of so many hits (E. Wilson, JASA 22, 1927), as if each were drawn by itself."""
    if not of:
        return None
    z, part = 1.96, hits / of
    middle = (part + z * z / (2 * of)) / (1 + z * z / of)
    half = z / (1 + z * z / of) * float(np.sqrt(part * (1 - part) / of + z * z / (4 * of * of)))
    return [round(max(middle - half, 0.0), 3), round(min(middle + half, 1.0), 3)]


def mean(values: Sequence[float]) -> float | None:
    """The mean; None of nothing."""
    return round(float(np.mean(values)), 3) if len(values) else None


def over(values: NDArray[np.float64], inside: NDArray[np.float64]) -> float | None:
    """The share of values over the ninetieth percentile of others; None where there are none of either."""
    if not len(values) or not len(inside):
        return None
    return round(float(np.mean(values > np.quantile(inside, ROUGH))), 3)


def of_joints(
    joints: NDArray[np.float64], own: NDArray[np.float64], inside: NDArray[np.float64], limit: float | None
) -> dict[str, float | int | None]:
    """Fluxes at joints against those inside real music, of which the limit is the ninetieth percentile.

    `own` are those at the places that were joined, as they are in their files; nan where that is not known.
    """
    known = np.isfinite(own)
    return {
        "joints": len(joints),
        "joint_flux_db": mean(joints.tolist()),
        "real_flux_db": mean(inside.tolist()),
        "real_flux_90_percent_db": None if limit is None else round(limit, 3),
        "joints_within_limit": mean((joints <= limit).astype(float).tolist()) if limit is not None else None,
        "own_flux_db": mean(own[known].tolist()),
        "joints_no_rougher_than_own": mean((joints[known] <= own[known] + _SAME_DB).astype(float).tolist()),
    }
