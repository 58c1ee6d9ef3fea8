"""A recipe: the TOML file from which a training run can be repeated. Here it is read and checked, once, at the edge."""

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar, get_args

from earmark.errors import RecipeError
from earmark.sound.mel import SAMPLE_RATE_HZ
from earmark.sound.spectra import Scale

T = TypeVar("T")
SEARCHED = ("model", "train", "augment", "teacher", "pretext", "kernel")  # whose options [search] may have ranges for


@dataclass(frozen=True)
class TrainOptions:
    """[train]: how long and how fast."""

    epochs: int = 60
    batch_size: int = 32
    optimizer: Literal["adamw", "adam", "adadelta", "rmsprop"] = "adamw"
    learning_rate: float = 2e-3
    weight_decay: float = 0.02
    schedule: Literal["one_cycle", "constant"] = "one_cycle"
    warmup: float = 0.2  # share of the steps in which the rate rises
    gradient_clip: float = 1.0  # largest norm of the gradient; 0 for none
    label_smoothing: float = 0.1
    ema_decay: float = 0.0  # of the averaged weights, the ones that answer; 0 for none
    clip_loss: float = 1.0  # weight of the loss on the logits of the whole view
    token_loss: float = 0.0  # weight of the loss on each token's own logits; without clip_loss: training on segments
    outside_loss: float = 0.0  # weight of telling what is none of the genres; needs `outside` under [model]
    noises: int = 0  # sounds that are no music (`data.noise`), made for the run, as examples of none of the genres
    partial_after: int = 0  # epochs at the start in which partial labels do not count
    validation_share: float = 0.0  # of the artists, kept aside for early stopping; 0: train to the end
    patience: int = 0  # epochs without a better validation before stopping; 0: run all, keep the best


@dataclass(frozen=True)
class AugmentOptions:
    """[augment]: largest strength of each change to a batch of spectrograms; 0 leaves it out."""

    tokens: int = 0  # hear a random run of so many tokens of the window; 0: all
    tokens_spread: int = 0  # each step hears up to so many tokens more or fewer than `tokens`
    roll: bool = False  # start anywhere, the end goes to the front
    stretch: float = 0.0  # time faster or slower by up to this share
    shift_bands: float = 0.0  # up or down by so many mel bands
    tilt_db: float = 0.0  # a straight line over the bands, this much at its ends
    equalise_db: float = 0.0  # smooth random curve over the bands
    range: float = 0.0  # dB range narrower or wider by up to this share: levels, with no change of gain
    low_pass: float = 0.0  # chance of losing the upper bands
    high_pass: float = 0.0  # chance of losing the lower ones, 12 to 24 dB an octave
    floor: float = 0.0  # chance of a raised noise floor
    mask_bands: int = 0  # SpecAugment (Park et al. 2019, arXiv 1904.08779): up to so many bands, twice
    mask_frames: int = 0  # and frames, twice
    mixup: float = 0.0  # alpha of the beta distribution (Zhang et al. 2018, arXiv 1710.09412)


@dataclass(frozen=True)
class SetOptions:
    """[sets.NAME]: how the labels of the data set in the folder NAME are read.

    `map` turns a label of the set into one genre or several; several mean "one of these" (a partial label).
    Labels that are not in a map that is given are left out. Labels in `outside` are none of the genres: a clip that has
    no other is an example of what is outside, one that has some and some is an example of neither.
    """

    column: str = "genre"
    separator: str = ";"
    weight: float = 1.0
    map: Mapping[str, str | list[str]] | None = None
    outside: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class FrontEndOptions:
    """[front_end]: spectrograms of another kind than earmark's pictures, made from the sound (`sound.spectra`)."""

    n_fft: int = 512
    hop: int = 256
    bands: int = 64
    high_hz: float = 10_000.0  # where the bands end
    scale: Scale = "log1p"  # log(1 + x), or "db" under the clip's maximum
    power: float = 2.0  # of the magnitudes: 1 or 2


@dataclass(frozen=True)
class TeacherOptions:
    """[teacher]: learning from what another network hears in the clips (distillation, Hinton et al. 2015).

    Weights of losses beside that of the genre, for the clips of all sets that have a `teacher.npz`, whether or not they
    have a genre. A network learns the tags it has room for: `tags` and `embedding` under [model] say how many.
    """

    tags: float = 1.0  # squared error of each token's tag logits, in deviations of the tag, and of the view's mean
    embedding: float = 0.0  # one minus the cosine to the teacher's vector of the clip
    alone: int = 0  # epochs at the start without the genre


@dataclass(frozen=True)
class PretextOptions:
    """[pretext]: learning from the sound of all clips, with no label (`train.pretext`). Weights of losses.

    Needs `pretext = true` under [model].
    """

    masked: float = 0.0  # tokens that are hidden, from those around them
    following: float = 0.0  # the token that comes next, from those before it
    contrast: float = 0.0  # which two halves of views are of one clip
    alone: int = 0  # epochs at the start without the genre


@dataclass(frozen=True)
class KernelOptions:
    """[kernel]: the kernel machines that a network with `kernel` centres under [model] gets when it is trained."""

    ridge: float = 0.1
    sharpness: float = 0.8  # of likeness: over the number of descriptors, the factor of a squared distance
    copies: int = 0  # random views of each clip, under [augment], beside the clip as it is
    copy_weight: float = 0.5  # of each of them; the clip as it is counts 1


