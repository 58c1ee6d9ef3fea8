"""From torch to ONNX: the same answers at any length, and those heads alone that are wanted."""

import io

import onnx
import pytest
import torch

import synthetic
from earmark.models.registry import Network
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


@pytest.mark.parametrize("tokens", [1, 10, 20, 33])
def test_both_say_the_same_with_all_heads(full: Network, tokens: int) -> None:
    file = to_onnx(full)
    assert [output.name for output in graph_of(file).output] == [*WITHOUT_KERNEL, *HEADS]
    assert largest_difference(full, file, tokens=tokens) < PARITY


@pytest.mark.parametrize("head", HEADS)
def test_a_head_that_differs_is_found_out(full: Network, head: str) -> None:
    file = to_onnx(full)
    other = network(heads=HEADS)
    with torch.no_grad():
        other.head_layers[head].layer.bias += 0.01
    assert largest_difference(other, file, tokens=2) > PARITY


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
