"""Names with a probability, and numbers with a range: what answers are made of."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Label:
    """A genre or tag and its calibrated probability."""

    name: str
    probability: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A number, and the range that holds the truth in 90 % of tracks."""

    value: float
    low: float
    high: float

    def to_dict(self) -> dict[str, float]:
        """Plain JSON values."""
        return {"value": self.value, "low": self.low, "high": self.high}


def six_digits(value: float) -> float:
    """The digits that count: as many as float32 knows, and short in JSON."""
    return float(f"{value:.6g}")


def sorted_labels(probabilities: Mapping[str, float]) -> tuple[Label, ...]:
    """Labels of {name: probability}, the most probable first, equal ones by name."""
    labels = (Label(name, probability) for name, probability in probabilities.items())
    return tuple(sorted(labels, key=lambda label: (-label.probability, label.name)))


def labels_to_dict(labels: tuple[Label, ...]) -> dict[str, float]:
    """{name: probability}, in their order."""
    return {label.name: label.probability for label in labels}
