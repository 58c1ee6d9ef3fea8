"""Figures of a cross-validation beside those of the genres: of tags, and of what is none of the genres.

The outputs are read from the files beside the predictions (`answers`), the truth from the data sets: a teacher's tags,
and labels that the recipe lists as outside.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.data.teacher import TEACHER_FILE, Teacher
from earmark.errors import DataError
from earmark.evaluate import calibration, whole
from earmark.evaluate.among import own_by_set
from earmark.evaluate.answers import Answers
from earmark.evaluate.calibration import clips_of
from earmark.evaluate.judging import Bench, Heard
from earmark.evaluate.predictions import Predictions
from earmark.evaluate.runs import RUNS
from earmark.evaluate.tagging import TEACHERS, fit_tags, tag_precision
from earmark.evaluate.vocabulary import STYLES, Output, Vocabulary
from earmark.evaluate.whole import Judged
from earmark.evaluate.words import Mix, Words, fit_words, tells_words
from earmark.files import write_whole
from earmark.listen.heads import PEOPLE, OutsideInfo, TagInfo
from earmark.measure.bootstrap import artist_interval
from earmark.train.batches import allowed_genres, labels_of, outside_of
from earmark.train.options import SetOptions
from earmark.train.recipe import Recipe

FILE = "beyond.json"
BOOTSTRAP_SEED = 0
Key = tuple[str, str]  # set and id of a clip
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Beyond:
    """The figures of the heads beside genres; None for a head that the networks do not have.

    `outside_by_set` is the ROC AUC within each set that has clips of both kinds: there the network cannot use
    differences between sets. `whole` has the figures of genres and "none of these" as one distribution: for reported
    sets together with all clips outside, for the clips inside in each set, for those outside, and for all in another
    mix than the one calibrated for. `precision` is from `tagging.tag_precision`, by the labels of people. `parts` are
    accuracies of networks with kernel machines, of each set among its own genres: together, and each alone. Where tags
    are words of the vocabulary, `mix` says of which outputs they are made, and `left_out` which words are not told, and
    why; both are empty where tags are the teacher's own.
    """

    tags: TagInfo | None
    outside: OutsideInfo | None
    outside_by_set: dict[str, dict[str, Any]]
    precision: dict[str, dict[str, Any]]
    parts: dict[str, dict[str, float]]
    whole: dict[str, dict[str, Any]] = field(default_factory=dict)
    mix: Mix = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> None:
        """Write FILE to the folder of the cross-validation."""
        plain: dict[str, Any] = {
            "tags": self.tags.to_dict() if self.tags else None,
            "outside": self.outside.to_dict() if self.outside else None,
            "outside_by_set": self.outside_by_set,
            "whole": self.whole,
            "precision": self.precision,
            "parts": self.parts,
        }
        if self.mix or self.left_out:
            plain |= {"mix": self.mix, "left_out": dict(self.left_out)}
        write_whole(folder / FILE, json.dumps(plain, indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> "Beyond":
        """Read the file of `write`; without figures where there is none, DataError where it is another file."""
        path = folder / FILE
        if not path.exists():
            return cls(None, None, {}, {}, {})
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            tags, outside = plain["tags"], plain["outside"]
            return cls(
                TagInfo.from_dict(tags) if tags else None,
                OutsideInfo.from_dict(outside) if outside else None,
                plain["outside_by_set"],
                plain["precision"],
                plain["parts"],
                plain.get("whole", {}),
                plain.get("mix", {}),
                plain.get("left_out", {}),
            )
        except (OSError, KeyError, TypeError, ValueError) as reason:
            raise DataError(f"{path} does not hold what networks say beyond the genre.") from reason

    @property
    def words(self) -> str:
        """The figures in a few lines, for a person."""
        lines = []
        if self.tags and self.mix:
            lines += _words_told(self.tags)
        elif self.tags:
            tags = self.tags
            lines.append(
                f"tags: mean AUC {tags.auc:.3f} against the teacher (95 % by artist {tags.auc_low:.3f} to "
                f"{tags.auc_high:.3f}), correlation {tags.correlation:.2f}, n {tags.n}"
            )
        lines += [f"word left out: {name}, {reason}" for name, reason in self.left_out.items()]
        if self.outside:
            away = self.outside
            within = "".join(f"; within {name} {row['auc']:.3f}" for name, row in self.outside_by_set.items())
            lines.append(
                f"none of the genres: AUC {away.auc:.3f} (95 % by artist {away.auc_low:.3f} to {away.auc_high:.3f}), "
                f"{away.n_outside} of {away.n} clips{within}"
            )
        lines += [
            f"genres and none of these together, {name}: ECE {row['ece']:.3f} ({row['ece_low']:.3f} to "
            f"{row['ece_high']:.3f}), sets cover {row['coverage']:.1%} ({row['coverage_low']:.1%} to "
            f"{row['coverage_high']:.1%}) with {row['mean_set_size']:.2f} answers, n {row['n']}"
            for name, row in self.whole.items()
        ]
        lines += [
            f"{name}: accuracy {row['accuracy']:.1%} ({row['accuracy_low']:.1%} to {row['accuracy_high']:.1%})"
            for name, row in self.parts.items()
        ]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Outputs of several runs, a row a clip and run, with clip, seed and fold."""

    clips: list[Clip]
    artists: list[str]
    seeds: NDArray[np.int64]
    folds: NDArray[np.int64]
    said: dict[str, Floats]

    def take(self, rows: NDArray[np.bool_]) -> "_Rows":
        picked = np.flatnonzero(rows)
        return _Rows(
            [self.clips[row] for row in picked],
            [self.artists[row] for row in picked],
            self.seeds[rows],
            self.folds[rows],
            {name: values[rows] for name, values in self.said.items()},
        )


