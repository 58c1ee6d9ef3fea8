"""What the networks of a cross-validation say beyond the genre, measured: tags, and what is none of the genres.

The answers lie beside the predictions (`answers`), the truth in the data sets: a teacher's tags, and labels that the
recipe calls outside.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.data.teacher import TEACHER_FILE, Teacher
from earmark.errors import DataError
from earmark.evaluate import calibration
from earmark.evaluate.answers import Answers
from earmark.evaluate.predictions import Predictions
from earmark.evaluate.tagging import fit_outside, fit_tags, tag_precision
from earmark.files import write_whole
from earmark.listen.heads import OutsideInfo, TagInfo
from earmark.measure.bootstrap import artist_interval
from earmark.train.batches import allowed_genres, labels_of, outside_of
from earmark.train.recipe import Recipe, SetOptions

FILE = "beyond.json"
BOOTSTRAP_SEED = 0
Key = tuple[str, str]  # set and id of a clip
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Beyond:
    """The figures of the further heads; None for a head that the networks do not have.

    `outside_by_set` is the ROC AUC within each set that has clips of both kinds: there the network cannot go by what
    tells one set from another. `precision` is what `tagging.tag_precision` gives, by the labels of people. `parts` are
    accuracies, of networks with kernel machines: of both together, of the network and of the machines alone.
    """

    tags: TagInfo | None
    outside: OutsideInfo | None
    outside_by_set: dict[str, dict[str, Any]]
    precision: dict[str, dict[str, Any]]
    parts: dict[str, dict[str, float]]

    def write(self, folder: Path) -> None:
        """Write FILE to the folder of the cross-validation."""
        plain = {
            "tags": self.tags.to_dict() if self.tags else None,
            "outside": self.outside.to_dict() if self.outside else None,
            "outside_by_set": self.outside_by_set,
            "precision": self.precision,
            "parts": self.parts,
        }
        write_whole(folder / FILE, json.dumps(plain, indent=2) + "\n")

    @classmethod
    def read(cls, folder: Path) -> "Beyond":
        """What `write` wrote; nothing of everything where there is no such file, DataError where it is another."""
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
            )
        except (OSError, KeyError, TypeError, ValueError) as reason:
            raise DataError(f"{path} does not hold what networks say beyond the genre.") from reason

    @property
    def words(self) -> str:
        """In a few lines, for a person."""
        lines = []
        if self.tags:
            tags = self.tags
            lines.append(
                f"tags: mean AUC {tags.auc:.3f} against the teacher (95 % by artist {tags.auc_low:.3f} to "
                f"{tags.auc_high:.3f}), correlation {tags.correlation:.2f}, n {tags.n}"
            )
        if self.outside:
            away = self.outside
            within = "".join(f"; within {name} {row['auc']:.3f}" for name, row in self.outside_by_set.items())
            lines.append(
                f"none of the genres: AUC {away.auc:.3f} (95 % by artist {away.auc_low:.3f} to {away.auc_high:.3f}), "
                f"{away.n_outside} of {away.n} clips{within}"
            )
        lines += [
            f"{name}: accuracy {row['accuracy']:.1%} ({row['accuracy_low']:.1%} to {row['accuracy_high']:.1%})"
            for name, row in self.parts.items()
        ]
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Answers of several runs, one a row, with the clip of each and its run's seed and fold."""

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
    """Measure what the runs in `out` left, with intervals by artist.

    `predictions` are their genres; runs of other seeds than theirs do not count. Raises DataError where a run's
    answers are of clips that the folders do not have.
    """
    seeds = sorted(set(predictions.seeds.tolist()))  # a queue may be further than what is reported
    runs = [path for seed in seeds for path in sorted((out / "runs").glob(f"seed{seed}_fold*.npz"))]
    if not runs:
        return Beyond(None, None, {}, {}, {})
    datasets = [Dataset.load(folder) for folder in folders]
    rows = _rows(runs, datasets)
    tags, precision = _tags(rows) if "tags" in rows.said else (None, {})
    outside, by_set = _outside(rows, recipe, predictions.genres) if "outside" in rows.said else (None, {})
    parts = _parts(rows, predictions) if "opinion" in rows.said else {}
    return Beyond(tags, outside, by_set, precision, parts)


