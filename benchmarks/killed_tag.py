"""`earmark tag --write` killed at random moments over many files, then `--undo`: is each file the old or new one whole?

Files are of all kinds that tests/tagged.py makes. Exit code 1 where one is neither, where the journal does not know
which, where something is left over, or where in the end the bytes are not those of the beginning.

    PYTHONPATH=tests python benchmarks/killed_tag.py [--files 500] [--kills 20] [--seed 0]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tagged import MAKERS, make
from tagging import faults_of, kill_runs, run_tag, shelf


def main() -> int:
    """Run both, print what came of them, and give the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--files", type=int, default=500, help="how many (default: 500)")
    parser.add_argument("--kills", type=int, default=20, help="how often each is killed (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "made").mkdir()
        sources = [make(kind, folder / "made") for kind in MAKERS]
        copies = -(-options.files // len(sources))
        peace, killed = (shelf(folder / each, sources, copies=copies) for each in ("peace", "killed"))
        old = killed.contents()
        before_s = time.monotonic()
        code = run_tag(peace, str(peace.folder), "--write").wait()
        passed_s = time.monotonic() - before_s
        print(f"in peace: {len(old)} files in {passed_s:.0f} s, exit code {code}")
        wanted = {name: (content, peace.contents()[name]) for name, content in old.items()}
        rng = np.random.default_rng(options.seed)
        faults = list[str]()
        for what, arguments in (("write", [str(killed.folder), "--write"]), ("undo", ["--undo"])):
            found = kill_runs(
                killed, arguments, wanted, kills=options.kills, longest_s=1.6 * passed_s / options.kills, rng=rng
            )
            print(f"{what}: {found.while_running} of {options.kills} kills came while it ran; tagged: {found.tagged}")
            faults += found.faults
            if what == "write":
                run_tag(killed, *arguments).wait()
                faults += [] if killed.contents() == peace.contents() else ["after the last run not all are tagged"]
        while run_tag(killed, "--undo").wait() == 0:
            faults += faults_of(killed, wanted)
        faults += [] if killed.contents() == old else ["after all is undone the bytes are others"]
        print("\n".join(faults) or "each file was the old or the new one whole, and the journal knew which")
        return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
