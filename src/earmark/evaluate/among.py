"""Which of a network's genres a data set is measured among, and for which of them each of its labels stands.

A set with fewer genres than the network is measured among its own: the probabilities are restricted to them, so that
figures of networks with longer and shorter lists can be compared. A label may stand for several genres, whose
probabilities then count together ("Rock" for rock or metal).
"""

import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import LABEL_COLUMN
from earmark.errors import DataError
from earmark.evaluate.predictions import Predictions

OWN, ALL = "own", "all"  # the genres that a set has labels of; all of the network's


@dataclass(frozen=True)
class LabelMap:
    """The genres for which each label of a set stands, and the column that the labels are in."""

    labels: Mapping[str, tuple[str, ...]]
    column: str = LABEL_COLUMN

    @classmethod
    def load(cls, path: Path) -> "LabelMap":
        """Read a map, TOML: `column`, and under [labels] each label with a genre or a list of genres.

        Raises
        ------
        DataError
            It cannot be read, says something else, or has a genre under two labels.
        """
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as reason:
            raise DataError(f"The map {path} cannot be read: {reason.strerror}.") from reason
        except ValueError as reason:
            raise DataError(f"The map {path} is not TOML: {reason}.") from reason
        column, labels = values.pop("column", LABEL_COLUMN), values.pop("labels", None)
        if values or not isinstance(column, str) or not isinstance(labels, dict) or not labels:
            hint = 'It has a `column`, if not "genre", and a table [labels]: Rock = ["rock", "metal"].'
            raise DataError(f"The map {path} is not one of labels onto genres.", hint=hint)
        made = {label: (genres,) if isinstance(genres, str) else genres for label, genres in labels.items()}
        for label, genres in made.items():
            if not genres or not all(isinstance(genre, str) for genre in genres):
                raise DataError(f"The map {path}: '{label}' must stand for a genre, or for a list of genres.")
        every = [genre for genres in made.values() for genre in genres]
        twice = next((genre for genre in every if every.count(genre) > 1), None)
        if twice is not None:
            raise DataError(f"The map {path}: '{twice}' stands under two labels; each genre may count for one.")
        return cls({label: tuple(genres) for label, genres in made.items()}, column)


def groups_of(
    genres: Sequence[str],
    labels: Collection[str],
    *,
    among: str | Sequence[str] = OWN,
    label_map: LabelMap | None = None,
    name: str = "The set",
) -> dict[str, tuple[str, ...]]:
    """The labels that a set is measured by, each with the genres of the network that it stands for.

    Where a set has one label of its own alone, all are measured among.

    Parameters
    ----------
    genres:
        Of the network.
    labels:
        That the set has.
    among:
        "own", "all", or genres.
    label_map:
        What labels stand for; by default each for the genre of its name.
    name:
        Of the set, for errors.

    Raises
    ------
    DataError
        `among` or the map names a genre that the network has not, or nothing is left.
    """
    groups: dict[str, tuple[str, ...]]
    if label_map is None:
        named = genres if among == ALL else own_genres(genres, labels) if among == OWN else among
        groups = {genre: (genre,) for genre in named}
    elif among in (OWN, ALL):
        own = own_genres(tuple(label_map.labels), labels)
        groups = {label: each for label, each in label_map.labels.items() if among == ALL or label in own}
    else:
        raise DataError("--among names genres, and --map says already which there are.", hint="Name one of the two.")
    unknown = next((genre for each in groups.values() for genre in each if genre not in genres), None)
    if unknown is not None:
        raise DataError(f"The network has no genre '{unknown}'.", hint=f"Its genres are {', '.join(genres)}.")
    if not groups:
        known = ", ".join(label_map.labels) if label_map else ", ".join(genres)
        raise DataError(f"{name} has no label that is known.", hint=f"Known are {known}.")
    return groups


def grouped(predictions: Predictions, groups: Mapping[str, Sequence[str]]) -> Predictions:
    """Predictions of other genres: each the sum of some, as shares of all that are in a group."""
    place = {genre: number for number, genre in enumerate(predictions.genres)}
    sums = [predictions.probabilities[:, [place[genre] for genre in each]].sum(axis=1) for each in groups.values()]
    return predictions.with_probabilities(_as_shares(np.stack(sums, axis=1)), genres=tuple(groups))


def own_genres(genres: Sequence[str], labels: Collection[str]) -> tuple[str, ...]:
    """Those of a network's genres that are labels of a set; all of them where only one is: it would always be right."""
    own = tuple(genre for genre in genres if genre in labels)
    return tuple(genres) if len(own) == 1 else own


def own_by_set(predictions: Predictions) -> dict[str, NDArray[np.bool_]]:
    """The genres that the clips of each set are judged among, (genres,) bool, by the set's name."""
    labels: dict[str, set[str]] = {name: set() for name in predictions.sets}
    for name, label in zip(predictions.sets, predictions.labels, strict=True):
        labels[name].add(label)
    own = {name: own_genres(predictions.genres, those) for name, those in labels.items()}
    return {name: np.isin(predictions.genres, those) for name, those in own.items()}


def among_own(predictions: Predictions) -> Predictions:
    """Each set's predictions among its own genres, as shares of these; genres that no set has are left out."""
    own = own_by_set(predictions)
    kept = np.any(list(own.values()), axis=0)
    if all(mask.all() for mask in own.values()):
        return predictions
    restricted = (predictions.probabilities * np.array([own[name] for name in predictions.sets]))[:, kept]
    genres = tuple(genre for genre, keep in zip(predictions.genres, kept, strict=True) if keep)
    return predictions.with_probabilities(_as_shares(restricted), genres=genres)


def _as_shares(restricted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rows that sum to 1."""
    total = np.maximum(restricted.sum(axis=1, keepdims=True), np.finfo(np.float64).tiny)
    shares: NDArray[np.float64] = restricted / total
    return shares
