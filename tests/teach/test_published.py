"""What docs/results.md says of mood is what was measured."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RESULTS = (ROOT / "docs/results.md").read_text(encoding="utf-8")
FIGURES = json.loads((ROOT / "results/mood/figures.json").read_text(encoding="utf-8"))
ROWS = {
    "joint": "learned together with mood (`recipes/mood_joint.toml`), the same heads",
    "frozen": "**earmark, frozen: vector, pitch, view of the kernel machines**",
    "frozen without pitch": "the same without pitch",
    "frozen, vector alone": "the vector alone",
    "untrained network": "the same network, untrained: its vector and pitch",
    "mean and deviation of bands": "mean and deviation of bands",
    "simple rules": "simple rules: level, brightness, onsets, mode",
    "teacher": "MSD_musicnn: its 50 tags and its vector",
    "audioset": "mn04: its 181 classes and its vector",
    "teacher and audioset": "both teachers",
}


@pytest.mark.parametrize("system", ROWS)
def test_a_row_of_the_quadrants_is_what_was_measured(system: str) -> None:
    said, emotions = FIGURES[system]["quadrant"], FIGURES[system]["emotions"]["labels"]
    shares = [f"{100 * said[name]:.1f}" for name in ("accuracy", "accuracy_low", "accuracy_high")]
    sides = [f"{100 * said[name][0]:.1f} %" for name in ("arousal_sign", "valence_sign")]
    mean = sum(row["spearman"] for row in emotions.values()) / len(emotions)
    half = f"{100 * said['accuracy_when_answered']['0.5']:.1f} %"
    cells = [ROWS[system], f"{shares[0]} %", f"{shares[1]} to {shares[2]} %", f"{said['macro_f1']:.3f}", *sides]
    cells += [f"{said['ece']:.3f}", half, f"{mean:.3f}"]
    assert f"| {' | '.join(cells)} |" in RESULTS


def test_correlations_across_sets_are_what_was_measured() -> None:
    for what, row in FIGURES["frozen"]["across"].items():
        line = f"| **{row['spearman']:.2f}** | {row['low']:.2f} to {row['high']:.2f} |"
        assert line in RESULTS, what


def test_what_learning_together_is_worth_is_what_was_measured() -> None:
    words = " ".join(RESULTS.split())
    for what, more in (("quadrant", "points more"), ("genre", "points fewer")):
        said = FIGURES["joint minus frozen"][what]
        change, low, high = (100 * said[name] for name in ("difference", "low", "high"))
        assert f"{abs(change):.1f} {more} ({low:.1f} to {high:.1f}, p {said['p']:.2f})" in words


def test_curves_of_few_shots_are_what_was_measured() -> None:
    for line in (ROOT / "results/mood/few_shot.md").read_text(encoding="utf-8").splitlines():
        if "| earmark |" in line:
            assert line.replace(" nan ", " too few ") in RESULTS
