"""Those who judge a piece, none of whom had a part in making it: another network, and plain descriptors."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.generate.fine import coarse_numbers, fine_log_mel, rises
from earmark.listen.bundle import load_bundle
from earmark.sound.mel import LogMel
from earmark.sound.tokens import TOKEN_FRAMES, WINDOW_TOKENS, windows

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
    """

    def __init__(self, path: Path) -> None:
        self._run = _bundle(path) if (path / "bundle.json").exists() else _checkpoint(path)
        self.genres = self._run.genres

    def hear(self, clips: Sequence[Floats]) -> Opinion:
        """What it says of clips, each (samples,) mono at 22 050 Hz: the mean over their windows."""
        said = [self._run(_windows(clip)) for clip in clips]
        logits = np.stack([each[0] for each in said])
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        return Opinion(self.genres, shares / shares.sum(axis=1, keepdims=True), np.stack([each[1] for each in said]))


def descriptors(clips: Sequence[Floats]) -> NDArray[np.float64]:
    """(n, 130) plain numbers of clips: of 32 bands in dB their means, deviations and steps, and how the spectrum rises.

    Nothing in them was learned, so nothing can have been made to please them.
    """
    return np.stack([_described(clip) for clip in clips])


def standardised(vectors: NDArray[np.float64], reference: NDArray[np.float64]) -> NDArray[np.float64]:
    """Vectors with each number less its mean in a reference, over its deviation there."""
    deviations = reference.std(axis=0)
    return np.asarray((vectors - reference.mean(axis=0)) / np.where(deviations > 1e-9, deviations, 1.0))


@dataclass(frozen=True, eq=False)
class _Run:
    """Windows (w, 128, frames) to mean logits (genres,) and vector (d,)."""

    genres: tuple[str, ...]
    hear: object

    def __call__(self, db: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        logits, vectors = self.hear(db)  # type: ignore[operator]
        return logits.mean(axis=0).astype(np.float64), vectors.mean(axis=0).astype(np.float64)


def _bundle(path: Path) -> _Run:
    bundle = load_bundle(path)

    def hear(db: Floats) -> tuple[Floats, Floats]:
        said = bundle.run(db)
        return said.logits, said.vector

    return _Run(bundle.info.labels, hear)


def _checkpoint(path: Path) -> _Run:
    import torch

    from earmark.train.checkpoint import Checkpoint

    checkpoint = Checkpoint.load(path)
    net = checkpoint.network()

    def hear(db: Floats) -> tuple[Floats, Floats]:
        with torch.inference_mode():
            said = net(torch.from_numpy(db))
        return said.logits.numpy(), said.vector.numpy()

    return _Run(checkpoint.genres, hear)


def _windows(clip: Floats) -> Floats:
    """A clip as networks see it, (windows, 128, frames)."""
    stream = LogMel()
    columns = [stream.push(clip), stream.finish()]
    found = [each.db for each in windows(columns, token_frames=TOKEN_FRAMES, window_tokens=WINDOW_TOKENS)]
    return np.stack(found)


def _described(clip: Floats) -> NDArray[np.float64]:
    db = fine_log_mel(clip)
    bands = coarse_numbers(db)
    bands = bands - bands.mean()
    rise = rises(db)
    steps = np.abs(np.diff(bands, axis=1)).mean(axis=1)
    slow = np.abs(bands[:, 50:] - bands[:, :-50]).mean(axis=1)  # from second to second
    return np.concatenate([bands.mean(axis=1), bands.std(axis=1), steps, slow, [rise.mean(), rise.std()]]).astype(float)
