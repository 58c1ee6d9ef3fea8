"""The shape of the vectors: what each loss asks, that training does it, goes on to the bit, and is exported."""

from pathlib import Path
from typing import Any

import pytest
import torch

import synthetic
from earmark.errors import RecipeError
from earmark.models.codes import Coded
from earmark.models.decoder import token_pictures
from earmark.models.registry import Draws
from earmark.train.batches import Examples, gather, to_db
from earmark.train.export import PARITY, largest_difference, to_onnx
from earmark.train.latent import divergence_loss, l1_loss, picture_loss, risen
from earmark.train.loop import train
from earmark.train.recipe import Recipe

HEADS = {"decoder": 8, "next": 2}


def recipe(epochs: int = 6, model: dict[str, Any] | None = None, **latent: float) -> Recipe:
    plain = synthetic.recipe(epochs=epochs).to_dict()
    plain["model"] |= {"vector": 16, "heads": HEADS, **(model or {})}
    plain["train"] |= {"learning_rate": 2e-2, "ema_decay": 0.5}
    return Recipe.from_dict({**plain, "latent": latent or None})


ALL = {"reconstruction": 1.0, "beta": 1.0, "beta_epochs": 2, "free_bits": 0.1, "following": 1.0, "foreseen": 1.0}
VAE = {"code": "gaussian", "kept": 6}


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    data = synthetic.dataset(tmp_path_factory.mktemp("latent") / "pieces", clips_per_style=3)
    return gather([data], recipe(), data.labels)


def test_a_number_has_its_free_bits_as_a_mean_over_tokens() -> None:
    means = torch.tensor([[[2.0, 0.0, 0.5]], [[0.0, 0.0, 0.5]]])  # nats: (2 + 0) / 2, 0, 0.125
    coded = Coded(means, means, torch.zeros_like(means))
    assert divergence_loss(coded, 0.0).item() == pytest.approx(1.125)
    assert divergence_loss(coded, 0.25).item() == pytest.approx(1.0 + 0.25 + 0.25)


def test_l1_is_1_for_vectors_whose_numbers_are_alike_and_falls_with_how_many_are_0() -> None:
    dense, sparse = torch.tensor([[3.0, -3.0, 3.0, 3.0]]), torch.tensor([[0.0, 0.0, 7.0, 0.0]])
    assert l1_loss(dense).item() == pytest.approx(1.0, abs=1e-4)
    assert l1_loss(sparse).item() == pytest.approx(0.5, abs=1e-4)
    assert l1_loss(sparse / 7).item() == pytest.approx(l1_loss(sparse).item(), abs=1e-4)  # smaller is not sparser


def test_beta_rises_in_a_line_and_the_loss_of_a_picture_is_the_log_of_its_error() -> None:
    assert [risen(epoch, 4) for epoch in (0, 1, 4, 9)] == [0.0, 0.25, 1.0, 1.0]
    assert risen(0, 0) == 1.0
    wanted = torch.zeros(2, 3)
    tenth, half = (picture_loss(torch.full((2, 3), size), wanted).item() for size in (0.1, 0.5))
    assert half - tenth == pytest.approx(torch.log(torch.tensor(5.0)).item(), abs=1e-3)


def test_training_draws_tokens_better_and_keeps_what_it_was_asked_to_keep(examples: Examples, tmp_path: Path) -> None:
    plan = recipe(12, VAE, **ALL)
    torch.manual_seed(0)
    fresh = plan.model.build(4).eval()
    net = train(plan, examples, tuple("abcd"), tmp_path / "run").network()
    view = to_db(examples.pictures[:, :, : 4 * 19])
    errors = []
    with torch.inference_mode():
        for each in (fresh, net):
            assert isinstance(each, Draws)
            vectors = each(view).vectors
            errors.append((each.decoder()(vectors) - token_pictures(view, 4)).square().mean().item())
            assert (vectors != 0).sum(dim=2).max() <= 6
    assert errors[1] < 0.5 * errors[0]


def test_l1_makes_vectors_sparser(examples: Examples, tmp_path: Path) -> None:
    said = []
    for weight in (0.0, 3.0):
        plan = recipe(5, {"code": "sparse"}, l1=weight)
        net = train(plan, examples, tuple("abcd"), tmp_path / f"{weight}").network()
        with torch.inference_mode():
            said.append(l1_loss(net(to_db(examples.pictures[:, :, : 4 * 19])).vectors).item())
    assert said[1] < 0.9 * said[0]


def test_a_run_that_was_cut_off_goes_on_to_the_bit(examples: Examples, tmp_path: Path) -> None:
    plan, genres = recipe(2, VAE, **ALL), tuple("abcd")
    whole = train(plan, examples, genres, tmp_path / "whole")
    train(plan, examples, genres, tmp_path / "cut", stop_after=1)
    again = train(plan, examples, genres, tmp_path / "cut")
    assert all(torch.equal(whole.weights[name], again.weights[name]) for name in whole.weights)


@pytest.mark.parametrize("model", [VAE, {"code": "gaussian"}, {"code": "sparse", "kept": 3}, {"code": "sparse"}])
def test_onnx_gives_the_same_vectors_and_answers(model: dict[str, Any]) -> None:
    torch.manual_seed(0)
    net = recipe(1, model).model.build(4).eval()
    assert not {"decoder", "next"} & set(net.heads)
    assert largest_difference(net, to_onnx(net), tokens=3) < PARITY


@pytest.mark.parametrize(
    ("model", "latent", "words"),
    [
        ({"heads": {}}, {"reconstruction": 1.0}, "head 'decoder'"),
        ({"heads": {}}, {"following": 1.0}, "head 'next'"),
        ({"heads": {"next": 2}}, {"foreseen": 1.0}, "head 'decoder'"),
        ({}, {"beta": 1.0}, "Gaussian code"),
        ({"code": "sparse"}, {"free_bits": 0.1}, "Gaussian code"),
        ({}, {"beta": -1.0}, "at least 0"),
        ({}, {"gamma": 1.0}, "'gamma' is not known"),
    ],
)
def test_what_the_network_cannot_do_is_refused(model: dict[str, Any], latent: dict[str, float], words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        recipe(1, model, **latent)
