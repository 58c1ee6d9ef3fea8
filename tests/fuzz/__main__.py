"""Damaged files for some minutes: how many a second, and what did harm.

    PYTHONPATH=tests python -m fuzz --minutes 10 --seed 0 [--start 0] [--jobs 2] [--out fuzz-findings]

A seed names an endless row of files, and each run says up to which number it came: `--start` goes on from there, and
machines share the work by seeds of their own. The exit code is 1 where something did harm.
"""

import argparse
import itertools
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

from fuzz.findings import Findings
from fuzz.mutate import mutant
from fuzz.seeds import CORPUS, FOUND
from odd.child import Child

# No file of some kilobytes takes so long, on a machine that is busy too.
LIMIT_S = 15.0
TOLD_EVERY_S = 60.0


def main() -> int:
    """Run, count and keep; the exit code."""
    parser = argparse.ArgumentParser(prog="fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (default: 10)")
    parser.add_argument("--seed", type=int, default=0, help="which row of files (default: 0)")
    parser.add_argument("--start", type=int, default=0, help="its first number (default: 0)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--out", type=Path, default=Path("fuzz-findings"), help="where harmful files go")
    options = parser.parse_args()
    run = Run(seed=options.seed, start=options.start, minutes=options.minutes, out=options.out)
    with ThreadPoolExecutor(options.jobs) as pool:
        working = {pool.submit(run.work) for _ in range(options.jobs)}
        while working:
            done, working = wait(working, timeout=TOLD_EVERY_S)
            for each in done:
                each.result()
            print(run.told(), flush=True)
    run.findings.shorten()
    for kind, count in run.findings.counts.most_common():
        print(f"{count:7d}  {kind}")
    return 1 if run.findings.counts else 0


class Run:
    """The row of files, who is on which, and what came of them; several threads work on it."""

    def __init__(self, *, seed: int, start: int, minutes: float, out: Path) -> None:
        self.findings = Findings(out)
        self._seed, self._start = seed, start
        self._corpus = [path.read_bytes() for folder in (CORPUS, FOUND) for path in sorted(folder.glob("*.*"))]
        self._numbers = itertools.count(start)
        self._lock = threading.Lock()
        self._done = 0
        self._heard = 0
        self._begun_s = time.monotonic()
        self._end_s = self._begun_s + 60 * minutes

    def work(self) -> None:
        """Take numbers until the time is up."""
        with Child("decode", with_av=True) as child:
            for number in self._taken():
                content = mutant(self._corpus, seed=self._seed, number=number)
                hearing = child.hear(content, limit_s=LIMIT_S)
                with self._lock:
                    self._done += 1
                    self._heard += hearing.heard_s is not None
                    if hearing.fault:
                        self.findings.add(content, hearing.fault, seed=self._seed, number=number)

    def told(self) -> str:
        """How far it is."""
        spent_s = time.monotonic() - self._begun_s
        return (
            f"seed {self._seed}: {self._done} files from number {self._start} on, {self._done / spent_s:.0f} a second, "
            f"{self._heard} heard, {sum(self.findings.counts.values())} did harm"
        )

    def _taken(self) -> Iterator[int]:
        while time.monotonic() < self._end_s:
            yield next(self._numbers)


if __name__ == "__main__":
    sys.exit(main())
