"""`/api/tracks`: the collection's tracks and what was heard of them, their sound, and how they look."""

import base64
import io
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from earmark.errors import CollectionError
from earmark.library.lexicon import plain
from earmark.serve.covers import cover_of, is_known, mark_of, shown, unchanged
from earmark.serve.ear import Sketch
from earmark.serve.files_out import sound_file
from earmark.serve.kept import UPLOAD
from earmark.serve.problems import ProblemError
from earmark.serve.routes.documented import answers
from earmark.serve.schemas import HeardJson, SpectrogramJson, TracksJson, WaveformJson
from earmark.serve.service import Service, Serving
from earmark.serve.shelf import Books
from earmark.serve.tasks import Draw
from earmark.serve.telling import Plain, items, told_track, told_upload

router = APIRouter(prefix="/api/tracks", tags=["tracks"])

Sort = Literal["path", "title", "artist", "length"]
_DRAWN = (404, 409, 410, 413, 422, 429, 503)
_COVERED = {
    **answers(None, 404, 409, 410, 422, 429, 503, media="image/*"),
    204: {"description": "There is none (or_nothing=true)."},
    304: {"description": "The one that was sent before (If-None-Match)."},
}
_FRESH = {"Cache-Control": "private, no-cache"}  # an id is that of another track in another collection


@router.get("", responses=answers(TracksJson, 422, 429))
async def tracks(
    service: Serving,
    q: Annotated[
        str, Query(max_length=300, description="Words of title, artist, album or file; all must be there.")
    ] = "",
    offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    kind: Annotated[str, Query(max_length=20, description="song, long, short, spoken or quiet.")] = "",
    sort: Sort = "path",
) -> Response:
    """List the collection, or search it; without a collection there are none, and a note says what to do."""
    try:
        return Plain(await service.shelf.ask(partial(_listed, q=q, offset=offset, limit=limit, kind=kind, sort=sort)))
    except CollectionError as error:
        return Plain({"total": 0, "offset": offset, "tracks": [], "note": str(error)})


@router.get("/{track}", responses=answers(HeardJson, 404, 409, 422, 429))
async def track(track: str, service: Serving) -> Response:
    """All that was heard of a track: of the collection, or of an upload of a while ago."""
    if track.startswith(UPLOAD):
        level = service.bundle.info.calibration.level
        return Plain(told_upload(track, service.kept.find(track), level=level))
    return Plain(await service.shelf.ask(lambda books: told_track(books, books.row(track))))


@router.get("/{track}/audio", responses={**answers(None, 404, 409, 416, 422, 429, media="audio/*")})
async def audio(track: str, service: Serving) -> Response:
    """The sound of a track of the collection, whole or by ranges of bytes."""
    if track.startswith(UPLOAD):
        raise ProblemError(404, "The sound of uploads is not kept.", "Play your own file.")
    return sound_file((await _place(service, track))[0])


@router.get("/{track}/waveform", responses=answers(WaveformJson, *_DRAWN))
async def waveform(
    track: str, request: Request, service: Serving, points: Annotated[int, Query(ge=10, le=8000)] = 1000
) -> Response:
    """The least and the largest sample of so many stretches at most."""
    sketch = await _sketch(service, track, request)
    low, high = sketch.points(points)
    peak = max(-float(low.min(initial=0.0)), float(high.max(initial=0.0)))
    told = {"duration_s": round(sketch.duration_s, 3), "points": len(low), "low": _rounded(low), "high": _rounded(high)}
    return Plain({**told, "peak": round(peak, 4)}, headers=_FRESH)


@router.get("/{track}/spectrogram", responses=answers(SpectrogramJson, *_DRAWN))
async def spectrogram(track: str, request: Request, service: Serving) -> Response:
    """The spectrogram as numbers."""
    sketch = await _sketch(service, track, request)
    bands, columns = sketch.spectrogram.shape
    levels = base64.b64encode(np.ascontiguousarray(sketch.spectrogram).tobytes()).decode()
    told = {"bands": bands, "columns": columns, "duration_s": round(sketch.duration_s, 3), "levels": levels}
    return Plain(told, headers=_FRESH)


