"""How much of its accuracy a network keeps when the clips get worse: conditions of `data.degrade`, clean beside them.

Of a cross-validation each network hears the clips of the fold it never heard, so the figures are out of fold like the
clean one. Differences are paired by clip, and their intervals draw artists.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np

from earmark.data.dataset import Dataset
from earmark.data.degrade import CONDITIONS, Condition, DegradedDataset
from earmark.data.splits import column_split
from earmark.errors import DataError
from earmark.evaluate.among import own_genres
from earmark.evaluate.evaluate import Progress, System, evaluate, load_system
from earmark.evaluate.predictions import Predictions
from earmark.evaluate.runs import kept_networks
from earmark.files import FolderKind, guard_folder, write_whole
from earmark.measure.bootstrap import artist_interval
from earmark.plots.report import Table, markdown_table

SEED = 0
FOLDER = FolderKind(("robustness.json", "robustness.md"), known_by={"robustness.json": b'"networks"'})
Part = tuple[System, Dataset]


def robustness(
    model: Path | None,
    folder: Path,
    out: Path,
    *,
    split: str | None = None,
    names: Sequence[str] = (),
    progress: Progress = lambda done, total: None,
) -> str:
    """Measure a bundle, a checkpoint or all networks of a cross-validation under conditions.

    Parameters
    ----------
    model:
        A bundle, a checkpoint, the folder of a cross-validation whose checkpoints are still there, or None for the
        shipped bundle.
    folder:
        A data set in earmark's layout.
    out:
        Where robustness.json and robustness.md go.
    split:
        Only clips with COLUMN=VALUE; not for a cross-validation, whose folds say which clips count.
    names:
        Conditions; all that the set allows by default: those of sound only where every clip has some.

    Returns
    -------
    The table in Markdown.

    Raises
    ------
    DataError
        A condition is not known or needs sound that is not there, or checkpoints are gone.
    """
    guard_folder(out, FOLDER)
    dataset = Dataset.load(folder)
    conditions = _conditions(dataset, names)
    parts = list(_parts(model, dataset, split))
    answers: dict[str, Predictions] = {}
    for number, each in enumerate(conditions):
        heard = []
        for place, (system, clips) in enumerate(parts):
            progress(number * len(parts) + place, len(conditions) * len(parts))
            own = own_genres(system.genres, dataset.labels)  # of the whole set: a fold may lack one
            heard.append(evaluate(system, DegradedDataset.of(clips, each), among=own)[0])
        answers[each.name] = Predictions.joined(heard)
    rows = [_row(each, answers[each.name], answers["clean"]) for each in conditions]
    table = f"{markdown_table(table_of(rows))}\n"
    figures = {"data": dataset.name, "networks": len(parts), "split": split, "conditions": rows}
    write_whole(out / "robustness.json", json.dumps(figures, indent=2) + "\n")
    write_whole(out / "robustness.md", table)
    return table


def table_of(conditions: Sequence[dict[str, Any]]) -> Table:
    """The figures of conditions, as robustness.json has them, a row each."""
    head = ("condition", "done to", "accuracy", "95 % interval", "against clean (points)", "95 % interval")
    return Table((*head, "same answer"), tuple(_cells(row) for row in conditions))


def _conditions(dataset: Dataset, names: Sequence[str]) -> list[Condition]:
    sound = all(clip.sound_path is not None and clip.sound_path.exists() for clip in dataset.clips)
    for name in names:
        if name not in CONDITIONS:
            raise DataError(f"There is no condition '{name}'.", hint=f"There are: {', '.join(CONDITIONS)}.")
        if CONDITIONS[name].of_sound and not sound:
            raise DataError(f"The condition '{name}' needs sound, and {dataset.folder} has none for some clips.")
    wanted = dict.fromkeys(["clean", *(names or CONDITIONS)])
    return [CONDITIONS[name] for name in wanted if sound or not CONDITIONS[name].of_sound]


def _parts(model: Path | None, dataset: Dataset, split: str | None) -> Iterator[Part]:
    kept = [] if model is None else list(kept_networks(model, dataset.name))
    for checkpoint, held in kept:
        yield load_system(checkpoint), _those(dataset, held)
    if not kept:
        clips = compress(dataset.clips, column_split(dataset.clips, split)) if split else dataset.clips
        yield load_system(model), _those(dataset, {clip.id for clip in clips})


def _those(dataset: Dataset, ids: Collection[str]) -> Dataset:
    return dataset.select(lambda clip: clip.id in ids)


def _row(each: Condition, answers: Predictions, clean: Predictions) -> dict[str, Any]:
    right, before = (rows.predicted == rows.truth for rows in (answers, clean))
    rng = np.random.default_rng(SEED)
    low, high = artist_interval(right, answers.artists, rng=rng)
    change = right.astype(float) - before.astype(float)
    change_low, change_high = artist_interval(change, answers.artists, rng=rng)
    return {
        "condition": each.name,
        "words": each.words,
        "of": "sound" if each.of_sound else "spectrogram",
        "n": len(set(answers.ids)),
        "n_predictions": len(answers),
        "accuracy": float(right.mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        "change": float(change.mean()),
        "change_low": change_low,
        "change_high": change_high,
        "same_answer": float((answers.predicted == clean.predicted).mean()),
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    right, same = (f"{row[key]:.1%}" for key in ("accuracy", "same_answer"))
    own = f"{100 * row['accuracy_low']:.1f} to {100 * row['accuracy_high']:.1f} %"
    ends = (row["change"], row["change_low"], row["change_high"])
    change, low, high = (f"{100 * share:+.1f}".replace("-0.0", "0.0") for share in ends)
    return row["words"], row["of"], right, own, change, f"{low} to {high}", same
