"""From a trained network to ONNX, at any number of windows and tokens, and the check that both say the same."""

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from earmark.sound.mel import BANDS, FLOOR_DB

OUTPUTS = ("logits", "attention", "token_logits", "vectors", "vector", "alone")
HEADS = ("tags", "outside")  # outputs that not every network has
PER_TOKEN = ("attention", "token_logits", "vectors", "alone")
PARITY = 1e-4
OPSET = 17


class _Spoken(nn.Module):
    """The network with its attention, as a plain tuple of named outputs."""

    def __init__(self, net: nn.Module, names: Sequence[str]) -> None:
        super().__init__()
        self.net = net
        self.names = names

    def forward(self, db: Tensor) -> tuple[Tensor, ...]:
        said = self.net(db, attention=True)
        return tuple(getattr(said, name) for name in self.names)


def heads_of(net: nn.Module, *, token_frames: int) -> Mapping[str, int]:
    """Which of HEADS a network has, and how many numbers each gives of a window."""
    with torch.inference_mode():
        said = net.eval().cpu()(_example(token_frames))
    return {name: getattr(said, name)[0].numel() for name in HEADS if getattr(said, name) is not None}


def to_onnx(net: nn.Module, *, token_frames: int, heads: Sequence[str] | None = None) -> bytes:
    """The network as ONNX: input `db` (windows, 128, frames), outputs OUTPUTS and heads; windows and frames are free.

    `heads` are some of those that the network has, all of them by default; others do not get into the file.
    """
    with torch.inference_mode():
        said = net.eval().cpu()(_example(token_frames), attention=True)
    always = [name for name in OUTPUTS if getattr(said, name) is not None]  # not all networks hear tokens alone
    names = [*always, *(heads_of(net, token_frames=token_frames) if heads is None else heads)]
    free = {"db": {0: "windows", 2: "frames"}}
    for name in names:
        free[name] = {0: "windows", 1: "tokens"} if name in PER_TOKEN else {0: "windows"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own successor
        file = Path(folder) / "network.onnx"
        torch.onnx.export(
            _Spoken(net.eval(), names).cpu().float(),
            (_example(token_frames),),
            file,
            input_names=["db"],
            output_names=names,
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
        )
        return file.read_bytes()


def largest_difference(net: nn.Module, onnx: bytes, *, tokens: int, token_frames: int, seed: int = 0) -> float:
    """The largest absolute difference of torch and onnxruntime on random windows of so many tokens.

    Of the logits, of those of tokens alone, and of the logits of every head that is in the file.
    """
    import onnxruntime

    rng = np.random.default_rng(seed)
    db: NDArray[np.float32] = rng.uniform(FLOOR_DB, 0, (3, BANDS, tokens * token_frames)).astype(np.float32)
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    there = {output.name for output in session.get_outputs()}
    names = [name for name in ("logits", "alone", *HEADS) if name in there]
    theirs = session.run(names, {"db": db})
    with torch.inference_mode():
        ours = net.eval().cpu()(torch.from_numpy(db), attention=True)
    pairs = zip(names, theirs, strict=True)
    return max(float(np.abs(getattr(ours, name).numpy() - array).max()) for name, array in pairs)


def _example(token_frames: int) -> Tensor:
    return torch.full((2, BANDS, 5 * token_frames), FLOOR_DB / 2)
