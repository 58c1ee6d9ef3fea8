"""The pictures of an analysis, from its figures, by name. Needs the extra `plots`."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from earmark.plots.analysis import Line, attention_steps, curves, scores, similarity_map
from earmark.plots.comparisons import Series, dots_with_intervals
from earmark.plots.figures import confusion_matrix
from earmark.plots.maps import axis_correlations, dendrogram, genre_map, neighbour_matrix
from earmark.sound.tokens import FRAME_S, TOKEN_FRAMES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# What each picture shows, for those who cannot see it.
DESCRIPTIONS = {
    "confusion": "Confusion matrix",
    "accuracy": "Accuracy of each genre, with intervals",
    "map": "Map of the genres on two axes, with ellipses of uncertainty",
    "axes": "Rank correlations of the map's axes with features of the clips",
    "neighbours": "How often each genre is among the two nearest of another",
    "dendrogram": "Tree of the genres by average distance",
    "steps": "Mean attention at each time step, by genre",
    "shift": "Mean attention by position in windows that start later and later",
    "events": "Rank correlations of attention with events",
    "splices": "Hit rate and ROC AUC of each method on spliced clips",
    "planted": "Hit rate and ROC AUC of each method on synthetic pieces",
    "deletion": "Deletion curves",
    "insertion": "Insertion curves",
    "enough": "Share of clips that keep their answer, by seconds heard alone",
    "needed": "Share of clips that lose their answer, by seconds taken away",
    "judged": "How often another system agrees by what each method shows, and by the rest",
    "randomised": "Likeness of explanations when weights become random",
}

Figures = Mapping[str, Any]
STEP_S = TOKEN_FRAMES * FRAME_S


def draw(figures: Figures, labels: Sequence[int]) -> "dict[str, Figure]":
    """Every picture that there is something to show in; `labels` are the genres of the map's points."""
    names, found = figures["genres"], figures["map"]
    points, explained = found["points"], found["explained"]
    made = {
        "confusion": confusion_matrix(figures["accuracy"]["confusion"], names),
        "accuracy": _accuracy(figures["accuracy"]["by_genre"]),
        "map": genre_map(
            points[:, :2],
            labels,
            names,
            means=found["means"][:, :2],
            covariances=found["covariances"],
            explained=explained[:2],
        ),
        "axes": _axes(found["axes"]),
        "neighbours": neighbour_matrix(figures["neighbours"]["full"]["shares"], names),
        "dendrogram": dendrogram(figures["neighbours"]["merges"], names, label="distance of genre means"),
        "steps": attention_steps(
            figures["steps"]["means"],
            figures["steps"]["low"],
            figures["steps"]["high"],
            names,
            uniform=figures["steps"]["uniform"],
            step_s=round(STEP_S, 2),
        ),
        "shift": _shift(figures["shift"]),
        "events": _events(figures["events"]),
        "deletion": _curves(figures["curves"], "deletion"),
        "insertion": _curves(figures["curves"], "insertion"),
    }
    for test in ("splices", "planted"):
        if figures[test]:
            made[test] = _located(figures[test])
    if figures["enough"]:
        made |= {kind: _seconds(figures["enough"], kind) for kind in ("enough", "needed")}
    if figures["judged"]:
        made["judged"] = _judged(figures["judged"])
    if figures["randomised"]:
        made["randomised"] = _randomised(figures["randomised"])
    return made


def _accuracy(rows: Sequence[Figures]) -> "Figure":
    series = Series("accuracy", *_ends(rows), place=0)
    return dots_with_intervals([row["genre"] for row in rows], [series], label="accuracy, %")


def _ends(rows: Sequence[Figures], middle: str = "mean") -> tuple[list[float], list[float], list[float]]:
    """Values and ends of intervals, NaN for what is not there."""
    values, lows, highs = (
        [np.nan if row[key] is None else row[key] for row in rows] for key in (middle, "low", "high")
    )
    return values, lows, highs


