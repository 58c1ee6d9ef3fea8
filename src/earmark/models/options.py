"""The classes in which recipes keep their options: frozen dataclasses that pydantic checks, and how a failure reads.

Everything is strict: no word is taken for a number, no 1 for true, and whatever a class does not have is refused. A
field has its limits and its meaning beside it, so that the table of all options in the docs is made from the classes.
"""

import difflib
import json
from collections.abc import Mapping
from dataclasses import field, fields
from typing import Any, TypeVar, cast, dataclass_transform

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from earmark.errors import RecipeError

T = TypeVar("T")
_STRICT = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)
_LIMITS = {  # pydantic's names of limits, in words, and where the limit stands
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("above", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("below", "lt"),
    "multiple_of": ("a multiple of", "multiple_of"),
}
_WORDS = {  # pydantic's names of what was expected
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "string_type": "a text",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a table",
    "mapping_type": "a table",
    "dataclass_type": "a table",
}


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def options_class(kind: type[T]) -> type[T]:
    """Make a class of annotated fields a frozen dataclass whose values are checked."""
    return cast(type[T], checked_dataclass(kind, frozen=True, config=_STRICT))


def checked(kind: type[T], values: Any, where: str) -> T:
    """`values`, as TOML or JSON has them, as the options class `kind`.

    Raises RecipeError that begins with `where`, and names the first thing that is wrong and what would be right.
    """
    if not isinstance(values, Mapping):
        raise RecipeError(f"{where} must be a table, not {values!r}.")
    try:
        # By way of JSON, where a list may become a tuple and all else stays strict.
        return TypeAdapter(kind).validate_json(json.dumps(values, default=str))
    except ValidationError as reason:
        raise _in_words(kind, reason, where) from None


def check_divides(vector: int, attention_heads: int) -> None:
    """Refuse heads of an attention that do not divide the vector, by a ValueError."""
    if vector % attention_heads:
        raise ValueError(f"has a vector of {vector} that {attention_heads} attention_heads do not divide")


def plain(options: Any) -> dict[str, Any]:
    """An options class as JSON has it."""
    found: dict[str, Any] = TypeAdapter(type(options)).dump_python(options, mode="json")
    return found


def _in_words(kind: type[Any], reason: ValidationError, where: str) -> RecipeError:
    # What is misspelt is told first: a name that is missing then mostly is the same mistake.
    wrong = sorted(reason.errors(), key=lambda each: each["type"] != "unexpected_keyword_argument")[0]
    place, given = wrong["loc"], wrong["input"]
    name = ".".join(str(part) for part in place)
    limits = wrong.get("ctx", {})
    rule = wrong["type"]
    if rule in ("unexpected_keyword_argument", "extra_forbidden"):
        return _unknown(kind, place, where)
    if rule == "missing":
        return RecipeError(f"{where}: '{name}' is missing.")
    if rule == "literal_error":
        return RecipeError(f"{where}: '{name}' must be one of {limits['expected']}, not {given!r}.")
    if rule == "value_error":
        return RecipeError(f"{where}: {'' if not name else f'{name!r} '}{limits['error']}.")
    if rule in _LIMITS:
        words, limit = _LIMITS[rule]
        return RecipeError(f"{where}: '{name}' must be {words} {limits[limit]:g}, not {given!r}.")
    if rule in _WORDS:
        return RecipeError(f"{where}: '{name}' must be {_WORDS[rule]}, not {given!r}.")
    return RecipeError(f"{where}: '{name}': {wrong['msg']}.")


def _unknown(kind: type[Any], place: tuple[int | str, ...], where: str) -> RecipeError:
    name = str(place[-1])
    if len(place) > 1:
        return RecipeError(f"{where}: '{'.'.join(str(part) for part in place)}' is not known.")
    known = sorted(each.name for each in fields(kind))
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"Did you mean '{near[0]}'?" if near else f"Known are: {', '.join(known)}."
    return RecipeError(f"{where}: '{name}' is not known.", hint=hint)
