"""`earmark index` killed at random moments and run again, against a run in peace: is the collection the same?

Exit code 1 where something was lost, heard again, damaged or is another than after a run in peace.

    PYTHONPATH=tests python benchmarks/killed_index.py FOLDER [--kills 20] [--jobs 2] [--seed 0]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from killing import content, index, index_killed


def main() -> int:
    """Run both, print what came of them, and give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="music")
    parser.add_argument("--kills", type=int, default=20, help="how often it is killed (default: 20)")
    parser.add_argument("--jobs", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    options = parser.parse_args()
    arguments = [options.folder, "--jobs", str(options.jobs)]
    with tempfile.TemporaryDirectory() as name:
        peace, killed = Path(name) / "peace.db", Path(name) / "killed.db"
        before_s = time.monotonic()
        index(peace, arguments).wait()
        passed_s = time.monotonic() - before_s
        print(f"in peace: {len(content(peace))} files in {passed_s:.0f} s")
        found = index_killed(
            killed,
            arguments,
            kills=options.kills,
            longest_s=passed_s / 2,  # some come before the first answer, some when all is done
            rng=np.random.default_rng(options.seed),
            say=print,
        )
        same = content(killed) == content(peace)
        print(f"{found.kills} of {options.kills} kills came while it ran")
        print("the collection is the same" if same else "the collection is ANOTHER")
        for fault in found.faults:
            print(fault)
        return 0 if same and not found.faults else 1


if __name__ == "__main__":
    sys.exit(main())
