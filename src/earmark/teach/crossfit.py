"""How good a head is: fitted and calibrated on some artists, asked about others.

Scores are out of fold; the penalty of a fold is chosen among its other folds, and calibration is cross-fitted, so that
no clip has a part in what is said of it. Nothing here depends on where the numbers come from: of a network that was
trained with the clips, or of one a fold that never heard them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.data.splits import NEVER_HELD_OUT, artist_folds
from earmark.errors import DataError
from earmark.listen.calibrate import Calibration, Platt, fit_platt, fit_temperature, lac_quantile, softmax
from earmark.listen.linear import MULTI, NUMBER, SHARES, SINGLE, Layer
from earmark.measure import metrics
from earmark.measure.binary import roc_auc
from earmark.measure.bootstrap import artist_interval
from earmark.teach.fit import Penalty, fit_layer

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FOLDS, SEEDS, LEVEL = 5, 3, 0.9
STRENGTHS = (0.25, 1.0, 4.0)  # of the penalty, of which a fold chooses one


@dataclass(frozen=True, eq=False)
class Question:
    """What a head is to learn.

    Attributes
    ----------
    kind, labels:
        As in `LinearHead`.
    targets:
        (clips, labels), as `fit.fit_layer` takes them; NaN where nothing is known.
    artists:
        (clips,) keys.
    own:
        How many of the numbers have a spread of their own: the network's vector and what pitches say.
    """

    kind: str
    labels: tuple[str, ...]
    targets: Floats
    artists: tuple[str, ...]
    own: int

    @property
    def strata(self) -> list[str]:
        """A string a clip that is alike for clips to be spread evenly."""
        if self.kind == NUMBER:
            return ["".join("+" if value > 0 else "-" for value in row) for row in self.targets]
        return [self.labels[int(np.nan_to_num(row).argmax())] for row in self.targets]

    def take(self, rows: NDArray[np.bool_]) -> "Question":
        """Of some clips."""
        artists = tuple(np.asarray(self.artists)[rows])
        return replace(self, targets=self.targets[rows], artists=artists)


@dataclass(frozen=True, eq=False)
class Scores:
    """Scores out of fold, a row a clip and seed: `scores` and `targets` (rows, labels), `folds`, `seeds` and `artists`.

    `rows` are their places among the question's clips, `strengths` those that the folds chose.
    """

    question: Question
    scores: Floats
    targets: Floats
    folds: Ints
    seeds: Ints
    artists: tuple[str, ...]
    rows: Ints
    strengths: tuple[float, ...]

    def parts(self) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
        """Of each seed and fold, masks of its rows and of the seed's other rows."""
        found = []
        for seed in np.unique(self.seeds):
            mine = self.seeds == seed
            found += [
                (mine & (self.folds == fold), mine & (self.folds != fold)) for fold in np.unique(self.folds[mine])
            ]
        return found


def folds_of(question: Question, *, folds: int = FOLDS, seed: int = 0) -> Ints:
    """(clips,) by artist; DataError in words where there are too few."""
    artists = len(set(question.artists))
    if artists < 2:
        raise DataError(
            "All examples are by one artist, so nothing can be said of how well others are told.",
            hint="Give examples by several artists (the column 'artist', or the files' tags).",
        )
    return artist_folds(question.strata, question.artists, folds=min(folds, artists), seed=seed)


def score_out_of_fold(
    question: Question, numbers_of: Callable[[int], NDArray[np.float32]], folds: Sequence[Ints], penalty: Penalty
) -> Scores:
    """Fit without each fold, and ask about it.

    Parameters
    ----------
    question:
        What is to be learned.
    numbers_of:
        (clips, numbers) as the network for a fold makes them.
    folds:
        (clips,) a seed; those that are never held out have no scores.
    penalty:
        Its strength is chosen.
    """
    rows = []
    for seed, fold_of in enumerate(folds):
        for fold in np.unique(fold_of[fold_of != NEVER_HELD_OUT]):
            numbers, held = numbers_of(int(fold)), fold_of == fold
            mine = question.take(~held)
            strength = best_strength(mine, numbers[~held], penalty, seed=seed)
            layer = fit(mine, numbers[~held], stronger(penalty, strength))
            rows.append((layer.scores(numbers[held]), question.targets[held], held, fold, seed, strength))
    return Scores(
        question,
        np.concatenate([row[0] for row in rows]),
        np.concatenate([row[1] for row in rows]),
        np.concatenate([np.full(int(row[2].sum()), row[3]) for row in rows]),
        np.concatenate([np.full(int(row[2].sum()), row[4]) for row in rows]),
        tuple(artist for row in rows for artist in np.asarray(question.artists)[row[2]]),
        np.concatenate([np.flatnonzero(row[2]) for row in rows]),
        tuple(row[5] for row in rows),
    )


