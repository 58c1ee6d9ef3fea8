"""How vectors lie in their space: how many of their numbers say something, and how sparse they are.

Conventions: `vectors` is (n, size), n and size at least 2. Every public function checks it and raises ValueError.
Sources: Hoyer 2004, "Non-negative matrix factorization with sparseness constraints" (JMLR 5, 1457-1469), who has the
measure; the participation ratio of a covariance's eigenvalues (Gao et al. 2017, doi 10.1101/214262); active units after
Burda, Grosse & Salakhutdinov 2016 (arXiv 1509.00519), here of any scale.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

ACTIVE = 0.01
_TINY = 1e-12


def active_numbers(vectors: ArrayLike) -> int:
    """How many numbers have a variance above a hundredth of the mean variance."""
    variance = _checked(vectors).var(axis=0)
    return int((variance > ACTIVE * variance.mean()).sum())


def axes_used(vectors: ArrayLike) -> float:
    """The participation ratio, 1 to size: over how many axes variance is spread, as though evenly; 0 without any."""
    covariance: NDArray[np.float64] = np.cov(_checked(vectors).T)
    spectrum = np.linalg.eigvalsh(covariance)
    total = float(np.square(spectrum).sum())
    return float(spectrum.sum()) ** 2 / total if total > _TINY else 0.0


def share_of_zeros(vectors: ArrayLike) -> float:
    """The share of numbers that are exactly 0."""
    return float((_checked(vectors) == 0).mean())


def hoyer(vectors: ArrayLike) -> float:
    """Mean over vectors of 1 where a single number is not 0, 0 where all are as large; vectors of zeros count 1."""
    checked = _checked(vectors)
    root, ones, twos = np.sqrt(checked.shape[1]), np.abs(checked).sum(axis=1), np.linalg.norm(checked, axis=1)
    ratio = np.divide(ones, twos, out=np.ones_like(ones), where=twos > _TINY)
    return float(((root - ratio) / (root - 1)).mean())


def _checked(vectors: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(vectors, dtype=np.float64)
    if array.ndim != 2 or min(array.shape) < 2:
        raise ValueError(f"vectors must be (n, size), both at least 2, not {array.shape}")
    if not np.all(np.isfinite(array)):
        raise ValueError("vectors must be finite")
    return array
