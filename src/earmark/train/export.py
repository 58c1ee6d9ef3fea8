"""From a trained network to ONNX, for any number of windows and tokens, and the check that both give the same."""

import tempfile
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from earmark.models.registry import Network, Outputs
from earmark.sound.mel import BANDS, FLOOR_DB

# And the heads, by their names. Not every network has those from `alone` on.
OUTPUTS = (
    *("logits", "attention", "token_logits", "vectors", "vector"),
    *("alone", "opinion_tokens", "alone_vectors", "pitch", "view"),
)
TAGS, TOKEN_TAGS = "tags", "token_tags"  # of a window and of each token
PER_TOKEN = ("attention", "token_logits", "vectors", "alone", "opinion_tokens", "alone_vectors", TOKEN_TAGS)
Mix = Mapping[str, NDArray[np.float32]]  # by head: (outputs, words), the part of each output in each word
PARITY = 1e-4
OPSET = 17


class WordLayer(nn.Module):
    """Words from the outputs of heads, (..., words): one layer without an offset, of windows and of tokens alike."""

    weights: Tensor  # (outputs of all heads, words)

    def __init__(self, mix: Mix) -> None:
        super().__init__()
        self.heads = tuple(mix)
        self.register_buffer("weights", torch.from_numpy(np.concatenate(list(mix.values()))))

    def forward(self, heads: Mapping[str, Tensor]) -> Tensor:
        """From the outputs of each head, by name, (..., outputs)."""
        return torch.cat([heads[name] for name in self.heads], dim=-1) @ self.weights


class _Named(nn.Module):
    """The network with its attention, as a plain tuple of named outputs."""

    offsets: Tensor

    def __init__(self, net: Network, names: Sequence[str], words: WordLayer | None, offsets: Sequence[float]) -> None:
        super().__init__()
        self.net = net
        self.names = names
        self.words = words
        self.register_buffer("offsets", torch.tensor(offsets))

    def forward(self, db: Tensor) -> tuple[Tensor, ...]:
        outputs = named(_shifted(self.net(db, attention=True), self.offsets), words=self.words)
        return tuple(outputs[name] for name in self.names)


def named(outputs: Outputs, *, words: WordLayer | None = None) -> dict[str, Tensor]:
    """All outputs that a bundle may have, by name; a head of one number is (windows,).

    With a layer of words, these stand in the place of the heads that they are made of: "tags" (windows, words) and
    "token_tags" (windows, tokens, words) where the network has the heads of tokens.
    """
    core = {name: getattr(outputs, name) for name in OUTPUTS}
    heads = {name: array.squeeze(1) if array.shape[1] == 1 else array for name, array in outputs.heads.items()}
    told: dict[str, Tensor] = {}
    if words is not None:
        heads = {name: array for name, array in heads.items() if name not in words.heads}
        told = {TAGS: words(outputs.heads)}
        if all(name in outputs.token_heads for name in words.heads):
            told[TOKEN_TAGS] = words(outputs.token_heads)
    return {name: array for name, array in {**core, **heads, **told}.items() if array is not None}


def _shifted(outputs: Outputs, offsets: Tensor) -> Outputs:
    """With (genres,) offsets on all genre logits; () leaves them."""
    if not offsets.numel():
        return outputs
    alone = None if outputs.alone is None else outputs.alone + offsets
    return outputs._replace(logits=outputs.logits + offsets, token_logits=outputs.token_logits + offsets, alone=alone)


def to_onnx(
    net: Network, *, heads: Sequence[str] | None = None, mix: Mix | None = None, offsets: Sequence[float] = ()
) -> bytes:
    """The network as ONNX: input `db` (windows, 128, frames), outputs OUTPUTS and heads; windows and frames are free.

    `heads` are names of outputs that the file shall have beside OUTPUTS, by default all of them. With a `mix` it has
    words in the place of the heads that they are made of, as in `named`; `offsets`, (genres,), are added to all genre
    logits. BundleError where such a network cannot be exported.
    """
    words = None if mix is None else WordLayer(mix)
    with torch.inference_mode():
        outputs = named(net.eval().cpu()(_example(net.token_frames), attention=True), words=words)
    names = [name for name in OUTPUTS if name in outputs]
    names += [name for name in outputs if name not in OUTPUTS and (heads is None or name in heads)]
    free = {"db": {0: "windows", 2: "frames"}}
    for name in names:
        free[name] = {0: "windows", 1: "tokens"} if name in PER_TOKEN else {0: "windows"}
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own successor
        file = Path(folder) / "network.onnx"
        torch.onnx.export(
            _Named(net, names, words, offsets).eval().cpu().float(),  # the exporter leaves it as it finds it
            (_example(net.token_frames),),
            file,
            input_names=["db"],
            output_names=names,
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
        )
        return file.read_bytes()


def largest_difference(
    net: Network, onnx: bytes, *, tokens: int, mix: Mix | None = None, offsets: Sequence[float] = (), seed: int = 0
) -> float:
    """The largest absolute difference of torch and onnxruntime on random windows of so many tokens.

    Compared are `logits`, `alone`, `opinion_tokens`, `pitch`, `view`, and every head that is in the file; `mix` and
    `offsets` are as it was exported with.
    """
    import onnxruntime

    rng, words = np.random.default_rng(seed), None if mix is None else WordLayer(mix)
    db: NDArray[np.float32] = rng.uniform(FLOOR_DB, 0, (3, BANDS, tokens * net.token_frames)).astype(np.float32)
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    compared = ("logits", "alone", "opinion_tokens", "pitch", "view", TAGS, TOKEN_TAGS, *net.heads)
    names = [output.name for output in session.get_outputs() if output.name in compared]
    theirs = session.run(names, {"db": db})
    with torch.inference_mode():
        heard = _shifted(net.eval().cpu()(torch.from_numpy(db), attention=True), torch.tensor(offsets))
        ours = named(heard, words=words)
    return max(float(np.abs(ours[name].numpy() - array).max()) for name, array in zip(names, theirs, strict=True))


def _example(token_frames: int) -> Tensor:
    return torch.full((2, BANDS, 5 * token_frames), FLOOR_DB / 2)
