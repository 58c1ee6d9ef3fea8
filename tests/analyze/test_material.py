"""Which networks can be read, and what is said of those that cannot."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import untrained
from earmark.analyze.explanations import ALONE, HEAD, explain
from earmark.analyze.material import Network, networks_of, runner
from earmark.errors import DataError
from earmark.models.registry import Decides, Outputs
from earmark.train.checkpoint import Checkpoint
from earmark.train.recipe import Recipe


def saved(folder: Path, **model: Any) -> Path:
    recipe = Recipe.from_dict({"name": "small", "model": model})
    weights = recipe.model.build(len(untrained.GENRES)).state_dict()
    Checkpoint(recipe, untrained.GENRES, 0, weights).save(folder / "checkpoint.pt")
    return folder / "checkpoint.pt"


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ({"kind": "gru2020", "hidden": 4}, "of the kind 'gru2020', which has no attention"),
        ({"kind": "attention", "token_frames": 38}, "has tokens of 38 frames, and those that are read have 19"),
    ],
)
def test_a_network_that_cannot_be_read_is_refused_in_words(tmp_path: Path, model: Any, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        networks_of(saved(tmp_path, **model), [], "pieces")


def test_an_attention_network_is_read_from_its_checkpoint(tmp_path: Path) -> None:
    (network,) = networks_of(saved(tmp_path, kind="attention"), [], "pieces")
    assert network.genres == untrained.GENRES
    assert isinstance(network.module, Decides)


class Silent(torch.nn.Module):
    """A network that does not tell tokens alone."""

    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def forward(self, db: torch.Tensor, *, attention: bool = False) -> Outputs:
        return self.net(db, attention=attention)._replace(alone=None)

    def encode(self, db: torch.Tensor) -> torch.Tensor:
        return self.net.encode(db)

    def decide(self, vectors: torch.Tensor, db: torch.Tensor, *, attention: bool = False) -> Outputs:
        return self.net.decide(vectors, db, attention=attention)._replace(alone=None)


def test_a_network_that_does_not_tell_tokens_alone_is_explained_without_them() -> None:
    net = Silent(untrained.checkpoint().network())
    db = np.random.default_rng(3).uniform(-80, 0, (2, 128, 380)).astype(np.float32)
    network = Network("silent", "1", untrained.GENRES, runner(net), net)  # type: ignore[arg-type]
    filler = db.mean(axis=(0, 2))[:, None]
    scores = explain(network, db, np.array([0, 1]), filler=filler, rng=np.random.default_rng(0))
    assert ALONE not in scores
    assert scores[HEAD].shape == (2, 20)
