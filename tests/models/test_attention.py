"""The attention network: shapes, what its weights mean, what they must not change."""

import pytest
import torch
from torch import Tensor, nn

from earmark.errors import BundleError, RecipeError
from earmark.models.attention import AttentionOptions, SelfAttention
from earmark.models.registry import Network, kinds
from earmark.models.token_cnn import Stage, _convolution, size_after
from earmark.train.export import to_onnx
from earmark.train.recipe import Model, Recipe

SMALL = {"stages": [{"channels": 8, "kernel": [8, 4], "stride": [4, 2]}, {"channels": 16, "stride": [2, 2]}]}


def network(kind: str = "attention", **options: object) -> Network:
    torch.manual_seed(0)
    return Model.from_dict({"kind": kind, **SMALL, **options}).build(10).eval()


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
    assert said.alone.shape == (2, tokens, 10)


def test_a_token_alone_is_heard_as_the_whole_window() -> None:
    net, db = network(), spectrogram(2, 3)
    alone = net(db, attention=True).alone
    each = torch.stack([net(part).logits for part in db.split(19, dim=2)], dim=1)
    torch.testing.assert_close(alone, each, atol=1e-5, rtol=1e-4)
    assert not torch.allclose(alone, net(db).token_logits, atol=1e-3)  # which know of the other tokens
    assert net(db).alone is None


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
    net = network(attention_heads=1)
    seen: dict[str, Tensor] = {}

    def keep(module: nn.Module, given: object, value: Tensor) -> None:
        seen.setdefault("value", value)  # the first call is that of the whole window

    net.pool.value.register_forward_hook(keep)
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
    net = recipe.model.build(len(recipe.genres))
    assert type(net).__name__ == "AttentionNet"
    assert sum(parameter.numel() for parameter in net.parameters()) < 1_000_000
    assert net.eval()(spectrogram(1)).logits.shape == (1, 10)


def test_an_option_or_a_network_that_is_not_there_is_named() -> None:
    assert "attention" in kinds()
    with pytest.raises(RecipeError, match="'hats' is not known"):
        network(hats=3)
    with pytest.raises(RecipeError, match="transfomer"):
        Model.from_dict({"kind": "transfomer"})
    with pytest.raises(RecipeError, match="a vector of 8 that 3 attention_heads do not divide"):
        network(vector=8, attention_heads=3)
    with pytest.raises(RecipeError, match=r"a head 'smell'; there are .*tags, embedding, styles, outside, pretext"):
        network(heads={"smell": 3})
    with pytest.raises(RecipeError, match="the head 'outside' the size 2; it must be 1"):
        network(heads={"outside": 2})


VARIANTS: list[dict[str, object]] = [
    {},
    {"kind": "attention_mean"},
    {"kind": "attention_alone", "layers": 0},
    {"kind": "attention_shuffled"},
    {"norm": False},
]


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_every_variant_learns_one_batch_by_heart(options: dict[str, object]) -> None:
    net = network(**{"dropout": 0.0, **options}).train()
    db, labels = spectrogram(8, 4), torch.arange(8) % 4
    optimizer = torch.optim.Adam(net.parameters(), lr=3e-3)
    for _ in range(80):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(net(db).logits, labels).backward()
        optimizer.step()
    with torch.no_grad():
        assert torch.nn.functional.cross_entropy(net(db).logits, labels) < 0.1


def test_mean_pooling_weighs_all_tokens_alike() -> None:
    net = network("attention_mean")
    said = net(spectrogram(2, 5), attention=True)
    torch.testing.assert_close(said.attention, torch.full((2, 5), 0.2))
    assert not torch.allclose(network()(spectrogram(2, 5), attention=True).attention, said.attention)


def test_a_token_alone_hears_of_no_other_and_all_have_one_vote() -> None:
    net, db = network("attention_alone"), spectrogram(1, 6)
    changed = db.clone()
    changed[:, :, : 2 * 19] = -3.0
    before, after = net(db), net(changed)
    torch.testing.assert_close(before.token_logits[:, 2:], after.token_logits[:, 2:])
    torch.testing.assert_close(before.logits, before.token_logits.log_softmax(dim=2).mean(dim=1))
    with pytest.raises(RecipeError, match="'layers' must be one of 0, not 1"):
        network("attention_alone", layers=1)


