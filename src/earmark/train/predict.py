"""What a network under training says of whole clips, cut into windows by the very functions that `listen` uses."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from earmark.data.layout import db_of_picture
from earmark.listen.clips import clip_windows, mean_logits
from earmark.sound.tokens import TOKEN_FRAMES, WINDOW_TOKENS
from earmark.train.batches import Examples

Floats = NDArray[np.float32]


def clip_logits(net: nn.Module, examples: Examples, *, device: torch.device | str = "cpu") -> Floats:
    """The network's logits for each clip, (clips, genres) float32: the mean of its windows."""
    token_frames = int(getattr(net, "token_frames", TOKEN_FRAMES))
    window_tokens = window_tokens_of(token_frames)

    def run(db: Floats) -> Floats:
        logits: Floats = net(torch.from_numpy(db).to(device)).logits.float().cpu().numpy()
        return logits

    clips = [
        clip_windows(db_of_picture(picture[:, :frames].numpy()), token_frames=token_frames, window_tokens=window_tokens)
        for picture, frames in zip(examples.pictures, examples.frames.tolist(), strict=True)
    ]
    net.eval()
    with torch.inference_mode():
        return mean_logits(clips, run)


def window_tokens_of(token_frames: int) -> int:
    """How many tokens of this length a window holds: a window is always about 29.5 s."""
    return WINDOW_TOKENS * TOKEN_FRAMES // token_frames
