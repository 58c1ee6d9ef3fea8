"""The training clips of one or several data sets, in memory, as batches of spectrograms with the genres they may be.

Spectrograms stay uint8 until a batch is made (639 clips of 30 s are 32 MB), so that whole sets fit beside the network;
those of a recipe's own front end stay float16.
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from earmark.data.dataset import Clip, Dataset
from earmark.data.noise import noise_picture
from earmark.errors import DataError
from earmark.sound.decode import blocks
from earmark.sound.mel import FLOOR_DB
from earmark.sound.spectra import floor_of, mel_spectrogram
from earmark.sound.tokens import FRAME_S
from earmark.train.distill import Piece, Targets, targets_of
from earmark.train.options import FrontEndOptions, SetOptions
from earmark.train.recipe import Recipe

PIECE_S = 30.0  # of long clips without a label
LONGEST_FRAMES = 800  # a minute or so
NOISE = Path("noise")  # the folder of what is made here


@dataclass(frozen=True, eq=False)
class Examples:
    """Clips to train on; all arrays have one row a clip.

    `pictures` (clips, 128, frames) uint8 as in `Dataset.pictures`, shorter clips padded with the floor at their end;
    `frames` (clips,) how many are not padding; `allowed` (clips, genres) bool, the genres that the label leaves open;
    `weights` (clips,) float32, of the genre loss; `outside` (clips,) float32 is 1 for clips of none of the genres, 0
    for clips of one, NaN where that is not known; `coarse` (clips,) bool, whether the columns of its set's pictures lie
    further apart than frames; `styles` (clips, styles) float32, 1 and 0, NaN where they are not known. With a
    `front_end` of the recipe's own, `pictures` (clips, bands, longest) float16 are the spectrograms of `spectra`. With
    a [teacher], `targets` are those of each. Clips without a genre that the recipe uses otherwise have weight 0, and
    all genres allowed; long ones are in pieces, one a row.
    """

    clips: tuple[Clip, ...]
    pictures: Tensor
    frames: Tensor
    allowed: Tensor
    weights: Tensor
    outside: Tensor
    coarse: Tensor
    styles: Tensor
    front_end: FrontEndOptions | None = None
    targets: tuple[Targets, ...] = ()

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
        index = torch.from_numpy(picked).to(self.pictures.device)
        return replace(
            self,
            clips=tuple(self.clips[i] for i in picked),
            targets=tuple(each.take(index) for each in self.targets),
            **{name: tensor[index] for name, tensor in self.tensors().items()},
        )

    def to(self, device: torch.device) -> "Examples":
        """The same on another device."""
        moved = {name: tensor.to(device) for name, tensor in self.tensors().items()}
        return replace(self, targets=tuple(each.to(device) for each in self.targets), **moved)

    def tensors(self) -> dict[str, Any]:
        """All tensors but those of the targets, by name."""
        return {name: part for name, part in vars(self).items() if isinstance(part, Tensor)}


def genres_of(recipe: Recipe, datasets: Sequence[Dataset]) -> tuple[str, ...]:
    """The genres of a run: the recipe's, or else all labels of the data, sorted."""
    found = recipe.genres or tuple(sorted({label for dataset in datasets for label in dataset.labels}))
    if len(found) < 2:
        raise DataError(f"There are {len(found)} genres in the data; training needs at least 2.")
    return found