def fit(question: Question, numbers: NDArray[np.float32], penalty: Penalty) -> Layer:
    """`fit_layer` of a question."""
    return fit_layer(numbers, question.targets, kind=question.kind, own=question.own, penalty=penalty)


def stronger(penalty: Penalty, times: float) -> Penalty:
    """The penalty, so many times as strong."""
    return replace(penalty, own=penalty.own * times, view=penalty.view * times)


def best_strength(question: Question, numbers: NDArray[np.float32], penalty: Penalty, *, seed: int = 0) -> float:
    """The strength of the penalty with the lowest loss out of fold; 1 where there are too few artists to ask."""
    if len(set(question.artists)) < FOLDS:
        return 1.0
    folds = folds_of(question, folds=FOLDS - 1, seed=seed + 100)
    losses = []
    for strength in STRENGTHS:
        scores = np.zeros_like(question.targets)
        for fold in np.unique(folds):
            held = folds == fold
            scores[held] = fit(question.take(~held), numbers[~held], stronger(penalty, strength)).scores(numbers[held])
        losses.append(_loss(question.kind, scores, question.targets))
    return STRENGTHS[int(np.argmin(losses))]


def _loss(kind: str, scores: Floats, targets: Floats) -> float:
    known = ~np.isnan(targets)
    wanted = np.nan_to_num(targets)
    if kind == NUMBER:
        return float(np.square(scores - wanted)[known].mean())
    if kind == SINGLE:
        truth = wanted.argmax(axis=1)
        chances = softmax(scores / fit_temperature(scores, truth))
        return float(-np.log(chances[np.arange(len(truth)), truth].clip(1e-9)).mean())
    losses = []
    for column in range(targets.shape[1]):
        rows = known[:, column]
        if not rows.any():
            continue
        said, share = scores[rows, column], wanted[rows, column]
        chances = fit_platt(said, share).probabilities(said).clip(1e-9, 1 - 1e-9)
        losses.append(-(share * np.log(chances) + (1 - share) * np.log(1 - chances)).mean())
    return float(np.mean(losses))


@dataclass(frozen=True)
class Calibrated:
    """What turns scores into an answer, as `LinearHead` has it."""

    calibration: Calibration | None = None
    lines: tuple[Platt, ...] = ()
    told_from: tuple[float, ...] = ()
    reach: tuple[float, ...] = ()


