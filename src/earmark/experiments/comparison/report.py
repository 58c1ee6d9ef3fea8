"""The report of a benchmark, systems by protocols by seeds: report.json, report.md and report.html.

The figures are made once (`figures`) and put into words once (`sections`); both papers show the
same. The page also has pictures (`pictures`), where matplotlib is there to draw them.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from earmark.errors import MissingExtraError
from earmark.experiments.comparison.figures import Cell, ProtocolWords, benchmark_figures
from earmark.experiments.comparison.pictures import draw
from earmark.experiments.comparison.sections import row_names, sections
from earmark.files import write_whole
from earmark.plots.report import Picture, markdown
from earmark.plots.report_page import page

__all__ = ["Cell", "ProtocolWords", "write_benchmark_report"]


def write_benchmark_report(
    out: Path,
    *,
    title: str,
    command: str,
    cells: Sequence[Cell],
    protocols: Sequence[ProtocolWords],
    reference: str,
    recipes: Mapping[str, str],
) -> dict[str, Any]:
    """Write report.json, report.md and report.html into `out`.

    Parameters
    ----------
    out:
        The folder, made where it is not there.
    title, command:
        What the report is called, and what was typed to make it.
    cells:
        One system under one protocol each, finished or not.
    protocols:
        In the order they are shown; the first honest one is that of confusions, genres and costs, and what leaks is
        held against.
    reference:
        The system others are compared with; where it has no answers the comparison is left out.
    recipes:
        System to one line that says what it is.

    Returns
    -------
    What report.json holds. Without matplotlib (extra `plots`) the page has no pictures: its tables hold the same.

    Raises
    ------
    ValueError
        No protocols, a cell of a protocol that is not among them, or two cells of one system and protocol.
    """
    _check(cells, protocols)
    figures = {"title": title, "command": command}
    figures |= benchmark_figures(cells, protocols, reference=reference, recipes=recipes)
    parts = sections(figures)
    write_whole(out / "report.json", json.dumps(figures, indent=2, allow_nan=False) + "\n")
    write_whole(out / "report.md", markdown(title, command, parts))
    write_whole(out / "report.html", page(title, command, parts, _pictures(figures), stressed=row_names(reference)))
    return figures


def _pictures(figures: Mapping[str, Any]) -> dict[str, Picture]:
    try:
        return draw(figures)
    except MissingExtraError:
        return {}


def _check(cells: Sequence[Cell], protocols: Sequence[ProtocolWords]) -> None:
    names = [words.name for words in protocols]
    if not names or len(set(names)) < len(names):
        raise ValueError("a benchmark needs protocols, each with a name of its own")
    keys = [(cell.system, cell.protocol) for cell in cells]
    if len(set(keys)) < len(keys):
        raise ValueError("a system has one cell a protocol")
    for system, protocol in keys:
        if protocol not in names:
            raise ValueError(f"{system}: the protocol {protocol} is not among {', '.join(names)}")