def gather(datasets: Sequence[Dataset], recipe: Recipe, genres: Sequence[str]) -> Examples:
    """All clips that the recipe trains on: with a label or, under [teacher], [pretext] and [latent], without one.

    Raises
    ------
    DataError
        A set without a map has a label that is no genre of the recipe, a picture is broken, nothing is left, or the
        recipe has a front end of its own and a clip no sound.
    SoundError
        A clip has no picture, and its sound cannot be decoded.
    """
    rows = [row for dataset in datasets for row in _rows(dataset, recipe, genres)]
    if not any(row.weight for row in rows):
        names = ", ".join(str(dataset.folder) for dataset in datasets)
        raise DataError(f"No clip of {names} has a label that the recipe knows.")
    pictures = [row.picture for row in rows]
    front_end = recipe.front_end
    return Examples(
        tuple(row.piece.clip for row in rows),
        _stack(pictures, padding=0.0 if front_end is None else floor_of(front_end.scale)),
        torch.tensor([picture.shape[1] for picture in pictures]),
        torch.from_numpy(np.stack([row.allowed for row in rows])),
        torch.tensor([row.weight for row in rows], dtype=torch.float32),
        torch.tensor([row.outside for row in rows], dtype=torch.float32),
        torch.tensor([row.coarse for row in rows]),
        torch.from_numpy(np.stack([row.styles for row in rows])),
        front_end,
        targets_of([row.piece for row in rows], recipe.teacher) if recipe.teacher else (),
    )


@dataclass(frozen=True, eq=False)
class _Row:
    """A row of `Examples`."""

    piece: Piece
    picture: NDArray[Any]
    allowed: NDArray[np.bool_]
    weight: float
    outside: float
    coarse: bool
    styles: NDArray[np.float32]


def _rows(dataset: Dataset, recipe: Recipe, genres: Sequence[str]) -> Iterator[_Row]:
    """The rows of one set."""
    options, front_end = recipe.sets.get(dataset.name, SetOptions()), recipe.front_end
    unlabelled = any(part is not None for part in (recipe.teacher, recipe.pretext, recipe.latent))
    used: list[tuple[Clip, NDArray[np.bool_], float]] = []
    for clip in dataset.clips:
        row = allowed_genres(clip, options, genres)
        place = outside_of(clip, row, options)
        if row.any() or (place == 1 and recipe.train.outside_loss) or (unlabelled and not clip.flagged):
            used.append((clip, row, place))
    chosen = [clip for clip, _, _ in used]
    occurring = {name for clip in dataset.clips for name in _cell(clip, options.styles, options.separator)}
    pictures: list[NDArray[Any]] = []
    pictures += dataset.pictures(chosen) if front_end is None else spectra(chosen, front_end)
    for (clip, row, place), picture in zip(used, pictures, strict=True):
        weight, styles = options.weight * float(row.any()), _styles_of(clip, options, recipe.styles, occurring)
        pieces = [(Piece(clip), picture)] if weight or front_end is not None else _pieces(clip, picture)
        for piece, part in pieces:
            allowed = row if row.any() else ~row
            yield _Row(piece, part, allowed, weight, place, dataset.pitch.coarse, styles)


def _pieces(clip: Clip, picture: NDArray[np.uint8]) -> Iterator[tuple[Piece, NDArray[np.uint8]]]:
    """A long picture in pieces of 30 s, called ID@NUMBER, so that all rows have room for each other; a rest is lost."""
    if picture.shape[1] <= LONGEST_FRAMES:
        yield Piece(clip), picture
        return
    for number in range(int(picture.shape[1] * FRAME_S / PIECE_S)):
        start_s, end_s = number * PIECE_S, (number + 1) * PIECE_S
        part = picture[:, round(start_s / FRAME_S) : round(end_s / FRAME_S)]
        yield Piece(replace(clip, id=f"{clip.id}@{number}", piece=number), start_s, end_s), part


def _styles_of(
    clip: Clip, options: SetOptions, styles: Sequence[str], occurring: Container[str]
) -> NDArray[np.float32]:
    """(styles,) 1 and 0, or a share between; NaN where it is not known, as of those not `occurring` in the set."""
    if clip.flagged:
        return np.full(len(styles), np.nan, dtype=np.float32)
    named = _cell(clip, options.styles, options.separator)
    known = {style: float(style in named) for style in styles if style in occurring}
    known |= {style: _share(clip, style) for style in options.shares}
    return np.array([known.get(style, np.nan) for style in styles], dtype=np.float32)


