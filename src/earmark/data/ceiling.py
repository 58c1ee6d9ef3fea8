"""What doubtful labels cost, and whether they are those that people found: the ceiling that labels set to accuracy.

A clip whose label is wrong cannot be got right by hearing well. How many such labels a set has, only people know; here
the suspects (`earmark.data.suspects`) are held against a list of theirs, and accuracy is counted without them. That
figure is a bound and no result: the suspects were chosen by the systems' own errors.
"""

import csv
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path

import numpy as np

from earmark.data.dataset import Clip
from earmark.data.suspects import Doubt, Suspect
from earmark.errors import DataError
from earmark.files import FileKind, csv_text, write_whole

CONFIRMING = ("artist", "title")
COLUMNS = ("rank", "id", *CONFIRMING, "label", "other", "p_label", "p_other", "score", "agree", "verdict")
RANKING = FileKind("ranking", "ranking.csv", (",".join(COLUMNS).encode(),))
DEPTHS = (10, 20, 50, 100)  # how far down the ranking precision is told


@dataclass(frozen=True)
class Bound:
    """How often a system names the label: of all clips, and of those that are no suspects. The second is no result."""

    system: str
    accuracy: float
    without_suspects: float


@dataclass(frozen=True)
class Agreement:
    """How the suspects, and the ranking of all labels, agree with faults that people found.

    Attributes
    ----------
    clips, suspects, faults, both:
        How many clips are ranked; of them are suspects, are known faults, are both.
    p:
        The probability that as many clips drawn at random as there are suspects hold as many faults or more
        (hypergeometric).
    auc:
        The area under the ROC curve of the score: how often a fault is ranked before a clip that is none.
    precision:
        The share of faults among the first 10, 20, 50 and 100 of the ranking.
    ranks:
        The place of each fault in the ranking, from 1.
    """

    clips: int
    suspects: int
    faults: int
    both: int
    p: float
    auc: float
    precision: Mapping[int, float]
    ranks: Mapping[str, int]


def agreement(ranking: Sequence[Doubt], suspects: Collection[str], faults: Collection[str]) -> Agreement:
    """How suspects and ranking agree with known faults; ids that are not ranked are left out.

    Raises DataError where none of the ranked clips is a fault, or all are.
    """
    bad = np.array([doubt.id in faults for doubt in ranking])
    if bad.all() or not bad.any():
        raise DataError(f"Of {len(ranking)} ranked clips, {bad.sum()} are known faults: there is nothing to compare.")
    scores = np.array([doubt.score for doubt in ranking])
    picked = np.array([doubt.id in suspects for doubt in ranking])
    clips, drawn, known, both = len(ranking), int(picked.sum()), int(bad.sum()), int((picked & bad).sum())
    ahead = scores[bad][:, None] - scores[~bad]  # (faults, others)
    return Agreement(
        clips=clips,
        suspects=drawn,
        faults=known,
        both=both,
        p=sum(comb(known, hit) * comb(clips - known, drawn - hit) for hit in range(both, min(known, drawn) + 1))
        / comb(clips, drawn),
        auc=float(((ahead > 0) + 0.5 * (ahead == 0)).mean()),
        precision={depth: float(bad[:depth].mean()) for depth in DEPTHS if depth <= clips},
        ranks={doubt.id: place for place, doubt in enumerate(ranking, start=1) if doubt.id in faults},
    )


def bound(system: str, hits: Mapping[str, float], suspects: Collection[str]) -> Bound:
    """A system's accuracy with and without suspects, from the share of its answers that are right by clip.

    Raises DataError where all its clips are suspects.
    """
    kept = [hit for name, hit in hits.items() if name not in suspects]
    if not kept:
        raise DataError(f"All clips of the set that {system} answered are suspects.")
    return Bound(system, sum(hits.values()) / len(hits), sum(kept) / len(kept))


def read_faults(path: Path, clips: Iterable[Clip]) -> set[str]:
    """The clips of a set that a list of known faults names.

    Parameters
    ----------
    path:
        A CSV with a column `id`; other columns, such as the source, are for people. Where it has `artist` or `title`,
        they must be those of clips.csv, in any case: so nothing is compared with another recording.
    clips:
        The clips of the set. What the list names besides is left out.

    Raises
    ------
    DataError
        It cannot be read, has no column `id`, or names a clip of the set as another recording.
    """
    at_hand = {clip.id: clip for clip in clips}
    faults = set()
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    for row in rows:
        if "id" not in row:
            raise DataError(f"{path} has no column 'id'.")
        if row["id"] in at_hand:
            _refuse_another_recording(path, row, at_hand[row["id"]])
            faults.add(row["id"])
    return faults


def write_ranking(path: Path, ranking: Sequence[Doubt], suspects: Sequence[Suspect], clips: Iterable[Clip]) -> None:
    """Write all labels as a CSV, the most doubtful first: who plays what, what it is labelled, what is heard."""
    columns = {clip.id: clip.columns for clip in clips}
    verdicts = {each.id: "shared" if each.shared else "doubtful" for each in suspects}
    rows = []
    for place, doubt in enumerate(ranking, start=1):
        names = [columns.get(doubt.id, {}).get(column, "") for column in CONFIRMING]
        figures = [f"{figure:.4f}" for figure in (doubt.p_label, doubt.p_other, doubt.score)]
        agree = f"{doubt.agree} of {doubt.systems}"
        verdict = verdicts.get(doubt.id, "")
        rows.append((place, doubt.id, *names, doubt.label, doubt.other, *figures, agree, verdict))
    write_whole(path, csv_text(COLUMNS, rows))


def _refuse_another_recording(path: Path, row: Mapping[str, str], clip: Clip) -> None:
    for column in CONFIRMING:
        named, ours = row.get(column) or "", clip.columns.get(column, "")
        if named and named.casefold() != ours.casefold():
            raise DataError(f"{path} calls the {column} of {clip.id} '{named}', and clips.csv '{ours}'.")
