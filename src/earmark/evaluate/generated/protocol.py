"""What a renderer's pieces are worth, by two experiments on one collection.

**Genres**: some pieces are made of each genre; an independent network says what it hears, and the same of the
collection's own tracks that are most of that genre. Their joints are held against moments inside those tracks. A piece
that cannot be made counts as one in which the genre is not heard.

**Likeness**: how far pieces that are to be like tracks are from tracks of other folders; see `likeness`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.errors import EarmarkError, GenerateError
from earmark.evaluate.generated import laws
from earmark.evaluate.generated.averages import average, foreseen
from earmark.evaluate.generated.clips import Clip, Floats, Maker, each_real, most_like
from earmark.evaluate.generated.figures import ROUGH, mean, of_joints, over, share, wilson
from earmark.evaluate.generated.judges import NetworkJudge
from earmark.evaluate.generated.likeness import likeness, sides_of
from earmark.evaluate.generated.own import own_flux
from earmark.evaluate.generated.plan import Plan
from earmark.evaluate.generated.predictions import of_generator
from earmark.evaluate.generated.report import in_words, write_report
from earmark.generate.asking import Ask
from earmark.sound.mel import SAMPLE_RATE_HZ

OnStep = Callable[[int, int], None]

MOMENTS = 40  # inside each real clip


def measure(
    maker: Maker, judge: NetworkJudge, plan: Plan, *, on_step: OnStep = lambda done, total: None
) -> tuple[dict[str, Any], dict[str, tuple[Floats | None, ...]]]:
    """Both experiments, and how well the generator draws where there is one, as plain JSON values.

    And of each genre what `report.KINDS` says, (128, 129) dB. What fails of single pieces and tracks is counted.

    Raises
    ------
    GenerateError
        The judge does not tell a genre that is asked for, or had a part in making; or as `likeness.sides_of`.
    """
    judge.refuse_makers(maker.ground.collection.sha256, maker.lineages)
    unknown = [name for name in plan.genres if name not in judge.genres]
    if unknown or not plan.genres:
        said = f"The judge tells no {' or '.join(unknown) or 'genre of the collection'}."
        raise GenerateError(said, hint=f"It tells {', '.join(judge.genres)}.")
    sides = sides_of(maker.ground, plan)  # what fails there need not wait
    total = len(plan.genres) * plan.pieces + len(sides.real)
    done = iter(range(1, total + 1))

    def step() -> None:
        on_step(next(done), total)

    rows = [_genre(maker, judge, plan, genre, step) for genre in plan.genres]
    inside = np.concatenate([row.inside for row in rows])
    limit = float(np.quantile(inside, ROUGH)) if len(inside) else None
    figures = {
        "renderer": maker.renderer,
        "judge_learned_from": dict(judge.lineage.get("clips", {})),
        "genres": [row.told(limit) for row in rows],
        "all": _together(rows, limit, plan),
        "likeness": likeness(maker, judge, plan, sides, step),
    }
    if maker.generator is not None:
        figures["generator"] = of_generator(maker.generator, [each.samples for each in sides.real])
    return figures, {row.name: row.pictures for row in rows}


def measure_files(
    maker: Maker, judge: NetworkJudge, plan: Plan, out: Path, *, on_step: OnStep = lambda done, total: None
) -> str:
    """`measure` with its report in a folder, and in words; errors as of `measure`, OutputError of the report."""
    figures, pictures = measure(maker, judge, plan, on_step=on_step)
    write_report(out, figures, pictures)
    return in_words(figures)


@dataclass(frozen=True, eq=False)
class _Genre:
    """What was measured of a genre; `asked` are the pieces to be made, `inside`, `joints`, `own` dB of flux."""

    name: str
    asked: int
    problem: str
    agrees: NDArray[np.bool_]
    real_agrees: NDArray[np.bool_]
    music_s: float
    inside: NDArray[np.float64]
    joints: NDArray[np.float64]
    own: NDArray[np.float64]
    jumps: NDArray[np.float64]
    jumps_inside: NDArray[np.float64]
    pictures: tuple[Floats | None, ...]
    steady: list[float]
    real_steady: list[float]
    copied: list[laws.Copied]

    def told(self, limit: float | None) -> dict[str, Any]:
        return {
            "genre": self.name,
            "problem": self.problem,
            "pieces": self.asked,
            "pieces_failed": self.asked - len(self.agrees),
            "music_minutes": round(self.music_s / 60, 1),
            "agreement": share(self.agrees, self.asked),
            "real_agreement": share(self.real_agrees),
            "real_tracks": len(self.real_agrees),
            **of_joints(self.joints, self.own, self.inside, limit),
            "joint_jump_over_90_percent_of_real": over(self.jumps, self.jumps_inside),
            "steady_tempo": mean(self.steady),
            "real_steady_tempo": mean(self.real_steady),
            "longest_run_s": round(max((each.longest_s for each in self.copied), default=0.0), 2),
            "most_of_a_file": mean([each.most for each in self.copied]),
            "files": mean([float(each.files) for each in self.copied]),
        }


def _genre(maker: Maker, judge: NetworkJudge, plan: Plan, genre: str, step: Callable[[], None]) -> _Genre:
    ground = maker.ground
    real = list(each_real(ground, most_like(ground, genre, max(plan.pieces, 8)), plan.seconds))
    made, problem = [], ""
    for seed in range(plan.pieces):
        ask = Ask(genre=genre, seconds=plan.seconds, seed=plan.seed + seed, temperature=plan.temperature)
        try:
            made.append(maker.make(ask))
        except EarmarkError as error:
            problem = str(error)
        step()
    among = tuple(plan.genres)
    rng = np.random.default_rng(plan.seed)
    rough_inside = [laws.roughness(each.samples, _moments(each, rng)) for each in real]
    rough = [laws.roughness(each.samples, laws.joints_s(each.sources)) for each in made if each.sources]
    shares = ground.judge.share(ground.named_genre(genre))
    return _Genre(
        name=genre,
        asked=plan.pieces,
        problem=problem,
        agrees=_agrees(judge, made, genre, among),
        real_agrees=_agrees(judge, real, genre, among),
        music_s=float(ground.collection.durations_s[np.nan_to_num(shares) >= 0.5].sum()),
        inside=_flat([each.flux for each in rough_inside]),
        joints=_flat([each.flux for each in rough]),
        own=_flat([own_flux(each.sources) for each in made if each.sources]),
        jumps=_flat([each.jumps for each in rough]),
        jumps_inside=_flat([each.jumps for each in rough_inside]),
        pictures=(
            average([each.samples for each in real]),
            average([each.samples for each in made]),
            *foreseen(maker.generator, genre),
        ),
        steady=_steady(made),
        real_steady=_steady(real),
        copied=[laws.copied(each.sources) for each in made if each.sources],
    )


def _together(rows: Sequence[_Genre], limit: float | None, plan: Plan) -> dict[str, Any]:
    inside, joints, own, jumps, jumps_inside = (
        np.concatenate([getattr(row, name) for row in rows])
        for name in ("inside", "joints", "own", "jumps", "jumps_inside")
    )
    asked = sum(row.asked for row in rows)
    agrees = np.concatenate([row.agrees for row in rows])
    return {
        "seconds": plan.seconds,
        "pieces": asked,
        "pieces_failed": asked - len(agrees),
        "agreement": share(agrees, asked),
        "agreement_range": wilson(float(agrees.sum()), asked),
        "real_agreement": share(np.concatenate([row.real_agrees for row in rows])),
        **of_joints(joints, own, inside, limit),
        "joint_jump_over_90_percent_of_real": over(jumps, jumps_inside),
        "steady_tempo": mean([each for row in rows for each in row.steady]),
        "real_steady_tempo": mean([each for row in rows for each in row.real_steady]),
        "longest_run_s": round(max((each.longest_s for row in rows for each in row.copied), default=0.0), 2),
    }


def _moments(clip: Clip, rng: np.random.Generator) -> list[float]:
    length_s = len(clip.samples) / SAMPLE_RATE_HZ
    return sorted(rng.uniform(0.2, max(length_s - 0.2, 0.3), MOMENTS).tolist())


def _agrees(judge: NetworkJudge, clips: Sequence[Clip], genre: str, among: Sequence[str]) -> NDArray[np.bool_]:
    if not clips:
        return np.zeros(0, np.bool_)
    return judge.hear([each.samples for each in clips]).share(genre, among)


def _flat(values: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate([np.zeros(0), *values])


def _steady(clips: Sequence[Clip]) -> list[float]:
    found = [laws.tempo_steadiness(each.samples) for each in clips]
    return [each for each in found if each is not None]
