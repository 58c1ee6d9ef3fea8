"""What a bundle says of its network's further heads: tags, and "none of these". Both are optional in a bundle.

A head gives logits; a `Platt` line makes probabilities of them. Beside the lines stand the figures of the heads, all
measured on clips that neither network nor line ever saw. `from_dict` raises ValueError in words that follow "it".
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from earmark.listen.calibrate import Platt
from earmark.track import Label, sorted_labels

MOST_HEARD = 5  # a handful: more tags than that are no answer


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag: its name, its calibration, and how well it is told.

    Attributes
    ----------
    auc:
        ROC AUC against the teacher's highest tenth of clips for this tag.
    correlation:
        Pearson's, of the network's logits with the teacher's.
    """

    name: str
    calibration: Platt
    auc: float
    correlation: float


@dataclass(frozen=True, slots=True)
class TagInfo:
    """The tags of a network, in the order of its outputs, and the figures of all of them together.

    Attributes
    ----------
    threshold:
        A tag counts as heard from this probability on, 0 to 1.
    teacher, teacher_licence:
        The network whose tags these are: a probability means that it would say so.
    auc, auc_low, auc_high:
        Mean over tags of their ROC AUC, with its 95 % interval by drawing artists.
    correlation:
        Mean over tags.
    calibration_error:
        Mean over tags of the adaptive calibration error against the teacher's probabilities.
    protocol, n, n_artists:
        How this was measured, on how many clips of how many artists.
    """

    each: tuple[Tag, ...]
    threshold: float
    teacher: str
    teacher_licence: str
    auc: float
    auc_low: float
    auc_high: float
    correlation: float
    calibration_error: float
    protocol: str
    n: int
    n_artists: int

    def __post_init__(self) -> None:
        if not self.names or len(set(self.names)) != len(self.names):
            raise ValueError("needs tags that are different names")
        _check_threshold(self.threshold, "tags")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tags, in the order of the outputs."""
        return tuple(tag.name for tag in self.each)

    def labels(self, logits: ArrayLike) -> tuple[Label, ...]:
        """The tags with their probabilities, the most probable first, from logits (tags,) in the order of the names."""
        pairs = zip(self.each, np.asarray(logits, dtype=np.float64), strict=True)
        return sorted_labels({tag.name: round(float(tag.calibration.probabilities(logit)), 6) for tag, logit in pairs})

    def heard(self, tags: Sequence[Label]) -> tuple[str, ...]:
        """The names of those that count as heard, at most a handful; `tags` come the most probable first."""
        return tuple(tag.name for tag in tags[:MOST_HEARD] if tag.probability >= self.threshold)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "each": [asdict(tag) for tag in self.each]}

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """What `to_dict` wrote; `ValueError` in words where it is not that."""
        known = _known(cls, values, "tags")
        if not isinstance(known["each"], list):
            raise ValueError("has tags whose 'each' is no list")
        tags = [_known(Tag, tag, "a tag") for tag in known["each"]]
        each = tuple(Tag(**{**tag, "calibration": _line(tag["calibration"], "a tag")}) for tag in tags)
        return cls(**{**known, "each": each})


@dataclass(frozen=True, slots=True)
class OutsideInfo:
    """How the head for "none of these" is calibrated and how well it tells.

    Attributes
    ----------
    threshold:
        "None of these" is said above this probability, 0 to 1.
    auc, auc_low, auc_high:
        ROC AUC of clips outside against clips of the genres, with its 95 % interval by drawing artists.
    detected, false_alarms:
        The share of clips outside, and of clips of the genres, that are called "none of these".
    calibration_error:
        Adaptive calibration error.
    protocol, n, n_outside, n_artists:
        How this was measured, on how many clips, how many of them outside, of how many artists. The probability is
        calibrated for this share of clips outside.
    """

    calibration: Platt
    threshold: float
    auc: float
    auc_low: float
    auc_high: float
    detected: float
    false_alarms: float
    calibration_error: float
    protocol: str
    n: int
    n_outside: int
    n_artists: int

    def __post_init__(self) -> None:
        _check_threshold(self.threshold, "outside")

    def probability(self, logit: ArrayLike) -> float:
        """That it is none of the genres, from the logit of a track."""
        return float(self.calibration.probabilities(logit))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """What `to_dict` wrote; `ValueError` in words where it is not that."""
        known = _known(cls, values, "outside")
        return cls(**{**known, "calibration": _line(known["calibration"], "outside")})


def _known(kind: type[Any], values: object, what: str) -> dict[str, Any]:
    """The fields of a dataclass from JSON; further ones are left out, as a later version may have them."""
    if not isinstance(values, Mapping):
        raise ValueError(f"has {what} that is no object")
    missing = [field.name for field in fields(kind) if field.name not in values]
    if missing:
        raise ValueError(f"has {what} that lacks {', '.join(missing)}")
    known = {field.name: values[field.name] for field in fields(kind)}
    for field in fields(kind):
        _check_type(field.type, known[field.name], f"{what}: {field.name}")
    return known


def _check_type(kind: Any, value: object, what: str) -> None:
    right = {float: int | float, int: int, str: str}.get(kind)
    if right is not None and (not isinstance(value, right) or isinstance(value, bool)):
        raise ValueError(f"has {what} = {value!r}, which is no {'text' if kind is str else 'number'}")


def _line(values: object, what: str) -> Platt:
    return Platt(**_known(Platt, values, f"{what}: calibration"))


def _check_threshold(threshold: float, what: str) -> None:
    if not 0 <= threshold <= 1:
        raise ValueError(f"has {what} with the threshold {threshold}, which is not from 0 to 1")
