"""Whether copies of a recording are known again, and whether others are taken for copies.

Tracks of a folder are made worse in several ways, by the sound of their first 75 seconds, and each copy's fingerprint
is held against that of the track; so are the fingerprints of other tracks of the same folder, which are most like it,
and of tracks drawn at random. Printed are how many copies reach `SAME`, the lowest similarities, and how near the
vectors of copies are, by which `earmark duplicates` chooses what it compares. Pairs of other tracks that do reach it
are named: in a real folder some of them are copies. Needs the extra `av`.

    python benchmarks/duplicates.py FOLDER [--count 24] [--pairs 9000]
"""

import argparse
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import SoundError
from earmark.library.axes import axes_of
from earmark.library.fingerprint import SAME, Fingerprinter, similarity
from earmark.listen.bundle import load_bundle
from earmark.listen.tally import Tally
from earmark.sound.decode import blocks
from earmark.sound.mel import SAMPLE_RATE_HZ, LogMel
from earmark.sound.search import find_audio
from earmark.sound.tokens import SILENCE_DB, windows

Samples = NDArray[np.float32]
SECONDS = 75.0
WHOLE_S = 145.0  # what a fingerprint is made of


def coded(container: str, codec: str, bit_rate: int, *, rate_hz: int = SAMPLE_RATE_HZ) -> Callable[[Samples], Samples]:
    """What encodes and decodes samples."""

    def change(samples: Samples) -> Samples:
        import av

        file = io.BytesIO()
        with av.open(file, "w", format=container) as written:
            stream = written.add_stream(codec, rate=rate_hz, bit_rate=bit_rate, layout="mono")
            whole = np.clip(samples, -1, 1).astype(np.float32)[None]
            frame = av.AudioFrame.from_ndarray(whole, format="fltp", layout="mono")
            frame.sample_rate = SAMPLE_RATE_HZ
            resampler = av.AudioResampler(format=stream.format, layout="mono", rate=rate_hz)
            for piece in [*resampler.resample(frame), *resampler.resample(None)]:
                for packet in stream.encode(piece):
                    written.mux(packet)
            for packet in stream.encode(None):
                written.mux(packet)
        file.seek(0)
        return np.concatenate(list(blocks(file)))

    return change


def later(seconds: float) -> Callable[[Samples], Samples]:
    """What puts silence in front."""
    return lambda samples: np.concatenate([np.zeros(round(seconds * SAMPLE_RATE_HZ), np.float32), samples])


def equalised(samples: Samples) -> Samples:
    """6 dB more bass and 5 dB less treble, as shelves around 200 and 3000 Hz."""
    spectrum = np.fft.rfft(samples)
    hz = np.fft.rfftfreq(len(samples), 1 / SAMPLE_RATE_HZ)
    curve_db = 6 / (1 + (hz / 200) ** 2) - 5 / (1 + (3000 / np.maximum(hz, 1)) ** 2)
    return np.fft.irfft(spectrum * 10 ** (curve_db / 20), len(samples)).astype(np.float32)


def compressed(samples: Samples) -> Samples:
    """Quiet moments louder: the level of each tenth of a second to the power of a half."""
    step = SAMPLE_RATE_HZ // 10
    powers = np.add.reduceat(np.square(samples), np.arange(0, len(samples), step)) / step
    gains = np.maximum(powers, 1e-6) ** -0.25
    smooth = np.interp(np.arange(len(samples)), np.arange(len(gains)) * step, gains)
    return np.asarray(samples * smooth / max(float(gains.max()), 1.0) * 3, np.float32)


CONDITIONS: dict[str, Callable[[Samples], Samples]] = {
    "mp3 at 64 kbit/s": coded("mp3", "libmp3lame", 64_000),
    "mp3 at 128 kbit/s": coded("mp3", "libmp3lame", 128_000),
    "aac at 64 kbit/s": coded("adts", "aac", 64_000),
    "opus at 24 kbit/s": coded("ogg", "libopus", 24_000, rate_hz=24_000),
    "14 dB quieter": lambda samples: samples * np.float32(0.2),
    "compressed": compressed,
    "more bass, less treble": equalised,
    "1.33 s later": later(1.33),
    "4.04 s later": later(4.04),
    "2.2 s cut off": lambda samples: samples[round(2.2 * SAMPLE_RATE_HZ) :],
}


