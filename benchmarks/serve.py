"""What the service costs: requests a second, time to an answer, memory; and what hostile files among good ones do.

    python benchmarks/serve.py [CLIP] [--requests 1000] [--clients 1 8 32] [--hostile 100] [--workers 2]
        [--length 30] [--out FILE]

It starts `earmark serve` as a process and asks it from threads. A clip of 30 s (the first 30 s of CLIP, or a piece that
is made here) is sent as FLAC each time. Who is told to wait (429) waits and asks again, and its time counts from the
first asking. Hostile files are the clip with bytes changed, cut, joined or lied about, by a seed. Memory is what
the server and its workers hold that they share with nobody, and their part of what they share (PSS), on Linux.

    python benchmarks/serve.py --collection FILE [--map]

asks for what is read from a collection instead, each call twice, as the first one makes lists that are kept.
"""

import argparse
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import httpx
import numpy as np
import soundfile

WARM_UP = 20


def main() -> None:
    """Run all and print it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", nargs="?", type=Path)
    parser.add_argument("--requests", type=int, default=1000, help="good ones, among which the hostile ones are")
    parser.add_argument("--each", type=int, default=200, help="requests by each number of clients before that")
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--hostile", type=int, default=100)
    parser.add_argument("--length", type=float, default=30.0, help="of the clip, in seconds")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--collection", type=Path, help="ask of this collection instead")
    parser.add_argument("--map", action="store_true", help="draw its map, too")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Server(args.workers, Path(folder), args.collection) as server:
        if args.collection:
            told = asked(server, chart=args.map)
        else:
            clip = clip_of(args.clip, Path(folder), args.length)
            told = measured(server, clip, args)
    print(json.dumps(told, indent=1))
    if args.out:
        args.out.write_text(json.dumps(told, indent=1) + "\n")


def measured(server: "Server", clip: bytes, args: argparse.Namespace) -> dict[str, object]:
    """All figures."""
    firsts = ask_all(server.address, [clip] * 5, clients=1)
    ask_all(server.address, [clip] * WARM_UP, clients=2)
    told: dict[str, object] = {
        "cores": os.cpu_count(),
        "load_before": os.getloadavg()[0],
        "clip_bytes": len(clip),
        "first_answers_s": [round(each.took_s, 3) for each in firsts],
        "memory_mb": [server.memory_mb()],
    }
    memory = told["memory_mb"]
    assert isinstance(memory, list)
    rows: list[dict[str, object]] = []
    for count in args.clients:
        began_s = time.monotonic()
        found = ask_all(server.address, [clip] * args.each, clients=count)
        rows.append({"clients": count, **figures(found, time.monotonic() - began_s)})
        memory.append(server.memory_mb())
        print(rows[-1], file=sys.stderr)
    told["rows"] = rows
    good = args.requests
    rng = np.random.default_rng(0)
    files = [clip] * good + [spoilt(clip, rng) for _ in range(args.hostile)]
    order = rng.permutation(len(files))
    began_s = time.monotonic()
    found = ask_all(server.address, [files[place] for place in order], clients=8)
    good_ones = [each for each, place in zip(found, order, strict=True) if place < good]
    bad_ones = [each for each, place in zip(found, order, strict=True) if place >= good]
    told["with hostile files"] = {
        "good": figures(good_ones, time.monotonic() - began_s),
        "good_answers_that_differ": len({each.words for each in good_ones}) - 1,
        "hostile_statuses": dict(Counter(each.status for each in bad_ones)),
        "hostile_longest_s": round(max((each.took_s for each in bad_ones), default=0.0), 2),
        "server_well": httpx.get(f"{server.address}/health", trust_env=False).json(),
        "uploads_left": server.uploads_left(),
    }
    told["requests"] = 5 + WARM_UP + args.each * len(args.clients) + len(files)
    memory.append(server.memory_mb())
    told["load_after"] = os.getloadavg()[0]
    return told


def asked(server: "Server", *, chart: bool) -> dict[str, object]:
    """How long calls about a collection take, the first time and the second."""
    with httpx.Client(base_url=server.address, timeout=1800, trust_env=False) as line:
        listed = line.get("/api/tracks?limit=1").json()
        middle = line.get(f"/api/tracks?limit=1&offset={listed['total'] // 2}").json()  # of another name: no version
        one, other = (each["tracks"][0]["id"] for each in (listed, middle))
        calls = {
            "search": "/api/tracks?q=artist 3",
            "sort": "/api/tracks?sort=artist",
            "similar": f"/api/similar?id={one}",
            "find": "/api/find?q=jazz",
            "arithmetic": f"/api/arithmetic?q=%23{one} %2B jazz",
            "complete": "/api/complete?q=title 12",
            "path": f"/api/path?from={one}&to={other}&count=8",
            **({"map": "/api/map"} if chart else {}),
        }
        told: dict[str, object] = {"tracks": listed["total"], "load_before": os.getloadavg()[0]}
        for name, call in calls.items():
            times = []
            for _ in range(2):
                began_s = time.monotonic()
                line.get(call).raise_for_status()
                times.append(round(time.monotonic() - began_s, 2))
            told[name] = times
    told["memory_mb"] = server.memory_mb()
    return told


class Answer:
    """What came of a request."""

    def __init__(self, status: int, took_s: float, waits: int, words: str) -> None:
        self.status = status
        self.took_s = took_s
        self.waits = waits
        self.words = words


def ask_all(address: str, files: Sequence[bytes], *, clients: int) -> list[Answer]:
    """The answers to all files, in their order, asked by so many clients at once."""
    places: queue.SimpleQueue[int] = queue.SimpleQueue()
    for place in range(len(files)):
        places.put(place)
    answers: dict[int, Answer] = {}

    def client() -> None:
        with httpx.Client(base_url=address, timeout=300, trust_env=False) as line:
            while True:
                try:
                    place = places.get_nowait()
                except queue.Empty:
                    return
                answers[place] = ask(line, files[place])

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [answers[place] for place in range(len(files))]


def ask(line: httpx.Client, content: bytes) -> Answer:
    """One request, again where it is told to wait; status 0 where there was no answer at all."""
    began_s, waits = time.monotonic(), 0
    while True:
        try:
            response = line.post("/api/listen?name=clip.flac", content=content)
        except httpx.HTTPError as error:
            return Answer(0, time.monotonic() - began_s, waits, type(error).__name__)
        if response.status_code != 429:
            words = json.dumps(response.json()["track"]["genres"]) if response.status_code == 200 else ""
            return Answer(response.status_code, time.monotonic() - began_s, waits, words)
        waits += 1
        time.sleep(float(response.headers["Retry-After"]))


def figures(found: Sequence[Answer], took_s: float) -> dict[str, object]:
    """Requests a second, and how long an answer takes."""
    times = np.array([each.took_s for each in found])
    p50, p95, p99 = np.percentile(times, [50, 95, 99]).round(3).tolist()
    return {
        "n": len(found),
        "requests_a_second": round(len(found) / took_s, 2),
        "p50_s": p50,
        "p95_s": p95,
        "p99_s": p99,
        "told_to_wait": sum(each.waits for each in found),
        "lost": sum(each.status != 200 for each in found),
    }


class Server:
    """The command as a process."""

    def __init__(self, workers: int, folder: Path, db: Path | None) -> None:
        command = [sys.executable, "-m", "earmark", "serve", "--port", "0", "--workers", str(workers)]
        self._folder = folder
        environment = {**os.environ, "TMPDIR": str(folder), "EARMARK_DB": str(db or folder / "none.db")}
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        assert self._process.stderr is not None
        line = self._process.stderr.readline()
        (self.address,) = re.findall(r"http://[\d.]+:\d+", line)
        self._workers = workers

    def __enter__(self) -> "Server":
        until_s = time.monotonic() + 180
        while time.monotonic() < until_s:
            try:
                if httpx.get(f"{self.address}/health", trust_env=False).json()["workers"] == self._workers:
                    return self
            except httpx.HTTPError:
                pass
            time.sleep(0.2)
        raise RuntimeError("The server does not become well.")

    def __exit__(self, *error: object) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=60)

    def memory_mb(self) -> dict[str, float]:
        """Of the server, and of its workers together; nothing where the system does not tell."""
        if not Path("/proc/self/smaps_rollup").exists():
            return {}
        children = [pid for pid in _pids() if _parent(pid) == self._process.pid]
        return {"server": _pss_mb(self._process.pid), "workers": round(sum(map(_pss_mb, children)), 1)}

    def uploads_left(self) -> int:
        """How many files lie in the server's folder beside its lock."""
        return sum(1 for file in self._folder.glob("earmark-serve-*/*") if file.name != "lock")


