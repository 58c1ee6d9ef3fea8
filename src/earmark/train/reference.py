"""The page of all that recipes may say, docs/recipes.md, made from the classes of options and the recipes themselves:

python -m earmark.train.reference > docs/recipes.md
"""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from earmark.models import controls
from earmark.models.registry import kinds
from earmark.train import recipe
from earmark.train.options import SetOptions

SECTIONS: Mapping[str, type[Any]] = {**recipe.SECTIONS, "sets.NAME": SetOptions}
_NAMES = {int: "whole number", float: "number", bool: "true or false", str: "text"}
_LIMITS = {"ge": "at least", "gt": "above", "le": "at most", "lt": "below", "multiple_of": "a multiple of"}

_HEAD = """# Recipes

For the one who trains: a recipe is a TOML file that says all that a training run depends on, but for the data and the
seed. Everything is checked when a recipe is read, and what it cannot say is refused with what it can.

At the top stand `name` (text), `genres` (a list; without it whatever labels the data have), and `[model]` with its
`kind`. `[card]` has words for the bundle (`not_for`), `[search]` ranges for `earmark search`, as in
`recipes/search.toml`. Sections that are left out have the defaults below; without `[teacher]`, `[pretext]` and
`[front_end]` there is no teacher, no pretext task, and earmark's own spectrograms.

A network may learn in two stages. `[first.train]`, `[first.augment]`, `[first.teacher]` and `[first.pretext]` say what
is different in the first; the second begins with the weights that answer after it, as in `recipes/long.toml`.

```toml
name = "mine"
genres = ["blues", "jazz", "rock"]

[model]
kind = "attention"
stages = [{ channels = 16, pool = [2, 2] }, { channels = 32, pool = [2, 2] }]
heads = { tags = 50, outside = 1 }

[train]
epochs = 40
learning_rate = 3e-3
```

<!-- From here on made by `python -m earmark.train.reference`. -->
"""


def page(recipes: Path = Path("recipes")) -> str:
    """The whole page, Markdown, with the recipes that are in a folder."""
    parts = [_HEAD, "\n## The recipes of the project\n", "| in `recipes/` | what it is |\n|---|---|", *_files(recipes)]
    for title, options in _models().items():
        parts += [f"\n## [model] {title}\n", _table(options)]
    for name, options in SECTIONS.items():
        parts += [f"\n## [{name}]\n", _table(options)]
    return "\n".join(parts) + "\n"


def _files(recipes: Path) -> Iterator[str]:
    """A row a recipe: its name and the first sentence of the comment that it opens with."""
    for path in sorted(recipes.glob("*.toml")):
        comment = re.match(r"(#.*\n)*", path.read_text(encoding="utf-8"))
        words = " ".join(line.lstrip("# ") for line in comment[0].splitlines()) if comment else ""
        yield f"| `{path.stem}` | {re.split(r'[.] (?=[A-Z])', words)[0].rstrip('.')} |"


def _models() -> dict[str, type[Any]]:
    """Classes of options by the kinds that have them, in words."""
    found: dict[type[Any], list[str]] = {}
    for name, kind in kinds().items():
        found.setdefault(kind.options, []).append(name)
    for name, options in controls.KINDS.items():
        found.setdefault(options, []).append(name)
    return {"kind = " + ", ".join(f'"{name}"' for name in names): options for options, names in found.items()}


def _table(options: type[Any]) -> str:
    """A class of options: what it is for, and a row an option."""
    words = " ".join(line.strip() for line in (options.__doc__ or "").strip().splitlines())
    rows = [_row(each.name, each, options.__pydantic_fields__[each.name]) for each in fields(options)]
    head = ["| option | is | default | what it does |", "|---|---|---|---|"] if rows else []
    return "\n".join([words, *([""] if rows else []), *head, *rows])


def _row(name: str, each: Any, info: Any) -> str:
    default = each.default if each.default is not MISSING else None
    if each.default_factory is not MISSING:
        default = each.default_factory()
    needed = each.default is MISSING and each.default_factory is MISSING
    shown = "needed" if needed else f"`{_toml(default)}`" if default is not None else "none"
    limits = [
        f"{words} {getattr(rule, sign):g}"
        for rule in info.metadata
        for sign, words in _LIMITS.items()
        if getattr(rule, sign, None) is not None
    ]
    return f"| `{name}` | {', '.join([_kind(info.annotation), *limits])} | {shown} | {info.description or ''} |"


def _kind(annotation: Any) -> str:
    """A type in words."""
    if annotation in _NAMES:
        return _NAMES[annotation]
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " or ".join(f"`{_toml(choice)}`" for choice in inside)
    if origin in (UnionType, Union):
        return " or ".join(_kind(each) for each in inside if each is not NoneType)
    if origin is not None and issubclass(origin, Mapping):
        return f"table of {_kind(inside[1])}s" if inside[1] in _NAMES else "table"
    if origin is tuple and Ellipsis not in inside:
        return f"list of {len(inside)}"
    return "list"


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple | list):
        return f"[{', '.join(_toml(each) for each in value)}]"
    return "{}" if isinstance(value, Mapping) else f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.stdout.write(page())
