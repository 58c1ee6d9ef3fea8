"""A plane on which the neighbours of many points stay neighbours: t-SNE, in NumPy alone.

L. van der Maaten & G. Hinton, Visualizing Data using t-SNE, JMLR 9, 2008. Points that are neighbours attract each
other, all others repel. What all do to one is read off a grid, on which it is a convolution by FFT, so that a step is
linear in the points: G. Linderman et al., Fast interpolation-based t-SNE, Nature Methods 16, 2019. Each point is drawn
to its nearest ones alike (J. N. Böhm, P. Berens & D. Kobak, Attraction-repulsion spectrum, JMLR 23, 2022), the start is
the plane of the principal axes, and the rate n over the exaggeration (D. Kobak & P. Berens, The art of using t-SNE,
Nature Communications 10, 2019): the same points come to the same plane.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

EARLY, LATE = 200, 500  # steps with and without exaggeration; more keep no more neighbours
EXAGGERATION = 12.0
FEW = 500  # points, up to which all pairs are looked at
_START = 1e-4  # how wide the plane is at first
_MOMENTUM = 0.8
_LONGEST = 5.0  # of a point's step, in units of the kernel
_LEAST_GAIN = 0.01
_CELL = 0.9  # of the grid, in units of the kernel: finer ones keep no more neighbours
_FEWEST_CELLS, _MOST_CELLS = 24, 400
_MARGIN = 4  # nodes beyond the outermost points
_SMOOTH_SIZES = sorted(2**a * 3**b * 5**c for a in range(12) for b in range(5) for c in range(3))  # quick to transform


@dataclass(frozen=True, eq=False, slots=True)
class Graph:
    """Who attracts whom: pairs in both directions, those of one point after the other.

    Attributes
    ----------
    one, other:
        (pairs,) int64, rows.
    weights:
        (pairs,) float32; they sum to 1.
    starts:
        (n,) int64, where the pairs of each point begin.
    """

    one: Ints
    other: Ints
    weights: Floats
    starts: Ints

    @classmethod
    def of(cls, neighbours: ArrayLike) -> "Graph":
        """Of the rows of each point's neighbours, (n, k); pairs who are neighbours of each other weigh twice."""
        rows = np.asarray(neighbours, np.int64)
        if rows.ndim != 2 or not rows.size:
            raise ValueError(f"need neighbours (n, k), not {rows.shape}")
        count = len(rows)
        points, others = np.repeat(np.arange(count), rows.shape[1]), rows.ravel()
        pairs, often = np.unique(np.concatenate([points * count + others, others * count + points]), return_counts=True)
        one, other = np.divmod(pairs, count)
        weights = (often / often.sum()).astype(np.float32)
        return cls(one, other, weights, np.searchsorted(one, np.arange(count)))

    def attraction(self, places: Floats) -> Floats:
        """How each point is drawn, (n, 2), away from its neighbours: to be subtracted."""
        across, up = (line[self.one] - line[self.other] for line in places.T)
        pull = self.weights / (1 + across * across + up * up)
        return np.stack([np.add.reduceat(pull * away, self.starts) for away in (across, up)], axis=1)


