"""Ten thousand tracks from sound to search: made by the project's synthesiser, indexed by the command, then asked.

Tracks are pieces of `earmark.data.synth` in its styles, each with a tempo, key and timbre of its own, as FLAC with a
title and an artist (ten pieces of one style an artist). They are made, indexed by `earmark index` and asked; all of it
may be stopped and goes on where it was, so that it can run beside other work. Times are processor time. Pieces are
shorter than songs, so they are asked for with `--all-kinds`. That the nearest are of the same style is no proof of
anything but that sound and row were not mixed up: styles are far from each other.

    python benchmarks/synthetic_library.py FOLDER [--count 10000] [--seconds 8] [--jobs 2]
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

from earmark.data.synth import STYLES, compose
from earmark.library.collection import Collection
from earmark.library.queries import Query
from earmark.library.similar import similar

AN_ARTIST = 10  # pieces
ASKED = 50
RUNS = 5


def main() -> None:
    """Make, index, ask, and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where tracks and collection are, or are to be")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=8.0, help="of a track")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    music, db = options.folder / "music", options.folder / "collection.db"
    make_tracks(music, options.count, options.seconds)
    index(music, db, options.jobs)
    ask(db, options.count)


def make_tracks(music: Path, count: int, seconds: float) -> None:
    """Write the tracks that are not there."""
    for number in range(count):
        style = STYLES[number % len(STYLES)]
        artist = f"{style} {number // len(STYLES) // AN_ARTIST:04}"
        path = music / artist / f"{number:05}.flac"
        if path.exists():
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        piece = compose(style, duration_s=seconds, rng=np.random.default_rng(number))
        part = path.with_suffix(".part")
        with soundfile.SoundFile(part, "w", piece.sample_rate_hz, 1, "PCM_16", format="FLAC") as file:
            file.title, file.artist = f"Piece {number}", artist
            file.write(piece.samples)
        part.replace(path)
        if not (number + 1) % 1000:
            print(f"{number + 1} made", flush=True)


def index(music: Path, db: Path, jobs: int) -> None:
    """Index them by the command."""
    before_s, passed_s = children_s(), time.monotonic()
    command = [sys.executable, "-m", "earmark", "index", str(music), "--db", str(db), "--jobs", str(jobs)]
    subprocess.run([*command, "--nice", "19"], check=True)
    took_s, passed_s = children_s() - before_s, time.monotonic() - passed_s
    print(f"indexed: {took_s:.0f} s of processor time, {passed_s:.0f} s passed, with {jobs} processes", flush=True)


def ask(db: Path, count: int) -> None:
    """How long a search takes, how large the file is, and whether the nearest are of the same style."""
    with Collection.open(db) as collection:
        each = db.stat().st_size / len(collection)
        print(f"{len(collection)} of {count} are in the collection, {each:.0f} bytes each")
        asked = np.random.default_rng(0).choice(len(collection), ASKED, replace=False).tolist()
        similar(collection, Query.of_row(collection, asked[0]), all_kinds=True)  # what is read once is not counted
        before_s, hits = time.process_time(), []
        for row in asked:
            style = collection.entries[row].artist.split()[0]
            found = similar(collection, Query.of_row(collection, row), all_kinds=True)
            hits += [match.entry.artist.split()[0] == style for match in found]
        took_ms = 1000 * (time.process_time() - before_s) / ASKED
        path = collection.entries[asked[0]].path
    print(f"a search with reasons: {took_ms:.0f} ms; of the nearest {100 * np.mean(hits):.1f} % are of the same style")
    took = []
    for _ in range(RUNS):
        before_s = children_s()
        command = [sys.executable, "-m", "earmark", "similar", path, "--all-kinds", "--db", os.fspath(db)]
        subprocess.run(command, check=True, capture_output=True)
        took.append(children_s() - before_s)
    print(f"earmark similar, start-up and all: {np.median(took):.2f} s of processor time")


def children_s() -> float:
    """Processor time of processes that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
