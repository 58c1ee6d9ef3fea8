"""Writes an analysis: pictures as PNG and SVG, tables as CSV, all figures as JSON, a report to read, and a page."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from earmark.analyze import words
from earmark.analyze.analysis import Analysis, as_json, plain
from earmark.analyze.pictures import DESCRIPTIONS, draw
from earmark.data.dataset import Clip
from earmark.files import FolderKind, csv_text, write_whole
from earmark.plots.figures import save
from earmark.plots.report import Picture, markdown
from earmark.plots.report_page import page
from earmark.plots.turnable import turnable_map

TITLE = "What the network hears"
PNG_DPI = 110
WRITES = ("analysis.json", "report.html", "report.md", "map.csv", "map.png", "map.svg", "accuracy.csv", "confusion.png")
FOLDER = FolderKind(WRITES, known_by={"analysis.json": b'"about"'})


def write(analysis: Analysis, out: Path, *, command: str) -> None:
    """Write everything into `out`; `command` is said in the report.

    Raises
    ------
    MissingExtraError
        matplotlib is not there.
    """
    figures = plain(_without_points(analysis.figures))  # what the report says follows from what analysis.json holds
    parts = words.sections(figures)
    write_whole(out / "analysis.json", as_json(figures))  # first: by it the folder is known as ours
    pictures = _pictures(analysis, out)
    for name, rows in words.tables(figures).items():
        if rows:
            write_whole(out / f"{name}.csv", _csv(rows))
    write_whole(out / "map.csv", _csv(_map_rows(analysis)))
    shows = {name: picture.words for name, picture in pictures.items()}
    write_whole(out / "report.md", markdown(TITLE, command, parts, shows))
    turnable = {"turnable": _turnable(analysis)}
    write_whole(out / "report.html", page(TITLE, command, parts, pictures, fragments=turnable))


def _pictures(analysis: Analysis, out: Path) -> dict[str, Picture]:
    made = {}
    for name, figure in draw(analysis.figures, analysis.material.labels.tolist()).items():
        for suffix in ("svg", "png"):
            save(figure, out / f"{name}.{suffix}", dpi=PNG_DPI)
        made[name] = Picture((out / f"{name}.svg").read_bytes(), DESCRIPTIONS[name])
    return made


def _without_points(figures: Mapping[str, Any]) -> dict[str, Any]:
    """What map.csv has of single clips is not said twice."""
    left = {key: value for key, value in figures["map"].items() if not key.endswith(("points", "_neighbours"))}
    return {**figures, "map": left}


def _map_rows(analysis: Analysis) -> list[dict[str, Any]]:
    found = analysis.figures["map"]
    return [
        {
            "id": clip.id,
            "artist": clip.artist,
            "title": clip.columns.get("title", ""),
            "genre": clip.label,
            **{f"axis{number}": float(f"{value:.4g}") for number, value in enumerate(found["points"][row], start=1)},
            "nearest": ";".join(analysis.material.clips[other].id for other in found["true_neighbours"][row]),
            "nearest_on_the_map": ";".join(analysis.material.clips[other].id for other in found["map_neighbours"][row]),
        }
        for row, clip in enumerate(analysis.material.clips)
    ]


def _turnable(analysis: Analysis) -> str:
    found, clips = analysis.figures["map"], analysis.material.clips
    names = [_name(clip) for clip in clips]
    details = [
        f"truly nearest: {_listed(names, found['true_neighbours'][row])}; "
        f"nearest on the flat map: {_listed(names, found['map_neighbours'][row])}"
        for row in range(len(clips))
    ]
    return turnable_map(
        found["points"],
        analysis.material.labels,
        analysis.material.genres,
        labels=[f"{name} ({clip.label})" for name, clip in zip(names, clips, strict=True)],
        details=details,
        means=found["means"],
        explained=found["explained"].tolist(),
        identifier="genre-map",
    )


def _name(clip: Clip) -> str:
    title = clip.columns.get("title", "")
    return f"{clip.artist}: {title}" if clip.artist and title else clip.artist or title or clip.id


def _listed(names: Sequence[str], rows: Sequence[int]) -> str:
    return " | ".join(names[row] for row in rows)


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    return csv_text(rows[0], ([plain(row[column]) for column in rows[0]] for row in rows))
