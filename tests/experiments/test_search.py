"""Hyper-parameter search: ranges, one study for many processes, what is lost is tried again, what is written."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import synthetic
from earmark.data.dataset import Dataset
from earmark.errors import DataError, RecipeError
from earmark.experiments import search
from earmark.experiments.lease import STALE_S
from earmark.experiments.search import run_search
from earmark.train.loop import Run
from earmark.train.recipe import Recipe

RANGES = """
[search]
"train.learning_rate" = { low = 1e-3, high = 1e-2, log = true }
"train.batch_size" = { choices = [8, 16] }
"augment.tokens" = { low = 2, high = 6 }
"augment.mixup" = { low = 0.0, high = 1 }
"""
OWN = {"train.learning_rate": 4e-3, "train.batch_size": 8, "augment.tokens": 4, "augment.mixup": 0.2}
Score = Callable[[Recipe, Any, int, Path], float]


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return synthetic.dataset(tmp_path_factory.mktemp("search") / "pieces", clips_per_style=4, duration_s=6.0)


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(synthetic.RECIPE.replace("epochs = 6", "epochs = 2") + RANGES)
    return path


@pytest.fixture
def pretend(monkeypatch: pytest.MonkeyPatch) -> Callable[[Score], None]:
    """Put a function in the place of training."""
    return lambda score: monkeypatch.setattr(search, "fold_accuracy", score)


def rows_of(out: Path) -> list[dict[str, str]]:
    return list(csv.DictReader((out / "trials.csv").open()))


def by_rate(recipe: Recipe, clips: Any, fold: int, folder: Path) -> float:
    """The lower the rate, the better; a little less on later folds."""
    return 0.9 - 50 * recipe.train.learning_rate - 0.01 * fold


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('"train.epoch" = { choices = [1] }', r"'train\.epoch' is not an option"),
        ('"colour" = { choices = [1] }', "'colour' is not an option"),
        ("train.epochs = { choices = [2] }", "Paths stand in quotes"),
        ('"model.vector" = { choices = [64] }', "leaves out the recipe's own 128"),
        ('"train.warmup" = { low = 0.5, high = 0.1 }', r"low of 0\.5 above its high of 0\.1"),
        ('"train.warmup" = { low = 0.0, high = 0.5, log = true }', "with log it must be above 0"),
        ('"train.warmup" = { low = "a", high = "b" }', "must be numbers"),
        ('"train.warmup" = { low = 0.1, high = 0.5, log = 1 }', "must be true or false"),
        ('"train.epochs" = { choices = [] }', "no choices"),
        ('"model.stages" = { choices = [[1]] }', "must be numbers, words"),
        ('"train.epochs" = { low = 1, high = 9, choices = [2] }', "either choices, or low and high"),
        ('"train.epochs" = { low = 1 }', "either choices, or low and high"),
        ('"train.epochs" = 3', "either choices, or low and high"),
        ('"train.epochs" = { low = 1.5, high = 9 }', "'epochs' must be a whole number"),
        ('"augment.roll" = { choices = [true, 1] }', "'roll' must be true or false, not 1"),
        ('"train.epochs" = { low = 3, high = 9 }', "leaves out the recipe's own 2"),
        ('"train.optimizer" = { choices = ["adam"] }', "leaves out the recipe's own 'adamw'"),
    ],
)
def test_a_range_that_cannot_be_searched_is_named(line: str, said: str, recipe: Path) -> None:
    recipe.write_text(recipe.read_text() + line + "\n")
    with pytest.raises(RecipeError, match=said):
        Recipe.load(recipe)


def test_ranges_are_no_part_of_what_decides_the_weights(recipe: Path) -> None:
    searched = Recipe.load(recipe)
    plain = Recipe.from_dict(tomllib.loads(recipe.read_text().partition("[search]")[0]))
    assert searched.search
    assert searched.identity() == plain.identity()
    assert Recipe.from_dict(searched.to_dict()) == searched


def test_a_study_of_real_networks_adds_up_over_two_calls(recipe: Path, pieces: Dataset, tmp_path: Path) -> None:
    out, seen = tmp_path / "study", []
    options: dict[str, Any] = {"folds": 2, "jobs": 1, "progress": lambda done, total: seen.append((done, total))}
    run_search(recipe, [pieces.folder], out, trials=1, **options)
    (first,) = rows_of(out)
    assert {path: float(first[path]) for path in OWN} == OWN
    said = run_search(recipe, [pieces.folder], out, trials=2, command="earmark search x", **options)
    again, second = rows_of(out)
    assert again == first
    assert (second["number"], second["state"], second["folds"]) == ("1", "complete", "2")
    assert second["train.learning_rate"] != first["train.learning_rate"]
    assert seen == [(0, 1), (1, 1), (1, 2), (2, 2)]
    summary = json.loads((out / "study.json").read_text())
    assert (summary["complete"], summary["pruned"], summary["command"]) == (2, 0, "earmark search x")
    assert summary["best"]["value"] == max(float(first["value"]), float(second["value"]))
    assert summary["own_value"] == float(first["value"])
    best = Recipe.load(out / "best.toml")
    assert best == Recipe.load(recipe).with_values(summary["best"]["parameters"])
    assert "confirm it with `earmark crossval`" in (out / "best.toml").read_text()
    assert f"{summary['best']['value']:.1%}" in said
    assert "optimistic" in said
    assert "too few to say" in said
    assert len((out / "trials" / "0" / "fold1" / "log.jsonl").read_text().splitlines()) == 2
    assert not list(out.rglob("checkpoint.pt"))


def test_the_folds_part_artists_and_only_reported_clips_are_held_out(recipe: Path, pieces: Dataset) -> None:
    plan = search.Plan(Recipe.load(recipe), (pieces.folder,), Path("out"), 1, 2, 2, (), None, 0)
    clips = search.Clips.load(plan)
    sides: dict[str, set[int]] = {}
    for artist, fold in zip(clips.examples.artists, clips.folds.tolist(), strict=True):
        sides.setdefault(artist, set()).add(fold)
    assert all(len(folds) == 1 for folds in sides.values())
    assert set().union(*sides.values()) == {0, 1}
    other = search.Plan(Recipe.load(recipe), (pieces.folder,), Path("out"), 1, 2, 2, ("other",), None, 0)
    with pytest.raises(DataError, match="0 artists"):
        search.Clips.load(other)


def test_worse_trials_are_pruned_and_count_as_finished(
    recipe: Path, pieces: Dataset, tmp_path: Path, pretend: Callable[[Score], None]
) -> None:
    pretend(by_rate)
    said = run_search(recipe, [pieces.folder], tmp_path / "study", trials=30, folds=3, jobs=1)
    rows = rows_of(tmp_path / "study")
    pruned = [row for row in rows if row["state"] == "pruned"]
    assert len(rows) == 30
    assert pruned
    assert {row["folds"] for row in pruned} == {"2"}  # of three folds: never after the first, nor after the last
    assert {row["folds"] for row in rows if row["state"] == "complete"} == {"3"}
    assert f"30 trials ({30 - len(pruned)} complete, {len(pruned)} pruned)" in said
    found = json.loads((tmp_path / "study" / "importance.json").read_text())
    assert found["method"] == "fANOVA"
    assert next(iter(found["importance"])) == "train.learning_rate"
    assert sum(found["importance"].values()) == pytest.approx(1)
    assert "what matters most (fANOVA): train.learning_rate" in said
    assert (tmp_path / "study" / "importance.png").stat().st_size > 5000
    best = min(rows, key=lambda row: float(row["train.learning_rate"]))
    assert Recipe.load(tmp_path / "study" / "best.toml").train.learning_rate == float(best["train.learning_rate"])


def test_without_scikit_learn_importance_comes_by_the_other_method(
    recipe: Path, pieces: Dataset, tmp_path: Path, pretend: Callable[[Score], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_forest(*_: object, **__: object) -> None:
        raise ImportError("no scikit-learn")

    monkeypatch.setattr("earmark.experiments.findings.FanovaImportanceEvaluator", no_forest)
    pretend(by_rate)
    said = run_search(recipe, [pieces.folder], tmp_path / "study", trials=14, folds=2, stop_after_folds=1, jobs=1)
    assert "what matters most (PED-ANOVA)" in said


def test_where_nothing_matters_it_says_so(
    recipe: Path, pieces: Dataset, tmp_path: Path, pretend: Callable[[Score], None]
) -> None:
    pretend(lambda *_: 0.5)
    said = run_search(recipe, [pieces.folder], tmp_path / "study", trials=11, folds=2, stop_after_folds=1, jobs=1)
    assert "all trials are equally good" in said
    assert {row["folds"] for row in rows_of(tmp_path / "study")} == {"1"}
    assert "mean accuracy of 1 of 2 folds" in said


@pytest.mark.parametrize(
    ("change", "options"),
    [
        (("epochs = 2", "epochs = 3"), {}),
        (("high = 6", "high = 5"), {}),
        (("clips", "clips"), {"folds": 3}),
        (("clips", "clips"), {"stop_after_folds": 1}),
        (("clips", "clips"), {"reported": ("pieces",)}),
    ],
    ids=("recipe", "ranges", "folds", "folds run", "sets"),
)
def test_a_folder_of_another_search_is_refused(
    change: tuple[str, str], options: dict[str, Any], recipe: Path, pieces: Dataset, tmp_path: Path,
    pretend: Callable[[Score], None],
) -> None:  # fmt: skip
    pretend(by_rate)
    run_search(recipe, [pieces.folder], tmp_path / "study", trials=1, folds=2, jobs=1)
    recipe.write_text(recipe.read_text().replace(*change))
    with pytest.raises(DataError, match="holds the search of another recipe"):
        run_search(recipe, [pieces.folder], tmp_path / "study", **{"trials": 1, "folds": 2, "jobs": 1, **options})


def test_a_folder_on_other_clips_is_refused(
    recipe: Path, pieces: Dataset, tmp_path: Path, pretend: Callable[[Score], None]
) -> None:
    pretend(by_rate)
    run_search(recipe, [pieces.folder], tmp_path / "study", trials=1, folds=2, jobs=1)
    head, *rows = (pieces.folder / "clips.csv").read_text().splitlines()
    (tmp_path / "fewer" / "pieces").mkdir(parents=True)
    (tmp_path / "fewer" / "pieces" / "clips.csv").write_text("\n".join([head, *rows[1:]]) + "\n")
    (tmp_path / "fewer" / "pieces" / "mel").symlink_to(pieces.folder / "mel")
    with pytest.raises(DataError, match="or on other data"):
        run_search(recipe, [tmp_path / "fewer" / "pieces"], tmp_path / "study", trials=1, folds=2, jobs=1)


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [(RANGES, {"stop_after_folds": 3}, "after 3 of 2 folds"), ("", {}, r"has no \[search\]")],
)
def test_what_cannot_be_searched_is_an_error_in_words(
    text: str, options: dict[str, Any], said: str, recipe: Path, pieces: Dataset, tmp_path: Path
) -> None:
    recipe.write_text(synthetic.RECIPE + text)
    with pytest.raises((DataError, RecipeError), match=said):
        run_search(recipe, [pieces.folder], tmp_path / "study", folds=2, **options)


def test_what_is_broken_off_by_hand_is_tried_again_and_goes_on(
    recipe: Path, pieces: Dataset, tmp_path: Path, pretend: Callable[[Score], None]
) -> None:
    out = tmp_path / "study"

    def stopped(recipe: Recipe, clips: Any, fold: int, folder: Path) -> float:
        if fold == 1:
            raise KeyboardInterrupt
        return 0.25

    pretend(stopped)
    with pytest.raises(KeyboardInterrupt):
        run_search(recipe, [pieces.folder], out, trials=2, folds=2, jobs=1)
    done: list[tuple[int, str]] = []

    def noted(recipe: Recipe, clips: Any, fold: int, folder: Path) -> float:
        done.append((fold, folder.parent.name))
        return 0.75

    pretend(noted)
    run_search(recipe, [pieces.folder], out, trials=2, folds=2, jobs=1)
    lost, again, other = rows_of(out)
    assert (lost["state"], again["state"], other["state"]) == ("fail", "complete", "complete")
    assert {path: again[path] for path in OWN} == {path: lost[path] for path in OWN}
    assert float(again["value"]) == 0.5  # fold 0 was remembered
    assert done == [(1, "0"), (0, "2"), (1, "2")]


def test_what_is_broken_off_goes_on_at_its_last_epoch(
    recipe: Path, pieces: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_epoch, calls = Run.train_epoch, []

    def stopped_in_the_second_trial(run: Run) -> dict[str, float]:
        calls.append(run.epoch)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return train_epoch(run)

    monkeypatch.setattr(Run, "train_epoch", stopped_in_the_second_trial)
    options: dict[str, Any] = {"trials": 2, "folds": 2, "stop_after_folds": 1, "jobs": 1}
    with pytest.raises(KeyboardInterrupt):
        run_search(recipe, [pieces.folder], tmp_path / "study", **options)
    run_search(recipe, [pieces.folder], tmp_path / "study", **options)
    assert calls == [0, 1, 0, 1, 1]
    assert [row["state"] for row in rows_of(tmp_path / "study")] == ["complete", "fail", "complete"]


def test_a_trial_that_fails_is_an_error_and_not_tried_again(
    recipe: Path, pieces: Dataset, tmp_path: Path, pretend: Callable[[Score], None]
) -> None:
    def broken(*_: object) -> float:
        raise RecipeError("no such network")

    pretend(broken)
    with pytest.raises(RecipeError, match="no such network"):
        run_search(recipe, [pieces.folder], tmp_path / "study", trials=1, folds=2, jobs=1)
    pretend(by_rate)
    run_search(recipe, [pieces.folder], tmp_path / "study", trials=1, folds=2, jobs=1)
    failed, done = rows_of(tmp_path / "study")
    assert (failed["state"], done["state"]) == ("fail", "complete")
    assert failed["train.learning_rate"] != done["train.learning_rate"]


CHILD = """
import sys, time
from pathlib import Path
from earmark.experiments import search

