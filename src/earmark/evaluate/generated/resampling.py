"""How sure a kernel distance is, where clips of one folder are alike: by halves of folders, and by exchange.

Half of what there is, drawn without replacement, varies as much around the whole as the whole does around the truth
(J. Shao & C. Wu, A General Theory for Jackknife Variance Estimation, Annals of Statistics 17, 1989: the part that is
kept back over the part that is drawn is one). Near a distance of none it varies more, so a range is too wide there.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from earmark.measure.distances import kernel_distance

Floats = NDArray[np.float64]

_HALVES, _EXCHANGES = 200, 300
_FEWEST = 2  # vectors of which a distance can be told
_FOLDERS = 4  # with fewer, halves are drawn of clips


def kernel_range(
    made: Floats, reference: Floats, folders: Sequence[str], there: Sequence[str], rng: np.random.Generator
) -> tuple[float, float]:
    """95 % of the kernel distances of halves of the folders of vectors (n, d) to halves of those of a reference (m, d).

    `folders` (n) and `there` (m) say which vectors are not independent. ValueError for fewer than two vectors.
    """
    found = [kernel_distance(made[_half(folders, rng)], reference[_half(there, rng)]) for _ in range(_HALVES)]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high)


def p_farther(
    made: Floats, real: Floats, reference: Floats, folders: Sequence[str], rng: np.random.Generator
) -> float | None:
    """How often chance alone puts vectors so much farther from a reference than those that they are to be like.

    Vectors (n, d) are exchanged with the same rows of `real`, all of a folder at once. None for fewer than two.
    """
    if len(made) < _FEWEST:
        return None

    def excess(swapped: NDArray[np.bool_]) -> float:
        chosen = swapped[:, np.newaxis]
        one, other = np.where(chosen, real, made), np.where(chosen, made, real)
        return kernel_distance(one, reference) - kernel_distance(other, reference)

    names, numbers = np.unique(list(folders), return_inverse=True)
    least = excess(np.zeros(len(made), np.bool_)) - 1e-9
    as_far = sum(excess((rng.random(len(names)) < 0.5)[numbers]) >= least for _ in range(_EXCHANGES))
    return (1 + as_far) / (1 + _EXCHANGES)


def _half(folders: Sequence[str], rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows of half of the folders, two at least."""
    names = np.asarray(folders) if len(set(folders)) >= _FOLDERS else np.arange(len(folders))
    order = rng.permutation(np.unique(names))
    for count in range(max(len(order) // 2, 1), len(order) + 1):
        rows = np.flatnonzero(np.isin(names, order[:count]))
        if len(rows) >= _FEWEST:
            return rows
    return np.arange(len(folders))
