"""Networks by name: a recipe says `kind = "attention"` and the builder registered under that name makes it.

A new network is a new file in this folder whose builder carries `@register("name")`; the files are found by
themselves, no list is edited.
"""

import dataclasses
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from earmark import models
from earmark.errors import RecipeError
from earmark.sound.tokens import TOKEN_FRAMES

T = TypeVar("T")
Builder = Callable[[Mapping[str, Any], int], nn.Module]
_BUILDERS: dict[str, Builder] = {}


class Outputs(NamedTuple):
    """What a network says of a batch of windows."""

    logits: Tensor  # (windows, genres)
    token_logits: Tensor  # (windows, tokens, genres)
    vectors: Tensor  # (windows, tokens, vector): what the CNN made of each token alone
    vector: Tensor  # (windows, vector): the attention-weighted mean, what decides
    attention: Tensor | None  # (windows, tokens), sums to 1; None unless asked for
    tags: Tensor | None = None  # (windows, tags) logits; None in networks that learn no tags
    token_tags: Tensor | None = None  # (windows, tokens, tags) logits
    embedding: Tensor | None = None  # (windows, numbers): the teacher's vector as far as it was learned
    outside: Tensor | None = None  # (windows,) logits that it is none of the genres; None where that is not learned
    opinion: Tensor | None = (
        None  # (windows, genres): the part of the logits that a kernel machine has, if there is one
    )
    alone: Tensor | None = None  # (windows, tokens, genres): logits were each token the whole window; as `attention`


@runtime_checkable
class WithSideLoss(Protocol):
    """A network with a loss of its own beside the cross-entropy: a penalty on weights, a pull towards centres."""

    def side_loss(self, said: Outputs, allowed: Tensor) -> Tensor:
        """A scalar that is added to the loss of a batch; `allowed` is (windows, genres) bool."""


def register(name: str) -> Callable[[Builder], Builder]:
    """Make a builder `(options, genres) -> nn.Module` known to recipes as `name`."""

    def keep(builder: Builder) -> Builder:
        _BUILDERS[name] = builder
        return builder

    return keep


def names() -> list[str]:
    """All registered networks, sorted."""
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"{models.__name__}.{module.name}")
    return sorted(_BUILDERS)


def build(kind: str, options: Mapping[str, Any], genres: int) -> nn.Module:
    """The network `kind` with `options` for so many genres, freshly initialised from torch's global generator.

    A kind MODULE:CLASS is a network of somebody else's: `CLASS(genres=..., **options)`, a module that takes
    (windows, 128 bands, frames) float32 dB and gives logits (windows, genres), or `Outputs`.

    Raises
    ------
    RecipeError
        When no network has that name, or it does not know one of the options.
    """
    if ":" in kind:
        return _Added(imported(kind)(genres=genres, **options))
    if kind not in names():
        raise RecipeError(f"No network is called '{kind}'.", hint=f"There are: {', '.join(names())}.")
    return _BUILDERS[kind](options, genres)


def imported(spec: str) -> Callable[..., nn.Module]:
    """The class that MODULE:CLASS names; raises RecipeError where it is not there."""
    module, _, name = spec.partition(":")
    try:
        found: Callable[..., nn.Module] = getattr(importlib.import_module(module), name)
    except ImportError as reason:
        hint = "Run from the folder it is in, or install it."
        raise RecipeError(f"The module '{module}' cannot be imported: {reason}.", hint=hint) from reason
    except AttributeError as reason:
        raise RecipeError(f"The module '{module}' has no '{name}'.") from reason
    return found


class _Added(nn.Module):
    """Somebody's network in our terms: plain logits become `Outputs` with one token that is the whole window."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.token_frames = int(getattr(net, "token_frames", TOKEN_FRAMES))

    def forward(self, db: Tensor, *, attention: bool = False) -> Outputs:
        said = self.net(db)
        if isinstance(said, Outputs):
            return said
        whole = said.unsqueeze(1)
        return Outputs(said, whole, whole, said, torch.ones_like(whole[:, :, 0]) if attention else None)


def options_of(kind: type[T], options: Mapping[str, Any]) -> T:
    """`options` as the dataclass `kind`, lists turned into tuples; RecipeError names an option it does not have."""
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key in options:
        if key not in known:
            raise RecipeError(f"'{key}' is not an option of this network.", hint=f"It has: {', '.join(sorted(known))}.")
    return kind(**{key: _frozen(value) for key, value in options.items()})


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
