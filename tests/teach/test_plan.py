"""Recipes of heads: what may stand in them, and what is wrong with them."""

from pathlib import Path

import pytest

from earmark.data.dataset import Clip
from earmark.errors import DataError, RecipeError
from earmark.listen.linear import MOOD, MULTI, NUMBER, SHARES, SINGLE
from earmark.teach.plan import ANY_SET, HeadPlan, Labels, load_plans
from fences import ROOT


def plans(folder: Path, text: str) -> tuple[HeadPlan, ...]:
    (folder / "mine.toml").write_text(text)
    return load_plans(folder / "mine.toml")


def clip(label: str | None = None, folder: str = "mine", **columns: str) -> Clip:
    return Clip("one", Path(folder), label, "", columns)


def test_a_recipe_that_says_no_more_than_its_kind_asks_for_the_genre_of_any_set(tmp_path: Path) -> None:
    (plan,) = plans(tmp_path, 'kind = "head"')
    assert plan == HeadPlan("mine", SINGLE, "", {ANY_SET: Labels()})
    assert plan.labels_of(clip("rock"))
    assert Labels().of(clip("rock", genre="rock")) == ["rock"]
    assert Labels().of(clip("rock")) == ["rock"]  # a folder of folders has no columns


def test_one_head_has_a_name_a_type_a_role_and_sets(tmp_path: Path) -> None:
    (plan,) = plans(
        tmp_path,
        'kind = "head"\nname = "dance"\ntype = "multi"\nrole = "mood"\n'
        '[sets.mine]\ncolumn = "can"\nseparator = ","\nmap = { y = "yes", n = "no" }\n',
    )
    assert (plan.name, plan.kind, plan.role) == ("dance", MULTI, MOOD)
    assert plan.labels_of(clip(folder="other")) is None
    labels = plan.labels_of(clip())
    assert labels
    assert labels.of(clip(can="y, n,y, perhaps")) == ["yes", "no"]  # what is not in the map is left out
    assert labels.of(clip(can="")) == []
    assert labels.of(clip("rock", can="y", flag="broken")) == []


def test_a_set_that_is_named_goes_before_any_set(tmp_path: Path) -> None:
    (plan,) = plans(tmp_path, 'kind = "head"\n[sets."*"]\ncolumn = "a"\n[sets.mine]\ncolumn = "b"\n')
    assert [labels.column for labels in (plan.labels_of(clip()), plan.labels_of(clip(folder="x"))) if labels] == [*"ba"]


def test_columns_are_a_list_or_a_table_and_their_cells_are_numbers(tmp_path: Path) -> None:
    (plan,) = plans(
        tmp_path, 'kind = "head"\ntype = "shares"\n[sets.a]\ncolumns = ["joy", "fear"]\n[sets.b.columns]\njoy = "glad"'
    )
    assert plan.numbered == ("joy", "fear")
    first, second = plan.sets["a"], plan.sets["b"]
    assert first.number(clip(joy=" 0.25 ", fear=""), "joy") == 0.25
    assert first.number(clip(joy="0.25", fear=""), "fear") is None
    assert first.number(clip(joy="0.25", flag="x"), "joy") is None
    assert second.number(clip(glad="1"), "joy") == 1
    assert second.number(clip(glad="1"), "fear") is None
    with pytest.raises(DataError, match="'much' in column 'joy' of clip 'one' is no number"):
        first.number(clip(joy="much"), "joy")


def test_values_say_what_a_label_means_and_certainty_draws_them_to_the_middle(tmp_path: Path) -> None:
    (plan,) = plans(
        tmp_path,
        'kind = "head"\ntype = "number"\n[sets.a]\ncolumn = "q"\ncertainty = "sure"\n[sets.a.values]\n'
        "up = { height = 1 }\ndown = { height = -1 }\n",
    )
    assert (plan.kind, plan.numbered) == (NUMBER, ("height",))
    labels = plan.sets["a"]
    assert labels.number(clip(q="up", sure="1"), "height") == 1
    assert labels.number(clip(q="down", sure="0.75"), "height") == pytest.approx(-0.5)
    assert labels.number(clip(q="up", sure="0.5"), "height") == pytest.approx(0)  # as likely the other
    assert labels.number(clip(q="up", sure=""), "height") is None
    assert labels.number(clip(q="sideways", sure="1"), "height") is None


def test_several_heads_have_a_section_each(tmp_path: Path) -> None:
    found = plans(tmp_path, 'kind = "head"\n[heads.one]\n[heads.two]\ntype = "multi"\n')
    assert [(plan.name, plan.kind) for plan in found] == [("one", SINGLE), ("two", MULTI)]


