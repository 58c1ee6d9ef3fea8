"""Worker processes: order, crashes, refusals, and what is left when the caller goes away."""

import multiprocessing
import os
import time
from pathlib import Path

import pytest

import tiny_workers
from earmark.errors import EarmarkError
from earmark.listen.parallel import Crash, cores, work, work_as_done


def test_answers_come_in_the_order_of_the_items() -> None:
    assert list(work(tiny_workers.start_squaring, range(9), jobs=3)) == [n * n for n in range(9)]


def test_a_worker_that_dies_costs_only_its_item() -> None:
    numbers = [1, 13, 2, 14, 13, 3]
    answers = list(work(tiny_workers.start_squaring, numbers, jobs=2))
    assert answers == [1, Crash(13, 3), 4, Crash(14, -9), Crash(13, 3), 9]


def test_a_crash_of_the_only_worker_is_survived() -> None:
    assert list(work(tiny_workers.start_squaring, [13, 5], jobs=1)) == [Crash(13, 3), 25]


def test_an_answer_may_come_as_soon_as_it_is_there(tmp_path: Path) -> None:
    """The first item waits for a file that is there when the others have been answered."""
    ours, late = tmp_path / "ours", tmp_path / "late"
    items = [(ours, late), *((tmp_path / f"{number}", ours) for number in range(3))]
    answers = work_as_done(tiny_workers.start_meeting, items, jobs=2)
    assert [next(answers) for _ in range(3)] == ["met"] * 3
    late.touch()
    assert list(answers) == ["met"]
    answers = work_as_done(tiny_workers.start_squaring, [1, 13, 2, 14, 3], jobs=2)
    assert sorted(map(str, answers)) == sorted(map(str, [1, Crash(13, 3), 4, Crash(14, -9), 9]))
    assert list(work_as_done(tiny_workers.start_squaring, [], jobs=2)) == []


def test_workers_work_at_the_same_time(tmp_path: Path) -> None:
    meetings = [(tmp_path / "one", tmp_path / "other"), (tmp_path / "other", tmp_path / "one")]
    assert list(work(tiny_workers.start_meeting, meetings, jobs=2)) == ["met", "met"]


def test_more_jobs_than_items_start_no_idle_process() -> None:
    answers = work(tiny_workers.start_telling_process, range(2), jobs=8)
    next(answers)
    assert len(multiprocessing.active_children()) == 2
    answers.close()


def test_nothing_to_do_is_done_at_once() -> None:
    assert list(work(tiny_workers.start_squaring, [], jobs=2)) == []


def test_arithmetic_in_a_worker_has_one_thread() -> None:
    assert list(work(tiny_workers.start_telling_threads, [0], jobs=1)) == ["1"]


def test_a_worker_that_cannot_start_ends_the_work_with_a_sentence() -> None:
    with pytest.raises(EarmarkError, match=r"cannot start \(exit code 5\)"):
        list(work(tiny_workers.start_and_die, [1, 2], jobs=2))


def test_a_refusal_to_start_reaches_the_caller() -> None:
    with pytest.raises(EarmarkError, match="no music today"):
        list(work(tiny_workers.start_and_refuse, [1, 2], jobs=2))


def test_no_process_is_left_when_the_caller_goes_away() -> None:
    answers = work(tiny_workers.start_telling_process, range(100), jobs=2)
    process = next(answers)
    answers.close()
    deadline_s = time.monotonic() + 5
    while time.monotonic() < deadline_s and _lives(process):
        time.sleep(0.01)
    assert not _lives(process)


def test_cores_are_those_this_process_may_use() -> None:
    assert 1 <= cores() <= (os.cpu_count() or 1)


def _lives(process: object) -> bool:
    assert isinstance(process, int)
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_worker_in_which_a_decoder_hangs_is_replaced() -> None:
    items = ["song", "hang", "song", "song"]
    (_, first), (fate, hung), (_, third), (_, fourth) = work(tiny_workers.start_hanging, items, jobs=1)
    assert fate == "given up"
    assert first == hung
    assert third == fourth != hung
    with pytest.raises(ProcessLookupError):
        os.kill(hung, 0)
