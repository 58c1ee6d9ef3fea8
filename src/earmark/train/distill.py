"""Learning from a teacher: its tags for each token and its vector for each clip, beside the genre or before it.

The student matches logits, not probabilities (Ba & Caruana 2014, arXiv 1312.6184): most tags are improbable most of
the time, and only their logits tell how improbable. A token's target is read off the teacher's windows at the time
where the token was read in the clip, so views may be rolled and stretched.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from earmark.data.dataset import Clip
from earmark.data.teacher import TEACHER_FILE, Teacher
from earmark.errors import DataError
from earmark.models.registry import Outputs
from earmark.sound.tokens import FRAME_S
from earmark.train.options import TeacherOptions

LEAST_SPREAD = 0.1  # of a tag's logits: one that hardly moves must not outweigh all others


@dataclass(frozen=True, eq=False)
class Targets:
    """A teacher's outputs for some clips; all arrays have one row a clip, zeros where it has none.

    `logits` (clips, windows, tags) float16, the last window repeated to the end; `windows` (clips,) how many are real;
    `times` (clips, 2) float32, seconds from window to window and of a window; `embedding` (clips, e) float16; `taught`
    and `embedded` (clips,) bool.
    """

    logits: Tensor
    windows: Tensor
    times: Tensor
    embedding: Tensor
    taught: Tensor
    embedded: Tensor

    def take(self, rows: Tensor) -> "Targets":
        """Some of the rows, by number."""
        return Targets(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def to(self, device: torch.device) -> "Targets":
        """The same on another device."""
        return Targets(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))

    def with_silent(self, count: int) -> "Targets":
        """These, and `count` more clips for which the teacher has no outputs."""
        parts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        longer = {name: torch.cat([part, part.new_zeros(count, *part.shape[1:])]) for name, part in parts.items()}
        longer["times"][-count:, 0] = 1.0  # no window is ever read off, but a hop of nothing would divide by 0
        return Targets(**longer)

    def tags_at(self, places: Tensor) -> Tensor:
        """Tag logits (clips, tokens, tags) float32 at `places` (clips, tokens), frames of the clip.

        Between the middles of two windows they are interpolated; before the first and after the last they stay.
        """
        hop_s, window_s = self.times[:, :1], self.times[:, 1:]
        place = ((places * FRAME_S - window_s / 2) / hop_s).clamp(min=0)
        place = place.minimum((self.windows[:, None] - 1).clamp(min=0).to(place.dtype))
        low = place.floor().long()
        high = (low + 1).clamp(max=self.logits.shape[1] - 1)
        return self._windows(low).lerp(self._windows(high), (place - low).unsqueeze(2))

    def usual(self) -> tuple[Tensor, Tensor]:
        """Mean and deviation of each tag's logits over all windows of all clips that are taught, (tags,) each."""
        real = torch.arange(self.logits.shape[1])[None] < self.windows[:, None]
        logits = self.logits[real & self.taught[:, None]].float()  # (windows of all clips, tags)
        return logits.mean(dim=0), logits.std(dim=0).clamp(min=LEAST_SPREAD)

    def mean_tags(self) -> Tensor:
        """The mean over each clip's windows, (clips, tags) float32."""
        real = torch.arange(self.logits.shape[1])[None] < self.windows[:, None]
        return (self.logits.float() * real[:, :, None]).sum(dim=1) / self.windows.clamp(min=1)[:, None]

    def _windows(self, index: Tensor) -> Tensor:
        return self.logits.gather(1, index.unsqueeze(2).expand(-1, -1, self.logits.shape[2])).float()


def targets_of(clips: Sequence[Clip]) -> Targets:
    """The outputs of the teachers of the clips' sets.

    Raises DataError where no set has a teacher, or two of them have other tags.
    """
    folders = {clip.folder for clip in clips}
    teachers = {folder: Teacher.load(folder) for folder in folders if (folder / TEACHER_FILE).exists()}
    if not teachers:
        names = ", ".join(sorted(folder.name for folder in folders))
        hint = "Without [teacher] the recipe learns from labels alone."
        raise DataError(f"The recipe's [teacher] needs a {TEACHER_FILE}, and none of {names} has one.", hint=hint)
    tags = _same_tags(teachers)
    rows = [_row(clip, teachers.get(clip.folder)) for clip in clips]
    longest = max(len(logits) for logits, _, _ in rows)
    size = max(len(vector) for _, vector, _ in rows)
    padded = np.zeros((len(rows), max(longest, 1), len(tags)), dtype=np.float16)
    vectors = np.zeros((len(rows), size), dtype=np.float16)
    for number, (logits, vector, _) in enumerate(rows):
        if len(logits):
            padded[number, : len(logits)], padded[number, len(logits) :] = logits, logits[-1]
        vectors[number, : len(vector)] = vector
    return Targets(
        torch.from_numpy(padded),
        torch.tensor([len(logits) for logits, _, _ in rows]),
        torch.tensor([times for _, _, times in rows], dtype=torch.float32),
        torch.from_numpy(vectors),
        torch.tensor([len(logits) > 0 for logits, _, _ in rows]),
        torch.tensor([len(vector) > 0 for _, vector, _ in rows]),
    )


def teacher_loss(outputs: Outputs, targets: Targets, places: Tensor, spread: Tensor, options: TeacherOptions) -> Tensor:
    """The distance of the student from its teacher, (clips,) float32; 0 for clips without a teacher.

    Parameters
    ----------
    outputs:
        For a view of each clip, with the heads `tags` and `embedding` as far as `options` ask for them.
    places:
        (clips, window): where in the clip each frame of the view was read.
    spread:
        (tags,) the deviation of each tag's logits, the unit of the error.
    """
    loss = torch.zeros(len(places), device=places.device)
    if options.tags:
        tags, token_tags = outputs.heads["tags"].float(), outputs.token_heads["tags"].float()
        tokens = token_tags.shape[1]
        middle = places.reshape(len(places), tokens, -1)
        wanted = targets.tags_at(middle[:, :, middle.shape[2] // 2])  # (clips, tokens, tags)
        of_tokens = ((token_tags - wanted) / spread).square().mean(dim=(1, 2))
        of_view = ((tags - wanted.mean(dim=1)) / spread).square().mean(dim=1)
        loss = loss + options.tags * (of_tokens + of_view) * targets.taught
    if options.embedding:
        alike = torch.cosine_similarity(outputs.heads["embedding"].float(), targets.embedding.float(), dim=1)
        loss = loss + options.embedding * (1 - alike) * targets.embedded
    return loss


def _same_tags(teachers: dict[Path, Teacher]) -> tuple[str, ...]:
    first, *others = teachers.values()
    if any(other.tags != first.tags for other in others):
        raise DataError("The teachers of the sets have other tags, and a network can learn from one alone.")
    return first.tags


def _row(clip: Clip, teacher: Teacher | None) -> tuple[np.ndarray, np.ndarray, tuple[float, float]]:
    nothing = np.zeros(0, dtype=np.float32)
    if teacher is None:
        return nothing, nothing, (1.0, 0.0)
    logits = teacher.logits.get(clip.id, nothing)
    return logits, teacher.embedding.get(clip.id, nothing), (teacher.hop_s, teacher.window_s)
