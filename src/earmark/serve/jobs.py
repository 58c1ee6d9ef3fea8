"""What clients asked a worker for: how far it is, what came of it, and who waits for that.

All of this lives in the event loop; a worker's thread hands its events over to it.
"""

import asyncio
import contextlib
import json
import logging
import secrets
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from starlette.requests import Request

from earmark.errors import EarmarkError
from earmark.serve.crew import Crew, Errand, broken_off
from earmark.serve.problems import ProblemError, mistake
from earmark.serve.tasks import Task
from earmark.serve.worker import DONE, FAILED

_LOG = logging.getLogger(__name__)

_MOST = 64
_KEPT_S = 3600.0
_LOOK_S = 1.0
_SIGN_OF_LIFE_S = 15.0

Finish = Callable[[str, Any], Any]


@dataclass(eq=False)
class Job:
    """Something that a client asked for.

    Attributes
    ----------
    id, kind:
        By what it is asked for, and what it is: "listen", "teach" and so on.
    state:
        "waiting", "running", "done" or "failed".
    events:
        All that happened, (name, plain JSON value), in order.
    result, problem:
        What came of it; None both until it is over.
    """

    id: str
    kind: str
    state: str = "waiting"
    events: list[tuple[str, Any]] = field(default_factory=list)
    result: Any = None
    problem: ProblemError | None = None
    errand: Errand | None = None
    over_s: float = 0.0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def over(self) -> bool:
        """Whether it is done or failed."""
        return self.state in (DONE, FAILED)

    def happened(self, event: str, value: Any) -> None:
        """Keep an event, and wake who waits."""
        self.events.append((event, value))
        before, self.changed = self.changed, asyncio.Event()
        before.set()


class Jobs:
    """All jobs of a server, those that are over for a while."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._jobs: OrderedDict[str, Job] = OrderedDict()

    def start(
        self,
        kind: str,
        task: Task,
        *,
        what: str,
        limit_s: float,
        finish: Finish,
        clean: Callable[[], None] = lambda: None,
    ) -> Job:
        """Have something done.

        Parameters
        ----------
        kind, what:
            What it is, and what messages call it.
        task, limit_s:
            For a worker.
        finish:
            Makes plain JSON values of what comes, called with the event and its value.
        clean:
            Called when it is over, however.

        Raises
        ------
        ProblemError
            With status 429 where too many wait; then nothing is cleaned.
        """
        self._forget()
        loop = asyncio.get_running_loop()
        job = Job(f"j{secrets.token_hex(8)}", kind)
        take = partial(self._take, job, finish, clean)

        def tell(event: str, value: Any) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
                loop.call_soon_threadsafe(take, event, value)

        job.errand = Errand(task, what, tell, limit_s)
        job.happened("waiting", {"ahead": self._crew.waiting})
        self._crew.take(job.errand)
        self._jobs[job.id] = job
        return job

    async def done(self, job: Job, request: Request) -> Any:
        """The result of a job, when it is there; it is forgotten then.

        Raises the ProblemError of a job that failed, and one with status 410 where the client went away, by which the
        job is broken off.
        """
        try:
            await self._over(job, request)
        finally:
            self._jobs.pop(job.id, None)
        if not job.over:
            raise broken_off()
        if job.problem is not None:
            raise job.problem
        return job.result

    async def _over(self, job: Job, request: Request) -> None:
        while not job.over:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(job.changed.wait(), _LOOK_S)
            if not job.over and await request.is_disconnected():
                self.drop(job)
                break

    async def ask(self, task: Task, *, what: str, limit_s: float, request: Request) -> Any:
        """What a task gives, for who waits for it and needs no id; a ProblemError where it fails."""
        job = self.start("ask", task, what=what, limit_s=limit_s, finish=lambda event, value: value)
        return await self.done(job, request)

    def find(self, name: str) -> Job:
        """A job by its id; a problem with status 404 where there is none."""
        job = self._jobs.get(name)
        if job is None:
            raise ProblemError(404, "There is no job of this id.", "It may be forgotten: ask again.")
        return job

    def drop(self, job: Job) -> None:
        """Break a job off."""
        if job.errand is not None and not job.over:
            self._crew.drop(job.errand)

    def told(self, job: Job) -> dict[str, Any]:
        """How far a job is, as plain JSON values."""
        ahead = self._crew.ahead(job.errand) if job.errand is not None and job.state == "waiting" else 0
        problem = None if job.problem is None else job.problem.to_dict()
        told = {"id": job.id, "kind": job.kind, "state": job.state, "ahead": ahead}
        return {**told, "result": job.result, "problem": problem}

    async def stream(self, job: Job, *, after: int = 0) -> AsyncIterator[str]:
        """The events of a job as text/event-stream, from one on, until it is over."""
        place = after
        while True:
            changed = job.changed
            while place < len(job.events):
                event, value = job.events[place]
                place += 1
                yield f"id: {place}\nevent: {event}\ndata: {json.dumps(value)}\n\n"
            if job.over:
                return
            try:
                await asyncio.wait_for(changed.wait(), _SIGN_OF_LIFE_S)
            except TimeoutError:
                yield ": still there\n\n"

    def _take(self, job: Job, finish: Finish, clean: Callable[[], None], event: str, value: Any) -> None:
        """An event of a worker, in the loop."""
        if job.over:
            return
        if event == FAILED:
            self._fail(job, value)
        elif event == "running":
            job.state = event
            job.happened(event, {})
        else:
            try:
                told = finish(event, value)
            except (EarmarkError, ProblemError) as error:
                self._fail(job, error)
            except Exception as error:  # noqa: BLE001 - the edge: whoever waits for it must be told
                _LOG.error("%s failed", job.kind, exc_info=error)
                self._fail(job, mistake())
            else:
                if event == DONE:
                    job.state, job.result, job.over_s = DONE, told, time.monotonic()
                job.happened(event, told)
        if _is_over(job):
            job.errand = None
            clean()

    def _fail(self, job: Job, error: Any) -> None:
        job.problem = error if isinstance(error, ProblemError) else ProblemError.of(error)
        job.state, job.over_s = FAILED, time.monotonic()
        job.happened(FAILED, job.problem.to_dict())

    def _forget(self) -> None:
        now_s = time.monotonic()
        old = [name for name, job in self._jobs.items() if job.over and now_s - job.over_s > _KEPT_S]
        over = [name for name, job in self._jobs.items() if job.over]
        for name in {*old, *over[: max(len(self._jobs) - _MOST, 0)]}:
            del self._jobs[name]


def _is_over(job: Job) -> bool:
    return job.over
