"""A benchmark's figures in words: the sections that the Markdown and the page of a report share.

Shares are per cent, differences are points of per cent. A protocol that leaks is called leaky wherever it stands.
"""

from collections.abc import Mapping
from typing import Any

from earmark.experiments.comparison.figures import cells_of
from earmark.plots.report import Section, Table

NONE = "–"
_INCOMPLETE = " (incomplete)"
Figures = Mapping[str, Any]


def sections(figures: Figures) -> list[Section]:
    """The report of these figures, part by part; parts with nothing to say are left out."""
    honest = [words for words in figures["protocols"] if not words["leaky"]]
    made = [
        _in_short(figures),
        *(_protocol(figures, words) for words in figures["protocols"]),
        *(_comparison(figures, words) for words in honest),
        _price(figures),
        _genres(figures),
        _costs(figures),
        _confusions(figures),
        _systems(figures),
    ]
    return [section for section in made if section.text or section.tables]


def label_of(figures: Figures, protocol: str) -> str:
    """A protocol's name as it is shown."""
    return str(next(words["label"] for words in figures["protocols"] if words["name"] == protocol))


def share(value: float | None) -> str:
    """A share as per cent."""
    return NONE if value is None else f"{value:.1%}"


def points(value: float | None) -> str:
    """A difference of shares in points, with its sign."""
    if value is None:
        return NONE
    return "0.0" if abs(value) < 0.0005 else f"{100 * value:+.1f}".replace("-", "\N{MINUS SIGN}")


def processors(cell: Figures) -> str:
    """On which processors a cell's runs were, with their numbers where there are several."""
    own = cell["costs"]["by_processor"]
    return ", ".join(name if len(own) == 1 else f"{name} ({part['runs']})" for name, part in own.items()) or NONE


def incomplete_words(cell: Figures) -> str:
    """What is missing of a cell, or nothing."""
    return f"incomplete: {cell['runs_done']} of {cell['runs_planned']} runs" if cell["incomplete"] else ""


def row_names(system: str) -> tuple[str, str]:
    """What a row of the system is called: with all its runs, and where some are missing."""
    return system, f"{system}{_INCOMPLETE}"


def _named(cell: Figures) -> str:
    """A system's name in tables that do not count its runs."""
    return row_names(cell["system"])[bool(cell["incomplete"])]


def _in_short(figures: Figures) -> Section:
    reference, main = figures["reference"], figures["main_protocol"]
    own = [cell for cell in cells_of(figures, main) if cell["system"] == reference and cell["n"]]
    pictures = ("accuracy",) if any(cell["n"] for cell in figures["cells"]) else ()
    if not own:
        return Section("In short", (f"{reference} has no answers under {label_of(figures, main)}.",), (), pictures)
    cell = own[0]
    missing = f" ({incomplete_words(cell)})" if cell["incomplete"] else ""
    text = [
        f"Under {label_of(figures, main)}, {reference} is right about {share(cell['accuracy'])} of {cell['n']} "
        f"{cell['unit']} (95 % interval {_interval(cell)}, {cell['n_artists']} artists, "
        f"{_count(cell['seeds'], 'seed')}){missing}."
    ]
    rows = [row for row in figures["comparisons"].get(main, ()) if row["b"] == reference]
    if rows:
        by_word: dict[str, list[str]] = {"worse": [], "better": [], "cannot": []}
        for row in rows:
            by_word[row["a_is"].split()[0]].append(_named({"system": row["a"], "incomplete": bool(row["incomplete"])}))
        openings = (f"{reference} is better than", "It is worse than", "It cannot be told from")
        sides = dict(zip(openings, by_word.values(), strict=True))
        text.append(" ".join(f"{words} {', '.join(names) or 'none'}." for words, names in sides.items()))
    return Section("In short", tuple(text), (), pictures)