def calibrate(kind: str, scores: Floats, targets: Floats) -> Calibrated:
    """Calibrate on scores out of fold."""
    if kind == SINGLE:
        truth = targets.argmax(axis=1)
        temperature = fit_temperature(scores, truth)
        quantile = lac_quantile(softmax(scores / temperature), truth, level=LEVEL)
        return Calibrated(Calibration(temperature, quantile, level=LEVEL, max_set=max(1, targets.shape[1] // 2)))
    columns = [(scores[rows, place], targets[rows, place]) for place, rows in enumerate((~np.isnan(targets)).T)]
    if kind == NUMBER:
        return Calibrated(reach=tuple(reach_of(np.abs(said.clip(-1, 1) - truth)) for said, truth in columns))
    lines = tuple(_platt(said, truth) for said, truth in columns)
    if kind == MULTI:
        return Calibrated(lines=lines, told_from=(0.5,) * len(lines))
    # Told is what clearly more people say than of other music: a deviation more than the mean.
    return Calibrated(lines=lines, told_from=tuple(float(truth.mean() + truth.std()) for _, truth in columns))


def _platt(scores: Floats, targets: Floats) -> Platt:
    """`fit_platt`; scores as they are where nothing is known."""
    return fit_platt(scores, targets) if len(scores) else Platt(1.0, 0.0)


def reach_of(residuals: Floats) -> float:
    """Of new clips, `LEVEL` have a residual of no more (split conformal prediction, Vovk et al. 2005)."""
    if not len(residuals):
        return 2.0  # all that there is, -1 to 1
    place = int(np.ceil((len(residuals) + 1) * LEVEL)) - 1
    return float(np.sort(residuals)[min(place, len(residuals) - 1)])


def figures(found: Scores, *, rng: np.random.Generator) -> dict[str, Any]:
    """How good the head is, by name, ready for JSON; calibration is cross-fitted."""
    kind, labels = found.question.kind, found.question.labels
    clips, seeds = len(found.question.targets), len(np.unique(found.seeds))
    base = {
        "n": clips,
        "n_artists": len(set(found.question.artists)),
        "seeds": seeds,
        "folds": len(np.unique(found.folds)),
    }
    if kind == SINGLE:
        return base | _of_single(found, rng)
    if kind == NUMBER:
        return base | {"numbers": {name: _of_number(found, place, rng) for place, name in enumerate(labels)}}
    return base | {"labels": {name: _of_label(found, place, rng) for place, name in enumerate(labels)}}


def _of_single(found: Scores, rng: np.random.Generator) -> dict[str, Any]:
    truth, chances = found.targets.argmax(axis=1), np.empty_like(found.scores)
    sets = np.empty(chances.shape, np.bool_)
    for here, others in found.parts():
        made = calibrate(SINGLE, found.scores[others], found.targets[others]).calibration
        assert made is not None
        chances[here] = softmax(found.scores[here] / made.temperature)
        sets[here] = (1 - chances[here]) <= made.set_quantile
    sets[np.arange(len(sets)), chances.argmax(axis=1)] = True
    said = metrics.summary(chances, truth, found.artists, sets, rng=rng)
    kept = {name: said[name] for name in said if name not in ("n", "artists")}
    hits, sure = chances.argmax(axis=1) == truth, chances.max(axis=1)
    order = np.argsort(-sure, kind="stable")
    answered = {f"{share:g}": float(hits[order[: round(share * len(hits))]].mean()) for share in (0.25, 0.5, 0.75, 1.0)}
    counts = np.bincount(truth, minlength=len(found.question.labels))
    return kept | {"majority": float(counts.max() / counts.sum()), "accuracy_when_answered": answered}


def _of_label(found: Scores, place: int, rng: np.random.Generator) -> dict[str, Any]:
    known = ~np.isnan(found.targets[:, place])
    truth, said = found.targets[known, place], np.full(len(found.targets), np.nan)
    for here, others in found.parts():
        fits = others & known
        said[here] = _platt(found.scores[fits, place], found.targets[fits, place]).probabilities(
            found.scores[here, place]
        )
    shares, artists = said[known], [artist for artist, kept in zip(found.artists, known, strict=True) if kept]
    if found.question.kind == SHARES:
        return {
            "spearman": spearman(found.scores[known, place], truth),  # calibration differs from fold to fold
            "mean": float(truth.mean()),
            "mean_error": float(np.abs(shares - truth).mean()),
        }
    yes = truth > 0.5
    if yes.all() or not yes.any():
        return {"positives": int(yes.sum()) // len(np.unique(found.seeds))}
    low, high = _interval((shares >= 0.5) == yes, artists, rng)
    return {
        "positives": int(yes.sum()) // len(np.unique(found.seeds)),
        "auc": roc_auc(found.scores[known, place], yes),
        "accuracy": float(np.mean((shares >= 0.5) == yes)),
        "accuracy_low": low,
        "accuracy_high": high,
    }


def _of_number(found: Scores, place: int, rng: np.random.Generator) -> dict[str, Any]:
    known = ~np.isnan(found.targets[:, place])
    covered = np.zeros(len(known), np.bool_)
    for here, others in found.parts():
        reach = calibrate(NUMBER, found.scores[others & known], found.targets[others & known]).reach[place]
        covered[here] = np.abs(found.scores[here, place].clip(-1, 1) - found.targets[here, place]) <= reach
    said, truth = found.scores[known, place].clip(-1, 1), found.targets[known, place]
    artists = [artist for artist, kept in zip(found.artists, known, strict=True) if kept]
    side = (said > 0) == (truth > 0)
    low, high = _interval(side, artists, rng)
    return {
        "correlation": float(np.corrcoef(said, truth)[0, 1]) if said.std() and truth.std() else 0.0,
        "sign": float(side.mean()),
        "sign_low": low,
        "sign_high": high,
        "coverage": float(covered[known].mean()),
    }


def _interval(hits: NDArray[np.bool_], artists: Sequence[str], rng: np.random.Generator) -> tuple[float, float]:
    """Of the mean, by artist; all that may be where there is but one."""
    return artist_interval(hits, artists, rng=rng) if len(set(artists)) > 1 else (0.0, 1.0)


def spearman(first: Floats, second: Floats) -> float:
    """Rank correlation, equal values with their mean rank; 0 where all are equal."""
    here, there = ranks(first), ranks(second)
    return float(np.corrcoef(here, there)[0, 1]) if here.std() and there.std() else 0.0


def ranks(values: Floats) -> Floats:
    """(n,) from 1 up, equal values with their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[place])