def _rows(runs: Sequence[Path], datasets: Sequence[Dataset]) -> _Rows:
    clips: dict[Key, Clip] = {(data.name, clip.id): clip for data in datasets for clip in data.clips}
    parts = [Answers.read(path) for path in runs]
    numbers = [[int(number) for number in re.findall(r"\d+", path.stem)] for path in runs]  # seed and fold
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
        {name: np.concatenate([part.said[name] for part in parts]) for name in parts[0].said},
    )


def _tags(rows: _Rows) -> tuple[TagInfo | None, dict[str, dict[str, Any]]]:
    folders = {clip.folder for clip in rows.clips}
    teachers = {folder: Teacher.load(folder) for folder in folders if (folder / TEACHER_FILE).exists()}
    taught = np.array([clip.folder in teachers and clip.id in teachers[clip.folder].logits for clip in rows.clips])
    if not taught.any():
        return None, {}
    those = rows.take(taught)
    names = next(iter(teachers.values())).tags
    wanted = np.stack([teachers[clip.folder].logits[clip.id].mean(axis=0) for clip in those.clips])
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    info = fit_tags(
        those.said["tags"],
        wanted,
        those.artists,
        those.folds,
        names,
        seeds=those.seeds,
        protocol=_protocol(rows),
        rng=rng,
    )
    genres = [frozenset(labels_of(clip, SetOptions(column="genres"))) for clip in rows.clips]
    named = np.array([bool(each) for each in genres])
    if named.sum() < 10:
        return info, {}
    precision = tag_precision(rows.said["tags"][named], names, [each for each in genres if each])
    return info, precision


def _outside(
    rows: _Rows, recipe: Recipe, genres: Sequence[str]
) -> tuple[OutsideInfo | None, dict[str, dict[str, Any]]]:
    places = []
    for clip in rows.clips:
        options = recipe.sets.get(clip.folder.name, SetOptions())
        places.append(outside_of(clip, allowed_genres(clip, options, genres), options))
    known = ~np.isnan(places)
    truth = np.array(places)[known] == 1
    if not truth.any() or truth.all():
        return None, {}
    those = rows.take(known)
    whole = _fit_outside(those, truth, _protocol(rows))
    sets = np.array([clip.folder.name for clip in those.clips])
    by_set = {}
    for name in sorted(set(sets.tolist())):
        here = sets == name
        if truth[here].any() and not truth[here].all():
            within = _fit_outside(those.take(here), truth[here], _protocol(rows)).to_dict()
            by_set[name] = {key: within[key] for key in ("auc", "auc_low", "auc_high", "n", "n_outside")}
    return whole, by_set


def _parts(rows: _Rows, predictions: Predictions) -> dict[str, dict[str, float]]:
    keys = zip(predictions.sets, predictions.ids, strict=True)
    truth = dict(zip(keys, predictions.truth.tolist(), strict=True))
    labels = np.array([truth.get((clip.folder.name, clip.id), -1) for clip in rows.clips])
    reported = labels >= 0
    logits, opinion = rows.said["logits"][reported], rows.said["opinion"][reported]
    artists = [artist for artist, take in zip(rows.artists, reported, strict=True) if take]
    parts = {}
    for name, scores in (("together", logits), ("network", logits - opinion), ("kernel machines", opinion)):
        right = scores.argmax(axis=1) == labels[reported]
        low, high = artist_interval(right, artists, rng=np.random.default_rng(BOOTSTRAP_SEED))
        parts[name] = {"accuracy": float(right.mean()), "accuracy_low": low, "accuracy_high": high}
    return parts


def _fit_outside(rows: _Rows, truth: NDArray[np.bool_], protocol: str) -> OutsideInfo:
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    logits = rows.said["outside"][:, 0]
    return fit_outside(logits, truth, rows.artists, rows.folds, seeds=rows.seeds, protocol=protocol, rng=rng)


def _protocol(rows: _Rows) -> str:
    return calibration.protocol(rows.folds)
