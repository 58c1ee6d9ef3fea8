"""The table of `--csv`: which columns there are, by what a listener or a collection tells, and what stands in them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from earmark.library.names import Names
    from earmark.listen.listener import Failure, Listener
    from earmark.mood import Mood
    from earmark.track import HeadAnswer, HeardTag, Track

CSV_COLUMNS = (
    "path",
    "duration_s",
    "genre",
    "probability",
    "genre_set",
    "cannot_tell",
    "decisive_s",
    "model",
    "error",
    "unread_s",
    "notes",
    "heard_share",
    "loudness_lufs",
)
TAG_PREFIX = "tag:"  # a tag may have the name of a genre
MOOD_PREFIX = "mood:"
FEEL_PREFIX = "feel:"
HEAD_PREFIX = "head:"  # of heads that are called like another column


@dataclass(frozen=True)
class Told:
    """What is told of tracks, and so has columns.

    Attributes
    ----------
    genres, tags, words:
        Names of genres without "none of these", of tags, None where none are told, and of a user's own words.
    outside, timed:
        Whether "none of these" is told, and the seconds of what is heard.
    mood:
        The columns of mood.
    heads:
        (name, kind, labels) of each further head.
    """

    genres: Sequence[str]
    outside: bool
    tags: Sequence[str] | None
    timed: bool
    mood: Sequence[str]
    heads: Sequence[tuple[str, str, Sequence[str]]]
    words: Sequence[str] = ()

    @classmethod
    def by(cls, listener: "Listener") -> "Told":
        """What a listener tells."""
        from earmark.listen.linear import MOOD, SHARES, SINGLE, mood_numbers

        info, heads = listener.bundle.info, listener.bundle.heads
        moods = [head for head in heads if head.role == MOOD]
        further = [(head.name, head.kind, head.labels) for head in heads if not head.role]
        words = [label for word in listener.words for label in word.labels]
        labels = {
            kind: [name for head in moods if head.kind == kind for name in head.labels] for kind in (SINGLE, SHARES)
        }
        return cls(
            genres=info.labels,
            outside=info.outside is not None,
            tags=info.tags.names if info.tags else None,
            timed=bool(words or further or (info.tags and info.tags.grouped)),
            mood=_mood_columns(labels[SINGLE], mood_numbers(moods), labels[SHARES]),
            heads=further,
            words=words,
        )

    @classmethod
    def of(cls, names: "Names", track: "Track", words: Sequence[str]) -> "Told":
        """What a collection tells: by the names of its answers, and a track, which says of what kind its heads are."""
        from earmark.library.names import HEAD_PREFIX as OF_GROUP
        from earmark.library.names import PLANE
        from earmark.track import NONE

        kinds = {head.name: head.kind for head in track.heads}
        further = [(name.removeprefix(OF_GROUP), labels) for name, labels in names.heads.items()]
        return cls(
            genres=[name for name in names.genres if name != NONE],
            outside=NONE in names.genres,
            tags=names.tags or None,
            timed=bool(words or further or names.tag_groups),
            mood=_mood_columns(names.quadrants, names.groups[PLANE], names.emotions),
            heads=[(name, kinds.get(name, ""), labels) for name, labels in further],
            words=words,
        )


class Columns:
    """The columns of a listener's answers; what comes from heads stands behind all that bundles had before."""

    def __init__(self, told: "Listener | Told") -> None:
        told = told if isinstance(told, Told) else Told.by(told)
        outside = ["outside", "none_of_these"] if told.outside else []
        heard = ["heard_tags"] if told.tags is not None or told.words else []
        timed = ["heard_s"] if told.timed else []
        tags = [TAG_PREFIX + name for name in told.tags or ()]
        first = [*CSV_COLUMNS, *told.genres, *outside, *heard, *timed, *tags, *told.mood]
        taken = {column.partition(":")[0] for column in first}
        self._heads = {name: HEAD_PREFIX * (name in taken) + name for name, _, _ in told.heads}
        of_heads = [
            column for name, kind, labels in told.heads for column in _head_columns(self._heads[name], kind, labels)
        ]
        of_words = [TAG_PREFIX + word for word in told.words]
        self.names = tuple(dict.fromkeys([*first, *of_heads, *of_words]))

    def row(self, heard: "Track | Failure") -> list[Any]:
        """The cells of a track, or of a file that could not be heard; None where nothing is known."""
        from earmark.track import Track

        cells = self._cells(heard) if isinstance(heard, Track) else heard.to_dict()
        return [cells.get(column) for column in self.names]

    def _cells(self, track: "Track") -> dict[str, Any]:
        """All cells that there may be."""
        further = [answer for answer in track.heads if answer.name in self._heads]
        return {
            "path": track.path,
            "duration_s": track.duration_s,
            "genre": track.genre,
            "probability": track.genres[0].probability,
            "genre_set": ";".join(track.genre_set),
            "cannot_tell": int(track.cannot_tell),
            "decisive_s": ";".join(f"{segment.start_s}-{segment.end_s}" for segment in track.decisive),
            "model": track.model,
            "unread_s": track.unread_s,
            "notes": " ".join(track.notes),
            "heard_share": track.heard_share,
            "loudness_lufs": track.loudness_lufs,
            **{label.name: label.probability for label in track.genres},
            "outside": track.outside,
            "none_of_these": int(track.none_of_these),
            "heard_tags": ";".join(track.heard_tags),
            "heard_s": ";".join(" ".join([tag.name, *_seconds(tag)]) for tag in track.heard),
            **{TAG_PREFIX + tag.name: tag.probability for tag in track.tags},
            **(_mood_cells(track.mood) if track.mood else {}),
            **{name: cell for answer in further for name, cell in _head_cells(answer, self._heads[answer.name])},
        }