@dataclass(frozen=True)
class Recipe:
    """All that a training run depends on, but for the data and the seed."""

    name: str
    model: Mapping[str, Any]  # `kind`, and the options of that kind
    genres: tuple[str, ...] = ()  # empty: whatever labels the data have
    train: TrainOptions = TrainOptions()
    augment: AugmentOptions = AugmentOptions()
    sets: Mapping[str, SetOptions] = field(default_factory=dict)
    front_end: FrontEndOptions | None = None  # None: earmark's own, from pictures
    teacher: TeacherOptions | None = None  # None: labels alone
    pretext: PretextOptions | None = None  # None: no learning without labels
    kernel: KernelOptions | None = None  # None: as KernelOptions has it, where the network has such machines
    card: Mapping[str, str] = field(default_factory=dict)  # what people should know, for the bundle's lineage
    search: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # "train.epochs": a range to search in

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
        parts["front_end"] = _front_end(parts.get("front_end"), parts["augment"], source)
        if parts.get("teacher") is not None:
            parts["teacher"] = _checked(TeacherOptions, parts["teacher"], f"{source}, [teacher]")
        if parts.get("pretext") is not None:
            parts["pretext"] = _checked(PretextOptions, parts["pretext"], f"{source}, [pretext]")
        if parts.get("kernel") is not None:
            parts["kernel"] = _checked(KernelOptions, parts["kernel"], f"{source}, [kernel]")
        if parts["front_end"] is not None and parts["train"].noises:
            raise RecipeError(f"{source}: [train] 'noises' are earmark's own pictures, and there is a [front_end].")
        if parts["train"].noises and not parts["train"].outside_loss:
            raise RecipeError(f"{source}: [train] 'noises' teach nothing without an 'outside_loss'.")
        recipe = _checked(cls, parts, source)
        for name, options in recipe.sets.items():
            recipe._refuse_unknown_genres(name, options, source)
        for path, limits in recipe.search.items():
            _check_range(recipe, path, limits, f"{source}, [search]")
        return recipe

    def at(self, path: str) -> Any:
        """The option at a dotted path, as it stands in its section; KeyError where there is none."""
        found: Any = self.to_dict()
        for key in path.split("."):
            found = found[key]
        return found

    def with_values(self, values: Mapping[str, Any]) -> "Recipe":
        """This recipe with other values at some dotted paths, and nothing left to search; RecipeError as `load`."""
        plain = self.to_dict() | {"search": {}}
        for path, value in values.items():
            *sections, key = path.split(".")
            inside = plain
            for section in sections:
                if inside.get(section) is None:
                    inside[section] = {}  # a section that the recipe does without
                inside = inside[section]
            inside[key] = value
        return Recipe.from_dict(plain, source=f"The recipe '{self.name}'")

    def to_dict(self) -> dict[str, Any]:
        """As plain values, for checkpoints and lineages."""
        return dataclasses.asdict(self)

    def identity(self) -> dict[str, Any]:
        """What decides the weights, as plain JSON values: two recipes with the same identity train the same network."""
        plain: dict[str, Any] = json.loads(json.dumps(self.to_dict()))
        del plain["card"], plain["search"]
        for options in plain["sets"].values():
            if not options["outside"]:
                del options["outside"]
        for section in ("front_end", "teacher", "pretext", "kernel"):
            if plain[section] is None:
                del plain[section]  # identities written before there was a choice have none
        return plain

    def same_as(self, stored: Mapping[str, Any]) -> bool:
        """Whether `stored`, an `identity` that was written down, is this recipe's; options newer than it count too."""
        return Recipe.from_dict(stored).identity() == self.identity()

    def _refuse_unknown_genres(self, name: str, options: SetOptions, source: str) -> None:
        for label in options.outside:
            if label in (options.map or {}):
                raise RecipeError(f"{source}, [sets.{name}]: '{label}' is in the map and outside.")
        for target in (options.map or {}).values():
            for genre in [target] if isinstance(target, str) else target:
                if self.genres and genre not in self.genres:
                    raise RecipeError(f"{source}, [sets.{name}]: '{genre}' is not one of the recipe's genres.")


def _check_range(recipe: Recipe, path: str, limits: Any, where: str) -> None:
    section, _, key = path.partition(".")
    if section not in SEARCHED or key not in (recipe.to_dict()[section] or {}):
        hint = 'Paths stand in quotes ("train.epochs"); what is searched under [model] must have a value there.'
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


_ON_DECIBELS = ("tilt_db", "equalise_db", "range", "low_pass", "high_pass", "floor")


def _front_end(values: Mapping[str, Any] | None, augment: AugmentOptions, source: str) -> FrontEndOptions | None:
    if values is None:
        return None
    where = f"{source}, [front_end]"
    if not isinstance(values, Mapping):
        raise RecipeError(f"{where} must be a table, not {values!r}.")
    options = _checked(FrontEndOptions, values, where)
    rules = {
        "'n_fft' must be even, and at least 32": options.n_fft % 2 == 0 and options.n_fft >= 32,
        "'hop' must be 1 to 'n_fft'": 1 <= options.hop <= options.n_fft,
        "'bands' must be at least 1": options.bands >= 1,
        f"'high_hz' must be 1000 to {SAMPLE_RATE_HZ // 2}": 1000 <= options.high_hz <= SAMPLE_RATE_HZ / 2,
        f"'scale' must be one of {', '.join(get_args(Scale))}": options.scale in get_args(Scale),
        "'power' must be 1 or 2": options.power in (1, 2),
    }
    for rule, kept in rules.items():
        if not kept:
            raise RecipeError(f"{where}: {rule}.")
    for name in _ON_DECIBELS if options.scale == "log1p" else ():
        if getattr(augment, name):
            raise RecipeError(f"{source}: [augment] '{name}' changes decibels, but [front_end] has the scale 'log1p'.")
    return options


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