@router.get("/{track}/spectrogram.png", responses=answers(None, *_DRAWN, media="image/png"))
async def spectrogram_png(track: str, request: Request, service: Serving) -> Response:
    """The spectrogram as a grey picture, the highest band on top."""
    from PIL import Image

    sketch = await _sketch(service, track, request)
    made = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(sketch.spectrogram[::-1])).save(made, "PNG")
    return Response(made.getvalue(), media_type="image/png", headers=_FRESH)


@router.get("/{track}/cover", responses=_COVERED)
async def cover(
    track: str,
    request: Request,
    service: Serving,
    size: Annotated[int | None, Query(ge=16, le=2000, description="Pixels, at most.")] = None,
    or_nothing: Annotated[bool, Query(description="A 204, not a 404, where there is none.")] = False,
) -> Response:
    """The picture among a track's tags; that of an upload is kept small."""
    if track.startswith(UPLOAD):
        upload = service.kept.find(track)
        title, mark, found = upload.name, mark_of(track), upload.cover
        if is_known(request, mark):
            return unchanged(mark)
    else:
        path, facts, title = await _place(service, track)
        mark = mark_of(path, facts, size)
        if is_known(request, mark):
            return unchanged(mark)
        found = await cover_of(service, path, facts, size=size, what=title, request=request)
    if found is None and not or_nothing:
        raise ProblemError(404, f"{title} has no picture among its tags that can be shown.", headers=_FRESH)
    return shown(found, mark)


def _listed(books: Books, *, q: str, offset: int, limit: int, kind: str, sort: Sort) -> dict[str, Any]:
    rows = books.rows_that_say(plain(q).split())
    if kind:
        kinds = books.collection.kinds
        rows = [row for row in rows if kinds[row] == kind]
    if sort != "path":  # which is how rows are ordered
        places = books.kept(f"sorted by {sort}", None, lambda: _places(books, sort))
        rows.sort(key=places.__getitem__)
    told = items(books, rows[offset : offset + limit])
    return {"total": len(rows), "offset": offset, "tracks": told, "note": ""}


def _places(books: Books, sort: Sort) -> list[int]:
    """Of each row its place in an order."""
    entries, lengths_s = books.collection.entries, books.collection.durations_s
    keys: list[Any]
    if sort == "length":
        keys = lengths_s.tolist()
    elif sort == "title":
        keys = [plain(entry.title) for entry in entries]
    else:
        keys = [(not entry.artist, plain(entry.artist)) for entry in entries]
    places = [0] * len(keys)
    for place, row in enumerate(sorted(range(len(keys)), key=keys.__getitem__)):
        places[row] = place
    return places


async def _place(service: Service, track: str) -> tuple[str, tuple[int, int], str]:
    """Of a track of the collection its path, its size and time of change, and its title."""

    def find(books: Books) -> tuple[str, tuple[int, int], str]:
        entry = books.collection.entries[books.row(track)]
        return entry.path, (entry.size, entry.mtime_ns), entry.title

    return await service.shelf.ask(find)


async def _sketch(service: Service, track: str, request: Request) -> Sketch:
    if track.startswith(UPLOAD):
        return service.kept.find(track).sketch
    path, facts, title = await _place(service, track)

    async def draw() -> Sketch:
        task, limits = Draw(path, Path(path).name), service.settings.limits
        found = await service.jobs.ask(task, what=title, limit_s=limits.hear_s, request=request)
        assert isinstance(found, Sketch)
        return found

    return await service.sketches.of((path, facts), draw)


def _rounded(values: Any) -> list[float]:
    return [round(value, 4) for value in values.tolist()]
