"""A recipe: the TOML file from which a training run can be repeated. Here it is read and checked, once, at the edge.

The options of a section are a class of `train.options`; those of [model] are the class that the kind of network was
registered with. docs/recipes.md has a table of all of them.
"""

import copy
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from earmark.errors import RecipeError
from earmark.models import controls
from earmark.models.kernel import KernelOptions
from earmark.models.options import checked, options_class, plain
from earmark.models.registry import Network, build, kinds, unknown_kind
from earmark.sound.tokens import TOKEN_FRAMES
from earmark.train.history import upgraded
from earmark.train.options import (
    AugmentOptions,
    FrontEndOptions,
    LatentOptions,
    PretextOptions,
    SetOptions,
    TeacherOptions,
    TrainOptions,
)

SEARCHED = (
    "model",
    "train",
    "augment",
    "teacher",
    "pretext",
    "latent",
    "kernel",
)  # whose options [search] may have ranges for

STAGED = ("train", "augment", "teacher", "pretext", "latent", "sets")  # what may be different in a first stage


@dataclass(frozen=True)
class Model:
    """[model]: which network, and its options, of the class that belongs to the kind; a mapping for MODULE:CLASS."""

    kind: str
    options: Any

    @classmethod
    def from_dict(cls, values: Any, *, source: str = "The recipe") -> "Model":
        """From the table of a recipe; raises RecipeError for an unknown kind or option."""
        if not isinstance(values, Mapping) or not isinstance(values.get("kind"), str):
            raise RecipeError(f"{source}: [model] needs a 'kind'.")
        kind = values["kind"]
        options = {key: value for key, value in values.items() if key != "kind"}
        if ":" in kind:
            return cls(kind, options)
        classes: dict[str, type[Any]] = {**controls.KINDS, **{name: each.options for name, each in kinds().items()}}
        if kind not in classes:
            raise unknown_kind(kind, sorted(classes))
        return cls(kind, checked(classes[kind], options, f"{source}, [model]"))

    def build(self, genres: int) -> Network:
        """The network, freshly initialised from torch's global generator."""
        return build(self.kind, self.options, genres)

    @property
    def control(self) -> bool:
        """Whether it is a control (`models.controls`), no network."""
        return self.kind in controls.KINDS

    @property
    def token_frames(self) -> int:
        """Frames of a token; earmark's for controls and networks outside of the package, which have no such option."""
        return int(self.to_dict().get("token_frames", TOKEN_FRAMES))

    def to_dict(self) -> dict[str, Any]:
        """The table of a recipe."""
        return {"kind": self.kind, **(self.options if isinstance(self.options, Mapping) else plain(self.options))}


# The sections that are a class each; [sets.NAME] is `SetOptions`, [model] that of its kind.
SECTIONS: Mapping[str, type[Any]] = {
    "train": TrainOptions,
    "augment": AugmentOptions,
    "front_end": FrontEndOptions,
    "teacher": TeacherOptions,
    "pretext": PretextOptions,
    "latent": LatentOptions,
    "kernel": KernelOptions,
}