def clip_of(file: Path | None, folder: Path, length_s: float) -> bytes:
    """The first seconds of a file, or of a piece that is made here, as FLAC."""
    if file is None:
        rate_hz = 44_100
        time_s = np.arange(round(length_s * rate_hz)) / rate_hz
        chords = sum(np.sin(2 * np.pi * pitch * time_s) for pitch in (110, 165, 220, 277))
        beat = np.random.default_rng(0).normal(size=len(time_s)) * np.exp(-(time_s % 0.5) / 0.05)
        sound = 0.1 * chords * (1 + np.sin(time_s)) + 0.1 * beat
    else:
        with soundfile.SoundFile(file) as opened:
            rate_hz = opened.samplerate
            sound = opened.read(round(length_s * rate_hz))
    soundfile.write(folder / "clip.flac", sound, rate_hz)
    return (folder / "clip.flac").read_bytes()


def spoilt(clip: bytes, rng: np.random.Generator) -> bytes:
    """The clip as a hostile one would send it."""
    kind = int(rng.integers(6))
    bytes_ = bytearray(clip)
    if kind == 0:  # bytes changed all over it
        for place in rng.integers(0, len(bytes_), 200):
            bytes_[place] = int(rng.integers(256))
        return bytes(bytes_)
    if kind == 1:  # cut off
        return clip[: int(rng.integers(1, len(clip)))]
    if kind == 2:  # no sound at all, that begins like one
        return clip[: int(rng.integers(4, 100))] + rng.bytes(int(rng.integers(1, 200_000)))
    if kind == 3:  # a header that claims four gigabytes of 60 000 channels
        head = b"RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x60\xea\x44\xac\x00\x00"
        return head + b"\xff\xff\xff\x7f\x00\x01\x10\x00" + b"data\xff\xff\xff\xff" + rng.bytes(10_000)
    if kind == 4:  # many streams in one
        return b"".join(clip[: int(rng.integers(1, 20_000))] for _ in range(50))
    return rng.bytes(int(rng.integers(0, 100_000)))


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def _pss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return round(int(line.split()[1]) / 1024, 1)
    return 0.0


if __name__ == "__main__":
    main()
