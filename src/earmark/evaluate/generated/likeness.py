"""How far pieces are from real music, beside real music itself and what is none any more.

A collection is parted by folders, and some tracks of either side are drawn: those of the other side are the reference.
Of each of this side a piece is made that is to be like it, of this side's music without that track.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.errors import EarmarkError, GenerateError
from earmark.evaluate.generated import controls
from earmark.evaluate.generated.clips import Clip, Maker, drawn, each_real, of_two_sides
from earmark.evaluate.generated.judges import NetworkJudge, descriptors, standardised
from earmark.evaluate.generated.plan import Plan
from earmark.evaluate.generated.resampling import kernel_range, p_farther
from earmark.generate.asking import Ask, Ground
from earmark.measure.distances import frechet_distance, kernel_distance

REAL = "real against real"
_FEWEST = 2  # clips of which a distance can be told


@dataclass(frozen=True, eq=False)
class Sides:
    """Clips of a collection that have no folder in common.

    Attributes
    ----------
    real:
        Those that pieces are to be like.
    reference:
        Those of the other side.
    apart:
        The rows of all songs of the other side, whether drawn or not.
    """

    real: list[Clip]
    reference: list[Clip]
    apart: tuple[int, ...]


def sides_of(ground: Ground, plan: Plan) -> Sides:
    """What is drawn of a collection.

    Raises
    ------
    GenerateError
        All songs are in one folder, or on a side fewer than two can be read.
    """
    rng = np.random.default_rng(plan.seed)
    one, other = of_two_sides(ground)
    real, reference = (list(each_real(ground, drawn(side, plan.tracks, rng), plan.seconds)) for side in (one, other))
    if min(len(real), len(reference)) < _FEWEST:
        raise GenerateError(
            f"Two songs of {plan.seconds / 2:g} seconds or more are needed in folders apart from two others.",
            hint="Index more music, or ask for fewer --seconds.",
        )
    return Sides(real, reference, tuple(other))


def likeness(
    maker: Maker, judge: NetworkJudge, plan: Plan, sides: Sides, step: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """What is made to be like the tracks of a side, and how far all that is from the other; pieces may fail."""
    rng = np.random.default_rng([plan.seed, 1])
    made: list[Clip] = []
    problem = ""
    for number, clip in enumerate(sides.real):
        ask = Ask(
            like=maker.ground.collection.entries[clip.row].path, seconds=plan.seconds, seed=plan.seed + number,
            temperature=plan.temperature,
        )  # fmt: skip
        try:
            piece = maker.make(ask, without=sides.apart)  # nothing of the reference's albums
            made.append(replace(piece, row=clip.row, folder=clip.folder))
        except EarmarkError as error:
            problem = str(error)
        step()
    sets = {REAL: sides.real, maker.renderer: made}
    for name, spoiled in (("shuffled", controls.shuffled), ("looped", controls.looped), ("noise", controls.noise)):
        sets[name] = [replace(each, samples=spoiled(each.samples, rng)) for each in sides.real]
    return {
        "tracks": len(sides.real),
        "folders": len({each.folder for each in sides.real}),
        "pieces_failed": len(sides.real) - len(made),
        "problem": problem,
        "reference": len(sides.reference),
        "reference_folders": len({each.folder for each in sides.reference}),
        "distances": distances(judge, sets, sides.reference, seed=plan.seed),
    }


def distances(
    judge: NetworkJudge, sets: Mapping[str, Sequence[Clip]], reference: Sequence[Clip], *, seed: int = 0
) -> list[dict[str, Any]]:
    """Of each set of two clips or more how far it is from the reference, by the judge's vectors and by descriptors.

    Parameters
    ----------
    sets:
        By name; the first are real clips, and those of the others are held against the one of the same row there.
    reference:
        What they are held against; ValueError for fewer than two.
    """
    described = {name: _described(judge, clips) for name, clips in sets.items() if len(clips) >= _FEWEST}
    there = _described(judge, reference)
    first = next(iter(sets))
    rows = []
    for name, spaces in described.items():
        row: dict[str, Any] = {"set": name, "clips": len(sets[name])}
        for space, vectors in spaces.items():
            own = _Vectors(vectors, sets[name])
            real = _Vectors(described[first][space], sets[first]) if name != first else None
            row |= _distance(space, own, _Vectors(there[space], reference), real, np.random.default_rng(seed))
        rows.append(row)
    return rows


def _described(judge: NetworkJudge, clips: Sequence[Clip]) -> dict[str, NDArray[np.float64]]:
    samples = [each.samples for each in clips]
    return {"network": judge.hear(samples).vectors, "descriptors": descriptors(samples)}


@dataclass(frozen=True, eq=False, slots=True)
class _Vectors:
    """Vectors (n, d) of so many clips."""

    vectors: NDArray[np.float64]
    clips: Sequence[Clip]

    @property
    def folders(self) -> list[str]:
        return [each.folder for each in self.clips]

    def of_rows(self, rows: Sequence[int]) -> NDArray[np.float64]:
        at = {each.row: number for number, each in enumerate(self.clips)}
        return self.vectors[[at[row] for row in rows]]


def _distance(
    space: str, made: _Vectors, reference: _Vectors, real: _Vectors | None, rng: np.random.Generator
) -> dict[str, float | list[float] | None]:
    own, there = made.vectors, reference.vectors
    if space == "descriptors":  # numbers of several units
        own, there = standardised(own, there), standardised(there, there)
    span = kernel_range(own, there, made.folders, reference.folders, rng)
    p = None
    if real is not None:
        like = real.of_rows([each.row for each in made.clips])
        like = standardised(like, reference.vectors) if space == "descriptors" else like
        p = p_farther(own, like, there, made.folders, rng)
    return {
        f"{space}_kernel": round(kernel_distance(own, there), 2),
        f"{space}_kernel_range": [round(each, 2) for each in span],
        f"{space}_p_farther_than_real": None if p is None else round(p, 4),
        f"{space}_frechet": round(frechet_distance(own, there), 2),
    }
