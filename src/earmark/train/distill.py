"""Learning from teachers: their tags for each token and their vectors for each clip, beside the genre or before it.

The student matches logits, not probabilities (Ba & Caruana 2014, arXiv 1312.6184): most tags are improbable most of
the time, and only their logits tell how improbable. A token's target is read off a teacher's windows at the time
where the token was read in the clip, so views may be rolled and stretched. Several teachers have their places one after
the other in the heads `tags` and `embedding`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from earmark.data.dataset import Clip
from earmark.data.teacher import Hearing, Teacher
from earmark.errors import DataError
from earmark.models.registry import Outputs
from earmark.sound.tokens import FRAME_S
from earmark.train.options import TeacherOptions

LEAST_SPREAD = 0.1  # of a tag's logits: one that hardly moves must not outweigh all others
LEAST_DEVIATION = 1e-3  # of the numbers of a vector


class Piece(NamedTuple):
    """A clip, or some seconds of one, as a row of `train.batches.Examples`."""

    clip: Clip
    start_s: float = 0.0
    end_s: float = np.inf


@dataclass(frozen=True, eq=False)
class Targets:
    """A teacher's outputs for some clips; all tensors have one row a clip, zeros where it has none.

    `logits` (clips, windows, tags) float16, the last window repeated to the end; `windows` (clips,) how many are real;
    `times` (clips, 2) float32, seconds from window to window and of a window, 0 for the whole clip; `embedding` (clips,
    e) float16; `taught` and `embedded` (clips,) bool. `names` are those of the tags.
    """

    logits: Tensor
    windows: Tensor
    times: Tensor
    embedding: Tensor
    taught: Tensor
    embedded: Tensor
    names: tuple[str, ...] = ()

    def take(self, rows: Tensor) -> "Targets":
        """Some of the rows, by number."""
        return replace(self, **{name: tensor[rows] for name, tensor in self._tensors().items()})

    def to(self, device: torch.device) -> "Targets":
        """The same on another device."""
        return replace(self, **{name: tensor.to(device) for name, tensor in self._tensors().items()})

    def with_silent(self, count: int) -> "Targets":
        """These, and `count` more clips for which the teacher has no outputs."""
        parts = self._tensors()
        longer: dict[str, Any] = {
            name: torch.cat([part, part.new_zeros(count, *part.shape[1:])]) for name, part in parts.items()
        }
        longer["times"][-count:, 0] = 1.0  # no window is ever read off, but a hop of nothing would divide by 0
        return replace(self, **longer)

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
        if len(logits) < 2:  # its file has vectors alone, or other clips
            return torch.zeros(logits.shape[1]), torch.ones(logits.shape[1])
        return logits.mean(dim=0), logits.std(dim=0).clamp(min=LEAST_SPREAD)

    def mean_tags(self) -> Tensor:
        """The mean over each clip's windows, (clips, tags) float32."""
        real = torch.arange(self.logits.shape[1])[None] < self.windows[:, None]
        return (self.logits.float() * real[:, :, None]).sum(dim=1) / self.windows.clamp(min=1)[:, None]

    def standardised(self) -> "Targets":
        """With vectors whose numbers have mean 0 and deviation 1 over the clips that have one."""
        vectors = self.embedding.float()
        those = vectors[self.embedded]
        if not those.numel():
            return self
        mean, deviation = those.mean(dim=0), those.std(dim=0, correction=0).clamp(min=LEAST_DEVIATION)
        made = (vectors - mean) / deviation * self.embedded[:, None]
        return replace(self, embedding=made.half())

    def _tensors(self) -> dict[str, Any]:
        parts = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: part for name, part in parts.items() if isinstance(part, Tensor)}

    def _windows(self, index: Tensor) -> Tensor:
        return self.logits.gather(1, index.unsqueeze(2).expand(-1, -1, self.logits.shape[2])).float()


def targets_of(pieces: Sequence[Piece], options: TeacherOptions) -> tuple[Targets, ...]:
    """The outputs of each teacher of `options`, in their order.

    Raises DataError where no set has a file of a teacher's, or the files of two sets are not of one teacher.
    """
    return tuple(_targets(pieces, f"{name}.npz", standardise=options.standardise) for name in options.files)


