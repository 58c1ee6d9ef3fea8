"""A study in a folder: what its ranges mean to optuna, and whose trials are whose."""

import os
import time
from pathlib import Path

import optuna
import pytest

import synthetic
from earmark.experiments.lease import STALE_S
from earmark.experiments.study import SharedStudy, distributions_of
from earmark.train.recipe import Recipe

SEARCH = {
    "train.learning_rate": {"low": 1e-3, "high": 1e-2, "log": True},
    "train.batch_size": {"choices": [8, 16]},
    "augment.tokens": {"low": 2, "high": 6},
    "augment.mixup": {"low": 0.0, "high": 1},
}
OWN = {"train.learning_rate": 4e-3, "train.batch_size": 8, "augment.tokens": 4, "augment.mixup": 0.2}


@pytest.fixture
def recipe() -> Recipe:
    return Recipe.from_dict({**synthetic.recipe().to_dict(), "search": SEARCH})


def test_whole_bounds_of_a_whole_option_mean_whole_numbers_and_bounds_are_reached(recipe: Recipe) -> None:
    assert distributions_of(recipe) == {
        "train.learning_rate": optuna.distributions.FloatDistribution(1e-3, 1e-2, log=True),
        "train.batch_size": optuna.distributions.CategoricalDistribution((8, 16)),
        "augment.tokens": optuna.distributions.IntDistribution(2, 6),
        "augment.mixup": optuna.distributions.FloatDistribution(0.0, 1.0),
    }


def test_the_trial_of_another_machine_is_left_alone_until_it_is_silent_for_long(recipe: Recipe, tmp_path: Path) -> None:
    there, here = (SharedStudy(tmp_path, recipe, terms={}, steps=2) for _ in range(2))
    assert there.take(2) is not None
    lease = tmp_path / "workers" / f"{there.worker}.lease"
    lease.write_text("another-machine 1\n")
    second = here.take(2)
    assert second is not None
    here.study.tell(second, 0.5)
    assert [trial.state.name for trial in here.trials()] == ["RUNNING", "COMPLETE"]
    os.utime(lease, (time.time() - STALE_S - 1,) * 2)
    third = here.take(2)
    assert third is not None
    assert third.params == {path: pytest.approx(value) for path, value in OWN.items()}
    assert here.folder_of(third) == tmp_path / "trials" / "0"
