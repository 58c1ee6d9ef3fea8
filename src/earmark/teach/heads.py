"""Heads from a recipe and labelled music: trained, cross-validated by artist, calibrated, written beside a bundle."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.data.splits import linked_artists
from earmark.errors import DataError
from earmark.listen.bundle import Bundle
from earmark.listen.linear import HEADS_FILE, MULTI, NUMBER, SHARES, SINGLE, LinearHead, read_heads, write_heads
from earmark.teach.crossfit import (
    SEEDS,
    Question,
    best_strength,
    calibrate,
    figures,
    fit,
    folds_of,
    score_out_of_fold,
    stronger,
)
from earmark.teach.fit import Penalty
from earmark.teach.material import Heard, hear_sets, load_set
from earmark.teach.plan import HeadPlan
from earmark.teach.splices import find_splices

LEAST = 5  # examples of a label, by two artists or more; with fewer it is left out, and that is said
ROUNDS_SEED = 11
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Asked:
    """What a plan asks of some clips: their rows among those that were heard, and the question; `left_out` in words."""

    rows: NDArray[np.int64]
    question: Question
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Trained:
    """Heads that were trained, and what a person should know: what was left out, and files that could not be heard."""

    heads: tuple[LinearHead, ...]
    notes: tuple[str, ...]
    failures: tuple[str, ...]


def ask(plan: HeadPlan, clips: Sequence[Clip], *, vector: int) -> Asked:
    """The targets of a plan for clips.

    Raises DataError where nothing is left to learn: no clip has a label, there is but one label, one artist has all.
    """
    if plan.kind in (SHARES, NUMBER):
        labels = plan.numbered
        values = np.array([[_number(plan, clip, name) for name in labels] for clip in clips], np.float64)
        rows = np.flatnonzero(~np.isnan(values).all(axis=1))
        if not len(rows):
            raise DataError(f"No clip has a number for the head '{plan.name}'.", hint=_hint(plan, clips))
        if (plan.kind == SHARES and not (values[rows] >= 0).all()) or np.nanmax(np.abs(values[rows])) > 1:
            raise DataError(
                f"The head '{plan.name}' learns from -1 to 1 (shares: from 0), and there are other numbers."
            )
        return Asked(rows, _question(plan, labels, values[rows], [clips[row] for row in rows.tolist()], vector))
    named = [_labels(plan, clip) for clip in clips]
    kept, left_out = _enough(plan, named, clips)
    known = [[name for name in names if name in kept] for names in named]
    if plan.kind == SINGLE:
        contrary = sum(len(names) > 1 for names in known)
        rows = np.flatnonzero([len(names) == 1 for names in known])
        if contrary:
            left_out += (f"{contrary} clips with several labels of '{plan.name}', which says one",)
        targets = np.array([[float(name in known[row]) for name in kept] for row in rows])
    else:
        rows = np.flatnonzero([bool(names) for names in named])
        targets = np.array([[float(name in known[row]) for name in kept] for row in rows])
    if not len(rows):
        raise DataError(f"No clip has a label for the head '{plan.name}'.", hint=_hint(plan, clips))
    return Asked(rows, _question(plan, kept, targets, [clips[row] for row in rows.tolist()], vector), left_out)


def train_heads(
    plans: Sequence[HeadPlan], paths: Sequence[Path], bundle: Bundle, *, progress: Progress = lambda done, total: None
) -> Trained:
    """Train heads for a bundle on labelled music; nothing is written.

    Parameters
    ----------
    plans:
        What is asked.
    paths:
        Sets, as `material.load_set` reads them.
    bundle:
        Whose network hears the music.
    progress:
        Called with (done, total) clips.

    Raises
    ------
    DataError
        Sets that cannot be read, or that have nothing to learn from.
    """
    sets = [load_set(path) for path in paths]
    wanted = [(each, [clip for clip in each.clips if _asked_of(plans, each, clip)]) for each in sets]
    heard = hear_sets(bundle, wanted, progress=progress)
    heads, notes = [], []
    for plan in plans:
        asked = ask(plan, heard.clips, vector=heard.vector)
        heads.append(train_head(plan, asked, heard, network=bundle.info.sha256, sets=tuple(each.name for each in sets)))
        notes += [f"{plan.name}: left out {what}." for what in asked.left_out]
    return Trained(tuple(heads), tuple(notes), heard.failures)


def train_head(plan: HeadPlan, asked: Asked, heard: Heard, *, network: str, sets: Sequence[str] = ()) -> LinearHead:
    """One head, from clips that were heard; DataError where there are too few artists to say how good it is."""
    question, penalty = asked.question, Penalty()
    numbers = heard.numbers[asked.rows]
    folds = [folds_of(question, seed=seed) for seed in range(SEEDS)]
    found = score_out_of_fold(question, lambda fold: numbers, folds, penalty)
    measured = figures(found, rng=np.random.default_rng(ROUNDS_SEED))
    if plan.kind == SINGLE:
        moments = [heard.moments[row] for row in asked.rows]
        measured["splices"] = find_splices(question, numbers, moments, folds[0], penalty)
    chosen = stronger(penalty, best_strength(question, numbers, penalty))
    made = calibrate(plan.kind, found.scores, found.targets)
    protocol = f"{len(np.unique(folds[0]))} folds by artist, {SEEDS} seeds, calibration cross-fitted"
    return LinearHead(
        name=plan.name,
        kind=plan.kind,
        labels=question.labels,
        network=network,
        layer=fit(question, numbers, chosen),
        calibration=made.calibration,
        lines=made.lines,
        told_from=made.told_from,
        reach=made.reach,
        role=plan.role,
        figures={"trained_on": list(sets), "protocol": protocol, "penalty": asdict(chosen), **measured},
    )


def write_beside(bundle: Bundle, heads: Sequence[LinearHead]) -> Path:
    """Write heads into a bundle beside those that it has; a new one takes the place of one of its name.

    Returns the file.
    """
    file = bundle.folder / HEADS_FILE
    new = {head.name for head in heads}
    write_heads(file, [*(head for head in read_heads(file) if head.name not in new), *heads])
    return file


def _asked_of(plans: Sequence[HeadPlan], dataset: Dataset, clip: Clip) -> bool:
    """Whether a plan has a use for the clip; DataError where it asks for a column that is not there."""
    found = False
    for plan in plans:
        labels = plan.labels_of(clip)
        if labels is not None:
            labels.check(clip)
            found = (
                found or bool(labels.of(clip)) or any(labels.number(clip, name) is not None for name in plan.numbered)
            )
    return found


def _labels(plan: HeadPlan, clip: Clip) -> list[str]:
    labels = plan.labels_of(clip)
    return [] if labels is None else labels.of(clip)


def _number(plan: HeadPlan, clip: Clip, name: str) -> float:
    labels = plan.labels_of(clip)
    value = None if labels is None else labels.number(clip, name)
    return np.nan if value is None else value


def _enough(
    plan: HeadPlan, named: Sequence[Sequence[str]], clips: Sequence[Clip]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The labels with enough examples, sorted, and what is left out, in words."""
    examples: dict[str, list[str]] = {}
    for names, clip in zip(named, clips, strict=True):
        for name in names:
            examples.setdefault(name, []).append(clip.artist_key)
    kept, left_out = [], []
    for name, artists in sorted(examples.items()):
        if len(artists) < LEAST:
            left_out.append(f"'{name}', of which there {_are(len(artists))} (needed: {LEAST})")
        elif len(set(artists)) < 2:
            left_out.append(f"'{name}', as all {len(artists)} examples are by one artist")
        else:
            kept.append(name)
    if not kept or (plan.kind == SINGLE and len(kept) < 2):
        why = f" Left out: {'; '.join(left_out)}." if left_out else ""
        there = "no label" if not kept else f"'{kept[0]}' alone"
        raise DataError(
            f"The head '{plan.name}' cannot be trained: {there} has enough examples.{why}", hint=_hint(plan, clips)
        )
    return tuple(kept), tuple(left_out)