def measure_beyond(recipe: Recipe, folders: Sequence[Path], out: Path, predictions: Predictions) -> Beyond:
    """Measure the outputs of the runs in `out`, with intervals by artist.

    `predictions` are their genres; runs of other seeds are not used. Raises DataError where a run has clips that the
    folders do not have.
    """
    seeds = sorted(set(predictions.seeds.tolist()))  # a queue may be further than what is reported
    runs = [path for seed in seeds for path in sorted((out / RUNS).glob(f"seed{seed}_fold*.npz"))]
    if not runs:
        return Beyond(None, None, {}, {}, {})
    datasets = [Dataset.load(folder) for folder in folders]
    rows = _rows(runs, datasets)
    told = _words(rows, recipe, [data.folder for data in datasets]) if tells_words(recipe) else None
    tags, precision = _tags(rows, _file(recipe)) if "tags" in rows.said and not told else (None, {})
    words: dict[str, Any] = {}
    if told:
        tags, words = told.info, {"mix": told.mix, "left_out": told.left_out}
    parts = _parts(rows, predictions) if "opinion" in rows.said else {}
    judged = _judged(rows, recipe, predictions) if "outside" in rows.said else None
    if judged is None:
        return Beyond(tags, None, {}, precision, parts, **words)
    outside, by_set, together = _outside(*judged, protocol=calibration.protocol(rows.folds))
    return Beyond(tags, outside, by_set, precision, parts, together, **words)


def _words(rows: _Rows, recipe: Recipe, folders: Sequence[Path]) -> Words | None:
    """The words that the heads for tags and styles tell; None where the networks have neither.

    `folders` are those of all sets, of which the networks learned: they say what their outputs are.
    """
    teachers = {name: _teachers(folders, f"{name}.npz") for name in (recipe.teacher.files if recipe.teacher else ())}
    heard = {
        name: Heard.of({folder.name: teacher for folder, teacher in found.items()}, rows.clips)
        for name, found in teachers.items()
        if found
    }
    outputs = {
        "tags": [Output(name, tag) for name, each in heard.items() for tag in each.tags],
        "styles": [Output(STYLES, style) for style in recipe.styles],
    }
    outputs = {head: names for head, names in outputs.items() if names and head in rows.said}
    if not outputs:
        return None
    return fit_words(
        rows.said,
        outputs,
        Vocabulary.load().heard_by([output for names in outputs.values() for output in names]),
        Bench(rows.clips, rows.artists, heard),
        rows.artists,
        rows.folds,
        seeds=rows.seeds,
        rng=np.random.default_rng(BOOTSTRAP_SEED),
    )


