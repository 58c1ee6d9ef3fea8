"""The published comparison: its figures come from the runs that are kept, and the documents quote it to the letter."""

import json
from pathlib import Path
from typing import Any

import pytest

from earmark.experiments.comparison.cells import report_on_plan
from earmark.experiments.plan import Plan
from earmark.experiments.robustness import table_of
from earmark.plots.report import markdown_table

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results/benchmark"


def rows_of(path: Path) -> list[str]:
    """The rows of all tables of a Markdown file, without the rules between head and body."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("| ") and not set(line) <= set("|-: ")]


def rounded(value: Any) -> Any:
    """The same values with floats to 9 digits: sums differ in the last ones from processor to processor."""
    if isinstance(value, dict):
        return {key: rounded(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def test_the_kept_runs_give_the_published_figures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Pictures take most of the time and show the same figures.
    monkeypatch.setattr("earmark.experiments.comparison.report._pictures", lambda figures: {})
    published = json.loads((RESULTS / "report.json").read_text())
    runs = tmp_path / "benchmark"
    runs.symlink_to(RESULTS)
    plan = Plan.load(ROOT / "plans/gtzan.toml")
    cells = plan.jobs([ROOT / "gtzan"], runs)
    assert sum(job.done for job in cells) == sum(cell["runs_done"] for cell in published["cells"])
    # Read from the kept runs, write elsewhere.
    monkeypatch.setattr("earmark.experiments.comparison.report.write_whole", lambda path, text: None)
    again = report_on_plan(plan, [ROOT / "gtzan"], runs, command=published["command"])
    assert rounded(again) == rounded(published)


def test_the_published_robustness_follows_from_its_figures() -> None:
    conditions = json.loads((RESULTS.parent / "robustness/robustness.json").read_text())["conditions"]
    published = (RESULTS.parent / "robustness/robustness.md").read_text(encoding="utf-8")
    assert f"{markdown_table(table_of(conditions))}\n" == published


def test_the_results_quote_the_report_to_the_letter() -> None:
    known = {*rows_of(RESULTS / "report.md"), *rows_of(ROOT / "results/robustness/robustness.md")}
    text = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    # By other commands, named there; tests/listen/test_shipped.py holds the figures of what ships to its files.
    made_by_hand = text[text.index("## The shipped network") : text.index("## Robustness")]
    made_by_hand += text[text.index("## What matters in the recipe") :]
    quoted = [row for row in rows_of(ROOT / "docs/results.md") if row not in made_by_hand]
    assert len(quoted) > 40
    assert [row for row in quoted if row not in known] == []


def test_the_ablations_are_quoted_from_their_report() -> None:
    text = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    part = text[text.index("**What gives what.**") : text.index("- The **long first stage**")]
    quoted = [line for line in part.splitlines() if line.startswith("| ") and not set(line) <= set("|-: ")]
    assert len(quoted) == 7
    assert set(quoted) <= set(rows_of(ROOT / "results/ears/report.md"))
