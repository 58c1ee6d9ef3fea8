"""How much of their power the channels of real music keep in sum: what the threshold of `sound.mixdown` rests on.

For each stereo file that libsndfile reads, the lowest share that it has at any moment, as `Mixdown` calculates it over
the first forty seconds: 1 for unrelated channels, near 0 where they cancel. The lowest files are printed.

    python benchmarks/cancelling.py FOLDER [--most 60]
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile

from earmark.sound.mixdown import CANCELS, DECAY, STRETCH_SAMPLES
from earmark.sound.search import find_audio

SECONDS = 40
SHOWN = 5


def main() -> None:
    """Measure the files and print the lowest."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--most", type=int, default=60, help="how many files (default: 60)")
    options = parser.parse_args()
    lowest = []
    for path in find_audio([options.folder]):
        if len(lowest) == options.most:
            break
        share = lowest_share(path)
        if share is not None:
            lowest.append((share, path.name))
    print(f"{len(lowest)} stereo files; cancelled under {CANCELS}; the lowest shares at any moment:")
    for share, name in sorted(lowest)[:SHOWN]:
        print(f"{share:.3f}  {name}")


def lowest_share(path: Path) -> float | None:
    """The lowest share of a file; None where it is not stereo, or libsndfile does not read it."""
    try:
        with soundfile.SoundFile(path) as sound:
            if sound.channels != 2:
                return None
            samples = sound.read(SECONDS * sound.samplerate, dtype="float32")  # (n, 2)
    except soundfile.LibsndfileError:
        return None
    kept = whole = 0.0
    shares = []
    for start in range(0, len(samples) - STRETCH_SAMPLES, STRETCH_SAMPLES):
        stretch = samples[start : start + STRETCH_SAMPLES]
        whole = DECAY * whole + float(np.square(stretch).sum())
        kept = DECAY * kept + float(np.square(stretch.sum(axis=1)).sum())
        if whole > 1e-3:  # more than silence
            shares.append(kept / whole)
    return min(shares, default=None)


if __name__ == "__main__":
    main()
