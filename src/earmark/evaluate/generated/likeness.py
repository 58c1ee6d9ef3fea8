"""How far pieces are from real music, beside real music itself and what is none any more.

A collection is parted by folders, and some tracks of either side are drawn: those of the other side are the reference.
Of each of this side a piece is made that is to be like it, of this side's music without that track.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.errors import EarmarkError, GenerateError
from earmark.evaluate.generated import controls
from earmark.evaluate.generated.clips import Clip, Floats, Maker, drawn, each_real, of_two_sides
from earmark.evaluate.generated.judges import NetworkJudge, descriptors, standardised
from earmark.evaluate.generated.plan import Plan
from earmark.generate.asking import Ask, Ground
from earmark.measure.distances import frechet_distance, kernel_distance

_DRAWS, _DRAWN = 200, 0.8  # subsamples that say how sure a distance is
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
    made, problem = [], ""
    for number, clip in enumerate(sides.real):
        ask = Ask(
            like=maker.ground.collection.entries[clip.row].path, seconds=plan.seconds, seed=plan.seed + number,
            temperature=plan.temperature,
        )  # fmt: skip
        try:
            made.append(maker.make(ask, without=sides.apart))  # nothing of the reference's albums
        except EarmarkError as error:
            problem = str(error)
        step()
    samples = [each.samples for each in sides.real]
    sets = {
        "real against real": samples,
        maker.renderer: [each.samples for each in made],
        "shuffled": [controls.shuffled(each, rng) for each in samples],
        "looped": [controls.looped(each, rng) for each in samples],
        "noise": [controls.noise(each, rng) for each in samples],
    }
    return {
        "tracks": len(samples),
        "pieces_failed": len(samples) - len(made),
        "problem": problem,
        "reference": len(sides.reference),
        "distances": distances(judge, sets, [each.samples for each in sides.reference], seed=plan.seed),
    }


def distances(
    judge: NetworkJudge, sets: Mapping[str, Sequence[Floats]], reference: Sequence[Floats], *, seed: int = 0
) -> list[dict[str, Any]]:
    """Of each set of two clips or more how far it is from the reference, by the judge's vectors and by descriptors.

    ValueError where the reference has fewer than two.
    """
    heard = judge.hear(reference).vectors
    plain = descriptors(reference)
    rows = []
    for name, clips in sets.items():
        if len(clips) < _FEWEST:
            continue
        vectors, numbers = judge.hear(clips).vectors, standardised(descriptors(clips), plain)
        rows.append(
            {
                "set": name,
                "clips": len(clips),
                **_distance("network", vectors, heard, seed),
                **_distance("descriptors", numbers, standardised(plain, plain), seed),
            }
        )
    return rows


def _distance(
    name: str, made: NDArray[np.float64], reference: NDArray[np.float64], seed: int
) -> dict[str, float | list[float]]:
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(_DRAWS):
        one, other = (rng.permutation(len(each))[: max(round(_DRAWN * len(each)), 2)] for each in (made, reference))
        found.append(kernel_distance(made[one], reference[other]))
    return {
        f"{name}_kernel": round(kernel_distance(made, reference), 2),
        f"{name}_kernel_range": [round(float(each), 2) for each in np.quantile(found, [0.025, 0.975])],
        f"{name}_frechet": round(frechet_distance(made, reference), 2),
    }
