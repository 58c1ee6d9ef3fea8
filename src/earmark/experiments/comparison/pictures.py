"""The pictures of a benchmark's report, drawn from its figures alone, as SVG. Needs the extra `plots`."""

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from earmark.experiments.comparison.figures import cells_of
from earmark.experiments.comparison.sections import label_of
from earmark.plots.comparisons import Series, confusion_multiples, difference_map, dots_with_intervals, labelled_scatter
from earmark.plots.figures import save
from earmark.plots.report import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Figures = Mapping[str, Any]
NAN = float("nan")


def draw(figures: Figures) -> dict[str, Picture]:
    """Every picture there is something to show in, by name.

    Raises
    ------
    MissingExtraError
        matplotlib is not there.
    """
    makers: dict[str, Callable[[Figures], Picture | None]] = {
        "accuracy": _accuracy,
        "price": _price,
        "genres": _genres,
        "parameters": lambda all_: _cost(all_, "parameters", "parameters"),
        "training": lambda all_: _cost(all_, "train_seconds", "CPU time of training, seconds a run"),
        "hearing": lambda all_: _cost(all_, "hear_seconds_per_clip", "CPU time of hearing, seconds a clip"),
        "confusions": _confusions,
    }
    made = {name: maker(figures) for name, maker in makers.items()}
    return {name: picture for name, picture in made.items() if picture is not None}


def _accuracy(figures: Figures) -> Picture | None:
    systems = _order(figures, [cell["system"] for cell in figures["cells"] if cell["n"]])
    if not systems:
        return None
    series = []
    for place, words in enumerate(figures["protocols"]):
        cells = {cell["system"]: cell for cell in cells_of(figures, words["name"]) if cell["n"]}
        if not cells:
            continue
        keys = ("accuracy", "accuracy_low", "accuracy_high")
        values, lows, highs = ([_or_nan(cells.get(system, {}).get(key)) for system in systems] for key in keys)
        series.append(Series(words["label"], values, lows, highs, place, hollow=words["leaky"]))
    drawn = dots_with_intervals([_shown(figures, name) for name in systems], series, label="accuracy, %")
    note = "Dots are accuracies, lines 95 % intervals over artists; hollow dots are leaky protocols."
    return _picture(drawn, "Accuracy of each system under each protocol, with intervals", f"{note}{_star(figures)}")


def _price(figures: Figures) -> Picture | None:
    rows = {(row["system"], row["protocol"]): row for row in figures["price_of_the_leak"]}
    systems = _order(figures, [system for system, _ in rows])
    if not systems:
        return None
    series = []
    places = {words["name"]: place for place, words in enumerate(figures["protocols"])}
    for protocol in dict.fromkeys(protocol for _, protocol in rows):
        keys = ("difference", "low", "high")
        values, lows, highs = (
            [_or_nan(rows.get((system, protocol), {}).get(key)) for system in systems] for key in keys
        )
        series.append(Series(label_of(figures, protocol), values, lows, highs, places[protocol], hollow=True))
    honest = label_of(figures, figures["main_protocol"])
    drawn = dots_with_intervals(
        [_shown(figures, name) for name in systems],
        series,
        label=f"leaky accuracy minus that under {honest}, points",
        mark=0,
    )
    return _picture(drawn, "The price of the leak for each system, with intervals", _star(figures).strip())


def _genres(figures: Figures) -> Picture | None:
    gaps = figures["genre_differences"]
    systems = _order(figures, list(gaps))
    if not systems:
        return None
    columns = ["all", *(genre for genre in figures["genres"] if any(genre in gap for gap in gaps.values()))]
    values = [[gaps[system].get(column, NAN) for column in columns] for system in systems]
    drawn = difference_map(values, [_shown(figures, name) for name in systems], columns)
    note = f"Points more (blue) or less (red) than {figures['reference']}; beyond 30 the colour grows no stronger."
    return _picture(
        drawn, "Differences of accuracy by genre; the table has the same figures", f"{note}{_star(figures)}"
    )


def _cost(figures: Figures, key: str, label: str) -> Picture | None:
    cells = [cell for cell in cells_of(figures, figures["main_protocol"]) if cell["n"]]
    shown = [cell for cell in cells if (cell["costs"][key] or 0) > 0]
    if not shown:
        return None
    names = [_shown(figures, cell["system"]) for cell in shown]
    drawn = labelled_scatter(
        [cell["costs"][key] for cell in shown],
        [cell["accuracy"] for cell in shown],
        names,
        xlabel=f"{label} (logarithmic)",
        ylabel=f"accuracy under {label_of(figures, figures['main_protocol'])}, %",
        stressed=_shown(figures, figures["reference"]),
    )
    left_out = ", ".join(cell["system"] for cell in cells if cell not in shown)
    note = f"Without such a figure: {left_out}." if left_out else ""
    if key != "parameters":
        where = dict.fromkeys(name for cell in shown for name in cell["costs"]["by_processor"])
        note = f"{note} Measured on: {'; '.join(where)}."
    return _picture(drawn, f"Accuracy against {label}", f"{note}{_star(figures)}".strip())


def _confusions(figures: Figures) -> Picture | None:
    counts = figures["confusion"]
    if not counts:
        return None
    shown = {_shown(figures, system): counts[system] for system in _order(figures, list(counts))}
    note = f"Pale is none of the row, dark is all of it.{_star(figures)}"
    return _picture(confusion_multiples(shown, figures["genres"]), "A confusion matrix for each system", note)


def _order(figures: Figures, systems: list[str]) -> list[str]:
    """Systems as the main protocol ranks them, then those it has not."""
    ranked = [cell["system"] for cell in cells_of(figures, figures["main_protocol"])]
    return [name for name in dict.fromkeys([*ranked, *systems]) if name in set(systems)]


def _missing(figures: Figures) -> set[str]:
    return {cell["system"] for cell in figures["cells"] if cell["incomplete"] and cell["n"]}


def _shown(figures: Figures, system: str) -> str:
    return f"{system} *" if system in _missing(figures) else system


def _star(figures: Figures) -> str:
    return " * incomplete: some runs are missing." if _missing(figures) else ""


def _or_nan(value: float | None) -> float:
    return NAN if value is None else value


def _picture(figure: "Figure", words: str, note: str = "") -> Picture:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "picture.svg"
        save(figure, file)
        return Picture(file.read_bytes(), words, note)
