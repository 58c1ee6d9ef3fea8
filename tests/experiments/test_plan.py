"""Plans: what stands in one, which runs follow from it, and what is wrong with one that is refused."""

from pathlib import Path

import pytest

import synthetic
from earmark.errors import RecipeError
from earmark.experiments.plan import Entry, Plan, System

PLAN = """
title = "Tiny"
reference = "tiny"

[systems.tiny]
recipe = "tiny.toml"
what = "the small one"

[systems.quick]
recipe = "tiny.toml"
change = { "train.learning_rate" = 1e-2 }

[protocols.artists]
folds = 2

[protocols.leaky]
split = "leaky_random_clip"
folds = 2

[[queue]]
protocol = "artists"
systems = ["quick", "tiny"]

[[queue]]
protocol = "leaky"
systems = ["tiny"]

[[queue]]
protocol = "artists"
systems = ["tiny"]
seeds = 2
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "tiny.toml").write_text(synthetic.RECIPE)
    (tmp_path / "plan.toml").write_text(PLAN)
    return tmp_path / "plan.toml"


def test_a_system_is_its_recipe_with_what_is_changed_under_a_name_of_its_own(file: Path) -> None:
    plan = Plan.load(file)
    assert [system.recipe.name for system in plan.systems.values()] == ["tiny", "quick"]
    learning = [system.recipe.train.learning_rate for system in plan.systems.values()]
    assert learning == [4e-3, 1e-2]
    assert plan.systems["tiny"].what == "the small one"
    assert plan.queue[2] == Entry("artists", ("tiny",), seeds=2)


def test_without_a_title_and_a_reference_the_file_and_the_first_system_are_it(file: Path) -> None:
    file.write_text(PLAN.partition("\n\n")[2])
    plan = Plan.load(file)
    assert (plan.title, plan.reference) == ("plan", "tiny")


def test_a_run_that_two_entries_name_is_done_once_and_where_it_comes_first(file: Path) -> None:
    jobs = Plan.load(file).jobs([file.parent / "pieces"], Path("out"))
    runs = [(job.protocol.name, job.recipe.name, job.seed, job.fold) for job in jobs]
    assert runs == [
        ("artists", "quick", 0, 0), ("artists", "quick", 0, 1), ("artists", "tiny", 0, 0), ("artists", "tiny", 0, 1),
        ("leaky", "tiny", 0, 0), ("leaky", "tiny", 0, 1), ("artists", "tiny", 1, 0), ("artists", "tiny", 1, 1),
    ]  # fmt: skip
    assert jobs[-1].table == Path("out/artists/tiny/runs/seed1_fold1.csv")


def test_some_systems_alone_leave_no_empty_entries(file: Path) -> None:
    assert Plan.load(file).only(["quick"]).queue == (Entry("artists", ("quick",)),)
    with pytest.raises(RecipeError, match="no system 'men'"):
        Plan.load(file).only(["men"])


def test_one_more_system_comes_first_under_every_protocol_of_the_reference(file: Path) -> None:
    plan = Plan.load(file)
    more = plan.with_system(System("more", synthetic.recipe()), seeds=3)
    assert more.queue == (Entry("artists", ("more",), 3), Entry("leaky", ("more",), 3), *plan.queue)
    assert list(more.systems) == ["tiny", "quick", "more"]
    file.write_text(PLAN.replace('reference = "tiny"', 'reference = "quick"'))
    assert Plan.load(file).with_system(System("more", synthetic.recipe())).queue[:2] == (
        Entry("artists", ("more",)),
        plan.queue[0],
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[systems.tiny]", "[systems.tiny"), "is not TOML"),
        (("[[queue]]", "[[line]]"), "has no 'queue'"),
        (('systems = ["quick", "tiny"]', 'systems = ["men"]'), "'men'"),
        (('systems = ["quick", "tiny"]', ""), "has no 'systems'"),
        (('protocol = "leaky"', 'protocol = "lucky"'), "'lucky'"),
        (('recipe = "tiny.toml"\nwhat', "what"), "'tiny' needs a 'recipe'"),
        (("folds = 2", "fold = 2"), "'fold'"),
        (('"train.learning_rate"', '"train.rate"'), "rate"),
    ],
)
def test_a_wrong_plan_is_refused_in_words(file: Path, change: tuple[str, str], said: str) -> None:
    file.write_text(PLAN.replace(*change))
    with pytest.raises(RecipeError, match=said):
        Plan.load(file)


def test_a_missing_plan_is_refused_in_words(file: Path) -> None:
    with pytest.raises(RecipeError, match="cannot be read"):
        Plan.load(file.with_name("none.toml"))
