"""A recipe: the TOML file from which a training run can be repeated. Here it is read and checked, once, at the edge."""

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

from earmark.errors import RecipeError

T = TypeVar("T")


@dataclass(frozen=True)
class TrainOptions:
    """[train]: how long and how fast."""

    epochs: int = 60
    batch_size: int = 32
    optimizer: Literal["adamw", "adam"] = "adamw"
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    schedule: Literal["one_cycle", "constant"] = "one_cycle"
    warmup: float = 0.2  # share of the steps in which the rate rises
    gradient_clip: float = 1.0  # largest norm of the gradient; 0 for none
    label_smoothing: float = 0.1
    ema_decay: float = 0.0  # of the averaged weights, the ones that answer; 0 for none
    token_loss: float = 0.0  # weight of the loss on each token's own logits
    validation_share: float = 0.0  # of the artists, kept aside for early stopping; 0: train to the end
    patience: int = 0  # epochs without a better validation before stopping; 0: run all, keep the best


@dataclass(frozen=True)
class AugmentOptions:
    """[augment]: largest strength of each change to a batch of spectrograms; 0 leaves it out."""

    tokens: int = 0  # hear a random run of so many tokens of the window; 0: all
    roll: bool = False  # start anywhere, the end goes to the front
    stretch: float = 0.0  # time faster or slower by up to this share
    shift_bands: float = 0.0  # up or down by so many mel bands
    tilt_db: float = 0.0  # a straight line over the bands, this much at its ends
    equalise_db: float = 0.0  # smooth random curve over the bands
    range: float = 0.0  # dB range narrower or wider by up to this share: levels, with no change of gain
    low_pass: float = 0.0  # chance of losing the upper bands
    floor: float = 0.0  # chance of a raised noise floor
    mask_bands: int = 0  # SpecAugment (Park et al. 2019, arXiv 1904.08779): up to so many bands, twice
    mask_frames: int = 0  # and frames, twice
    mixup: float = 0.0  # alpha of the beta distribution (Zhang et al. 2018, arXiv 1710.09412)


@dataclass(frozen=True)
class SetOptions:
    """[sets.NAME]: how the labels of the data set in the folder NAME are read.

    `map` turns a label of the set into one genre or several; several mean "one of these" (a partial label).
    Labels that are not in a map that is given are left out.
    """

    column: str = "genre"
    separator: str = ";"
    weight: float = 1.0
    map: Mapping[str, str | list[str]] | None = None


@dataclass(frozen=True)
class Recipe:
    """All that a training run depends on, but for the data and the seed."""

    name: str
    model: Mapping[str, Any]  # `kind`, and the options of that kind
    genres: tuple[str, ...] = ()  # empty: whatever labels the data have
    train: TrainOptions = TrainOptions()
    augment: AugmentOptions = AugmentOptions()
    sets: Mapping[str, SetOptions] = field(default_factory=dict)
    card: Mapping[str, str] = field(default_factory=dict)  # what people should know, for the bundle's lineage

    @classmethod
    def load(cls, path: Path | str) -> "Recipe":
        """Read a recipe file.

        Raises
        ------
        RecipeError
            It is missing, is not TOML, or has a key that recipes do not have.
        """
        try:
            with Path(path).open("rb") as file:
                return cls.from_dict(tomllib.load(file), source=str(path))
        except OSError as reason:
            raise RecipeError(f"The recipe {path} cannot be read: {reason.strerror}.") from reason
        except tomllib.TOMLDecodeError as reason:
            raise RecipeError(f"The recipe {path} is not TOML: {reason}.") from reason

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, source: str = "The recipe") -> "Recipe":
        """The recipe that `to_dict` wrote, or that a TOML file holds; raises RecipeError as `load` does."""
        parts = dict(values)
        model = parts.get("model")
        if not isinstance(model, Mapping) or "kind" not in model:
            raise RecipeError(f"{source}: [model] needs a 'kind'.")
        parts["train"] = _checked(TrainOptions, parts.get("train", {}), f"{source}, [train]")
        parts["augment"] = _checked(AugmentOptions, parts.get("augment", {}), f"{source}, [augment]")
        parts["sets"] = {
            name: _checked(SetOptions, options, f"{source}, [sets.{name}]")
            for name, options in parts.get("sets", {}).items()
        }
        parts["genres"] = tuple(parts.get("genres", ()))
        recipe = _checked(cls, parts, source)
        for name, options in recipe.sets.items():
            recipe._refuse_unknown_genres(name, options, source)
        return recipe

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for checkpoints and lineages."""
        return dataclasses.asdict(self)

    def identity(self) -> dict[str, Any]:
        """What decides the weights, as plain JSON values: two recipes with the same identity train the same network."""
        plain: dict[str, Any] = json.loads(json.dumps(self.to_dict()))
        del plain["card"]
        return plain

    def _refuse_unknown_genres(self, name: str, options: SetOptions, source: str) -> None:
        for target in (options.map or {}).values():
            for genre in [target] if isinstance(target, str) else target:
                if self.genres and genre not in self.genres:
                    raise RecipeError(f"{source}, [sets.{name}]: '{genre}' is not one of the recipe's genres.")


def _checked(kind: type[T], values: Mapping[str, Any], where: str) -> T:
    known = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key in values:
        if key not in known:
            raise RecipeError(f"{where}: '{key}' is not known.", hint=f"Known are: {', '.join(sorted(known))}.")
    for key, value in values.items():
        default = known[key].default
        if isinstance(default, bool | int | float | str) and not _fits(value, default):
            raise RecipeError(f"{where}: '{key}' must be a {type(default).__name__}, not {value!r}.")
    try:
        return kind(**values)
    except TypeError as reason:
        raise RecipeError(f"{where}: {reason}.") from reason


def _fits(value: object, default: object) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(default, bool) and isinstance(value, bool)
    return isinstance(value, int | float) if isinstance(default, float) else isinstance(value, type(default))
