"""The attention network: shapes, what its weights mean, what they must not change."""

import pytest
import torch
from torch import Tensor, nn

from earmark.errors import RecipeError
from earmark.models.registry import build, names
from earmark.train.recipe import Recipe

SMALL = {"stages": [{"channels": 8, "kernel": [8, 4], "stride": [4, 2]}, {"channels": 16, "stride": [2, 2]}]}


def network(**options: object) -> nn.Module:
    torch.manual_seed(0)
    return build("attention", {**SMALL, **options}, 10).eval()


def spectrogram(windows: int = 3, tokens: int = 20, *, seed: int = 0) -> Tensor:
    return -80 * torch.rand(windows, 128, tokens * 19, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("tokens", [1, 7, 20, 41])
def test_any_number_of_tokens_gives_arrays_of_the_named_shapes(tokens: int) -> None:
    said = network()(spectrogram(2, tokens), attention=True)
    assert said.logits.shape == (2, 10)
    assert said.token_logits.shape == (2, tokens, 10)
    assert said.vectors.shape == (2, tokens, 128)
    assert said.vector.shape == (2, 128)
    assert said.attention.shape == (2, tokens)


def test_asking_for_the_attention_does_not_change_the_logits() -> None:
    net, db = network(), spectrogram()
    assert net(db).attention is None
    assert torch.equal(net(db).logits, net(db, attention=True).logits)


def test_attention_is_a_share_of_each_token() -> None:
    attention = network()(spectrogram(), attention=True).attention
    assert (attention > 0).all()
    torch.testing.assert_close(attention.sum(dim=1), torch.ones(3))


def test_the_attention_is_the_weight_that_the_pool_gives_to_values() -> None:
    # With one head the vector is exactly the mean of the token values under the attention shown.
    net = network(heads=1)
    seen: dict[str, Tensor] = {}
    net.pool.value.register_forward_hook(lambda module, given, value: seen.update(value=value))
    said = net(spectrogram(), attention=True)
    torch.testing.assert_close(said.vector, (said.attention.unsqueeze(2) * seen["value"]).sum(dim=1))


def test_the_cnn_hears_each_token_alone() -> None:
    net, db = network(), spectrogram()
    changed = db.clone()
    changed[:, :, 5 * 19 : 6 * 19] = -3.0
    before, after = net(db).vectors, net(changed).vectors
    assert torch.equal(before[:, :5], after[:, :5])
    assert torch.equal(before[:, 6:], after[:, 6:])
    assert not torch.allclose(before[:, 5], after[:, 5])


def test_self_attention_relates_tokens_and_knows_their_place() -> None:
    net, db = network(), spectrogram()
    tokens = db.reshape(3, 128, 20, 19)
    turned = tokens.flip(2).reshape(3, 128, 380)
    assert torch.allclose(net(db).vectors.flip(1), net(turned).vectors, atol=1e-5)
    assert not torch.allclose(net(db).logits, net(turned).logits, atol=1e-6)


@pytest.mark.parametrize("name", ["earmark", "seed"])
def test_the_recipes_are_one_class_and_earmark_is_under_a_million_parameters(name: str) -> None:
    recipe = Recipe.load(f"recipes/{name}.toml")
    options = {key: value for key, value in recipe.model.items() if key != "kind"}
    net = build(recipe.model["kind"], options, len(recipe.genres))
    assert type(net).__name__ == "AttentionNet"
    assert sum(parameter.numel() for parameter in net.parameters()) < 1_000_000
    assert net.eval()(spectrogram(1)).logits.shape == (1, 10)


def test_an_option_or_a_network_that_is_not_there_is_named() -> None:
    assert "attention" in names()
    with pytest.raises(RecipeError, match="hats"):
        build("attention", {"hats": 3}, 10)
    with pytest.raises(RecipeError, match="transfomer"):
        build("transfomer", {}, 10)
