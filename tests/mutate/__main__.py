"""A sample of each room's mutants, which of them the tests do not notice, and the share that they do.

    PYTHONPATH=tests python -m mutate measure data --sample 100 --seed 0 [--tests-at COMMIT] [--jobs 2]
    PYTHONPATH=tests python -m mutate measure --only earmark.measure.metrics.x_ece__mutmut_1

A room is a folder of src/earmark/ that has one in tests/. Mutants that no test noticed are printed as diffs.
"""

import argparse
import sys
from pathlib import Path

from mutate.room import Outcome, mutate

PROJECT = Path(__file__).parents[2]


def main() -> int:
    """Run and print; the exit code."""
    parser = argparse.ArgumentParser(prog="mutate", description=__doc__.splitlines()[0])
    parser.add_argument("rooms", nargs="+", metavar="ROOM", help="folders of the package, such as measure")
    parser.add_argument("--sample", type=int, default=100, help="mutants a room, 0 for all (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="which sample (default: 0)")
    parser.add_argument("--only", nargs="+", default=[], metavar="MUTANT", help="these mutants and no sample")
    parser.add_argument("--tests-at", metavar="COMMIT", help="run the tests of this commit")
    parser.add_argument("--jobs", type=int, default=1, help="processes (default: 1)")
    options = parser.parse_args()
    outcomes = []
    for room in options.rooms:
        try:
            outcome = mutate(
                PROJECT,
                room,
                sample=options.sample,
                seed=options.seed,
                only=options.only,
                tests_at=options.tests_at,
                jobs=options.jobs,
            )
        except RuntimeError as reason:
            print(reason, file=sys.stderr)
            return 1
        outcomes.append(outcome)
        for mutant in outcome.mutants:
            if not mutant.noticed:
                print(mutant.diff, flush=True)
        print(told(outcome), flush=True)
    if len(outcomes) > 1:
        print("\n".join(["", *map(told, outcomes)]))
    return 0


def told(outcome: Outcome) -> str:
    """One line of figures."""
    counts = ", ".join(f"{count} {status}" for status, count in outcome.counts.most_common())
    return (
        f"{outcome.room}: {outcome.share:.0%} of {len(outcome.mutants)} mutants noticed ({counts}; "
        f"of {outcome.possible}), in {outcome.seconds / 60:.1f} min"
    )


if __name__ == "__main__":
    sys.exit(main())
