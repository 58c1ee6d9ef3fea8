"""Whatever a person can name has its place in the documents: verbs and their options, sources, recipes.

A section is what stands under a heading of the second level. An option is described in a section that names its verb.
"""

import re
from pathlib import Path

import pytest

from earmark.cli.main import build_app
from earmark.data.sources import importers
from fences import ROOT
from verbs import verbs_of

PAGES = (
    "README.md",
    "docs/use.md",
    "docs/collection.md",
    "docs/serve.md",
    "docs/tags.md",
    "docs/data.md",
    "docs/generation.md",
)
SECTIONS = [section for page in PAGES for section in re.split(r"^## ", (ROOT / page).read_text(), flags=re.MULTILINE)]
RECIPES = sorted((ROOT / "recipes").glob("*.toml"))
VERBS = verbs_of(build_app())
OPTIONS = [
    (name, [*option.opts, *option.secondary_opts])
    for name, command in VERBS.items()
    for option in command.params
    if option.param_type_name == "option"
]


def names(section: str, words: str) -> bool:
    """Whether a section has these words as they stand, and no longer ones."""
    return re.search(rf"(?<![\w-]){re.escape(words)}(?![\w-])", section) is not None


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_described(verb: str) -> None:
    assert any(names(section, verb) for section in SECTIONS), f"'{verb}' stands in none of {', '.join(PAGES)}"


@pytest.mark.parametrize(("verb", "spellings"), OPTIONS, ids=lambda each: each if isinstance(each, str) else each[0])
def test_every_option_is_described_where_its_verb_is(verb: str, spellings: list[str]) -> None:
    places = [section for section in SECTIONS if names(section, verb)]
    found = any(names(section, spelling) for section in places for spelling in spellings)
    assert found, f"'{spellings[0]}' of '{verb}' stands in no section that names the verb"


@pytest.mark.parametrize("source", [importer.name for importer in importers()])
def test_every_source_is_described(source: str) -> None:
    assert f"`{source}`" in (ROOT / "docs/data.md").read_text()


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.stem)
def test_every_recipe_is_described(recipe: Path) -> None:
    page = (ROOT / "docs/recipes.md").read_text()
    page = page.partition("## The recipes of the project")[2].partition("\n## ")[0]
    row = next((line for line in page.splitlines() if line.startswith(f"| `{recipe.stem}` |")), None)
    assert row is not None, "run: python -m earmark.train.reference > docs/recipes.md"
    assert len(row) > len(f"| `{recipe.stem}` | |") + 10, "a recipe opens with a comment that says what it is for"
