"""What a bundle says of its network's further heads: tags, and "none of these". Both are optional in a bundle.

A head gives logits; a `Platt` line makes probabilities of them. "None of these" and the genres are one answer, its set
taken from all of it. Beside the lines stand the figures of the heads, all measured on clips that neither network nor
line ever saw. `from_dict` raises ValueError in words that follow "it".
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from earmark.label import Label, sorted_labels
from earmark.listen.calibrate import Platt, with_none

MOST_HEARD = 5  # a handful: more tags than that are no answer
GROUPS = ("style", "instrument", "voice", "mood", "decade", "sound")  # of tags that have one, in the order of telling
MOST_OF_A_GROUP = 3
PASSING = ("instrument", "voice", "sound")  # what comes and goes; the others are of a track as a whole
TIMELESS = ("decade",)  # what has no seconds
LEAST_IN_TIME = 0.6  # of `Tag.in_time`: the seconds of what is told worse are not worth telling
TEACHER, PEOPLE = "teacher", "people"  # by whom a tag is judged
_OF_GROUPS = ("group", "judged_by", "positives", "threshold", "in_time")  # of `Tag`, where tags have groups


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag: its name, its calibration, and how well it is told.

    Attributes
    ----------
    auc:
        ROC AUC against the teacher's highest tenth of clips for this tag; of a tag with a group, against the clips that
        its judge says it of.
    correlation:
        Pearson's, of the network's logits with the teacher's, or with the yes and no of its judge.
    group:
        One of `GROUPS`; empty where tags have none.
    judged_by:
        `PEOPLE` where the figures and the probability are by labels of people, else `TEACHER`.
    positives:
        How many clips its judge says it of; 0 where tags have no group.
    threshold:
        It counts as heard from this probability on; None where all tags have the one of `TagInfo`.
    in_time:
        Of a window in which the teacher hears it and one of the same clip in which it does not, how often the network
        hears it more in the first, 0.5 being chance; None where there were too few such windows.
    """

    name: str
    calibration: Platt
    auc: float
    correlation: float
    group: str = ""
    judged_by: str = TEACHER
    positives: int = 0
    threshold: float | None = None
    in_time: float | None = None

    @property
    def timed(self) -> bool:
        """Whether it can be told when it is heard."""
        return self.group not in TIMELESS and (self.in_time is None or self.in_time >= LEAST_IN_TIME)


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
    people:
        The sets whose labels judge those tags that people judge; empty where there are none.
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
    people: str = ""

    def __post_init__(self) -> None:
        if not self.names or len(set(self.names)) != len(self.names):
            raise ValueError("needs tags that are different names")
        _check_threshold(self.threshold, "tags")
        for tag in self.each:
            _check_threshold(self.threshold_of(tag), f"the tag '{tag.name}'")
            if tag.group and tag.group not in GROUPS:
                raise ValueError(f"has the tag '{tag.name}' in a group '{tag.group}'; there are {', '.join(GROUPS)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the tags, in the order of the outputs."""
        return tuple(tag.name for tag in self.each)

    @property
    def grouped(self) -> bool:
        """Whether tags have groups."""
        return any(tag.group or tag.positives for tag in self.each)

    def labels(self, logits: ArrayLike) -> tuple[Label, ...]:
        """The tags with their probabilities, the most probable first, from logits (tags,) in the order of the names."""
        pairs = zip(self.each, np.asarray(logits, dtype=np.float64), strict=True)
        return sorted_labels({tag.name: round(float(tag.calibration.probabilities(logit)), 6) for tag, logit in pairs})

    def threshold_of(self, tag: Tag) -> float:
        """The probability from which on a tag counts as heard."""
        return self.threshold if tag.threshold is None else tag.threshold

    def heard(self, tags: Sequence[Label]) -> tuple[str, ...]:
        """The names of those that count as heard, at most a handful; `tags` come the most probable first.

        Where tags have groups, there are at most `MOST_OF_A_GROUP` of each.
        """
        known = {tag.name: tag for tag in self.each}
        left = {"": MOST_HEARD, **dict.fromkeys(GROUPS, MOST_OF_A_GROUP)}
        names = []
        for label in tags:
            tag = known.get(label.name)
            group, threshold = ("", self.threshold) if tag is None else (tag.group, self.threshold_of(tag))
            if label.probability >= threshold and left[group]:
                left[group] -= 1
                names.append(label.name)
        return tuple(names)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; what only tags with groups have is left out where there are none."""
        plain = {**asdict(self), "each": [asdict(tag) for tag in self.each]}
        if self.grouped:
            return plain
        each = [{name: tag[name] for name in tag if name not in _OF_GROUPS} for tag in plain["each"]]
        return {**{name: plain[name] for name in plain if name != "people"}, "each": each}

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
class WholeFigures:
    """How good the whole answer is, genres and "none of these" together, in a mix with a given share of tracks outside.

    Attributes
    ----------
    ece, ece_low, ece_high:
        Expected calibration error of the most probable answer, with its 95 % interval by drawing artists.
    coverage, coverage_low, coverage_high:
        The share of tracks whose set holds the true answer, likewise.
    mean_set_size:
        Answers in a set.
    n, n_outside, n_artists:
        Clips whose one true answer is known, how many of them are outside, and of how many artists.
    """

    ece: float
    ece_low: float
    ece_high: float
    coverage: float
    coverage_low: float
    coverage_high: float
    mean_set_size: float
    n: int
    n_outside: int
    n_artists: int

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class OutsideInfo:
    """How the head for "none of these" is calibrated, together with the genres, and how well it tells.

    Attributes
    ----------
    auc, auc_low, auc_high:
        ROC AUC of clips outside against clips of the genres, with its 95 % interval by drawing artists.
    detected, false_alarms:
        The share of clips outside, and of clips of the genres, where "none of these" is the most probable answer.
    calibration_error:
        Adaptive calibration error.
    protocol, n, n_outside, n_artists:
        How this was measured, on how many clips, how many of them outside, of how many artists.
    share:
        The share of tracks outside that probabilities and sets are calibrated for.
    set_quantile:
        An answer is in the set where 1 - probability <= set_quantile, 0 to 1; None in bundles made before genres and
        "none of these" were one answer: the genres' own quantile serves then, and its sets promise nothing.
    whole:
        Figures of the whole answer; None likewise.
    temperature:
        Of the genres' logits, as it was fitted together with the rest: `BundleInfo.calibration` has it too. None in
        bundles that have the one fitted on the reported sets alone.
    offsets:
        (genres,) what was added to the network's genre logits when it was exported; none in bundles without.
    """

    calibration: Platt
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
    share: float | None = None
    set_quantile: float | None = None
    whole: WholeFigures | None = None
    temperature: float | None = None
    offsets: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        for name, share in (("share", self.share), ("set_quantile", self.set_quantile)):
            if share is not None and not 0 <= share <= 1:
                raise ValueError(f"has outside with {name} = {share}, which is not from 0 to 1")

    def probabilities(self, genres: ArrayLike, logit: ArrayLike) -> NDArray[np.float64]:
        """The whole answer, (genres + 1,), "none of these" last.

        `genres` are probabilities given that it is one of them, (genres,), and `logit` is the head's for the track.
        """
        return with_none(genres, self.calibration.on(logit))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**asdict(self), "offsets": list(self.offsets)}

    @classmethod
    def from_dict(cls, values: object) -> Self:
        """What `to_dict` wrote; `ValueError` in words where it is not that."""
        known = _known(cls, values, "outside")
        whole = known.get("whole")
        figures = None if whole is None else WholeFigures(**_known(WholeFigures, whole, "outside: whole"))
        offsets = tuple(float(offset) for offset in known.get("offsets", ()))
        line = _line(known["calibration"], "outside")
        return cls(**{**known, "calibration": line, "whole": figures, "offsets": offsets})


def _known(kind: type[Any], values: object, what: str) -> dict[str, Any]:
    """The fields of a dataclass from JSON; further ones are left out, as a later version may have them."""
    if not isinstance(values, Mapping):
        raise ValueError(f"has {what} that is no object")
    missing = [field.name for field in fields(kind) if field.name not in values and field.default is MISSING]
    if missing:
        raise ValueError(f"has {what} that lacks {', '.join(missing)}")
    known = {field.name: values[field.name] for field in fields(kind) if field.name in values}
    for field in fields(kind):
        if field.name in known and (known[field.name] is not None or field.default is MISSING):
            _check_type(field.type, known[field.name], f"{what}: {field.name}")
    return known


def _check_type(kind: Any, value: object, what: str) -> None:
    right = {float: int | float, float | None: int | float, int: int, str: str}.get(kind)
    if right is not None and (not isinstance(value, right) or isinstance(value, bool)):
        raise ValueError(f"has {what} = {value!r}, which is no {'text' if kind is str else 'number'}")


def _line(values: object, what: str) -> Platt:
    return Platt(**_known(Platt, values, f"{what}: calibration"))


def _check_threshold(threshold: float, what: str) -> None:
    if not 0 <= threshold <= 1:
        raise ValueError(f"has {what} with the threshold {threshold}, which is not from 0 to 1")