def _are(count: int) -> str:
    return "is one example" if count == 1 else f"are {count} examples"


def _hint(plan: HeadPlan, clips: Sequence[Clip]) -> str:
    sets = ", ".join(sorted({clip.folder.name for clip in clips}))
    asked = ", ".join(plan.sets)
    return f"The recipe asks for labels of the sets {asked}; there are {sets}." if "*" not in plan.sets else ""


def _question(
    plan: HeadPlan, labels: tuple[str, ...], targets: NDArray[np.float64], clips: Sequence[Clip], vector: int
) -> Question:
    artists = tuple(linked_artists([clip.artist_key for clip in clips]))
    return Question(plan.kind, labels, targets, artists, vector)


def in_words(head: LinearHead) -> str:
    """How good a head is, in a line or some."""
    said = head.figures
    start = f"{head.name}: {said['n']} examples by {said['n_artists']} artists"
    if head.kind == SINGLE:
        return (
            f"{start}. Right in {_percent(said['accuracy'])} ({_percent(said['accuracy_low'])} to "
            f"{_percent(said['accuracy_high'])}) of tracks by artists it never heard; always the commonest label: "
            f"{_percent(said['majority'])}. Half of the tracks, the surest: "
            f"{_percent(said['accuracy_when_answered']['0.5'])}. Calibration error {said['ece']:.3f}."
        )
    rows = said["numbers" if head.kind == NUMBER else "labels"]
    return f"{start}. " + "; ".join(f"{name} {_figure(head.kind, row)}" for name, row in rows.items()) + "."


def _figure(kind: str, row: dict[str, Any]) -> str:
    if kind == NUMBER:
        return f"right side of 0 in {_percent(row['sign'])}, correlation {row['correlation']:.2f}"
    if kind == MULTI:
        return f"AUC {row['auc']:.2f}" if "auc" in row else "cannot be measured"
    return f"rank correlation {row['spearman']:.2f}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"
