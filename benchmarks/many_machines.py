"""`earmark index --engine ray` on music: rows, deaths, tracks a second, and how far one driver would reach.

Each part prints what came of it; exit code 1 where rows are others than those of this machine's processes. Workers of a
thousand machines are not run: `--simulate` lets a queue of so many run in numbers, with the times measured before.

    PYTHONPATH=tests python benchmarks/many_machines.py FOLDER [--tracks 100] [--kills 3] [--only speed,deaths]
"""

import argparse
import heapq
import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from earmark import load_bundle
from earmark.library.engines.engine import Heard
from earmark.library.engines.on_ray import BLOCK
from earmark.library.indexing import RAY, Indexer, Options
from earmark.library.lake import Lake
from earmark.library.store import FileFacts, Store
from earmark.sound.search import find_audio
from killing import content

PARTS = ("speed", "processes", "machines", "drivers", "lake", "simulate")


@dataclass
class Steps:
    """When each answer came, and what happens when so many are there."""

    after: int = 0
    then: Any = None
    times_s: list[float] = field(default_factory=list)
    processor_s: float = 0.0

    def step(self) -> AbstractContextManager[None]:
        """One more."""
        self.times_s.append(time.monotonic())
        if len(self.times_s) == self.after:
            self.then()
        return nullcontext()

    @property
    def tracks_a_second(self) -> float:
        """Between the first and the last quarter of answers: without starting, and without the last tracks' ends."""
        low, high = len(self.times_s) // 4, 3 * len(self.times_s) // 4
        return (high - low) / (self.times_s[high] - self.times_s[low])


def run(db: Path, music: Path, steps: Steps, **options: Any) -> float:
    """Index; gives the seconds that it took in all, and notes those of processors, of all processes."""
    before_s, processor_s = time.monotonic(), processor_seconds()
    with Store(db) as store:
        indexer = Indexer(store, load_bundle(None), Options(nice=0, **options))
        indexer.index([music], show=lambda pending: nullcontext(steps))
    steps.processor_s = processor_seconds() - processor_s
    return time.monotonic() - before_s


def processor_seconds() -> float:
    """What this process and all that it started, and that ended, have had; Ray's workers are not among them."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def said_of(steps: Steps, passed_s: float) -> str:
    """The speed of a run; the second figure does not depend on who else uses the machine."""
    each_s = steps.processor_s / len(steps.times_s)
    return f"{steps.tracks_a_second:.2f} tracks/s, {passed_s:.0f} s in all; {each_s:.2f} s of processors a track"


def main() -> int:
    """Run the parts, print what came of them, and give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="music")
    parser.add_argument("--tracks", type=int, default=100, help="how many of it (default: 100)")
    parser.add_argument("--kills", type=int, default=3, help="how often a driver is killed (default: 3)")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, with commas between")
    options = parser.parse_args()
    parts = options.only.split(",")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        music = chosen(options.folder, options.tracks, work / "music")
        peace = work / "peace.db"
        steps = Steps()
        passed_s = run(peace, music, steps, jobs=1)
        wanted, hours = content(peace), hours_of(peace)
        print(f"{len(wanted)} files, {hours:.2f} hours; {cores()} cores")
        print(f"local, 1 process: {said_of(steps, passed_s)}", flush=True)
        same = True
        for part in parts:
            done: tuple[list[Any], str] | None = globals()[f"part_{part}"](music, work, peace, options)
            if done is not None:
                found, said = done
                equal = found == wanted
                same &= equal
                print(f"{said}: rows {'equal' if equal else 'are OTHERS'}", flush=True)
        return 0 if same else 1


def part_speed(music: Path, work: Path, peace: Path, options: Any) -> tuple[list[Any], str]:
    """Tracks a second of this machine's processes and of Ray's workers."""
    steps = Steps()
    passed_s = run(work / "two.db", music, steps, jobs=2)
    print(f"local, 2 processes: {said_of(steps, passed_s)}")
    for workers in (1, 2):
        steps = Steps()
        passed_s = run(work / f"ray{workers}.db", music, steps, engine=RAY, jobs=workers)
        first_s = passed_s - (steps.times_s[-1] - steps.times_s[0])
        print(
            f"ray, {workers} worker(s): {steps.tracks_a_second:.2f} tracks/s, {passed_s:.0f} s in all,"
            f" {first_s:.0f} s of them to start and stop",
            flush=True,
        )
    return content(work / "ray2.db"), "ray"


