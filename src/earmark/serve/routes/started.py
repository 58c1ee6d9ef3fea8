"""What takes a while: its result when it is there, or at once where to ask for it."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from earmark.serve.jobs import Job
from earmark.serve.routes.documented import Responses
from earmark.serve.schemas import StartedJson
from earmark.serve.service import Service
from earmark.serve.telling import Plain

STARTED: Responses = {202: {"model": StartedJson, "description": "It was begun (wait=false)."}}


async def answered(service: Service, job: Job, request: Request, *, wait: bool) -> Response:
    """The result of a job; without `wait` a 202 that says where its state and events are.

    Raises the ProblemError of a job that failed.
    """
    if wait:
        return Plain(await service.jobs.done(job, request))
    state = f"/api/jobs/{job.id}"
    told: dict[str, Any] = {"job": job.id, "events": f"{state}/events", "state": state}
    return Plain(told, 202, {"Location": state})
