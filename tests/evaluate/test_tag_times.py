"""How right the seconds of tags are: pairs of windows of one clip, counted by hand and from a network."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import synthetic
from earmark.evaluate.tag_times import HEARS, HEARS_NOT, PAIRS, RIGHT, _in_windows, count_pairs, pairs_in_time
from earmark.models.registry import Network, Outputs
from earmark.sound.tokens import FRAME_S
from earmark.train.batches import Examples, gather
from earmark.train.recipe import Recipe
from untrained import checkpoint

TAGS = ("loud", "still")
TOKEN_S = 19 * FRAME_S


def test_pairs_worked_out_by_hand() -> None:
    shares = np.array([[0.9], [HEARS], [0.15], [HEARS_NOT], [0.0]])  # two hear it, two do not, one is unsure
    right, pairs = count_pairs(np.array([[3.0], [1.0], [9.0], [1.0], [2.0]]), shares)
    assert (right.tolist(), pairs.tolist()) == ([2.5], [4])  # 3 > 1, 3 > 2, 1 = 1, 1 < 2
    assert count_pairs(np.array([[3.0], [np.nan], [9.0], [1.0], [2.0]]), shares)[1].tolist() == [2]
    assert count_pairs(np.zeros((0, 1)), np.zeros((0, 1)))[1].tolist() == [0]


def test_a_windows_logit_is_the_mean_of_the_tokens_in_it() -> None:
    found = _in_windows(np.array([0.7, 2.2, 3.7, 5.2]), np.array([[1.0], [3.0], [5.0], [9.0]]), 3, 3.0, 3.0)
    assert found[:2].tolist() == [[2.0], [7.0]]
    assert np.isnan(found[2, 0])
    overlapping = _in_windows(np.array([0.7, 2.2, 3.7, 5.2]), np.array([[1.0], [3.0], [5.0], [9.0]]), 2, 1.0, 3.0)
    assert overlapping.tolist() == [[2.0], [4.0]]


class Echo(Network):
    """Says of each token how loud it is, as "loud", and the opposite, as "still"."""

    token_frames = 19

    def forward(self, db: torch.Tensor, *, attention: bool = False) -> Outputs:
        loud = db.reshape(len(db), 128, -1, 19).mean(dim=(1, 3))  # (windows, tokens)
        tags = torch.stack([loud, -loud], dim=2)
        none = torch.zeros(len(db), 1)
        return Outputs(none, none, tags, none, None, token_heads={"tags": tags})


@pytest.fixture
def examples(tmp_path: Path) -> Examples:
    """Two clips of which a teacher heard windows of two tokens, and one of which it heard nothing."""
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=4)
    data = replace(data, clips=data.clips[:3])
    windows = np.array([[[3.0, -3.0], [-3.0, 3.0], [-3.0, -3.0]]] * 2)  # loud in the first window, still in the second
    np.savez(
        data.folder / "teacher.npz",
        ids=np.array([clip.id for clip in data.clips[:2]]),
        tags=np.array(TAGS),
        logits=windows.astype(np.float16),
        windows=np.array([3, 3]),
        hop_s=np.float32(2 * TOKEN_S),
        window_s=np.float32(2 * TOKEN_S),
    )
    plain = synthetic.recipe().to_dict()
    plain["model"]["heads"] = {"tags": 2}
    plain["teacher"] = {"embedding": 0.0}
    made = gather([data], Recipe.from_dict(plain), sorted({clip.label or "" for clip in data.clips} | {"other"}))
    made.pictures[:2] = 100
    made.pictures[:2, :, :38] = 200  # the first window is the loudest
    made.pictures[:2, :, 38:76] = 20  # the second the most quiet
    return made


def test_a_network_that_hears_the_right_seconds_is_right_in_all_pairs(examples: Examples) -> None:
    counts = pairs_in_time(Echo(), examples)
    assert counts[PAIRS].tolist() == [[2, 2], [2, 2], [0, 0]]
    assert counts[RIGHT].tolist() == counts[PAIRS].tolist()


def test_any_network_with_tags_can_be_asked(examples: Examples) -> None:
    counts = pairs_in_time(checkpoint(heads={"tags": 2}).network(), examples)
    assert counts[PAIRS].tolist() == [[2, 2], [2, 2], [0, 0]]
    assert (counts[RIGHT] <= counts[PAIRS]).all()
