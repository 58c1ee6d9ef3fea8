"""How near the loudness that earmark tells comes to that of ITU-R BS.1770, as FFmpeg's ebur128 measures it.

    python benchmarks/loudness.py MUSIC --tracks 24

hears so many files of a folder, drawn with a seed, whole and quickly, and prints how far from FFmpeg's figures each of
the two is, of the file as it is and of the mean of its channels, and how well they put the files in order. One channel
is measured as though both loudspeakers of a pair played it (`dualmono`), which is what earmark does with every file.
Needs the extra `av`.
"""

import argparse
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from earmark import Listener
from earmark.errors import EarmarkError
from earmark.listen.quick import LEAST_S, hear_quickly
from earmark.sound.search import find_audio


def main() -> None:
    """Measure, and print a line a file and three of all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("music", type=Path)
    parser.add_argument("--tracks", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    files = sorted(str(file) for file in find_audio([options.music]))
    np.random.default_rng(options.seed).shuffle(files)
    rows = []
    for row in measured(files):
        rows.append(row)
        if len(rows) == options.tracks:
            break
    report(np.array(rows))


def measured(files: list[str]) -> Iterator[tuple[float, float, float, float]]:
    """Of each file of a minute or more its loudness in LUFS: by FFmpeg, and of its mix; by earmark, and of a part."""
    listener = Listener()
    for file in files:
        try:
            whole = listener.hear(file)
            if whole.duration_s < LEAST_S:
                continue
            quick = hear_quickly(listener, file)
            theirs = ebur128(file), ebur128(file, mixed=True)
        except (EarmarkError, av.FFmpegError) as error:
            print(f"{file}: {error}")
            continue
        assert whole.loudness_lufs is not None
        assert quick.loudness_lufs is not None
        row = (*theirs, whole.loudness_lufs, quick.loudness_lufs)
        print(*(f"{lufs:7.2f}" for lufs in row), Path(file).name, flush=True)
        yield row


def ebur128(file: str, *, mixed: bool = False) -> float:
    """The integrated loudness of a file by FFmpeg, LUFS, or of the mean of its channels."""
    with av.open(file, metadata_errors="replace") as container:
        stream = container.streams.audio[0]
        graph = av.filter.Graph()
        source = graph.add_abuffer(template=stream)
        meter = graph.add("ebur128", "metadata=1:dualmono=true")
        sink = graph.add("abuffersink")
        share = "+".join(f"{1 / stream.channels}*c{channel}" for channel in range(stream.channels))
        mix = graph.add("pan", f"mono|c0={share}") if mixed else graph.add("anull")
        source.link_to(mix)
        mix.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        lufs = -np.inf
        for frame in chain(container.decode(stream), [None]):
            source.push(frame)
            lufs = _latest(sink, lufs)
        return float(lufs)


def _latest(sink: "av.filter.context.FilterContext", lufs: float) -> float:
    """What the frames that are ready say last of all so far."""
    while True:
        try:
            lufs = float(sink.pull().metadata.get("lavfi.r128.I", lufs))
        except (av.BlockingIOError, av.EOFError):
            return lufs


def report(rows: NDArray[np.float64]) -> None:
    """Print how the columns of `measured` agree."""
    theirs, mix, whole, quick = rows.T
    pairs = (
        ("whole - ffmpeg", whole, theirs),
        ("whole - ffmpeg's of the mix", whole, mix),
        ("quick - whole", quick, whole),
    )
    for name, one, other in pairs:
        away = one - other
        ranks = [np.argsort(np.argsort(each)) for each in (one, other)]
        within = ", ".join(f"{np.mean(np.abs(away) <= lu):.0%} within {lu} LU" for lu in (1, 2))
        print(
            f"{name}: {len(away)} tracks, median {np.median(away):+.2f} LU, 5 to 95 %"
            f" {np.quantile(away, 0.05):+.2f} to {np.quantile(away, 0.95):+.2f}, {within},"
            f" rank correlation {np.corrcoef(*ranks)[0, 1]:.3f}"
        )


if __name__ == "__main__":
    main()
