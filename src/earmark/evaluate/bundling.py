"""A bundle from a checkpoint and out-of-fold predictions."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark import __version__
from earmark.errors import BundleError, DataError
from earmark.evaluate import calibration
from earmark.evaluate.among import among_own
from earmark.evaluate.beyond import Beyond
from earmark.evaluate.predictions import Predictions
from earmark.evaluate.report import figures
from earmark.evaluate.words import Mix
from earmark.files import FolderKind, guard_folder
from earmark.listen.bundle import INFO_FILE, NETWORK_FILE, BundleInfo, FrontEnd, load_bundle, write_bundle
from earmark.listen.calibrate import Calibration, softmax
from earmark.listen.heads import OutsideInfo, TagInfo
from earmark.measure.metrics import class_table
from earmark.models.registry import Network
from earmark.train.checkpoint import Checkpoint
from earmark.train.export import PARITY, TAGS, TOKEN_TAGS, largest_difference, to_onnx
from earmark.train.predict import window_tokens_of
from earmark.train.recipe import Recipe

FOLDER = FolderKind((NETWORK_FILE, INFO_FILE), known_by={INFO_FILE: b'"schema"'})
KEPT = (
    "protocol", "n", "n_predictions", "n_artists", "accuracy", "accuracy_low", "accuracy_high", "balanced_accuracy",
    "macro_f1", "ece", "brier", "top2", "coverage", "mean_set_size",
)  # fmt: skip


def make_bundle(
    checkpoint: Checkpoint,
    out_of_fold: Predictions,
    out: Path,
    *,
    version: str,
    created: str,
    licence: str = "Apache-2.0",
    tags: TagInfo | None = None,
    outside: OutsideInfo | None = None,
    mix: Mix | None = None,
) -> BundleInfo:
    """Export, check, calibrate and write.

    Parameters
    ----------
    checkpoint:
        The network to ship.
    out_of_fold:
        Predictions of its recipe by cross-validation: what calibrates it, and its figures.
    out:
        Folder of the bundle.
    version, created, licence:
        As they stand in bundle.json; `created` is a date, YYYY-MM-DD.
    tags, outside:
        What `tagging.fit_tags` and `fit_outside` gave for the recipe. A head of the network for which there is none is
        left out of the bundle: nobody could say what its numbers mean.
    mix:
        Where tags are words, what they are made of, as `words.fit_words` says: the network then has the words in the
        place of its teachers' tags, of a window and of each token.

    Raises
    ------
    BundleError
        ONNX and torch do not agree to 1e-4 at one of three lengths.
    DataError
        The predictions are of other genres than the network's, the network has a front end of its own, or no such tags
        or no head for what is outside.
    """
    if checkpoint.recipe.front_end is not None:
        name = checkpoint.recipe.name
        raise DataError(f"The network '{name}' has a front end of its own, which no bundle can carry.")
    if out_of_fold.genres != checkpoint.genres:
        raise DataError("The out-of-fold predictions are of other genres than the network's.")
    net = checkpoint.network()
    window_tokens = window_tokens_of(net.token_frames)
    weights = _weights(net, mix, tags) if tags is not None and mix else None
    offsets = outside.offsets if outside else ()
    heads = _described(net, tags, outside, mixed=weights is not None)
    network = to_onnx(net, heads=heads, mix=weights, offsets=offsets)
    for tokens in (1, window_tokens // 2, window_tokens):
        difference = largest_difference(net, network, tokens=tokens, mix=weights, offsets=offsets)
        if difference > PARITY:
            raise BundleError(f"ONNX and torch differ by {difference:.2g} in logits of {tokens} tokens.")
    clips = checkpoint.lineage["clips"]
    info = BundleInfo(
        name=checkpoint.recipe.name,
        version=version,
        created=created,
        code_version=__version__,
        licence=licence,
        labels=checkpoint.genres,
        front_end=FrontEnd(token_frames=net.token_frames, window_tokens=window_tokens),
        calibration=_calibrated(out_of_fold, outside),
        lineage={
            "trained_on": "trained on " + ", ".join(f"{count} clips of {name}" for name, count in clips.items()),
            "recipe": checkpoint.recipe.to_dict(),
            "epochs": checkpoint.epoch,
            "parameters": sum(parameter.numel() for parameter in net.parameters()),
            **checkpoint.lineage,
            "card": {"weakest": _weakest(out_of_fold), **checkpoint.recipe.card},
            **({"words": mix} if weights is not None else {}),
        },
        metrics=_metrics(out_of_fold),
        tags=tags,
        outside=outside,
    )
    write_bundle(out, network, info)
    return info


def _calibrated(out_of_fold: Predictions, outside: OutsideInfo | None) -> Calibration:
    """Of the genres, at the temperature and with the offsets that the whole answer has."""
    if outside is None or outside.temperature is None:
        return calibration.fit(out_of_fold)
    shifted = out_of_fold.logits + np.asarray(outside.offsets) if outside.offsets else out_of_fold.logits
    return calibration.fit(out_of_fold.with_probabilities(softmax(shifted)), temperature=outside.temperature)


def _metrics(out_of_fold: Predictions) -> dict[str, Any]:
    """The figures that a bundle keeps, of the genres alone, each set among its own."""
    out_of_fold = among_own(out_of_fold)
    probabilities, sets = calibration.cross_fit(out_of_fold)
    protocol = calibration.protocol(out_of_fold.folds)
    measured = figures(out_of_fold.with_probabilities(probabilities), sets, protocol=protocol)
    return {key: measured[key] for key in KEPT}


def _weights(net: Network, mix: Mix, tags: TagInfo) -> dict[str, NDArray[np.float32]]:
    """The mix by head, (outputs, words) float32, in the order of the tags; DataError where it is another network's."""
    used = [head for head in net.heads if any(head in parts for parts in mix.values())]
    weights = {head: np.zeros((net.heads[head], len(tags.names)), np.float32) for head in used}
    for place, name in enumerate(tags.names):
        for head, parts in mix.get(name, {}).items():
            for number, weight in parts.items():
                if head not in weights or int(number) >= len(weights[head]):
                    raise DataError(f"'{name}' is made of output {number} of '{head}', which the network has not.")
                weights[head][int(number), place] = weight
    if not all(sum(each[:, place].any() for each in weights.values()) for place in range(len(tags.names))):
        raise DataError("There are words of which nothing says what they are made of.")
    return weights


