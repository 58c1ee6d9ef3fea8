"""Heads from a recipe and labelled music: trained, cross-validated by artist, calibrated, written beside a bundle."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip
from earmark.data.splits import linked_artists
from earmark.errors import DataError
from earmark.listen.bundle import Bundle
from earmark.listen.linear import HEADS_FILE, MOOD, MULTI, NUMBER, SHARES, SINGLE, LinearHead, read_heads, write_heads
from earmark.mood import QUADRANTS
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
from earmark.teach.plane import certainty_of, plane_of
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


def ask(plan: HeadPlan, clips: Sequence[Clip], *, own: int) -> Asked:
    """The targets of a plan for clips.

    Raises DataError where nothing is left to learn: no clip has a label, there is but one label, one artist has all.
    """
    if plan.kind in (SHARES, NUMBER):
        labels = plan.numbered
        values = np.array([[_number(plan, clip, name) for name in labels] for clip in clips], np.float64)
        known = ~np.isnan(values)
        if not known.any():
            raise DataError(f"No clip has a number for the head '{plan.name}'.", hint=_hint(plan, clips))
        least = 0 if plan.kind == SHARES else -1
        beyond = values[known & ~((values >= least) & (values <= 1))]
        if len(beyond):
            raise DataError(f"The head '{plan.name}' learns from {least} to 1, and there is {beyond[0]:g}.")
        kept, left_out = _enough(plan, [list(np.array(labels)[row]) for row in known], clips)
        targets = values[:, [name in kept for name in labels]]
        kept = tuple(name for name in labels if name in kept)
        rows = np.flatnonzero(~np.isnan(targets).all(axis=1))
    else:
        named = _together([_labels(plan, clip) for clip in clips], clips)
        kept, left_out = _enough(plan, named, clips)
        if plan.kind == SINGLE:
            alone = [[name for name in names if name in kept] for names in named]
            contrary = sum(len(names) > 1 for names in alone)
            if contrary:
                named = [names if len(names) == 1 else [] for names in alone]
                kept, more = _enough(plan, named, clips)
                left_out += (f"{_counted(contrary)} with several labels of '{plan.name}', which says one", *more)
        targets = np.array([[float(name in names) for name in kept] for names in named])
        rows = np.flatnonzero(targets.any(axis=1) if plan.kind == SINGLE else [bool(names) for names in named])
    chosen = [clips[row] for row in rows.tolist()]
    return Asked(rows, _question(plan, kept, targets[rows], chosen, own), left_out)


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
    there = [plan for plan in plans if any(plan.labels_of(clip) for each in sets for clip in each.clips)]
    absent = [plan.name for plan in plans if there and plan not in there]
    notes = [f"{name}: not trained, as none of its sets is there." for name in absent]
    plans = there or plans
    wanted = [(each, [clip for clip in each.clips if _asked_of(plans, clip)]) for each in sets]
    for plan in plans:  # what cannot be learned is said before the music is heard
        folds_of(ask(plan, [clip for each in sets for clip in each.clips], own=0).question)
    heard = hear_sets(bundle, wanted, progress=progress)
    heads = []
    for plan in plans:
        asked = ask(plan, heard.clips, own=heard.own)
        heads.append(train_head(plan, asked, heard, network=bundle.info.sha256))
        notes += [f"{plan.name}: left out {what}." for what in asked.left_out]
    return Trained(tuple(heads), tuple(notes), heard.failures)


def train_head(plan: HeadPlan, asked: Asked, heard: Heard, *, network: str) -> LinearHead:
    """One head, from clips that were heard; DataError where there are too few artists to say how good it is."""
    question, penalty = asked.question, Penalty()
    numbers = heard.numbers[asked.rows]
    folds = [folds_of(question, seed=seed) for seed in range(SEEDS)]
    found = score_out_of_fold(question, lambda fold: numbers, folds, penalty)
    measured = figures(found, rng=np.random.default_rng(ROUNDS_SEED))
    if plan.kind == SINGLE:
        moments = [heard.moments[row] for row in asked.rows]
        measured["splices"] = find_splices(question, lambda fold: numbers, lambda fold: moments, folds[0], penalty)
    chosen = stronger(penalty, best_strength(question, numbers, penalty))
    made = calibrate(plan.kind, found.scores, found.targets)
    if plan.role == MOOD and set(question.labels) == set(QUADRANTS):
        clips = [heard.clips[row] for row in asked.rows.tolist()]
        places = plane_of(found, certainty_of(plan, clips))
        made, measured["plane"] = replace(made, reach=places.reach), places.figures
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
        figures={
            "trained_on": sorted({heard.clips[row].folder.name for row in asked.rows.tolist()}),
            "protocol": protocol,
            "penalty": asdict(chosen),
            **measured,
        },
    )


def write_beside(bundle: Bundle, heads: Sequence[LinearHead]) -> Path:
    """Write heads into a bundle beside those that it has; a new one takes the place of one of its name.

    Returns the file.
    """
    file = bundle.folder / HEADS_FILE
    new = {head.name for head in heads}
    write_heads(file, [*(head for head in read_heads(file) if head.name not in new), *heads])
    return file


def _asked_of(plans: Sequence[HeadPlan], clip: Clip) -> bool:
    """Whether a plan has a use for the clip; DataError where it asks for a column that is not there."""
    found = False
    for plan in plans:
        labels = plan.labels_of(clip)
        if labels is not None:
            labels.check(clip)
            numbers = [labels.number(clip, name) for name in plan.numbered]
            found = found or (any(each is not None for each in numbers) if numbers else bool(labels.of(clip)))
    return found


def _together(named: Sequence[Sequence[str]], clips: Sequence[Clip]) -> list[list[str]]:
    """The labels of each clip, with those of other clips that are the same file: a list may name one twice."""
    of_file: dict[Path, dict[str, None]] = {}
    for names, clip in zip(named, clips, strict=True):
        of_file.setdefault(clip.path, {}).update(dict.fromkeys(names))
    return [list(of_file[clip.path]) for clip in clips]


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
    """The labels, or numbers, with enough examples, sorted, and what is left out, in words."""
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


def _counted(clips: int) -> str:
    return "1 clip" if clips == 1 else f"{clips} clips"


def _hint(plan: HeadPlan, clips: Sequence[Clip]) -> str:
    sets = ", ".join(sorted({clip.folder.name for clip in clips}))
    asked = ", ".join(plan.sets)
    return f"The recipe asks for labels of the sets {asked}; there are {sets}." if "*" not in plan.sets else ""


def _question(
    plan: HeadPlan, labels: tuple[str, ...], targets: NDArray[np.float64], clips: Sequence[Clip], own: int
) -> Question:
    artists = tuple(linked_artists([clip.artist_key for clip in clips]))
    return Question(plan.kind, labels, targets, artists, own)


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
