"""What is known of the network that ships beside its bundle: its confusion matrix, its reliability, tested claims.

They are measured once, by commands that docs/results.md and docs/analysis.md name, and stand in `facts.json`, made of
what those wrote by `python -m earmark.serve.facts`; a test makes them again. They are told of a bundle whose accuracy
is the one that was measured with them, and of no other.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from earmark.label import six_digits
from earmark.listen.bundle import BundleInfo

FACTS = Path(__file__).with_name("facts.json")
_MEASURED = Path("results/ears/artist_grouped/earmark")
_ANALYSED = Path("docs/analysis/analysis.json")
_ABOUT = (
    "Findings of the course project that earmark began with, asked of the networks of version 4's cross-validation: "
    "a finding holds where it is true in nine of ten draws of artists, and does not where in one of ten."
)


def facts_of(info: BundleInfo) -> dict[str, Any]:
    """What was measured of a bundle: "confusion", "reliability" and "claims", each None where it was not."""
    known = json.loads(FACTS.read_text(encoding="utf-8"))
    same = abs(float(info.metrics.get("accuracy", -1.0)) - known["accuracy"]) < 1e-9
    return {name: known[name] if same else None for name in ("confusion", "reliability", "claims")}


def gathered(root: Path) -> dict[str, Any]:
    """The facts by the files of a clone whose folder is `root`."""
    folder = root / _MEASURED
    metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    confusion = json.loads((folder / "confusion.json").read_text(encoding="utf-8"))
    claims = json.loads((root / _ANALYSED).read_text(encoding="utf-8"))["claims"]
    measured = f"{metrics['n']} clips of {metrics['n_artists']} artists, {metrics['protocol']}"
    return {
        "accuracy": metrics["accuracy"],
        "confusion": {"measured": measured, **confusion},
        "reliability": {"measured": measured, **_reliability(folder, confusion["genres"])},
        "claims": {"about": _ABOUT, "rows": claims},
    }


def _reliability(folder: Path, genres: Sequence[str]) -> dict[str, Any]:
    """How often answers are right, by how sure they are, calibrated on other folds, among the genres of the labels."""
    from earmark.evaluate.calibration import cross_fit
    from earmark.evaluate.predictions import Predictions
    from earmark.measure.metrics import ece, reliability

    found = Predictions.read(folder / "predictions.csv")
    shares = found.probabilities[:, [found.genres.index(genre) for genre in genres]]
    among = found.with_probabilities(shares / shares.sum(axis=1, keepdims=True), genres=tuple(genres))
    calibrated, _ = cross_fit(among)
    table = reliability(calibrated, among.truth)
    bins = zip(table.confidence.tolist(), table.accuracy.tolist(), table.counts.tolist(), strict=True)
    told = [
        {"confidence": six_digits(sure), "accuracy": six_digits(right), "count": count}
        for sure, right, count in bins
        if count
    ]
    return {"ece": six_digits(ece(calibrated, among.truth)), "bins": told}


if __name__ == "__main__":
    FACTS.write_text(json.dumps(gathered(Path.cwd()), indent=1) + "\n", encoding="utf-8")
