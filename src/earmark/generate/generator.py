"""The generator of a bundle: what codes a moment of music in few numbers, draws it again, and says what may follow.

It is a zip beside the bundle's network, made with torch (`train.generator_file`) and run by onnxruntime without. A
token is (128 bands, 19 frames), band 0 the lowest, dB under the music's maximum, -80 to 0; a latent is what codes it.
What follows is a mixture of Gaussians over the latent, and every sequence begins with a latent of zeros.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from earmark.errors import GenerateError
from earmark.files import shown
from earmark.listen.beside import BROKEN
from earmark.listen.bundle import Bundle
from earmark.sound.mel import BANDS, FLOOR_DB
from earmark.sound.tokens import TOKEN_FRAMES

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

Floats = NDArray[np.float32]

FILE = "generator.zip"
MANIFEST, ENCODER, DECODER, NEXT = "manifest.json", "encoder.onnx", "decoder.onnx", "next.onnx"
KIND, FORMAT = "earmark generator", 1
_HINT = "Use a bundle with one: the shipped one has it. A mosaic needs none (--renderer mosaic)."


@dataclass(frozen=True, eq=False, slots=True)
class Mixture:
    """K Gaussians over the latent: log weights (k,), means and log deviations (k, latent)."""

    log_weights: Floats
    means: Floats
    log_deviations: Floats

    def draw(self, rng: np.random.Generator, *, temperature: float) -> Floats:
        """(latent,): at a temperature of 1 as it is, towards 0 the mean of the most probable Gaussian."""
        if temperature <= 0:
            return np.asarray(self.means[int(self.log_weights.argmax())], np.float32)
        weights = self.log_weights.astype(np.float64) / temperature
        weights = np.exp(weights - weights.max())
        place = int(rng.choice(len(weights), p=weights / weights.sum()))
        noise = rng.normal(size=self.means.shape[1]) * temperature
        return np.asarray(self.means[place] + noise * np.exp(self.log_deviations[place]), np.float32)


class Generator:
    """A generator that was read; sessions of onnxruntime start when they are needed, on one thread each.

    Parameters
    ----------
    path:
        Its file, for messages.
    manifest:
        What it says of itself.
    graphs:
        The bytes of its three networks, by name.
    """

    def __init__(self, path: Path, manifest: Mapping[str, Any], graphs: Mapping[str, bytes]) -> None:
        self.path = path
        self.latent = int(manifest["latent"])
        self.longest = int(manifest["longest_tokens"])
        self.genres: tuple[str, ...] = tuple(manifest["genres"])
        self.figures: Mapping[str, Any] = manifest.get("figures", {})
        self.lineage: Mapping[str, Any] = manifest.get("lineage", {})
        self._graphs = graphs
        self._sessions: dict[str, InferenceSession] = {}

    def encode(self, tokens_db: Floats) -> Floats:
        """(n, 128, 19) dB -> (n, latent), the mean of what codes each."""
        scaled = np.clip(1 - tokens_db / np.float32(FLOOR_DB), 0, 1)[:, np.newaxis]
        return self._run(ENCODER, ["mean"], {"tokens": scaled})[0]

    def decode(self, latents: Floats) -> Floats:
        """(n, latent) -> (n, 128, 19) dB."""
        return np.asarray((self._run(DECODER, ["tokens"], {"z": latents})[0] - 1) * -np.float32(FLOOR_DB), np.float32)

    def following(self, latents: Floats, *, genre: Floats | None = None, mood: Floats | None = None) -> Mixture:
        """What follows (t, latent) of a sequence, (0, latent) at its beginning.

        Parameters
        ----------
        genre:
            (genres,) shares that sum to 1; any by default.
        mood:
            (2,) valence and arousal, -1 to 1; any by default.
        """
        kept = latents[-self.longest :]
        if len(latents) <= self.longest:
            kept = np.concatenate([np.zeros((1, self.latent), np.float32), latents])
        shares = np.zeros(len(self.genres), np.float32) if genre is None else genre
        plane = np.zeros(2, np.float32) if mood is None else mood
        given = {"z": kept[np.newaxis], "genre": shares[np.newaxis], "mood": plane[np.newaxis]}
        log_weights, means, log_sds = self._run(NEXT, ["log_weights", "means", "log_sds"], given)
        return Mixture(log_weights[0], means[0], log_sds[0])

    def walk(
        self,
        rng: np.random.Generator,
        *,
        temperature: float,
        genre: Floats | None = None,
        mood: Floats | None = None,
        start: Floats | None = None,
    ) -> Iterator[Floats]:
        """Latents (latent,) one after the other, without end, after a start of (t, latent)."""
        held = np.zeros((0, self.latent), np.float32) if start is None else start
        while True:
            drawn = self.following(held, genre=genre, mood=mood).draw(rng, temperature=temperature)
            held = np.concatenate([held, drawn[np.newaxis]])[-(self.longest + 1) :]
            yield drawn

    def shares(self, names: Mapping[str, float]) -> Floats:
        """(genres,) shares of genres by name; GenerateError where it knows one of them not."""
        unknown = [name for name in names if name not in self.genres]
        if unknown:
            raise GenerateError(
                f"The generator knows no {' or '.join(unknown)}.", hint=f"It knows {', '.join(self.genres)}."
            )
        total = sum(names.values()) or 1.0
        return np.array([names.get(name, 0.0) / total for name in self.genres], np.float32)

    def _run(self, name: str, outputs: list[str], given: Mapping[str, NDArray[Any]]) -> list[Floats]:
        if name not in self._sessions:
            self._sessions[name] = _session(self.path, name, self._graphs[name])
        arrays = {key: np.ascontiguousarray(value, np.float32) for key, value in given.items()}
        return [np.asarray(each, np.float32) for each in self._sessions[name].run(outputs, arrays)]


def load_generator(bundle: Bundle) -> Generator:
    """The generator of a bundle; GenerateError where it has none, or one that cannot be read."""
    path = bundle.folder / FILE
    if not path.exists():
        raise GenerateError(f"The network {bundle.info.model} has no generator beside it.", hint=_HINT)
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read(MANIFEST))
            graphs = {name: archive.read(name) for name in (ENCODER, DECODER, NEXT)}
        _check(manifest, graphs)
        return Generator(path, manifest, graphs)
    except (*BROKEN, TypeError) as reason:
        raise GenerateError(
            f"{shown(path)} is no generator that this earmark can read ({reason}).", hint=_HINT
        ) from reason


def find_generator(bundle: Bundle) -> Generator | None:
    """The generator of a bundle; None where it has none. GenerateError where it is broken."""
    return load_generator(bundle) if (bundle.folder / FILE).exists() else None


def _check(manifest: Any, graphs: Mapping[str, bytes]) -> None:
    if not isinstance(manifest, dict) or manifest.get("kind") != KIND or manifest.get("format") != FORMAT:
        raise ValueError("it is of another kind or a newer format")
    shape = (manifest["bands"], manifest["token_frames"], manifest["floor_db"], list(manifest["scale"]))
    if shape != (BANDS, TOKEN_FRAMES, FLOOR_DB, [0.0, 1.0]):
        raise ValueError("it draws pictures of another shape or scale")
    for name, content in graphs.items():
        if hashlib.sha256(content).hexdigest() != manifest["sha256"][name]:
            raise ValueError(f"{name} is not what its manifest says")


def _session(path: Path, name: str, content: bytes) -> "InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as reason:  # onnxruntime's errors have no common class of their own
        raise GenerateError(f"{name} in {shown(path)} cannot be run.", hint=_HINT) from reason
