"""What heads a recipe of kind "head" asks for, and from which labels of which sets. Read from TOML and checked.

docs/use.md describes the format. One head:

    kind = "head"
    name = "dance"            # of the head
    type = "single"           # or "multi", "shares", "number"
    [sets.mine]               # the set in the folder "mine"
    column = "can_dance"
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from earmark.data.dataset import LABEL_COLUMN, Clip
from earmark.errors import DataError, RecipeError
from earmark.listen.linear import KINDS, MOOD, MULTI, NUMBER, SHARES, SINGLE

ANY_SET = "*"


@dataclass(frozen=True)
class Labels:
    """Where the labels of a set are.

    Attributes
    ----------
    column, separator:
        The column of clips.csv, and what stands between several labels in it.
    map:
        A label of the set is this label of the head; those that are not in a map that is given are left out.
    columns:
        For shares and numbers: a column each, by its name in the head.
    values:
        For numbers: what a label in `column` means, {label: {number: value}}.
    certainty:
        The column that says how certain the label is, 0 to 1, if there is one: it draws `values` towards 0 by what the
        other labels share evenly.
    """

    column: str = LABEL_COLUMN
    separator: str = ";"
    map: Mapping[str, str] | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    certainty: str = ""

    def of(self, clip: Clip) -> list[str]:
        """The clip's labels, as the head calls them."""
        if clip.flagged:
            return []
        named = [part.strip() for part in clip.columns.get(self.column, "").split(self.separator) if part.strip()]
        if self.column == LABEL_COLUMN and not named and clip.label:
            named = [clip.label]
        if self.map is None:
            return list(dict.fromkeys(named))
        return list(dict.fromkeys(self.map[name] for name in named if name in self.map))

    def number(self, clip: Clip, name: str) -> float | None:
        """What the set says of a share or number of a clip; None where nothing. DataError where it is no number."""
        if clip.flagged:
            return None
        if self.columns:
            return _number(clip, self.columns[name]) if name in self.columns else None
        label = clip.columns.get(self.column, "").strip()
        if name not in self.values.get(label, {}):
            return None
        certain = self.certain(clip, len(self.values))
        return None if certain is None else self.values[label][name] * certain

    def certain(self, clip: Clip, labels: int) -> float | None:
        """How certain the clip's label is, less what each of so many others has of the rest, if that is shared evenly.

        1 where the set does not say; None where it does, but not of this clip.
        """
        share = _number(clip, self.certainty) if self.certainty else 1.0
        return None if share is None else share - (1 - share) / max(labels - 1, 1)

    def check(self, clip: Clip) -> None:
        """DataError where the clip's set lacks a column that is asked for."""
        wanted = [*self.columns.values()] or [self.column]
        for column in [*wanted, *([self.certainty] if self.certainty else [])]:
            if column not in clip.columns and not (column == LABEL_COLUMN and clip.label):
                there = ", ".join(clip.columns) or "none"
                raise DataError(f"The set {clip.folder.name} has no column '{column}'.", hint=f"It has: {there}.")


@dataclass(frozen=True)
class HeadPlan:
    """One head that is asked for; `kind` and `role` as in `LinearHead`."""

    name: str
    kind: str = SINGLE
    role: str = ""
    sets: Mapping[str, Labels] = field(default_factory=lambda: {ANY_SET: Labels()})

    def labels_of(self, clip: Clip) -> Labels | None:
        """How labels of the clip's set are read; None where the set has none for this head."""
        return self.sets.get(clip.folder.name, self.sets.get(ANY_SET))

    @property
    def numbered(self) -> tuple[str, ...]:
        """The shares or numbers that the sets name, in order."""
        names: dict[str, None] = {}
        for labels in self.sets.values():
            for values in [labels.columns, *labels.values.values()]:
                names |= dict.fromkeys(values)
        return tuple(names)


