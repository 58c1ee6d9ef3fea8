"""What `Network` and `Outputs` promise: every kind that is registered is held to it, with its options as they stand."""

from typing import Any

import pytest
import torch
from torch import Tensor

from earmark.errors import BundleError
from earmark.models.registry import Network, kinds
from earmark.train.export import PARITY, largest_difference, to_onnx
from earmark.train.recipe import Model

GENRES = 4
# What takes long as it stands, at sizes at which a test takes seconds.
SMALLER: dict[str, dict[str, Any]] = {
    "netvlad2020": {"token_frames": 57, "channels": [8, 8, 16, 16], "centroids": 4, "vector": 64},
    "transformer2020": {"token_frames": 114, "vector": 32, "feed": 64},
}


@pytest.fixture(scope="module", params=sorted(kinds()))
def net(request: pytest.FixtureRequest) -> Network:
    torch.manual_seed(0)
    return Model.from_dict({"kind": request.param, **SMALLER.get(request.param, {})}).build(GENRES).eval()


def spectrogram(net: Network, tokens: int, windows: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return -80 * torch.rand(windows, 128, tokens * net.token_frames, generator=generator)


@pytest.mark.parametrize("tokens", [1, 3])
def test_outputs_have_the_named_shapes_and_types(net: Network, tokens: int) -> None:
    with torch.inference_mode():
        outputs = net(spectrogram(net, tokens), attention=True)
    size = outputs.vectors.shape[2]
    assert outputs.logits.shape == (2, GENRES)
    assert outputs.token_logits.shape == (2, tokens, GENRES)
    assert outputs.vectors.shape == (2, tokens, size)
    assert outputs.vector.ndim == 2
    assert outputs.attention.shape == (2, tokens)
    assert outputs.alone is None or outputs.alone.shape == (2, tokens, GENRES)
    assert {name: head.shape for name, head in outputs.heads.items()} == {
        name: (2, size) for name, size in net.heads.items()
    }
    assert {array.dtype for array in outputs if isinstance(array, Tensor)} == {torch.float32}
    assert all(array.isfinite().all() for array in outputs if isinstance(array, Tensor))


def test_the_attention_comes_on_request_sums_to_1_and_changes_nothing_else(net: Network) -> None:
    db = spectrogram(net, 3)
    with torch.inference_mode():
        plain, asked = net(db), net(db, attention=True)
    assert plain.attention is plain.alone is plain.opinion_tokens is None
    assert (asked.attention >= 0).all()
    torch.testing.assert_close(asked.attention.sum(dim=1), torch.ones(2))
    for name in ("logits", "token_logits", "vectors", "vector"):
        assert torch.equal(getattr(plain, name), getattr(asked, name)), name


def test_a_vector_is_of_its_token_alone(net: Network) -> None:
    db = spectrogram(net, 3)
    changed = db.clone()
    changed[:, :, net.token_frames : 2 * net.token_frames] = -3.0
    with torch.inference_mode():
        before, after = net(db).vectors, net(changed).vectors
    for token in (0, 2):
        torch.testing.assert_close(before[:, token], after[:, token], atol=1e-5, rtol=1e-4)
    assert not torch.allclose(before[:, 1], after[:, 1], atol=1e-3)


def test_what_a_token_gives_alone_is_what_it_gives_as_the_whole_window(net: Network) -> None:
    db = spectrogram(net, 3)
    with torch.inference_mode():
        outputs = net(db, attention=True)
        if outputs.alone is None:
            return  # not every network tells tokens alone
        each = [net(token).logits for token in db.split(net.token_frames, dim=2)]
    alone, whole = outputs.alone.log_softmax(dim=2), torch.stack(each, dim=1).log_softmax(dim=2)
    torch.testing.assert_close(alone, whole, atol=1e-4, rtol=1e-4)


def test_windows_do_not_change_each_other(net: Network) -> None:
    db = spectrogram(net, 2, windows=3)
    with torch.inference_mode():
        torch.testing.assert_close(net(db).logits[1:2], net(db[1:2]).logits, atol=1e-4, rtol=1e-4)


def test_onnx_gives_the_same_at_any_number_of_tokens(net: Network) -> None:
    try:
        onnx = to_onnx(net)
    except BundleError:
        return  # it says that it is for comparison alone
    for tokens in (1, 3, 8):
        assert largest_difference(net, onnx, tokens=tokens) < PARITY


def test_stages_are_parts_of_the_network(net: Network) -> None:
    parts = set(net.modules())
    assert all(set(stage) <= parts for stage in net.stages().values())
