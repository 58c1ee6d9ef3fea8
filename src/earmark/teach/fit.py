"""One layer from numbers and targets, in closed form or nearly so, by NumPy alone.

A head's numbers are of two kinds: the network's vector and what pitches say, which have a spread of their own each, and
the view of its kernel machines, which have one together (`listen.linear`). Each kind is fitted by itself, and their
scores are added: they err elsewhere, and one layer on all at once is told less well (docs/experiments.md). Chances are
fitted by logistic regression with a ridge, by steps that are bounded from below (Böhning 1992, doi 10.1007/BF00048682)
and need one decomposition; numbers by ridge regression.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.listen.calibrate import sigmoid, softmax
from earmark.listen.linear import NUMBER, SINGLE, Layer

Floats = NDArray[np.float64]
STEPS = 500
ENOUGH = 1e-5  # a step that moves no score by more ends the search
LEAST_SPREAD = 1e-9


@dataclass(frozen=True)
class Penalty:
    """How strongly large weights are held down, and how much the view's scores count beside the others'.

    `own` and `view` are the ridge on weights of numbers of deviation 1: of each number with its own spread, and of the
    view as a whole.
    """

    own: float = 50.0
    view: float = 4.0
    share: float = 0.5


@dataclass(frozen=True, eq=False)
class _Block:
    """Weights and offsets of one kind of numbers, in their own units."""

    weights: Floats
    offsets: Floats


def fit_layer(
    numbers: NDArray[np.floating],
    targets: NDArray[np.floating],
    *,
    kind: str,
    own: int,
    weights: NDArray[np.floating] | None = None,
    penalty: Penalty = Penalty(),
) -> Layer:
    """Fit a layer.

    Parameters
    ----------
    numbers:
        (clips, numbers), the first `own` of them those with a spread of their own.
    targets:
        (clips, labels): 0 to 1, which sum to 1 over labels where `kind` is `SINGLE`; any number where it is `NUMBER`.
        What is not known is NaN, and counts for nothing.
    kind:
        As in `LinearHead`.
    weights:
        (clips,) how much each counts; alike by default.
    penalty:
        See `Penalty`.
    """
    wanted = np.asarray(targets, np.float64)
    loads = np.ones(len(wanted)) if weights is None else np.asarray(weights, np.float64)
    parts = np.asarray(numbers[:, :own], np.float64), np.asarray(numbers[:, own:], np.float64)
    first = _fit_block(parts[0], wanted, loads, kind, ridge=penalty.own, alike=False)
    if not parts[1].shape[1]:
        return Layer(first.weights, first.offsets, first.weights, first.offsets)
    second = _fit_block(parts[1], wanted, loads, kind, ridge=penalty.view, alike=True)
    # Numbers are a mean of both, chances a sum of what speaks for them.
    mine, theirs = (
        (1 / (1 + penalty.share), penalty.share / (1 + penalty.share)) if kind == NUMBER else (1.0, penalty.share)
    )
    joined = np.concatenate([mine * first.weights, theirs * second.weights])
    return Layer(joined, mine * first.offsets + theirs * second.offsets, first.weights, first.offsets)


def _fit_block(numbers: Floats, targets: Floats, loads: Floats, kind: str, *, ridge: float, alike: bool) -> _Block:
    """One kind of numbers; where `alike` they have one spread, else each its own."""
    share = loads / loads.sum()
    centre = share @ numbers
    squares = share @ np.square(numbers - centre)
    spread = np.sqrt(np.full_like(squares, squares.mean()) if alike else squares)
    spread = np.where(spread > LEAST_SPREAD, spread, 1.0)
    inputs = (numbers - centre) / spread
    if kind == SINGLE:
        weights, offsets = _chances(inputs, targets, loads, ridge, exclusive=True)
    else:
        columns = [_column(inputs, targets[:, [place]], loads, ridge, kind) for place in range(targets.shape[1])]
        weights, offsets = (np.concatenate(parts, axis=-1) for parts in zip(*columns, strict=True))
    weights = weights / spread[:, None]
    return _Block(weights, offsets - centre @ weights)


def _column(inputs: Floats, target: Floats, loads: Floats, ridge: float, kind: str) -> tuple[Floats, Floats]:
    known = ~np.isnan(target[:, 0])
    if not known.any():
        return np.zeros((inputs.shape[1], 1)), np.zeros(1)
    if kind == NUMBER:
        return _line(inputs[known], target[known], loads[known], ridge)
    return _chances(inputs[known], target[known], loads[known], ridge, exclusive=False)


def _line(inputs: Floats, targets: Floats, loads: Floats, ridge: float) -> tuple[Floats, Floats]:
    """Ridge regression with an offset that is not held down."""
    share = loads / loads.sum()
    centre, usual = share @ inputs, share @ targets
    moved = inputs - centre
    weighed = moved.T * loads
    weights = np.linalg.solve(weighed @ moved + ridge * np.eye(inputs.shape[1]), weighed @ (targets - usual))
    return weights, usual - centre @ weights


def _chances(inputs: Floats, targets: Floats, loads: Floats, ridge: float, *, exclusive: bool) -> tuple[Floats, Floats]:
    """Logistic regression onto targets 0 to 1: one of the labels, or each for itself."""
    extended = np.concatenate([inputs, np.ones((len(inputs), 1))], axis=1)
    # The curvature of the loss is never above this part of the squares.
    bound = (0.5 if exclusive else 0.25) * (extended.T * loads) @ extended
    bound[np.diag_indices_from(bound)] += ridge
    bound[-1, -1] -= ridge - 1e-9 * loads.sum()  # the offset is not held down
    turn = np.linalg.inv(bound)
    held = np.full((extended.shape[1], 1), ridge)
    held[-1] = 0.0
    now = np.zeros((extended.shape[1], targets.shape[1]))
    before, pace = now, 1.0
    for _ in range(STEPS):
        # Steps with momentum (Nesterov 1983).
        faster = (1 + np.sqrt(1 + 4 * pace * pace)) / 2
        ahead = now + (pace - 1) / faster * (now - before)
        scores = extended @ ahead
        chances = softmax(scores) if exclusive else sigmoid(scores)
        step = turn @ (extended.T @ (loads[:, None] * (chances - targets)) + held * ahead)
        before, now, pace = now, ahead - step, faster
        if np.abs(step).max() <= ENOUGH:
            break
    return now[:-1], now[-1]
