"""Recipes: what is in the file is what is done, and what is not known is named."""

import json
import re
import tomllib
import typing
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import synthetic
from earmark.errors import RecipeError
from earmark.teach.plan import load_plans
from earmark.train.loop import OPTIMIZERS
from earmark.train.options import FrontEndOptions, TrainOptions
from earmark.train.recipe import Recipe


@pytest.mark.parametrize("path", sorted(Path("recipes").glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_of_the_project_can_be_read_and_says_its_own_name(path: Path) -> None:
    if tomllib.loads(path.read_text()).get("kind") == "head":
        assert load_plans(path)
        return
    # What ships is named as the program: a bundle has its recipe's name.
    assert Recipe.load(path).name == {"version4": "earmark", "ears": "earmark"}.get(path.stem, path.stem)


def test_a_recipe_survives_the_way_into_a_checkpoint_and_back() -> None:
    recipe = Recipe.load("recipes/earmark.toml")
    assert Recipe.from_dict(recipe.to_dict()) == Recipe.from_dict(Recipe.from_dict(recipe.to_dict()).to_dict())


def test_values_can_be_changed_in_sections_within_sections_and_in_those_that_are_missing() -> None:
    recipe = Recipe.load("recipes/version4.toml")
    changed = recipe.with_values(
        {"sets.4q.weight": 0.0, "model.heads.pretext": 1, "pretext.masked": 0.5, "train.epochs": 3}
    )
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
        ("[front_end]\nn_fft = 511", "'n_fft' must be a multiple of 2, not 511"),
        ("[front_end]\nbands = 0", "bands"),
        ("[front_end]\nhigh_hz = 12000.0", "high_hz"),
        ("[front_end]\nscale = 'cents'", "log1p' or 'db"),
        ("[front_end]\npower = 3.0", "power"),
        ("front_end = 3", "front_end.* table"),
        ("[model", "TOML"),
        ("[train]\nschedule = 'constnat'", "'schedule' must be one of 'one_cycle' or 'constant', not 'constnat'"),
        ("[train]\noptimizer = 'sgd'", "'optimizer' must be one of .*'rmsprop', not 'sgd'"),
        ("[train]\nlearning_rate = -1", "'learning_rate' must be above 0, not -1"),
        ("[train]\nlearning_rate = nan", "'learning_rate' must be a number, not nan"),
        ("[train]\nepochs = 0", "'epochs' must be at least 1, not 0"),
        ("[train]\nbatch_size = '8'", "'batch_size' must be a whole number, not '8'"),
        ("[train]\nlabel_smoothing = 1.0", "'label_smoothing' must be below 1, not 1.0"),
        ("[train]\npatience = 3", "'patience' needs a 'validation_share'"),
        ("[augment]\nlow_pass = 1.5", "'low_pass' must be at most 1, not 1.5"),
        ("[kernel]\nridge = 0.0", "'ridge' must be above 0"),
        ("[kernel]\nridge = 0.1", "kernel machines, which this 'attention' network has not"),
        ("[teacher]\ntags = 1.0", "'tags' needs the head 'tags'"),
        ("[teacher]\ntags = 0.0\nembedding = 1.0", "'embedding' needs the head 'embedding'"),
        ("[pretext]\nmasked = 1.0", "needs the head 'pretext'"),
        ("[sets.other]\nmap = 3", "'map' must be a table, not 3"),
        ("[sets.other.map]\nPop = 3", "'map.Pop"),
    ],
)
def test_what_a_recipe_cannot_say_is_named(line: str, named: str, tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    plain = synthetic.RECIPE.split("[train]")[0].replace('name = "tiny"', 'name = "tiny"\ngenres = ["pop", "rock"]')
    path.write_text(line + "\n" + plain if "=" in line and "[" not in line else plain + "\n" + line)
    with pytest.raises(RecipeError, match=named):
        Recipe.load(path)


def refused(values: dict[str, Any]) -> RecipeError:
    with pytest.raises(RecipeError) as caught:
        Recipe.from_dict({"name": "x", **values})
    return caught.value


def test_what_was_misspelt_is_guessed_and_what_is_far_from_all_gets_the_list() -> None:
    model = {"kind": "attention"}
    near = refused({"model": model, "train": {"learning_rat": 0.1}})
    assert (near.hint, "'learning_rat' is not known" in str(near)) == ("Did you mean 'learning_rate'?", True)
    far = refused({"model": model, "train": {"qqq": 0.1}})
    assert far.hint == f"Known are: {', '.join(sorted(each.name for each in fields(TrainOptions)))}."
    inside = refused({"model": {**model, "stages": [{"channel": 3}]}})
    assert "'stages.0.channel' is not known" in str(inside)


@pytest.mark.parametrize(
    ("model", "rest", "said", "hint"),
    [
        (
            {"kind": "gru2020"},
            {"teacher": {"tags": 1.0}},
            "'gru2020' network has not",
            "have: .*attention, attention_a",
        ),
        ({"kind": "gru2020"}, {"pretext": {"masked": 1.0}}, "head 'pretext'", "have: .*attention"),
        ({"kind": "gru2020"}, {"kernel": {}}, "kernel machines", "have: .*attention"),
        ({"kind": "gru2020"}, {"train": {"outside_loss": 1.0}}, "head 'outside'", "have: .*attention"),
        ({"kind": "attention"}, {"kernel": {}}, "kernel machines", "kernel = 1000"),
        ({"kind": "attention"}, {"train": {"outside_loss": 1.0}}, "head 'outside'", "outside = 1 under"),
        ({"kind": "attention", "kernel": 5}, {"front_end": {}}, "kernel machines hear", None),
        ({"kind": "attention", "vector": 6}, {}, "do not divide", None),
        ({"kind": "attention", "vector": 7, "attention_heads": 7}, {}, "'vector' must be a multiple of 2, not 7", None),
        ({"kind": "attention", "stages": [{"channels": 4, "kernel": [0, 3]}]}, {}, "at least 1, not 0", None),
        (
            {"kind": "attention", "stages": [{"channels": 4, "pool": [1, 20]}]},
            {},
            "stages.0, after which nothing",
            None,
        ),
        ({"kind": "transformer2020", "vector": 10}, {}, "10 that 4 attention_heads do not divide", None),
        ({"kind": "transformer2020"}, {"teacher": {"tags": 1.0}}, "head 'tags'", "have: attention, attention_al"),
        ({"kind": "netvlad2020", "channels": []}, {}, "'channels'", None),
        ({"kind": "attention_alone", "layers": 2}, {}, "'layers' must be one of 0, not 2", None),
        ({"kind": "majority", "features": "mfcc"}, {}, "'features' is not known", None),
        ({"kind": "attentoin"}, {}, "No network is called 'attentoin'", "There are: .*attention, "),
        ({"stages": []}, {}, "needs a 'kind'", None),
        ({"kind": "attention"}, {"genres": "pop"}, "'genres' must be a list, not 'pop'", None),
        ({"kind": "attention"}, {"genres": date(1979, 5, 27)}, "'genres' must be a list", None),
    ],
)
def test_what_a_network_cannot_do_is_refused_with_who_can(
    model: dict[str, Any], rest: dict[str, Any], said: str, hint: str | None
) -> None:
    error = refused({"model": model, **rest})
    assert said in str(error)
    assert hint is None or re.search(hint, error.hint or "")


def test_a_first_stage_is_the_recipe_but_for_what_it_says() -> None:
    recipe = Recipe.load("recipes/long.toml")
    first = recipe.first_stage()
    assert first is not None
    assert first.teacher is not None
    assert (first.train.epochs, first.train.learning_rate) == (66, recipe.train.learning_rate)
    assert first.teacher.alone == first.train.epochs  # by the teacher alone
    assert (first.model, first.first) == (recipe.model, None)
    assert Recipe.from_dict(recipe.to_dict()) == recipe
    assert not recipe.same_as(recipe.with_values({"first": None}).identity())
    assert not recipe.same_as(recipe.with_values({"first.train.epochs": 65}).identity())


def test_an_empty_first_stage_is_none_so_that_a_plan_can_take_it_out() -> None:
    recipe = Recipe.load("recipes/ears.toml")
    assert recipe.first_stage() is not None
    without = recipe.with_values({"first": {}})
    assert without.first_stage() is None
    assert without.epochs == recipe.train.epochs
    assert without.same_as(recipe.with_values({"first": None}).identity())


def test_a_first_stage_cannot_be_of_another_network_and_is_checked_like_a_recipe() -> None:
    model = {"kind": "attention"}
    assert "'model' is none" in str(refused({"model": model, "first": {"model": {"vector": 64}}}))
    assert "[first], [train]: 'epochs' must be at least 1" in str(
        refused({"model": model, "first": {"train": {"epochs": 0}}})
    )


def test_who_is_said_to_have_heads_has_them() -> None:
    hint = refused({"model": {"kind": "gru2020"}, "pretext": {"masked": 1.0}}).hint or ""
    assert hint == "Networks that have: attention, attention_alone, attention_mean, attention_shuffled."


def test_an_option_of_a_strangers_network_keeps_its_name() -> None:
    assert Recipe.from_dict({"name": "x", "model": {"kind": "mine:Net", "heads": 3}}).model.options == {"heads": 3}


def test_the_optimizers_of_recipes_are_those_of_training() -> None:
    annotation = typing.get_type_hints(TrainOptions)["optimizer"]
    assert set(typing.get_args(annotation)) == set(OPTIMIZERS)


def test_a_recipe_says_how_long_a_token_is_even_where_it_leaves_that_out() -> None:
    assert Recipe.from_dict({"name": "x", "model": {"kind": "gru2020"}}).model.token_frames == 38
    assert Recipe.from_dict({"name": "x", "model": {"kind": "svm"}}).model.token_frames == 19


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
    before = plain.identity()
    del before["front_end"], before["teacher"], before["model"]["token_frames"]
    assert plain.same_as(before)


@pytest.mark.parametrize("change", ["tilt_db", "equalise_db", "range", "low_pass", "high_pass", "floor"])
def test_changes_in_decibels_are_refused_where_there_are_none(change: str) -> None:
    values = synthetic.recipe().to_dict()
    values["augment"] |= {change: 0.5}
    with pytest.raises(RecipeError, match=f"'{change}' changes decibels"):
        Recipe.from_dict(values | {"front_end": {"scale": "log1p"}})
    assert Recipe.from_dict(values | {"front_end": {"scale": "db"}}).front_end == FrontEndOptions(scale="db")
