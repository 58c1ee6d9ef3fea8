"""Recipes: what is in the file is what is done, and what is not known is named."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

import synthetic
from earmark.errors import RecipeError
from earmark.train.options import FrontEndOptions
from earmark.train.recipe import Recipe


@pytest.mark.parametrize("path", sorted(Path("recipes").glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_of_the_project_can_be_read_and_says_its_own_name(path: Path) -> None:
    # What ships is named as the program: a bundle has its recipe's name.
    assert Recipe.load(path).name == {"shipped": "earmark"}.get(path.stem, path.stem)


def test_a_recipe_survives_the_way_into_a_checkpoint_and_back() -> None:
    recipe = Recipe.load("recipes/earmark.toml")
    assert Recipe.from_dict(recipe.to_dict()) == Recipe.from_dict(Recipe.from_dict(recipe.to_dict()).to_dict())


def test_values_can_be_changed_in_sections_within_sections_and_in_those_that_are_missing() -> None:
    recipe = Recipe.load("recipes/shipped.toml")
    changed = recipe.with_values({"sets.4q.weight": 0.0, "pretext.masked": 0.5, "train.epochs": 3})
    assert (changed.at("sets.4q.weight"), recipe.at("sets.4q.weight")) == (0.0, 0.5)
    assert changed.sets["4q"].map == recipe.sets["4q"].map
    assert changed.pretext is not None
    assert changed.pretext.masked == 0.5
    assert changed.train.epochs == 3


def test_noises_are_refused_where_pictures_are_not_earmarks_own() -> None:
    with pytest.raises(RecipeError, match="noises"):
        synthetic.recipe().with_values({"train.noises": 3, "front_end.bands": 64})
    with pytest.raises(RecipeError, match="outside_loss"):
        synthetic.recipe().with_values({"train.noises": 3})


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("[train]\nepoch = 3", "epoch"),
        ("[train]\nepochs = 1.5", "epochs"),
        ("[augment]\nroll = 1", "roll"),
        ("colour = 'red'", "colour"),
        ("[sets.other.map]\nPop = 'polka'", "polka"),
        ("[front_end]\nsize = 3", "size"),
        ("[front_end]\nhop = 2.5", "hop"),
        ("[front_end]\nhop = 513", "hop"),
        ("[front_end]\nn_fft = 511", "n_fft"),
        ("[front_end]\nbands = 0", "bands"),
        ("[front_end]\nhigh_hz = 12000.0", "high_hz"),
        ("[front_end]\nscale = 'cents'", "log1p, db"),
        ("[front_end]\npower = 3.0", "power"),
        ("front_end = 3", "front_end.* table"),
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


FRONT_END = FrontEndOptions(hop=128, scale="db")


def test_a_front_end_is_part_of_a_recipe_and_survives_json() -> None:
    plain = synthetic.recipe()
    heard = replace(plain, front_end=FRONT_END)
    assert Recipe.from_dict(json.loads(json.dumps(heard.to_dict()))) == heard
    assert heard.same_as(heard.identity())
    assert not heard.same_as(plain.identity())
    assert not plain.same_as(heard.identity())


def test_an_identity_from_before_front_ends_is_still_the_recipes() -> None:
    plain = synthetic.recipe()
    assert "front_end" not in plain.identity()
    assert plain.same_as(plain.identity())
    assert Recipe.from_dict(plain.identity() | {"front_end": None}).identity() == plain.identity()


@pytest.mark.parametrize("change", ["tilt_db", "equalise_db", "range", "low_pass", "high_pass", "floor"])
def test_changes_in_decibels_are_refused_where_there_are_none(change: str) -> None:
    values = synthetic.recipe().to_dict()
    values["augment"] |= {change: 0.5}
    with pytest.raises(RecipeError, match=f"'{change}' changes decibels"):
        Recipe.from_dict(values | {"front_end": {"scale": "log1p"}})
    assert Recipe.from_dict(values | {"front_end": {"scale": "db"}}).front_end == FrontEndOptions(scale="db")
