"""What networks that hear short segments share: cutting a window into segments, one vote of all of them, the scale.

Segments are `(bands, frames)`, in the order of time. A window's answer is the mean of its segments' probabilities,
given as logits: its logarithm. Frames after the last whole segment are not used, as in `sound.tokens`; a
window shorter than a segment is repeated until it fills one, as the views in training are (`train.augment.cut_views`).
"""

from typing import Annotated, Literal

import torch
from pydantic import Field
from torch import Tensor

from earmark.models.options import options_class
from earmark.models.registry import Network, Outputs
from earmark.sound.mel import BANDS, FLOOR_DB

Widths = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]  # of one convolution after another


@options_class
class SegmentOptions:
    """What the options of such networks have in common."""

    token_frames: Annotated[int, Field(ge=1, description="frames of a segment")] = 38
    bands: Annotated[int, Field(ge=1, description="mel bands of what it hears")] = BANDS
    input: Annotated[
        Literal["db", "plain"], Field(description="db: scaled to -1..1; plain: as the front end gives it")
    ] = "db"


class SegmentNet(Network):
    """A network of which a subclass only has the outputs for one segment (`hear`).

    Input: `(windows, bands, frames)` float32; with `scale = "db"` dB under each window's own maximum (0 to -80), with
    `"plain"` the spectrogram of the recipe's own front end. Segments with `overlap` (in evaluation alone) lie half a
    segment apart: `logits` are the vote of all of them, `token_logits` and `vectors` those of every second one, which
    do not overlap. All votes are alike, so the attention over segments is uniform.
    """

    def __init__(self, *, token_frames: int, scale: Literal["db", "plain"], overlap: bool) -> None:
        super().__init__()
        self.token_frames = token_frames
        self.scale = scale
        self.overlap = overlap

    def hear(self, segments: Tensor) -> tuple[Tensor, Tensor]:
        """`(segments, bands, token_frames)` -> vectors `(segments, size)`, logits `(segments, genres)`."""
        raise NotImplementedError

    def forward(self, db: Tensor, *, attention: bool = False) -> Outputs:
        """The outputs for `(windows, bands, frames)`; `attention` asks for the weights of the segments too."""
        scaled = db / (-FLOOR_DB / 2) + 1.0 if self.scale == "db" else db  # -80..0 dB -> -1..1
        segments, count = cut(scaled, self.token_frames, overlap=self.overlap and not self.training)
        windows, every = segments.shape[:2]
        vectors, logits = self.hear(segments.flatten(0, 1))
        vectors = vectors.reshape(windows, every, -1)
        logits = logits.reshape(windows, every, -1)
        return Outputs(
            logits=log_mean_probability(logits),
            token_logits=logits[:, :count],
            vectors=vectors[:, :count],
            vector=vectors[:, :count].mean(dim=1),
            attention=torch.zeros_like(logits[:, :count, 0]).float().softmax(dim=1) if attention else None,
        )


def cut(db: Tensor, frames: int, *, overlap: bool) -> tuple[Tensor, int]:
    """Segments of so many frames.

    Parameters
    ----------
    db:
        (windows, bands, any number of frames).
    overlap:
        Whether to hear the segments that begin in the middle of others, too.

    Returns
    -------
    (windows, segments, bands, frames), and how many of them do not overlap: those are the first. The ones between
    follow.
    """
    if db.shape[2] < frames:
        db = db.repeat(1, 1, -(-frames // db.shape[2]))[:, :, :frames]
    segments = _side_by_side(db, frames)
    count = segments.shape[1]
    if overlap:
        segments = torch.cat([segments, _side_by_side(db[:, :, frames // 2 :], frames)], dim=1)
    return segments, count


def log_mean_probability(logits: Tensor) -> Tensor:
    """`(windows, segments, genres)` -> `(windows, genres)` float32: the logarithm of the mean of the probabilities."""
    each = logits.float().log_softmax(dim=2)
    # The second term is the logarithm of the number of segments, in operations that ONNX keeps at any number.
    return each.logsumexp(dim=1) - torch.zeros_like(each).logsumexp(dim=1)


def _side_by_side(db: Tensor, frames: int) -> Tensor:
    windows, bands, length = db.shape
    count = length // frames
    return db[:, :, : count * frames].reshape(windows, bands, count, frames).transpose(1, 2)
