"""Who judges a word, and of which clips the judge says it: people where they gave labels enough, else the teachers.

Arrays have one row a clip and seed. A set without labels for a word says nothing about it; where a set has labels, a
clip that has others has not this one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip
from earmark.data.teacher import Teacher
from earmark.evaluate.vocabulary import Word
from earmark.listen.calibrate import sigmoid
from earmark.listen.heads import PEOPLE, TEACHER
from earmark.measure.binary import weighted_roc_auc
from earmark.train.batches import labels_of
from earmark.train.options import SetOptions

LEAST_CLIPS, LEAST_ARTISTS = 20, 10  # that have the word: with fewer its figures are those of some records
TEACHER_HEARS = 0.2  # a teacher hears a tag in a clip where one of its windows has this probability
TOP_SHARE = 0.1  # the clips of a set of which the teachers may say one word: a tag said of all tells nothing
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Judgement:
    """What a judge says of a word: `known` (n,) whether it says anything, `positives` (n,) whether it says yes.

    `sets` (n,) are numbers of the sets that the clips are of.
    """

    by: str
    sources: tuple[str, ...]  # names of the sets with labels, or the stems of the teachers' files
    known: Bools
    positives: Bools
    sets: NDArray[np.int64]

    def auc(self, scores: Floats, weights: Floats) -> Floats:
        """ROC AUC within each set, the mean by positives, (draws,); NaN where a draw has none.

        `scores` are (n,), the higher the more likely; `weights` (draws, n), how often each row counts. Differences
        between sets do not help so.
        """
        total, shares = np.zeros(len(weights)), np.zeros(len(weights))
        for number in np.unique(self.sets[self.known]):
            here = self.known & (self.sets == number)
            truth = self.positives[here]
            if truth.all() or not truth.any():
                continue
            loads = weights[:, here]
            within = weighted_roc_auc(scores[here], truth, loads)
            share = np.where(np.isnan(within), 0.0, (loads * truth).sum(axis=1))
            total += np.nan_to_num(within) * share
            shares += share
        return np.asarray(total / np.where(shares > 0, shares, np.nan))


@dataclass(frozen=True, eq=False)
class Heard:
    """What a teacher hears in the clips, (n, tags) probabilities: the highest of a clip's windows, and their mean.

    NaN where it has not heard a clip.
    """

    tags: tuple[str, ...]
    highest: Floats
    mean: Floats

    @classmethod
    def of(cls, teachers: Mapping[str, Teacher], clips: Sequence[Clip]) -> "Heard":
        """From the teacher of each set, by the set's name."""
        tags = next(iter(teachers.values())).tags
        highest, mean = np.full((2, len(clips), len(tags)), np.nan)
        for row, clip in enumerate(clips):
            teacher = teachers.get(clip.folder.name)
            logits = None if teacher is None else teacher.hears(clip).logits
            if logits is not None and len(logits):
                shares = sigmoid(logits)
                highest[row], mean[row] = shares.max(axis=0), shares.mean(axis=0)
        return cls(tags, highest, mean)


class Bench:
    """The judges of all words, for clips of which a network said something.

    Parameters
    ----------
    clips, artists:
        (n,) each; a clip has a row for each seed.
    teachers:
        What each teacher heard, by the stem of its file.
    """

    def __init__(self, clips: Sequence[Clip], artists: Sequence[str], teachers: Mapping[str, Heard]) -> None:
        self._clips, self._artists, self._teachers = clips, artists, teachers
        self._labels: dict[tuple[str, str], dict[int, frozenset[str]]] = {}  # as `_labelled` gives them
        self._names = [clip.folder.name for clip in clips]
        self._sets = np.unique(np.asarray(self._names), return_inverse=True)[1].astype(np.int64)

    def judge(self, word: Word) -> Judgement | str:
        """Who judges a word and how; where nobody can, why not, in words."""
        judges: tuple[Callable[[Word], Judgement | None], ...] = (self._people, self._teacher)
        asked = [found for found in (ask(word) for ask in judges) if found is not None]
        for found in asked:
            clips, artists = self.count(found)
            if clips >= LEAST_CLIPS and artists >= LEAST_ARTISTS:
                return found
        if not asked:
            return "nobody says it"
        told = [(*self.count(found), found.by) for found in asked]
        return "too few: " + ", ".join(f"{clips} clips of {artists} artists by {by}" for clips, artists, by in told)

    def count(self, judgement: Judgement) -> tuple[int, int]:
        """How many clips a judge says its word of, and of how many artists."""
        rows = np.flatnonzero(judgement.positives).tolist()
        clips = {(self._names[row], self._clips[row].id) for row in rows}
        return len(clips), len({self._artists[row] for row in rows})

    def _people(self, word: Word) -> Judgement | None:
        wanted: dict[tuple[str, str], set[str]] = {}
        for label in word.people:
            wanted.setdefault((label.dataset, label.column), set()).add(label.name)
        known, positives = np.zeros((2, len(self._clips)), bool)
        for place, names in wanted.items():
            for row, labels in self._labelled(*place).items():
                known[row] = True
                positives[row] |= not names.isdisjoint(labels)
        if not known.any():
            return None
        sources = tuple(sorted({self._names[row] for row in np.flatnonzero(known)}))
        return Judgement(PEOPLE, sources, known, positives, self._sets)

    def _labelled(self, dataset: str, column: str) -> Mapping[int, frozenset[str]]:
        """The labels in a column of a set, by row; rows of other sets, and those without any label, are left out."""
        if (dataset, column) not in self._labels:
            options = SetOptions(column=column)
            rows = (row for row, name in enumerate(self._names) if name == dataset)
            labels = ((row, frozenset(labels_of(self._clips[row], options))) for row in rows)
            self._labels[dataset, column] = {row: each for row, each in labels if each}
        return self._labels[dataset, column]

    def _teacher(self, word: Word) -> Judgement | None:
        highest, mean, sources = [], [], []
        for source, name in word.heard_by:
            heard = self._teachers.get(source)
            if heard is not None and name in heard.tags:
                column = heard.tags.index(name)
                highest.append(heard.highest[:, column])
                mean.append(heard.mean[:, column])
                sources.append(source)
        if not sources:
            return None
        heard_at_all = np.stack(highest)
        known: Bools = np.asarray(~np.isnan(heard_at_all).all(axis=0))
        positives: Bools = np.nan_to_num(heard_at_all).max(axis=0) >= TEACHER_HEARS
        strength = np.nan_to_num(np.stack(mean)).max(axis=0)
        for number in np.unique(self._sets[known]):
            here = known & (self._sets == number)
            positives[here] &= strength[here] >= np.quantile(strength[here], 1 - TOP_SHARE)
        return Judgement(TEACHER, tuple(dict.fromkeys(sources)), known, known & positives, self._sets)
