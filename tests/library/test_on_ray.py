"""Hearing by Ray: the same rows as with processes of this machine, whoever dies meanwhile."""

import os
import pickle
import shutil
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from pyarrow.parquet import read_table

from earmark import load_bundle
from earmark.errors import BundleError, CollectionError, EngineError, MissingExtraError
from earmark.library.engines import on_ray
from earmark.library.engines.engine import Answer, Failed, Waits
from earmark.library.engines.local import Task
from earmark.library.engines.on_ray import RayEngine
from earmark.library.indexing import RAY, Indexer, Options, Report
from earmark.library.store import Store
from indexed import Desk, piece, silence
from killing import content


class Killing:
    """Kills a worker when so many files are done; shows nothing."""

    def __init__(self, *, after: int) -> None:
        self.left, self.killed = after, 0

    def step(self) -> "nullcontext[None]":
        self.left -= 1
        if self.left == 0:
            os.kill(workers_below(os.getpid())[0], signal.SIGKILL)
            self.killed += 1
        return nullcontext()


def workers_below(parent: int) -> list[int]:
    """The processes of actors that hear, among those of the Ray that a process has started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            title = (folder / "cmdline").read_bytes()
            above = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            grandparent = int(Path(f"/proc/{above}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if b"_Worker" in title and title.startswith(b"ray::") and grandparent == parent:
            found.append(int(folder.name))
    return found


def index_by_ray(desk: Desk, db: Path, *, shows: Any, **options: Any) -> Report:
    with Store(db) as store:
        indexer = Indexer(store, load_bundle(desk.bundle), Options(engine=RAY, jobs=2, **options))
        return indexer.index([desk.folder, f"file://{desk.folder.parent}/far"], show=lambda pending: nullcontext(shows))


@pytest.mark.skipif(sys.platform != "linux", reason="looks for Ray's processes in /proc")
def test_rows_are_those_of_this_machine_though_a_worker_is_killed(
    tmp_path: Path, tiny_folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # actors have folders of their own
    desk = Desk(tmp_path / "music", tmp_path / "local.db", tiny_folder)
    for seed in range(12):
        piece(desk.folder / f"{seed:02}.{('wav', 'flac', 'ogg')[seed % 3]}", seed=seed, length_s=4)
    shutil.copy(desk.folder / "03.wav", desk.folder / "copy.wav")
    (desk.folder / "bad.mp3").write_text("No music. " * 50)
    silence(desk.folder / "silence.wav")
    for seed in range(12, 15):
        piece(tmp_path / "far" / "album" / f"{seed}.flac", seed=seed)

    killing, lake = Killing(after=4), tmp_path / "lake"
    report = index_by_ray(desk, Path("ray.db"), shows=killing, parquet=str(lake))
    assert killing.killed == 1
    assert (report.heard, report.copied, len(report.failed)) == (16, 1, 1)
    desk.index(desk.folder, f"file://{tmp_path}/far")  # type: ignore[arg-type]  # an address is a text
    assert content(tmp_path / "ray.db") == content(desk.db)
    table = read_table(lake)
    assert sorted(table["path"].to_pylist())[-3:] == [f"file://{tmp_path}/far/album/{n}.flac" for n in (12, 13, 14)]
    assert capfd.readouterr().out == ""
    assert table.num_rows == 16  # silence has no answers
    again = index_by_ray(desk, tmp_path / "ray.db", shows=killing, parquet=str(lake))
    assert (again.heard, again.unchanged, again.failed_before) == (0, 17, 1)


class Crew:
    """A crew whose workers die of some files; each call is remembered.

    As the ledger has it, who died has claimed its sound: where there are claims, others leave that to it.
    """

    size = 2
    calls: ClassVar[list[tuple[list[str], int]]] = []
    claimed: ClassVar[set[str]] = set()

    def __init__(self, task: Task, workers: int | None) -> None:
        self._claims = task.claims is not None

    def hear(self, paths: Sequence[str], *, block: int) -> Iterator[Answer]:
        Crew.calls.append((list(paths), block))
        for start in range(0, len(paths), block):
            part = paths[start : start + block]
            deadly = {path for path in part if "deadly" in path}
            if not deadly or (self._claims and deadly <= Crew.claimed):
                yield from map(Waits, part)
            Crew.claimed |= deadly


@pytest.fixture
def crew(monkeypatch: pytest.MonkeyPatch) -> None:
    Crew.calls.clear()
    Crew.claimed.clear()
    monkeypatch.setattr(on_ray, "_Crew", Crew)
    monkeypatch.setattr(on_ray, "_cluster", lambda *_: nullcontext())
    monkeypatch.setattr(on_ray, "_settings", nullcontext)


@pytest.mark.usefixtures("crew")
def test_what_was_with_a_worker_that_died_is_asked_for_alone_and_at_most_three_times(
    tiny_folder: Path, tmp_path: Path
) -> None:
    paths = [f"/{number}.wav" for number in range(20)]
    paths[7] = "/deadly.wav"
    answers = list(RayEngine(Task(bundle=tiny_folder, claims=tmp_path / "claims")).hear(paths))
    failed = Failed("/deadly.wav", "/deadly.wav brought down 3 workers that heard it.")
    assert answers[-1] == failed
    assert {answer.path for answer in answers} == set(paths)  # type: ignore[union-attr]
    assert len(answers) == 20
    first, second, third = Crew.calls
    assert first == (paths, 3)
    assert second == (["/6.wav", "/deadly.wav", "/8.wav"], 1)
    assert third == (["/deadly.wav"], 1)


@pytest.mark.usefixtures("crew")
def test_without_files_no_cluster_is_started(tiny_folder: Path) -> None:
    assert list(RayEngine(Task(bundle=tiny_folder)).hear([])) == []


@pytest.mark.parametrize(
    ("tracks", "workers", "block"), [(1, 8, 1), (10, 2, 2), (1000, 2, 8), (10_000, 1000, 3), (10**6, 1000, 50)]
)
def test_blocks_are_small_but_not_too_many(tracks: int, workers: int, block: int) -> None:
    assert on_ray._tracks_a_block(tracks, workers) == block


def answers_of(worker: Any, *paths: str) -> list[Answer]:
    table = worker(pa.table({"path": pa.array(list(map(os.fsencode, paths)), pa.binary())}))
    return [pickle.loads(each) for each in table.column("answer").to_pylist()]


class Here:
    """What Ray is asked for by a worker, in this process."""

    class exceptions:  # noqa: N801 - as Ray has it
        RayError = ConnectionError

    def get(self, wanted: Any) -> Any:
        if isinstance(wanted, ConnectionError):
            raise wanted
        return wanted


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        ("known", "Known"),
        ("claimed", "Waits"),
        ("free", "Heard"),
        (CollectionError("It is gone."), "CollectionError"),
        (ConnectionError(), "Heard"),
    ],
)
def test_a_worker_answers_as_the_ledger_says(
    standing: Any, expected: str, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Ledger:
        class ask:  # noqa: N801
            @staticmethod
            def remote(sound: str) -> Any:
                return standing

    monkeypatch.setattr(on_ray, "_ray", Here)
    files = {path.relative_to(tiny_folder).as_posix(): path.read_bytes() for path in on_ray._files(tiny_folder)}
    worker = on_ray._Worker(Task(bundle=tiny_folder, nice=0), on_ray.__version__, files, Ledger)
    song = str(piece(tmp_path / "song.wav").rename(tmp_path / "\udcff.wav"))  # bytes that are no text
    (answer,) = answers_of(worker, song)
    assert type(answer).__name__ == expected


def test_a_worker_of_another_version_hears_nothing_and_says_so(tiny_folder: Path) -> None:
    worker = on_ray._Worker(Task(bundle=tiny_folder, nice=0), "0.0.1", None, None)
    (answer,) = answers_of(worker, "/a.wav", "/b.wav")
    assert isinstance(answer, BundleError)
    assert "0.0.1 asks it to hear" in answer.sentence


def test_a_bundle_travels_to_machines_that_do_not_have_it(
    tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(on_ray.tempfile, "gettempdir", lambda: str(tmp_path / "there"))
    files = {path.relative_to(tiny_folder).as_posix(): path.read_bytes() for path in on_ray._files(tiny_folder)}
    assert on_ray._bundle(tiny_folder, files) == tiny_folder
    made = on_ray._bundle(tmp_path / "nowhere", files)
    assert load_bundle(made).info == load_bundle(tiny_folder).info
    assert on_ray._bundle(tmp_path / "nowhere", files) == made
    other = on_ray._bundle(tiny_folder, {**files, "more": b"1"})
    assert other not in (made, tiny_folder)


@pytest.mark.parametrize(
    ("said", "starts"),
    [(["The node timed out"], 2), (["The node timed out"] * 3, 3), (["No room"], 1)],
    ids=["slow once", "slow always", "broken"],
)
def test_a_start_that_takes_too_long_is_tried_again(
    said: list[str], starts: int, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []

    class Slow(Here):
        def is_initialized(self) -> bool:
            return False

        def init(self, **options: Any) -> None:
            begun.append(options["address"])
            if len(begun) <= len(said):
                raise Exception(said[len(begun) - 1])

        def shutdown(self) -> None:
            """Nothing was started."""

    monkeypatch.setattr(on_ray, "_ray", Slow)
    outcome = (
        nullcontext() if starts > len(said) else pytest.raises(EngineError, match=rf"cannot be started.*{said[-1]}")
    )
    with outcome, on_ray._cluster(None, 1):
        pass
    assert begun == ["local"] * starts


@pytest.mark.parametrize("scheme", ["", "ray://"])
def test_an_address_at_which_nobody_listens_is_said_at_once(scheme: str, tiny_folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    engine = RayEngine(Task(bundle=tiny_folder), address=f"{scheme}127.0.0.1:{port}")
    with pytest.raises(EngineError, match=f"There is no Ray cluster at {scheme}127.0.0.1:{port}"):
        list(engine.hear(["/a.wav"]))


def test_without_ray_the_extra_is_named(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"earmark\[ray\]"):
        RayEngine(replace(Task(bundle=tiny_folder), nice=0))
