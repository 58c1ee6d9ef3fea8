"""A collection's map as a page: what `plots.collection_map` shows, of what `collection_map` found."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from earmark.library.bearings import LEAST, Bearing, along
from earmark.library.collection import Collection
from earmark.library.collection_map import Charted, CollectionMap
from earmark.library.entry import Entry
from earmark.library.names import PLANE
from earmark.library.summaries import summaries
from earmark.mood import AROUSAL, VALENCE
from earmark.plots.collection_map import Answers, Dot, Plane, collection_page
from earmark.plots.text import mood_words
from earmark.track import Track

CURVED, FLAT = "by neighbours", "by main axes"
_SIDES = {VALENCE: {-1: ("dark",), 1: ("bright",)}, AROUSAL: {-1: ("calm",), 1: ("lively",)}}


def map_page(collection: Collection, charted: CollectionMap, page: Path, *, colour: str = "genre") -> Iterator[str]:
    """The page, piece by piece.

    Parameters
    ----------
    collection, charted:
        The collection, and its map.
    page:
        Where the page will be: files are named from there.
    colour:
        What it is coloured by at first, one of `plots.collection_map.colours`.

    Raises
    ------
    CollectionError
        What is kept of a track is damaged.
    """
    curved = _plane(CURVED if charted.layout.is_curved else FLAT, charted.curved)
    planes = [curved, _plane(FLAT, charted.flat)] if charted.layout.is_curved else [curved]
    return collection_page(
        list(_dots(collection, charted)),
        planes,
        Answers(columns_of(charted), charted.answers),
        neighbours=charted.layout.neighbours.rows,
        cosines=charted.layout.neighbours.cosines,
        page=page,
        model=charted.model,
        colour=colour,
    )


def columns_of(charted: CollectionMap) -> list[tuple[str, str]]:
    """The answers that a map has, as the page names them."""
    return [(column.group, column.name) for column in charted.columns]


def _plane(name: str, charted: Charted) -> Plane:
    ends = [end for axis in ("right", "up") for end in _ends(charted.bearings, axis)]
    regions = tuple([region.to_dict() for region in each] for each in charted.regions)
    return Plane(name, charted.plane.positions, charted.plane.kept, tuple(ends), regions)


def _ends(bearings: Sequence[Bearing], axis: str) -> Iterator[list[tuple[str, float]]]:
    """What falls along an axis, and what rises: the mood first, as the map is turned by it."""
    answers = [each for each in bearings if each.column.group != PLANE]
    for sign, end in zip((-1, 1), along(answers, axis), strict=True):
        moods = [
            (name, sign * abs(value))
            for each in bearings
            if each.column.group == PLANE and abs(value := float(getattr(each, axis))) >= LEAST
            for name in _SIDES.get(each.column.name, {}).get(sign * (1 if value > 0 else -1), ())
        ]
        yield [*moods, *((each.column.name, float(getattr(each, axis))) for each in end)]


def _dots(collection: Collection, charted: CollectionMap) -> Iterator[Dot]:
    wanted = set(charted.rows.tolist())
    entries = iter(charted.entries)
    for row, track in enumerate(summaries(collection)):
        if row in wanted:
            yield _dot(next(entries), track)


def _dot(entry: Entry, track: Track) -> Dot:
    most = max(track.decisive, key=lambda segment: segment.evidence or segment.attention, default=None)
    return Dot(
        path=entry.path,
        title=entry.title,
        artist=entry.artist,
        year=str(entry.tags.get("year") or ""),
        duration_s=entry.duration_s,
        words=track.words,
        mood=mood_words(track.mood) if track.mood else "",
        tags=track.heard_tags,
        start_s=0.0 if most is None else most.start_s,
    )
