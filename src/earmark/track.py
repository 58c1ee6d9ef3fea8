"""What earmark heard in a track: the one schema that the table, JSON, CSV, HTML and any other face render.

Times are seconds from the start of the track. Probabilities are calibrated; those of the genres and of "none of these"
sum to 1 together, those of tags are each for themselves. Attention and evidence sum to 1 over the track's timeline.
`to_dict` gives plain JSON values and `from_dict` gives the same `Track` back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from earmark.errors import EarmarkError
from earmark.label import Label, Measured, labels_to_dict, sorted_labels
from earmark.mood import Mood

SCHEMA = 2
FIRST_SCHEMA = 1  # its genres summed to 1 by themselves
NONE = "none of these"  # the answer beside the genres, in `Track.genre_set` and `Track.answers`
CANNOT_TELL = "cannot tell"
_COUNTS = (
    *("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"),
    *("fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty"),
)
_NAMED = 2  # of more possible answers than one more than these


def ranked(genres: Sequence[Label], outside: float | None) -> tuple[Label, ...]:
    """All answers that there are, the most probable first: the genres and, where that is told, `NONE`."""
    none = {} if outside is None else {NONE: outside}
    return sorted_labels({label.name: label.probability for label in genres} | none)


@dataclass(frozen=True, slots=True)
class Moment:
    """One token of the timeline: what these seconds sound like on their own, and how much attention they had.

    The probabilities of its genres sum to 1: they are told as if it had to be one of them.

    A `quiet` moment lies so far under the loudest of the track that it took no part in the answer: its attention and
    evidence are 0, and it has no genres. `evidence` is its share of all that speaks for the track's genre, and sums to
    1 over the timeline; None in what was stored before it was told.
    """

    start_s: float
    end_s: float
    attention: float
    genres: tuple[Label, ...]
    quiet: bool = False
    evidence: float | None = None

    @property
    def genre(self) -> str:
        """The most probable genre of these seconds; empty where they are quiet."""
        return self.genres[0].name if self.genres else ""

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; genres as {name: probability}, the most probable first."""
        return {
            "start_s": self.start_s,
            "end_s": self.end_s,
            "attention": self.attention,
            "genres": labels_to_dict(self.genres),
            "quiet": self.quiet,
            "evidence": self.evidence,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The moment that `to_dict` wrote."""
        start_s, end_s, attention = (values[name] for name in ("start_s", "end_s", "attention"))
        genres = sorted_labels(values["genres"])
        return cls(start_s, end_s, attention, genres, values.get("quiet", False), values.get("evidence"))


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of seconds that decided, and its share of the attention.

    `probability` is how probable the track's genre is in its moments on their own, their mean, `evidence` their share
    of all that speaks for it; None in what was stored before they were told.
    """

    start_s: float
    end_s: float
    attention: float
    probability: float | None = None
    evidence: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "start_s": self.start_s,
            "end_s": self.end_s,
            "attention": self.attention,
            "probability": self.probability,
            "evidence": self.evidence,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The segment that `to_dict` wrote."""
        told = (values.get(name) for name in ("probability", "evidence"))
        return cls(values["start_s"], values["end_s"], values["attention"], *told)


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds in which a tag is heard, and its mean probability in them."""

    start_s: float
    end_s: float
    probability: float

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"start_s": self.start_s, "end_s": self.end_s, "probability": self.probability}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The span that `to_dict` wrote."""
        return cls(values["start_s"], values["end_s"], values["probability"])


@dataclass(frozen=True, slots=True)
class HeardTag:
    """A tag that is told, and when it is heard.

    Attributes
    ----------
    name, group:
        What it is, and of which kind: style, instrument, voice, mood, decade or sound, "yours" of a user's own words,
        or the name of a further head; empty where tags have no groups.
    probability:
        That it is heard in the track; of a tag that is heard in `passing`, in its seconds.
    spans:
        Its seconds, in order of time; empty where they cannot be told.
    throughout:
        True where it is heard nearly all the time.
    passing:
        True where it is heard in some seconds alone, too few to be told of the track.
    """

    name: str
    group: str
    probability: float
    spans: tuple[Span, ...] = ()
    throughout: bool = False
    passing: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "name": self.name,
            "group": self.group,
            "probability": self.probability,
            "spans": [span.to_dict() for span in self.spans],
            "throughout": self.throughout,
            "passing": self.passing,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The tag that `to_dict` wrote."""
        spans = tuple(Span.from_dict(span) for span in values["spans"])
        return cls(
            values["name"], values["group"], values["probability"], spans, values["throughout"], values["passing"]
        )


