"""What networks make of labelled clips: the numbers that heads are learned on, for `benchmarks/mood.py` and others."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from earmark.data.dataset import Clip, Dataset
from earmark.data.splits import NEVER_HELD_OUT, linked_artists
from earmark.evaluate.answers import Answers
from earmark.evaluate.runs import CHECKPOINTS, RUNS
from earmark.listen.clips import clip_windows
from earmark.listen.reading import Moments
from earmark.models.registry import Network
from earmark.sound.tokens import FRAME_S, WINDOW_TOKENS
from earmark.train.checkpoint import Checkpoint

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Numbers:
    """Of the clips of some sets: `numbers` (clips, numbers), vector, pitch and view in a row.

    `alone` (clips, tokens, vector) are of the tokens of their first window.
    """

    numbers: Floats
    alone: NDArray[np.float16]

    def moments(self) -> list[Moments]:
        """As heads read them."""
        starts_s, token_s = np.arange(WINDOW_TOKENS) * 19 * FRAME_S, 19 * FRAME_S
        return [Moments(starts_s, token_s, each, np.ones(len(each))) for each in self.alone]


def clips_of(datasets: Sequence[Dataset]) -> list[tuple[Dataset, Clip]]:
    """The clips of some sets but those that are flagged."""
    return [(dataset, clip) for dataset in datasets for clip in dataset.clips if not clip.flagged]


def artists_of(clips: Sequence[Clip]) -> tuple[str, ...]:
    """Keys by which clips of one artist are held together, over all sets."""
    return tuple(linked_artists([clip.artist_key for clip in clips]))


def hear(net: Network, clips: Sequence[tuple[Dataset, Clip]], cache: Path | None = None) -> Numbers:
    """What a network makes of clips; read from `cache` where that is there, else kept in it."""
    if cache is not None and cache.exists():
        with np.load(cache) as stored:
            if stored["ids"].tolist() == [clip.id for _, clip in clips]:
                return Numbers(stored["numbers"], stored["alone"])
    numbers, alone = [], []
    with torch.inference_mode():
        for dataset, clip in clips:
            windows = clip_windows(dataset.db(clip), token_frames=net.token_frames)
            new = np.array([window.new_tokens for window in windows], np.float32)
            said = [net.eval()(torch.from_numpy(window.db[None]), attention=True) for window in windows]
            parts = [torch.cat([each.vector, each.pitch], dim=1) for each in said]
            if said[0].view is not None:
                parts = [torch.cat([part, each.view], dim=1) for part, each in zip(parts, said, strict=True)]
            rows = torch.cat(parts).numpy()
            numbers.append(new @ rows / new.sum())
            first = said[0].alone_vectors
            assert first is not None
            padded = np.zeros((WINDOW_TOKENS, first.shape[2]), np.float16)
            padded[: first.shape[1]] = first[0].numpy()
            alone.append(padded)
    made = Numbers(np.stack(numbers), np.stack(alone))
    if cache is not None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.savez(cache, ids=[clip.id for _, clip in clips], numbers=made.numbers, alone=made.alone)
    return made


def folds_of_runs(crossval: Path, clips: Sequence[Clip], *, seed: int = 0) -> NDArray[np.int64]:
    """(clips,) the fold of a cross-validation in which each was held out, where the fold's network is still there."""
    fold_of: dict[tuple[str, str], int] = {}
    for file in sorted((crossval / RUNS).glob(f"seed{seed}_fold*.npz")):
        if (crossval / CHECKPOINTS / file.stem).exists():
            answers = Answers.read(file)
            fold = int(file.stem.rpartition("fold")[2])
            fold_of |= dict.fromkeys(zip(answers.sets, answers.ids, strict=True), fold)
    return np.array([fold_of.get((clip.folder.name, clip.id), NEVER_HELD_OUT) for clip in clips])


def network_of(crossval: Path, fold: int, *, seed: int = 0) -> Network:
    """The network of a run."""
    return Checkpoint.load(crossval / CHECKPOINTS / f"seed{seed}_fold{fold}").network()
