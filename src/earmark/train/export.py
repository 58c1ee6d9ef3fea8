"""From a trained network to ONNX, for any number of windows and tokens, and the check that both give the same."""

import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from earmark.models.registry import Network, Outputs
from earmark.sound.mel import BANDS, FLOOR_DB

# And the heads, by their names. Not every network has the last two.
OUTPUTS = ("logits", "attention", "token_logits", "vectors", "vector", "alone", "opinion_tokens")
PER_TOKEN = ("attention", "token_logits", "vectors", "alone", "opinion_tokens")
PARITY = 1e-4
OPSET = 17


class _Named(nn.Module):
    """The network with its attention, as a plain tuple of named outputs."""

    def __init__(self, net: Network, names: Sequence[str]) -> None:
        super().__init__()
        self.net = net
        self.names = names

    def forward(self, db: Tensor) -> tuple[Tensor, ...]:
        outputs = named(self.net(db, attention=True))
        return tuple(outputs[name] for name in self.names)


def named(outputs: Outputs) -> dict[str, Tensor]:
    """All outputs that a bundle may have, by name; a head of one number is (windows,)."""
    core = {name: getattr(outputs, name) for name in OUTPUTS}
    heads = {name: array.squeeze(1) if array.shape[1] == 1 else array for name, array in outputs.heads.items()}
    return {name: array for name, array in {**core, **heads}.items() if array is not None}


def to_onnx(net: Network, *, heads: Sequence[str] | None = None) -> bytes:
    """The network as ONNX: input `db` (windows, 128, frames), outputs OUTPUTS and heads; windows and frames are free.

    `heads` are names of the network's heads that the file shall have, by default all of them. BundleError where such a
    network cannot be exported.
    """
    with torch.inference_mode():
        outputs = named(net.eval().cpu()(_example(net.token_frames), attention=True))
    names = [name for name in OUTPUTS if name in outputs]
    names += [name for name in outputs if name not in OUTPUTS and (heads is None or name in heads)]
    free = {"db": {0: "windows", 2: "frames"}}
    for name in names:
        free[name] = {0: "windows", 1: "tokens"} if name in PER_TOKEN else {0: "windows"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own successor
        file = Path(folder) / "network.onnx"
        torch.onnx.export(
            _Named(net.eval(), names).cpu().float(),
            (_example(net.token_frames),),
            file,
            input_names=["db"],
            output_names=names,
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
        )
        return file.read_bytes()


def largest_difference(net: Network, onnx: bytes, *, tokens: int, seed: int = 0) -> float:
    """The largest absolute difference of torch and onnxruntime on random windows of so many tokens.

    Compared are `logits`, `alone`, `opinion_tokens`, and every head that is in the file.
    """
    import onnxruntime

    rng = np.random.default_rng(seed)
    db: NDArray[np.float32] = rng.uniform(FLOOR_DB, 0, (3, BANDS, tokens * net.token_frames)).astype(np.float32)
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    compared = ("logits", "alone", "opinion_tokens", *net.heads)
    names = [output.name for output in session.get_outputs() if output.name in compared]
    theirs = session.run(names, {"db": db})
    with torch.inference_mode():
        ours = named(net.eval().cpu()(torch.from_numpy(db), attention=True))
    return max(float(np.abs(ours[name].numpy() - array).max()) for name, array in zip(names, theirs, strict=True))


def _example(token_frames: int) -> Tensor:
    return torch.full((2, BANDS, 5 * token_frames), FLOOR_DB / 2)
