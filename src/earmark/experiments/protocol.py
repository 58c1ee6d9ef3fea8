"""Protocols: how the clips of a cross-validation are cut, split and kept apart.

An honest protocol keeps every artist on one side: whoever is held out is out of all training sets. A leaky one does
what much of the literature does, so that the price can be measured; its name says so wherever it stands.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from earmark.data.splits import NEVER_HELD_OUT, artist_folds, linked_artists, split_folds
from earmark.errors import RecipeError
from earmark.evaluate.predictions import SEGMENT_MARK
from earmark.train.batches import Examples
from earmark.train.predict import window_tokens_of
from earmark.train.recipe import Recipe

Folds = NDArray[np.int64]


@dataclass(frozen=True)
class Protocol:
    """How a system is tested.

    `split` is a name of `data.splits` or COLUMN=VALUE, the one part held out (then there is one fold). `only`,
    COLUMN=VALUE, leaves out all other clips. With `segment_frames` the rows that are split, trained on and predicted
    are not clips but pieces of so many frames, called ID@NUMBER. With `hold_out_all` the clips that are not reported
    are held out in turn too, by artist, so that what a network says of them can be measured. With `shared_first` every
    seed has the folds of the first, and the runs of a fold begin after the same first stage, which is trained once.
    With a `share` only so many of the clips of each label that may train do, in as many steps as all would take: what
    a smaller share takes, a larger one takes too.
    """

    name: str = "artist_grouped"
    split: str = "artist_folds"
    folds: int = 5
    only: str = ""
    segment_frames: int = 0
    hold_out_all: bool = False
    shared_first: bool = False
    share: float = 1.0

    @classmethod
    def from_dict(cls, name: str, values: Mapping[str, Any]) -> "Protocol":
        """From a table of a plan; raises RecipeError for keys that protocols do not have."""
        known = {field.name for field in dataclasses.fields(cls)}
        for key in values:
            if key not in known:
                hint = f"Known are: {', '.join(sorted(known))}."
                raise RecipeError(f"The protocol '{name}': '{key}' is not known.", hint=hint)
        made = cls(name=name, **values)
        if not 0 < made.share <= 1:
            raise RecipeError(f"The protocol '{name}': 'share' must be above 0 and at most 1, not {made.share:g}.")
        return dataclasses.replace(made, folds=1) if "=" in made.split else made

    def to_dict(self) -> dict[str, Any]:
        """As plain values; what has the default of an option that is newer than stored ones is left out."""
        plain, newer = dataclasses.asdict(self), {"hold_out_all": False, "shared_first": False, "share": 1.0}
        return {name: value for name, value in plain.items() if newer.get(name) != value}

    @property
    def leaky(self) -> bool:
        """Whether an artist, or even a recording, may be on both sides."""
        return self.split.startswith("leaky")

    @property
    def words(self) -> str:
        """In words, for a report."""
        what = f"segments of {self.segment_frames} frames" if self.segment_frames else "clips"
        how = f"{self.split} held out" if "=" in self.split else f"{self.folds} folds, {self.split.replace('_', ' ')}"
        few = f", from {self.share:.0%} of those that may train" if self.share < 1 else ""
        return f"{what}{f' with {self.only}' if self.only else ''}, {how}{few}"

    def rows(self, examples: Examples) -> Examples:
        """What is split: the clips, or their segments."""
        return cut_segments(examples, self.segment_frames) if self.segment_frames else examples

    def folds_of(self, examples: Examples, reported: NDArray[np.bool_], *, seed: int) -> Folds:
        """(n,) the fold of each row; -1 for rows that are never held out, as those not `reported` (n,) bool are.

        The folds depend on the reported rows and the seed alone, so that recipes with and without further sets are
        measured on the same folds.
        """
        seed = self._seed(seed)
        folds = np.full(len(examples), NEVER_HELD_OUT, dtype=np.int64)
        rows = np.flatnonzero(reported)
        if self.split == "artist_folds":
            # Artists are linked over all sets together, and partial labels are spread evenly too.
            labels, artists = examples.labels, linked_artists(examples.artists)
            folds[rows] = artist_folds(
                [labels[row] for row in rows], [artists[row] for row in rows], folds=self.folds, seed=seed
            )
        else:
            folds[rows] = split_folds([examples.clips[row] for row in rows], self.split, folds=self.folds, seed=seed)
        return folds

    def asides_of(self, examples: Examples, folds: Folds, *, seed: int) -> Folds:
        """(n,) the fold of each row that is not reported, its artist's where that one is reported; -1 for all others.

        `folds` is what `folds_of` gave. Without `hold_out_all` every row has -1, and pieces of long clips always do.
        """
        seed = self._seed(seed)
        asides = np.full(len(examples), NEVER_HELD_OUT, dtype=np.int64)
        if not self.hold_out_all:
            return asides
        artists = linked_artists(examples.artists)
        taken = {artist: fold for artist, fold in zip(artists, folds.tolist(), strict=True) if fold != NEVER_HELD_OUT}
        whole = [clip.piece is None for clip in examples.clips]
        aside = [row for row, fold in enumerate(folds) if fold == NEVER_HELD_OUT and whole[row]]
        rows = [row for row in aside if artists[row] not in taken]
        labels = examples.labels
        if rows:
            asides[rows] = artist_folds(
                [labels[row] for row in rows], [artists[row] for row in rows], folds=self.folds, seed=seed
            )
        for row in aside:
            if artists[row] in taken:
                asides[row] = taken[artists[row]]
        return asides

    def _seed(self, seed: int) -> int:
        """Which folds a seed has."""
        return 0 if self.shared_first else seed

    def may_train(self, examples: Examples, folds: Folds, fold: int) -> NDArray[np.bool_]:
        """(n,) which rows may train when `fold` is held out: under an honest protocol none by an artist of that fold.

        A leaky protocol keeps out the held-out rows and nothing else.
        """
        if self.leaky:
            may = np.asarray(folds != fold)
        else:
            artists = linked_artists(examples.artists)
            held = {artist for artist, place in zip(artists, folds, strict=True) if place == fold}
            may = np.array([artist not in held for artist in artists], dtype=np.bool_)
        return may if self.share == 1 else may & self._drawn(examples, may, seed=fold)

    def _drawn(self, examples: Examples, may: NDArray[np.bool_], *, seed: int) -> NDArray[np.bool_]:
        """(n,) the rows that the share takes: of each label so many, at least one, in an order of the seed alone."""
        taken, labels = np.zeros(len(examples), dtype=np.bool_), np.array(examples.labels)
        order = np.random.default_rng(seed).permutation(len(examples))
        for label in sorted(set(labels[may].tolist())):
            rows = order[may[order] & (labels[order] == label)]
            taken[rows[: max(1, round(self.share * len(rows)))]] = True
        return taken

    def adapted(self, recipe: Recipe) -> Recipe:
        """The recipe for rows of this length and so many of them, so that there is as much to hear in all.

        On segments an epoch is longer, so there are fewer epochs; from a share of the clips it is shorter.
        """
        if self.share < 1:
            recipe = _with_more_epochs(recipe, 1 / self.share)
        if not self.segment_frames:
            return recipe
        if recipe.front_end:
            raise RecipeError(
                f"The protocol '{self.name}' cuts pictures into segments; '{recipe.name}' has a front end of its own."
            )
        token_frames = recipe.model.token_frames
        tokens = recipe.augment.tokens or window_tokens_of(token_frames)
        segments = window_tokens_of(1) // self.segment_frames
        heard = max(1, min(tokens, self.segment_frames // token_frames))
        share = tokens / (segments * heard)
        fewer: dict[str, Any] = {
            "train.epochs": max(1, round(recipe.train.epochs * share)),
            "augment.tokens": heard,
            "augment.tokens_spread": 0,
        }
        if recipe.first is not None:
            before = recipe.epochs - recipe.train.epochs
            fewer |= {"first.train.epochs": max(1, round(before * share)), "first.augment.tokens": heard}
            fewer |= {"first.augment.tokens_spread": 0}
        return recipe.with_values(fewer)


def _with_more_epochs(recipe: Recipe, times: float) -> Recipe:
    """The recipe with so many times the epochs, also those at the start in which something is different."""
    values = recipe.to_dict()
    more = {"train.epochs": round(times * recipe.train.epochs)}
    for section, names in _EPOCHS.items():
        for name in names:
            if values[section] and values[section][name]:
                more[f"{section}.{name}"] = round(times * values[section][name])
    if recipe.first is not None:
        more["first.train.epochs"] = round(times * (recipe.epochs - recipe.train.epochs))
    return recipe.with_values(more)


_EPOCHS = {
    "train": ("partial_after", "patience"),
    "teacher": ("alone",),
    "pretext": ("alone",),
    "latent": ("alone", "beta_epochs"),
}


def reported_rows(examples: Examples, names: Sequence[str]) -> NDArray[np.bool_]:
    """(n,) which rows have one genre as their label, and are of a set among `names`, or of any where there are none."""
    full = examples.allowed.numpy().sum(axis=1) == 1
    return np.asarray(full & [not names or clip.folder.name in names for clip in examples.clips])


def cut_segments(examples: Examples, frames: int) -> Examples:
    """Each clip as its whole segments of so many frames, one row each, called ID@NUMBER; what is left over is lost."""
    counts = (examples.frames // frames).numpy()
    owner = np.repeat(np.arange(len(examples)), counts)
    number = np.concatenate([np.arange(count) for count in counts])
    taken = examples.take(owner)
    pictures = taken.pictures.new_zeros((len(owner), taken.pictures.shape[1], frames))
    for row, place in enumerate(number):
        pictures[row] = examples.pictures[owner[row], :, place * frames : (place + 1) * frames]
    return dataclasses.replace(
        taken,
        clips=tuple(
            dataclasses.replace(clip, id=f"{clip.id}{SEGMENT_MARK}{place}")
            for clip, place in zip(taken.clips, number, strict=True)
        ),
        pictures=pictures,
        frames=taken.frames.new_full((len(owner),), frames),
    )
