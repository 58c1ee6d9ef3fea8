"""The training clips of one or several data sets, in memory, as batches of spectrograms with the genres they may be.

Spectrograms stay uint8 until a batch is made (639 clips of 30 s are 32 MB), so that whole sets fit beside the network.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from earmark.data.dataset import Clip, Dataset
from earmark.errors import DataError
from earmark.sound.mel import FLOOR_DB
from earmark.train.recipe import Recipe, SetOptions


@dataclass(frozen=True, eq=False)
class Examples:
    """Clips ready to train on; all arrays have one row a clip.

    `pictures` (clips, 128, frames) uint8 as in `Dataset.pictures`, shorter clips padded with the floor at their end;
    `frames` (clips,) how many are real; `allowed` (clips, genres) bool; `weights` (clips,) float32.
    """

    clips: tuple[Clip, ...]
    pictures: Tensor
    frames: Tensor
    allowed: Tensor
    weights: Tensor

    def __len__(self) -> int:
        return len(self.clips)

    @property
    def artists(self) -> list[str]:
        """The artist of each clip, alike across sets."""
        return [clip.artist_key for clip in self.clips]

    @property
    def labels(self) -> list[str]:
        """The genres each clip may be, as one string to stratify by."""
        return ["".join("1" if a else "0" for a in row) for row in self.allowed.tolist()]

    def take(self, rows: NDArray[np.bool_] | NDArray[np.int64]) -> "Examples":
        """Some of the rows, by mask or by number."""
        picked = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        index = torch.from_numpy(picked)
        return Examples(
            tuple(self.clips[i] for i in picked),
            self.pictures[index],
            self.frames[index],
            self.allowed[index],
            self.weights[index],
        )


def genres_of(recipe: Recipe, datasets: Sequence[Dataset]) -> tuple[str, ...]:
    """The genres of a run: the recipe's, or else all labels of the data, sorted."""
    found = recipe.genres or tuple(sorted({label for dataset in datasets for label in dataset.labels}))
    if len(found) < 2:
        raise DataError(f"There are {len(found)} genres in the data; training needs at least 2.")
    return found


def gather(datasets: Sequence[Dataset], recipe: Recipe, genres: Sequence[str]) -> Examples:
    """All clips that have a label the recipe can use.

    Raises
    ------
    DataError
        A set without a map has a label that is no genre of the recipe, a picture is broken, or nothing is left.
    """
    clips: list[Clip] = []
    allowed: list[NDArray[np.bool_]] = []
    pictures: list[NDArray[np.uint8]] = []
    weights: list[float] = []
    for dataset in datasets:
        options = recipe.sets.get(dataset.name, SetOptions())
        labelled = [(clip, allowed_genres(clip, options, genres)) for clip in dataset.clips]
        used = [(clip, row) for clip, row in labelled if row.any()]
        clips += [clip for clip, _ in used]
        allowed += [row for _, row in used]
        weights += [options.weight] * len(used)
        pictures += dataset.pictures([clip for clip, _ in used])
    if not clips:
        names = ", ".join(str(dataset.folder) for dataset in datasets)
        raise DataError(f"No clip of {names} has a label that the recipe knows.")
    return Examples(
        tuple(clips),
        _stack(pictures),
        torch.tensor([picture.shape[1] for picture in pictures]),
        torch.from_numpy(np.stack(allowed)),
        torch.tensor(weights, dtype=torch.float32),
    )


def allowed_genres(clip: Clip, options: SetOptions, genres: Sequence[str]) -> NDArray[np.bool_]:
    """Which genres the clip may be, (genres,) bool; none where the recipe has no use for its labels."""
    if clip.columns.get("flag", ""):
        return np.zeros(len(genres), dtype=np.bool_)  # its data set says to leave it out
    cell = clip.columns.get(options.column, "")
    labels = [label.strip() for label in cell.split(options.separator) if label.strip()]
    if options.map is None:
        unknown = [label for label in labels if label not in genres]
        if unknown:
            hint = f"Give [sets.{clip.folder.name}.map] in the recipe; the genres are {', '.join(genres)}."
            raise DataError(f"{clip.folder}: the label '{unknown[0]}' of clip '{clip.id}' is not a genre.", hint=hint)
        wanted = set(labels)
    else:
        targets = [options.map.get(label, []) for label in labels]
        wanted = {genre for target in targets for genre in ([target] if isinstance(target, str) else target)}
    return np.array([genre in wanted for genre in genres], dtype=np.bool_)


def _stack(pictures: Sequence[NDArray[np.uint8]]) -> Tensor:
    """(clips, 128, longest) uint8, padded with 0, the floor."""
    longest = max(picture.shape[1] for picture in pictures)
    stacked = np.zeros((len(pictures), pictures[0].shape[0], longest), dtype=np.uint8)
    for row, picture in zip(stacked, pictures, strict=True):
        row[:, : picture.shape[1]] = picture
    return torch.from_numpy(stacked)


def to_db(pictures: Tensor) -> Tensor:
    """uint8 values as float32 dB, -80 to 0."""
    return pictures.float() * (-FLOOR_DB / 255) + FLOOR_DB


def batches(
    examples: Examples, size: int, *, rng: torch.Generator, rank: int = 0, world: int = 1
) -> Iterator[Examples]:
    """One epoch in random order; with several processes each gets its own part of every batch.

    The order depends on `rng` alone, which all processes hold in the same state. A last batch of under half the size is
    joined to the one before it, so that no step rests on a handful of clips.
    """
    order = torch.randperm(len(examples), generator=rng).numpy()
    cuts = list(range(size, len(order), size))
    if cuts and len(order) - cuts[-1] < size / 2:
        cuts.pop()
    for rows in np.split(order, cuts):
        yield examples.take(rows[rank::world])