def _protocol(figures: Figures, words: Figures) -> Section:
    cells = cells_of(figures, words["name"])
    if not cells:
        return Section(words["label"])
    leak = "This protocol is leaky: its figures flatter, and are here to show by how much. " * words["leaky"]
    text = [f"{leak}{words['description']}".strip()]
    if any(cell.get("calibration") == "none" for cell in cells):
        text.append("ECE marked “uncalibrated” is that of the raw answers: calibration needs two folds a seed.")
    if any(cell["incomplete"] for cell in cells):
        text.append("Figures marked incomplete are over the answers there are; they stand below the others, unranked.")
    unit = next((cell["unit"] for cell in cells if cell["n"]), "clips")
    head = ("system", "seeds", unit, "accuracy", "95 % interval", "by seed", "macro-F1", "ECE", "sets cover")
    table = Table((*head, "set size", "runs"), tuple(_cell_row(cell) for cell in cells))
    return Section(f"Under {words['label']}", tuple(text), (table,))


def _cell_row(cell: Figures) -> tuple[str, ...]:
    runs = incomplete_words(cell) or f"{cell['runs_done']}"
    if not cell["n"]:
        return (cell["system"], *(NONE,) * 9, runs)
    raw = cell["calibration"] == "none"
    size = cell["mean_set_size"]
    return (
        cell["system"],
        str(cell["seeds"]),
        str(cell["n"]),
        share(cell["accuracy"]),
        _interval(cell),
        " ".join(f"{100 * value:.1f}" for value in cell["accuracy_by_seed"].values()),
        f"{cell['macro_f1']:.3f}",
        f"{cell['ece']:.3f}{' uncalibrated' if raw else ''}",
        share(cell["coverage"]),
        NONE if size is None else f"{size:.2f}",
        runs,
    )


def _comparison(figures: Figures, words: Figures) -> Section:
    reference = figures["reference"]
    pairs = figures["comparisons"].get(words["name"], ())
    rows = sorted((row for row in pairs if row["b"] == reference), key=lambda row: -row["difference"])
    heading = f"Against {reference}, under {words['label']}"
    if not rows:
        return Section(heading)
    text = [
        f"Each system minus {reference}, on the same items, correctness averaged over seeds. Intervals draw artists; "
        "p is that of changing sides by artist, two-sided, 0.0001 at the least; “adjusted” is p after Holm over these "
        f"{_count(len(rows), 'comparison')}, and the words go by it, at 0.05; “all pairs” is p after Holm over all "
        f"{_count(len(pairs), 'pair')} of this protocol."
    ]
    if any(row["incomplete"] for row in rows):
        text.append("Where runs are missing, the two are compared on the items that both have answered.")
    table = Table(
        ("system", "difference (points)", "95 % interval", "p", "adjusted", "all pairs", f"than {reference}", "items"),
        tuple(
            (
                row["a"],
                points(row["difference"]),
                _points_interval(row),
                f"{row['p']:.2g}",
                f"{row['p_holm']:.2g}",
                f"{row['p_holm_all']:.2g}",
                row["a_is"],
                f"{row['n']} in common (incomplete)" if row["incomplete"] else str(row["n"]),
            )
            for row in rows
        ),
    )
    return Section(heading, tuple(text), (table,))


def _price(figures: Figures) -> Section:
    rank = {cell["system"]: place for place, cell in enumerate(cells_of(figures, figures["main_protocol"]))}
    names = [words["name"] for words in figures["protocols"]]
    rows = sorted(figures["price_of_the_leak"], key=lambda row: (names.index(row["protocol"]), rank[row["system"]]))
    if not rows:
        return Section("The price of the leak")
    honest = label_of(figures, figures["main_protocol"])
    text = (
        f"How much higher a leaky protocol makes a system look: its accuracy there minus its accuracy under {honest}. "
        "Paired by clip: a clip's correctness is its mean over seeds, and over its segments where segments are "
        "answered. Intervals draw artists; every clip counts alike.",
    )
    table = Table(
        ("system", "leaky protocol", "leaky", "honest", "price (points)", "95 % interval", "clips", "answered", "runs"),
        tuple(
            (
                row["system"],
                label_of(figures, row["protocol"]),
                share(row["accuracy_leaky"]),
                share(row["accuracy_honest"]),
                points(row["difference"]),
                _points_interval(row),
                str(row["n_clips"]),
                f"{row['n']} {row['unit']}",
                "incomplete" if row["incomplete"] else "all",
            )
            for row in rows
        ),
    )
    return Section(f"The price of the leak: leaky protocols against {honest}", text, (table,), ("price",))


