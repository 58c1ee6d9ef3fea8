"""What a renderer's pieces are worth, by two experiments on one collection.

**Genres**: some pieces are made of each genre; an independent network says what it hears, and the same of the
collection's own tracks that are most of that genre. Their joints are held against moments inside those tracks.

**Likeness**: the collection is parted by folders, and some tracks of either side are drawn: those of the other side are
the reference. Of each of this side a piece is made that is to be like it, of this side's music without that track. How
far these pieces are from the reference is held against how far the tracks themselves are, the floor, and against noise
and what was shuffled and looped of them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.errors import GenerateError, WishError
from earmark.evaluate.generated import controls, laws
from earmark.evaluate.generated.averages import average, foreseen
from earmark.evaluate.generated.clips import Clip, Floats, Maker, drawn, each_real, most_like, of_two_sides
from earmark.evaluate.generated.judges import NetworkJudge, descriptors, standardised
from earmark.evaluate.generated.predictions import of_generator
from earmark.evaluate.generated.report import in_words, write_report
from earmark.generate.asking import Ask
from earmark.measure.distances import frechet_distance, kernel_distance
from earmark.sound.mel import SAMPLE_RATE_HZ

OnStep = Callable[[int, int], None]

MOMENTS = 40  # inside each real clip
ROUGH = 0.9  # quantile of what is inside real music
_DRAWS, _DRAWN = 200, 0.8  # subsamples that say how sure a distance is


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured: `genres` with so many `pieces` of so many `seconds` each, and `tracks` for the likeness."""

    genres: tuple[str, ...]
    pieces: int = 4
    seconds: float = 30.0
    tracks: int = 48
    temperature: float = 0.5
    seed: int = 0


def measure(
    maker: Maker, judge: NetworkJudge, plan: Plan, *, on_step: OnStep = lambda done, total: None
) -> tuple[dict[str, Any], dict[str, tuple[Floats | None, ...]]]:
    """Both experiments, as plain JSON values; and of each genre what `report.KINDS` says, (128, 129) dB."""
    total = len(plan.genres) * plan.pieces + plan.tracks
    done = iter(range(1, total + 2))

    def step() -> None:
        on_step(next(done), total)

    rows = [_genre(maker, judge, plan, genre, step) for genre in plan.genres]
    return _figures(rows, maker, judge, plan, step), {row.name: row.pictures for row in rows}


def _figures(
    rows: "Sequence[_Genre]", maker: Maker, judge: NetworkJudge, plan: Plan, step: Callable[[], None]
) -> dict[str, Any]:
    inside = np.concatenate([row.inside for row in rows])
    limit = float(np.quantile(inside, ROUGH))
    return {
        "renderer": maker.renderer,
        "genres": [row.told(limit) for row in rows],
        "all": _together(rows, limit, plan),
        "likeness": likeness(maker, judge, plan, step),
    }


def measure_files(
    maker: Maker, judge: NetworkJudge, plan: Plan, out: Path, *, on_step: OnStep = lambda done, total: None
) -> str:
    """`measure` with its report in a folder, and how well the generator draws where there is one; in words.

    Raises
    ------
    GenerateError
        The judge does not tell a genre that is asked for.
    """
    unknown = [name for name in plan.genres if name not in judge.genres]
    if unknown or not plan.genres:
        said = f"The judge tells no {' or '.join(unknown) or 'genre of the collection'}."
        raise GenerateError(said, hint=f"It tells {', '.join(judge.genres)}.")
    sides = of_two_sides(maker.ground)  # what fails there need not wait
    figures, pictures = measure(maker, judge, plan, on_step=on_step)
    if maker.generator is not None:
        rows = drawn(sides[0], plan.tracks, np.random.default_rng(plan.seed))
        clips = [each.samples for each in each_real(maker.ground, rows, plan.seconds)]
        figures["generator"] = of_generator(maker.generator, clips)
    write_report(out, figures, pictures)
    return in_words(figures)


