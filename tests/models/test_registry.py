"""Networks by name: those of somebody else, in our terms, and what is said where there is none."""

import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor

from earmark.errors import RecipeError
from earmark.models.registry import Outputs, build, imported

MODULE = """
import torch
from torch import nn
from earmark.models.registry import Outputs

class Plain(nn.Module):
    def __init__(self, genres, gain=1.0):
        super().__init__()
        self.genres, self.gain = genres, gain

    def forward(self, db):
        return self.gain * db.mean(dim=2)[:, :self.genres]

class Slow(Plain):
    token_frames = 38

class Whole(Plain):
    def forward(self, db):
        said = super().forward(db)
        return Outputs(said, said[:, None], said[:, None], said, None)
"""


@pytest.fixture(autouse=True)
def somebodys_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "somebodys_nets.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "somebodys_nets", raising=False)  # each test imports its own


def spectrogram(frames: int = 57) -> Tensor:
    return -80 * torch.rand(2, 128, frames, generator=torch.Generator().manual_seed(0))


def test_plain_logits_of_somebodys_network_are_those_of_one_token() -> None:
    net, db = build("somebodys_nets:Plain", {"gain": 0.5}, 3), spectrogram()
    said = net(db, attention=True)
    expected = 0.5 * db.mean(dim=2)[:, :3]
    assert torch.equal(said.logits, expected)
    assert torch.equal(said.vector, expected)
    assert torch.equal(said.token_logits, expected[:, None])
    assert torch.equal(said.vectors, expected[:, None])
    assert torch.equal(said.attention, torch.ones(2, 1))
    assert net(db).attention is None
    assert (said.alone, said.heads, said.token_heads, said.opinion) == (None, {}, {}, None)


def test_somebodys_network_may_say_how_long_its_tokens_are_and_all_that_ours_say() -> None:
    assert build("somebodys_nets:Plain", {}, 3).token_frames == 19
    assert build("somebodys_nets:Slow", {}, 3).token_frames == 38
    db = spectrogram()
    said = build("somebodys_nets:Whole", {}, 3)(db)
    assert isinstance(said, Outputs)
    assert torch.equal(said.logits, db.mean(dim=2)[:, :3])


def test_a_module_or_a_class_that_is_not_there_is_named_with_what_to_do() -> None:
    with pytest.raises(RecipeError, match="module 'no_such_nets' cannot be imported") as missing:
        imported("no_such_nets:Plain")
    assert missing.value.hint == "Run from the folder it is in, or install it."
    with pytest.raises(RecipeError, match="module 'somebodys_nets' has no 'Fancy'"):
        imported("somebodys_nets:Fancy")
