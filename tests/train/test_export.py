"""From torch to ONNX: the same answers at any length, and those heads alone that are wanted."""

import io

import onnx
import pytest
import torch
from torch import nn

import synthetic
from earmark.models import registry
from earmark.train import export
from earmark.train.export import HEADS, OUTPUTS, PARITY, heads_of, largest_difference, to_onnx

TOKEN_FRAMES = 19


def network(**options: object) -> nn.Module:
    """A network of the tiny recipe that nobody trained, its normalisations and tag units not the identity."""
    torch.manual_seed(0)
    model = synthetic.recipe().model
    net = registry.build("attention", {name: value for name, value in model.items() if name != "kind"} | options, 4)
    for name, buffer in net.named_buffers():
        if name.endswith(("running_mean", "running_var", "usual", "spread")):
            buffer.copy_(torch.rand_like(buffer) + 0.5)
    return net.eval()


@pytest.fixture(scope="module")
def full() -> nn.Module:
    return network(tags=5, embedding=7, outside=True)


def graph_of(file: bytes) -> onnx.GraphProto:
    return onnx.load(io.BytesIO(file)).graph


def test_heads_are_those_that_the_network_has(full: nn.Module) -> None:
    assert heads_of(full, token_frames=TOKEN_FRAMES) == {"tags": 5, "outside": 1}
    assert heads_of(network(), token_frames=TOKEN_FRAMES) == {}
    assert heads_of(network(outside=True), token_frames=TOKEN_FRAMES) == {"outside": 1}


@pytest.mark.parametrize("tokens", [1, 10, 20, 33])
def test_both_say_the_same_with_all_heads(full: nn.Module, tokens: int) -> None:
    file = to_onnx(full, token_frames=TOKEN_FRAMES)
    assert [output.name for output in graph_of(file).output] == [*OUTPUTS, *HEADS]
    assert largest_difference(full, file, tokens=tokens, token_frames=TOKEN_FRAMES) < PARITY


@pytest.mark.parametrize("head", HEADS)
def test_a_head_that_differs_is_found_out(full: nn.Module, head: str) -> None:
    file = to_onnx(full, token_frames=TOKEN_FRAMES)
    other = network(tags=5, embedding=7, outside=True)
    last = other.outside_head if head == "outside" else other.tag_head.layer
    with torch.no_grad():
        last.bias += 0.01
    assert largest_difference(other, file, tokens=2, token_frames=TOKEN_FRAMES) > PARITY


@pytest.mark.parametrize("heads", [(), ("tags",), ("outside",)])
def test_what_is_not_wanted_is_not_in_the_file(full: nn.Module, heads: tuple[str, ...]) -> None:
    graph = graph_of(to_onnx(full, token_frames=TOKEN_FRAMES, heads=heads))
    assert [output.name for output in graph.output] == [*OUTPUTS, *heads]
    weights = " ".join(tensor.name for tensor in graph.initializer)
    assert "embedding_head" not in weights
    assert ("tag_head" in weights) == ("tags" in heads)
    assert ("outside_head" in weights) == ("outside" in heads)


def test_a_network_without_heads_is_exported_as_ever() -> None:
    plain = network()
    file = to_onnx(plain, token_frames=TOKEN_FRAMES)
    assert [output.name for output in graph_of(file).output] == list(export.OUTPUTS)
    assert largest_difference(plain, file, tokens=3, token_frames=TOKEN_FRAMES) < PARITY