def part_processes(music: Path, work: Path, peace: Path, options: Any) -> tuple[list[Any], str]:
    """A worker's process is killed three times while it hears."""
    steps, killed = Steps(), []

    def kill() -> None:
        killed.append(workers()[0])
        os.kill(killed[-1], signal.SIGKILL)
        steps.after += options.tracks // 4

    steps.after, steps.then = options.tracks // 8, kill
    run(work / "processes.db", music, steps, engine=RAY, jobs=2)
    return content(work / "processes.db"), f"ray, {len(killed)} workers killed by signal 9"


def part_machines(music: Path, work: Path, peace: Path, options: Any) -> tuple[list[Any], str]:
    """A cluster of two machines, in processes of their own on this one; one of them is lost in the middle for good."""
    import ray
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        cluster.add_node(num_cpus=1)
        lost = cluster.add_node(num_cpus=1)
        steps = Steps(after=options.tracks // 3, then=lambda: cluster.remove_node(lost, allow_graceful=False))
        run(work / "machines.db", music, steps, engine=RAY, ray_address=cluster.address)
    finally:
        ray.shutdown()
        cluster.shutdown()
    return content(work / "machines.db"), "ray, two machines of which one is lost"


def part_drivers(music: Path, work: Path, peace: Path, options: Any) -> tuple[list[Any], str]:
    """`earmark index` itself is killed when another part of the music is heard, and started again."""
    db, lake = work / "drivers.db", work / "lake"
    arguments = [music, "--engine", "ray", "--jobs", "2", "--nice", "0", "--parquet", str(lake)]
    before: dict[Any, Any] = {}
    lost = again = 0
    for number in range(options.kills + 1):
        said = (work / "said").open("w+")
        command = [sys.executable, "-m", "earmark", "index", *map(str, arguments), "--db", str(db), "--quiet"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said)
        wanted = options.tracks * (number + 1) // (options.kills + 1)
        while number < options.kills and process.poll() is None and len(heard_at(db)) < wanted:
            time.sleep(0.2)
        if number < options.kills:
            process.send_signal(signal.SIGKILL)
        process.wait()
        now = heard_at(db)
        lost += len(before.keys() - now.keys())
        again += sum(now.get(path, at) != at for path, at in before.items())
        said.seek(0)
        print(f"driver {number + 1}: {len(now)} files done; {said.read().strip() or 'not a word'}", flush=True)
        before = now
    left = [path for path in (*work.glob("*.claims"), *lake.glob("*.part")) if path.exists()]
    print(
        f"lost {lost}, heard again {again}, left over {len(left)}; lake: {rows_of(lake)} rows of {heard_of(db)} tracks"
    )
    return content(db), f"ray, driver killed {options.kills} times"


def heard_at(db: Path) -> dict[Any, Any]:
    """When each file was heard that is in a collection."""
    if not db.exists():
        return {}
    connection = sqlite3.connect(db)
    try:
        return dict(connection.execute("SELECT path, at FROM files JOIN heard ON heard.file_id = files.id").fetchall())
    finally:
        connection.close()


def part_lake(music: Path, work: Path, peace: Path, options: Any) -> None:
    """How quickly rows of the collection go into a lake, and how large they are."""
    many = work / "many.db"
    rows = multiplied(peace, many, times=max(1, 2000 // options.tracks))
    with Store(many) as store:
        before_s = time.process_time()
        Lake(str(work / "many_lake"), store, 1).catch_up()
        passed_s = time.process_time() - before_s
    with Store(peace) as store:
        size_kb = sum(file.stat().st_size for file in _lake_of(work / "peace_lake", store)) / 1000
    print(f"lake: {rows / passed_s:.0f} rows/s, {size_kb / heard_of(peace):.1f} kB a row")


def _lake_of(place: Path, store: Store) -> list[Path]:
    Lake(str(place), store, 1).catch_up()
    return list(place.iterdir())


def part_simulate(music: Path, work: Path, peace: Path, options: Any) -> None:
    """How many workers one driver would feed: a queue in numbers, of times that are measured here."""
    commit_s = seconds_a_commit(peace, work / "commits.db")
    ask_s = seconds_an_ask(peace)
    steps = Steps()
    run(work / "times.db", music, steps, jobs=1)
    hear_s = steps.processor_s / len(steps.times_s)
    print(f"measured: hearing {hear_s:.3f} s of a core a track, ledger {1e3 * ask_s:.2f} ms a question,")
    print(f"driver {1e3 * commit_s:.2f} ms an answer, {size_of(peace):.1f} kB a track in the collection")
    for workers in (1, 2, 10, 100, 300, 1000, 3000):
        rate = simulated(workers, hear_s=hear_s, ask_s=ask_s, commit_s=commit_s)
        print(
            f"simulated, {workers:5} workers: {rate:8.1f} tracks/s, {rate * hear_s / workers:4.0%} of their time used"
        )


def simulated(workers: int, *, hear_s: float, ask_s: float, commit_s: float, seed: int = 0) -> float:
    """Tracks a second of a queue: workers ask one ledger, hear for a random while, and give blocks to one driver.

    Lengths are drawn from a gamma distribution of shape 4. Ledger and driver serve one at a time. A worker has two
    blocks, as Ray gives them, so it hears on while the driver writes; it waits where both are with the driver.
    """
    rng = np.random.default_rng(seed)
    # Long enough for all to have queued several times; the first half does not count.
    until = 40 * hear_s * BLOCK + 8 * workers * BLOCK * max(ask_s, commit_s)
    ledger_free, driver_free, done = 0.0, 0.0, 0
    # (time, worker, tracks of the block that are heard)
    events = [(float(rng.uniform(0, hear_s)), worker, 0) for worker in range(workers)]
    written: list[list[float]] = [[0.0] for _ in range(workers)]  # when the driver was done with each one's last block
    heapq.heapify(events)
    while events:
        now, worker, heard = heapq.heappop(events)
        if now > until:
            break
        if heard == BLOCK:
            driver_free = max(driver_free, now) + BLOCK * commit_s
            done += BLOCK * (until / 2 < driver_free <= until)
            before, written[worker] = written[worker][-1], [driver_free]
            now, heard = max(now, before), 0
        ledger_free = max(ledger_free, now) + ask_s
        heapq.heappush(events, (ledger_free + hear_s * float(rng.gamma(4, 0.25)), worker, heard + 1))
    return done / (until / 2)


def seconds_a_commit(db: Path, target: Path) -> float:
    """What the driver does of an answer: it is read from bytes, and committed; rows are those of a collection."""
    import pickle

    from earmark.library.engines.engine import Look
    from earmark.library.packing import PackedHeard

    rows = sqlite3.connect(db).execute(
        "SELECT duration_s, kind, share, vector, numbers, answers, summary, timeline, tokens, fingerprint"
        " FROM heard JOIN told ON told.heard_id = id JOIN details ON details.heard_id = id"
    )
    heard = [PackedHeard(*row) for row in rows]
    answers = [
        pickle.dumps(Heard(Look(f"/{n}.ogg", 1, 1, f"{n:032}", {"title": "A title"}), heard[n % len(heard)]))
        for n in range(3000)
    ]
    with Store(target) as store:
        model_id = store.model("m", "s", load_names(db))
        before_s = time.process_time()
        for answer in answers:
            said = pickle.loads(answer)
            with store.together():
                look = said.look
                store.drop_stale(look.path, look.sound_id)
                facts = FileFacts(look.path, "/", look.size, look.mtime_ns, look.sound_id, look.tags)
                store.keep_packed(store.keep_file(facts), model_id, said.heard)
        return (time.process_time() - before_s) / len(answers)


def seconds_an_ask(db: Path) -> float:
    """What the ledger takes for a question, with 50 of them under way."""
    import ray

    from earmark.library.engines.local import Task
    from earmark.library.engines.on_ray import _Ledger

    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        actor = ray.remote(_Ledger).options(num_cpus=0).remote(Task(bundle=Path(), db=db))
        ray.get(actor.ask.remote("0"))
        before_s, waiting = time.monotonic(), []
        for number in range(5000):
            waiting.append(actor.ask.remote(f"{number:032}"))
            if len(waiting) == 50:
                ray.get(waiting.pop(0))
        ray.get(waiting)
        return (time.monotonic() - before_s) / 5000
    finally:
        ray.shutdown()


def load_names(db: Path) -> Any:
    """The names of a collection's columns."""
    from earmark.library.names import Names

    return Names.from_json(sqlite3.connect(db).execute("SELECT names FROM models").fetchone()[0])


def multiplied(db: Path, target: Path, *, times: int) -> int:
    """A collection with each track so many times, under paths of their own; gives how many rows it has."""
    shutil.copy(db, target)
    connection = sqlite3.connect(target)
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ids = [each for (each,) in connection.execute("SELECT file_id FROM heard WHERE vector IS NOT NULL")]
    for number in range(times - 1):
        for file_id in ids:
            new = connection.execute(
                "INSERT INTO files (path, root, size, mtime_ns, sound_id, state, reason, tags, added, seen)"
                " SELECT path || ?, root, size, mtime_ns, sound_id, state, reason, tags, added, seen FROM files"
                " WHERE id = ?",
                (f".{number}".encode(), file_id),
            ).lastrowid
            heard = connection.execute(
                "INSERT INTO heard (file_id, model_id, duration_s, kind, share, at, vector)"
                " SELECT ?, model_id, duration_s, kind, share, at + ?, vector FROM heard WHERE file_id = ?",
                (new, number + 1, file_id),
            ).lastrowid
            for table, columns in (("told", "numbers, answers"), ("details", "summary, timeline, tokens, fingerprint")):
                connection.execute(
                    f"INSERT INTO {table} SELECT ?, {columns} FROM {table} WHERE heard_id ="
                    " (SELECT id FROM heard WHERE file_id = ?)",
                    (heard, file_id),
                )
    connection.commit()
    connection.close()
    return len(ids) * times


def chosen(folder: Path, tracks: int, target: Path) -> Path:
    """A folder of links to so many files, spread evenly over all."""
    files = sorted(find_audio([folder]))
    places = np.linspace(0, len(files) - 1, min(tracks, len(files))).round().astype(int)
    target.mkdir()
    for place in places:
        (target / f"{place:05}{files[place].suffix}").symlink_to(files[place].absolute())
    return target


def workers() -> list[int]:
    """The processes of Ray's workers that hear, of this process's own Ray."""
    found = subprocess.run(["pgrep", "-f", "^ray::.*_Worker"], capture_output=True, text=True, check=False).stdout
    return [pid for pid in map(int, found.split()) if _above(_above(pid)) == os.getpid()]


def _above(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def cores() -> int:
    """Of this machine."""
    return len(os.sched_getaffinity(0))


def hours_of(db: Path) -> float:
    """Of music in a collection."""
    return float(sqlite3.connect(db).execute("SELECT sum(duration_s) / 3600 FROM heard").fetchone()[0])


def heard_of(db: Path) -> int:
    """Tracks with answers."""
    return int(sqlite3.connect(db).execute("SELECT count(vector) FROM heard").fetchone()[0])


def size_of(db: Path) -> float:
    """kB a track."""
    return db.stat().st_size / 1000 / heard_of(db)


def rows_of(lake: Path) -> int:
    """Rows of a lake, each path once."""
    from pyarrow.dataset import dataset

    return len(set(dataset(lake, format="parquet").to_table(columns=["path"])["path"].to_pylist()))


if __name__ == "__main__":
    sys.exit(main())
