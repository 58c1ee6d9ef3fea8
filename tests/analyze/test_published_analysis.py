"""The published analysis: its report follows from its figures, and the document quotes it to the letter."""

import json
from pathlib import Path

from earmark.analyze import words
from earmark.analyze.pictures import DESCRIPTIONS
from earmark.analyze.report import TITLE
from earmark.plots.report import markdown

ROOT = Path(__file__).parents[2]
ANALYSIS = ROOT / "docs/analysis"


def rows_of(path: Path) -> list[str]:
    """The rows of all tables of a Markdown file, without the rules between head and body."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.startswith("| ") and not set(line) <= set("|-: ")]


def test_the_figures_give_the_published_report() -> None:
    figures = json.loads((ANALYSIS / "analysis.json").read_text(encoding="utf-8"))
    published = (ANALYSIS / "report.md").read_text(encoding="utf-8")
    command = published.split("Written by `")[1].split("`")[0]
    assert markdown(TITLE, command, words.sections(figures), DESCRIPTIONS) == published


def test_the_document_quotes_the_report_to_the_letter() -> None:
    known = {*rows_of(ANALYSIS / "report.md"), *rows_of(ROOT / "results/ears/analysis/report.md")}
    quoted = rows_of(ROOT / "docs/analysis.md")
    assert len(quoted) > 30
    assert [row for row in quoted if row not in known] == []


def test_there_is_no_sound_and_no_spectrogram_of_a_clip_among_it() -> None:
    kinds = {file.suffix for file in ANALYSIS.iterdir()}
    assert kinds == {".md", ".html", ".json", ".csv", ".png", ".svg"}
    pictures = {file.stem for file in ANALYSIS.iterdir() if file.suffix in (".png", ".svg")}
    assert pictures <= set(DESCRIPTIONS)
    figures = json.loads((ANALYSIS / "analysis.json").read_text(encoding="utf-8"))
    assert pictures | {"turnable"} == {name for part in words.sections(figures) for name in part.pictures}
    assert "<audio" not in (ANALYSIS / "report.html").read_text(encoding="utf-8")