def _share(clip: Clip, column: str) -> float:
    """What stands in a column of shares, NaN where it is empty; DataError where it is none."""
    text = clip.columns.get(column, "").strip()
    try:
        share = float(text or "nan")
    except ValueError:
        share = -1.0
    if share < 0 or share > 1:
        raise DataError(f"{clip.folder}: '{text}' in column '{column}' of clip '{clip.id}' is no share from 0 to 1.")
    return share


def with_noises(examples: Examples, count: int, *, seed: int) -> Examples:
    """The examples and `count` sounds that are no music: outside of all genres, and without a teacher."""
    if not count:
        return examples
    rng = np.random.default_rng(seed)
    longest = examples.pictures.shape[2]
    pictures = [noise_picture(rng)[:, :longest] for _ in range(count)]
    padded = _stack([examples.pictures[0].numpy(), *pictures], padding=0)[1:]
    more: dict[str, Tensor] = {
        "pictures": padded,
        "frames": torch.tensor([picture.shape[1] for picture in pictures]),
        "allowed": torch.ones(count, examples.allowed.shape[1], dtype=torch.bool),
        "weights": torch.zeros(count),
        "outside": torch.ones(count),
        "coarse": torch.zeros(count, dtype=torch.bool),
        "styles": torch.full((count, examples.styles.shape[1]), torch.nan),
    }
    longer: dict[str, Any] = {name: torch.cat([part, more[name]]) for name, part in examples.tensors().items()}
    return replace(
        examples,
        clips=examples.clips + tuple(Clip(str(number), NOISE, None, "") for number in range(count)),
        targets=tuple(each.with_silent(count) for each in examples.targets),
        **longer,
    )


def spectra(clips: Sequence[Clip], front_end: FrontEndOptions) -> list[NDArray[np.float16]]:
    """The spectrograms of a front end of a recipe's own, each (bands, frames) float16, from the clips' sound.

    As many threads work as torch has; decoding, FFT and products all let go of the interpreter.

    Raises
    ------
    DataError
        A clip has no sound.
    SoundError
        A clip's sound cannot be decoded.
    """
    mute = [clip for clip in clips if clip.sound_path is None]
    if mute:
        raise DataError(
            f"The recipe's [front_end] needs sound, and the set {mute[0].folder.name} names none for "
            f"{len(mute)} of {len(clips)} clips, '{mute[0].id}' first.",
            hint="Give clips.csv a column 'path'; without [front_end] the recipe runs on the pictures.",
        )

    def spectrogram(clip: Clip) -> NDArray[np.float16]:
        samples = np.concatenate(list(blocks(clip.sound_path or clip.path)))
        return mel_spectrogram(samples, **vars(front_end)).astype(np.float16)

    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        return list(pool.map(spectrogram, clips))


def allowed_genres(clip: Clip, options: SetOptions, genres: Sequence[str]) -> NDArray[np.bool_]:
    """The genres that the clip's labels leave open, (genres,) bool; none where the recipe does not map them."""
    if clip.flagged:
        return np.zeros(len(genres), dtype=np.bool_)  # its data set says to leave it out
    labels = labels_of(clip, options)
    if options.narrow and any(label in options.outside for label in labels):
        return np.zeros(len(genres), dtype=np.bool_)
    if options.map is None:
        unknown = [label for label in labels if label not in genres and label not in options.outside]
        if unknown:
            hint = f"Give [sets.{clip.folder.name}.map] in the recipe; the genres are {', '.join(genres)}."
            raise DataError(f"{clip.folder}: the label '{unknown[0]}' of clip '{clip.id}' is not a genre.", hint=hint)
        wanted = set(labels)
    else:
        targets = [options.map.get(label, []) for label in labels]
        each = [{target} if isinstance(target, str) else set(target) for target in targets]
        each = [some for some in each if some]
        shared = set.intersection(*each) if each and options.narrow else set()
        wanted = shared or set().union(*each)
    return np.array([genre in wanted for genre in genres], dtype=np.bool_)


def outside_of(clip: Clip, row: NDArray[np.bool_], options: SetOptions) -> float:
    """Whether the clip, whose `allowed_genres` are `row`, is none of the genres: 1, 0, or NaN for not known."""
    labels = [] if clip.flagged else labels_of(clip, options)
    others = sum(label in options.outside for label in labels)
    if others:
        return 1.0 if options.narrow or others == len(labels) else np.nan
    return 0.0 if row.any() else np.nan