def main() -> None:
    """Make copies, compare and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=24, help="tracks of which copies are made")
    parser.add_argument("--pairs", type=int, default=9000, help="pairs of other tracks")
    options = parser.parse_args()
    rng = np.random.default_rng(0)
    files = list(find_audio([options.folder]))
    copies([files[place] for place in sorted(rng.permutation(len(files))[: options.count])])
    others(files, options.pairs, rng)


def copies(files: list[Path]) -> None:
    """How like their track copies are."""
    bundle = load_bundle()
    axes = axes_of(bundle)

    def heard(samples: Samples) -> tuple[bytes, Samples]:
        stream, tally, made = LogMel(), Tally(bundle), Fingerprinter()
        columns = np.concatenate([stream.push(samples), stream.finish()], axis=1)
        made.on_columns(columns)
        for window in windows([columns]):
            tally.add(window, silence_db=SILENCE_DB)
        return made.finish(), axes.published(tally.vector)

    found: dict[str, list[tuple[float, float]]] = {name: [] for name in CONDITIONS}
    for file in files:
        try:
            samples = start_of(file, SECONDS)
            track = heard(samples)
        except SoundError as reason:
            print(f"left out: {reason}")
            continue
        for name, change in CONDITIONS.items():
            copy = heard(change(samples))
            found[name].append((similarity(track[0], copy[0]), float(track[1] @ copy[1])))
    print(f"{len(files)} tracks, {SECONDS:g} s of each: copies found, least and median similarity, least cosine")
    for name, said in found.items():
        alike, cosines = np.array(said).T
        told = f"{100 * (alike >= SAME).mean():6.1f} %  {alike.min():.2f}  {np.median(alike):.2f}  {cosines.min():.2f}"
        print(f"  {name:<24}{told}")


def others(files: list[Path], count: int, rng: np.random.Generator) -> None:
    """How like each other other tracks are."""
    prints: dict[Path, bytes] = {}
    for file in files:
        made, stream = Fingerprinter(), LogMel()
        try:
            made.on_columns(stream.push(start_of(file, WHOLE_S)))
        except SoundError as reason:
            print(f"left out: {reason}")
            continue
        prints[file] = made.finish()
    known = list(prints)
    inside = [(one, other) for place, one in enumerate(known) for other in known[:place] if one.parent == other.parent]
    some = [inside[place] for place in rng.permutation(len(inside))[: 2 * count // 3]]
    drawn = rng.integers(len(known), size=(count - len(some), 2)).tolist()
    some += [(known[one], known[other]) for one, other in drawn if known[one].parent != known[other].parent]
    alike = np.array([similarity(prints[one], prints[other]) for one, other in some])
    said = "  ".join(f"{100 * share:g} %: {np.quantile(alike, share):.2f}" for share in (0.5, 0.9, 0.99, 0.999))
    print(f"{len(some)} pairs of other tracks, {len(known)} in all: {said}")
    for place in np.argsort(-alike)[: max(10, np.count_nonzero(alike >= SAME))].tolist():
        one, other = some[place]
        print(f"  {alike[place]:.2f}  {one.parent.name}/{one.name}, {other.parent.name}/{other.name}")


def start_of(file: Path, seconds: float) -> Samples:
    """The first seconds of a file, (samples,) float32 mono at 22 050 Hz."""
    pieces, length = [], 0
    for block in blocks(file):
        pieces.append(block)
        length += len(block)
        if length >= seconds * SAMPLE_RATE_HZ:
            break
    return np.concatenate(pieces)[: round(seconds * SAMPLE_RATE_HZ)]


if __name__ == "__main__":
    main()