@options_class
class _Top:
    """What stands outside of the sections that are checked by themselves."""

    name: str
    genres: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()
    card: Mapping[str, str] = field(default_factory=dict)
    search: Mapping[str, Any] = field(default_factory=dict)
    first: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Recipe:
    """All that a training run depends on, except data and seed."""

    name: str
    model: Model
    genres: tuple[str, ...] = ()  # empty: whatever labels the data have
    styles: tuple[str, ...] = ()  # of the head styles; a clip may have several, or none
    train: TrainOptions = field(default_factory=TrainOptions)
    augment: AugmentOptions = field(default_factory=AugmentOptions)
    sets: Mapping[str, SetOptions] = field(default_factory=dict)
    front_end: FrontEndOptions | None = None  # None: earmark's own, from pictures
    teacher: TeacherOptions | None = None  # None: labels alone
    pretext: PretextOptions | None = None  # None: no learning without labels
    latent: LatentOptions | None = None  # None: the vectors of tokens have the shape that the other losses give them
    first: Mapping[str, Any] | None = None  # sections of a first stage, as far as they differ from those above
    kernel: KernelOptions | None = None  # None: as KernelOptions has it, where the network has such machines
    card: Mapping[str, str] = field(default_factory=dict)  # what people should know, for the bundle's lineage
    search: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # "train.epochs": a range to search in

    @classmethod
    def load(cls, path: Path | str, *, kind: str | None = None) -> "Recipe":
        """Read a recipe file; with `kind` it is a recipe for that network, whatever it names itself.

        Raises
        ------
        RecipeError
            The file is missing, is not TOML, or has unknown options or values out of range.
        """
        try:
            with Path(path).open("rb") as file:
                values = tomllib.load(file)
        except OSError as reason:
            raise RecipeError(f"The recipe {path} cannot be read: {reason.strerror}.") from reason
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as reason:
            raise RecipeError(f"The recipe {path} is not TOML: {reason}.") from reason
        if kind is not None:
            values["model"] = {**values.get("model", {}), "kind": kind}
        return cls.from_dict(values, source=str(path))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, source: str = "The recipe") -> "Recipe":
        """The recipe that `to_dict` wrote, or that a TOML file holds; raises RecipeError as `load` does."""
        parts = upgraded(values)
        parts["model"] = Model.from_dict(parts.get("model"), source=source)
        sets = parts.pop("sets", None) or {}
        for name, kind in SECTIONS.items():
            if parts.get(name) is not None:
                parts[name] = checked(kind, parts[name], f"{source}, [{name}]")
            else:
                parts.pop(name, None)
        if not isinstance(sets, Mapping):
            raise RecipeError(f"{source}: [sets] must be tables, [sets.NAME].")
        made = {name: checked(SetOptions, options, f"{source}, [sets.{name}]") for name, options in sets.items()}
        sections = {name: parts.pop(name) for name in ("model", *SECTIONS) if name in parts}
        top = checked(_Top, parts, source)
        recipe = cls(
            **sections,
            sets=made,
            name=top.name,
            genres=top.genres,
            styles=top.styles,
            card=top.card,
            search=top.search,
            first=top.first or None,  # an empty section is none, so that a plan can take it out
        )
        recipe._refuse_what_does_not_fit(source)
        recipe.first_stage(source=f"{source}, [first]")
        for path, limits in recipe.search.items():
            _check_range(recipe, path, limits, f"{source}, [search]")
        return recipe

    def at(self, path: str) -> Any:
        """The value of the option at a dotted path; KeyError where there is none."""
        found: Any = self.to_dict()
        for key in path.split("."):
            found = found[key]
        return found

    def with_values(self, values: Mapping[str, Any]) -> "Recipe":
        """This recipe with other values at some dotted paths, without [search]; RecipeError as `load`."""
        changed = self.to_dict() | {"search": {}}
        for path, value in values.items():
            *sections, key = path.split(".")
            inside = changed
            for section in sections:
                if inside.get(section) is None:
                    inside[section] = {}  # a section that the recipe does without
                inside = inside[section]
            inside[key] = value
        return Recipe.from_dict(changed, source=f"The recipe '{self.name}'")

    def first_stage(self, *, source: str = "The recipe") -> "Recipe | None":
        """What the network learns by before this recipe, if [first] says anything; RecipeError as `load`."""
        if self.first is None:
            return None
        whole = self.to_dict() | {"first": None, "search": {}, "name": f"{self.name}, first stage"}
        for section, options in self.first.items():
            if section not in STAGED or not isinstance(options, Mapping):
                raise RecipeError(f"{source}: there may be sections {', '.join(STAGED)}, and '{section}' is none.")
            whole[section] = _merged(whole[section] or {}, options)
        first = Recipe.from_dict(whole, source=source)
        if first.teacher and self.teacher and list(first.teacher.files) != list(self.teacher.files):
            raise RecipeError(
                f"{source}: its [teacher] has other files, and the heads have room for those of [teacher].",
                hint="Name all files under [teacher], with a weight of 0 where one does not count.",
            )
        return first

    @property
    def epochs(self) -> int:
        """How many there are in all, those of a first stage too."""
        first = {} if self.first is None else {"epochs": self.train.epochs, **self.first.get("train", {})}
        return self.train.epochs + int(first.get("epochs", 0))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for checkpoints and lineages; sections that are left out are None."""
        sections = {name: getattr(self, name) for name in SECTIONS}
        return {
            "name": self.name,
            "genres": list(self.genres),
            "styles": list(self.styles),
            "model": self.model.to_dict(),
            **{name: None if options is None else plain(options) for name, options in sections.items()},
            "sets": {name: plain(options) for name, options in self.sets.items()},
            "first": copy.deepcopy(self.first),
            "card": dict(self.card),
            "search": copy.deepcopy(dict(self.search)),
        }

    def identity(self) -> dict[str, Any]:
        """All that decides the weights, as plain JSON values: recipes of the same identity train the same network."""
        decisive = self.to_dict()
        del decisive["card"], decisive["search"]
        return decisive

    def same_as(self, stored: Mapping[str, Any]) -> bool:
        """Whether `stored`, an `identity` that was saved, is this recipe's; options newer than it have defaults."""
        return Recipe.from_dict(stored).identity() == self.identity()

    def _refuse_what_does_not_fit(self, source: str) -> None:
        """Refuse sections that need something that another section lacks."""
        for name, options in self.sets.items():
            self._refuse_unknown_genres(name, options, source)
        if self.front_end is not None and self.train.noises:
            raise RecipeError(f"{source}: [train] 'noises' are earmark's own pictures, and there is a [front_end].")
        if self.train.noises and not self.train.outside_loss:
            raise RecipeError(f"{source}: [train] 'noises' teach nothing without an 'outside_loss'.")
        if self.pretext and self.pretext.artists and self.augment.mixup:
            raise RecipeError(
                f"{source}: [pretext] 'artists' compares views of one artist each, and [augment] 'mixup' blends them."
            )
        if self.train.patience and not self.train.validation_share:
            raise RecipeError(f"{source}: [train] 'patience' needs a 'validation_share' to go by.")
        if self.front_end is not None and self.front_end.scale == "log1p":
            for name in _ON_DECIBELS:
                if getattr(self.augment, name):
                    raise RecipeError(
                        f"{source}: [augment] '{name}' changes decibels, but [front_end] has the scale 'log1p'."
                    )
        self._refuse_what_the_network_lacks(source)

    def _refuse_what_the_network_lacks(self, source: str) -> None:
        if self.model.control or ":" in self.model.kind:
            return
        shape = self.latent or LatentOptions()
        wanted = {
            "[train] 'outside_loss'": ("outside", self.train.outside_loss > 0),
            "[train] 'style_loss'": ("styles", self.train.style_loss > 0),
            "[teacher] 'tags'": ("tags", self.teacher is not None and self.teacher.tags > 0),
            "[teacher] 'embedding'": ("embedding", self.teacher is not None and self.teacher.embedding > 0),
            "[pretext]": ("pretext", self.pretext is not None),
            "[latent] 'reconstruction'": ("decoder", shape.reconstruction > 0),
            "[latent] 'following'": ("next", shape.following > 0),
            "[latent] 'foreseen'": ("next", shape.foreseen > 0),
            "[latent] 'foreseen', too,": ("decoder", shape.foreseen > 0),
        }
        kind = self.model.kind
        network = kinds()[kind]
        heads = self.model.options.heads if network.has("heads") else {}
        for asking, (head, asked) in wanted.items():
            if asked and head not in heads:
                size = "SIZE" if head in _OF_ANY_SIZE else len(self.styles) if head == "styles" else 1
                hint = f"Say {head} = {size} under [model.heads]."
                raise RecipeError(
                    f"{source}: {asking} needs the head '{head}', which this '{kind}' network has not.",
                    hint=hint if network.has("heads") else _those_that_have("heads"),
                )
        code = self.model.options.code if network.has("code") else "plain"
        if (shape.beta or shape.free_bits) and code != "gaussian":
            raise RecipeError(
                f"{source}: [latent] 'beta' and 'free_bits' are about a Gaussian code, and this network's is {code}.",
                hint='Say code = "gaussian" under [model].' if network.has("code") else _those_that_have("code"),
            )
        if "decoder" in heads and self.front_end is not None:
            raise RecipeError(f"{source}: the head 'decoder' draws earmark's own pictures, and there is a [front_end].")
        if heads.get("styles", len(self.styles)) != len(self.styles):
            raise RecipeError(
                f"{source}: the head 'styles' has the size {heads['styles']}, and there are {len(self.styles)} styles.",
                hint="Name the styles, and give the head as many.",
            )
        machines = self.model.options.kernel if network.has("kernel") else 0
        if self.kernel is not None and not machines:
            raise RecipeError(
                f"{source}: [kernel] is about kernel machines, which this '{kind}' network has not.",
                hint="Say kernel = 1000 (or so many) under [model]."
                if network.has("kernel")
                else _those_that_have("kernel"),
            )
        several = self.teacher is not None and len(self.teacher.files) > 1
        if machines and several and "tags" in heads and "tags" in self.model.options.kernel_judges:
            raise RecipeError(
                f"{source}: kernel machines judge the tags of one teacher alone, and [teacher] has several.",
                hint='Say kernel_judges = ["genre", "outside"] under [model].',
            )
        if machines and self.front_end is not None:
            raise RecipeError(f"{source}: kernel machines hear earmark's own pictures, and there is a [front_end].")

    def _refuse_unknown_genres(self, name: str, options: SetOptions, source: str) -> None:
        for label in options.outside:
            if label in (options.map or {}):
                raise RecipeError(f"{source}, [sets.{name}]: '{label}' is in the map and outside.")
        for target in (options.map or {}).values():
            for genre in [target] if isinstance(target, str) else target:
                if self.genres and genre not in self.genres:
                    raise RecipeError(f"{source}, [sets.{name}]: '{genre}' is not one of the recipe's genres.")


