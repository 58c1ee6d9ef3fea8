"""Runs side by side: what happens to the others when one fails."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import synthetic
from earmark.errors import EarmarkError
from earmark.experiments.job import jobs_of
from earmark.experiments.protocol import Protocol
from earmark.experiments.queue import _epochs_done, side_by_side, threads_each
from earmark.train.checkpoint import FIRST, LOG
from tiny_workers import write_or_die, write_or_fail


def test_progress_counts_the_epochs_of_a_first_stage(tmp_path: Path) -> None:
    recipe = synthetic.recipe(epochs=4).with_values({"first.train.epochs": 6})
    queue = jobs_of(recipe, [], tmp_path, protocol=Protocol(folds=2), seeds=1)
    first, second = (job.checkpoints for job in queue)
    for folder, epochs in ((first / FIRST, 6), (first, 3), (second / FIRST, 2)):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / LOG).write_text("{}\n" * epochs)
    assert _epochs_done(queue) == 11
    queue[0].table.parent.mkdir()
    queue[0].table.write_text("")  # done
    assert _epochs_done(queue) == 10 + 2


@pytest.mark.parametrize(
    ("said", "jobs", "threads"), [(None, 1, 8), (None, 3, 2), (None, 20, 1), ("3", 1, 3), ("3,2", 1, 3), ("many", 1, 8)]
)
def test_a_run_has_its_share_of_the_cores_unless_the_environment_says_how_many_threads(
    said: str | None, jobs: int, threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if said:
        monkeypatch.setenv("OMP_NUM_THREADS", said)
    assert threads_each(jobs) == threads


def is_empty_soon(folder: Path) -> bool:
    deadline_s = time.monotonic() + 20
    while list(folder.iterdir()) and time.monotonic() < deadline_s:
        time.sleep(0.05)
    return not list(folder.iterdir())


def test_a_failure_ends_the_others_at_once_and_they_leave_nothing_half_written(tmp_path: Path) -> None:
    started_s = time.monotonic()
    items = [tmp_path / name for name in ("one", "failure", "two", "three")]
    with pytest.raises(EarmarkError, match="The failure"):
        side_by_side(write_or_fail, items, 2, lambda: None)
    assert is_empty_soon(tmp_path)
    assert time.monotonic() - started_s < 40


def test_a_process_that_dies_ends_the_others(tmp_path: Path) -> None:
    with pytest.raises(EarmarkError, match="A worker process died"):
        side_by_side(write_or_die, [tmp_path / name for name in ("one", "death", "two")], 2, lambda: None)
    assert is_empty_soon(tmp_path)


def test_workers_do_not_outlive_a_parent_that_is_killed_and_leave_nothing_half_written(tmp_path: Path) -> None:
    folder = tmp_path / "written"
    folder.mkdir()
    code = (
        "from pathlib import Path; from earmark.experiments.queue import side_by_side; import tiny_workers, sys\n"
        "if __name__ == '__main__':\n"
        "    items = [Path(sys.argv[1]) / name for name in ('one', 'two')]\n"
        "    side_by_side(tiny_workers.write_or_fail, items, 2, lambda: None)\n"
    )
    (tmp_path / "parent.py").write_text(code)
    paths = os.pathsep.join([str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, tmp_path / "parent.py", folder]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": paths}) as parent:
        while len(list(folder.glob("*.part"))) < 2 and parent.poll() is None:
            time.sleep(0.05)
        parent.send_signal(signal.SIGKILL)
    assert parent.returncode == -signal.SIGKILL  # and did not end by itself before
    assert is_empty_soon(folder)


def test_a_worker_that_is_asked_twice_to_end_still_removes_what_is_half_written(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, signal, sys; from earmark.experiments import queue\n"
        "signal.signal(signal.SIGTERM, queue._leave)\n"
        "try:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "finally:\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "    pathlib.Path(sys.argv[1]).touch()\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path / "removed")], timeout=60)
    assert ended.returncode == 128 + signal.SIGTERM
    assert (tmp_path / "removed").exists()