def load_plans(file: Path) -> tuple[HeadPlan, ...]:
    """The heads of a recipe; RecipeError, which names what is wrong."""
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as reason:
        raise RecipeError(f"{file} cannot be read ({reason.strerror}).") from reason
    except ValueError as reason:
        raise RecipeError(f"{file} is not TOML: {reason}.") from reason
    if values.pop("kind", None) != "head":
        hint = "`earmark train` follows recipes of networks."
        raise RecipeError(f'{file} is no recipe of heads: it does not say kind = "head".', hint=hint)
    several = values.pop("heads", None)
    if several is None:
        return (_plan(str(values.pop("name", file.stem)), values, str(file)),)
    if values:
        raise RecipeError(f"{file}: '{min(values)}' is not known beside [heads].")
    if not _table(several, "heads", str(file)):
        raise RecipeError(f"{file}: 'heads' names no head.")
    return tuple(_plan(name, head, f"{file}, [heads.{name}]") for name, head in several.items())


def _plan(name: str, values: Any, source: str) -> HeadPlan:
    _table(values, "", source)
    _refuse_unknown(values, ("type", "role", "sets"), source)
    kind, role = values.get("type", SINGLE), values.get("role", "")
    if kind not in KINDS:
        raise RecipeError(f"{source}: 'type' is {kind!r}; there are {', '.join(KINDS)}.")
    if role not in ("", MOOD):
        raise RecipeError(f"{source}: 'role' is {role!r}; there is {MOOD}.")
    named = _table(values.get("sets", {}), "sets", source)
    sets = {each: _labels(options, kind, f"{source}, [sets.{each}]") for each, options in named.items()}
    plan = HeadPlan(name, kind, role, sets or {ANY_SET: Labels()})
    if kind in (SHARES, NUMBER) and not plan.numbered:
        raise RecipeError(f"{source}: a head of {kind} needs 'columns', one a number, in its [sets].")
    return plan


def _labels(values: Any, kind: str, source: str) -> Labels:
    _refuse_unknown(_table(values, "", source), [each.name for each in fields(Labels)], source)
    values = dict(values)
    for name in ("column", "separator", "certainty"):
        if not isinstance(values.get(name, "text"), str) or not values.get(name, "text"):
            raise RecipeError(f"{source}: '{name}' must be text.")
    if isinstance(values.get("columns"), list):
        values["columns"] = {str(column): column for column in values["columns"]}
    for name, each in (("map", "a label"), ("columns", "a column")):
        if not all(isinstance(value, str) for value in _table(values.get(name, {}), name, source).values()):
            raise RecipeError(f"{source}: '{name}' must name {each} for each.")
    for label, numbers in _table(values.get("values", {}), "values", source).items():
        said = _table(numbers, f"values.{label}", source).values()
        if not all(isinstance(number, int | float) and not isinstance(number, bool) for number in said):
            raise RecipeError(f"{source}: 'values.{label}' must have a number for each name.")
    if kind in (SINGLE, MULTI) and (values.get("columns") or values.get("values")):
        raise RecipeError(f"{source}: 'columns' and 'values' are for shares and numbers.", hint='Say type = "shares".')
    return Labels(**values)


def _table(values: Any, name: str, source: str) -> Mapping[str, Any]:
    if not isinstance(values, Mapping):
        raise RecipeError(f"{source}: '{name}' must be a table." if name else f"{source} must be a table.")
    return values


def _refuse_unknown(values: Mapping[str, Any], known: tuple[str, ...] | list[str], source: str) -> None:
    for name in values:
        if name not in known:
            raise RecipeError(f"{source}: '{name}' is not known.", hint=f"Known are: {', '.join(known)}.")


def _number(clip: Clip, column: str) -> float | None:
    text = clip.columns.get(column, "").strip()
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        what = f"'{text}' in column '{column}' of clip '{clip.id}'"
        raise DataError(f"{clip.folder}: {what} is no number.") from None