recipe, data, out, name = map(Path, sys.argv[1:5])

def score(recipe, clips, fold, folder):
    {body}
    return 0.5

search.fold_accuracy = score
(out.parent / name).touch()
while len(list(out.parent.glob("ready*"))) < {together}:
    time.sleep(0.02)
search.run_search(recipe, [data], out, trials=8, folds=2, jobs=1)
"""


def child(recipe: Path, data: Path, out: Path, name: str, body: str, *, together: int = 1) -> "subprocess.Popen[bytes]":
    code = CHILD.replace("{body}", body).replace("{together}", str(together))
    return subprocess.Popen([sys.executable, "-c", code, recipe, data, out, name], env=os.environ)


def test_two_processes_share_one_study_and_never_do_the_same(recipe: Path, pieces: Dataset, tmp_path: Path) -> None:
    out = tmp_path / "study"
    both = [child(recipe, pieces.folder, out, f"ready{n}", "time.sleep(0.15)", together=2) for n in range(2)]
    assert [process.wait(timeout=300) for process in both] == [0, 0]
    rows = rows_of(out)
    assert len(rows) == 8
    assert {row["state"] for row in rows} <= {"complete", "pruned"}
    assert len({row["train.learning_rate"] for row in rows}) == 8
    plan = search.Plan(Recipe.load(recipe), (pieces.folder,), out, 8, 2, 2, (), None, 0)
    trials = plan.join(search.Clips.load(plan)).trials()
    assert {trial.user_attrs["worker"] for trial in trials} == {0, 1}


def test_the_trial_of_a_process_that_died_is_tried_again_by_another(
    recipe: Path, pieces: Dataset, tmp_path: Path, pretend: Callable[[Score], None]
) -> None:
    out = tmp_path / "study"
    dying = child(recipe, pieces.folder, out, "ready", "if fold == 1: time.sleep(100)")
    first = out / "trials" / "0" / "fold0" / "accuracy.json"
    deadline = time.monotonic() + 300
    while not first.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    dying.send_signal(signal.SIGKILL)
    dying.wait()
    pretend(lambda *_: 0.7)
    run_search(recipe, [pieces.folder], out, trials=1, folds=2, jobs=1)
    lost, again = rows_of(out)
    assert (lost["state"], again["state"], again["folds"]) == ("fail", "complete", "2")
    assert {path: float(again[path]) for path in OWN} == OWN
    assert float(again["value"]) == pytest.approx((0.5 + 0.7) / 2)


def test_who_slept_while_others_took_over_goes_on_with_another_trial(
    recipe: Path, pieces: Dataset, tmp_path: Path, pretend: Callable[[Score], None]
) -> None:
    out = tmp_path / "study"
    plan = search.Plan(Recipe.load(recipe), (pieces.folder,), out, 2, 2, 2, (), None, 0)
    sleeper, other = plan.join(clips := search.Clips.load(plan)), plan.join(clips)
    asleep = True

    def taken_over(recipe: Recipe, clips: Any, fold: int, folder: Path) -> float:
        nonlocal asleep
        if asleep:
            asleep = False
            lease = out / "workers" / f"{sleeper.worker}.lease"
            os.utime(lease, (time.time() - STALE_S - 1,) * 2)
            trial = other.take(2)
            assert trial is not None
            other.study.tell(trial, 0.9)
            os.utime(lease)
        return 0.5

    pretend(taken_over)
    search.work_on(plan, sleeper, clips)
    assert [trial.state.name for trial in sleeper.trials()] == ["FAIL", "COMPLETE", "COMPLETE"]


def test_without_optuna_the_error_names_the_extra() -> None:
    code = "import sys; sys.modules['optuna'] = None; import earmark.experiments.search"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "MissingExtraError: A search needs the extra 'benchmark'." in answer.stderr