def _axes(rows: Sequence[Figures]) -> "Figure":
    features = list(dict.fromkeys(row["feature"] for row in rows))
    axes = sorted({row["axis"] for row in rows})
    cells = {(row["feature"], row["axis"]): row for row in rows}
    values, lows, highs = (
        [[cells[feature, axis][key] for axis in axes] for feature in features] for key in ("rho", "low", "high")
    )
    names = [f"axis {axis}" for axis in axes]
    label = "rank correlation with the axis, 95 % intervals"
    return axis_correlations(values, lows, highs, features, names, label=label)


def _shift(found: Figures) -> "Figure":
    """Mean attention by position in the window, for each start: where the music moves, does the curve?"""
    profiles = np.asarray(found["profiles"])
    lines = [
        Line(f"{offset} tokens later", values, values, values, place)
        for place, (offset, values) in enumerate(zip(found["offsets"], profiles, strict=True))
    ]
    return curves(
        np.arange(profiles.shape[1]),
        lines,
        xlabel="position in the window, tokens",
        ylabel="logarithm of attention, mean over clips",
        mark=0,
        legend="the window starts",
    )


def _events(rows: Sequence[Figures]) -> "Figure":
    series = Series("all genres", *_ends(rows, "rho"), place=0)
    names = [row["event"] for row in rows]
    label = "rank correlation of attention with the event, within clips"
    return dots_with_intervals(names, [series], label=label, times=1, mark=0)


def _curves(found: Figures, kind: str) -> "Figure":
    shares = [0.0, *found["shares"]] if kind == "deletion" else [*found["shares"], 1.0]
    edge = found["whole"]
    lines = []
    for place, row in enumerate(found["methods"]):
        # With nothing filled, or with all shown, every method has the whole.
        values, lows, highs = ([edge, *part] if kind == "deletion" else [*part, edge] for part in _ends(row[kind]))
        lines.append(Line(row["method"], values, lows, highs, place))
    words = "filled, those first that the method names" if kind == "deletion" else "shown, those that the method names"
    return curves(
        [100 * share for share in shares],
        lines,
        xlabel=f"tokens {words}, %",
        ylabel="probability of the genre heard",
        legend="method",
    )


def _located(found: Figures) -> "Figure":
    rows = found["methods"]
    series = [
        Series("first token inside (hit rate)", *_ends([row["hit_rate"] for row in rows]), place=0),
        Series("ROC AUC over tokens (chance 0.5)", *_ends([row["auc"] for row in rows]), place=1),
    ]
    names = [row["method"] for row in rows]
    return scores(names, series, label="share, or area", chance=found["chance"])


def _seconds(found: Figures, kind: str) -> "Figure":
    """How many clips have kept, or lost, their answer by so many seconds; of the last count every clip has."""
    lines = [
        Line(row["method"], *_ends(row[f"{kind}_within"][:-1]), place) for place, row in enumerate(found["methods"])
    ]
    words = "heard alone" if kind == "enough" else "taken away"
    return curves(
        found["seconds"][:-1],
        lines,
        xlabel=f"seconds {words}, those first that the method names",
        ylabel=f"share of clips whose answer is {'kept' if kind == 'enough' else 'lost'}",
        legend="method",
    )


def _judged(found: Figures) -> "Figure":
    rows = found["methods"]
    series = [
        Series("by the seconds shown alone", *_ends([row["alone"] for row in rows]), place=0),
        Series("by all but those", *_ends([row["without"] for row in rows]), place=1),
    ]
    names = [row["method"] for row in rows]
    return dots_with_intervals(names, series, label="the other system says what ours hears, %", limits=(0, 100))


def _randomised(found: Figures) -> "Figure":
    values, lows, highs = (
        [[cell[key] for cell in row["stages"]] for row in found["methods"]] for key in ("mean", "low", "high")
    )
    return similarity_map(values, lows, highs, [row["method"] for row in found["methods"]], found["stages"])
