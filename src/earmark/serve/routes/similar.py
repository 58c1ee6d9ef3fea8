"""`/api/similar`: the tracks of the collection that are like one, in which seconds, and what both have."""

from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from earmark.library.axes import axes_of
from earmark.library.filters import Filters, kept
from earmark.library.queries import seconds_in
from earmark.library.similar import Match, how_close, similar, warning
from earmark.serve.asking import nothing_left, query_of
from earmark.serve.kept import UPLOAD
from earmark.serve.routes.documented import answers
from earmark.serve.schemas import SimilarJson
from earmark.serve.service import Serving
from earmark.serve.shelf import Books
from earmark.serve.tasks import Shown
from earmark.serve.telling import Plain, items

router = APIRouter(prefix="/api", tags=["similar"])

Names = Annotated[list[str] | None, Query(max_length=20)]


@router.get("/similar", responses=answers(SimilarJson, 404, 409, 422, 429))
async def similar_tracks(
    service: Serving,
    id: Annotated[str, Query(max_length=40, description="A track of the collection, or an upload.")],  # noqa: A002 - so it is called
    count: Annotated[int, Query(ge=1, le=200)] = 10,
    per_artist: Annotated[int, Query(ge=0, le=200, description="0 for any number.")] = 1,
    segment: Annotated[str, Query(max_length=40, description="Seconds of the track, such as 1:10-1:25 or 70-85.")] = "",
    genre: Names = None,
    mood: Names = None,
    tag: Names = None,
    least: Annotated[float, Query(ge=0, le=1, description="How probable these must be.")] = 0.5,
    versions: Annotated[bool, Query(description="Copies and other versions, too.")] = False,
    all_kinds: Annotated[bool, Query(description="What is no song, too.")] = False,
) -> Response:
    """The tracks that are most like one, the nearest first, each with the pair of segments that are alike."""
    filters = Filters(tuple(genre or ()), tuple(mood or ()), tuple(tag or ()))
    options = {"n": count, "per_artist": per_artist or None, "versions": versions, "all_kinds": all_kinds}
    upload = service.kept.find(id) if id.startswith(UPLOAD) else None
    ask = partial(_similar, upload=upload, track=id, segment=segment, filters=filters, least=least, options=options)
    return Plain(await service.shelf.ask(ask))


def _similar(
    books: Books,
    *,
    upload: Shown | None,
    track: str,
    segment: str,
    filters: Filters,
    least: float,
    options: dict[str, Any],
) -> dict[str, Any]:
    seconds = seconds_in(segment) if segment else None
    query = query_of(books, track, upload)
    if seconds is not None:
        books.check_bundle()
        query = query.within(seconds, axes_of(books.bundle).directions)
    asked = filters.genres or filters.moods or filters.tags
    keep = kept(filters, books.judge, books.lexicon, least=least) if asked else None
    found = similar(books.collection, query, keep=keep, **options)
    if not found:
        raise nothing_left(books, query)
    told = items(books, [match.row for match in found])
    return {
        "id": track,
        "segment": None if seconds is None else [seconds.start_s, seconds.end_s],
        "warning": warning(found),
        "matches": [
            _match(rank, match, item) for rank, (match, item) in enumerate(zip(found, told, strict=True), start=1)
        ],
    }


def _match(rank: int, match: Match, item: dict[str, Any]) -> dict[str, Any]:
    return {
        "rank": rank,
        "item": item,
        "similarity": match.similarity,
        "proximity": match.proximity,
        "closer_than": match.closer_than,
        "how_close": how_close(match),
        "really": match.really,
        "relation": match.relation,
        "reason": match.reason.to_dict(),
    }
