"""The published comparison of latent spaces: the documents quote its reports, and the generator that ships."""

import json
import zipfile
from pathlib import Path

from earmark.experiments.plan import Plan
from earmark.listen.bundle import DEFAULT_FOLDER

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "results/latent"


def rows_of(text: str) -> list[str]:
    """The rows of all tables, without the rules between head and body."""
    return [line for line in text.splitlines() if line.startswith("| ") and not set(line) <= set("|-: ")]


def section() -> str:
    text = (ROOT / "docs/results.md").read_text(encoding="utf-8")
    return text[text.index("## A shaped latent space") :].partition("\n## ")[0]


def test_the_tables_are_quoted_from_the_reports() -> None:
    known = {row for name in ("report.md", "spaces.md") for row in rows_of((RESULTS / name).read_text("utf-8"))}
    quoted = [row for row in rows_of(section()) if not row.startswith("| generator") and not row.startswith("| error")]
    assert len(quoted) > 6
    assert [row for row in quoted if row not in known] == []


def test_the_number_of_runs_that_are_done_is_said() -> None:
    report = json.loads((RESULTS / "report.json").read_text())
    jobs = Plan.load(ROOT / "plans/latent.toml").jobs([ROOT / "gtzan"], RESULTS)
    done = sum(cell["runs_done"] for cell in report["cells"])
    assert done <= sum(job.done for job in jobs)
    assert f"{done} of {len(jobs)} runs" in " ".join(section().split())


def test_the_generators_figures_are_those_in_its_file() -> None:
    with zipfile.ZipFile(DEFAULT_FOLDER / "generator.zip") as archive:
        figures = json.loads(archive.read("manifest.json"))["figures"]
    text = " ".join(section().split())
    drawn, nats, db = figures["reconstruction_db"], figures["next_nats"], figures["next_db"]
    cells = [f"{each:.1f}" for each in (drawn["decoded"], drawn["nearest_token"], drawn["mean_token"])]
    assert f"| error of tokens drawn again, dB | {cells[0]} | {cells[1]} | – | {cells[2]} |" in text
    cells = [f"{db[name]:.1f}" for name in ("model", "last", "line", "mean")]
    assert f"| error of the next token, drawn, dB | {' | '.join(cells)} |" in text
    cells = [f"{nats[name]:.1f}" for name in ("model", "last", "line", "mean")]
    assert f"| generator: nats of the next token | {' | '.join(cells)} |" in text
    assert f"{figures['clips']} clips by {figures['artists']} artists" in text
    assert f"{figures['kl_nats']:.1f} nats in {figures['active_numbers']} of {figures['numbers']}" in text