def test_shuffled_tokens_lose_their_order_and_nothing_else() -> None:
    net, db = network("attention_shuffled"), spectrogram(2, 8)
    torch.testing.assert_close(net(db).logits, net(db).logits)  # an answer can be repeated
    assert torch.equal(net(db).vectors, network()(db).vectors)  # what each token is stays as it is
    assert not torch.allclose(net(db).logits, network()(db).logits)
    # Without positions order is nothing to the network, so shuffling changes nothing.
    still, plain = network("attention_shuffled"), network()
    for each in (still, plain):
        each.positions.gain.data.zero_()
    torch.testing.assert_close(still(db).logits, plain(db).logits, rtol=1e-4, atol=1e-5)
    net.train()
    first = net(db).logits
    assert not torch.allclose(first, net(db).logits)  # in training another order each time


def test_tags_are_in_the_units_of_the_teacher() -> None:
    net = network(heads={"tags": 3, "embedding": 7})
    assert net.heads == {"tags": 3, "embedding": 7}
    net.meet_teacher(torch.tensor([-5.0, 0.0, 5.0]), torch.tensor([0.0, 1.0, 0.0]))
    said = net(spectrogram(2, 4))
    assert said.token_heads["tags"].shape == (2, 4, 3)
    assert said.heads["embedding"].shape == (2, 7)
    assert said.heads["tags"][:, 0].tolist() == [-5.0, -5.0]
    assert said.token_heads["tags"][:, :, 2].eq(5).all()
    assert network()(spectrogram(2, 4)).heads == {}
    with pytest.raises(RecipeError, match="have 2 tags, and the network learns 3"):
        net.meet_teacher(torch.zeros(2), torch.ones(2))


def test_shuffled_tokens_are_for_comparison_and_refuse_to_be_exported() -> None:
    with pytest.raises(BundleError, match="for comparison alone"):
        to_onnx(network("attention_shuffled"))


@pytest.mark.parametrize("heads", [1, 4])
def test_a_layer_relates_tokens_as_torch_s_own_attention_does(heads: int) -> None:
    torch.manual_seed(0)
    layer = SelfAttention(AttentionOptions(vector=32, attention_heads=heads)).eval()
    layer.qkv.weight.data *= 5  # so that some tokens matter much more than others
    tokens = torch.randn(2, 7, 32)
    parts = layer.qkv(layer.norm(tokens)).chunk(3, dim=2)
    query, key, value = (part.reshape(2, 7, heads, 32 // heads).transpose(1, 2) for part in parts)
    mixed = torch.nn.functional.scaled_dot_product_attention(query, key, value)
    related = tokens + layer.out(mixed.transpose(1, 2).reshape(2, 7, 32))
    torch.testing.assert_close(layer(tokens), related + layer.feed(related))


@pytest.mark.parametrize(
    ("stage", "size"),
    [
        (Stage(channels=4, kernel=(5, 7)), (128, 19)),
        (Stage(channels=4, kernel=(8, 4), stride=(4, 2)), (33, 10)),
        (Stage(channels=4, kernel=(3, 3), pool=(2, 3)), (64, 6)),
        (Stage(channels=4, kernel=(1, 5), stride=(2, 1), pool=(3, 1)), (21, 19)),
    ],
    ids=str,
)
@pytest.mark.parametrize("norm", [True, False])
def test_a_convolution_hears_to_the_edges_and_its_maps_have_the_size_foreseen(
    stage: Stage, size: tuple[int, int], *, norm: bool
) -> None:
    maps = nn.Sequential(*_convolution(2, stage, norm=norm))(torch.zeros(3, 2, 128, 19))
    assert maps.shape == (3, 4, *size)
    assert size_after((128, 19), stage) == size
