"""Networks by name, and the interface of a network: `kind = "attention"` in a recipe names a registered builder.

A new network is a new file in this folder with a class of options and a builder under `@register("name", Options)`; the
files are found by themselves, no list is edited. `Network` has all that training, evaluation, analysis and export use.
What not every network can do is a protocol beside it, which its user asks for by `isinstance`.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol, TypeVar, runtime_checkable

import torch
from torch import Tensor, nn

from earmark import models
from earmark.errors import RecipeError
from earmark.models.codes import Coded
from earmark.models.decoder import TokenDecoder
from earmark.models.following import NextToken
from earmark.models.heads import PretextHead
from earmark.sound.tokens import TOKEN_FRAMES

T = TypeVar("T")
NO_HEADS: Mapping[str, Tensor] = MappingProxyType({})


class Outputs(NamedTuple):
    """The outputs of a network for a batch of windows.

    `vectors` are of each token alone: they do not depend on the other tokens of the window. So they may be averaged
    over any number of windows, and a masked token changes its own vector only. `vector` is of the window, in the same
    space or another. Heads have the name of their output; see `models.heads` for the shapes.
    """

    logits: Tensor  # (windows, genres)
    token_logits: Tensor  # (windows, tokens, genres)
    vectors: Tensor  # (windows, tokens, vector)
    vector: Tensor  # (windows, vector)
    attention: Tensor | None  # (windows, tokens), sums to 1; None unless asked for
    alone: Tensor | None = None  # (windows, tokens, genres): logits of each token as a whole window; as `attention`
    heads: Mapping[str, Tensor] = NO_HEADS  # each (windows, size)
    token_heads: Mapping[str, Tensor] = NO_HEADS  # those of them that are of tokens too, (windows, tokens, size)
    opinion: Tensor | None = None  # (windows, genres): the part of the logits that comes from kernel machines, if any
    opinion_tokens: Tensor | None = None  # (windows, tokens, genres): the same in time, sums to it; as `attention`
    alone_vectors: Tensor | None = None  # (windows, tokens, vector): what `alone` is read off, where it is a vector
    pitch: Tensor | None = None  # (windows, any): what pitches say of the window (`models.pitch`); as `attention`
    view: Tensor | None = None  # (windows, any): what kernel machines make of the window, as numbers; as `attention`
    coded: Coded | None = None  # each part (windows, tokens, vector): what `vectors` are drawn from; in training alone


class Network(nn.Module):
    """The base class of all networks: windows of log-mel in, `Outputs` out.

    Input: `(windows, bands, frames)` float32; dB under each window's own maximum (0 to -80), or the spectrogram of the
    recipe's front end. `frames` may be any multiple of `token_frames`.
    """

    token_frames: int  # frames of a token: windows, views in training and the ONNX file are cut by it

    @property
    def heads(self) -> Mapping[str, int]:
        """Names and sizes of the outputs beside genres."""
        return {}

    def forward(self, db: Tensor, *, attention: bool = False) -> Outputs:
        """The outputs for windows; `attention` asks for those that are told on request alone, and changes no others."""
        raise NotImplementedError

    def stages(self) -> Mapping[str, Sequence[nn.Module]]:
        """Its parts by name, from output to input, for tests that make their weights random one after the other."""
        return {}


@runtime_checkable
class Decides(Protocol):
    """A network in two steps, tokens and outputs: what `earmark analyze` needs of a checkpoint, to exchange tokens."""

    def encode(self, db: Tensor) -> Tensor:
        """The vector of each token alone, `(windows, tokens, vector)`: `Outputs.vectors`."""

    def decide(self, vectors: Tensor, db: Tensor, *, attention: bool = False) -> Outputs:
        """What `forward` gives, from the vectors of tokens and the windows that they are of."""


@runtime_checkable
class Narrows(Protocol):
    """A network that can do with fewer genres: to be read by a set that has not all of them."""

    def keep_genres(self, kept: Sequence[int]) -> None:
        """Give up all genres but these, by their places, whose logits stay as they are, in this order."""


@runtime_checkable
class Relates(Protocol):
    """A network that relates token vectors to each other and pools them: what [pretext] needs."""

    def pretext_head(self) -> PretextHead:
        """The head that serves [pretext]; the recipe has asked for it."""

    def relate(self, vectors: Tensor) -> Tensor:
        """Token vectors that depend on the other tokens, `(windows, tokens, vector)`."""

    def pool(self, context: Tensor) -> tuple[Tensor, Tensor]:
        """The window's vector `(windows, vector)` and the weight of each token, `(windows, tokens)`."""


