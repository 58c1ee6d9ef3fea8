"""The table of `earmark listen --csv`: which columns there are, by what a listener tells, and what stands in them."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from earmark.listen.linear import LinearHead
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
)
TAG_PREFIX = "tag:"  # a tag may have the name of a genre
MOOD_PREFIX = "mood:"
FEEL_PREFIX = "feel:"
HEAD_PREFIX = "head:"  # of heads that are called like another column


class Columns:
    """The columns of a listener's answers; what comes from heads stands behind all that bundles had before."""

    def __init__(self, listener: "Listener") -> None:
        from earmark.listen.linear import MOOD

        info, words = listener.bundle.info, listener.words
        further = [head for head in listener.bundle.heads if not head.role]
        outside = ["outside", "none_of_these"] if info.outside else []
        told = ["heard_tags"] if info.tags or words else []
        timed = ["heard_s"] if words or further or (info.tags and info.tags.grouped) else []
        tags = [TAG_PREFIX + name for name in info.tags.names] if info.tags else []
        mood = _mood_columns([head for head in listener.bundle.heads if head.role == MOOD])
        first = [*CSV_COLUMNS, *info.labels, *outside, *told, *timed, *tags, *mood]
        taken = {column.partition(":")[0] for column in first}
        self._heads = {head.name: HEAD_PREFIX * (head.name in taken) + head.name for head in further}
        of_heads = [column for head in further for column in _head_columns(head, self._heads[head.name])]
        of_words = [TAG_PREFIX + label for word in words for label in word.labels]
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
            **{label.name: label.probability for label in track.genres},
            "outside": track.outside,
            "none_of_these": int(track.none_of_these),
            "heard_tags": ";".join(track.heard_tags),
            "heard_s": ";".join(" ".join([tag.name, *_seconds(tag)]) for tag in track.heard),
            **{TAG_PREFIX + tag.name: tag.probability for tag in track.tags},
            **(_mood_cells(track.mood) if track.mood else {}),
            **{name: cell for answer in further for name, cell in _head_cells(answer, self._heads[answer.name])},
        }


def _mood_columns(heads: "Sequence[LinearHead]") -> list[str]:
    from earmark.listen.linear import SHARES, SINGLE, mood_numbers

    labels = {kind: [name for head in heads if head.kind == kind for name in head.labels] for kind in (SINGLE, SHARES)}
    return [
        *(["mood"] if labels[SINGLE] else []),
        *(column for name in mood_numbers(heads) for column in _range_columns(name)),
        *(MOOD_PREFIX + name for name in labels[SINGLE]),
        *(["feel"] if labels[SHARES] else []),
        *(FEEL_PREFIX + name for name in labels[SHARES]),
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


def _head_columns(head: "LinearHead", name: str) -> list[str]:
    from earmark.listen.linear import NUMBER

    if head.kind == NUMBER:
        return [column for label in head.labels for column in _range_columns(f"{name}:{label}")]
    return [name, *(f"{name}:{label}" for label in head.labels)]


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
