"""What holds for every published system, and what each paper says of its own."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

import synthetic
from earmark.data.dataset import Dataset
from earmark.errors import RecipeError
from earmark.models.dong2018 import DongOptions
from earmark.models.netvlad2020 import NetVladOptions
from earmark.models.registry import Network, WithSideLoss, build, kinds
from earmark.models.transformer2020 import EncoderLayer, TransformerOptions
from earmark.train.batches import gather
from earmark.train.export import PARITY, largest_difference, to_onnx
from earmark.train.loop import OPTIMIZERS, train
from earmark.train.losses import partial_cross_entropy
from earmark.train.predict import clip_logits
from earmark.train.recipe import Model, Recipe

RIVALS = ("dong2018", "gru2020", "gru2020_parallel", "netvlad2020", "transformer2020")
NETWORKS = [  # recipes of networks: what says a kind that is registered
    path
    for path in sorted(Path("recipes").glob("*.toml"))
    if tomllib.loads(path.read_text()).get("model", {}).get("kind") in kinds()
]
OVERLAPPED = ("dong2018", "gru2020", "gru2020_parallel")
# Sizes at which a test takes seconds; 114 frames are a clip of the synthetic set.
SMALL: dict[str, dict[str, Any]] = {
    "dong2018": {"channels": 16},
    "gru2020": {"hidden": 32},
    "gru2020_parallel": {"hidden": 32, "channels": [8, 8, 8]},
    "netvlad2020": {"token_frames": 57, "channels": [8, 8, 16, 16], "centroids": 4, "vector": 64},
    "transformer2020": {"token_frames": 114, "vector": 32, "feed": 64},
}


def network(kind: str, **options: object) -> Network:
    torch.manual_seed(0)
    return Model.from_dict({"kind": kind, **SMALL[kind], **options}).build(4)


def spectrogram(frames: int, windows: int = 2, *, bands: int = 128) -> Tensor:
    return -80 * torch.rand(windows, bands, frames, generator=torch.Generator().manual_seed(1))


def parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


def loss_of(net: nn.Module, db: Tensor, allowed: Tensor) -> Tensor:
    said = net(db)
    every = partial_cross_entropy(said.token_logits, allowed[:, None].expand_as(said.token_logits)).mean()
    return every + net.side_loss(said, allowed) if isinstance(net, WithSideLoss) else every


def test_every_rival_is_registered() -> None:
    assert set(RIVALS) <= set(kinds())


@pytest.mark.parametrize("path", NETWORKS, ids=lambda path: path.stem)
def test_every_recipe_builds_a_network_that_keeps_the_contract(path: Path) -> None:
    recipe = Recipe.load(path)
    net = recipe.model.build(len(recipe.genres)).eval()
    with torch.inference_mode():
        db = spectrogram(2 * net.token_frames, 1, bands=recipe.model.to_dict().get("bands", 128))
        said = net(db, attention=True)
        assert torch.equal(said.logits, net(db).logits)
    assert said.logits.shape == (1, len(recipe.genres))
    assert said.token_logits.shape == (1, 2, len(recipe.genres))
    assert said.vectors.shape == (1, 2, said.vector.shape[1])
    torch.testing.assert_close(said.attention.sum(dim=1), torch.ones(1))


@pytest.mark.parametrize("kind", RIVALS)
@pytest.mark.parametrize("segments", [1, 3])
def test_outputs_have_the_named_shapes_and_types(kind: str, segments: int) -> None:
    net = network(kind).eval()
    said = net(spectrogram(segments * net.token_frames), attention=True)
    size = said.vector.shape[1]
    assert said.logits.shape == (2, 4)
    assert said.token_logits.shape == (2, segments, 4)
    assert said.vectors.shape == (2, segments, size)
    assert said.attention.shape == (2, segments)
    assert {each.dtype for each in said if isinstance(each, Tensor)} == {torch.float32}
    assert said.heads == net.heads == {}  # rivals have no teacher
    torch.testing.assert_close(said.attention.sum(dim=1), torch.ones(2))
    torch.testing.assert_close(said.vector, said.vectors.mean(dim=1))


@pytest.mark.parametrize("kind", RIVALS)
def test_asking_for_the_attention_changes_no_logits(kind: str) -> None:
    net = network(kind).eval()
    db = spectrogram(2 * net.token_frames)
    assert net(db).attention is None
    assert torch.equal(net(db).logits, net(db, attention=True).logits)


@pytest.mark.parametrize("kind", RIVALS)
def test_each_segment_is_heard_alone(kind: str) -> None:
    net = network(kind).eval()
    db = spectrogram(3 * net.token_frames)
    alone = [net(part).token_logits[:, 0] for part in db.split(net.token_frames, dim=2)]
    torch.testing.assert_close(net(db).token_logits, torch.stack(alone, dim=1), atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("kind", RIVALS)
def test_logits_are_the_logarithm_of_the_mean_probability_over_overlapped_segments(kind: str) -> None:
    net = network(kind).eval()
    frames = net.token_frames
    db = spectrogram(3 * frames)
    step = frames // 2 if kind in OVERLAPPED else frames
    starts = range(0, 2 * frames + 1, step)
    assert len(starts) == (5 if kind in OVERLAPPED else 3)
    heard = [net(db[:, :, start : start + frames]).token_logits[:, 0] for start in starts]
    mean = torch.stack([logits.softmax(dim=1) for logits in heard]).mean(dim=0)
    torch.testing.assert_close(net(db).logits, mean.log(), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(net(db).logits.exp().sum(dim=1), torch.ones(2))


@pytest.mark.parametrize("kind", OVERLAPPED)
def test_training_hears_no_overlap(kind: str) -> None:
    net = network(kind, dropout=0.0).train()
    said = net(spectrogram(3 * net.token_frames))
    torch.testing.assert_close(said.logits.exp(), said.token_logits.softmax(dim=2).mean(dim=1))


@pytest.mark.parametrize("kind", RIVALS)
def test_a_shorter_clip_is_repeated_and_what_is_left_over_is_not_heard(kind: str) -> None:
    net = network(kind).eval()
    frames = net.token_frames
    half = spectrogram(-(-frames // 2))
    torch.testing.assert_close(net(half).logits, net(half.repeat(1, 1, 2)[:, :, :frames]).logits)
    more = spectrogram(2 * frames + 5)
    torch.testing.assert_close(net(more).token_logits, net(more[:, :, : 2 * frames]).token_logits)


@pytest.mark.parametrize("kind", RIVALS)
def test_other_bands_and_a_plain_input_suit_a_front_end_of_its_own(kind: str) -> None:
    net = network(kind, bands=64).eval()
    plain = network(kind, bands=64, input="plain").eval()
    db = spectrogram(2 * net.token_frames, bands=64)
    torch.testing.assert_close(net(db).logits, plain(db / 40 + 1).logits)
    with pytest.raises(RecipeError, match="wave"):
        network(kind, input="wave")


@pytest.mark.parametrize("kind", RIVALS)
def test_onnx_says_the_same_at_any_number_of_segments(kind: str) -> None:
    net = network(kind)
    if kind == "netvlad2020":
        net.attention.gain.data.fill_(0.5)  # else its attention would not be heard
    onnx = to_onnx(net)
    for segments in (1, 3, 8):
        assert largest_difference(net, onnx, tokens=segments) < PARITY


@pytest.mark.parametrize("kind", RIVALS)
def test_it_learns_one_batch_by_heart(kind: str) -> None:
    recipe = Recipe.load(f"recipes/{kind}.toml")
    decay = {"kernel_decay": 0.0, "dense_decay": 0.0} if kind == "dong2018" else {}
    net = network(kind, dropout=0.0, **decay).train()
    db = spectrogram(net.token_frames, 8)
    allowed = one_hot(torch.arange(8) % 4, 4).bool()
    rate = max(recipe.train.learning_rate, 1e-3)
    optimizer = OPTIMIZERS[recipe.train.optimizer](net.parameters(), lr=rate)
    for _ in range(60):
        optimizer.zero_grad()
        loss_of(net, db, allowed).backward()
        optimizer.step()
    with torch.no_grad():
        assert partial_cross_entropy(net(db).logits, allowed).mean() < 0.3


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic.dataset(tmp_path_factory.mktemp("rivals") / "pieces")


@pytest.mark.parametrize(
    ("kind", "epochs"),
    [("dong2018", 20), ("gru2020", 15), ("gru2020_parallel", 15), ("netvlad2020", 15), ("transformer2020", 15)],
)
def test_its_recipe_learns_pieces_by_artists_it_never_heard(
    kind: str, epochs: int, data: Dataset, tmp_path: Path
) -> None:
    from earmark.data.splits import artist_folds

    values = tomllib.loads(Path(f"recipes/{kind}.toml").read_text())
    values["genres"] = []
    values["model"] |= SMALL[kind]
    values["train"] |= {"epochs": epochs, "batch_size": 8}
    values["augment"]["tokens"] = max(1, 114 // values["model"]["token_frames"])
    if kind == "transformer2020":
        values["train"]["learning_rate"] = 2e-3  # few steps
    recipe = Recipe.from_dict(values)
    examples = gather([data], recipe, data.labels)
    folds = artist_folds(examples.labels, examples.artists, folds=4)
    checkpoint = train(recipe, examples.take(folds != 0), data.labels, tmp_path)
    held = examples.take(folds == 0)
    logits = clip_logits(checkpoint.network(), held)
    assert (logits.argmax(axis=1) == held.allowed.numpy().argmax(axis=1)).mean() > 0.9


@pytest.mark.parametrize("kind", RIVALS)
def test_the_recipe_trains_on_segments_of_the_networks_length(kind: str) -> None:
    recipe = Recipe.load(f"recipes/{kind}.toml")
    net = recipe.model.build(len(recipe.genres))
    assert recipe.name == recipe.model.kind == kind
    assert net.token_frames == recipe.model.token_frames
    assert (recipe.train.clip_loss, recipe.train.token_loss, recipe.train.label_smoothing) == (0.0, 1.0, 0.0)
    assert recipe.train.ema_decay == recipe.augment.mixup == recipe.train.weight_decay == 0.0


def test_dong_has_the_published_number_of_parameters() -> None:
    assert parameters(build("dong2018", DongOptions(bands=64, token_frames=256), 10)) == 463_914


def test_dongs_penalty_is_the_sum_of_squares_of_kernels_and_of_the_dense_layer() -> None:
    net = network("dong2018")
    weights = {name: parameter.detach() for name, parameter in net.named_parameters()}
    by_hand = 0.01 * sum((weights[f"{name}.weight"] ** 2).sum() for name in ("first", "second"))
    by_hand = by_hand + 0.02 * (weights["dense.weight"] ** 2).sum()
    said = net(spectrogram(38))
    torch.testing.assert_close(net.side_loss(said, torch.ones(2, 4).bool()).detach(), by_hand)


def test_dong_rectifies_after_the_pool_what_the_paper_rectifies_before() -> None:
    net = network("dong2018").eval()
    db = spectrogram(38)
    maps = (db / 40 + 1)[:, None]
    for layer in (net.first, net.second):
        maps = nn.functional.max_pool2d(layer(maps).relu(), (2, 4))
    torch.testing.assert_close(net(db).vectors[:, 0], net.dense(maps.flatten(1)).relu())


def test_netvlad_has_the_published_number_of_parameters_and_its_centres() -> None:
    net = build("netvlad2020", NetVladOptions(), 10)
    assert parameters(net) - net.centres.numel() == 23_030_471
    assert net.dense.in_features == 224 * 10 * 10


def test_netvlad_sums_residuals_under_a_softmax_of_distances() -> None:
    torch.manual_seed(0)
    net = network("netvlad2020", alpha=3.0)
    coder = net.coders[0]
    maps = torch.randn(2, 8, 5, 4)
    places = nn.functional.normalize(maps, dim=1).flatten(2).transpose(1, 2)  # (2, 20, 8)
    residuals = places[:, :, None] - coder.centroids  # (2, 20, 4, 8)
    shares = (-3.0 * residuals.square().sum(dim=3)).softmax(dim=2)
    code = (shares[..., None] * residuals).sum(dim=1)  # (2, 4, 8)
    by_hand = nn.functional.normalize(nn.functional.normalize(code, dim=2).flatten(1), dim=1)
    torch.testing.assert_close(coder(maps), by_hand)
    torch.testing.assert_close(coder(maps).norm(dim=1), torch.ones(2))


def test_netvlads_attention_is_that_of_convolutions_over_equal_copies() -> None:
    torch.manual_seed(0)
    layer = network("netvlad2020").attention
    codes = torch.randn(2, 30)
    assert torch.equal(layer(codes), codes[:, None].expand(-1, 10, -1))  # the gain starts at 0
    layer.gain.data.fill_(0.7)
    places = codes[:, :, None].expand(-1, -1, 10)  # (2, codes, copies)
    weights = (layer.query(places) @ layer.key(places).transpose(1, 2)).softmax(dim=2)
    torch.testing.assert_close(layer(codes), (0.7 * weights @ layer.value(places) + places).transpose(1, 2))


def test_the_centre_loss_is_the_squared_distance_to_the_own_centre() -> None:
    net = network("netvlad2020").eval()
    said = net(spectrogram(2 * net.token_frames))
    allowed = torch.tensor([[False, True, False, False], [True, False, False, True]])
    distance = (said.vectors[:, :, None] - net.centres).square().sum(dim=3)  # (2, 2, 4)
    nearest = torch.stack([distance[0, :, 1], distance[1][:, [0, 3]].amin(dim=1)])
    torch.testing.assert_close(net.side_loss(said, allowed), 1e-4 * nearest.mean())
    net.side_loss(said, allowed).backward()
    assert net.centres.grad[1].abs().sum() > 0
    assert net.centres.grad[2].abs().sum() == 0


@pytest.mark.parametrize("kind", ["gru2020", "gru2020_parallel"])
def test_gru_vectors_are_the_outputs_weighted_by_an_attention_over_frames(kind: str) -> None:
    net = network(kind).eval()
    segments = torch.randn(3, 128, 38)
    states, _ = net.gru(segments.transpose(1, 2))
    weights = net.weights(segments, states)
    assert weights.shape == (3, 38)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(3))
    torch.testing.assert_close(net.hear(segments)[0], torch.einsum("nf,nfs->ns", weights, states))


def test_serial_attention_looks_at_the_recurrent_outputs_and_parallel_attention_at_the_sound() -> None:
    segments, states = torch.randn(2, 3, 128, 38), torch.randn(2, 3, 38, 64)
    serial, parallel = network("gru2020").scores, network("gru2020_parallel").scores
    assert torch.equal(serial(segments[0], states[0]), serial(segments[1], states[0]))
    assert not torch.equal(serial(segments[0], states[0]), serial(segments[0], states[1]))
    assert torch.equal(parallel(segments[0], states[0]), parallel(segments[0], states[1]))
    assert not torch.equal(parallel(segments[0], states[0]), parallel(segments[1], states[0]))


def test_the_transformer_knows_the_place_of_a_frame() -> None:
    net = network("transformer2020").eval()
    db = spectrogram(114)
    assert not torch.allclose(net(db).logits, net(db.flip(2)).logits, atol=1e-5)
    net.places.zero_()
    torch.testing.assert_close(net(db).logits, net(db.flip(2)).logits)


@pytest.mark.parametrize("heads", [1, 4])
def test_a_layer_of_the_transformer_is_torch_s_own_encoder_layer(heads: int) -> None:
    torch.manual_seed(0)
    layer = EncoderLayer(TransformerOptions(vector=32, attention_heads=heads, feed=48)).eval()
    oracle = nn.TransformerEncoderLayer(32, heads, dim_feedforward=48, batch_first=True).eval()
    theirs = {
        "self_attn.in_proj_": layer.qkv,
        "self_attn.out_proj.": layer.out,
        "linear1.": layer.feed[0],
        "linear2.": layer.feed[2],
        "norm1.": layer.norms[0],
        "norm2.": layer.norms[1],
    }
    for module in theirs.values():
        module.weight.data += 0.3 * torch.randn(module.weight.shape)
        module.bias.data += 0.3 * torch.randn(module.bias.shape)
    oracle.load_state_dict(
        {prefix + name: value for prefix, module in theirs.items() for name, value in module.state_dict().items()}
    )
    assert parameters(layer) == parameters(oracle)
    frames = torch.randn(2, 9, 32)
    torch.testing.assert_close(layer(frames), oracle(frames))
