"""A network with all heads that nobody trained, and what it takes to bundle it: for tests of what follows training."""

from typing import Any

import numpy as np
import torch

import synthetic
from earmark.evaluate.predictions import Predictions
from earmark.evaluate.tagging import fit_tags
from earmark.evaluate.whole import Judged, fit_outside
from earmark.listen.calibrate import softmax
from earmark.listen.heads import OutsideInfo, TagInfo
from earmark.train.checkpoint import Checkpoint
from earmark.train.recipe import Recipe

GENRES = ("drone", "noise", "pluck", "pulse")
TAGS = ("rock", "guitar", "sad", "female vocalists", "80s")
CLIPS = 80
ARTISTS = tuple(f"artist {clip % 20}" for clip in range(CLIPS))
FOLDS = np.arange(CLIPS) % 20 % 4


def checkpoint(*, styles: tuple[str, ...] = (), **model: Any) -> Checkpoint:
    """The tiny recipe with styles and `model` options changed, at its initial weights."""
    values = synthetic.recipe().to_dict() | {"styles": list(styles)}
    recipe = Recipe.from_dict(values | {"model": values["model"] | model})
    torch.manual_seed(0)
    net = recipe.model.build(len(GENRES))
    return Checkpoint(recipe, GENRES, 0, net.state_dict(), lineage={"clips": {"none": CLIPS}})


def predictions() -> Predictions:
    """Answers about clips, somewhat better than chance."""
    rng = np.random.default_rng(0)
    truth = np.arange(CLIPS) % len(GENRES)
    shares = softmax(rng.normal(size=(CLIPS, len(GENRES))) + np.eye(len(GENRES))[truth])
    return Predictions(
        GENRES,
        tuple(f"clip{clip}" for clip in range(CLIPS)),
        ("pieces",) * CLIPS,
        ARTISTS,
        tuple(GENRES[label] for label in truth),
        shares,
        np.zeros(CLIPS, dtype=np.int64),
        FOLDS,
    )


def tags(names: tuple[str, ...] = TAGS) -> TagInfo:
    """Tags measured on logits like those that the network gives."""
    rng = np.random.default_rng(1)
    teacher = rng.normal(-2, 1, (CLIPS, len(names)))
    said = teacher + rng.normal(size=teacher.shape)
    return fit_tags(said, teacher, ARTISTS, FOLDS, names, rounds=20, rng=rng)


def outside() -> OutsideInfo:
    """Likewise "none of these", of the clips with answers and of others outside."""
    rng = np.random.default_rng(2)
    said, away = predictions(), np.arange(2 * CLIPS) >= CLIPS
    judged = Judged(
        logits=np.concatenate([said.logits, said.logits]),
        outside=rng.normal(size=2 * CLIPS) + away,
        allowed=np.concatenate([np.eye(len(GENRES), dtype=bool)[said.truth], np.zeros((CLIPS, len(GENRES)), bool)]),
        artists=2 * ARTISTS,
        folds=np.concatenate([FOLDS, FOLDS]),
        seeds=np.zeros(2 * CLIPS, dtype=np.int64),
    )
    return fit_outside(judged, rounds=20, rng=rng)
