"""The files of an evaluation: figures with intervals, predictions, confusion matrix, genres, worst errors."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.errors import MissingExtraError
from earmark.evaluate.predictions import Predictions
from earmark.files import FolderKind, csv_text, write_whole
from earmark.measure.bootstrap import artist_interval
from earmark.measure.metrics import class_table, confusion, ece, summary

BOOTSTRAP_SEED = 0
WORST = 20
_TABLES = ("metrics.json", "predictions.csv", "confusion.json", "genres.csv", "worst.csv")
FOLDER = FolderKind((*_TABLES, "confusion.png", "reliability.png"), known_by={"metrics.json": b'"protocol"'})


def figures(
    predictions: Predictions, sets: NDArray[np.bool_], *, protocol: str, raw: Predictions | None = None
) -> dict[str, Any]:
    """All figures of one evaluation, ready for JSON.

    Parameters
    ----------
    predictions:
        Calibrated predictions; several seeds a clip are several rows, drawn together with their artist.
    sets:
        (n, genres) bool, the genre set of each prediction.
    protocol:
        How the data were split, in words.
    raw:
        The same predictions before calibration, for `ece_uncalibrated`.

    Returns
    -------
    `n` clips, `n_predictions`, `n_artists`, the figures of `measure.summary`, `accuracy_by_seed`, `protocol`.
    """
    rng = np.random.default_rng(BOOTSTRAP_SEED)
    truth, artists = predictions.truth, list(predictions.artists)
    out: dict[str, Any] = {"protocol": protocol}
    out |= summary(predictions.probabilities, truth, artists, sets, rng=rng)
    covered = sets[np.arange(len(truth)), truth]
    low, high = artist_interval(covered.astype(float), artists, rng=rng)
    right = predictions.predicted == truth
    seeds = np.unique(predictions.seeds)
    return out | {
        "n": len(set(zip(predictions.sets, predictions.ids, strict=True))),
        "n_predictions": len(predictions),
        "n_artists": len(set(artists)),
        "coverage_low": low,
        "coverage_high": high,
        "accuracy_by_seed": {str(seed): float(right[predictions.seeds == seed].mean()) for seed in seeds},
        **({} if raw is None else {"ece_uncalibrated": ece(raw.probabilities, truth)}),
    }


def write_report(out: Path, predictions: Predictions, sets: NDArray[np.bool_], metrics: Mapping[str, Any]) -> None:
    """Write metrics.json, predictions.csv, confusion.json, genres.csv, worst.csv, confusion.png and reliability.png.

    Without matplotlib (extra `plots`) the two pictures are left out: the tables hold the same.
    """
    counts = confusion(predictions.truth, predictions.predicted, len(predictions.genres))
    write_whole(out / "metrics.json", json.dumps(metrics, indent=2) + "\n")
    predictions.write(out / "predictions.csv")
    table = {"genres": list(predictions.genres), "rows_are": "label", "counts": counts.tolist()}
    write_whole(out / "confusion.json", json.dumps(table) + "\n")
    write_whole(out / "genres.csv", genre_table(predictions, sets))
    write_whole(out / "worst.csv", worst_errors(predictions))
    try:
        _write_pictures(out, predictions, counts)
    except MissingExtraError:
        return


def in_words(metrics: Mapping[str, Any]) -> str:
    """The main figures in three lines, or four."""
    among = ""
    if "n_genres" in metrics:
        among = (
            f"\namong {metrics['n_genres']} of {metrics['n_genres_of_system']} genres, those that the set has; "
            f"accuracy among all {metrics['accuracy_among_all']:.1%}"
        )
    return (
        f"{metrics['protocol']}\n"
        f"accuracy {metrics['accuracy']:.1%} (95 % interval {metrics['accuracy_low']:.1%} to "
        f"{metrics['accuracy_high']:.1%}; {metrics['n']} clips, {metrics['n_artists']} artists), "
        f"macro-F1 {metrics['macro_f1']:.3f}, top two {metrics['top2']:.1%}\n"
        f"ECE {metrics['ece']:.3f}, Brier {metrics['brier']:.3f}, sets cover {metrics['coverage']:.1%} "
        f"with {metrics['mean_set_size']:.2f} genres{among}"
    )


def genre_table(predictions: Predictions, sets: NDArray[np.bool_]) -> str:
    """CSV: number of predictions, recall, precision, F1, coverage and mean set size of each genre."""
    table = class_table(predictions.truth, predictions.predicted, len(predictions.genres))
    rows = []
    for number, genre in enumerate(predictions.genres):
        here = predictions.truth == number
        held = sets[here]
        shares = (held[:, number].mean(), held.sum(axis=1).mean()) if here.any() else (float("nan"), float("nan"))
        figures_here = (table.recall[number], table.precision[number], table.f1[number], *shares)
        rows.append([genre, int(table.support[number]), *(f"{figure:.4f}" for figure in figures_here)])
    return csv_text(["genre", "n_predictions", "recall", "precision", "f1", "coverage", "mean_set_size"], rows)


def worst_errors(predictions: Predictions) -> str:
    """CSV: the wrong predictions with the highest confidence, worst first, a clip once."""
    top = predictions.probabilities.max(axis=1)
    wrong = np.flatnonzero(predictions.predicted != predictions.truth)
    rows: list[list[Any]] = []
    seen: set[tuple[str, str]] = set()
    for row in wrong[np.argsort(-top[wrong], kind="stable")]:
        key = (predictions.sets[row], predictions.ids[row])
        if key in seen or len(seen) == WORST:
            continue
        seen.add(key)
        of_label = predictions.probabilities[row, predictions.truth[row]]
        predicted = predictions.genres[predictions.predicted[row]]
        rows.append([*key, predictions.labels[row], predicted, f"{top[row]:.4f}", f"{of_label:.4f}"])
    return csv_text(["set", "id", "label", "prediction", "p_prediction", "p_label"], rows)


def _write_pictures(out: Path, predictions: Predictions, counts: NDArray[np.int64]) -> None:
    from earmark.measure.metrics import reliability
    from earmark.plots.figures import confusion_matrix, reliability_diagram, save

    save(confusion_matrix(counts, predictions.genres), out / "confusion.png")
    table = reliability(predictions.probabilities, predictions.truth)
    picture = reliability_diagram(table.confidence, table.accuracy, table.counts, edges=table.edges)
    save(picture, out / "reliability.png")