def _mood_columns(quadrants: Sequence[str], numbers: Sequence[str], emotions: Sequence[str]) -> list[str]:
    return [
        *(["mood"] if quadrants else []),
        *(column for name in numbers for column in _range_columns(name)),
        *(MOOD_PREFIX + name for name in quadrants),
        *(["feel"] if emotions else []),
        *(FEEL_PREFIX + name for name in emotions),
    ]


def _mood_cells(mood: "Mood") -> dict[str, Any]:
    numbers = {"valence": mood.valence, "arousal": mood.arousal}
    return {
        "mood": mood.words,
        "feel": ";".join(mood.emotions_told),
        **{
            column: cell
            for name, number in numbers.items()
            if number is not None
            for column, cell in zip(_range_columns(name), number.to_dict().values(), strict=True)
        },
        **{MOOD_PREFIX + label.name: label.probability for label in mood.quadrants},
        **{FEEL_PREFIX + label.name: label.probability for label in mood.emotions},
    }


def _head_columns(name: str, kind: str, labels: Sequence[str]) -> list[str]:
    from earmark.listen.linear import NUMBER

    if kind == NUMBER:
        return [column for label in labels for column in _range_columns(f"{name}:{label}")]
    return [name, *(f"{name}:{label}" for label in labels)]


def _head_cells(answer: "HeadAnswer", name: str) -> Iterator[tuple[str, Any]]:
    yield name, None if answer.cannot_tell else ";".join(answer.told)
    for label in answer.labels:
        yield f"{name}:{label.name}", label.probability
    for label_name, number in answer.numbers.items():
        yield from zip(_range_columns(f"{name}:{label_name}"), number.to_dict().values(), strict=True)


def _range_columns(name: str) -> tuple[str, str, str]:
    """The value, and the range that holds the truth in 90 %."""
    return name, f"{name}_low", f"{name}_high"


def _seconds(tag: "HeardTag") -> list[str]:
    return [f"{span.start_s}-{span.end_s}" for span in tag.spans]
