"""`/api/map`: the collection, or the atlas where there is none, in two and three dimensions."""

import gzip
import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from earmark.serve.routes.documented import answers
from earmark.serve.schemas import ColourJson, MapJson
from earmark.serve.service import Serving
from earmark.serve.telling import Plain

router = APIRouter(prefix="/api/map", tags=["map"])

Seed = Annotated[int, Query(ge=0, le=10**6, description="Of the layout: what another one shows too is in the music.")]


@router.get("", responses=answers(MapJson, 409, 422, 429))
async def chart(request: Request, service: Serving, seed: Seed = 0) -> Response:
    """Places, true neighbours, and what the axes go with; thousands take some seconds when they are first asked for."""
    drawn = await service.maps.drawn(service.shelf.state, seed=seed)
    return _packed(drawn.told, request)


@router.get("/colour", responses=answers(ColourJson, 404, 409, 422, 429))
async def colour(
    request: Request,
    service: Serving,
    group: Annotated[str, Query(max_length=60, description="As in the map's `colours`.")],
    name: Annotated[str, Query(max_length=60)],
    seed: Seed = 0,
) -> Response:
    """The values of an answer, in the order of the map's points."""
    drawn = await service.maps.drawn(service.shelf.state, seed=seed)
    return _packed(drawn.colour(group, name), request)


def _packed(told: dict[str, Any], request: Request) -> Response:
    """A large answer, compressed where that is understood."""
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Plain(told)
    content = gzip.compress(json.dumps(told, allow_nan=False, separators=(",", ":")).encode("ascii"), 5)
    return Response(
        content, media_type="application/json", headers={"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    )
