"""Recipes: what is in the file is what is done, and what is not known is named."""

from pathlib import Path

import pytest

import synthetic
from earmark.errors import RecipeError
from earmark.train.recipe import Recipe


@pytest.mark.parametrize("path", sorted(Path("recipes").glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_of_the_project_can_be_read_and_says_its_own_name(path: Path) -> None:
    assert Recipe.load(path).name == path.stem


def test_a_recipe_survives_the_way_into_a_checkpoint_and_back() -> None:
    recipe = Recipe.load("recipes/earmark.toml")
    assert Recipe.from_dict(recipe.to_dict()) == Recipe.from_dict(Recipe.from_dict(recipe.to_dict()).to_dict())


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("[train]\nepoch = 3", "epoch"),
        ("[train]\nepochs = 1.5", "epochs"),
        ("[augment]\nroll = 1", "roll"),
        ("colour = 'red'", "colour"),
        ("[sets.other.map]\nPop = 'polka'", "polka"),
        ("[model", "TOML"),
    ],
)
def test_what_a_recipe_cannot_say_is_named(line: str, named: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    plain = synthetic.RECIPE.split("[train]")[0].replace('name = "tiny"', 'name = "tiny"\ngenres = ["pop", "rock"]')
    path.write_text(line + "\n" + plain if "=" in line and "[" not in line else plain + "\n" + line)
    with pytest.raises(RecipeError, match=named):
        Recipe.load(path)


def test_a_recipe_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"nothing\.toml"):
        Recipe.load(tmp_path / "nothing.toml")
