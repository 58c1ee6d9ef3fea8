"""What a batch is judged by: partial labels that come later, and what is none of the genres."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import synthetic
from earmark.data.dataset import Dataset
from earmark.data.layout import write_rows
from earmark.errors import RecipeError
from earmark.models.registry import Outputs
from earmark.train.batches import Examples, gather
from earmark.train.loop import train
from earmark.train.objective import Objective, adjustments
from earmark.train.predict import clip_answers
from earmark.train.recipe import Recipe

NAN = float("nan")


def recipe(model: dict[str, Any] | None = None, **options: float) -> Recipe:
    plain = synthetic.recipe(epochs=16).to_dict()
    plain["model"] |= model or {}
    plain["train"] |= options
    return Recipe.from_dict(plain)


@pytest.fixture
def examples(tmp_path: Path) -> Examples:
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=4)
    return gather([data], recipe(), data.labels)


def objective(plan: Recipe, examples: Examples) -> Objective:
    return Objective(plan, plan.model.build(4), examples)


def said(logits: torch.Tensor, outside: torch.Tensor | None = None) -> Outputs:
    heads = {} if outside is None else {"outside": outside[:, None]}
    return Outputs(logits, logits[:, None], logits[:, None], logits, None, heads=heads)


def test_partial_labels_do_not_count_before_their_time(examples: Examples) -> None:
    judge = objective(recipe(partial_after=3, label_smoothing=0.0, token_loss=0.0), examples)
    allowed = torch.tensor([[True, False, False, False], [False, True, True, False]])
    batch = replace(examples.take(np.arange(2)), allowed=allowed)
    logits = torch.tensor([[0.0, 0.0, 0.0, 0.0], [9.0, 0.0, 0.0, 0.0]])
    places = torch.zeros(2, 4)
    early = judge.labelled(said(logits), batch, places, epoch=2).item()
    late = judge.labelled(said(logits), batch, places, epoch=3).item()
    assert early == pytest.approx(np.log(4), abs=1e-5)
    assert late > 3


def test_what_is_outside_is_judged_where_it_is_known_alone(examples: Examples) -> None:
    judge = objective(recipe({"heads": {"outside": 1}}, outside_loss=2.0, clip_loss=0.0, token_loss=0.0), examples)
    batch = replace(examples.take(np.arange(3)), outside=torch.tensor([1.0, 0.0, NAN]))
    logits = torch.zeros(3, 4)

    def loss(outside: list[float]) -> float:
        return judge.labelled(said(logits, torch.tensor(outside)), batch, torch.zeros(3, 4), epoch=0).item()

    assert loss([0.0, 0.0, 0.0]) == pytest.approx(2 * np.log(2), abs=1e-5)
    assert loss([9.0, -9.0, 0.0]) == loss([9.0, -9.0, 50.0]) < 0.01
    assert loss([-9.0, 9.0, 0.0]) > 17
    with pytest.raises(RecipeError, match="needs the head 'outside'"):
        recipe(outside_loss=2.0)


def test_a_network_learns_to_tell_a_style_that_is_none_of_its_genres(tmp_path: Path) -> None:
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=8)
    *genres, other = data.labels
    plain = recipe({"heads": {"outside": 1}}, outside_loss=1.0).to_dict()
    plain["sets"] = {"pieces": {"map": {genre: genre for genre in genres}, "outside": [other]}}
    plan = Recipe.from_dict(plain | {"genres": genres})
    examples = gather([data], plan, genres)
    assert len(examples) == len(data.clips)
    assert examples.outside.tolist() == [float(clip.label == other) for clip in examples.clips]
    artists = sorted(set(examples.artists))
    mine = np.array([artists.index(artist) % 3 != 0 for artist in examples.artists])
    net = train(plan, examples.take(mine), tuple(genres), tmp_path / "run").network()
    held = examples.take(~mine)
    answers = clip_answers(net, held)
    assert set(answers) == {"logits", "outside"}
    assert answers["logits"].shape == (len(held), len(genres))
    right = (answers["outside"][:, 0] > 0) == (held.outside.numpy() == 1)
    assert 0 < held.outside.sum() < len(held)
    assert right.mean() > 0.85


def test_a_network_s_own_loss_is_added_and_knows_what_was_said(examples: Examples) -> None:
    judge = objective(recipe(token_loss=0.0), examples)
    batch, places = examples.take(np.arange(3)), torch.zeros(3, 4)
    outputs = said(torch.randn(3, 4, generator=torch.Generator().manual_seed(0)))
    plain = judge.labelled(outputs, batch, places, epoch=0)
    heard: list[object] = []

    class WithLoss(nn.Module):
        def side_loss(self, given: Outputs, allowed: torch.Tensor) -> torch.Tensor:
            heard.extend([given, allowed])
            return torch.tensor(7.0)

    judge.net = WithLoss()
    torch.testing.assert_close(judge.labelled(outputs, batch, places, epoch=0), plain + 7)
    assert heard[0] is outputs
    assert torch.equal(heard[1], batch.allowed)


def test_a_set_s_shares_of_genres_are_taken_out_of_what_is_learned(tmp_path: Path) -> None:
    one = synthetic.dataset(tmp_path / "one", clips_per_style=2)
    two = synthetic.dataset(tmp_path / "two", clips_per_style=2)
    rows = [{**clip.columns, "genre": "drone" if clip.label == "drone" else "noise"} for clip in two.clips]
    write_rows(two.folder / "clips.csv", rows)
    examples = gather([one, Dataset.load(two.folder)], synthetic.recipe(), one.labels)
    made = adjustments(examples)
    assert one.labels == ("drone", "noise", "plucks", "pulse")
    assert made[one.folder].tolist() == pytest.approx([0.0] * 4)
    # 2, 6 and twice nothing, of which each counts as a twentieth of the mean, 4.
    assert made[two.folder].exp().tolist() == pytest.approx([2.2 / 6.2, 1.0, 0.2 / 6.2, 0.2 / 6.2])
    silent = replace(examples, weights=torch.zeros(len(examples)))
    assert not adjustments(silent)[one.folder].any()


def test_raised_logits_are_those_that_are_judged(tmp_path: Path) -> None:
    data = synthetic.dataset(tmp_path / "two", clips_per_style=2)
    rows = [{**clip.columns, "genre": "drone" if clip.label == "drone" else "noise"} for clip in data.clips]
    write_rows(data.folder / "clips.csv", rows)
    plan = synthetic.recipe(adjust=1.0, label_smoothing=0.0, token_loss=0.0)
    examples = gather([Dataset.load(data.folder)], plan, data.labels)
    net = plan.model.build(4)
    shares = adjustments(examples)[data.folder].exp()
    nothing = torch.zeros(1)
    outputs = Outputs(torch.zeros(1, 4), torch.zeros(1, 1, 4), nothing, nothing, None)
    batch = examples.take(np.array([0]))
    loss = Objective(plan, net, examples).labelled(outputs, batch, torch.zeros(1, 19), epoch=0)
    wanted = shares[batch.allowed[0]] / shares.sum()
    assert loss.item() == pytest.approx(-wanted.log().item(), rel=1e-4)