def _words_told(tags: TagInfo) -> list[str]:
    people = sum(tag.judged_by == PEOPLE for tag in tags.each)
    return [
        f"words: {len(tags.each)} told, {people} judged by people's labels, {len(tags.each) - people} by the teachers; "
        f"mean AUC {tags.auc:.3f} (95 % by artist {tags.auc_low:.3f} to {tags.auc_high:.3f}), n {tags.n}",
        *_timed(tags),
    ]


def _timed(tags: TagInfo) -> list[str]:
    known = [tag.in_time for tag in tags.each if tag.in_time is not None]
    if not known:
        return []
    mean, less = np.mean(known), sum(not tag.timed for tag in tags.each)
    return [
        f"seconds of words: the right one of two windows of a clip in {mean:.1%}, mean over {len(known)} words; "
        f"those of {less} are not told"
    ]


def _file(recipe: Recipe) -> str:
    """The file of the recipe's one teacher."""
    return f"{next(iter(recipe.teacher.files))}.npz" if recipe.teacher else TEACHER_FILE


def _rows(runs: Sequence[Path], datasets: Sequence[Dataset]) -> _Rows:
    clips: dict[Key, Clip] = {(data.name, clip.id): clip for data in datasets for clip in data.clips}
    parts = [Answers.read(path) for path in runs]
    numbers = [[int(number) for number in re.findall(r"\d+", path.stem)] for path in runs]  # seed and fold
    names = [name for name in parts[0].said if all(name in part.said for part in parts)]
    lengths = [len(part) for part in parts]
    keys = [key for part in parts for key in zip(part.sets, part.ids, strict=True)]
    missing = [key for key in keys if key not in clips]
    if missing:
        name, clip_id = missing[0]
        raise DataError(f"{len(missing)} answers are of clips that the data do not have, '{name}/{clip_id}' first.")
    return _Rows(
        [clips[key] for key in keys],
        [artist for part in parts for artist in part.artists],
        np.repeat([seed for seed, _ in numbers], lengths),
        np.repeat([fold for _, fold in numbers], lengths),
        {name: np.concatenate([part.said[name] for part in parts]) for name in names},
    )


def _teachers(folders: Sequence[Path], file: str) -> dict[Path, Teacher]:
    """The teacher of each set that has the file."""
    return {folder: Teacher.load(folder, file) for folder in folders if (folder / file).exists()}


def _tags(rows: _Rows, file: str) -> tuple[TagInfo | None, dict[str, dict[str, Any]]]:
    teachers = _teachers(sorted({clip.folder for clip in rows.clips}), file)
    nothing = np.zeros((0, 0), np.float32)
    heard = [teachers[clip.folder].hears(clip).logits if clip.folder in teachers else nothing for clip in rows.clips]
    taught = np.array([len(logits) > 0 for logits in heard])
    if not taught.any():
        return None, {}
    those = rows.take(taught)
    names = next(iter(teachers.values())).tags
    teacher, licence = TEACHERS.get(file, (file.removesuffix(".npz"), "unknown"))
    info = fit_tags(
        those.said["tags"],
        np.stack([logits.mean(axis=0) for logits, take in zip(heard, taught, strict=True) if take]),
        those.artists,
        those.folds,
        names,
        seeds=those.seeds,
        protocol=calibration.protocol(rows.folds),
        teacher=teacher,
        teacher_licence=licence,
        rng=np.random.default_rng(BOOTSTRAP_SEED),
    )
    genres = [frozenset(labels_of(clip, SetOptions(column="genres"))) for clip in rows.clips]
    named = np.array([bool(each) for each in genres])
    if named.sum() < 10:
        return info, {}
    precision = tag_precision(rows.said["tags"][named], names, [each for each in genres if each])
    return info, precision