def embed(
    neighbours: ArrayLike,
    start: ArrayLike,
    *,
    seed: int = 0,
    early: int = EARLY,
    late: int = LATE,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> NDArray[np.float32]:
    """Places on a plane, (n, 2) float32 around 0, on which neighbours are near.

    Parameters
    ----------
    neighbours:
        (n, k) rows of each point's nearest others.
    start:
        (n, 2) where the points are at first, at any scale.
    seed:
        Of what is added to the start, a thousandth of its width, so that points in one place can part.
    early, late:
        Steps with and without exaggeration.
    progress:
        Told (done, total) steps.

    Raises
    ------
    ValueError
        The arrays do not fit each other.
    """
    graph, first = Graph.of(neighbours), np.asarray(start, np.float64)
    count = len(graph.starts)
    if first.shape != (count, 2) or not np.isfinite(first).all():
        raise ValueError(f"need places ({count}, 2) to start from, not {first.shape}")
    first = first - first.mean(axis=0)
    first = first / (first.std(axis=0).max() or 1.0) + np.random.default_rng(seed).normal(0, 1e-3, first.shape)
    descent = _Descent((_START * first).astype(np.float32))
    for step in range(early + late):
        exaggeration = EXAGGERATION if step < early else 1.0
        push = pushed if count <= FEW else repulsion
        gradient = exaggeration * graph.attraction(descent.places) - push(descent.places)
        descent.step(gradient, rate=count / exaggeration)
        progress(step + 1, early + late)
    return descent.places


class _Descent:
    """Gradient descent with momentum and a gain for each number, as in van der Maaten's own t-SNE."""

    def __init__(self, places: Floats) -> None:
        self.places = places
        self._moving = np.zeros_like(places)
        self._gains = np.ones_like(places)

    def step(self, gradient: Floats, *, rate: float) -> None:
        onward = np.sign(gradient) != np.sign(self._moving)
        self._gains = np.maximum(np.where(onward, self._gains + 0.2, self._gains * 0.8), _LEAST_GAIN)
        self._moving = _MOMENTUM * self._moving - np.float32(rate) * self._gains * gradient
        length = np.sqrt(np.square(self._moving).sum(axis=1, keepdims=True))
        self._moving *= np.minimum(1.0, _LONGEST / np.maximum(length, 1e-12))
        self.places = np.asarray(self.places + self._moving, np.float32)
        self.places -= self.places.mean(axis=0)


def pushed(places: Floats) -> Floats:
    """As `repulsion`, from all pairs: exact, and quicker for few points."""
    across, up = (line[:, np.newaxis] - line for line in places.T)
    near = 1 / (1 + across * across + up * up)
    total = float(near.sum()) - len(places)
    steep = near * near
    sums = [(away * steep).sum(axis=1) for away in (across, up)]
    return np.asarray(np.stack(sums, axis=1) / max(total, 1e-12), np.float32)


def repulsion(places: Floats, *, cell: float = _CELL) -> Floats:
    """How all points push each, (n, 2) float32: sums of (y_i - y_j) / (1 + d^2)^2, over the sum of all 1 / (1 + d^2).

    Parameters
    ----------
    places:
        (n, 2) float32.
    cell:
        How far apart the nodes of the grid are, where that makes no more than `_MOST_CELLS` of them.
    """
    grid = _Grid.around(places, cell)
    near, steep = grid.kernel(1), grid.kernel(2)
    ones = grid.spectrum(np.ones(len(places), np.float32))
    total = float(grid.field(ones * near).sum()) - grid.own()
    push = grid.field(ones * steep)
    sums = [line * push - grid.field(grid.spectrum(line) * steep) for line in places.T]
    return np.asarray(np.stack(sums, axis=1) / max(total, 1e-12), np.float32)


@dataclass(frozen=True, eq=False, slots=True)
class _Grid:
    """Nodes around points, the weight that each of 4 x 4 nodes has for a point (cubic interpolation by Lagrange).

    Attributes
    ----------
    side:
        How many nodes there are each way, with as many free ones as what is far must not meet across the edge.
    cell:
        How far apart they are.
    nodes:
        (n * 16,) int64, of the points one after the other.
    weights:
        (n * 16,) float32.
    lines:
        The weights along both axes, (n, 4) float32 each, of which those are the products.
    """

    side: int
    cell: float
    nodes: Ints
    weights: Floats
    lines: tuple[Floats, Floats]

    @classmethod
    def around(cls, places: Floats, cell: float) -> "_Grid":
        low = places.min(axis=0)
        span = float((places.max(axis=0) - low).max())
        cells = int(np.clip(np.ceil(span / cell), _FEWEST_CELLS, _MOST_CELLS))
        cell = max(cell, span / cells)
        side = next(size for size in _SMOOTH_SIZES if size >= 2 * (cells + _MARGIN))
        scaled = (places - low) / np.float32(cell) + 1.5
        whole = np.floor(scaled)
        x, y = (_cubic(part) for part in (scaled - whole).T)  # (n, 4)
        first = (whole.astype(np.int64) - 1).T
        across, up = (corner[:, np.newaxis] + np.arange(4) for corner in first)
        nodes = across[:, :, np.newaxis] * side + up[:, np.newaxis]  # (n, 4, 4)
        return cls(side, cell, nodes.ravel(), (x[:, :, np.newaxis] * y[:, np.newaxis]).ravel(), (x, y))

    def kernel(self, power: int) -> NDArray[np.complexfloating]:
        """The transform of (1 + d^2) ** -power."""
        return _kernel(self.side, self.cell, power)

    def spectrum(self, charges: Floats) -> NDArray[np.complexfloating]:
        """The transform of what charges, (n,), are on the nodes."""
        spread = np.bincount(self.nodes, self.weights * np.repeat(charges, 16), self.side**2)
        return np.fft.rfft2(spread.astype(np.float32).reshape(self.side, self.side))

    def field(self, spectrum: NDArray[np.complexfloating]) -> Floats:
        """What a transform is at the points, (n,)."""
        plane = np.fft.irfft2(spectrum, s=(self.side, self.side)).ravel()
        return np.asarray((plane[self.nodes] * self.weights).reshape(-1, 16).sum(axis=1), np.float32)

    def own(self) -> float:
        """How near all points are to themselves, as the grid has it: their number, were it fine."""
        across, up = (_correlated(line) for line in self.lines)
        squares = np.square(np.arange(4) * self.cell)
        near = 1 / (1 + squares[:, np.newaxis] + squares)
        return float(np.einsum("nk,kl,nl->", across, near, up))


@lru_cache(maxsize=8)
def _kernel(side: int, cell: float, power: int) -> NDArray[np.complexfloating]:
    steps = np.arange(side)
    squares = np.square(np.minimum(steps, side - steps) * cell)  # around the edge, as a transform goes
    values = (1 + squares[:, np.newaxis] + squares) ** -float(power)
    return np.fft.rfft2(values.astype(np.float32))


def _correlated(weights: Floats) -> NDArray[np.float64]:
    """The sums of products of weights, (n, 4), so many nodes apart, in both directions: (n, 4) for 0 to 3."""
    plain = weights.astype(np.float64)
    sums = [(plain[:, : 4 - apart] * plain[:, apart:]).sum(axis=1) for apart in range(4)]
    return np.stack([sums[0], *(2 * each for each in sums[1:])], axis=1)


def _cubic(part: Floats) -> Floats:
    """The weights of the nodes at -1, 0, 1 and 2 for places from 0 to 1 between two, (n,) -> (n, 4)."""
    before, after, beyond = part + 1, part - 1, part - 2
    return np.stack(
        [
            -part * after * beyond / 6,
            before * after * beyond / 2,
            -before * part * beyond / 2,
            before * part * after / 6,
        ],
        axis=1,
    )
