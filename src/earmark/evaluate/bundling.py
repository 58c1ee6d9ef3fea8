"""From a checkpoint and out-of-fold predictions to a bundle that can be shipped."""

import json
from datetime import date
from pathlib import Path

from torch import nn

from earmark import __version__
from earmark.errors import BundleError, DataError
from earmark.evaluate import calibration
from earmark.evaluate.beyond import Beyond
from earmark.evaluate.predictions import Predictions
from earmark.evaluate.report import figures
from earmark.files import FolderKind, guard_folder
from earmark.listen.bundle import INFO_FILE, NETWORK_FILE, BundleInfo, FrontEnd, write_bundle
from earmark.listen.heads import OutsideInfo, TagInfo
from earmark.measure.metrics import class_table
from earmark.train.checkpoint import Checkpoint
from earmark.train.export import PARITY, heads_of, largest_difference, to_onnx
from earmark.train.predict import window_tokens_of

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
    token_frames = int(net.token_frames)  # type: ignore[arg-type]
    window_tokens = window_tokens_of(token_frames)
    network = to_onnx(net, token_frames=token_frames, heads=_described(net, token_frames, tags, outside))
    for tokens in (1, window_tokens // 2, window_tokens):
        difference = largest_difference(net, network, tokens=tokens, token_frames=token_frames)
        if difference > PARITY:
            raise BundleError(f"ONNX and torch differ by {difference:.2g} in logits of {tokens} tokens.")
    probabilities, sets = calibration.cross_fit(out_of_fold)
    protocol = calibration.protocol(out_of_fold.folds)
    metrics = figures(out_of_fold.with_probabilities(probabilities), sets, protocol=protocol)
    clips = checkpoint.lineage["clips"]
    info = BundleInfo(
        name=checkpoint.recipe.name,
        version=version,
        created=created,
        code_version=__version__,
        licence=licence,
        labels=checkpoint.genres,
        front_end=FrontEnd(token_frames=token_frames, window_tokens=window_tokens),
        calibration=calibration.fit(out_of_fold),
        lineage={
            "trained_on": "trained on " + ", ".join(f"{count} clips of {name}" for name, count in clips.items()),
            "recipe": checkpoint.recipe.to_dict(),
            "epochs": checkpoint.epoch,
            "parameters": sum(parameter.numel() for parameter in net.parameters()),
            **checkpoint.lineage,
            "card": {"weakest": _weakest(out_of_fold), **checkpoint.recipe.card},
        },
        metrics={key: metrics[key] for key in KEPT},
        tags=tags,
        outside=outside,
    )
    write_bundle(out, network, info)
    return info


def _described(net: nn.Module, token_frames: int, tags: TagInfo | None, outside: OutsideInfo | None) -> list[str]:
    """The heads that the bundle describes; DataError where the network has not those."""
    has = heads_of(net, token_frames=token_frames)
    if tags is not None and has.get("tags") != len(tags.names):
        raise DataError(f"The figures are of {len(tags.names)} tags, and the network has {has.get('tags', 'none')}.")
    if outside is not None and "outside" not in has:
        raise DataError("The network has not learned what is none of its genres, so there can be no figures of that.")
    return [name for name, info in (("tags", tags), ("outside", outside)) if info is not None]


def _weakest(predictions: Predictions) -> str:
    """The three genres that were recognised least often, in words."""
    table = class_table(predictions.truth, predictions.predicted, len(predictions.genres))
    worst = table.recall.argsort(kind="stable")[:3]
    return ", ".join(f"{predictions.genres[row]} ({table.recall[row]:.0%} of its clips recognised)" for row in worst)


def export_files(checkpoint: Path, crossval: Path, out: Path, *, version: str) -> BundleInfo:
    """`make_bundle` from the folders that `earmark train` and `earmark crossval` wrote; raises what they raise."""
    guard_folder(out, FOLDER)
    trained = Checkpoint.load(checkpoint)
    try:
        plan = json.loads((crossval / "crossval.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DataError(f"{crossval} holds no cross-validation.", hint="`earmark crossval` makes one.") from None
    if not trained.recipe.same_as(plan["recipe"]):
        raise DataError(
            f"{crossval} is of another recipe than {checkpoint}.", hint="Its figures would not be this network's."
        )
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
    )