def _judged(rows: _Rows, recipe: Recipe, predictions: Predictions) -> tuple[Judged, NDArray[np.str_]] | None:
    """The rows that are known to be outside or not, and (n,) their sets; None where all are of one kind."""
    options = [recipe.sets.get(clip.folder.name, SetOptions()) for clip in rows.clips]
    pairs = list(zip(rows.clips, options, strict=True))
    allowed = np.stack([allowed_genres(clip, option, predictions.genres) for clip, option in pairs])
    places = np.array([outside_of(clip, row, option) for (clip, option), row in zip(pairs, allowed, strict=True)])
    judged = Judged(
        rows.said["logits"].astype(np.float64),
        rows.said["outside"][:, 0].astype(np.float64),
        allowed & (places != 1)[:, np.newaxis],
        rows.artists,
        rows.folds,
        rows.seeds,
        np.asarray(~np.stack(list(own_by_set(predictions).values())).any(axis=0)),  # genres that no reported set has
    )
    known = ~np.isnan(places)
    if not known.any() or len(set(judged.is_outside[known].tolist())) < 2:
        return None
    return judged.take(known), np.array([clip.folder.name for clip in rows.clips])[known]


def _outside(
    judged: Judged, sets: NDArray[np.str_], *, protocol: str
) -> tuple[OutsideInfo, dict[str, dict[str, Any]], dict[str, dict[str, Any]]]:
    def rng() -> np.random.Generator:
        return np.random.default_rng(BOOTSTRAP_SEED)

    told, away = whole.cross_fit(judged), judged.is_outside
    info = whole.fit_outside(judged, told, protocol=protocol, rng=rng())
    by_set: dict[str, dict[str, Any]] = {}
    mixes: dict[str, tuple[NDArray[np.bool_], float | None]] = {}
    for name in sorted(set(sets.tolist())):
        here = sets == name
        if len(set(away[here].tolist())) == 2:
            part = judged.take(here)
            auc, low, high = whole.auc_of(part, told.probabilities[here, -1], rng=rng())
            clips = {"n": clips_of(len(part), part.seeds), "n_outside": clips_of(int(away[here].sum()), part.seeds)}
            by_set[name] = {"auc": auc, "auc_low": low, "auc_high": high, **clips}
        mixes[f"{name}, of the genres"] = (here & judged.exact & ~away, None)
    mixes |= {"outside": (away, None), "all sets, half outside": (judged.exact, 0.5)}
    figures = {
        name: whole.figures(judged, told, rows, share=share, rng=rng()).to_dict()
        for name, (rows, share) in mixes.items()
        if rows.any()
    }
    return info, by_set, figures


def _parts(rows: _Rows, predictions: Predictions) -> dict[str, dict[str, float]]:
    keys = zip(predictions.sets, predictions.ids, strict=True)
    truth = dict(zip(keys, predictions.truth.tolist(), strict=True))
    labels = np.array([truth.get((clip.folder.name, clip.id), -1) for clip in rows.clips])
    reported = labels >= 0
    own = own_by_set(predictions)
    among = np.array([own[clip.folder.name] for clip, take in zip(rows.clips, reported, strict=True) if take])
    logits, opinion = rows.said["logits"][reported], rows.said["opinion"][reported]
    artists = [artist for artist, take in zip(rows.artists, reported, strict=True) if take]
    parts = {}
    for name, scores in (("together", logits), ("network", logits - opinion), ("kernel machines", opinion)):
        right = np.where(among, scores, -np.inf).argmax(axis=1) == labels[reported]
        low, high = artist_interval(right, artists, rng=np.random.default_rng(BOOTSTRAP_SEED))
        parts[name] = {"accuracy": float(right.mean()), "accuracy_low": low, "accuracy_high": high}
    return parts
