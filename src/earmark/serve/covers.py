"""Covers of tracks for whoever shows them: made once by a worker, kept for a while, and not sent twice to a browser.

A page shows many at once. So it is told with a 204 where there is none, as a 404 would be an error in its console.
"""

import hashlib

from fastapi import Request
from starlette.responses import Response

from earmark.serve.pictures import Picture
from earmark.serve.service import Service
from earmark.serve.tasks import Cover

_FRESH = "private, no-cache"  # an id is that of another track in another collection


async def cover_of(
    service: Service, path: str, facts: tuple[int, int], *, size: int | None, what: str, request: Request
) -> Picture | None:
    """The picture among a file's tags; `facts` are its size and time of change, `what` messages call it."""

    async def find() -> Picture | None:
        limit_s = service.settings.limits.idle_s
        found: Picture | None = await service.jobs.ask(Cover(path, size), what=what, limit_s=limit_s, request=request)
        return found

    return await service.covers.of((path, facts, size), find)


def mark_of(*facts: object) -> str:
    """An entity tag by what a picture is made of."""
    return f'"{hashlib.sha256(repr(facts).encode()).hexdigest()[:24]}"'


def is_known(request: Request, mark: str) -> bool:
    """Whether a browser has already what has this mark."""
    return mark in [each.strip().removeprefix("W/") for each in request.headers.get("if-none-match", "").split(",")]


def shown(cover: Picture | None, mark: str) -> Response:
    """The answer for a picture; a 204 where there is none."""
    headers = {"Cache-Control": _FRESH, "ETag": mark}
    if cover is None:
        return Response(status_code=204, headers=headers)
    return Response(cover[0], media_type=cover[1], headers=headers)


def unchanged(mark: str) -> Response:
    """The answer for a browser that has it."""
    return Response(status_code=304, headers={"Cache-Control": _FRESH, "ETag": mark})
