"""How a data set is split, by name: honest splits, and the field's leaky ones for comparison, named so.

A split gives each row a fold number: the round in which it is held out, or -1 where it never is. Rows are clips; for
work on segments, hand each clip over once a segment. Only `leaky_random_segment` parts the rows of one clip.
"""

import re
from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip
from earmark.errors import DataError

NEVER_HELD_OUT = -1


class Split(Protocol):
    """How rows are dealt out to folds."""

    def __call__(self, clips: Sequence[Clip], *, folds: int, seed: int) -> NDArray[np.int64]:
        """(n,) int64: the fold in which each row is held out."""


SPLITS: dict[str, Split] = {}


def named(name: str) -> Callable[[Split], Split]:
    """Register a split under a name."""

    def register(split: Split) -> Split:
        SPLITS[name] = split
        return split

    return register


def split_folds(clips: Sequence[Clip], name: str, *, folds: int = 5, seed: int = 0) -> NDArray[np.int64]:
    """The fold of each row under the split called `name`: one of SPLITS, or COLUMN=VALUE for one held-out part.

    Returns (n,) int64: fold numbers from 0, or -1 for rows that are never held out.
    Raises DataError for a name that is not known and for splits that cannot be made.
    """
    if "=" in name:
        return np.where(column_split(clips, name), 0, NEVER_HELD_OUT).astype(np.int64)
    if name not in SPLITS:
        raise DataError(f"There is no split '{name}'.", hint=f"Known: {', '.join(sorted(SPLITS))}, or COLUMN=VALUE.")
    return SPLITS[name](clips, folds=folds, seed=seed)


def column_split(clips: Sequence[Clip], expression: str) -> NDArray[np.bool_]:
    """Which clips have the value that `COLUMN=VALUE` asks for, (n,) bool; raises DataError where none has.

    GTZAN's fault-filtered split (Kereliuk et al. 2015), for example, is `fault_filtered_split=valid`.
    """
    column, equals, value = expression.partition("=")
    if not (column and equals):
        raise DataError(f"The split '{expression}' is not of the form COLUMN=VALUE.")
    found = {clip.columns[column] for clip in clips if column in clip.columns}
    if not found:
        raise DataError(f"No clip has a column '{column}'.")
    if value not in found:
        values = ", ".join(sorted(found)[:10])
        raise DataError(f"No clip has {expression}.", hint=f"Values of '{column}': {values}.")
    return np.array([clip.columns.get(column) == value for clip in clips], dtype=np.bool_)


def artist_folds(labels: Sequence[str], artists: Sequence[str], *, folds: int = 5, seed: int = 0) -> NDArray[np.int64]:
    """Folds with no artist in two of them and with each label spread as evenly as the artists allow.

    Artists who share a billing ("bob marley", "bob marley and the wailers") count as one: see `linked_artists`.

    Artists are placed one by one, the largest first, each into the fold that keeps the sum of squared shares of each
    label (and of all clips together) lowest; ties fall by `seed`. The same arguments give the same folds anywhere.

    Parameters
    ----------
    labels:
        (n,) the label of each clip; for several labels a clip, any string that stands for the combination.
    artists:
        (n,) the artist of each clip, as `Clip.artist_key` names it: alike across data sets.
    folds:
        How many, at least 2 and at most the number of artists.
    seed:
        Another seed, another equally good grouping.

    Returns
    -------
    (n,) int64, from 0 to folds - 1. Raises DataError where there are fewer artists than folds.
    """
    if len(labels) != len(artists):
        raise DataError(f"There are {len(labels)} labels for {len(artists)} artists.")
    return _grouped_folds(labels, linked_artists(artists), folds=folds, seed=seed, of_what="artists")


def _grouped_folds(
    labels: Sequence[str], groups: Sequence[str], *, folds: int, seed: int, of_what: str
) -> NDArray[np.int64]:
    names, group_of = np.unique(np.asarray(groups, dtype=str), return_inverse=True)
    label_names, label_of = np.unique(np.asarray(labels, dtype=str), return_inverse=True)
    _refuse_folds(folds, len(names), of_what)
    counts = np.zeros((len(names), len(label_names) + 1))
    np.add.at(counts, (group_of, label_of), 1)
    counts[:, -1] = counts.sum(axis=1)  # all labels together: the folds' sizes
    shares = counts / counts.sum(axis=0)
    return _place(shares, counts[:, -1], folds=folds, rng=np.random.default_rng(seed))[group_of]


def linked_artists(artists: Sequence[str]) -> list[str]:
    """One name for all artists who share a billing: the group each of the (n,) names belongs to.

    A name joined by "and", "feat", "featuring", "ft", "with" or "vs" is linked to those of its parts that stand among
    the names by themselves. Only meant for grouping: a link too many costs nothing, a link too few leaks.

    >>> linked_artists(["bob marley", "bob marley and the wailers", "earth wind and fire"])
    ['bob marley', 'bob marley', 'earth wind and fire']
    """
    group_of = {name: name for name in artists}

    def root(name: str) -> str:
        while group_of[name] != name:
            name = group_of[name]
        return name

    for name in sorted(group_of):
        for part in _JOINED.split(name):
            if part in group_of:
                low, high = sorted((root(name), root(part)))
                group_of[high] = low
    return [root(name) for name in artists]


_JOINED = re.compile(r" (?:and|feat|featuring|ft|with|vs) (?:the )?")


def _place(
    shares: NDArray[np.float64], sizes: NDArray[np.float64], *, folds: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """The fold of each group, (groups,) int64, from shares (groups, labels) of each label that a group holds."""
    shuffled = rng.permutation(len(shares))
    order = shuffled[np.argsort(-sizes[shuffled], kind="stable")]
    held = np.zeros((folds, shares.shape[1]))
    placed = np.zeros(len(shares), dtype=np.int64)
    for group in order:
        # The rise of the sum of squares, less the part that is the same for all folds.
        rise = np.round(held @ shares[group], 12)
        best = rng.choice(np.flatnonzero(rise == rise.min()))
        placed[group] = best
        held[best] += shares[group]
    return placed


@named("artist_folds")
def _clips_by_artist(clips: Sequence[Clip], *, folds: int, seed: int) -> NDArray[np.int64]:
    return artist_folds([c.label or "" for c in clips], [c.artist_key for c in clips], folds=folds, seed=seed)


@named("leaky_random_clip")
def leaky_random_clip(clips: Sequence[Clip], *, folds: int, seed: int) -> NDArray[np.int64]:
    """Random folds of clips, stratified by label: the field's habit, and leaky, as artists stand on both sides."""
    keys = [f"{clip.folder}/{clip.id}" for clip in clips]
    return _grouped_folds([clip.label or "" for clip in clips], keys, folds=folds, seed=seed, of_what="clips")


@named("leaky_random_segment")
def leaky_random_segment(clips: Sequence[Clip], *, folds: int, seed: int) -> NDArray[np.int64]:
    """Random folds of rows, whatever clip they come from: leakier still, as one recording stands on both sides."""
    _refuse_folds(folds, len(clips), "segments")
    rng = np.random.default_rng(seed)
    return rng.permutation(np.arange(len(clips), dtype=np.int64) % folds)


def _refuse_folds(folds: int, groups: int, of_what: str) -> None:
    if folds < 2:
        raise DataError(f"{folds} folds are no split: at least 2 are needed.")
    if groups < folds:
        raise DataError(f"{groups} {of_what} cannot be split into {folds} folds.")
