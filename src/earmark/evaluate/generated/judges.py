"""Those who judge a piece: another network than the one that heard the collection, and plain descriptors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.errors import GenerateError
from earmark.generate.fine import coarse_numbers, fine_log_mel, rises
from earmark.listen.bundle import load_bundle
from earmark.listen.clips import clip_windows, mean_logits
from earmark.sound.mel import log_mel

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Opinion:
    """What a network says of clips: probabilities (n, genres), and its vectors (n, d)."""

    genres: tuple[str, ...]
    probabilities: NDArray[np.float64]
    vectors: NDArray[np.float64]

    def share(self, genre: str, among: Sequence[str]) -> NDArray[np.bool_]:
        """(n,) whether a genre is the most probable among some."""
        columns = [self.genres.index(name) for name in among]
        return np.asarray(self.probabilities[:, columns].argmax(axis=1) == list(among).index(genre))


class NetworkJudge:
    """A bundle (onnxruntime alone) or a checkpoint (torch) that hears clips.

    Parameters
    ----------
    path:
        The bundle's folder, or the checkpoint's file or folder.

    Attributes
    ----------
    genres:
        Those that it tells.
    sha256:
        Of a bundle's network; empty for a checkpoint.
    lineage:
        What it learned from.
    """

    def __init__(self, path: Path) -> None:
        self._ear = _bundle(path) if (path / "bundle.json").exists() else _checkpoint(path)
        self.genres, self.sha256, self.lineage = self._ear.genres, self._ear.sha256, self._ear.lineage

    def refuse_makers(self, sha256: str, lineages: Sequence[Mapping[str, Any]]) -> None:
        """GenerateError where it is the network of a hash, or learned from the very clips of one of some lineages."""
        if self.sha256 == sha256:
            raise GenerateError("The judge heard the collection itself.", hint="Name another network.")
        clips = self.lineage.get("ids_sha256")
        if clips and any(each.get("ids_sha256") == clips for each in lineages):
            raise GenerateError(
                "The judge learned from the same clips as a network that has a part in making.",
                hint="Name one of other clips.",
            )

    def hear(self, clips: Sequence[Floats]) -> Opinion:
        """What it says of clips, each (samples,) mono at 22 050 Hz: the mean over their windows, as of any file.

        SoundError where one is shorter than a token.
        """
        frames, tokens = self._ear.token_frames, self._ear.window_tokens
        windows = [clip_windows(log_mel(clip), token_frames=frames, window_tokens=tokens) for clip in clips]
        said = mean_logits(windows, self._ear.hear).astype(np.float64)
        logits, vectors = np.split(said, [len(self.genres)], axis=1)
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return Opinion(self.genres, shares / shares.sum(axis=1, keepdims=True), vectors)


def descriptors(clips: Sequence[Floats]) -> NDArray[np.float64]:
    """(n, 130) plain numbers of clips: of 32 bands in dB their means, deviations and steps, and how the spectrum rises.

    Nothing in them was learned. But the cutter of mosaics sees the same spectra and rises: where it joins segments, and
    with what is imagined, it chooses by them, so that a mosaic may be nearer by these numbers than to an ear.
    """
    return np.stack([_described(clip) for clip in clips])


def standardised(vectors: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors with each number less its mean in a reference, over its deviation there."""
    deviations = reference.std(axis=0)
    return np.asarray((vectors - reference.mean(axis=0)) / np.where(deviations > 1e-9, deviations, 1.0))


@dataclass(frozen=True, eq=False)
class _Ear:
    """A network: `hear` takes windows (w, 128, frames) and gives logits and vector in one row, (w, genres + d)."""

    genres: tuple[str, ...]
    token_frames: int
    window_tokens: int
    hear: Callable[[Floats], Floats]
    lineage: Mapping[str, Any]
    sha256: str = ""


def _bundle(path: Path) -> _Ear:
    bundle = load_bundle(path)
    info = bundle.info

    def hear(db: Floats) -> Floats:
        said = bundle.run(db)
        return np.concatenate([said.logits, said.vector], axis=1)

    front = info.front_end
    return _Ear(info.labels, front.token_frames, front.window_tokens, hear, info.lineage, info.sha256)


def _checkpoint(path: Path) -> _Ear:
    import torch

    from earmark.train.checkpoint import Checkpoint
    from earmark.train.predict import window_tokens_of

    checkpoint = Checkpoint.load(path)
    net = checkpoint.network()

    def hear(db: Floats) -> Floats:
        with torch.inference_mode():
            said = net(torch.from_numpy(db))
        return torch.cat([said.logits, said.vector], dim=1).numpy()

    tokens = window_tokens_of(net.token_frames)
    return _Ear(checkpoint.genres, net.token_frames, tokens, hear, checkpoint.lineage)


def _described(clip: Floats) -> NDArray[np.float64]:
    db = fine_log_mel(clip)
    bands = coarse_numbers(db)
    bands = bands - bands.mean()
    rise = rises(db)
    steps = np.abs(np.diff(bands, axis=1)).mean(axis=1)
    slow = np.abs(bands[:, 50:] - bands[:, :-50]).mean(axis=1)  # from second to second
    return np.concatenate([bands.mean(axis=1), bands.std(axis=1), steps, slow, [rise.mean(), rise.std()]]).astype(float)
