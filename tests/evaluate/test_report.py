"""What an evaluation leaves behind, on answers that a person can check by hand."""

import csv

import numpy as np

from earmark.evaluate.predictions import Predictions
from earmark.evaluate.report import WORST, worst_errors

GENRES = ("blues", "pop", "rock")


def answers(rows: list[tuple[str, str, list[float]]], *, seeds: list[int] | None = None) -> Predictions:
    """Predictions of (id, label, probabilities of blues, pop and rock)."""
    ids, labels, probabilities = zip(*rows, strict=True)
    count = len(rows)
    numbers = np.array(seeds or [0] * count)
    folds = np.zeros(count, np.int64)
    artists = tuple(f"artist of {clip}" for clip in ids)
    return Predictions(GENRES, ids, ("pieces",) * count, artists, labels, np.array(probabilities), numbers, folds)


def worst_of(predictions: Predictions) -> list[dict[str, str]]:
    return list(csv.DictReader(worst_errors(predictions).splitlines()))


def test_the_worst_errors_are_the_surest_wrong_answers_the_surest_first() -> None:
    found = worst_of(
        answers(
            [
                ("unsure", "rock", [0.40, 0.35, 0.25]),
                ("right", "pop", [0.00, 1.00, 0.00]),
                ("surest", "blues", [0.04, 0.95, 0.01]),
                ("sure", "pop", [0.10, 0.20, 0.70]),
            ]
        )
    )
    assert [row["id"] for row in found] == ["surest", "sure", "unsure"]
    assert found[0] == {
        "set": "pieces", "id": "surest", "label": "blues", "prediction": "pop", "p_prediction": "0.9500",
        "p_label": "0.0400",
    }  # fmt: skip


def test_a_clip_is_among_the_worst_errors_once_with_its_surest_answer() -> None:
    rows = [("a", "rock", [0.6, 0.3, 0.1]), ("b", "rock", [0.7, 0.2, 0.1]), ("a", "rock", [0.1, 0.8, 0.1])]
    found = worst_of(answers(rows, seeds=[0, 0, 1]))
    assert [(row["id"], row["prediction"]) for row in found] == [("a", "pop"), ("b", "blues")]


def test_no_more_than_twenty_of_the_worst_errors_are_told() -> None:
    confidences = np.linspace(0.5, 0.9, 30)
    found = worst_of(answers([(f"c{n}", "rock", [float(p), float(1 - p), 0.0]) for n, p in enumerate(confidences)]))
    assert [row["id"] for row in found] == [f"c{number}" for number in range(29, 9, -1)]
    assert len(found) == WORST == 20