@runtime_checkable
class Draws(Protocol):
    """A network whose vectors of tokens can be drawn as spectrograms, or foretold: what [latent] needs."""

    def decoder(self) -> TokenDecoder:
        """The head that draws a token from its vector; the recipe has asked for it."""

    def next_token(self) -> NextToken:
        """The head that tells which vector comes next; the recipe has asked for it."""


@dataclass(frozen=True, eq=False)
class Lessons:
    """The input of a network's `finish`, after the last epoch.

    `views` are lists of `(bands, frames)` dB, one a clip: first the clips as they are, then random views of each.
    `targets` has, for each output ("genre", and names of `heads`), the target of each clip, (clips, size) float64, and
    its weight, (clips,) float64. `options` are those of [kernel].
    """

    views: Sequence[Sequence[Tensor]]
    targets: Mapping[str, tuple[Tensor, Tensor]]
    options: Any
    rng: torch.Generator


@runtime_checkable
class Finishes(Protocol):
    """A network with a part that is fitted in closed form, after the last epoch."""

    @property
    def unfinished(self) -> bool:
        """Whether that part is still to be fitted."""

    def finish(self, lessons: Lessons) -> list[str]:
        """Fit it; returns the names of the tensors in `state_dict` that have changed."""


@runtime_checkable
class LearnsTags(Protocol):
    """A network that learns a teacher's tags in the teacher's own units."""

    def meet_teacher(self, usual: Tensor, spread: Tensor) -> None:
        """Take mean and deviation of each tag's logits, (tags,); RecipeError where it has another number of tags."""


@runtime_checkable
class WithSideLoss(Protocol):
    """A network with a loss of its own beside the cross-entropy: a penalty on weights, a pull towards centres."""

    def side_loss(self, outputs: Outputs, allowed: Tensor) -> Tensor:
        """A scalar that is added to the loss of a batch; `allowed` is (windows, genres) bool."""


Builder = Callable[[Any, int], Network]


@dataclass(frozen=True)
class Kind:
    """A registered kind of network: the class of its options, and its builder `(options, genres) -> Network`."""

    options: type[Any]
    build: Builder

    def has(self, option: str) -> bool:
        """Whether its recipes may have this option under [model]."""
        return option in {field.name for field in fields(self.options)}


_KINDS: dict[str, Kind] = {}


def register(name: str, options: type[T]) -> Callable[[Callable[[T, int], Network]], Callable[[T, int], Network]]:
    """Make a builder `(options, genres) -> Network` known to recipes as `name`.

    `options` is a frozen dataclass of pydantic, made by `models.options.options_class`: recipes are checked against it.
    """

    def keep(builder: Callable[[T, int], Network]) -> Callable[[T, int], Network]:
        _KINDS[name] = Kind(options, builder)
        return builder

    return keep


def kinds() -> Mapping[str, Kind]:
    """All registered networks by name, sorted."""
    for module in pkgutil.iter_modules(models.__path__):
        importlib.import_module(f"{models.__name__}.{module.name}")
    return dict(sorted(_KINDS.items()))


def build(kind: str, options: Any, genres: int) -> Network:
    """The network `kind` for so many genres, freshly initialised from torch's global generator.

    A kind MODULE:CLASS is a network outside of this package: `CLASS(genres=..., **options)`, a module that takes
    (windows, 128 bands, frames) float32 dB and gives logits (windows, genres), or `Outputs`.

    Parameters
    ----------
    kind:
        One of `kinds`, or MODULE:CLASS.
    options:
        Of the class that was registered with it; of MODULE:CLASS a mapping.
    genres:
        How many.

    Raises
    ------
    RecipeError
        When no network has that name.
    """
    if ":" in kind:
        return _Added(imported(kind)(genres=genres, **options))
    known = kinds()
    if kind not in known:
        raise unknown_kind(kind, known)
    return known[kind].build(options, genres)


def unknown_kind(kind: str, known: Iterable[str]) -> RecipeError:
    """The error for a kind of network that there is not."""
    return RecipeError(f"No network is called '{kind}'.", hint=f"There are: {', '.join(known)}.")


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


class _Added(Network):
    """A network outside of this package as a `Network`: plain logits become `Outputs` with one token, the window."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.token_frames = int(getattr(net, "token_frames", TOKEN_FRAMES))  # it may have one or not

    def forward(self, db: Tensor, *, attention: bool = False) -> Outputs:
        outputs = self.net(db)
        if isinstance(outputs, Outputs):
            return outputs
        whole = outputs.unsqueeze(1)
        return Outputs(outputs, whole, whole, outputs, torch.ones_like(whole[:, :, 0]) if attention else None)
