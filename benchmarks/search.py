"""How long it takes to find the nearest of many tracks: exactly, by mutual proximity, as a command, and approximately.

Vectors are made up: 128 numbers, unit length, in 500 clusters of very different sizes. A query is one of them, and asks
for its ten nearest. Times are processor time of one thread, the median and the least, in one process, with the vectors
in memory; `getting ready` is what a process does once. The command is a real process on a collection of real size on
disk: all entries have the moments, answers and summary of one made-up track, and a vector of their own. Its first run
makes the file of vectors. usearch, which has to be installed for this, builds its index with its own settings; its
recall is the share of the ten that exact search by cosine finds.

    python benchmarks/search.py [--sizes 10000 100000 1000000] [--command 100000] [--ann 1000000]
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # NumPy reads it when it is loaded
import numpy as np
from numpy.typing import NDArray

from earmark.library.nearest import Space
from earmark.library.vectors_file import place_of

Floats = NDArray[np.float32]

NUMBERS, CLUSTERS, COUNT, QUERIES = 128, 500, 10, 20
RUNS = 5  # of a command


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--command", type=int, nargs="*", default=[100_000])
    parser.add_argument("--ann", type=int, nargs="*", default=[1_000_000])
    options = parser.parse_args()
    for size in options.sizes:
        in_memory(made_vectors(size))
    for size in options.command:
        as_command(size)
    for size in options.ann:
        approximately(made_vectors(size))


def made_vectors(count: int) -> Floats:
    """(count, 128) of unit length, in clusters."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CLUSTERS, NUMBERS)).astype(np.float32)
    shares = rng.pareto(1.0, CLUSTERS) + 0.05
    of = rng.choice(CLUSTERS, count, p=shares / shares.sum())
    vectors = centres[of]
    vectors += rng.normal(scale=1.2, size=(count, NUMBERS)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


@dataclass(frozen=True)
class Took:
    """Milliseconds of processor time of some runs."""

    each: tuple[float, ...]

    def __str__(self) -> str:
        return f"{np.median(self.each):.1f} ms (least {min(self.each):.1f})"


def took(work: Callable[[int], object], times: int = QUERIES, clock: Callable[[], float] = time.process_time) -> Took:
    """What so many runs take."""
    each = []
    for number in range(times):
        start_s = clock()
        work(number)
        each.append(1000 * (clock() - start_s))
    return Took(tuple(each))


def children_s() -> float:
    """Processor time of processes that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def nearest_by_cosine(vectors: Floats, query: Floats, count: int = COUNT) -> NDArray[np.int64]:
    """Rows of the largest cosines, the largest first."""
    cosines = vectors @ query
    some = np.argpartition(-cosines, count)[:count]
    return np.asarray(some[np.argsort(-cosines[some])])


def in_memory(vectors: Floats) -> None:
    """By cosine alone, and by mutual proximity."""
    rows = np.arange(len(vectors))
    picked = np.random.default_rng(1).choice(len(vectors), QUERIES, replace=False)
    ready = took(lambda _: Space.of(vectors), 3)
    space = Space.of(vectors)

    def nearest(number: int) -> None:
        found = space.nearest_first(vectors[picked[number]], rows)
        for _, _ in zip(range(COUNT), found, strict=False):
            pass

    cosine = took(lambda number: nearest_by_cosine(vectors, vectors[picked[number]]))
    print(f"{len(vectors):>9} vectors, {vectors.nbytes / 1e6:.0f} MB: by cosine {cosine}")
    print(f"{'':>9} by mutual proximity {took(nearest)}, getting ready {ready}", flush=True)


def as_command(count: int) -> None:
    """`earmark similar` as a process, on a collection on disk."""
    with tempfile.TemporaryDirectory() as folder:
        db, song = made_collection(Path(folder), made_vectors(count))
        command = [sys.executable, "-m", "earmark", "similar", song, "--db", str(db)]

        def run(arguments: list[str]) -> Took:
            def once(_: int) -> None:
                subprocess.run(arguments, check=True, capture_output=True)

            return took(once, RUNS, children_s)

        first = took(lambda _: subprocess.run(command, check=True, capture_output=True), 1, children_s)
        print(f"{count:>9} tracks: earmark similar {run(command)}; the first time {first}")
        print(f"{'':>9} of that earmark --help {run([*command[:3], '--help'])},", end=" ")
        print(f"Python and NumPy {run([sys.executable, '-c', 'import numpy'])}")
        size_mb, vectors_mb = (file.stat().st_size / 1e6 for file in (db, place_of(db)))
    print(f"{'':>9} the file has {size_mb:.0f} MB, that of vectors {vectors_mb:.0f} MB", flush=True)


def made_collection(folder: Path, vectors: Floats) -> tuple[Path, str]:
    """A collection with these vectors, and the path of one of its entries."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from earmark.library.packing import half, pack_heard
    from earmark.library.store import Store
    from made_collection import MODEL, NAMES, SHA256, Recipe, made_entry

    db = folder / "collection.db"
    centres = np.eye(5, NUMBERS)
    facts, heard = made_entry(0, np.random.default_rng(0), centres, Recipe(1, duration_s=240.0), folder)
    packed = pack_heard(heard, NAMES)
    with Store(db) as store, store.together():
        model_id = store.model(MODEL, SHA256, NAMES)
        for number, vector in enumerate(vectors):
            path = str(folder / f"music/artist {number // 100:05}/track {number:07}.mp3")
            tags = facts.tags | {"title": f"Title {number}", "artist": f"Artist {number // 100}"}
            file_id = store.keep_file(replace(facts, path=path, sound_id=f"{number:032x}", tags=tags))
            length_s = 120.0 + number % 400
            rest = packed.numbers[2 * NUMBERS :]  # what the network decides by comes first in what heads read
            vectors = {"vector": half(vector), "numbers": half(vector) + rest}
            store.keep_packed(file_id, model_id, replace(packed, duration_s=length_s, **vectors))
    return db, path


def approximately(vectors: Floats) -> None:
    """usearch against exact search by cosine."""
    try:
        from usearch.index import Index
    except ImportError:
        print("usearch is not there: pip install usearch")
        return
    picked = np.random.default_rng(1).choice(len(vectors), QUERIES, replace=False)
    index = Index(ndim=NUMBERS, metric="cos", dtype="f16")
    start_s = time.process_time()
    index.add(np.arange(len(vectors)), vectors)
    built_s = time.process_time() - start_s
    found: dict[int, set[int]] = {}

    def search(number: int) -> None:
        found[number] = set(index.search(vectors[picked[number]], COUNT, threads=1).keys.tolist())

    exact = took(lambda number: nearest_by_cosine(vectors, vectors[picked[number]]))
    right = [set(nearest_by_cosine(vectors, vectors[row]).tolist()) for row in picked]
    for expansion in (64, 256, 1024):
        index.expansion_search = expansion
        time_of = took(search)
        recall = np.mean([len(found[number] & each) / COUNT for number, each in enumerate(right)])
        print(
            f"{len(vectors):>9} vectors: usearch, expansion {expansion}: {time_of}, recall {recall:.3f}; exact {exact}"
        )
    print(
        f"{'':>9} exact {exact}; its index took {built_s:.0f} s to build and {index.memory_usage / 1e6:.0f} MB",
        flush=True,
    )


if __name__ == "__main__":
    main()
