"""Whole clips at once: the same windows and the same mean as `Listener` takes, from spectrograms that are at hand."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from earmark.sound.tokens import TOKEN_FRAMES, WINDOW_TOKENS, Window, windows

Floats = NDArray[np.float32]
BATCH_WINDOWS = 32


def clip_windows(db: Floats, *, token_frames: int = TOKEN_FRAMES, window_tokens: int = WINDOW_TOKENS) -> list[Window]:
    """The windows of one clip's log-mel, (128, frames) float32 dB; raises SoundError where it is too short."""
    return list(windows([db], token_frames=token_frames, window_tokens=window_tokens))


def mean_logits(clips: Sequence[Sequence[Window]], run: Callable[[Floats], Floats]) -> Floats:
    """The logits of each clip, (clips, genres) float32: the mean over its windows, weighted by their new tokens.

    Windows of one length are run together. `run` takes (windows, 128, frames) float32 dB and gives (windows, genres).
    """
    flat = [(number, window) for number, clip in enumerate(clips) for window in clip]
    said: dict[int, Floats] = {}
    for rows in _alike(flat):
        said.update(zip(rows, run(np.stack([flat[row][1].db for row in rows])), strict=True))
    answers = np.stack([said[row] for row in range(len(flat))])  # (windows, genres)
    weights = np.array([window.new_tokens for _, window in flat], dtype=np.float32)[:, None]
    owner = np.array([number for number, _ in flat])
    total = np.zeros((len(clips), answers.shape[1]), dtype=np.float32)
    heard = np.zeros((len(clips), 1), dtype=np.float32)
    np.add.at(total, owner, answers * weights)
    np.add.at(heard, owner, weights)
    return total / heard


def _alike(flat: Sequence[tuple[int, Window]]) -> Iterator[list[int]]:
    """Rows of windows of one length, at most BATCH_WINDOWS at a time."""
    by_length: dict[int, list[int]] = {}
    for row, (_, window) in enumerate(flat):
        by_length.setdefault(window.db.shape[1], []).append(row)
    for rows in by_length.values():
        for start in range(0, len(rows), BATCH_WINDOWS):
            yield rows[start : start + BATCH_WINDOWS]
