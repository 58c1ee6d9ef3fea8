"""Which networks can be read, and what is said of those that cannot."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import untrained
from earmark.analyze.explanations import ALONE, HEAD, explain
from earmark.analyze.material import Network, networks_of, runner
from earmark.data.dataset import Clip, Dataset
from earmark.errors import DataError
from earmark.evaluate.bundling import make_bundle
from earmark.models.registry import Decides, Outputs
from earmark.train.checkpoint import Checkpoint
from earmark.train.recipe import Recipe


def saved(folder: Path, **model: Any) -> Path:
    recipe = Recipe.from_dict({"name": "small", "model": model})
    weights = recipe.model.build(len(untrained.GENRES)).state_dict()
    Checkpoint(recipe, untrained.GENRES, 0, weights).save(folder / "checkpoint.pt")
    return folder / "checkpoint.pt"


def labelled(genres: Sequence[str]) -> Dataset:
    """A data set of one clip a genre, which nobody reads."""
    return Dataset("pieces", Path("pieces"), tuple(Clip(name, Path("pieces"), name, name) for name in genres))


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ({"kind": "gru2020", "hidden": 4}, "of the kind 'gru2020', which has no attention"),
        ({"kind": "attention", "token_frames": 38}, "has tokens of 38 frames, and those that are read have 19"),
    ],
)
def test_a_network_that_cannot_be_read_is_refused_in_words(tmp_path: Path, model: Any, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        networks_of(saved(tmp_path, **model), [], labelled(untrained.GENRES))


def test_an_attention_network_is_read_from_its_checkpoint(tmp_path: Path) -> None:
    (network,) = networks_of(saved(tmp_path, kind="attention"), [], labelled(untrained.GENRES))
    assert network.genres == untrained.GENRES
    assert isinstance(network.module, Decides)


@pytest.mark.parametrize("kind", ["checkpoint", "bundle"])
def test_a_network_is_read_among_the_genres_of_the_set(tmp_path: Path, kind: str) -> None:
    made = untrained.checkpoint(kernel=8, components=4, heads={"outside": 1})
    net = made.network()
    with torch.no_grad():
        for head in net.kernel.heads:  # type: ignore[union-attr]
            for part in (head.mean, head.axes, head.known, head.weights, head.usual):
                part.normal_(generator=torch.Generator().manual_seed(1))
    made = replace(made, weights=net.state_dict())
    path = tmp_path / "checkpoint.pt"
    made.save(path)
    if kind == "bundle":
        path = tmp_path / "bundle"
        outside = replace(untrained.outside(), offsets=())
        make_bundle(made, untrained.predictions(), path, version="1", created="2026-01-01", outside=outside)
    pieces = labelled(["pulse", "noise"])
    (whole,), (narrow,) = networks_of(path, [], labelled(untrained.GENRES)), networks_of(path, [], pieces)
    assert narrow.genres == ("noise", "pulse")
    db = np.random.default_rng(3).uniform(-80, 0, (2, 128, 380)).astype(np.float32)
    all_said, said = whole.run(db), narrow.run(db)
    for name in ("logits", "token_logits", "alone", "opinion_tokens"):
        np.testing.assert_allclose(getattr(said, name), getattr(all_said, name)[..., [1, 3]], atol=1e-4, err_msg=name)
    assert np.abs(said.opinion_tokens).max() > 0


def test_a_network_that_has_no_way_to_give_up_genres_is_not_read_among_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, kind="attention")
    monkeypatch.setattr("earmark.models.registry.Narrows", type("Nobody", (), {}))
    assert networks_of(path, [], labelled(untrained.GENRES))[0].genres == untrained.GENRES
    with pytest.raises(DataError, match="cannot be read among some of its genres"):
        networks_of(path, [], labelled(untrained.GENRES[:2]))


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