def _merged(section: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The section with some options changed, those of tables in it too ([sets.NAME])."""
    merged = dict(section)
    for name, value in changes.items():
        inner = merged.get(name)
        merged[name] = {**inner, **value} if isinstance(inner, Mapping) and isinstance(value, Mapping) else value
    return merged


def _those_that_have(option: str) -> str:
    return f"Networks that have: {', '.join(name for name, kind in kinds().items() if kind.has(option))}."


def _check_range(recipe: Recipe, path: str, limits: Any, where: str) -> None:
    section, _, key = path.partition(".")
    if section not in SEARCHED or key not in (recipe.to_dict()[section] or {}):
        hint = 'Paths stand in quotes: "train.epochs".'
        raise RecipeError(f"{where}: '{path}' is not an option of this recipe.", hint=hint)
    given = set(limits) if isinstance(limits, Mapping) else set()
    if given == {"choices"}:
        tried = inside = _choices_of(path, limits["choices"], where)
    elif {"low", "high"} <= given <= {"low", "high", "log"}:
        tried = _bounds_of(path, limits, where)
        inside = [recipe.at(path)] if _between(recipe.at(path), *tried) else []
    else:
        raise RecipeError(f"{where}: '{path}' needs either choices, or low and high (and log), and nothing else.")
    for value in tried:
        recipe.with_values({path: value})  # refuses what such an option cannot be
    if recipe.at(path) not in inside:
        raise RecipeError(f"{where}: '{path}' leaves out the recipe's own {recipe.at(path)!r}, where a search begins.")


def _choices_of(path: str, choices: Any, where: str) -> list[Any]:
    if not isinstance(choices, list) or not choices:
        raise RecipeError(f"{where}: '{path}' has no choices.")
    if not all(isinstance(choice, bool | int | float | str) for choice in choices):
        raise RecipeError(f"{where}: the choices of '{path}' must be numbers, words, true or false.")
    return choices


def _bounds_of(path: str, limits: Mapping[str, Any], where: str) -> list[Any]:
    low, high, log = limits["low"], limits["high"], limits.get("log", False)
    if any(isinstance(bound, bool) or not isinstance(bound, int | float) for bound in (low, high)):
        raise RecipeError(f"{where}: low and high of '{path}' must be numbers.")
    if not isinstance(log, bool):
        raise RecipeError(f"{where}: log of '{path}' must be true or false.")
    if low > high:
        raise RecipeError(f"{where}: '{path}' has a low of {low} above its high of {high}.")
    if log and low <= 0:
        raise RecipeError(f"{where}: '{path}' has a low of {low}; with log it must be above 0.")
    return [low, high]


def _between(value: Any, low: float, high: float) -> bool:
    return isinstance(value, int | float) and low <= value <= high


_OF_ANY_SIZE = ("tags", "embedding", "decoder", "next")
_ON_DECIBELS = ("tilt_db", "equalise_db", "range", "low_pass", "high_pass", "floor")
