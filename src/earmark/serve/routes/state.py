"""What there is, whether the server is well, and what it counted; and the description of the API as a page."""

from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import HTMLResponse, Response

from earmark import __version__
from earmark.errors import CollectionError
from earmark.library.names import MOODS
from earmark.serve.metrics import MEDIA_TYPE
from earmark.serve.routes.documented import answers
from earmark.serve.service import Service, Serving
from earmark.serve.shelf import Books
from earmark.serve.telling import Plain
from earmark.sound.search import AUDIO_SUFFIXES
from earmark.teach.words import read_words

router = APIRouter(tags=["state"])


class StateJson(BaseModel):
    """What there is."""

    version: str
    model: str
    genres: list[str]
    tags: list[dict[str, str]]
    moods: list[str]
    words: list[str]
    collection: dict[str, Any] | None
    no_collection: str
    generate: bool
    players: bool
    limits: dict[str, float]
    suffixes: list[str]


class HealthJson(BaseModel):
    """Whether the server is well."""

    status: str
    workers: int
    waiting: int


@router.get("/api/state", responses=answers(StateJson, 409, 422, 429))
async def state(service: Serving) -> Response:
    """What there is: network, collection, words, limits."""
    info, settings = service.bundle.info, service.settings
    collection, missing = await _collection(service)
    tags = [{"name": tag.name, "group": tag.group} for tag in info.tags.each] if info.tags else []
    limits = settings.limits
    return Plain(
        {
            "version": __version__,
            "model": info.model,
            "genres": list(info.labels),
            "tags": tags,
            "moods": [] if collection is None else collection.pop(MOODS),
            "words": [word.name for word in read_words(info.sha256)],
            "collection": collection,
            "no_collection": missing,
            "generate": service.generates,
            "players": bool(settings.password),
            "limits": {
                "upload_bytes": limits.upload_bytes,
                "sound_s": limits.sound_s,
                "clients_waiting": limits.waiting,
                "files": 1,
            },
            "suffixes": sorted(AUDIO_SUFFIXES),
        }
    )


@router.get("/health", responses=answers(HealthJson, 503))
async def health(service: Serving) -> Response:
    """Whether there is anybody to hear; 503 where not, as while the server starts."""
    ready = service.crew.ready
    told = {"status": "ok" if ready else "starting", "workers": ready, "waiting": service.crew.waiting}
    return Plain(told, 200 if ready else 503)


@router.get("/metrics", responses=answers(None, media="text/plain"))
async def metrics(service: Serving) -> Response:
    """What was counted, for Prometheus."""
    crew = service.crew
    gauges = {
        "workers_ready": ("Workers that are ready or busy.", float(crew.ready)),
        "errands_waiting": ("What waits for a worker.", float(crew.waiting)),
        "workers_replaced": ("Workers that died, hung or were broken off.", float(crew.replaced)),
        "uploads_kept": ("Answers for uploads that are kept.", float(len(service.kept))),
        "uploads_bytes": ("Bytes of uploads on the disk.", float(_bytes(service.desk.folder))),
        "resident_bytes": ("Memory of the server without its workers.", _resident_bytes()),
    }
    return Response(service.metrics.text(gauges), media_type=MEDIA_TYPE)


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    """The API as a page, of our own: nothing of it comes from elsewhere."""
    from jinja2 import Environment, PackageLoader

    pages = Environment(loader=PackageLoader("earmark.serve", "templates"), autoescape=True)
    described = request.app.openapi()
    page = pages.get_template("docs.html.j2").render(api=described, nonce=request.state.nonce)
    return HTMLResponse(page)


async def _collection(service: Service) -> tuple[dict[str, Any] | None, str]:
    def look(books: Books) -> dict[str, Any]:
        collection = books.collection
        kinds = collection.kinds
        folders = {str(Path(entry.path).parent) for entry in collection.entries} if len(kinds) <= 50_000 else set()
        return {
            "model": collection.model,
            "count": len(collection),
            "songs": kinds.count("song"),
            "hours": round(float(collection.durations_s.sum()) / 3600, 2),
            "folders": len(folders),
            "kinds": {kind: kinds.count(kind) for kind in sorted(set(kinds))},
            MOODS: list(books.lexicon.groups.get(MOODS, ())),
        }

    try:
        return await service.shelf.ask(look), ""
    except CollectionError as error:
        return None, str(error)


def _bytes(folder: Path) -> int:
    total = 0
    for file in folder.iterdir():
        try:
            total += file.stat().st_size
        except OSError:  # it was removed meanwhile
            continue
    return total


def _resident_bytes() -> float:
    try:
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return float(pages * resource.getpagesize())
    except (ImportError, OSError):  # not on Linux
        return float("nan")
