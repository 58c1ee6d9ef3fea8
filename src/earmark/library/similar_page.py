"""The page of `earmark similar --html`: matches, with players that read the seconds that are alike from their files."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from earmark.library.collection import Collection
from earmark.library.queries import Query
from earmark.library.reasons import Seconds
from earmark.library.similar import Match, how_close, name_of_entry, warning
from earmark.plots.sheet import pieces


def similar_page(collection: Collection, query: Query, matches: Sequence[Match]) -> Iterator[str]:
    """The page, piece by piece."""
    name = name_of_entry(query.entry)
    seconds = f"{query.segment.words} of " if query.segment else ""
    return pieces(
        "similar.html.j2",
        title=f"Like {name}",
        opening=f"What is most like {seconds}{name}.",
        warning=warning(matches),
        matches=[_plain(query, match) for match in matches],
        count=len(collection),
        model=collection.model,
    )


def _plain(query: Query, match: Match) -> dict[str, Any]:
    pair = match.reason.segments
    return {
        "name": name_of_entry(match.entry),
        "path": match.entry.path,
        "address": _address(match.entry.path),
        "how_close": f"{how_close(match).capitalize()}.",
        "relation": match.relation,
        "shared": match.reason.shared,
        "here": _sound(query.entry.path, pair.here) if pair else None,
        "there": _sound(match.entry.path, pair.there) if pair else None,
    }


def _sound(path: str, seconds: Seconds) -> dict[str, str]:
    """A file from one second to another, as a media fragment (https://www.w3.org/TR/media-frags/)."""
    return {
        "when": seconds.words.replace("-", "–"),
        "address": f"{_address(path)}#t={seconds.start_s:.2f},{seconds.end_s:.2f}",
    }


def _address(path: str) -> str:
    return Path(path).absolute().as_uri()
