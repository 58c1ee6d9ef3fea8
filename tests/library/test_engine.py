"""Hearing with processes: each file for itself, at low priority, two copies once."""

import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from earmark.errors import BundleError
from earmark.library.engines.engine import Answer, Failed, Heard, Known, Waits
from earmark.library.engines.local import LocalEngine, Task, answering, looked_into
from earmark.library.places import facts_of
from earmark.library.store import FileFacts, Store
from earmark.sound.identity import sound_id
from indexed import Desk, piece

posix = pytest.mark.skipif(os.name == "nt", reason="there is no such signal")


@pytest.fixture
def task(tiny_folder: Path) -> Task:
    return Task(bundle=tiny_folder)


def in_time(condition: Callable[[], bool], limit_s: float = 60.0) -> None:
    deadline_s = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


@posix
def test_a_process_that_is_killed_costs_one_file_and_all_stand_back(task: Task, tmp_path: Path) -> None:
    paths = [str(piece(tmp_path / f"{seed}.wav", seed=seed)) for seed in range(3)]
    pipe = tmp_path / "pipe.wav"  # nobody writes: whoever reads waits for ever
    os.mkfifo(pipe)
    answers: list[Answer] = []

    def hear() -> None:
        for answer in LocalEngine(task, jobs=1).hear([*paths[:2], str(pipe), paths[2]]):
            answers.append(answer)  # noqa: PERF402 - each as it comes

    before = {process.pid for process in multiprocessing.active_children()}
    running = threading.Thread(target=hear)
    running.start()
    in_time(lambda: len(answers) == 2)
    (child,) = (each.pid for each in multiprocessing.active_children() if each.pid not in before)
    assert child is not None
    assert os.getpriority(os.PRIO_PROCESS, child) == min(os.getpriority(os.PRIO_PROCESS, 0) + 10, 19)
    os.kill(child, signal.SIGKILL)
    running.join(60)
    assert [type(answer).__name__ for answer in answers] == ["Heard", "Heard", "Failed", "Heard"]
    failed = next(answer for answer in answers if isinstance(answer, Failed))
    assert failed.path == str(pipe)
    assert failed.reason == f"{pipe} brought down the process that heard it (signal 9)."
    assert failed.look is None


def test_what_an_answer_says_is_what_the_file_was(task: Task, tmp_path: Path) -> None:
    song = piece(tmp_path / "song.flac", title="One", artist="Queen")
    answer = answering(task)(str(song))
    assert isinstance(answer, Heard)
    facts = song.stat()
    assert answer.look == looked_into(str(song), str(song), facts_of(str(song)))
    assert (answer.look.size, answer.look.mtime_ns) == (facts.st_size, facts.st_mtime_ns)
    assert answer.look.sound_id == sound_id(song)
    assert answer.look.tags == {"title": "One", "artist": "Queen"}
    assert answer.heard.duration_s == pytest.approx(2.0)


def test_a_sound_is_claimed_by_one_and_waited_for_by_others(task: Task, tmp_path: Path) -> None:
    song = piece(tmp_path / "song.wav")
    copy = shutil.copy(song, tmp_path / "copy.wav")
    claims = tmp_path / "claims"
    claims.mkdir()
    one, other = (answering(replace(task, claims=claims)) for _ in range(2))
    assert isinstance(one(str(song)), Heard)
    assert other(str(copy)) == Waits(str(copy))
    (claims / sound_id(song)).unlink()
    assert isinstance(other(str(copy)), Heard)
    assert isinstance(answering(replace(task, claims=tmp_path / "nowhere"))(str(song)), Heard)


def test_a_sound_that_the_collection_has_is_known_as_soon_as_it_is_in(tmp_path: Path, tiny_folder: Path) -> None:
    desk = Desk(tmp_path / "music", tmp_path / "collection.db", tiny_folder)
    song = piece(desk.folder / "song.wav")
    with Store(desk.db) as store:
        store.keep_file(FileFacts("/other", "/", 1, 1, "of no answers", {}))
    answer = answering(Task(bundle=tiny_folder, db=desk.db))
    assert isinstance(answer(str(song)), Heard)
    desk.index()
    known = answer(str(song))
    assert known == Known(looked_into(str(song), str(song), facts_of(str(song))))
    assert answering(Task(bundle=tiny_folder, db=desk.db, model_id=1, least_share=1.0))(str(song)) == known
    assert isinstance(answering(Task(bundle=tiny_folder, db=desk.db, model_id=2))(str(song)), Heard)


def test_what_no_file_can_be_heard_with_ends_all(task: Task, tmp_path: Path) -> None:
    broken = shutil.copytree(task.bundle, tmp_path / "broken")
    (broken / "atlas.npz").write_bytes(b"something else")
    song = str(piece(tmp_path / "song.wav"))
    with pytest.raises(BundleError, match="no atlas"):
        list(LocalEngine(replace(task, bundle=broken), jobs=1).hear([song]))
