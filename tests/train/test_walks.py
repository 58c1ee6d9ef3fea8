"""Sequences of tokens: which frames they are of, what is known of them, how they stand in a batch."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

import synthetic
from earmark.data.dataset import Clip
from earmark.models.attention import AttentionNet
from earmark.train.batches import Examples, gather, to_db
from earmark.train.recipe import Recipe
from earmark.train.walks import batches_of, conditions_of, sides_of, walks_of


def recipe() -> Recipe:
    plain = synthetic.recipe().to_dict()
    plain["model"] |= {"vector": 8, "code": "gaussian", "heads": {"decoder": 4}}
    return Recipe.from_dict(plain)


@pytest.fixture(scope="module")
def net() -> AttentionNet:
    torch.manual_seed(0)
    made = recipe().model.build(4)
    assert isinstance(made, AttentionNet)
    return made.eval()


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    data = synthetic.dataset(tmp_path_factory.mktemp("walks") / "pieces", clips_per_style=2)
    return gather([data], recipe(), data.labels)


def test_a_walks_vectors_are_those_that_the_network_gives_in_a_window(net: AttentionNet, examples: Examples) -> None:
    walk = next(walks_of(net, examples, offsets=(6,)))
    tokens = len(walk.means)
    assert tokens == (int(examples.frames[0]) - 6) // 19
    with torch.inference_mode():
        vectors = net(to_db(examples.pictures[:1, :, 6 : 6 + 19 * tokens])).vectors[0]
    torch.testing.assert_close(walk.means, vectors, atol=1e-4, rtol=1e-3)
    again = torch.from_numpy(walk.pictures).transpose(0, 1).reshape(128, -1)  # side by side
    assert torch.equal(again, examples.pictures[0, :, 6 : 6 + 19 * tokens])


def test_every_clip_gives_a_walk_an_offset_and_none_where_a_second_token_is_missing(
    net: AttentionNet, examples: Examples
) -> None:
    assert len(list(walks_of(net, examples, offsets=(0, 12)))) == 2 * len(examples)
    short = replace(examples, frames=examples.frames.clamp(max=40))
    assert len(list(walks_of(net, short, offsets=(0, 12)))) == len(examples)  # 38 frames are left once


def test_what_is_known_are_the_genres_that_are_left_open_and_the_quadrants_sides(examples: Examples) -> None:
    assert sorted(conditions_of(examples, 0).tolist()) == [0, 0, 0, 0, 0, 1]
    allowed = examples.allowed.clone()
    allowed[0] = torch.tensor([True, False, True, False])
    assert conditions_of(replace(examples, allowed=allowed), 0).tolist() == [0.5, 0, 0.5, 0, 0, 0]
    unlabelled = replace(examples, weights=torch.zeros_like(examples.weights))
    assert conditions_of(unlabelled, 0).tolist() == [0] * 6


@pytest.mark.parametrize(
    ("cell", "sides"),
    [("Q1", (1, 1)), ("Q2", (-1, 1)), ("Q3", (-1, -1)), ("Q4", (1, -1)), ("", (0, 0)), ("Q5", (0, 0))],
)
def test_a_quadrant_says_the_sides_of_valence_and_arousal(cell: str, sides: tuple[int, int]) -> None:
    assert sides_of(Clip("a", Path("x"), None, "", {"quadrant": cell})) == sides


def test_a_batch_begins_with_zeros_and_masks_what_is_padded(net: AttentionNet, examples: Examples) -> None:
    walks = list(walks_of(net, examples, offsets=(0,)))
    walks[3] = replace(walks[3], means=walks[3].means[:2])
    seen = 0
    for vectors, mask, known in batches_of(walks, 3, torch.Generator().manual_seed(0)):
        assert (vectors[:, 0] == 0).all()
        assert (vectors[:, 1:][mask == 0] == 0).all()
        assert vectors.shape[1] == mask.shape[1] + 1
        assert known.shape == (len(mask), 6)
        seen += int(mask.sum())
    assert seen == sum(len(walk.means) for walk in walks)
