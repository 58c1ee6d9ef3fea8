"""How right the seconds of tags are: whether a network tells a teacher's windows of one clip apart.

Of a window in which the teacher hears a tag and a window of the same clip in which it does not, the network should
give the first the higher logit. The share of such pairs in which it does is a ROC AUC within clips: what tells clips
apart does not help. A window's logit is the mean over the tokens whose middle lies in it, each in the light of the
others as they stand in the network's own windows.
"""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from earmark.data.layout import db_of_picture
from earmark.listen.calibrate import sigmoid
from earmark.listen.clips import clip_windows
from earmark.models.registry import Network
from earmark.sound.tokens import FRAME_S
from earmark.train.batches import Examples
from earmark.train.predict import window_tokens_of

RIGHT, PAIRS = "pairs_right", "pairs"  # the names among what a network said of clips
HEARS, HEARS_NOT = 0.2, 0.1  # probabilities from and up to which a teacher hears a tag, or not; between it is unsure
TAGS = "tags"
Floats = NDArray[np.floating]


def pairs_in_time(net: Network, examples: Examples) -> dict[str, NDArray[np.float32]]:
    """For each clip and tag of the teachers how many such pairs there are, and in how many the network is right.

    Returns
    -------
    `RIGHT` and `PAIRS`, (clips, tags) float32; ties count half. 0 for clips of which no teacher heard several windows.
    """
    sizes = [targets.logits.shape[2] for targets in examples.targets]
    right, pairs = np.zeros((2, len(examples), sum(sizes)), np.float32)
    net.eval()
    for row in range(len(examples)):
        if not any(int(targets.windows[row]) > 1 for targets in examples.targets):
            continue
        picture = examples.pictures[row, :, : int(examples.frames[row])].numpy()
        times_s, logits = _tokens(net, picture)
        first = 0
        for targets, size in zip(examples.targets, sizes, strict=True):
            columns = slice(first, first + size)
            first += size
            wanted = targets.logits[row, : int(targets.windows[row])].numpy()
            hop_s, window_s = targets.times[row].tolist()
            found = _in_windows(times_s, logits[:, columns], len(wanted), hop_s, window_s)
            right[row, columns], pairs[row, columns] = count_pairs(found, sigmoid(wanted))
    return {RIGHT: right, PAIRS: pairs}


def count_pairs(scores: Floats, shares: Floats) -> tuple[Floats, Floats]:
    """How many pairs of windows a network orders as the teacher does, and how many pairs there are, (tags,) each.

    `scores` are the network's, (windows, tags), NaN where it heard nothing; `shares` the teacher's probabilities.
    """
    known = ~np.isnan(scores)
    yes, no = known & (shares >= HEARS), known & (shares <= HEARS_NOT)
    both = yes[:, np.newaxis] & no[np.newaxis]  # (windows, windows, tags)
    first, second = scores[:, np.newaxis], scores[np.newaxis]
    order = np.where(both, (first > second) + 0.5 * (first == second), 0.0)
    return order.sum(axis=(0, 1)), both.sum(axis=(0, 1)).astype(np.float64)


def _tokens(net: Network, picture: NDArray[np.uint8]) -> tuple[Floats, Floats]:
    """The middles of a clip's tokens in seconds (tokens,), and the logits of tags (tokens, tags)."""
    token_s = net.token_frames * FRAME_S
    parts = list(_heard(net, picture, token_s))
    return np.concatenate([times for times, _ in parts]), np.concatenate([logits for _, logits in parts])


def _heard(net: Network, picture: NDArray[np.uint8], token_s: float) -> Iterator[tuple[Floats, Floats]]:
    windows = clip_windows(
        db_of_picture(picture), token_frames=net.token_frames, window_tokens=window_tokens_of(net.token_frames)
    )
    for window in windows:
        with torch.inference_mode():
            logits = net(torch.from_numpy(window.db[np.newaxis])).token_heads[TAGS][0].float().numpy()
        places = np.arange(len(logits) - window.new_tokens, len(logits))
        yield window.start_s + (places + 0.5) * token_s, logits[places]


def _in_windows(times_s: Floats, logits: Floats, count: int, hop_s: float, window_s: float) -> Floats:
    """(windows, tags) the means over the tokens in each of so many windows; NaN where there are none."""
    found = np.full((count, logits.shape[1]), np.nan)
    for number in range(count):
        inside = (times_s >= number * hop_s) & (times_s < number * hop_s + window_s)
        if inside.any():
            found[number] = logits[inside].mean(axis=0)
    return found