def test_a_column_that_is_asked_for_and_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(DataError, match="The set mine has no column 'feel'") as caught:
        Labels(column="feel").check(clip("rock", genre="rock", artist="A"))
    assert caught.value.hint == "It has: genre, artist."
    with pytest.raises(DataError, match="has no column 'sure'"):
        Labels(certainty="sure").check(clip("rock"))
    with pytest.raises(DataError, match="has no column 'glad'"):
        Labels(columns={"joy": "glad"}).check(clip("rock", genre="rock"))
    Labels().check(clip("rock"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind = ", "is not TOML"),
        ("", 'does not say kind = "head"'),
        ('kind = "network"', 'does not say kind = "head"'),
        ('kind = "head"\ncolour = 1', "'colour' is not known"),
        ('kind = "head"\ntype = "sum"', "'type' is 'sum'; there are single, multi, shares, number"),
        ('kind = "head"\ntype = []', r"'type' is \[\]"),
        ('kind = "head"\nrole = "yours"', "'role' is 'yours'; there is mood"),
        ('kind = "head"\nrole = 3', "'role' is 3"),
        ('kind = "head"\nname = "a"\n[heads.b]', "'name' is not known beside \\[heads\\]"),
        ('kind = "head"\nheads = 3', "'heads' must be a table"),
        ('kind = "head"\nheads = {}', "'heads' names no head"),
        ('kind = "head"\n[heads]\na = 3', r"\[heads\.a\] must be a table"),
        ('kind = "head"\nsets = "gtzan"', "'sets' must be a table"),
        ('kind = "head"\n[sets]\na = 3', r"\[sets\.a\] must be a table"),
        ('kind = "head"\n[sets.a]\ncolour = 1', r"\[sets.a\]: 'colour' is not known"),
        ('kind = "head"\n[sets.a]\ncolumn = 1', r"\[sets.a\]: 'column' must be text"),
        ('kind = "head"\n[sets.a]\nseparator = 1', "'separator' must be text"),
        ('kind = "head"\n[sets.a]\nseparator = ""', "'separator' must be text"),
        ('kind = "head"\n[sets.a]\ncertainty = []', "'certainty' must be text"),
        ('kind = "head"\n[sets.a]\nmap = ["a"]', "'map' must be a table"),
        ('kind = "head"\n[sets.a]\nmap = { a = 1 }', "'map' must name a label for each"),
        ('kind = "head"\n[sets.a]\ncolumns = ["a"]', "'columns' and 'values' are for shares and numbers"),
        ('kind = "head"\n[sets.a.values]\na = { b = 1 }', "'columns' and 'values' are for shares and numbers"),
        ('kind = "head"\ntype = "shares"', "a head of shares needs 'columns'"),
        ('kind = "head"\ntype = "number"\n[sets.a]\ncolumn = "a"', "a head of number needs 'columns'"),
        ('kind = "head"\ntype = "number"\n[sets.a]\ncolumns = 3', "'columns' must be a table"),
        ('kind = "head"\ntype = "number"\n[sets.a]\ncolumns = [3]', "'columns' must name a column for each"),
        ('kind = "head"\ntype = "number"\n[sets.a]\nvalues = []', "'values' must be a table"),
        ('kind = "head"\ntype = "number"\n[sets.a.values]\nup = 1', r"'values\.up' must be a table"),
        ('kind = "head"\ntype = "number"\n[sets.a.values]\nup = { a = "b" }', r"'values\.up' must have a number"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_recipe_is_said_with_its_place(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=words) as caught:
        plans(tmp_path, text)
    assert "mine.toml" in caught.value.sentence


def test_a_recipe_that_is_not_there_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no such\.toml cannot be read"):
        load_plans(tmp_path / "no such.toml")


def test_the_recipe_of_mood_asks_for_its_two_heads() -> None:
    quadrant, emotions = load_plans(ROOT / "recipes/mood.toml")
    assert {plan.role for plan in (quadrant, emotions)} == {MOOD}
    assert [plan.kind for plan in (quadrant, emotions)] == [SINGLE, SHARES]
    assert len(emotions.numbered) == 9
    song = clip(folder="4q", quadrant="Q3", quadrant_share="0.7")
    labels = quadrant.labels_of(song)
    assert labels
    assert labels.of(song) == ["melancholic"]
    assert labels.certain(song, 4) == pytest.approx(0.6)
