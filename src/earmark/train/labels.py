"""What a recipe makes of the labels of data sets: how many clips and artists each genre can be learned from."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from earmark.data.dataset import Dataset
from earmark.data.splits import linked_artists
from earmark.train.batches import allowed_genres, genres_of, outside_of
from earmark.train.options import SetOptions
from earmark.train.recipe import Recipe

OUTSIDE = "none of these"


@dataclass(frozen=True)
class LabelCount:
    """One genre, or what is none of them: clips by set, where it is sure and where it is one of several, and artists.

    `artists` are those of the clips where it is sure.
    """

    genre: str
    sure: dict[str, int]
    maybe: dict[str, int]
    artists: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


def count_labels(recipe: Recipe, datasets: Sequence[Dataset]) -> list[LabelCount]:
    """A row a genre of the recipe, and one for what is outside where the recipe learns that.

    Raises DataError where a set without a map has a label that is no genre of the recipe.
    """
    genres = genres_of(recipe, datasets)
    names = [dataset.name for dataset in datasets]
    sure = {genre: dict.fromkeys(names, 0) for genre in (*genres, OUTSIDE)}
    maybe = {genre: dict.fromkeys(names, 0) for genre in (*genres, OUTSIDE)}
    artists: dict[str, set[str]] = {genre: set() for genre in sure}
    clips = [(dataset.name, clip) for dataset in datasets for clip in dataset.clips]
    linked = linked_artists([clip.artist_key for _, clip in clips])
    for (name, clip), artist in zip(clips, linked, strict=True):
        options = recipe.sets.get(name, SetOptions())
        allowed = allowed_genres(clip, options, genres)
        open_to = [genre for genre, may in zip(genres, allowed, strict=True) if may]
        if outside_of(clip, allowed, options) == 1 and recipe.train.outside_loss:
            open_to = [OUTSIDE]
        for genre in open_to:
            (sure if len(open_to) == 1 else maybe)[genre][name] += 1
        if len(open_to) == 1:
            artists[open_to[0]].add(artist)
    shown = [*genres, *([OUTSIDE] if recipe.train.outside_loss else [])]
    return [LabelCount(genre, sure[genre], maybe[genre], len(artists[genre])) for genre in shown]
