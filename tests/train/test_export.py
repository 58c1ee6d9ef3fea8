"""From torch to ONNX: the same answers at any length, and those heads alone that are wanted."""

import copy
import io

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import synthetic
from earmark.models.attention import AttentionNet
from earmark.models.kernel import VIEW
from earmark.models.registry import Network
from earmark.sound.mel import FLOOR_DB
from earmark.train.export import OUTPUTS, PARITY, largest_difference, to_onnx
from earmark.train.recipe import Model

WITHOUT_KERNEL = [name for name in OUTPUTS if name not in ("opinion_tokens", "view")]
HEADS = {"tags": 5, "embedding": 7, "outside": 1}


def network(**options: object) -> Network:
    """A network of the tiny recipe that nobody trained, its normalisations and tag units not the identity."""
    torch.manual_seed(0)
    net = Model.from_dict(synthetic.recipe().model.to_dict() | options).build(4)
    for name, buffer in net.named_buffers():
        if name.endswith(("running_mean", "running_var", "usual", "spread")):
            buffer.copy_(torch.rand_like(buffer) + 0.5)
    return net.eval()


@pytest.fixture(scope="module")
def full() -> Network:
    return network(heads=HEADS)


def graph_of(file: bytes) -> onnx.GraphProto:
    return onnx.load(io.BytesIO(file)).graph


def test_heads_are_those_that_the_network_has(full: Network) -> None:
    assert full.heads == HEADS
    assert network().heads == {}
    assert network(heads={"outside": 1, "pretext": 1}).heads == {"outside": 1}  # [pretext] has no answer


@pytest.fixture(scope="module")
def full_file(full: Network) -> bytes:
    """The same as ONNX."""
    return to_onnx(full)


@pytest.mark.parametrize("tokens", [1, 10, 20, 33])
def test_both_say_the_same_with_all_heads(full: Network, full_file: bytes, tokens: int) -> None:
    assert [output.name for output in graph_of(full_file).output] == [*WITHOUT_KERNEL, *HEADS]
    assert largest_difference(full, full_file, tokens=tokens) < PARITY


@pytest.mark.parametrize("head", HEADS)
def test_a_head_that_differs_is_found_out(full_file: bytes, head: str) -> None:
    other = network(heads=HEADS)
    with torch.no_grad():
        other.head_layers[head].layer.bias += 0.01
    assert largest_difference(other, full_file, tokens=2) > PARITY


@pytest.mark.parametrize("heads", [(), ("tags",), ("outside",)])
def test_what_is_not_wanted_is_not_in_the_file(full: Network, heads: tuple[str, ...]) -> None:
    graph = graph_of(to_onnx(full, heads=heads))
    assert [output.name for output in graph.output] == [*WITHOUT_KERNEL, *heads]
    weights = " ".join(tensor.name for tensor in graph.initializer)
    for head in HEADS:
        assert (f"head_layers.{head}" in weights) == (head in heads)


def test_a_network_without_heads_is_exported_as_ever() -> None:
    plain = network()
    file = to_onnx(plain)
    assert [output.name for output in graph_of(file).output] == WITHOUT_KERNEL
    assert largest_difference(plain, file, tokens=3) < PARITY


@pytest.fixture(scope="module")
def opinionated() -> AttentionNet:
    """One with kernel machines that know some places, so that it has a view."""
    net = network(kernel=12, components=4)
    assert isinstance(net, AttentionNet)
    assert net.kernel is not None
    for head in net.kernel.heads:
        head.axes.copy_(torch.randn(head.axes.shape) / 1000)
        head.known.copy_(torch.randn(head.known.shape))
        head.weights.copy_(torch.randn(head.weights.shape))
        head.width.fill_(5.0)
    return net


@pytest.fixture(scope="module")
def opinionated_file(opinionated: AttentionNet) -> bytes:
    """The same as ONNX."""
    return to_onnx(opinionated)


@pytest.mark.parametrize("tokens", [1, 7, 20, 33])
def test_view_and_vectors_of_tokens_alone_are_the_same_in_both(
    opinionated: AttentionNet, opinionated_file: bytes, tokens: int
) -> None:
    file = opinionated_file
    names = ["alone_vectors", "view"]
    assert {*names} <= {output.name for output in graph_of(file).output}
    db = np.random.default_rng(0).uniform(FLOOR_DB, 0, (3, 128, 19 * tokens)).astype(np.float32)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    vectors, view = session.run(names, {"db": db})
    with torch.inference_mode():
        ours = opinionated(torch.from_numpy(db), attention=True)
    assert vectors.shape == (3, tokens, opinionated.options.vector)
    assert view.shape == (3, 2 * VIEW)
    assert np.abs(vectors - ours.alone_vectors.numpy()).max() < PARITY
    assert np.abs(view - ours.view.numpy()).max() < PARITY
    assert np.abs(view).max() > 0.01
    assert largest_difference(opinionated, file, tokens=tokens) < PARITY


def test_a_view_that_differs_is_found_out(opinionated: AttentionNet, opinionated_file: bytes) -> None:
    file = opinionated_file
    other = copy.deepcopy(opinionated)
    assert other.kernel is not None
    other.kernel.pieces.known.mul_(0.9)
    other.kernel.pieces.weights.zero_()
    other.kernel.pieces.forget_view()
    assert largest_difference(other, file, tokens=4) > PARITY


def test_a_network_that_was_exported_is_not_left_in_training(opinionated: AttentionNet) -> None:
    to_onnx(opinionated)
    assert not any(part.training for part in opinionated.modules())


def test_a_token_alone_is_a_window_of_its_own(opinionated: AttentionNet) -> None:
    db = torch.from_numpy(np.random.default_rng(0).uniform(FLOOR_DB, 0, (1, 128, 19 * 3)).astype(np.float32))
    with torch.inference_mode():
        whole = opinionated(db, attention=True).alone_vectors
        each = [opinionated(part, attention=True).vector for part in db.split(19, dim=2)]
    assert torch.allclose(whole[0], torch.cat(each), atol=1e-5)