def _described(net: Network, tags: TagInfo | None, outside: OutsideInfo | None, *, mixed: bool) -> list[str]:
    """The heads that the bundle describes; DataError where the network has not those."""
    if mixed:
        return [TAGS, TOKEN_TAGS, *_described(net, None, outside, mixed=False)]
    if tags is not None and net.heads.get("tags") != len(tags.names):
        has = net.heads.get("tags", "none")
        raise DataError(f"The figures are of {len(tags.names)} tags, and the network has {has}.")
    if outside is not None and "outside" not in net.heads:
        raise DataError("The network has not learned what is none of its genres, so there can be no figures of that.")
    return [name for name, info in (("tags", tags), ("outside", outside)) if info is not None]


def _weakest(predictions: Predictions) -> str:
    """The three genres that were recognised least often, of those that were asked for, in words."""
    predictions = among_own(predictions)
    table = class_table(predictions.truth, predictions.predicted, len(predictions.genres))
    worst = table.recall.argsort(kind="stable")[:3]
    return ", ".join(f"{predictions.genres[row]} ({table.recall[row]:.0%} of its clips recognised)" for row in worst)


def export_files(checkpoint: Path, crossval: Path, out: Path, *, version: str) -> BundleInfo:
    """`make_bundle` from the folders that `earmark train` and `earmark crossval` wrote; raises what they raise."""
    guard_folder(out, FOLDER)
    trained = Checkpoint.load(checkpoint)
    _check_recipe(trained.recipe, crossval, str(checkpoint))
    predictions = Predictions.read(crossval / "predictions.csv")
    beyond = Beyond.read(crossval)
    return make_bundle(
        trained,
        predictions,
        out,
        version=version,
        created=date.today().isoformat(),
        tags=beyond.tags,
        outside=beyond.outside,
        mix=beyond.mix,
    )


def recalibrate_files(bundle: Path | None, crossval: Path) -> BundleInfo:
    """Calibrate a bundle again from the cross-validation of its recipe; the network stays as it is, byte for byte.

    Calibration, figures, tags and "none of these" are made anew, the last two where the bundle has them. None is the
    shipped bundle.

    Raises
    ------
    BundleError
        There is no bundle.
    DataError
        There is no cross-validation, it is of another recipe or other genres, or lacks a head that the bundle has.
    """
    old = load_bundle(bundle)
    if "recipe" not in old.info.lineage:
        raise DataError(f"{old.folder} does not say of which recipe it is.", hint="Export it again.")
    _check_recipe(Recipe.from_dict(old.info.lineage["recipe"]), crossval, str(old.folder))
    predictions, beyond = Predictions.read(crossval / "predictions.csv"), Beyond.read(crossval)
    if predictions.genres != old.info.labels:
        raise DataError(f"The predictions in {crossval} are of other genres than {old.folder}.")
    heads = {"tags": beyond.tags, "outside": beyond.outside}
    for name, found in heads.items():
        if found is None and getattr(old.info, name) is not None:
            raise DataError(f"{crossval} has no figures of '{name}', which {old.folder} has.")
    if (
        old.info.outside is not None
        and beyond.outside is not None
        and old.info.outside.offsets != beyond.outside.offsets
    ):
        raise DataError(f"{crossval} has other offsets of genres than {old.folder}.", hint="Export the bundle again.")
    if old.info.tags is not None and dict(old.info.lineage.get("words", {})) != dict(beyond.mix):
        raise DataError(f"{crossval} tells other words than {old.folder}.", hint="Export the bundle again.")
    card = {**old.info.lineage.get("card", {}), "weakest": _weakest(predictions)}
    info = replace(
        old.info,
        calibration=_calibrated(predictions, beyond.outside),
        lineage={**old.info.lineage, "card": card},
        metrics=_metrics(predictions),
        tags=beyond.tags if old.info.tags else None,
        outside=beyond.outside if old.info.outside else None,
    )
    write_bundle(old.folder, (old.folder / NETWORK_FILE).read_bytes(), info)
    return info


def _check_recipe(recipe: Recipe, crossval: Path, whose: str) -> None:
    try:
        plan = json.loads((crossval / "crossval.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DataError(f"{crossval} holds no cross-validation.", hint="`earmark crossval` makes one.") from None
    if not recipe.same_as(plan["recipe"]):
        raise DataError(
            f"{crossval} is of another recipe than {whose}.", hint="Its figures would not be this network's."
        )
