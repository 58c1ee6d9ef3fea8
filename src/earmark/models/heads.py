"""Heads: the outputs of a network, each a small module from the vector to logits or other numbers.

A head has the name of its output in a recipe (`[model.heads]`: name = size), in `Outputs.heads`, in the ONNX file and
in bundle.json. A new one is a class under `@head("name")`, here or in another file of this folder.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, TypeVar

import torch
from torch import Tensor, nn

from earmark.errors import RecipeError
from earmark.sound.mel import BANDS

GENRE = "genre"  # the head that every network has: its output is `Outputs.logits`
H = TypeVar("H", bound="type[Head]")
_HEADS: "dict[str, type[Head]]" = {}


def head(name: str) -> Callable[[H], H]:
    """Register a class of heads as `name`."""

    def keep(kind: H) -> H:
        _HEADS[name] = kind
        return kind

    return keep


def head_names() -> list[str]:
    """The registered heads beside that of the genres, in the order in which networks build them."""
    return [name for name in _HEADS if name != GENRE]


def check_heads(sizes: Mapping[str, int]) -> None:
    """Refuse unknown heads and sizes out of range: ValueError names them."""
    for name, size in sizes.items():
        if name not in head_names():
            raise ValueError(f"names a head '{name}'; there are {', '.join(head_names())}")
        if not 1 <= size <= (_HEADS[name].largest or size):
            raise ValueError(f"gives the head '{name}' the size {size}; it must be {_HEADS[name].sizes()}")


def check_judged(names: Iterable[str]) -> None:
    """Refuse names of heads on which kernel machines can have no opinion: ValueError names them."""
    able = [name for name, kind in _HEADS.items() if kind.has_opinion]
    for name in names:
        if name not in able:
            raise ValueError(f"names '{name}'; it may be {', '.join(able)}")


def build_heads(vector: int, sizes: Mapping[str, int]) -> "nn.ModuleDict":
    """The heads of a network with vectors of size `vector`, from names and sizes; that of the genres first."""
    return nn.ModuleDict({name: kind(vector, sizes[name]) for name, kind in _HEADS.items() if name in sizes})


class Head(nn.Module):
    """The base class of heads, `(..., vector)` -> `(..., size)`."""

    largest: ClassVar[int | None] = None  # the largest size that is allowed; None for any
    answers: ClassVar[bool] = True  # whether it is among `Outputs.heads`; if not, only training uses it
    of_tokens: ClassVar[bool] = False  # whether it is among `Outputs.token_heads` too
    has_opinion: ClassVar[bool] = False  # whether kernel machines beside the network predict it too

    def __init__(self, vector: int, size: int) -> None:
        super().__init__()
        self.size = size

    @classmethod
    def sizes(cls) -> str:
        """The sizes that are allowed, in words."""
        return "at least 1" if cls.largest is None else "1" if cls.largest == 1 else f"1 to {cls.largest}"

    def join(self, own: Tensor, opinion: Tensor, *, share: Tensor, weight: float) -> Tensor:
        """Join its own output and that of the kernel machines, both (windows, size).

        `share`, (1, 1), from 0 to 1, is how sure the machines are; `weight` that of their scores among logits.
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

    def keep(self, kept: Sequence[int]) -> None:
        """Give up all numbers but these, by their places."""
        weight, bias = self.layer.weight[list(kept)], self.layer.bias[list(kept)]
        self.size, self.layer = len(kept), nn.Linear(weight.shape[1], len(kept))
        self.layer.weight.data, self.layer.bias.data = weight.detach(), bias.detach()


@head(GENRE)
class GenreHead(LinearHead):
    """Genre logits."""

    of_tokens = True
    has_opinion = True


@head("tags")
class TagHead(LinearHead):
    """Tag logits in the teacher's units: the layer predicts deviations from the mean logit of each tag."""

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
        """The mean of both, where the machines are sure: both are logits."""
        return own + share / 2 * (opinion - own)

    def meet(self, usual: Tensor, spread: Tensor) -> None:
        """Take mean and deviation of the teacher's logits of each tag, (size,); RecipeError for another number."""
        if usual.shape != self.usual.shape:
            raise RecipeError(
                f"The teachers have {len(usual)} tags, and the network learns {self.size}.",
                hint=f"Say tags = {len(usual)} under [model.heads].",
            )
        self.usual.copy_(usual)
        self.spread.copy_(spread)


@head("embedding")
class EmbeddingHead(LinearHead):
    """The teacher's vector of a clip."""


@head("styles")
class StyleHead(LinearHead):
    """A logit each for styles that people named; a clip may have several."""

    of_tokens = True


@head("outside")
class OutsideHead(LinearHead):
    """The logit that a window is none of the genres."""

    largest = 1
    has_opinion = True


@head("pretext")
class PretextHead(Head):
    """The layers that the tasks of `train.pretext` use beside the network; no output of it."""

    largest = 1
    answers = False

    def __init__(self, vector: int, size: int) -> None:
        super().__init__(vector, size)
        self.mask = nn.Parameter(torch.zeros(vector))  # the vector in the place of a hidden token
        self.masked = nn.Linear(vector, 2 * BANDS)
        self.following = nn.Linear(vector, 2 * BANDS)
        self.contrast = nn.Linear(vector, vector)
