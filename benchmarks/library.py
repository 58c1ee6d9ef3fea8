"""What a collection costs: indexing against decoding alone, bytes a track, memory; and how long it takes to ask one.

With a folder: all its files are decoded by so many processes, and nothing else, then indexed by as many; printed are
processor time and time passed of both and their ratios, bytes a track by table, and the memory of the indexing process
and its largest worker when 1, 10 and 100 % of the files are heard.

With --made N: a collection of N made-up entries is written, and how long it takes to open it, to read its vectors, and
to find the ten tracks that are most like one, is printed, the first time and by then.

    python benchmarks/library.py FOLDER [--jobs 2] [--quick]
    PYTHONPATH=tests python benchmarks/library.py --made 100000 [--keep collection.db]
"""

import argparse
import os
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from earmark.errors import EarmarkError
from earmark.library.collection import Collection
from earmark.listen.parallel import Crash, cores, work_as_done
from earmark.sound import decode
from earmark.sound.search import find_audio

SHARES = (0.01, 0.1, 1.0)
QUERIES = 20


def main() -> None:
    """Run what was asked for, and print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", help="music to index")
    parser.add_argument("--jobs", type=int, default=cores(), help="processes (default: one a core)")
    parser.add_argument("--quick", action="store_true", help="index quickly")
    parser.add_argument("--made", type=int, help="how many made-up entries to ask")
    parser.add_argument(
        "--keep", type=Path, help="keep the made-up collection in this file, or ask that which is there"
    )
    options = parser.parse_args()
    if options.folder is None and options.made is None:
        parser.error("name a folder, or --made N")
    with tempfile.TemporaryDirectory() as name:
        if options.folder is not None:
            measure_indexing(options.folder, Path(name), jobs=options.jobs, quick=options.quick)
        if options.made is not None:
            measure_asking(options.keep or Path(name) / "made.db", options.made)


def measure_indexing(folder: Path, scratch: Path, *, jobs: int, quick: bool) -> None:
    """Decoding and indexing in turn, by the same number of processes."""
    paths = [os.fspath(path) for path in find_audio([folder])]
    starts = [processor_s()]
    decoding_s, length_s = decoded(paths, jobs=jobs)
    starts.append(processor_s())
    indexing_s, memory = indexed(folder, scratch / "collection.db", len(paths), jobs=jobs, quick=quick)
    starts.append(processor_s())
    print(f"{len(paths)} files, {length_s / 3600:.2f} hours, {jobs} processes")
    took_s = [end_s - start_s for start_s, end_s in pairwise(starts)]
    for what, passed_s, used_s in zip(("decoding", "indexing"), (decoding_s, indexing_s), took_s, strict=True):
        print(f"{what}: {used_s:.1f} s of processor time, {length_s / used_s:.0f} x real time;", end=" ")
        print(f"{passed_s:.1f} s passed, {len(paths) / passed_s:.2f} tracks/s")
    print(f"ratio: {took_s[1] / took_s[0]:.2f} of processor time, {indexing_s / decoding_s:.2f} of time passed")
    for share, megabytes in memory.items():
        print(f"memory of the indexing process at {share:.0%}: {megabytes:.0f} MB")
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"memory of the largest process of all: {children:.0f} MB")
    tell_bytes(scratch / "collection.db", length_s)


def processor_s() -> float:
    """Of this process, and of those that it started and that ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def decoded(paths: Sequence[str], *, jobs: int) -> tuple[float, float]:
    """Seconds it takes, and seconds of sound."""
    before_s = time.monotonic()
    length_s = sum(
        float(answer) for answer in work_as_done(start_decoding, paths, jobs=jobs) if not isinstance(answer, Crash)
    )
    return time.monotonic() - before_s, length_s


def start_decoding() -> Callable[[str], float]:
    """The seconds of a file, 0 where it cannot be decoded."""
    return partial(_length_s)


def _length_s(path: str) -> float:
    try:
        return sum(len(block) for block in decode.blocks(path)) / 22_050
    except EarmarkError:
        return 0.0


def indexed(folder: Path, db: Path, count: int, *, jobs: int, quick: bool) -> tuple[float, dict[float, float]]:
    """Seconds it takes, and MB of the process by the share of files that are heard."""
    command = [sys.executable, "-m", "earmark", "index", folder, "--db", db, "--jobs", str(jobs), "--nice", "0"]
    before_s = time.monotonic()
    process = subprocess.Popen([*map(os.fspath, command), *(["--quick"] if quick else [])])
    memory: dict[float, float] = {}
    ended = threading.Event()
    watcher = threading.Thread(target=watch_memory, args=(process.pid, db, count, memory, ended))
    watcher.start()
    process.wait()
    passed_s = time.monotonic() - before_s
    ended.set()
    watcher.join()
    return passed_s, memory


def watch_memory(pid: int, db: Path, count: int, memory: dict[float, float], ended: threading.Event) -> None:
    """Note the process's resident memory when so many of the files are in the collection (Linux)."""
    last = 0.0
    while not ended.wait(0.2):
        try:
            last = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6 or last
        except OSError:
            return
        done = files_in(db) / max(count, 1)
        for share in SHARES[:-1]:
            if done >= share and share not in memory:
                memory[share] = last
        memory[SHARES[-1]] = last


