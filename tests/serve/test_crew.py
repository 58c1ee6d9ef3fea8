"""Workers: what a task does to its process, the next task does not notice; and no more waits than may."""

import os
import queue
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from earmark.errors import EarmarkError
from earmark.serve import worker
from earmark.serve.crew import Crew, Errand, _Post
from earmark.serve.problems import ProblemError
from earmark.serve.tasks import Hear, Task
from earmark.serve.worker import Plan
from serving_tasks import Die, Fail, Hang, Hoard, Say

Do = Callable[..., tuple[str, Any]]


@pytest.fixture(scope="module")
def crew(tiny_folder: Path) -> Iterator[Crew]:
    """One worker, and room for two to wait."""
    with tempfile.TemporaryDirectory() as folder:
        plan = Plan(tiny_folder, 500_000_000, sound_s=60, patience_s=5, folder=Path(folder), server=os.getpid())
        made = Crew(plan, workers=1, waiting=2)
        made.start()
        yield made
        made.stop()


@pytest.fixture(scope="module")
def do(crew: Crew) -> Do:
    """Have a task done, and give what was told last."""

    def done(task: Task, *, limit_s: float = 30.0, drop_s: float | None = None) -> tuple[str, Any]:
        told: queue.Queue[tuple[str, Any]] = queue.Queue()
        errand = Errand(task, "The task", lambda event, value: told.put((event, value)), limit_s)
        crew.take(errand)
        event, value = told.get(timeout=60)
        while event not in ("done", "failed"):
            if event == "running" and drop_s is not None:
                time.sleep(drop_s)
                crew.drop(errand)
            event, value = told.get(timeout=60)
        return event, value

    return done


def test_a_task_is_done_and_tells_its_progress(do: Do) -> None:
    assert do(Say("hello")) == ("done", "hello")


def test_a_process_is_kept_from_one_task_to_the_next(do: Do) -> None:
    assert do(Say()) == do(Say())


@pytest.mark.parametrize(
    ("task", "options", "words"),
    [
        (Die(), {}, "brought down the process"),
        (Hang(), {"limit_s": 0.3}, "was given up"),
        (Hang(), {"drop_s": 0.2}, "broken off"),
        (Fail(mistake=True), {}, "The server made a mistake"),
        pytest.param(
            Hoard(4_000_000_000), {}, "more memory than is allowed",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to a limit"),
        ),
    ],
)  # fmt: skip
def test_what_ruins_a_process_is_told_and_the_next_task_has_another_one(
    crew: Crew, do: Do, task: Task, options: dict[str, Any], words: str
) -> None:
    before, replaced = do(Say())[1], crew.replaced
    event, error = do(task, **options)
    assert event == "failed"
    assert isinstance(error, ProblemError | EarmarkError)
    assert words in str(error)
    assert do(Say())[1] != before
    assert crew.replaced == replaced + 1


@pytest.mark.parametrize(
    ("task", "status", "words"),
    [
        (Hear("x.wav", "x"), 422, "It could not be heard: ZeroDivisionError: of a file."),
        (Say(), 500, "The server made a mistake."),
    ],
)
def test_a_mistake_is_laid_to_a_strangers_file_and_else_to_the_server(task: Task, status: int, words: str) -> None:
    def fail() -> None:
        raise ZeroDivisionError("of a file")

    event, error, last = worker._done(task, fail)
    problem = error if isinstance(error, ProblemError) else ProblemError.of(error)
    assert (event, problem.status, problem.detail, last) == ("failed", status, words, True)


def test_a_place_that_can_start_no_process_tries_again(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    post = _Post(Plan(tiny_folder, 500_000_000, sound_s=60, patience_s=5, folder=tmp_path, server=os.getpid()))
    begin = post._begin
    monkeypatch.setattr(post, "_begin", lambda: _refuse(OSError("no memory")))
    post.start(lambda: False)
    assert not post.ready
    monkeypatch.setattr(post, "_begin", begin)
    post.start(lambda: False)
    assert post.ready
    post.stop()


def _refuse(error: Exception) -> None:
    raise error


def test_what_is_on_its_way_has_a_place_in_the_queue(tiny_folder: Path, tmp_path: Path) -> None:
    plan = Plan(tiny_folder, 1, sound_s=60, patience_s=5, folder=tmp_path, server=os.getpid())
    idle = Crew(plan, workers=1, waiting=2)  # not started: nothing leaves its queue
    with idle.place(), idle.place():
        with pytest.raises(ProblemError, match="2 others wait"), idle.place():
            pass
        idle.take(Errand(Say(), "one", lambda event, value: None, 1.0))  # what has come takes the place it was promised
    with idle.place():
        pass


def test_an_error_in_words_costs_no_process(do: Do) -> None:
    before = do(Say())
    event, error = do(Fail())
    assert (event, str(error)) == ("failed", "It is no sound. Give another.")
    assert do(Say()) == before


def test_no_more_wait_than_may_and_who_waits_can_leave(crew: Crew, do: Do) -> None:
    told: queue.Queue[tuple[str, Any]] = queue.Queue()

    def errand(task: Task) -> Errand:
        return Errand(task, "The task", lambda event, value: told.put((event, value)), 30.0)

    first = errand(Hang())
    crew.take(first)
    assert told.get(timeout=60)[0] == "running"
    waiting = [errand(Say("one")), errand(Say("two"))]
    for each in waiting:
        crew.take(each)
    assert [crew.ahead(each) for each in waiting] == [0, 1]
    with pytest.raises(ProblemError, match="2 others wait") as raised:
        crew.take(errand(Say("three")))
    assert raised.value.status == 429
    assert int(raised.value.headers["Retry-After"]) >= 1
    crew.drop(waiting[0])
    assert told.get(timeout=5)[0] == "failed"
    crew.drop(first)
    found = [told.get(timeout=60) for _ in range(4)]
    assert found[-1] == ("done", "two")
    assert do(Say("and on")) == ("done", "and on")
