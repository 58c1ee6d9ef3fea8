"""Learning from sound alone: what each task asks, and that a network gets better at it on clips it never heard."""

from pathlib import Path

import numpy as np
import pytest
import torch

import synthetic
from earmark.errors import RecipeError
from earmark.train.batches import Examples, gather, to_db
from earmark.train.loop import train
from earmark.train.options import PretextOptions
from earmark.train.pretext import contrastive_loss, pretext_loss, token_profiles
from earmark.train.recipe import Recipe

TOKEN_FRAMES = 19
ALL = PretextOptions(masked=1.0, following=1.0, contrast=1.0)


def recipe(epochs: int = 12, **pretext: float) -> Recipe:
    plain = synthetic.recipe(epochs=epochs).to_dict()
    plain["model"]["heads"] = {"pretext": 1}
    return Recipe.from_dict({**plain, "pretext": {"masked": 1.0, "following": 1.0, "contrast": 1.0, **pretext}})


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    data = synthetic.dataset(tmp_path_factory.mktemp("pretext") / "pieces", clips_per_style=4)
    return gather([data], recipe(), data.labels)


def test_a_profile_tells_each_token_from_its_view() -> None:
    view = torch.full((1, 2, 6), -40.0)
    view[0, 0, 2:4] = torch.tensor([-20.0, 0.0])  # the second of three tokens, in the lower of two bands
    profiles = token_profiles(view, 3)
    assert profiles.shape == (1, 3, 4)
    assert profiles[0, :, 0].tolist() == pytest.approx([-0.5, 1.0, -0.5])
    assert profiles[0, :, 2].tolist() == pytest.approx([0.0, 0.5, 0.0])
    assert profiles[0, :, 1].abs().max() == profiles[0, :, 3].abs().max() == 0
    louder = token_profiles(view + 7, 3)
    assert torch.allclose(louder, profiles, atol=1e-5)


def test_halves_that_find_each_other_cost_nothing_and_lost_ones_much() -> None:
    vectors = torch.eye(4)
    assert contrastive_loss(vectors, 3 * vectors).item() < 1e-3
    assert contrastive_loss(vectors, vectors.roll(1, dims=0)).item() > 5
    assert contrastive_loss(torch.ones(4, 4), torch.ones(4, 4)).item() == pytest.approx(np.log(4), abs=1e-5)


def held_out_loss(net: torch.nn.Module, examples: Examples, options: PretextOptions) -> float:
    view = to_db(examples.pictures[:, :, : 6 * TOKEN_FRAMES])
    net.eval()
    with torch.inference_mode():
        return float(pretext_loss(net, net(view), view, options, torch.Generator().manual_seed(0)))


@pytest.mark.parametrize("task", ["masked", "following", "contrast"])
def test_each_task_is_learnt_without_a_label_and_serves_artists_never_heard(
    task: str, examples: Examples, tmp_path: Path
) -> None:
    plan = recipe(epochs=12, **{name: float(name == task) for name in ("masked", "following", "contrast")}, alone=12)
    mine = np.array([hash_free(artist) for artist in examples.artists])
    genres = tuple("abcd")
    torch.manual_seed(0)
    fresh = plan.model.build(4)
    net = train(plan, examples.take(mine), genres, tmp_path / "run").network()
    options = PretextOptions(**{task: 1.0})
    held = examples.take(~mine)
    assert held_out_loss(net, held, options) < 0.9 * held_out_loss(fresh, held, options)


def hash_free(artist: str) -> bool:
    """Half of the artists, the same in every process."""
    return sum(artist.encode()) % 2 == 0


def test_tasks_can_be_done_alone_and_a_task_at_nothing_costs_nothing(examples: Examples) -> None:
    torch.manual_seed(0)
    net = recipe().model.build(4)
    losses = [held_out_loss(net, examples, PretextOptions(**{name: 1.0})) for name in ("masked", "contrast")]
    assert held_out_loss(net, examples, PretextOptions()) == 0
    assert all(loss > 0 for loss in losses)


def test_a_network_without_heads_or_a_view_of_one_token_is_refused_in_words(examples: Examples) -> None:
    with pytest.raises(RecipeError, match="needs the head 'pretext'"):
        synthetic.recipe().with_values({"pretext.masked": 1.0})
    with_heads = recipe().model.build(4)
    view = torch.zeros(2, 128, TOKEN_FRAMES)
    with pytest.raises(RecipeError, match="two tokens"):
        pretext_loss(with_heads, with_heads(view), view, ALL, torch.Generator())


def test_clips_without_a_label_are_there_for_the_tasks_at_no_weight(tmp_path: Path) -> None:
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=2)
    plan = Recipe.from_dict(recipe().to_dict() | {"sets": {"pieces": {"map": {data.labels[0]: data.labels[0]}}}})
    gathered = gather([data], plan, data.labels)
    assert len(gathered) == len(data.clips)
    assert gathered.weights.sum() == 2
    plain = Recipe.from_dict(plan.to_dict() | {"pretext": None})
    assert len(gather([data], plain, data.labels)) == 2


def test_views_of_one_artist_are_found_among_those_of_others_and_a_third_of_the_same_is_no_other() -> None:
    vectors = torch.eye(4)[[0, 1, 2, 0, 1, 2]]  # three pairs that are each alike
    one, other = vectors.split(3)
    alone = contrastive_loss(one, other)
    mixed = contrastive_loss(one, other[[1, 0, 2]])
    assert mixed > alone + 1
    same = torch.tensor([[True, True, False], [True, True, False], [False, False, True]])  # the first two by one artist
    twins = contrastive_loss(one[[0, 0, 2]], other[[0, 0, 2]])
    assert contrastive_loss(one[[0, 0, 2]], other[[0, 0, 2]], also_alike=same) < twins


def test_a_network_learns_who_plays_and_a_recipe_that_blends_them_is_refused(tmp_path: Path) -> None:
    data = synthetic.dataset(tmp_path / "pieces", clips_per_style=6)
    plain = synthetic.recipe(epochs=12).to_dict() | {"pretext": {"artists": 1.0, "alone": 12}}
    plain["model"]["heads"] = {"pretext": 1}
    with pytest.raises(RecipeError, match="'mixup' blends them"):
        Recipe.from_dict(plain)
    plain["augment"]["mixup"] = 0.0
    plan = Recipe.from_dict(plain)
    run = train(plan, gather([data], plan, data.labels), data.labels, tmp_path / "run")
    losses = [row["loss"] for row in run.history]
    assert losses[-1] < losses[0] - 0.2
    assert run.epoch == 12
