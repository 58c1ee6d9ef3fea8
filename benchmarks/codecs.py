"""How far the answers of the shipped network move when the sound was an mp3 of 64 kbit/s once, on music without labels.

    python benchmarks/codecs.py FOLDER [--seconds 60] [--model BUNDLE]

Every sound file under FOLDER is heard twice, from its middle: as it is, and encoded by LAME and decoded again. Printed
are the share of tracks whose first genre and whose genre set stay, and the largest change of a probability. No
accuracy: nobody said what is in the folder. Needs the extra `av`.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark import Listener, load_bundle
from earmark.data.degrade import CONDITIONS
from earmark.errors import SoundError
from earmark.sound.decode import blocks
from earmark.sound.mel import SAMPLE_RATE_HZ
from earmark.sound.search import find_audio
from earmark.track import Track


def main() -> None:
    """Hear everything twice and print how much it differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--model")
    options = parser.parse_args()
    listener = Listener(load_bundle(options.model))
    rng = np.random.default_rng(0)
    first, sets, moved = [], [], []
    for path in find_audio([options.folder]):
        try:
            samples = middle(path, options.seconds)
            plain = hear(listener, samples)
            worse = hear(listener, CONDITIONS["mp3_64"].change(samples, rng))
        except SoundError as reason:
            print(f"left out: {reason}")
            continue
        first.append(plain.genre == worse.genre)
        sets.append(set(plain.genre_set) == set(worse.genre_set))
        before, after = ({label.name: label.probability for label in track.genres} for track in (plain, worse))
        moved.append(max(abs(before[name] - after[name]) for name in before))
    print(f"{listener.bundle.info.model}: {len(first)} tracks, {options.seconds:g} s of each, mp3 at 64 kbit/s")
    print(f"same first genre {np.mean(first):.1%}, same genre set {np.mean(sets):.1%}")
    print(f"largest change of a probability: median {np.median(moved):.3f}, 95 % below {np.quantile(moved, 0.95):.3f}")


def middle(path: Path, seconds: float) -> NDArray[np.float32]:
    """The middle of a file, (samples,) float32 mono at 22 050 Hz."""
    samples = np.concatenate(list(blocks(path)))
    count = min(len(samples), round(seconds * SAMPLE_RATE_HZ))
    start = (len(samples) - count) // 2
    return samples[start : start + count]


def hear(listener: Listener, samples: NDArray[np.float32]) -> Track:
    """The answer about samples at 22 050 Hz."""
    return listener.hear(samples, sample_rate_hz=SAMPLE_RATE_HZ)


if __name__ == "__main__":
    main()