def _genres(figures: Figures) -> Section:
    gaps, main = figures["genre_differences"], label_of(figures, figures["main_protocol"])
    heading = f"Genre by genre, against {figures['reference']}, under {main}"
    if not gaps:
        return Section(heading)
    columns = ("all", *(genre for genre in figures["genres"] if any(genre in gap for gap in gaps.values())))
    order = [cell for cell in cells_of(figures, figures["main_protocol"]) if cell["system"] in gaps]
    rows = tuple((_named(cell), *(points(gaps[cell["system"]].get(column)) for column in columns)) for cell in order)
    text = (f"Accuracy of each system minus that of {figures['reference']}, in points, on the clips that both have.",)
    return Section(heading, text, (Table(("system", *columns), rows),), ("genres",))


def _costs(figures: Figures) -> Section:
    main = figures["main_protocol"]
    cells = [cell for cell in cells_of(figures, main) if cell["costs"]["runs"]]
    if not cells:
        return Section("Costs")
    text = (
        f"Medians over the runs under {label_of(figures, main)}. Training time is that of one run; per clip and epoch "
        "it is the time of a run over its epochs and training clips. Runs on different processors are not alike: "
        "report.json has the medians of each processor.",
    )
    head = (
        "system",
        "accuracy",
        "parameters",
        "training",
        "a clip and epoch",
        "hearing a clip",
        "threads",
        "processor (runs)",
    )
    rows = tuple(
        (
            _named(cell),
            share(cell.get("accuracy")),
            _number(cell["costs"]["parameters"]),
            _seconds(cell["costs"]["train_seconds"]),
            _seconds(_thousandth(cell["costs"]["ms_per_clip_epoch"])),
            _seconds(cell["costs"]["hear_seconds_per_clip"]),
            ", ".join(map(str, cell["costs"]["threads"])) or NONE,
            processors(cell),
        )
        for cell in cells
    )
    return Section("Costs", text, (Table(head, rows),), ("parameters", "training", "hearing"))


def _confusions(figures: Figures) -> Section:
    heading = f"Confusions under {label_of(figures, figures['main_protocol'])}"
    if not figures["confusion"]:
        return Section(heading)
    text = ("Rows are labels, columns answers; figures are per cent of the row, all seeds together.",)
    return Section(heading, text, pictures=("confusions",), only_pictures=True)


def _systems(figures: Figures) -> Section:
    rows = tuple((system["name"], system["recipe"] or NONE) for system in figures["systems"])
    return Section("The systems", (), (Table(("system", "what it is"), rows),) if rows else ())


def _interval(cell: Figures) -> str:
    low, high = cell["accuracy_low"], cell["accuracy_high"]
    return NONE if low is None else f"{share(low)} to {share(high)}"


def _points_interval(row: Figures) -> str:
    return NONE if row["low"] is None else f"{points(row['low'])} to {points(row['high'])}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def _thousandth(value: float | None) -> float | None:
    return None if value is None else value / 1000


def _seconds(value: float | None) -> str:
    if value is None:
        return NONE
    for unit, size in (("h", 3600), ("min", 60), ("s", 1), ("ms", 1e-3)):
        if value >= (2 * size if size > 1 else size):
            return f"{value / size:.3g} {unit}"
    return f"{value / 1e-6:.3g} µs"