def files_in(db: Path) -> int:
    """How many files are in a collection that is being written."""
    if not db.exists():
        return 0
    connection = sqlite3.connect(f"{db.as_uri()}?mode=ro", uri=True)
    try:
        return int(connection.execute("SELECT count(*) FROM files").fetchone()[0])
    except sqlite3.Error:
        return 0
    finally:
        connection.close()


def tell_bytes(db: Path, length_s: float) -> None:
    """Bytes a track, as they are and by a line through the tracks' lengths at four minutes."""
    connection = sqlite3.connect(db)
    rows = connection.execute(
        "SELECT duration_s, length(vector) + length(numbers) + length(answers) + length(summary) + length(timeline)"
        " + length(tokens) + length(fingerprint) FROM heard JOIN told ON told.heard_id = heard.id"
        " JOIN details ON details.heard_id = heard.id"
    ).fetchall()
    parts = ("vector", "numbers", "answers", "summary", "timeline", "tokens", "fingerprint")
    means = connection.execute(
        f"SELECT {', '.join(f'avg(length({part}))' for part in parts)} FROM heard"
        " JOIN told ON told.heard_id = heard.id JOIN details ON details.heard_id = heard.id"
    ).fetchone()
    connection.close()
    size_bytes = db.stat().st_size
    slope, offset = np.polyfit([row[0] for row in rows], [row[1] for row in rows], 1)
    # What the file holds beyond these parts: paths, tags, indexes, and the rest of pages.
    beyond = size_bytes / len(rows) - statistics.mean(row[1] for row in rows)
    each, mean_s = size_bytes / len(rows), length_s / len(rows)
    print(f"the file: {size_bytes / 1e6:.2f} MB, {each:.0f} bytes a track of {mean_s:.0f} s")
    print(f"of four minutes: {offset + 240 * slope + beyond:.0f} bytes, {beyond:.0f} of them the database's own")
    print(", ".join(f"{part} {mean:.0f}" for part, mean in zip(parts, means, strict=True)))


def measure_asking(db: Path, count: int) -> None:
    """Write a collection of made-up entries, unless it is there, and ask it."""
    if not db.exists():
        from made_collection import make_collection

        before_s = time.monotonic()
        made = make_many(make_collection, db, count)
        print(f"made in {time.monotonic() - before_s:.0f} s, {made.stat().st_size / count:.0f} bytes an entry")
    before_s = time.monotonic()
    with Collection.open(db) as collection:
        opened_s = time.monotonic()
        vectors = collection.vectors
        read_s = time.monotonic()
        print(f"{len(collection)} entries: opened in {opened_s - before_s:.2f} s, vectors in {read_s - opened_s:.2f} s")
        rng = np.random.default_rng(0)
        passed = [ask(vectors, int(row)) for row in rng.integers(len(collection), size=QUERIES)]
        then = 1000 * statistics.median(passed)
        print(f"ten most alike by cosine: {1000 * passed[0]:.1f} ms at first, {then:.1f} ms then")
        ask_as_people_do(collection, rng)


def make_many(make: Callable[..., Path], db: Path, count: int) -> Path:
    """Entries that differ in path and vector alone are enough, and are made at once: the first is copied."""
    made = make(db.parent, np.random.default_rng(0), n=1, duration_s=240.0)
    if made != db:
        shutil.move(made, db)
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(100, 128))
    connection = sqlite3.connect(db, isolation_level=None)
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("BEGIN")
    for number in range(2, count + 1):
        vector = centres[number % 100] + rng.normal(size=128)
        content = (vector / np.linalg.norm(vector)).astype("<f2").tobytes()
        path, artist = f"/music/{number % 5000:04}/{number:07}.mp3".encode(), f"Artist {number % 5000}"
        connection.execute(
            "INSERT INTO files SELECT ?, ?, root, size, mtime_ns, ?, state, reason, json_set(tags, '$.artist', ?),"
            " added, seen FROM files WHERE id = 1",
            (number, path, f"{number:032x}", artist),
        )
        connection.execute(
            "INSERT INTO heard SELECT ?, ?, model_id, duration_s, kind, share, at, ? FROM heard WHERE id = 1",
            (number, number, content),
        )
        connection.execute(
            "INSERT INTO told SELECT ?1, CAST(?2 || substr(numbers, 257) AS BLOB), answers"
            " FROM told WHERE heard_id = 1",
            (number, content),
        )
        connection.execute(
            "INSERT INTO details SELECT ?, summary, timeline, tokens, fingerprint FROM details WHERE heard_id = 1",
            (number,),
        )
    connection.execute("COMMIT")
    connection.close()
    return db


def ask(vectors: "np.ndarray", row: int) -> float:
    """Seconds that the ten nearest take: one product, and the ten largest of it."""
    before_s = time.monotonic()
    cosines = vectors @ vectors[row]
    nearest = np.argpartition(-cosines, 10)[:11]
    assert row in nearest
    return time.monotonic() - before_s


def ask_as_people_do(collection: Collection, rng: np.random.Generator) -> None:
    """What `earmark similar` asks, with mutual proximity, other versions left out, and reasons."""
    from earmark.library.queries import Query
    from earmark.library.similar import similar

    passed = []
    for row in rng.integers(len(collection), size=QUERIES):
        before_s = time.monotonic()
        similar(collection, Query.of_row(collection, int(row)))
        passed.append(time.monotonic() - before_s)
    print(f"similar, with reasons: {1000 * passed[0]:.0f} ms at first, {1000 * statistics.median(passed):.0f} ms then")


if __name__ == "__main__":
    main()
