"""From the folders of a benchmark to its report: what is done of each system under each protocol."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from earmark.evaluate.among import among_own
from earmark.evaluate.predictions import Predictions
from earmark.experiments.comparison.report import Cell, ProtocolWords, write_benchmark_report
from earmark.experiments.job import Job
from earmark.experiments.plan import Plan


def report_on_plan(plan: Plan, folders: Sequence[Path], out: Path, *, command: str) -> dict[str, Any]:
    """Write report.md, report.html and report.json to `out`, and return the figures; `command` is what was typed."""
    return write_benchmark_report(
        out,
        title=plan.title,
        command=command,
        cells=cells_of(plan, folders, out),
        protocols=[ProtocolWords(p.name, p.leaky, p.words) for p in plan.protocols.values()],
        reference=plan.reference,
        recipes={name: system.what for name, system in plan.systems.items()},
    )


def cells_of(plan: Plan, folders: Sequence[Path], out: Path) -> list[Cell]:
    """One cell a system and protocol that the plan's queue names, in the order of the plan's systems."""
    runs: dict[tuple[str, str], list[Job]] = {}
    for job in plan.jobs(folders, out):
        runs.setdefault((job.recipe.name, job.protocol.name), []).append(job)
    order = list(plan.systems)
    return [_cell(*key, runs[key]) for key in sorted(runs, key=lambda key: order.index(key[0]))]


def _cell(system: str, protocol: str, runs: Sequence[Job]) -> Cell:
    done = [job for job in runs if job.done]
    facts = tuple(json.loads(job.facts.read_text(encoding="utf-8")) for job in done if job.facts.exists())
    return Cell(
        system=system,
        protocol=protocol,
        predictions=among_own(Predictions.joined([Predictions.read(job.table) for job in done])) if done else None,
        runs_done=len(done),
        runs_planned=len(runs),
        facts=facts,
    )
