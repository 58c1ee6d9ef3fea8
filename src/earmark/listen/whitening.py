"""What makes vectors comparable: centred, whitened in part, of unit length. Unrelated tracks are then near cosine 0.

As a network makes them, vectors (128 numbers) have much in common and lie along few directions: two tracks of any kind
have a cosine of 0.9. From a vector the mean of many clips is taken, what is left is multiplied by C ** -EXPONENT, C
being these clips' covariance, and brought to length 1: a cosine is then a dot product. An exponent of 1/2, whitening
in full, makes directions that say little as loud as those that say much. `benchmarks/vectors.py` tells what each
exponent gives. C is shrunk towards equal variances (Ledoit & Wolf 2004, J. Multivariate Anal. 88), the more the fewer
clips there are, so that a direction in which they happen to be alike does not count beyond measure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

EXPONENT = 0.25
_NOTHING = 1e-12  # a vector that is no longer than this is the mean itself, and has no direction


@dataclass(frozen=True, eq=False, slots=True)
class Whitening:
    """The constants.

    Attributes
    ----------
    mean:
        (128,) float32, of the clips that it was fitted to.
    matrix:
        (128, 128) float32, symmetric: a power of their covariance.
    """

    mean: NDArray[np.float32]
    matrix: NDArray[np.float32]

    def __post_init__(self) -> None:
        count = len(self.mean)
        for name, shape in {"mean": (count,), "matrix": (count, count)}.items():
            if getattr(self, name).shape != shape or not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"has a whitening whose {name} is not {shape} numbers")

    def spread(self, vectors: ArrayLike) -> NDArray[np.float32]:
        """Vectors, (..., 128), centred and whitened, at the length that this gives them: (..., 128) float32."""
        return np.asarray((np.asarray(vectors, dtype=np.float64) - self.mean) @ self.matrix, dtype=np.float32)

    def apply(self, vectors: ArrayLike) -> NDArray[np.float32]:
        """Vectors, (..., 128), as they are published: (..., 128) float32 of unit length; 0 for the mean itself."""
        spread = self.spread(vectors)
        lengths = np.linalg.norm(spread, axis=-1, keepdims=True)
        return np.asarray(spread / np.maximum(lengths, _NOTHING), dtype=np.float32)


def fit_whitening(vectors: ArrayLike, *, exponent: float = EXPONENT) -> Whitening:
    """The whitening of some clips' vectors, (n, 128); `exponent` 0 centres alone, 1/2 whitens in full.

    Raises ValueError where there are none.
    """
    points = np.asarray(vectors, dtype=np.float64)
    if points.ndim != 2 or not len(points):
        raise ValueError(f"need vectors (n, 128) to fit a whitening to, not {points.shape}")
    mean = points.mean(axis=0)
    variances, directions = np.linalg.eigh(_shrunk_covariance(points - mean))
    if variances[-1] <= 0:  # all alike: there is nothing to whiten
        variances = np.ones_like(variances)
    matrix = directions * variances**-exponent @ directions.T
    return Whitening(mean.astype(np.float32), matrix.astype(np.float32))


def _shrunk_covariance(centred: Floats) -> Floats:
    """Ledoit's and Wolf's estimate, (128, 128), from (n, 128) vectors whose mean is 0."""
    count, numbers = centred.shape
    covariance: Floats = centred.T @ centred / count
    mean_variance = np.trace(covariance) / numbers
    away = np.square(covariance - mean_variance * np.eye(numbers)).sum()
    error = (np.square(np.square(centred).sum(axis=1)).mean() - np.square(covariance).sum()) / count
    share = min(error / away, 1.0) if away > 0 else 1.0
    shrunk: Floats = (1 - share) * covariance + share * mean_variance * np.eye(numbers)
    return shrunk
