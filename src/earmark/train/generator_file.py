"""The file of a generator: a zip of `manifest.json` and three ONNX graphs, which needs no torch to be used.

- `encoder.onnx`: `tokens` (n, 1, 128, 19) float32 -> `mean`, `log_variance` (n, latent)
- `decoder.onnx`: `z` (n, latent) -> `tokens` (n, 128, 19)
- `next.onnx`: `z` (1, t, latent), `genre` (1, genres), `mood` (1, 2) -> `log_weights` (1, k), `means` and `log_sds`
  (1, k, latent) of the vector that follows the last

Tokens are drawn from 0 (-80 dB under the music's maximum) to 1 (0 dB), band 0 the lowest. A sequence begins with a
vector of zeros that stands for the beginning. `genre` are shares that sum to 1, zeros for any; `mood` are valence and
arousal from -1 to 1, zeros for any. The same weights make the same bytes.
"""

import hashlib
import io
import json
import tempfile
import warnings
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from earmark.files import FileKind
from earmark.models.attention import AttentionNet
from earmark.models.following import NextToken
from earmark.mood import AROUSAL, QUADRANTS, VALENCE
from earmark.sound.mel import BANDS, FLOOR_DB
from earmark.sound.tokens import FRAME_S, TOKEN_FRAMES
from earmark.train.export import OPSET
from earmark.train.walks import LONGEST, coded

FORMAT, NAME = 1, "earmark generator"
KIND = FileKind("generator", "generator.zip", (f'"{NAME}"'.encode(),))
MANIFEST = "manifest.json"
_BEGAN = (1980, 1, 1, 0, 0, 0)  # a zip's first day: the same content shall be the same bytes


class _Encoder(nn.Module):
    def __init__(self, net: AttentionNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        means, log_variances, _ = coded(self.net, tokens.reshape(-1, BANDS, TOKEN_FRAMES))
        return means, log_variances


class _Decoder(nn.Module):
    def __init__(self, net: AttentionNet) -> None:
        super().__init__()
        self.draw = net.decoder()

    def forward(self, z: Tensor) -> Tensor:
        pictures: Tensor = self.draw(z)
        return pictures.clamp(0, 1)


class _Next(nn.Module):
    def __init__(self, follower: NextToken) -> None:
        super().__init__()
        self.follower = follower

    def forward(self, z: Tensor, genre: Tensor, mood: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mixture = self.follower(z, torch.cat([genre, mood], dim=1))
        return mixture.log_weights[:, -1], mixture.means[:, -1], mixture.log_sds[:, -1]


def packed(
    net: AttentionNet,
    follower: NextToken,
    *,
    genres: Sequence[str],
    figures: Mapping[str, Any],
    lineage: Mapping[str, Any],
) -> bytes:
    """The bytes of the file; `follower` has one condition a genre, and valence and arousal."""
    latent, half = net.options.vector, torch.full((2, 1, BANDS, TOKEN_FRAMES), 0.5)
    vectors, known = torch.zeros(1, 3, latent), (torch.zeros(1, len(genres)), torch.zeros(1, 2))
    many = {0: "n"}
    parts = {
        "encoder.onnx": _onnx(
            _Encoder(net),
            (half,),
            ["tokens"],
            ["mean", "log_variance"],
            dict.fromkeys(("tokens", "mean", "log_variance"), many),
        ),
        "decoder.onnx": _onnx(_Decoder(net), (vectors[0],), ["z"], ["tokens"], {"z": many, "tokens": many}),
        "next.onnx": _onnx(
            _Next(follower),
            (vectors, *known),
            ["z", "genre", "mood"],
            ["log_weights", "means", "log_sds"],
            {"z": {1: "t"}},
        ),
    }
    manifest = {
        "kind": NAME,
        "format": FORMAT,
        "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()},
        "latent": latent,
        "token_frames": TOKEN_FRAMES,
        "bands": BANDS,
        "frame_s": FRAME_S,
        "floor_db": FLOOR_DB,
        "scale": [0.0, 1.0],
        "mixture": follower.size,
        "longest_tokens": LONGEST,
        "genres": list(genres),
        "mood": [VALENCE, AROUSAL],
        "quadrants": list(QUADRANTS),
        "figures": dict(figures),
        "lineage": dict(lineage),
    }
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, part in {MANIFEST: (json.dumps(manifest, indent=1) + "\n").encode(), **parts}.items():
            # The manifest as it is, so that the file is known by its first bytes.
            how = zipfile.ZIP_STORED if name == MANIFEST else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name, _BEGAN), part, how, 9)
    return content.getvalue()


def _onnx(
    part: nn.Module, example: tuple[Tensor, ...], inputs: list[str], outputs: list[str], free: dict[str, dict[int, str]]
) -> bytes:
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own successor
        file = Path(folder) / "part.onnx"
        torch.onnx.export(
            part.eval(),
            example,
            file,
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
        )
        return file.read_bytes()
