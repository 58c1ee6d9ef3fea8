"""Recipes and weights of earlier versions in today's terms, so that stored files stay readable."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

_HEADS = ("tags", "embedding", "outside", "pretext")
_MODULES = {
    "head.": "head_layers.genre.layer.",
    "tag_head.": "head_layers.tags.",
    "embedding_head.": "head_layers.embedding.layer.",
    "outside_head.": "head_layers.outside.layer.",
    "pretext.": "head_layers.pretext.",
}


def upgraded(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A recipe as plain values in today's terms; a recipe of today is returned unchanged."""
    model = recipe.get("model")
    kind = str(model.get("kind", "")) if isinstance(model, Mapping) else ""
    if not isinstance(model, Mapping) or not kind.startswith(("attention", "transformer2020")):
        return dict(recipe)
    options = dict(model)
    if isinstance(options.get("heads"), int):
        options["attention_heads"] = options.pop("heads")
    if kind == "transformer2020":
        return {**recipe, "model": options}
    # Heads were options of their own: a size, or true for a size of 1.
    sizes = {name: int(options.pop(name)) for name in _HEADS if isinstance(options.get(name), int)}
    sizes = {name: size for name, size in sizes.items() if size}
    if sizes:
        options["heads"] = {**options.get("heads", {}), **sizes}
    # What serves comparison was an option, and is a kind.
    pooling = options.pop("pooling", "attention")
    if options.pop("shuffled", False):
        options["kind"] = "attention_shuffled"
    elif pooling in ("mean", "alone"):
        options["kind"] = f"attention_{pooling}"
    elif pooling != "attention":
        options["pooling"] = pooling  # there never was such a thing: refused as unknown
    if options.get("bands_apart") is True:
        del options["bands_apart"]
    return {**recipe, "model": options}


def upgraded_weights(kind: str, state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The weights of a network of this kind under today's names."""
    if not kind.startswith("attention"):
        return dict(state)
    return {_renamed(name): tensor for name, tensor in state.items()}


def _renamed(name: str) -> str:
    for before, now in _MODULES.items():
        if name.startswith(before):
            return now + name.removeprefix(before)
    return name
