"""Jobs as clients see them: events in order, for whoever comes late, too; kept for a while, and not for ever."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from earmark.errors import SoundError
from earmark.serve import jobs as jobs_room
from earmark.serve.crew import Errand
from earmark.serve.jobs import Jobs
from earmark.serve.problems import ProblemError


class Hand:
    """A crew of which the test says what it does, and when."""

    waiting = 0

    def __init__(self) -> None:
        self.taken: list[Errand] = []
        self.dropped: list[Errand] = []

    def take(self, errand: Errand) -> None:
        self.taken.append(errand)

    def drop(self, errand: Errand) -> None:
        self.dropped.append(errand)

    def ahead(self, errand: Errand) -> int:
        return 3


def with_jobs(do: Callable[[Jobs, Hand], Any]) -> Any:
    async def run() -> Any:
        hand = Hand()
        return await do(Jobs(hand), hand)  # type: ignore[arg-type]

    return asyncio.run(run())


def start(jobs: Jobs, cleaned: list[str] | None = None) -> Any:
    clean = (lambda: None) if cleaned is None else (lambda: cleaned.append("clean"))
    finish = lambda event, value: {"told": value}  # noqa: E731 - two words
    return jobs.start("listen", None, what="x", limit_s=1, finish=finish, clean=clean)  # type: ignore[arg-type]


def test_events_come_in_order_early_and_late() -> None:
    async def do(jobs: Jobs, hand: Hand) -> None:
        cleaned: list[str] = []
        job = start(jobs, cleaned)
        early = asyncio.create_task(_all(jobs, job))
        await asyncio.sleep(0)
        assert jobs.told(job)["ahead"] == 3
        for event, value in (("running", None), ("progress", 1), ("done", 2), ("failed", SoundError("too late"))):
            hand.taken[0].tell(event, value)
            await asyncio.sleep(0)
        names = ["waiting", "running", "progress", "done"]
        found = await early
        assert [block.split("\n")[1].removeprefix("event: ") for block in found] == names
        assert await _all(jobs, job) == found
        assert await _all(jobs, job, after=3) == found[3:]
        assert found[-1] == 'id: 4\nevent: done\ndata: {"told": 2}\n\n'
        told = jobs.told(job)
        assert (told["state"], told["result"], told["problem"]) == ("done", {"told": 2}, None)
        assert cleaned == ["clean"], "once, though an event came after"

    with_jobs(do)


async def _all(jobs: Jobs, job: Any, *, after: int = 0) -> list[str]:
    return [block async for block in jobs.stream(job, after=after)]


def test_an_error_becomes_a_problem() -> None:
    async def do(jobs: Jobs, hand: Hand) -> None:
        job = start(jobs)
        hand.taken[0].tell("failed", SoundError("It is silent.", hint="Sing."))
        await asyncio.sleep(0)
        problem = jobs.told(job)["problem"]
        assert (problem["status"], problem["detail"], problem["hint"]) == (422, "It is silent.", "Sing.")

    with_jobs(do)


class Gone:
    """A request of a client who went away."""

    async def is_disconnected(self) -> bool:
        return True


def test_a_job_of_a_client_who_went_away_is_broken_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_room, "_LOOK_S", 0.01)

    async def do(jobs: Jobs, hand: Hand) -> None:
        job = start(jobs)
        with pytest.raises(ProblemError) as raised:
            await jobs.done(job, Gone())  # type: ignore[arg-type]
        assert raised.value.status == 410
        assert hand.dropped == hand.taken
        with pytest.raises(ProblemError):
            jobs.find(job.id)

    with_jobs(do)


@pytest.mark.parametrize(
    ("error", "status"), [(ValueError("inside"), 500), (ProblemError(404, "Gone."), 404), (SoundError("No."), 422)]
)
def test_what_cannot_be_told_ends_its_job_and_cleans_up(error: Exception, status: int) -> None:
    async def do(jobs: Jobs, hand: Hand) -> None:
        def finish(event: str, value: Any) -> Any:
            raise error

        cleaned: list[str] = []
        job = jobs.start(
            "listen", None, what="x", limit_s=1, finish=finish, clean=lambda: cleaned.append("clean")  # type: ignore[arg-type]
        )  # fmt: skip
        hand.taken[0].tell("done", 1)
        await asyncio.sleep(0)
        told = jobs.told(job)
        assert (told["state"], told["problem"]["status"], cleaned) == ("failed", status, ["clean"])
        assert "inside" not in told["problem"]["detail"]

    with_jobs(do)


def test_old_jobs_are_forgotten_and_those_under_way_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs_room, "_MOST", 3)

    async def do(jobs: Jobs, hand: Hand) -> None:
        made = [start(jobs) for _ in range(5)]
        for errand in hand.taken[:3]:
            errand.tell("done", 1)
        await asyncio.sleep(0)
        last = start(jobs)
        there = [job for job in [*made, last] if _is_there(jobs, job.id)]
        assert there == [*made[2:], last]

    with_jobs(do)


def _is_there(jobs: Jobs, name: str) -> bool:
    try:
        jobs.find(name)
    except ProblemError:
        return False
    return True
