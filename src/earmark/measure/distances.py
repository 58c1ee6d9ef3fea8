"""How far apart two sets of vectors are as distributions: the kernel distance, and beside it the Frechet distance.

The kernel distance is the squared maximum mean discrepancy with a Gaussian kernel (A. Gretton et al., A Kernel
Two-Sample Test, JMLR 13, 2012), unbiased: of two samples of one distribution it is 0 on average, for any number of
vectors, and may be negative. Its width is the median distance within the reference, as in KAD (Y. Chung et al.,
arXiv 2502.15602, 2025). The Frechet distance takes both for normal, is biased where vectors are few, and agrees less
with listeners.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

SCALE = 1000.0  # kernel distances are told in thousandths


def kernel_distance(made: ArrayLike, reference: ArrayLike) -> float:
    """The kernel distance of vectors (n, d) to a reference (m, d), times 1000; ValueError for fewer than two."""
    one, other = _vectors(made), _vectors(reference)
    within = _squares(other, other)
    pairs = within[np.triu_indices(len(other), 1)]
    width = float(np.median(pairs)) or 1.0
    own, theirs, across = (np.exp(-each / (2 * width)) for each in (_squares(one, one), within, _squares(one, other)))
    return SCALE * (_off_diagonal_mean(own) + _off_diagonal_mean(theirs) - 2 * float(across.mean()))


def frechet_distance(made: ArrayLike, reference: ArrayLike) -> float:
    """The Frechet distance of vectors (n, d) to a reference (m, d), taken for normal; ValueError for fewer than two.

    The trace of the root of a product of covariances is the sum of the roots of its eigenvalues.
    """
    one, other = _vectors(made), _vectors(reference)
    away = one.mean(axis=0) - other.mean(axis=0)
    first, second = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    first, second = np.atleast_2d(first), np.atleast_2d(second)
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    both = np.linalg.eigvalsh(root @ second @ root)
    return float(away @ away + np.trace(first) + np.trace(second) - 2 * np.sqrt(np.maximum(both, 0.0)).sum())


def _vectors(given: ArrayLike) -> Floats:
    vectors = np.asarray(given, np.float64)
    if vectors.ndim != 2 or len(vectors) < 2:
        raise ValueError(f"need at least two vectors, (n, d), not {vectors.shape}")
    return vectors


def _squares(one: Floats, other: Floats) -> Floats:
    """(n, m) squared distances."""
    squares = np.square(one).sum(axis=1)[:, np.newaxis] + np.square(other).sum(axis=1) - 2 * one @ other.T
    return np.asarray(np.maximum(squares, 0.0))


def _off_diagonal_mean(kernel: Floats) -> float:
    count = len(kernel)
    return float((kernel.sum() - np.trace(kernel)) / (count * (count - 1)))
