"""A queue of runs: several side by side in processes of one thread, shared with other processes by leases.

Small networks use cores better one each than all together.
"""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from multiprocessing import get_context

from earmark.errors import EarmarkError
from earmark.evaluate.job import Job, run_job
from earmark.evaluate.lease import Lease, held

Progress = Callable[[int, int], None]


def run_queue(queue: Sequence[Job], jobs: int, progress: Progress, *, keep_going: bool = False) -> list[str]:
    """Do what is missing, `jobs` runs side by side, leaving out what other processes hold.

    Returns a sentence for each run that failed; without `keep_going` the first failure is raised instead.
    """
    todo = [job for job in queue if not job.done]
    total = sum(job.recipe.train.epochs for job in queue)
    failed: list[str] = []
    if len(todo) <= 1 or jobs == 1:
        for job in todo:
            progress(_epochs_done(queue), total)
            failed += [said] if (said := attempt(job, keep_going=keep_going)) else []
        progress(total, total)
        return failed
    context = get_context("spawn")
    pool = ProcessPoolExecutor(min(jobs, len(todo)), mp_context=context, initializer=_leave_interrupts_to_the_parent)
    try:
        running = {pool.submit(attempt, job, keep_going=keep_going) for job in todo}
        while running:
            finished, running = wait(running, timeout=1.0)
            failed += [said for future in finished if (said := future.result())]
            progress(_epochs_done(queue), total)
    except BaseException:
        # Interrupted, or a run failed: what waits is dropped, and what runs ends at once; its last epoch is kept.
        workers = list(pool._processes.values())
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            worker.terminate()
        raise
    pool.shutdown()
    return failed


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # else Ctrl-C prints a traceback a worker


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
    """How many threads a run may use when so many go side by side."""
    return max(1, (os.cpu_count() or 1) // jobs)


def _epochs_done(queue: Sequence[Job]) -> int:
    return sum(_epochs_of(job) for job in queue)


def _epochs_of(job: Job) -> int:
    if job.done:
        return job.recipe.train.epochs
    log = job.checkpoints / "log.jsonl"
    return len(log.read_text(encoding="utf-8").splitlines()) if log.exists() else 0
