"""Moods, and the heads that tell them beside the tiny bundle, for the tests of what shows them."""

from pathlib import Path
from typing import Any

import numpy as np

from earmark.label import Label, Measured, sorted_labels
from earmark.listen.bundle import load_bundle
from earmark.listen.calibrate import Calibration, Platt
from earmark.listen.linear import HEADS_FILE, MOOD, MULTI, NUMBER, SHARES, SINGLE, Layer, LinearHead, write_heads
from earmark.mood import AROUSAL, MELANCHOLIC, QUADRANTS, SERENE, VALENCE, Mood, MoodMoment
from headed_bundle import write_headed_bundle

QUADRANT_SHARES = (Label(MELANCHOLIC, 0.71), Label(SERENE, 0.2), Label("tense", 0.06), Label("joyful", 0.03))
# From calm to lively within the four minutes of a track of tracks.py, and a little brighter.
_STEP_S = 242 / 24
ARC = tuple(MoodMoment(_STEP_S * t, _STEP_S * (t + 1), t / 90 - 0.5, t / 12 - 1) for t in range(24))
# Of a mood that cannot be told.
ANY: dict[str, Any] = {"quadrants": sorted_labels(dict.fromkeys(QUADRANTS, 0.25)), "quadrant_set": QUADRANTS}


def mood(**changes: Any) -> Mood:
    """Calm and melancholic, of which listeners feel nostalgia and sadness."""
    values = {
        "valence": Measured(-0.25, -1.0, 0.5),
        "arousal": Measured(-0.5, -1.0, 0.125),
        "quadrants": QUADRANT_SHARES,
        "quadrant_set": (MELANCHOLIC,),
        "emotions": (Label("nostalgia", 0.45), Label("sadness", 0.4), Label("power", 0.05)),
        "emotions_told": ("nostalgia", "sadness"),
        "arc": ARC,
    }
    return Mood(**{**values, **changes})


def write_moody_bundle(folder: Path, *, timed: bool = False, further: bool = True) -> Path:
    """Write the tiny bundle with heads to `folder`, and give `folder`.

    Valence is the level of the highest third of the bands, arousal that of the lowest; the quadrant is always serene,
    half of all listeners feel power. With `further` heads there are "dance" (always waltz), "genre" (always both) and
    "tempo" (always 0.5).
    """
    sha256 = load_bundle(write_headed_bundle(folder, timed=timed)).info.sha256
    thirds = np.arange(128) * 3 // 128
    plane = np.zeros((131, 2))
    plane[:128] = np.stack([thirds == 2, thirds == 0], axis=1) / np.bincount(thirds)[[2, 0]]
    certain = Calibration(temperature=1.0, set_quantile=0.9)

    def says(*scores: float) -> Layer:
        count = len(scores)
        return Layer(np.zeros((131, count)), np.array(scores), np.zeros((128, count)), np.array(scores))

    def head(name: str, kind: str, labels: tuple[str, ...], layer: Layer, **rest: Any) -> LinearHead:
        return LinearHead(name, kind, labels, sha256, layer, **rest)

    lines = (Platt(1.0, 0.0),) * 2
    read = Layer(plane, np.zeros(2), plane[:128], np.zeros(2))
    figures = {
        "n": 40, "n_artists": 30, "trained_on": ["pieces"],
        "numbers": {"valence": {"sign": 0.75, "correlation": 0.5}, "arousal": {"sign": 0.9, "correlation": 0.8}},
    }  # fmt: skip
    heads = [
        head("quadrant", SINGLE, QUADRANTS, says(0, 0, 0, 9), calibration=certain, role=MOOD),
        head("plane", NUMBER, (VALENCE, AROUSAL), read, reach=(0.5, 0.25), role=MOOD, figures=figures),
        head("emotions", SHARES, ("power", "sadness"), says(0, -3), lines=lines, told_from=(0.4, 0.4), role=MOOD),
    ]
    if further:
        heads += [
            head("dance", SINGLE, ("polka", "waltz"), says(0, 9), calibration=certain),
            head("genre", MULTI, ("rock", "tag"), says(2, 1), lines=lines),
            head("tempo", NUMBER, ("speed",), says(0.5), reach=(0.25,)),
        ]
    write_heads(folder / HEADS_FILE, heads)
    return folder
