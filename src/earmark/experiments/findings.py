"""What a hyper-parameter search found, as files: the winner as a recipe, every trial, what matters, the summary."""

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from earmark.errors import DataError, MissingExtraError
from earmark.experiments.study import FrozenTrial, SharedStudy, TrialState
from earmark.files import csv_text, write_whole
from earmark.train.recipe import Recipe

try:
    import tomli_w
    from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator, get_param_importances
except ImportError as missing:
    raise MissingExtraError.naming("A search", "benchmark") from missing

ENOUGH = 10  # complete trials below which a figure of importance would be made of chance
WRITES = ("best.toml", "trials.csv", "study.json", "importance.json", "importance.png")
WARNING = "This value was chosen on these very clips, so it is optimistic."


def write(out: Path, recipe: Recipe, study: SharedStudy, *, protocol: str, command: str) -> str:
    """Write best.toml, trials.csv, study.json and, with enough trials, importance.json and .png; say it in a few lines.

    Raises DataError where no trial is complete.
    """
    trials = sorted(study.trials(), key=lambda trial: trial.number)
    complete = [trial for trial in trials if trial.state == TrialState.COMPLETE]
    if not complete:
        raise DataError(f"No trial in {out} is complete, so there is nothing to tell.", hint="Give it more --trials.")
    best = study.study.best_trial
    counts = _counts(trials)
    write_whole(out / "trials.csv", _table(trials, list(recipe.search)))
    write_whole(out / "best.toml", _best(recipe, best, out, f"{protocol}, {counts}"))
    matters = _importance(out, study, len(complete), title=f"{recipe.name}: what the accuracy depends on")
    own = next((t.value for t in complete if all(recipe.at(k) == v for k, v in t.params.items())), None)
    summary = {
        "recipe": recipe.name,
        "protocol": protocol,
        "complete": len(complete),
        "pruned": sum(trial.state == TrialState.PRUNED for trial in trials),
        "best": {"trial": best.number, "value": best.value, "parameters": best.params},
        "own_value": own,
        "warning": WARNING,
        "command": command,
    }
    write_whole(out / "study.json", json.dumps(summary, indent=2) + "\n")
    lines = [
        f"best of {counts}: {best.value:.1%}, {protocol} (trial {best.number})",
        *(f"  {path} = {_short(value)}" for path, value in best.params.items()),
        *([f"the recipe's own values: {own:.1%}"] if own is not None else []),
        matters,
        f"{WARNING} Confirm it: earmark crossval {out / 'best.toml'}",
    ]
    return "\n".join(lines)


def importances(study: SharedStudy) -> tuple[str, dict[str, float]]:
    """How much of the differences in accuracy each option explains, the largest first, and by which method.

    fANOVA (Hutter, Hoos & Leyton-Brown 2014) where scikit-learn is installed, else PED-ANOVA (Watanabe et al. 2023,
    arXiv 2304.10255). The shares sum to 1; there are none where all trials have the same value.
    """
    if len({trial.value for trial in study.trials(TrialState.COMPLETE)}) < 2:
        return "fANOVA", {}
    try:
        return "fANOVA", get_param_importances(study.study, evaluator=FanovaImportanceEvaluator(seed=0))
    except ImportError:
        return "PED-ANOVA", get_param_importances(study.study, evaluator=PedAnovaImportanceEvaluator())


def _importance(out: Path, study: SharedStudy, complete: int, *, title: str) -> str:
    from earmark.plots.figures import save
    from earmark.plots.importance import importance_bars

    if complete < ENOUGH:
        return f"what matters most: {complete} complete trials are too few to say; {ENOUGH} are needed"
    method, shares = importances(study)
    if not shares:
        return "what matters most: nothing, all trials are equally good"
    write_whole(out / "importance.json", json.dumps({"method": method, "importance": shares}, indent=2) + "\n")
    with contextlib.suppress(MissingExtraError):  # the file beside it has the same numbers
        save(importance_bars(shares, title=title), out / "importance.png")
    first = ", ".join(f"{path} {share:.0%}" for path, share in list(shares.items())[:3])
    return f"what matters most ({method}): {first}"


def _counts(trials: list[FrozenTrial]) -> str:
    complete, pruned = (sum(t.state == state for t in trials) for state in (TrialState.COMPLETE, TrialState.PRUNED))
    return f"{complete + pruned} trials ({complete} complete, {pruned} pruned)"


def _table(trials: list[FrozenTrial], paths: list[str]) -> str:
    """One row a trial; the value of a pruned one is over the folds it did."""
    rows = []
    for trial in trials:
        given = [trial.params.get(path) for path in paths]
        rows.append([trial.number, trial.state.name.lower(), trial.value, len(trial.intermediate_values), *given])
    return csv_text(["number", "state", "value", "folds", *paths], rows)


def _best(recipe: Recipe, best: FrozenTrial, out: Path, protocol: str) -> str:
    head = (
        f"# Found by `earmark search` from the recipe '{recipe.name}', study '{out.name}', trial {best.number}:\n"
        f"# accuracy {best.value:.4f}, {protocol}.\n"
        "# The value was chosen on these very clips, so it is optimistic: confirm it with `earmark crossval`.\n\n"
    )
    return head + tomli_w.dumps(_plain(recipe.with_values(best.params).to_dict()))


def _plain(value: Any) -> Any:
    """As a TOML file can hold it: without what is not given, tuples as lists."""
    if isinstance(value, Mapping):
        plain = {key: _plain(item) for key, item in value.items() if item is not None}
        return {key: item for key, item in plain.items() if item not in ({}, [])}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