@dataclass(frozen=True, slots=True)
class HeadAnswer:
    """What a head that was trained beside the network says of a track.

    Attributes
    ----------
    name, kind:
        As in `listen.linear.LinearHead`.
    labels:
        Its labels with their probabilities, or shares of listeners, the largest first; empty for numbers.
    numbers:
        Its numbers by name, for a head that tells numbers.
    told:
        The labels that are told; of a single label its 90 % set.
    cannot_tell:
        True where the set is too large to be an answer.
    """

    name: str
    kind: str
    labels: tuple[Label, ...] = ()
    numbers: Mapping[str, Measured] = field(default_factory=dict)
    told: tuple[str, ...] = ()
    cannot_tell: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "name": self.name,
            "kind": self.kind,
            "labels": labels_to_dict(self.labels),
            "numbers": {name: number.to_dict() for name, number in self.numbers.items()},
            "told": list(self.told),
            "cannot_tell": self.cannot_tell,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The answer that `to_dict` wrote."""
        numbers = {name: Measured(**number) for name, number in values["numbers"].items()}
        labels, told = sorted_labels(values["labels"]), tuple(values["told"])
        return cls(values["name"], values["kind"], labels, numbers, told, values["cannot_tell"])


@dataclass(frozen=True, slots=True)
class Track:
    """The answer for one track.

    Attributes
    ----------
    path:
        Name of the file as it was handed over, or what stands for it where there is no file.
    duration_s:
        Length of the sound that was decoded.
    genres:
        Every genre of the network with its probability, the most probable first. They and `outside` sum to 1.
    genre_set:
        The answers of the 90 % set, the most probable first: genres, and `NONE` where that may be so; never empty.
    cannot_tell:
        True where the set is too large to be an answer.
    decisive:
        The segments that decided, in order of time.
    timeline:
        One moment a token, in order of time.
    model:
        Name and version of the bundle that answered.
    tags:
        Every tag with its probability, the most probable first; empty where the bundle has no tags.
    heard_tags:
        The few tags probable enough to be told, the most probable first.
    heard:
        The tags that are told with their seconds, by group, the most probable of a group first: those of `heard_tags`,
        and what is heard in passing. Empty where the bundle does not tell seconds.
    outside:
        Probability that the track is none of the genres; None where the bundle does not tell, and the genres alone
        sum to 1.
    none_of_these:
        True where that is the most probable answer of all: the genres are then merely the nearest ones.
    unread_s:
        Seconds of the file that are known or estimated to be missing from the sound, because they are damaged or cut
        off; 0 where all was heard.
    notes:
        What a person should know of how the sound was heard, each one sentence: that its channels cancel, that it is
        very quiet. Mostly empty.
    mood:
        Valence, arousal, and what follows; None where the bundle does not tell.
    heads:
        What further heads say, in the order of the bundle; empty where it has none.
    heard_share:
        Which part of the track was heard, over 0 to 1: less than 1 where it was heard quickly, and then `timeline` has
        gaps and all else rests on what it has.
    loudness_lufs:
        About its integrated loudness, LUFS (`listen.loudness`); None in what was stored before it was kept.
    """

    path: str
    duration_s: float
    genres: tuple[Label, ...]
    genre_set: tuple[str, ...]
    cannot_tell: bool
    decisive: tuple[Segment, ...]
    timeline: tuple[Moment, ...]
    model: str
    tags: tuple[Label, ...] = ()
    heard_tags: tuple[str, ...] = ()
    outside: float | None = None
    none_of_these: bool = False
    unread_s: float = 0.0
    notes: tuple[str, ...] = ()
    heard: tuple[HeardTag, ...] = ()
    mood: Mood | None = None
    heads: tuple[HeadAnswer, ...] = ()
    heard_share: float = 1.0
    loudness_lufs: float | None = None

    @property
    def words(self) -> str:
        """The answer in a few words, for a person: "rock or metal", "none of the ten, nearest classical".

        Of more than three possible answers it names two, "rock or pop or 3 more"; `genre_set` has all.
        """
        if self.cannot_tell:
            return CANNOT_TELL
        if self.none_of_these:
            return f"{self._none}, nearest {self.genre}"
        genres = [name for name in self.genre_set if name != NONE]
        answers = genres + [self._none] * (NONE in self.genre_set)
        if len(answers) > _NAMED + 1:
            answers = [*answers[:_NAMED], f"{len(answers) - _NAMED} more"]
        return " or ".join(answers)

    @property
    def _none(self) -> str:
        count = len(self.genres)
        if count < 2:
            return NONE
        return f"none of the {_COUNTS[count - 2] if count - 2 < len(_COUNTS) else count}"

    @property
    def answers(self) -> tuple[Label, ...]:
        """The genres and, where it is told, `NONE`, the most probable first: these sum to 1."""
        return ranked(self.genres, self.outside)

    @property
    def genres_alone(self) -> tuple[Label, ...]:
        """The genres given that it is one of them: in the same order, and these sum to 1."""
        total = 1.0 if self.outside is None else sum(label.probability for label in self.genres)
        return tuple(Label(label.name, label.probability / (total or 1.0)) for label in self.genres)

    @property
    def genre(self) -> str:
        """The most probable genre, the nearest one where it is none of these."""
        return self.genres[0].name

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values with "schema"; genres and tags as {name: probability}, the most probable first."""
        return {
            "schema": SCHEMA,
            "path": self.path,
            "duration_s": self.duration_s,
            "loudness_lufs": self.loudness_lufs,
            "genres": labels_to_dict(self.genres),
            "genre_set": list(self.genre_set),
            "cannot_tell": self.cannot_tell,
            "decisive": [segment.to_dict() for segment in self.decisive],
            "timeline": [moment.to_dict() for moment in self.timeline],
            "model": self.model,
            "tags": labels_to_dict(self.tags),
            "heard_tags": list(self.heard_tags),
            "heard": [tag.to_dict() for tag in self.heard],
            "outside": self.outside,
            "none_of_these": self.none_of_these,
            "unread_s": self.unread_s,
            "notes": list(self.notes),
            "mood": None if self.mood is None else self.mood.to_dict(),
            "heads": [head.to_dict() for head in self.heads],
            "heard_share": self.heard_share,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """The track that `to_dict` wrote; `EarmarkError` where it is of another schema or lacks a field.

        Tags and "none of these" may be missing: what was stored before there were any is still read. In schema 1 genres
        summed to 1 beside `outside`, and the set held genres alone. They are read as shares of what `outside` leaves;
        `NONE` is in the set where it was told or is now the most probable answer. Such a set promises no 90 %.
        """
        if values.get("schema") not in (FIRST_SCHEMA, SCHEMA):
            raise EarmarkError(
                f"This track has schema {values.get('schema')!r}, and this earmark reads schemas 1 and {SCHEMA}.",
                hint="Listen to the file again with this version.",
            )
        try:
            if values["schema"] == FIRST_SCHEMA:
                values = _from_first_schema(values)
            return cls(
                path=values["path"],
                duration_s=values["duration_s"],
                genres=sorted_labels(values["genres"]),
                genre_set=tuple(values["genre_set"]),
                cannot_tell=values["cannot_tell"],
                decisive=tuple(Segment.from_dict(segment) for segment in values["decisive"]),
                timeline=tuple(Moment.from_dict(moment) for moment in values["timeline"]),
                model=values["model"],
                tags=sorted_labels(values.get("tags", {})),
                heard_tags=tuple(values.get("heard_tags", ())),
                outside=values.get("outside"),
                none_of_these=values.get("none_of_these", False),
                unread_s=values.get("unread_s", 0.0),
                notes=tuple(values.get("notes", ())),
                heard=tuple(HeardTag.from_dict(tag) for tag in values.get("heard", ())),
                mood=None if values.get("mood") is None else Mood.from_dict(values["mood"]),
                heads=tuple(HeadAnswer.from_dict(head) for head in values.get("heads", ())),
                heard_share=values.get("heard_share", 1.0),
                loudness_lufs=values.get("loudness_lufs"),
            )
        except KeyError as missing:
            raise EarmarkError(f"This track lacks the field {missing}.") from None


def _from_first_schema(values: Mapping[str, Any]) -> Mapping[str, Any]:
    outside = values.get("outside")
    if outside is None:
        return values
    genres = {name: probability * (1 - outside) for name, probability in values["genres"].items()}
    answers = sorted_labels(genres | {NONE: outside})
    first = answers[0].name == NONE
    told = {*values["genre_set"], *([NONE] if first or values.get("none_of_these", False) else [])}
    names = [label.name for label in answers if label.name in told]
    return {**values, "genres": genres, "genre_set": names, "none_of_these": first}
