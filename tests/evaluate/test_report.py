"""What an evaluation leaves behind, on answers that a person can check by hand."""

import csv
import json
from pathlib import Path

import numpy as np

from earmark.evaluate.predictions import Predictions
from earmark.evaluate.report import WORST, figures, genre_table, in_words, worst_errors, write_report
from earmark.measure.metrics import ece

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


# Two seeds of four clips: five of eight answers are right, four of them of the first seed.
EIGHT = answers(
    [
        ("a", "rock", [0.1, 0.2, 0.7]),
        ("b", "rock", [0.2, 0.2, 0.6]),
        ("c", "pop", [0.1, 0.9, 0.0]),
        ("d", "blues", [0.8, 0.1, 0.1]),
        ("a", "rock", [0.1, 0.6, 0.3]),
        ("b", "rock", [0.5, 0.2, 0.3]),
        ("c", "pop", [0.2, 0.7, 0.1]),
        ("d", "blues", [0.3, 0.4, 0.3]),
    ],
    seeds=[0, 0, 0, 0, 4, 4, 4, 4],
)
SETS = EIGHT.probabilities >= 0.3


def test_the_figures_count_clips_answers_and_artists_and_each_seed_by_itself() -> None:
    found = figures(EIGHT, SETS, protocol="by hand")
    assert (found["n"], found["n_predictions"], found["n_artists"]) == (4, 8, 4)
    assert found["protocol"] == "by hand"
    assert found["accuracy"] == 5 / 8
    assert found["accuracy_by_seed"] == {"0": 1.0, "4": 0.25}
    assert found["coverage"] == 1.0
    assert (found["coverage_low"], found["coverage_high"]) == (1.0, 1.0)
    assert "ece_uncalibrated" not in found
    part = figures(EIGHT, EIGHT.probabilities >= 0.5, protocol="by hand")
    assert 0 <= part["coverage_low"] < part["coverage"] == 5 / 8 < part["coverage_high"] <= 1
    raw = EIGHT.with_probabilities(np.full((8, 3), 1 / 3))
    assert figures(EIGHT, SETS, protocol="", raw=raw)["ece_uncalibrated"] == ece(raw.probabilities, EIGHT.truth)


def test_the_same_answers_have_the_same_intervals_each_time() -> None:
    rng = np.random.default_rng(0)
    shares = rng.dirichlet(np.ones(3), 60)
    many = answers([(str(row), str(rng.choice(GENRES)), share.tolist()) for row, share in enumerate(shares)])
    first, again = (figures(many, shares > 0.3, protocol="") for _ in range(2))
    assert first == again
    assert first["accuracy_low"] < first["accuracy"] < first["accuracy_high"]


def test_the_table_of_genres_has_of_each_its_answers_and_how_good_they_are() -> None:
    rows = list(csv.DictReader(genre_table(EIGHT, SETS).splitlines()))
    assert rows == [
        {"genre": "blues", "n_predictions": "2", "recall": "0.5000", "precision": "0.5000", "f1": "0.5000",
         "coverage": "1.0000", "mean_set_size": "2.0000"},
        {"genre": "pop", "n_predictions": "2", "recall": "1.0000", "precision": "0.5000", "f1": "0.6667",
         "coverage": "1.0000", "mean_set_size": "1.0000"},
        {"genre": "rock", "n_predictions": "4", "recall": "0.5000", "precision": "1.0000", "f1": "0.6667",
         "coverage": "1.0000", "mean_set_size": "1.5000"},
    ]  # fmt: skip
    only_rock = answers([("a", "rock", [0.0, 0.0, 1.0])])
    first = next(csv.DictReader(genre_table(only_rock, np.ones((1, 3), np.bool_)).splitlines()))
    assert (first["n_predictions"], first["recall"], first["coverage"], first["mean_set_size"]) == (
        "0", "0.0000", "nan", "nan",
    )  # fmt: skip


def test_the_report_says_the_main_figures_in_three_lines() -> None:
    said = in_words(
        {
            "protocol": "2-fold by artist",
            "accuracy": 0.8123,
            "accuracy_low": 0.75,
            "accuracy_high": 0.86,
            "n": 639,
            "n_artists": 154,
            "macro_f1": 0.8005,
            "top2": 0.9,
            "ece": 0.0321,
            "brier": 0.25,
            "coverage": 0.905,
            "mean_set_size": 1.499,
        }
    )
    assert said == (
        "2-fold by artist\n"
        "accuracy 81.2% (95 % interval 75.0% to 86.0%; 639 clips, 154 artists), macro-F1 0.800, top two 90.0%\n"
        "ECE 0.032, Brier 0.250, sets cover 90.5% with 1.50 genres"
    )


def test_the_files_of_a_report_hold_the_figures_the_answers_and_the_confusion(tmp_path: Path) -> None:
    write_report(tmp_path, EIGHT, SETS, {"protocol": "by hand", "n": 4})
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "confusion.json", "confusion.png", "genres.csv", "metrics.json", "predictions.csv", "reliability.png",
        "worst.csv",
    ]  # fmt: skip
    assert json.loads((tmp_path / "metrics.json").read_text()) == {"protocol": "by hand", "n": 4}
    assert json.loads((tmp_path / "confusion.json").read_text()) == {
        "genres": ["blues", "pop", "rock"],
        "rows_are": "label",
        "counts": [[1, 1, 0], [0, 2, 0], [1, 1, 2]],
    }
    assert Predictions.read(tmp_path / "predictions.csv").labels == EIGHT.labels
    assert (tmp_path / "genres.csv").read_text() == genre_table(EIGHT, SETS)
    assert (tmp_path / "worst.csv").read_text() == worst_errors(EIGHT)
