"""`POST /api/listen`, and jobs: how far they are, as an answer or as events."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from starlette.responses import Response, StreamingResponse

from earmark.serve.problems import ProblemError
from earmark.serve.routes.documented import answers, nothing
from earmark.serve.routes.started import STARTED, answered
from earmark.serve.schemas import HeardJson, JobJson
from earmark.serve.service import Service, Serving
from earmark.serve.shelf import Books
from earmark.serve.tasks import Hear, Shown
from earmark.serve.telling import Plain, items, told_upload
from earmark.serve.uploads import Upload, receive

router = APIRouter(prefix="/api", tags=["listen"])

_TROUBLE = (400, 404, 408, 409, 410, 413, 422, 429, 503, 507)
_FORM: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "file": {"type": "string", "format": "binary", "description": "A sound file."},
                        "track": {"type": "string", "description": "Or a track of the collection, by its id."},
                    },
                }
            },
            "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
        },
    }
}


@router.post("/listen", responses={**answers(HeardJson, *_TROUBLE), **STARTED}, openapi_extra=_FORM)
async def listen(
    request: Request,
    service: Serving,
    wait: Annotated[bool, Query(description="Answer when it is heard; else at once, with a job.")] = True,
    explain: Annotated[bool, Query(description="Say what is left without the seconds that decided, too.")] = False,
    name: Annotated[str, Query(max_length=300, description="What a body that is the sound is called.")] = "",
) -> Response:
    """Hear a sound file that is sent, or a track of the collection anew."""
    with service.crew.place():  # before the upload, which would be for nothing
        upload = await receive(request, service.desk, service.settings.limits)
    try:
        task, track = await _task(service, upload, explain=explain)
        finish = _Finish(service, None if track is None else track[1])
        limits = service.settings.limits
        limit_s = limits.hear_s * (3 if explain else 1)
        job = service.jobs.start("listen", task, what=task.name, limit_s=limit_s, finish=finish, clean=upload.remove)
    except BaseException:
        upload.remove()
        raise
    return await answered(service, job, request, wait=wait)


@router.get("/jobs/{job}", responses=answers(JobJson, 404, 422))
async def job_state(job: str, service: Serving) -> Response:
    """How far a job is, and what came of it."""
    return Plain(service.jobs.told(service.jobs.find(job)))


@router.get("/jobs/{job}/events", responses=answers(None, 404, 422, media="text/event-stream"))
async def job_events(
    job: str,
    service: Serving,
    last_event_id: Annotated[str, Header(max_length=20, description="From which event on.")] = "",
) -> Response:
    """What happens to a job, as it happens: waiting, running, progress, heard, done, failed."""
    found = service.jobs.find(job)
    after = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else 0
    stream = service.jobs.stream(found, after=after)
    return StreamingResponse(stream, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


@router.delete("/jobs/{job}", status_code=204, responses=nothing(404, 422))
async def drop_job(job: str, service: Serving) -> Response:
    """Break a job off, or do not begin it."""
    service.jobs.drop(service.jobs.find(job))
    return Response(status_code=204)


async def _task(service: Service, upload: Upload, *, explain: bool) -> tuple[Hear, tuple[int, dict[str, Any]] | None]:
    """What to do; of a track of the collection its row and item, too."""
    track = upload.fields.get("track", "")
    if upload.path is None and not track:
        raise ProblemError(400, "No sound was sent.", "Send a form with the field 'file', or 'track' with an id.")
    if upload.path is not None:
        return Hear(str(upload.path), upload.name or "The upload", explain), None

    def find(books: Books) -> tuple[str, tuple[int, dict[str, Any]]]:
        row = books.row(track)
        return books.collection.entries[row].path, (row, items(books, [row])[0])

    path, found = await service.shelf.ask(find)
    return Hear(path, found[1]["title"], explain), found


class _Finish:
    """Makes an answer of what was heard, under one id even where it comes twice."""

    def __init__(self, service: Service, item: dict[str, Any] | None) -> None:
        self._service = service
        self._item = item
        self._id = ""

    def __call__(self, event: str, value: Any) -> Any:
        """Plain JSON values."""
        if not isinstance(value, Shown):
            return value
        kept = self._service.kept
        if self._id:
            kept.replace(self._id, value)
        else:
            self._id = kept.keep(value)
        level = self._service.bundle.info.calibration.level
        told = told_upload(self._id, value, level=level)
        if self._item is None:
            return told
        return {**told, "item": self._item, "audio": f"/api/tracks/{self._item['id']}/audio"}
