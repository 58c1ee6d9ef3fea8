"""A queue of runs: several side by side in processes of one thread, shared with other processes by leases.

Small networks use cores better one each than all together.
"""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from multiprocessing import get_context
from typing import TYPE_CHECKING, TypeVar

from earmark.errors import EarmarkError
from earmark.experiments.job import Job, run_job
from earmark.experiments.lease import Lease, held
from earmark.train.checkpoint import LOG
from earmark.train.threads import threads_said

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

Progress = Callable[[int, int], None]
T = TypeVar("T")
R = TypeVar("R")


def run_queue(queue: Sequence[Job], jobs: int, progress: Progress, *, keep_going: bool = False) -> list[str]:
    """Do what is missing, `jobs` runs side by side, leaving out what other processes hold.

    Returns a sentence for each run that failed; without `keep_going` the first failure is raised instead.
    """
    todo = [job for job in queue if not job.done]
    total = sum(job.recipe.epochs for job in queue)
    failed: list[str] = []
    if len(todo) <= 1 or jobs == 1:
        for job in todo:
            progress(_epochs_done(queue), total)
            failed += [said] if (said := attempt(job, keep_going=keep_going)) else []
        progress(total, total)
        return failed
    do = partial(attempt, keep_going=keep_going)
    return [said for said in side_by_side(do, todo, jobs, lambda: progress(_epochs_done(queue), total)) if said]


def side_by_side(do: Callable[[T], R], items: Sequence[T], jobs: int, tick: Callable[[], None]) -> list[R]:
    """`do` of each item, `jobs` at a time in processes of their own, in no order; `tick` is called every second.

    The first failure, or an interrupt, drops what waits and ends what runs at once, and is raised; EarmarkError where a
    process dies.
    """
    context = get_context("spawn")
    theirs, ours = context.Pipe(duplex=False)  # nothing is sent: workers end when our side is closed, by us or by death
    workers = min(jobs, len(items))
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_live_with_the_parent, initargs=(theirs,))
    answers: list[R] = []
    with theirs, ours:
        try:
            running = {pool.submit(_do, do, item) for item in items}
            while running:
                finished, running = wait(running, timeout=1.0)
                answers += [future.result() for future in finished]
                tick()
        except BaseException as reason:
            pool.shutdown(wait=False, cancel_futures=True)
            if isinstance(reason, BrokenProcessPool):
                hint = "Mostly memory is short: give fewer --jobs. The same command goes on where it was."
                raise EarmarkError("A worker process died.", hint=hint) from reason
            raise
        pool.shutdown()
    return answers


def _do(do: Callable[[T], R], item: T) -> R:
    try:
        return do(item)
    except SystemExit as end:  # by SIGTERM; the pool would take it for the job's failure, and begin the next one
        os._exit(end.code if isinstance(end.code, int) else 1)


def _live_with_the_parent(parent: "Connection") -> None:
    """A worker leaves interrupts to its parent, which prints no traceback, and does not outlive it.

    When the parent ends it, or dies, it removes what it has half-written; the next one to come goes on from there.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _leave(number: int, _: object) -> None:
    """End, and let what is half-written be removed.

    Two ask for it where a worker died, the pool and `_end_after`: the second must not interrupt the removing.
    """
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(128 + number)


def _end_after(parent: "Connection") -> None:
    with contextlib.suppress(EOFError, OSError):
        parent.recv()
    os.kill(os.getpid(), signal.SIGTERM)


def attempt(job: Job, *, keep_going: bool) -> str:
    """`take_and_run`; where others must go on, a failure becomes a sentence."""
    try:
        take_and_run(job)
    except EarmarkError as reason:
        if not keep_going:
            raise
        return f"{job.table}: {reason}"
    except Exception as reason:
        if not keep_going:
            raise
        return f"{job.table}: {type(reason).__name__}: {reason}"
    return ""


def take_and_run(job: Job) -> None:
    """Run a job unless it is done or in somebody's hands."""
    lease = None if job.done else Lease.take(job.lease)
    if lease is None:
        return
    try:
        if not job.done:  # by whoever held it just now
            run_job(job, alive=lease.renew)
    finally:
        lease.release()


def in_other_hands(job: Job) -> bool:
    """Whether a process that lives works on it."""
    return not job.done and held(job.lease)


def threads_each(jobs: int) -> int:
    """How many threads a run may use when so many go side by side: what the environment says, or its share of cores."""
    return threads_said() or max(1, (os.cpu_count() or 1) // jobs)


def _epochs_done(queue: Sequence[Job]) -> int:
    return sum(_epochs_of(job) for job in queue)


def _epochs_of(job: Job) -> int:
    if job.done:
        return job.recipe.epochs
    logs = (job.first / LOG, job.checkpoints / LOG)
    return sum(len(log.read_text(encoding="utf-8").splitlines()) for log in logs if log.exists())