def labels_of(clip: Clip, options: SetOptions) -> list[str]:
    """The clip's labels, from the column that the recipe names."""
    return _cell(clip, options.column, options.separator)


def _cell(clip: Clip, column: str, separator: str) -> list[str]:
    return [part.strip() for part in clip.columns.get(column, "").split(separator) if part.strip()]


def _stack(pictures: Sequence[NDArray[Any]], *, padding: float) -> Tensor:
    """(clips, bands, longest) of the pictures' own type, padded at the end."""
    longest = max(picture.shape[1] for picture in pictures)
    stacked = np.full((len(pictures), pictures[0].shape[0], longest), padding, dtype=pictures[0].dtype)
    for row, picture in zip(stacked, pictures, strict=True):
        row[:, : picture.shape[1]] = picture
    return torch.from_numpy(stacked)


def to_db(pictures: Tensor) -> Tensor:
    """uint8 values as float32 dB, -80 to 0; spectrograms of a recipe's own front end as float32, unchanged."""
    if pictures.is_floating_point():
        return pictures.float()
    return pictures.float() * (-FLOOR_DB / 255) + FLOOR_DB


def batches(
    examples: Examples,
    size: int,
    *,
    rng: torch.Generator,
    shares: Mapping[str, float] | None = None,
    paired: bool = False,
    rank: int = 0,
    world: int = 1,
) -> Iterator[Examples]:
    """One epoch in random order; with several processes each gets its own part of every batch.

    Of a set in `shares` only that share of its clips is taken, others every time. The order depends on `rng` alone,
    which all processes hold in the same state. A last batch of under half the size is joined to the one before it, so
    that no step rests on a handful of clips. `paired` batches have half as many, and behind them a partner of each:
    another clip of its artist, or itself where there is none.
    """
    size = max(size // 2, 1) if paired else size
    taken = drawn(examples, shares or {}, rng)
    order = taken[torch.randperm(len(taken), generator=rng).numpy()]
    cuts = list(range(size, len(order), size))
    if cuts and len(order) - cuts[-1] < size / 2:
        cuts.pop()
    partners = _Partners(examples.artists) if paired else None
    for rows in np.split(order, cuts):
        parts = [rows] if partners is None else [rows, partners.of(rows, rng)]
        yield examples.take(np.concatenate([part[rank::world] for part in parts]))


class _Partners:
    """Other clips of the same artists; `artists` are of all clips."""

    def __init__(self, artists: Sequence[str]) -> None:
        self._artists = artists
        self._rows: dict[str, list[int]] = {}
        for row, artist in enumerate(artists):
            self._rows.setdefault(artist, []).append(row)

    def of(self, rows: NDArray[np.int64], rng: torch.Generator) -> NDArray[np.int64]:
        """A partner of each clip, by number: drawn among the artist's others, or the clip itself."""
        drawn = torch.rand(len(rows), generator=rng).tolist()
        return np.array([self._partner(int(row), share) for row, share in zip(rows, drawn, strict=True)])

    def _partner(self, row: int, share: float) -> int:
        others = [other for other in self._rows[self._artists[row]] if other != row]
        return others[int(share * len(others))] if others else row


def drawn(examples: Examples, shares: Mapping[str, float], rng: torch.Generator) -> NDArray[np.int64]:
    """Rows, by number: of each set in `shares` so many, drawn at random, and all of the others, which come first."""
    names = np.array([clip.folder.name for clip in examples.clips])
    whole = np.flatnonzero(~np.isin(names, [name for name, share in shares.items() if share < 1]))
    parts = [whole]
    for name, share in shares.items():
        if share < 1:
            rows = np.flatnonzero(names == name)
            parts.append(rows[torch.randperm(len(rows), generator=rng)[: round(share * len(rows))].numpy()])
    return np.concatenate(parts)