@dataclass(frozen=True, eq=False)
class _Genre:
    """What was measured of one genre; `inside` and `joints` are fluxes in dB."""

    name: str
    problem: str
    agrees: NDArray[np.bool_]
    real_agrees: NDArray[np.bool_]
    music_s: float
    inside: NDArray[np.float64]
    joints: NDArray[np.float64]
    jumps: NDArray[np.float64]
    jumps_inside: NDArray[np.float64]
    pictures: tuple[Floats | None, ...]
    steady: list[float]
    real_steady: list[float]
    copied: list[laws.Copied]

    def told(self, limit: float) -> dict[str, Any]:
        pieces = len(self.agrees)
        return {
            "genre": self.name,
            "problem": self.problem,
            "pieces": pieces,
            "music_minutes": round(self.music_s / 60, 1),
            "agreement": _share(self.agrees),
            "real_agreement": _share(self.real_agrees),
            "real_tracks": len(self.real_agrees),
            **_joints(self.joints, self.inside, limit),
            "joint_jump_over_90_percent_of_real": _over(self.jumps, self.jumps_inside),
            "steady_tempo": _mean(self.steady),
            "real_steady_tempo": _mean(self.real_steady),
            "longest_run_s": round(max((each.longest_s for each in self.copied), default=0.0), 2),
            "most_of_a_file": _mean([each.most for each in self.copied]),
            "files": _mean([float(each.files) for each in self.copied]),
        }


def _genre(maker: Maker, judge: NetworkJudge, plan: Plan, genre: str, step: Callable[[], None]) -> _Genre:
    ground = maker.ground
    real = list(each_real(ground, most_like(ground, genre, max(plan.pieces, 8)), plan.seconds))
    made, problem = [], ""
    for seed in range(plan.pieces):
        ask = Ask(genre=genre, seconds=plan.seconds, seed=plan.seed + seed, temperature=plan.temperature)
        try:
            made.append(maker.make(ask))
        except (GenerateError, WishError) as error:
            problem = str(error)
        step()
    among = tuple(name for name in plan.genres if name in judge.genres)
    rng = np.random.default_rng(plan.seed)
    rough_inside = [laws.roughness(each.samples, _moments(each, rng)) for each in real]
    rough = [laws.roughness(each.samples, laws.joints_s(each.sources)) for each in made if each.sources]
    shares = ground.judge.share(ground.named_genre(genre))
    return _Genre(
        name=genre,
        problem=problem,
        agrees=_agrees(judge, made, genre, among),
        real_agrees=_agrees(judge, real, genre, among),
        music_s=float(ground.collection.durations_s[np.nan_to_num(shares) >= 0.5].sum()),
        inside=np.concatenate([np.zeros(0), *(each.flux for each in rough_inside)]),
        joints=np.concatenate([np.zeros(0), *(each.flux for each in rough)]),
        jumps=np.concatenate([np.zeros(0), *(each.jumps for each in rough)]),
        jumps_inside=np.concatenate([np.zeros(0), *(each.jumps for each in rough_inside)]),
        pictures=(
            average([each.samples for each in real]),
            average([each.samples for each in made]),
            *foreseen(maker.generator, genre),
        ),
        steady=_steady(made),
        real_steady=_steady(real),
        copied=[laws.copied(each.sources) for each in made if each.sources],
    )


def likeness(maker: Maker, judge: NetworkJudge, plan: Plan, step: Callable[[], None]) -> dict[str, Any]:
    """The second experiment."""
    ground = maker.ground
    rng = np.random.default_rng(plan.seed)
    one, other = of_two_sides(ground)
    real = list(each_real(ground, drawn(one, plan.tracks, rng), plan.seconds))
    reference = [each.samples for each in each_real(ground, drawn(other, plan.tracks, rng), plan.seconds)]
    made: list[Floats] = []
    for number, clip in enumerate(real):
        ask = Ask(
            like=ground.collection.entries[clip.row].path, seconds=plan.seconds, seed=plan.seed + number,
            temperature=plan.temperature,
        )  # fmt: skip
        made.append(maker.make(ask, without=tuple(other)).samples)  # nothing of the reference's albums
        step()
    samples = [each.samples for each in real]
    sets = {
        "real against real": samples,
        maker.renderer: made,
        "shuffled": [controls.shuffled(each, rng) for each in samples],
        "looped": [controls.looped(each, rng) for each in samples],
        "noise": [controls.noise(each, rng) for each in samples],
    }
    return {
        "tracks": len(real),
        "reference": len(reference),
        "distances": distances(judge, sets, reference, seed=plan.seed),
    }


