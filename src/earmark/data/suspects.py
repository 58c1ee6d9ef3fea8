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


@dataclass(frozen=True)
class Doubt:
    """How doubtful a clip's label is, suspect or not: the mean probability of the label and of the likeliest other.

    `agree` of `systems` hear that other genre first.
    """

    id: str
    label: str
    other: str
    p_label: float
    p_other: float
    agree: int
    systems: int

    @property
    def score(self) -> float:
        """The margin of the other genre over the label, from -1, all are sure of the label, to 1."""
        return self.p_other - self.p_label


@dataclass(frozen=True, eq=False)
class Answers:
    """What one system says of clips: mean probabilities over its seeds by clip, and the clips' labels."""

    probabilities: Mapping[str, Mapping[str, float]]
    labels: Mapping[str, str]


def find_suspects(systems: Sequence[Answers]) -> list[Suspect]:
    """The suspects among the clips that all systems answered, the surest first.

    Raises DataError where there are no such clips, or the systems know other genres.
    """
    ids, genres, truth, each = _line_up(systems)
    mean = each.mean(axis=0)
    other = _confident_other(mean, truth)
    found = []
    for row in np.flatnonzero(other >= 0):
        given, heard = truth[row], other[row]
        shared = bool(mean[row, given] >= _thresholds(mean, truth)[given])
        agree = int((each[:, row].argmax(axis=1) == heard).sum())
        if shared or agree >= AGREEING * len(systems):
            probabilities = float(mean[row, given]), float(mean[row, heard])
            found.append(Suspect(ids[row], genres[given], genres[heard], *probabilities, shared, agree, len(systems)))
    return sorted(found, key=lambda suspect: (suspect.shared, suspect.p_label - suspect.p_other))


def rank_labels(systems: Sequence[Answers]) -> list[Doubt]:
    """All labelled clips that all systems answered, the most doubtful label first: by margin, as Northcutt et al. rank.

    Raises DataError as `find_suspects` does.
    """
    ids, genres, truth, each = _line_up(systems)
    rows = np.arange(len(ids))
    mean = each.mean(axis=0)
    others = mean.copy()
    others[rows, truth] = -1.0
    other = others.argmax(axis=1)
    agree = (each.argmax(axis=2) == other).sum(axis=0)
    doubts = [
        Doubt(ids[row], genres[truth[row]], genres[other[row]], float(mean[row, truth[row]]),
              float(mean[row, other[row]]), int(agree[row]), len(systems))
        for row in rows
    ]  # fmt: skip
    return sorted(doubts, key=lambda doubt: -doubt.score)


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
    rows = _read_rows(path, dataset)
    try:
        probabilities = {name: _mean(own) for name, own in rows.items()}
    except (KeyError, ValueError) as error:
        raise _no_predictions(path) from error
    return Answers(probabilities, {name: own[0]["label"] for name, own in rows.items()})


def read_hits(path: Path, *, dataset: str) -> dict[str, float]:
    """The share of a system's rows, one a seed, that name each clip's label; `path` and errors as in `read_answers`."""
    rows = _read_rows(path, dataset)
    try:
        return {name: sum(_best(row) == row["label"] for row in own) / len(own) for name, own in rows.items()}
    except (KeyError, ValueError) as error:
        raise _no_predictions(path) from error


def _read_rows(path: Path, dataset: str) -> dict[str, list[Mapping[str, str]]]:
    """The rows of each labelled clip of the set; raises DataError where there are none."""
    tables = sorted((path / "runs").glob("*.csv")) if path.is_dir() else [path]
    rows: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    try:
        for table in tables:
            with table.open(newline="", encoding="utf-8-sig") as file:
                for row in csv.DictReader(file):
                    if row.get("set", dataset) == dataset and row["label"]:
                        rows[row["id"]].append(row)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}.") from error
    except KeyError as error:
        raise _no_predictions(path) from error
    if not rows:
        raise DataError(f"{path} holds predictions of none of the clips of {dataset}.")
    return rows


def _no_predictions(path: Path) -> DataError:
    hint = "Its columns are id, label, and p_GENRE for each genre."
    return DataError(f"{path} holds no predictions.", hint=hint)


def _line_up(
    systems: Sequence[Answers],
) -> tuple[list[str], list[str], NDArray[np.int64], NDArray[np.float64]]:
    """The ids of the clips (n,) that all answered, the genres (g,), the labels (n,), and (systems, n, g) probabilities.

    Clips whose label is none of the genres are left out. Raises DataError where the systems have nothing in common.
    """
    ids = sorted(set.intersection(*(set(system.probabilities) for system in systems)))
    if not ids:
        raise DataError("The systems answered no clip in common.")
    genres = sorted(systems[0].probabilities[ids[0]])
    if any(sorted(system.probabilities[name]) != genres for system in systems for name in ids):
        raise DataError("The predictions are about different genres.")
    ids = [name for name in ids if systems[0].labels[name] in genres]
    truth = np.array([genres.index(systems[0].labels[name]) for name in ids], dtype=np.int64)
    each = [[[system.probabilities[name][genre] for genre in genres] for name in ids] for system in systems]
    return ids, genres, truth, np.array(each).reshape(len(systems), len(ids), len(genres))


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


def _best(row: Mapping[str, str]) -> str:
    probabilities = _mean([row])
    return max(probabilities, key=lambda genre: probabilities[genre])


def _mean(rows: Sequence[Mapping[str, str]]) -> dict[str, float]:
    genres = [column.removeprefix(PREFIX) for column in rows[0] if column.startswith(PREFIX)]
    if not genres:
        raise ValueError("no column p_GENRE")
    return {genre: sum(float(row[f"{PREFIX}{genre}"]) for row in rows) / len(rows) for genre in genres}
