"""Heads on frozen vectors: answers that are read off what a bundle's network makes of a track, by one layer.

A head reads a track's numbers: the network's vector, pooled by attention, and behind it what the kernel machines make
of it (`Outputs.vector`, `Outputs.view`), means over windows. As the layer is linear, its scores are means of windows'
scores. Of a token it reads the vector that the token has as a whole window; these scores are moved so that their mean
is the track's, so that an answer and its seconds never contradict each other.

A head belongs to the network whose numbers it was trained on, by its SHA-256. The heads of a bundle stand in its
`heads.json`; those that a user taught, in a file of the user's. `earmark.teach` trains both.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from earmark.errors import BundleError
from earmark.files import write_whole
from earmark.label import Measured, six_digits, sorted_labels
from earmark.listen.calibrate import Calibration, Platt, prediction_set, sigmoid, softmax
from earmark.mood import AROUSAL, VALENCE
from earmark.track import HeadAnswer

HEADS_FILE = "heads.json"
SCHEMA = 1
SINGLE, MULTI, SHARES, NUMBER = KINDS = ("single", "multi", "shares", "number")
MOOD = "mood"  # the role of the heads that make `Track.mood`
YOURS = "yours"  # the group of a user's own words
TOLD_FROM = 0.5
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Layer:
    """What turns numbers into scores.

    `weights` (numbers, labels) and `offsets` (labels,) are of a track's numbers, `token_weights` (at least vector,
    labels) and `token_offsets` (labels,) of the vector of a token alone.
    """

    weights: Floats
    offsets: Floats
    token_weights: Floats
    token_offsets: Floats

    def scores(self, numbers: NDArray[Any]) -> Floats:
        """(..., numbers) -> (..., labels)."""
        return np.asarray(np.asarray(numbers, np.float64) @ self.weights + self.offsets)

    def token_scores(self, vectors: NDArray[Any]) -> Floats:
        """(tokens, vector) -> (tokens, labels)."""
        weights = self.token_weights[: vectors.shape[1]]  # of tokens there is the vector alone
        return np.asarray(np.asarray(vectors, np.float64) @ weights + self.token_offsets)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, to six digits."""
        return {name: _short(array) for name, array in vars(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """What `to_dict` wrote; ValueError, KeyError or TypeError where it is not that."""
        layer = cls(
            *(np.asarray(values[name], np.float64) for name in ("weights", "offsets", "token_weights", "token_offsets"))
        )
        labels = len(layer.offsets)
        right = layer.weights.ndim == 2 and layer.token_weights.ndim == 2 and layer.offsets.ndim == 1
        if not right or {layer.weights.shape[1], layer.token_weights.shape[1], len(layer.token_offsets)} != {labels}:
            raise ValueError("has a layer whose parts do not fit each other")
        if not all(np.isfinite(array).all() for array in vars(layer).values()):
            raise ValueError("has a layer with what is not a number")
        return layer


@dataclass(frozen=True, eq=False)
class LinearHead:
    """One head.

    Attributes
    ----------
    name:
        Of the head; of a user's word, the word.
    kind:
        `SINGLE`, one of the labels; `MULTI`, each label for itself; `SHARES`, which share of people would name each;
        `NUMBER`, a number a label.
    labels:
        Their names, in the order of the layer's columns.
    network:
        The SHA-256 of the network whose numbers it reads.
    layer:
        See `Layer`.
    calibration:
        Of a `SINGLE` head.
    lines:
        A Platt line a label, of `MULTI` and `SHARES`.
    told_from:
        A label is told from this probability, or share, on; one each, likewise.
    reach:
        Half the width of the range that holds the truth in 90 %, a number a label, of `NUMBER`; of the quadrants of a
        mood that of valence and arousal.
    role:
        `MOOD` for the heads that make `Track.mood`, `YOURS` for a user's words, else empty.
    figures:
        How good it is, how that was measured, on what it was trained.
    """

    name: str
    kind: str
    labels: tuple[str, ...]
    network: str
    layer: Layer
    calibration: Calibration | None = None
    lines: tuple[Platt, ...] = ()
    told_from: tuple[float, ...] = ()
    reach: tuple[float, ...] = ()
    role: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"has a head of kind '{self.kind}'; there are {', '.join(KINDS)}")
        if not self.labels or len(set(self.labels)) != len(self.labels):
            raise ValueError(f"has the head '{self.name}' whose labels are not different names")
        each = {SINGLE: (), MULTI: self.lines, SHARES: self.lines, NUMBER: self.reach}[self.kind]
        fits = self.calibration is not None if self.kind == SINGLE else len(each) == len(self.labels)
        if not fits or len(self.layer.offsets) != len(self.labels):
            raise ValueError(f"has the head '{self.name}', whose parts do not fit its {len(self.labels)} labels")

    def probabilities(self, scores: NDArray[Any]) -> Floats:
        """What scores (..., labels) mean: probabilities, shares, or numbers."""
        if self.calibration is not None:
            return softmax(np.asarray(scores) / self.calibration.temperature)
        if self.kind == NUMBER:
            return np.asarray(np.clip(scores, -1, 1), np.float64)
        lines = np.array([(line.slope, line.offset) for line in self.lines])
        return np.asarray(sigmoid(np.asarray(scores) * lines[:, 0] + lines[:, 1]))

    def answer(self, numbers: NDArray[Any]) -> HeadAnswer:
        """What it says of a track's numbers, (numbers,)."""
        values = self.probabilities(self.layer.scores(numbers))
        if self.kind == NUMBER:
            reach = zip(self.labels, values.tolist(), self.reach, strict=True)
            return HeadAnswer(self.name, self.kind, numbers={name: ranged(value, far) for name, value, far in reach})
        named = dict(zip(self.labels, map(six_digits, values.tolist()), strict=True))
        labels, cannot_tell = sorted_labels(named), False
        if self.calibration is not None:
            chosen = prediction_set([[label.probability for label in labels]], self.calibration.set_quantile)[0]
            told = tuple(label.name for label, inside in zip(labels, chosen, strict=True) if inside)
            cannot_tell = len(told) > self.calibration.max_set
        else:
            least = dict(zip(self.labels, self.told_from or (TOLD_FROM,) * len(self.labels), strict=True))
            told = tuple(label.name for label in labels if label.probability >= least[label.name])
        return HeadAnswer(self.name, self.kind, labels, told=told, cannot_tell=cannot_tell)

    def in_time(self, numbers: NDArray[Any], vectors: NDArray[Any], weights: NDArray[Any]) -> Floats:
        """What it says of a track's tokens, (tokens, labels) as `probabilities`.

        Parameters
        ----------
        numbers:
            Of the track, (numbers,).
        vectors:
            Of each token as a whole window, (tokens, vector), in order of time.
        weights:
            How much each token counts in the track, (tokens,).
        """
        scores = self.layer.token_scores(vectors)
        mean = np.average(scores, axis=0, weights=weights)
        return self.probabilities(scores - mean + self.layer.scores(numbers))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "labels": list(self.labels),
            "network": self.network,
            "role": self.role,
            "figures": dict(self.figures),
            "calibration": None if self.calibration is None else _plain(self.calibration),
            "lines": [_plain(line) for line in self.lines],
            "told_from": list(self.told_from),
            "reach": list(self.reach),
            "layer": self.layer.to_dict(),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """What `to_dict` wrote; ValueError, KeyError or TypeError where it is not that."""
        calibration = values["calibration"]
        return cls(
            name=str(values["name"]),
            kind=values["kind"],
            labels=tuple(map(str, values["labels"])),
            network=str(values["network"]),
            layer=Layer.from_dict(values["layer"]),
            calibration=None if calibration is None else Calibration(**calibration),
            lines=tuple(Platt(**line) for line in values["lines"]),
            told_from=tuple(map(float, values["told_from"])),
            reach=tuple(map(float, values["reach"])),
            role=values.get("role", ""),
            figures=values.get("figures", {}),
        )

    def checked(self, sha256: str, source: Path) -> Self:
        """The same head; BundleError where it reads another network's numbers."""
        if self.network != sha256:
            raise BundleError(
                f"The head '{self.name}' in {source} was trained on the numbers of another network.",
                hint="Train it again for this bundle (`earmark train-head`, `earmark teach`), or remove it.",
            )
        return self


def mood_numbers(heads: Sequence[LinearHead]) -> tuple[str, ...]:
    """The numbers that heads of mood tell: of quadrants valence and arousal, where they know how far these reach."""
    numbers: dict[str, None] = {}
    for head in heads:
        if head.role == MOOD and head.kind == NUMBER:
            numbers |= dict.fromkeys(head.labels)
        elif head.role == MOOD and head.kind == SINGLE and head.reach:
            numbers |= dict.fromkeys((VALENCE, AROUSAL))
    return tuple(numbers)


def text_of_heads(heads: Sequence[LinearHead]) -> str:
    """What a file of heads says."""
    return json.dumps({"schema": SCHEMA, "heads": [head.to_dict() for head in heads]}, ensure_ascii=False) + "\n"


def write_heads(file: Path, heads: Sequence[LinearHead]) -> None:
    """Write a file of heads, whole or not at all."""
    write_whole(file, text_of_heads(heads))


def read_heads(file: Path) -> tuple[LinearHead, ...]:
    """The heads of a file, none where it is not there; BundleError where it is no such file."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise BundleError(f"{file} cannot be read ({error.strerror}).") from error
    except ValueError as error:
        raise BundleError(f"{file} is not JSON ({error}).") from error
    try:
        if values["schema"] != SCHEMA:
            raise ValueError(f"has schema {values['schema']!r}, and this earmark reads schema {SCHEMA}")
        return tuple(LinearHead.from_dict(head) for head in values["heads"])
    except KeyError as missing:
        raise BundleError(f"{file} does not describe heads: it lacks {missing}.") from None
    except (ValueError, TypeError) as error:
        raise BundleError(f"{file} does not describe heads: it {error}.") from error


def ranged(value: float, reach: float) -> Measured:
    """A number from -1 to 1 with its range."""
    return Measured(*(six_digits(number) for number in (value, max(value - reach, -1.0), min(value + reach, 1.0))))


def _plain(values: Any) -> dict[str, Any]:
    return {name: getattr(values, name) for name in values.__dataclass_fields__}


def _short(array: Floats) -> Any:
    return [_short(row) for row in array] if array.ndim > 1 else [six_digits(value) for value in array.tolist()]
