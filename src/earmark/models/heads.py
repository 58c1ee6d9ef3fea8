"""Heads: what a network says of a window beside its genres, each a small module that reads it off the vector.

A head is known by the name of its output, in a recipe (`[model.heads]`: name = size), in `Outputs.heads`, in the ONNX
file and in bundle.json. A new one is a class under `@head("name")`, here or in another file of this folder.
"""

from collections.abc import Callable, Mapping
from typing import ClassVar, TypeVar

import torch
from torch import Tensor, nn

from earmark.errors import RecipeError
from earmark.sound.mel import BANDS

GENRE = "genre"  # the head that every network has: its output is `Outputs.logits`
H = TypeVar("H", bound="type[Head]")
_HEADS: "dict[str, type[Head]]" = {}


def head(name: str) -> Callable[[H], H]:
    """Make a class of heads known as `name`."""

    def keep(kind: H) -> H:
        _HEADS[name] = kind
        return kind

    return keep


def head_names() -> list[str]:
    """All heads, in the order in which a network makes them."""
    return list(_HEADS)


def check_heads(sizes: Mapping[str, int]) -> None:
    """Refuse heads that there are not, and sizes they cannot have: ValueError says which."""
    for name, size in sizes.items():
        if name not in _HEADS or name == GENRE:
            known = ", ".join(each for each in _HEADS if each != GENRE)
            raise ValueError(f"names a head '{name}'; there are {known}")
        if not 1 <= size <= (_HEADS[name].largest or size):
            raise ValueError(f"gives the head '{name}' the size {size}; it must be {_HEADS[name].sizes()}")


def build_heads(vector: int, sizes: Mapping[str, int]) -> "nn.ModuleDict":
    """The heads of a network with vectors of so many numbers, in the order of `head_names`."""
    return nn.ModuleDict({name: kind(vector, sizes[name]) for name, kind in _HEADS.items() if name in sizes})


class Head(nn.Module):
    """`(..., vector)` -> `(..., size)`. A subclass says how, and what else is particular of it."""

    largest: ClassVar[int | None] = None  # size; None for any
    answers: ClassVar[bool] = True  # whether it is among `Outputs.heads`; if not, it serves training alone
    of_tokens: ClassVar[bool] = False  # whether it answers for each token, too
    has_opinion: ClassVar[bool] = False  # whether kernel machines beside the network answer for it, too

    def __init__(self, vector: int, size: int) -> None:
        super().__init__()
        self.size = size

    @classmethod
    def sizes(cls) -> str:
        """Which sizes it may have, in words."""
        return "at least 1" if cls.largest is None else "1" if cls.largest == 1 else f"1 to {cls.largest}"

    def join(self, own: Tensor, opinion: Tensor, *, share: Tensor, weight: float) -> Tensor:
        """Its answer with what kernel machines say, both (windows, size); they count a `share` of 0 to 1, (1, 1).

        `weight` is that of their scores, 0 to 1, among logits.
        """
        return own + weight * share * opinion


class LinearHead(Head):
    """One layer."""

    def __init__(self, vector: int, size: int) -> None:
        super().__init__(vector, size)
        self.layer = nn.Linear(vector, size)

    def forward(self, vectors: Tensor) -> Tensor:
        numbers: Tensor = self.layer(vectors)
        return numbers


@head(GENRE)
class GenreHead(LinearHead):
    """Genre logits."""

    of_tokens = True
    has_opinion = True


@head("tags")
class TagHead(LinearHead):
    """Tag logits, in the teacher's own units: the layer learns deviations from each tag's usual logit."""

    of_tokens = True
    has_opinion = True
    usual: Tensor
    spread: Tensor

    def __init__(self, vector: int, size: int) -> None:
        super().__init__(vector, size)
        self.register_buffer("usual", torch.zeros(size))
        self.register_buffer("spread", torch.ones(size))

    def forward(self, vectors: Tensor) -> Tensor:
        return self.usual + self.spread * super().forward(vectors)

    def join(self, own: Tensor, opinion: Tensor, *, share: Tensor, weight: float) -> Tensor:
        """Logits on both sides: they meet half-way."""
        return own + share / 2 * (opinion - own)

    def meet(self, usual: Tensor, spread: Tensor) -> None:
        """Take over what is usual for each tag of the teacher, (size,) each; RecipeError where it has other tags."""
        if usual.shape != self.usual.shape:
            raise RecipeError(
                f"The teacher has {len(usual)} tags, and the network learns {self.size}.",
                hint=f"Say tags = {len(usual)} under [model.heads].",
            )
        self.usual.copy_(usual)
        self.spread.copy_(spread)


@head("embedding")
class EmbeddingHead(LinearHead):
    """The teacher's vector, as far as it was learned."""


@head("outside")
class OutsideHead(LinearHead):
    """The logit that a window is none of the genres."""

    largest = 1
    has_opinion = True


@head("pretext")
class PretextHead(Head):
    """What the tasks of `train.pretext` need beside the network: no part of any answer."""

    largest = 1
    answers = False

    def __init__(self, vector: int, size: int) -> None:
        super().__init__(vector, size)
        self.mask = nn.Parameter(torch.zeros(vector))  # stands for a token that is hidden
        self.masked = nn.Linear(vector, 2 * BANDS)
        self.following = nn.Linear(vector, 2 * BANDS)
        self.contrast = nn.Linear(vector, vector)
