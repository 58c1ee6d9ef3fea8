"""Genre arithmetic for a person: "blues - country + pop" is a point among the 128 numbers; what is near it?"""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from earmark.errors import EarmarkError
from earmark.listen.atlas import Neighbour, read_atlas
from earmark.listen.bundle import Bundle

_SIGN = re.compile(r"(?:^|(?<=\s))([+\-−])\s*")


@dataclass(frozen=True, slots=True)
class Solution:
    """What an equation comes to.

    `genres` are all genres with their distances from the point, the nearest first, those of the equation left out;
    `with_terms` are all of them; `clips` are the clips of the atlas nearest to it.
    """

    terms: tuple[tuple[int, str], ...]  # +1 or -1, and a genre
    genres: tuple[tuple[str, float], ...]
    with_terms: tuple[tuple[str, float], ...]
    clips: tuple[Neighbour, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "terms": [{"sign": sign, "genre": genre} for sign, genre in self.terms],
            "genres": dict(self.genres),
            "with_terms": dict(self.with_terms),
            "clips": [clip.to_dict() for clip in self.clips],
        }


def solve(bundle: Bundle, equation: str, *, clips: int = 5) -> Solution:
    """The genres and clips nearest to what an equation comes to, by Euclidean distance in the full space.

    Terms are counted from the centre of all genres, so that "classical + metal" is not far from all music; in a - b + c
    the centre cancels out.

    Parameters
    ----------
    bundle:
        A bundle with an atlas.
    equation:
        Genres of the atlas with + and - between them, such as "blues - country + pop".
    clips:
        How many clips, at most one by an artist.

    Raises
    ------
    EarmarkError
        The bundle has no atlas, or the equation names what is no genre of it.
    """
    atlas = read_atlas(bundle)
    if atlas is None:
        hint = f"Make one with: earmark model atlas --data SET --model {bundle.folder}"
        raise EarmarkError(f"The bundle {bundle.info.model} has no atlas of clips to calculate with.", hint=hint)
    means = atlas.genre_means()
    terms = parse(equation, tuple(means))
    centre = np.mean(list(means.values()), axis=0)
    point = centre + np.sum([sign * (means[genre] - centre) for sign, genre in terms], axis=0)
    ranked = sorted(
        ((genre, float(np.linalg.norm(mean - point))) for genre, mean in means.items()), key=lambda each: each[1]
    )
    named = {genre for _, genre in terms}
    return Solution(
        terms,
        tuple(each for each in ranked if each[0] not in named),
        tuple(ranked),
        tuple(atlas.nearest(point, clips)),
    )


def parse(equation: str, genres: tuple[str, ...]) -> tuple[tuple[int, str], ...]:
    """Signs and genres of an equation.

    >>> parse("blues - country + pop", ("blues", "country", "pop"))
    ((1, 'blues'), (-1, 'country'), (1, 'pop'))

    Raises EarmarkError where it is none, or names another genre.
    """
    hint = 'Write for example "blues - country + pop", with spaces around the signs.'
    text = equation.strip()
    signed = text if text[:1] in ("+", "-", "−") else f"+ {text}"
    _, *parts = _SIGN.split(signed)
    if not text or len(parts) < 2:
        raise EarmarkError("There is nothing to calculate.", hint=hint)
    terms = []
    for sign, name in zip(parts[::2], parts[1::2], strict=True):
        genre = name.strip().lower()
        if genre not in genres:
            raise EarmarkError(
                f"'{name.strip()}' in the equation is no genre of this bundle's atlas ({', '.join(genres)}).", hint=hint
            )
        terms.append((1 if sign == "+" else -1, genre))
    return tuple(terms)
