"""The network of bands: what is its own. `test_interface.py` holds every network to what all of them promise."""

import torch

from earmark.models.registry import Network
from earmark.train.export import PARITY, largest_difference, to_onnx
from earmark.train.recipe import Model


def network(**options: object) -> Network:
    torch.manual_seed(0)
    return Model.from_dict({"kind": "bands", **options}).build(4).eval()


def test_the_attention_is_the_weight_of_each_tokens_vector() -> None:
    db = -80 * torch.rand(2, 128, 5 * 19, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        outputs = network()(db, attention=True)
    torch.testing.assert_close(outputs.vector, (outputs.attention.unsqueeze(2) * outputs.vectors).sum(dim=1))
    torch.testing.assert_close(outputs.logits, network().genre(outputs.vector))


def test_other_options_are_exported_to_the_same_outputs() -> None:
    net = network(vector=8, token_frames=38)
    assert largest_difference(net, to_onnx(net), tokens=3) < PARITY
