"""Predictions as a table: the one format that cross-validation, evaluation, calibration and checks share.

A row is the prediction of one network for one clip: `id, set, artist, label, seed, fold, prediction`, then one
probability column `p_GENRE` a genre. Probabilities carry 6 significant digits, so their logarithms serve as logits.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError
from earmark.files import csv_text, write_whole

PREFIX = "p_"
SEGMENT_MARK = "@"  # the id of a segment is that of its clip, this, and its number
LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True, eq=False)
class Predictions:
    """Predictions, one a row: probabilities (n, genres) float64, seeds and folds (n,) int64, the rest (n,)."""

    genres: tuple[str, ...]
    ids: tuple[str, ...]
    sets: tuple[str, ...]
    artists: tuple[str, ...]
    labels: tuple[str, ...]
    probabilities: NDArray[np.float64]
    seeds: NDArray[np.int64]
    folds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def truth(self) -> NDArray[np.int64]:
        """(n,) the number of each row's label among the genres."""
        return np.array([self.genres.index(label) for label in self.labels], dtype=np.int64)

    @property
    def logits(self) -> NDArray[np.float64]:
        """(n, genres) logarithms of the probabilities: logits up to a constant a row."""
        return np.log(np.maximum(self.probabilities, LEAST_PROBABILITY))

    @property
    def predicted(self) -> NDArray[np.int64]:
        """(n,) the number of each row's most probable genre."""
        return np.asarray(self.probabilities.argmax(axis=1), dtype=np.int64)

    def with_probabilities(
        self, probabilities: NDArray[np.float64], *, genres: tuple[str, ...] | None = None
    ) -> "Predictions":
        """The same rows with other probabilities, of other genres where such are given."""
        return replace(self, probabilities=probabilities, genres=genres or self.genres)

    def write(self, path: Path) -> None:
        """Write the table, whole or not at all."""
        head = ["id", "set", "artist", "label", "seed", "fold", "prediction", *(PREFIX + name for name in self.genres)]
        said = [self.genres[place] for place in self.predicted]
        named = zip(self.ids, self.sets, self.artists, self.labels, self.seeds, self.folds, said, strict=True)
        rows = [(*row, *(f"{p:.6g}" for p in shares)) for row, shares in zip(named, self.probabilities, strict=True)]
        write_whole(path, csv_text(head, rows))

    @classmethod
    def read(cls, path: Path) -> "Predictions":
        """Read a table that `write` wrote; raises DataError where it is missing or is none."""
        try:
            with path.open(newline="", encoding="utf-8") as file:
                rows = list(csv.DictReader(file))
            genres = tuple(key.removeprefix(PREFIX) for key in rows[0] if key.startswith(PREFIX))
            return cls(
                genres,
                tuple(row["id"] for row in rows),
                tuple(row["set"] for row in rows),
                tuple(row["artist"] for row in rows),
                tuple(row["label"] for row in rows),
                np.array([[float(row[PREFIX + genre]) for genre in genres] for row in rows]),
                np.array([int(row["seed"]) for row in rows], dtype=np.int64),
                np.array([int(row["fold"]) for row in rows], dtype=np.int64),
            )
        except (OSError, KeyError, ValueError, IndexError, TypeError) as reason:
            raise DataError(f"{path} is not a table of predictions.") from reason

    @classmethod
    def joined(cls, parts: Sequence["Predictions"]) -> "Predictions":
        """All rows of several tables with the same genres."""
        return cls(
            parts[0].genres,
            tuple(x for part in parts for x in part.ids),
            tuple(x for part in parts for x in part.sets),
            tuple(x for part in parts for x in part.artists),
            tuple(x for part in parts for x in part.labels),
            np.concatenate([part.probabilities for part in parts]),
            np.concatenate([part.seeds for part in parts]),
            np.concatenate([part.folds for part in parts]),
        )