def distances(
    judge: NetworkJudge, sets: dict[str, list[Floats]], reference: Sequence[Floats], *, seed: int = 0
) -> list[dict[str, Any]]:
    """Of each set of clips how far it is from the reference, by the judge's vectors and by plain descriptors."""
    heard = judge.hear(reference).vectors
    plain = descriptors(reference)
    rows = []
    for name, clips in sets.items():
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
    drawn = []
    for _ in range(_DRAWS):
        one, other = (rng.permutation(len(each))[: max(round(_DRAWN * len(each)), 2)] for each in (made, reference))
        drawn.append(kernel_distance(made[one], reference[other]))
    return {
        f"{name}_kernel": round(kernel_distance(made, reference), 2),
        f"{name}_kernel_range": [round(float(each), 2) for each in np.quantile(drawn, [0.025, 0.975])],
        f"{name}_frechet": round(frechet_distance(made, reference), 2),
    }


def _together(rows: Sequence[_Genre], limit: float, plan: Plan) -> dict[str, Any]:
    inside, joints = (np.concatenate([getattr(row, name) for row in rows]) for name in ("inside", "joints"))
    jumps, jumps_inside = (np.concatenate([getattr(row, name) for row in rows]) for name in ("jumps", "jumps_inside"))
    return {
        "seconds": plan.seconds,
        "pieces": sum(len(row.agrees) for row in rows),
        "agreement": _share(np.concatenate([row.agrees for row in rows])),
        "real_agreement": _share(np.concatenate([row.real_agrees for row in rows])),
        **_joints(joints, inside, limit),
        "joint_jump_over_90_percent_of_real": _over(jumps, jumps_inside),
        "steady_tempo": _mean([each for row in rows for each in row.steady]),
        "real_steady_tempo": _mean([each for row in rows for each in row.real_steady]),
        "longest_run_s": round(max((each.longest_s for row in rows for each in row.copied), default=0.0), 2),
    }


def _joints(joints: NDArray[np.float64], inside: NDArray[np.float64], limit: float) -> dict[str, float | int | None]:
    """Fluxes at joints against those inside real music; the limit is the ninetieth percentile of these."""
    return {
        "joints": len(joints),
        "joint_flux_db": _mean(joints.tolist()),
        "real_flux_db": _mean(inside.tolist()),
        "real_flux_90_percent_db": round(limit, 3),
        "joints_within_limit": None if not len(joints) else round(float(np.mean(joints <= limit)), 3),
    }


def _moments(clip: Clip, rng: np.random.Generator) -> list[float]:
    length_s = len(clip.samples) / SAMPLE_RATE_HZ
    return sorted(rng.uniform(0.2, max(length_s - 0.2, 0.3), MOMENTS).tolist())


def _agrees(judge: NetworkJudge, clips: Sequence[Clip], genre: str, among: Sequence[str]) -> NDArray[np.bool_]:
    if not clips or genre not in judge.genres:
        return np.zeros(0, np.bool_)
    return judge.hear([each.samples for each in clips]).share(genre, among)


def _average(clips: Sequence[Clip]) -> Floats | None:
    return average([each.samples for each in clips])


def _steady(clips: Sequence[Clip]) -> list[float]:
    found = [laws.tempo_steadiness(each.samples) for each in clips]
    return [each for each in found if each is not None]


def _share(hits: NDArray[np.bool_]) -> float | None:
    return round(float(hits.mean()), 3) if len(hits) else None


def _mean(values: Sequence[float]) -> float | None:
    return round(float(np.mean(values)), 3) if len(values) else None


def _over(values: NDArray[np.float64], inside: NDArray[np.float64]) -> float | None:
    """The share of values over the ninetieth percentile of others."""
    if not len(values) or not len(inside):
        return None
    return round(float(np.mean(values > np.quantile(inside, ROUGH))), 3)