def teacher_loss(
    outputs: Outputs, targets: Sequence[Targets], places: Tensor, spread: Tensor, options: TeacherOptions
) -> Tensor:
    """The distance of the student from its teachers, (clips,) float32; 0 for clips without a teacher.

    Parameters
    ----------
    outputs:
        For a view of each clip, with the heads `tags` and `embedding` as far as `options` ask for them.
    targets:
        Of each teacher, in the order of `options.files`.
    places:
        (clips, window): where in the clip each frame of the view was read.
    spread:
        (tags of all teachers,) the deviation of each tag's logits, the unit of the error.
    """
    loss = torch.zeros(len(places), device=places.device)
    first_tag = first_number = 0
    for each, weight in zip(targets, options.files.values(), strict=True):
        tags = slice(first_tag, first_tag + each.logits.shape[2])
        numbers = slice(first_number, first_number + each.embedding.shape[1])
        first_tag, first_number = tags.stop, numbers.stop
        if options.tags and weight and tags.start < tags.stop:
            error = _tag_error(outputs, each, tags, places, spread[tags])
            loss = loss + weight * options.tags * error * each.taught
        if options.embedding and weight and numbers.start < numbers.stop:
            vector = outputs.heads["embedding"][:, numbers].float()
            alike = torch.cosine_similarity(vector, each.embedding.float(), dim=1)
            loss = loss + weight * options.embedding * (1 - alike) * each.embedded
    return loss


def _tag_error(outputs: Outputs, targets: Targets, tags: slice, places: Tensor, spread: Tensor) -> Tensor:
    of_view = outputs.heads["tags"][:, tags].float()
    of_tokens = outputs.token_heads["tags"][:, :, tags].float()
    middle = places.reshape(len(places), of_tokens.shape[1], -1)
    wanted = targets.tags_at(middle[:, :, middle.shape[2] // 2])  # (clips, tokens, tags)
    token_error = ((of_tokens - wanted) / spread).square().mean(dim=(1, 2))
    token_error = token_error * (targets.times[:, 1] > 0)  # of a whole clip nothing is known of its seconds
    return token_error + ((of_view - wanted.mean(dim=1)) / spread).square().mean(dim=1)


def _targets(pieces: Sequence[Piece], file: str, *, standardise: bool) -> Targets:
    teacher_of = _teachers({piece.clip.folder for piece in pieces}, file)
    one = next(iter(teacher_of.values()))
    nothing = Hearing(np.zeros((0, len(one.tags)), np.float32), np.zeros((0, one.size), np.float32))
    rows, times = [], []
    for piece in pieces:
        teacher = teacher_of.get(piece.clip.folder)
        if teacher is None:
            rows.append(nothing)
        else:
            rows.append(teacher.hears(piece.clip, start_s=piece.start_s, end_s=piece.end_s))
        known = teacher is not None and np.isfinite(teacher.hop_s)
        times.append((teacher.hop_s, teacher.window_s) if teacher is not None and known else (1.0, 0.0))
    longest, size = max(len(row.logits) for row in rows), max(each.size for each in teacher_of.values())
    padded = np.zeros((len(rows), max(longest, 1), len(one.tags)), dtype=np.float16)
    vectors = np.zeros((len(rows), size), dtype=np.float16)
    for number, (logits, vector, _) in enumerate(rows):
        if len(logits):
            padded[number, : len(logits)], padded[number, len(logits) :] = logits, logits[-1]
        if len(vector):
            vectors[number] = vector[0]
    targets = Targets(
        torch.from_numpy(padded),
        torch.tensor([len(row.logits) for row in rows]),
        torch.tensor(times, dtype=torch.float32),
        torch.from_numpy(vectors),
        torch.tensor([len(row.logits) > 0 for row in rows]),
        torch.tensor([len(row.vectors) > 0 for row in rows]),
        one.tags,
    )
    return targets.standardised() if standardise else targets


def _teachers(folders: set[Path], file: str) -> dict[Path, Teacher]:
    teachers = {folder: Teacher.load(folder, file) for folder in sorted(folders) if (folder / file).exists()}
    if not teachers:
        names = ", ".join(sorted(folder.name for folder in folders))
        hint = "Without [teacher] the recipe learns from labels alone."
        raise DataError(f"The recipe's [teacher] needs a {file}, and none of {names} has one.", hint=hint)
    first, *others = teachers.values()
    if any(other.tags != first.tags for other in others):
        raise DataError(f"The {file} of the sets have other tags, and are one teacher to the recipe.")
    if len({each.size for each in teachers.values()} - {0}) > 1:
        raise DataError(f"The {file} of the sets have vectors of other sizes, and are one teacher to the recipe.")
    return teachers
