"""`/api/map`: the collection, or the atlas where there is none, in two and three dimensions."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from earmark.serve.maps import packed
from earmark.serve.routes.documented import answers
from earmark.serve.schemas import ColourJson, MapJson
from earmark.serve.service import Serving
from earmark.serve.telling import Plain

router = APIRouter(prefix="/api/map", tags=["map"])

Seed = Annotated[int, Query(ge=0, le=10**6, description="Of the layout: what another one shows too is in the music.")]


@router.get("", responses=answers(MapJson, 409, 422, 429))
async def chart(request: Request, service: Serving, seed: Seed = 0) -> Response:
    """Places, true neighbours, and what the axes go with; thousands take some seconds when they are first asked for."""
    drawn = await service.maps.drawn(service.shelf.worded_state, seed=seed)
    return Plain(drawn.told) if not _unpacks(request) else _packed(drawn.packed)


@router.get("/colour", responses=answers(ColourJson, 404, 409, 422, 429))
async def colour(
    request: Request,
    service: Serving,
    group: Annotated[str, Query(max_length=60, description="As in the map's `colours`.")],
    name: Annotated[str, Query(max_length=60)],
    seed: Seed = 0,
) -> Response:
    """The values of an answer, in the order of the map's points."""
    drawn = await service.maps.drawn(service.shelf.worded_state, seed=seed)
    told = drawn.colour(group, name)
    return Plain(told) if not _unpacks(request) else _packed(packed(told))


def _unpacks(request: Request) -> bool:
    return "gzip" in request.headers.get("accept-encoding", "")


def _packed(content: bytes) -> Response:
    return Response(
        content, media_type="application/json", headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    )
