"""Labels that are probably wrong, or shared, by what systems say of clips whose artists they never heard.

Confident learning (Northcutt, Jiang & Chuang 2021, arXiv 1911.00068): a clip is confidently of a genre when its
probability reaches the mean that clips so labelled get, whatever the system's habit of being sure. Several systems,
with errors of different kinds, count alike: their out-of-fold probabilities are averaged, and how many of them agree is
told, because what one network mishears is no news about a label.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError

PREFIX = "p_"
AGREEING = 2 / 3  # of the systems must hear the other genre first, for a label to be called wrong


@dataclass(frozen=True)
class Suspect:
    """A clip whose label is in doubt: what it is labelled, what it sounds like, and the mean probability of both.

    `shared` where both genres are confidently heard; else the label is probably wrong. `agree` of `systems` hear the
    other genre first.
    """

    id: str
    label: str
    other: str
    p_label: float
    p_other: float
    shared: bool
    agree: int
    systems: int


@dataclass(frozen=True, eq=False)
class Answers:
    """What one system says of clips: mean probabilities over its seeds by clip, and the clips' labels."""

    probabilities: Mapping[str, Mapping[str, float]]
    labels: Mapping[str, str]


def find_suspects(systems: Sequence[Answers]) -> list[Suspect]:
    """The suspects among the clips that all systems answered, the surest first.

    Raises DataError where there are no such clips, or the systems know other genres.
    """
    ids = sorted(set.intersection(*(set(system.probabilities) for system in systems)))
    if not ids:
        raise DataError("The systems answered no clip in common.")
    genres = sorted(systems[0].probabilities[ids[0]])
    if any(sorted(system.probabilities[name]) != genres for system in systems for name in ids):
        raise DataError("The predictions are about different genres.")
    each = np.array([[[s.probabilities[name][g] for g in genres] for name in ids] for s in systems])
    labels = [systems[0].labels[name] for name in ids]
    known = [row for row, label in enumerate(labels) if label in genres]
    truth = np.array([genres.index(labels[row]) for row in known], dtype=np.int64)
    each = each[:, known]  # (systems, clips, genres)
    mean = each.mean(axis=0)
    other = _confident_other(mean, truth)
    found = []
    for row in np.flatnonzero(other >= 0):
        given, heard = truth[row], other[row]
        shared = bool(mean[row, given] >= _thresholds(mean, truth)[given])
        agree = int((each[:, row].argmax(axis=1) == heard).sum())
        if shared or agree >= AGREEING * len(systems):
            probabilities = float(mean[row, given]), float(mean[row, heard])
            name = ids[known[row]]
            found.append(Suspect(name, genres[given], genres[heard], *probabilities, shared, agree, len(systems)))
    return sorted(found, key=lambda suspect: (suspect.shared, suspect.p_label - suspect.p_other))


def read_answers(path: Path, *, dataset: str) -> Answers:
    """The answers of one system about the clips of a set, from a table or a folder.

    Parameters
    ----------
    path:
        A CSV with the columns id, label and one `p_GENRE` a genre, and where there is a column `set` only the rows of
        `dataset`; several rows a clip, one a seed, are averaged. Or the folder of a cross-validation: all its runs.

    Raises
    ------
    DataError
        There is no such table, or it holds no predictions of the set.
    """
    tables = sorted((path / "runs").glob("*.csv")) if path.is_dir() else [path]
    rows: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    try:
        for table in tables:
            with table.open(newline="", encoding="utf-8-sig") as file:
                for row in csv.DictReader(file):
                    if row.get("set", dataset) == dataset and row["label"]:
                        rows[row["id"]].append(row)
        probabilities = {name: _mean(own) for name, own in rows.items()}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    except (KeyError, ValueError) as error:
        hint = "Its columns are id, label, and p_GENRE for each genre."
        raise DataError(f"{path} holds no predictions.", hint=hint) from error
    if not probabilities:
        raise DataError(f"{path} holds predictions of none of the clips of {dataset}.")
    return Answers(probabilities, {name: own[0]["label"] for name, own in rows.items()})


def _confident_other(mean: NDArray[np.float64], truth: NDArray[np.int64]) -> NDArray[np.int64]:
    """(n,) the genre, not the label's, that is most probable among those confidently heard; -1 where there is none."""
    confident = mean >= _thresholds(mean, truth)
    confident[np.arange(len(truth)), truth] = False
    held = np.where(confident, mean, -1.0)
    return np.where(confident.any(axis=1), held.argmax(axis=1), -1)


def _thresholds(mean: NDArray[np.float64], truth: NDArray[np.int64]) -> NDArray[np.float64]:
    """(genres,) the mean probability of each genre over the clips labelled so; 1 for a genre without clips."""
    return np.array(
        [mean[truth == genre, genre].mean() if (truth == genre).any() else 1.0 for genre in range(mean.shape[1])]
    )


def _mean(rows: Sequence[Mapping[str, str]]) -> dict[str, float]:
    genres = [column.removeprefix(PREFIX) for column in rows[0] if column.startswith(PREFIX)]
    if not genres:
        raise ValueError("no column p_GENRE")
    return {genre: sum(float(row[f"{PREFIX}{genre}"]) for row in rows) / len(rows) for genre in genres}
