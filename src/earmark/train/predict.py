"""Predictions of a torch network for whole clips, cut into windows by the functions that `listen` uses.

`listen` has no networks with a front end of their own; their windows are cut here, by a similar rule.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from earmark.data.layout import db_of_picture
from earmark.listen.clips import clip_windows, mean_logits
from earmark.models.registry import Network, Outputs
from earmark.sound.mel import HOP_SAMPLES, SAMPLE_RATE_HZ, under_maximum
from earmark.sound.spectra import floor_of
from earmark.sound.tokens import TOKEN_FRAMES, WINDOW_TOKENS, Window
from earmark.train.batches import Examples
from earmark.train.options import FrontEndOptions

Floats = NDArray[np.float32]
# Of a front end of a recipe's own. It has many times the frames of earmark's: all windows at once would need gigabytes.
WINDOWS_AT_ONCE = 4


def clip_logits(net: Network, examples: Examples, *, device: torch.device | str = "cpu") -> Floats:
    """The network's logits for each clip, (clips, genres) float32: the mean of its windows."""
    return clip_answers(net, examples, device=device)["logits"]


def clip_answers(net: Network, examples: Examples, *, device: torch.device | str = "cpu") -> dict[str, Floats]:
    """All outputs of the network for each clip, the mean over its windows; each (clips, k) float32.

    By name: "logits", the heads that it has, and "opinion" where kernel machines have a part in the logits.
    """
    token_frames = net.token_frames
    window_tokens = window_tokens_of(token_frames)

    widths: dict[str, int] = {}

    def run(db: Floats) -> Floats:
        parts = torch.from_numpy(db).split(len(db) if examples.front_end is None else WINDOWS_AT_ONCE)
        outputs = [_by_name(net(part.to(device))) for part in parts]
        columns = {name: torch.cat([each[name] for each in outputs]) for name in outputs[0]}
        widths.update((name, column.shape[1]) for name, column in columns.items())
        answers: Floats = torch.cat(list(columns.values()), dim=1).float().cpu().numpy()
        return answers

    def cut(picture: NDArray[Any]) -> list[Window]:
        if examples.front_end is not None:
            return list(front_end_windows(picture, examples.front_end, token_frames=token_frames))
        return clip_windows(db_of_picture(picture), token_frames=token_frames, window_tokens=window_tokens)

    pairs = zip(examples.pictures, examples.frames.tolist(), strict=True)
    clips = [cut(picture[:, :frames].numpy()) for picture, frames in pairs]
    net.eval()
    with torch.inference_mode():
        answers = mean_logits(clips, run)
    return dict(zip(widths, np.split(answers, np.cumsum(list(widths.values()))[:-1], axis=1), strict=True))


def _by_name(outputs: Outputs) -> dict[str, Tensor]:
    opinion = {} if outputs.opinion is None else {"opinion": outputs.opinion}
    return {"logits": outputs.logits, **outputs.heads, **opinion}


def window_tokens_of(token_frames: int, front_end: FrontEndOptions | None = None) -> int:
    """How many tokens of this length a window holds: a window is always about 29.5 s."""
    if front_end is None:
        return WINDOW_TOKENS * TOKEN_FRAMES // token_frames
    frames = WINDOW_TOKENS * TOKEN_FRAMES * HOP_SAMPLES / front_end.hop
    return max(1, round(frames / token_frames))


def front_end_windows(spectrum: NDArray[Any], front_end: FrontEndOptions, *, token_frames: int) -> Iterator[Window]:
    """Cut the spectrogram of a recipe's own front end, (bands, frames), into windows of whole tokens.

    Every frame is new in exactly one of them. Windows follow each other as in `sound.tokens.windows`, but for the last:
    it has only as many tokens as cover the rest, moved back to end with the clip, since such networks mostly treat each
    token alone. A clip shorter than a token is padded to one. `new_tokens` counts frames here: they are the weight of a
    window.
    """
    spectrum = np.asarray(spectrum, np.float32)
    if spectrum.shape[1] < token_frames:
        missing = token_frames - spectrum.shape[1]
        spectrum = np.pad(spectrum, ((0, 0), (0, missing)), constant_values=floor_of(front_end.scale))
    frames, start = spectrum.shape[1], 0
    while start < frames:
        end = min(start + window_tokens_of(token_frames, front_end) * token_frames, frames)
        tokens = min(-(-(end - start) // token_frames), end // token_frames)  # as many as cover it, and as there are
        end = min(end, start + tokens * token_frames)
        first = end - tokens * token_frames
        window = spectrum[:, first:end]
        level = under_maximum(window) if front_end.scale == "db" else window
        yield Window(level, first * front_end.hop / SAMPLE_RATE_HZ, end - start, float(window.max()))
        start = end
