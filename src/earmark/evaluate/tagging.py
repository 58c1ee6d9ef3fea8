"""Calibration and figures of tags, from out-of-fold predictions.

The target of a tag is its teacher's output: there are no labels of tags. So a probability is calibrated to be the
teacher's, and the ROC AUC is of the tenth of clips with the teacher's highest logits against the others. Arrays have
one row a clip and seed; figures are of lines (`Platt`) that no row was used to fit, as in `calibration.cross_fit`. The
lines of a bundle are fitted on all rows.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.errors import DataError
from earmark.evaluate import calibration
from earmark.listen.calibrate import fit_platt, sigmoid
from earmark.listen.heads import Tag, TagInfo
from earmark.measure.binary import adaptive_ece, average_precision, roc_auc, weighted_roc_auc
from earmark.measure.bootstrap import artist_interval_of

TEACHER = "MSD_musicnn (Pons & Serra 2019, arXiv 1909.06654)"
TEACHER_LICENCE = "ISC"
TEACHERS = {  # by the file in which a set has its answers: what it is, and its licence
    "teacher.npz": (TEACHER, TEACHER_LICENCE),
    "audioset.npz": ("EfficientAT mn04 (Schmid, Koutini & Widmer 2023, arXiv 2211.04772)", "MIT"),
}
# Clips of the sets at hand get one or two tags at this, one in twelve none; at 0.2 a quarter would have none.
HEARD = 0.15
TOP_SHARE = 0.1  # positives of a tag: the tenth of clips with the teacher's highest logits
# AllMusic genres of the clips of the 4Q set, by the tag that means the same.
GENRE_OF_TAG = {
    "jazz": "Jazz",
    "blues": "Blues",
    "country": "Country",
    "electronic": "Electronic",
    "Hip-Hop": "Rap",
    "folk": "Folk",
    "soul": "R&B",
    "rnb": "R&B",
}
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def fit_tags(
    logits: ArrayLike,
    teacher_logits: ArrayLike,
    artists: Sequence[str],
    folds: ArrayLike,
    names: Sequence[str],
    *,
    seeds: ArrayLike | None = None,
    protocol: str = "",
    threshold: float = HEARD,
    teacher: str = TEACHER,
    teacher_licence: str = TEACHER_LICENCE,
    rounds: int = 2000,
    rng: np.random.Generator,
) -> TagInfo:
    """Calibrate tags to their teacher, and measure them.

    Parameters
    ----------
    logits, teacher_logits:
        (n, tags) of the network, out of fold, and of the teacher, both the mean over a clip's windows.
    artists, folds:
        (n,) each.
    names:
        Of the tags, in the order of the columns.
    seeds:
        (n,) where there are predictions of several seeds, each with folds of its own; one by default.
    protocol:
        How the predictions were made, in words; artist-grouped cross-validation by default.
    threshold:
        The probability from which on a tag counts as heard.
    teacher, teacher_licence:
        Names, for the model card.
    rounds, rng:
        Of the artist bootstrap.

    Raises
    ------
    DataError
        Arrays that do not fit each other, fewer than two folds or artists, a tag that the teacher hears alike in all.
    """
    predicted, taught = _matrix(logits, "logits"), _matrix(teacher_logits, "teacher_logits")
    if predicted.shape != taught.shape or predicted.shape[1] != len(names):
        raise DataError(f"Tags of {predicted.shape}, a teacher of {taught.shape} and {len(names)} names do not fit.")
    fold, seed = np.asarray(folds), None if seeds is None else np.asarray(seeds)
    parts = calibration.checked_parts(len(predicted), artists, seed, fold)
    wanted = sigmoid(taught)
    positives = taught > np.quantile(taught, 1 - TOP_SHARE, axis=0)
    flat = [name for name, column in zip(names, positives.T, strict=True) if not column.any()]
    if flat:
        raise DataError(f"The teacher hears {', '.join(flat)} alike in all clips, so no AUC can be measured.")
    lines = [fit_platt(predicted[:, tag], wanted[:, tag]) for tag in range(len(names))]
    honest = np.stack([_cross_fitted(predicted[:, tag], wanted[:, tag], parts) for tag in range(len(names))], axis=1)
    each = tuple(
        Tag(
            name=name,
            calibration=lines[tag],
            auc=roc_auc(honest[:, tag], positives[:, tag]),
            correlation=_correlation(predicted[:, tag], taught[:, tag]),
        )
        for tag, name in enumerate(names)
    )

    def mean_auc(weights: Floats) -> Floats:
        columns = zip(honest.T, positives.T, strict=True)
        aucs = np.stack([weighted_roc_auc(scores, truth, weights) for scores, truth in columns])  # (tags, draws)
        return np.asarray(aucs.mean(axis=0))

    low, high = artist_interval_of(mean_auc, artists, rounds=rounds, rng=rng)
    return TagInfo(
        each=each,
        threshold=threshold,
        teacher=teacher,
        teacher_licence=teacher_licence,
        auc=float(np.mean([tag.auc for tag in each])),
        auc_low=low,
        auc_high=high,
        correlation=float(np.mean([tag.correlation for tag in each])),
        calibration_error=float(np.mean([adaptive_ece(honest[:, tag], wanted[:, tag]) for tag in range(len(names))])),
        protocol=protocol or calibration.protocol(fold),
        n=calibration.clips_of(len(predicted), seed),
        n_artists=len(set(artists)),
    )


def tag_precision(
    probabilities: ArrayLike,
    names: Sequence[str],
    genre_sets: Sequence[frozenset[str] | set[str]],
    *,
    pairs: Mapping[str, str] = GENRE_OF_TAG,
) -> dict[str, dict[str, Any]]:
    """Precision of tags that are names of genres, by the labels that people gave the clips.

    Parameters
    ----------
    probabilities:
        (n, tags), or any scores in the same order.
    names:
        Of the tags, in the order of the columns.
    genre_sets:
        (n,) the genres that people gave each clip.
    pairs:
        Genre by tag; tags that are not among `names`, and genres that no clip or every clip has, are left out.

    Returns
    -------
    By tag: `genre`, `n` clips, `base_rate` (share that has the genre), `precision` (that share among the tenth of clips
    where the tag is most probable) and `average_precision`.

    Raises
    ------
    DataError
        Arrays that do not fit each other, or fewer than ten clips.
    """
    shares = _matrix(probabilities, "probabilities")
    if shares.shape != (len(genre_sets), len(names)):
        raise DataError(f"Tags of {shares.shape}, {len(genre_sets)} clips and {len(names)} names do not fit.")
    top = int(len(shares) * TOP_SHARE)
    if not top:
        raise DataError(f"The top tenth of {len(shares)} clips is none: at least ten are needed.")
    found: dict[str, dict[str, Any]] = {}
    for tag, genre in pairs.items():
        right = np.array([genre in genres for genres in genre_sets])
        if tag not in names or right.all() or not right.any():
            continue
        scores = shares[:, list(names).index(tag)]
        highest = np.argsort(-scores, kind="stable")[:top]
        found[tag] = {
            "genre": genre,
            "n": len(right),
            "base_rate": float(right.mean()),
            "precision": float(right[highest].mean()),
            "average_precision": average_precision(scores, right),
        }
    return found


def _cross_fitted(logits: Floats, targets: Floats, parts: Sequence[tuple[Bools, Bools]]) -> Floats:
    """(n,) probabilities, each part by the line of its others."""
    probabilities = np.empty(len(logits))
    for here, others in parts:
        probabilities[here] = fit_platt(logits[others], targets[others]).probabilities(logits[here])
    return probabilities


def _matrix(values: ArrayLike, name: str) -> Floats:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 2 or not array.size or not np.isfinite(array).all():
        raise DataError(f"{name} must be (n, tags) of finite numbers, not {array.shape}.")
    return array


def _correlation(first: Floats, second: Floats) -> float:
    """Pearson's; 0 where one of them never changes."""
    if not first.std() or not second.std():
        return 0.0
    return float(np.corrcoef(first, second)[0, 1])
