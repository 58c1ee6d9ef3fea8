"""What a mosaic costs: `python benchmarks/generate.py [--db FILE] [--genre NAME] [--minutes N]`.

A minute of a genre whose stretches were never described, the same minute again, and a longer piece: wall clock and
processor seconds, how many stretches were described, and the most memory that the process had by then.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

from earmark.generate.asking import Ask, Ground
from earmark.generate.making import Listeners, make_mosaic
from earmark.generate.shelf import Shelf
from earmark.library.collection import Collection
from earmark.library.judging import Judge
from earmark.library.lexicon import Lexicon
from earmark.library.songs import Songs

MEGA = 1e6 if sys.platform == "darwin" else 1e3  # of what getrusage counts in


def main() -> None:
    """Print a line a piece."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--db", type=Path, default=None, help="the collection's file; your own by default")
    parser.add_argument("--genre", default="electronic")
    parser.add_argument("--minutes", type=float, default=10.0, help="of the longer piece")
    options = parser.parse_args()
    with Collection.open(options.db) as collection, tempfile.TemporaryDirectory() as folder:
        print(f"{len(collection)} tracks, {collection.durations_s.sum() / 3600:.1f} hours")
        shelf = Shelf(Path(folder) / "shelf")
        for name, seconds in (("first", 60.0), ("again", 60.0), ("longer", 60 * options.minutes)):
            started_s, worked_s = time.perf_counter(), time.process_time()
            judge = Judge(collection)
            ground = Ground(collection, Lexicon(collection.names, [], ()), Songs(collection, judge, (), _never), judge)
            ask = Ask(genre=options.genre, seconds=seconds, seed=0)
            made = make_mosaic(ground, ask, Path(folder) / "piece.flac", Listeners(), shelf=shelf)
            stretches = len(list(shelf.folder.rglob("*.npz")))
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGA
            print(
                f"{name}: {made.seconds:.0f} s of sound in {time.perf_counter() - started_s:.1f} s,"
                f" {time.process_time() - worked_s:.1f} s of processor time; {stretches} stretches described so far;"
                f" {most:.0f} MB at most"
            )


def _never(path: Path) -> None:
    raise FileNotFoundError(path)


if __name__ == "__main__":
    main()
