"""From a trained network to ONNX, at any number of windows and tokens, and the check that both say the same."""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from earmark.sound.mel import BANDS, FLOOR_DB

OUTPUTS = ("logits", "attention", "token_logits", "vectors", "vector")
PARITY = 1e-4
OPSET = 17


class _Spoken(nn.Module):
    """The network with its attention, as a plain tuple in the order of OUTPUTS."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, db: Tensor) -> tuple[Tensor, ...]:
        said = self.net(db, attention=True)
        return tuple(getattr(said, name) for name in OUTPUTS)


def to_onnx(net: nn.Module, *, token_frames: int) -> bytes:
    """The network as ONNX: input `db` (windows, 128, frames), outputs OUTPUTS; windows and frames are free."""
    example = torch.full((2, BANDS, 5 * token_frames), FLOOR_DB / 2)
    free = {"db": {0: "windows", 2: "frames"}}
    for name in OUTPUTS:
        free[name] = {0: "windows"} if name in ("logits", "vector") else {0: "windows", 1: "tokens"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own successor
        file = Path(folder) / "network.onnx"
        torch.onnx.export(
            _Spoken(net.eval()).cpu().float(),
            (example,),
            file,
            input_names=["db"],
            output_names=list(OUTPUTS),
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
        )
        return file.read_bytes()


def largest_difference(net: nn.Module, onnx: bytes, *, tokens: int, token_frames: int, seed: int = 0) -> float:
    """The largest absolute difference in the logits of torch and onnxruntime, on random windows of so many tokens."""
    import onnxruntime

    rng = np.random.default_rng(seed)
    db: NDArray[np.float32] = rng.uniform(FLOOR_DB, 0, (3, BANDS, tokens * token_frames)).astype(np.float32)
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    theirs = session.run(["logits"], {"db": db})[0]
    with torch.inference_mode():
        ours = net.eval().cpu()(torch.from_numpy(db)).logits.numpy()
    return float(np.abs(ours - theirs).max())
