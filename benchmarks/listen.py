"""How much a track costs: `earmark listen` beside ffmpeg's decoder on the same mp3, start-up, and folders on all cores.

A four-minute 44.1 kHz stereo mp3 is made from seeded chords, beats and noise. Processor time is the child's user and
system time; start-up is the time for one second of the same sound, and is taken off on both sides. The two run in turn,
so that whatever else the machine does meets both; medians are printed. With --against, bundles hear it in turn instead,
with --tree this checkout and another one. --song takes another mp3 than the one that is made.

    python benchmarks/listen.py [--model BUNDLE] [--against BUNDLE ...] [--tree FOLDER] [--song MP3] [--rounds 5]
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import soundfile

from earmark import Listener, load_bundle
from earmark.listen.parallel import cores

RATE_HZ = 44_100
TRACK_S = 240
FOLDER_TRACKS = 8


def main() -> None:
    """Run all measurements and print them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="the bundle to hear with (default: the shipped one)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is run (default: 5)")
    parser.add_argument("--against", nargs="+", help="compare with these bundles alone")
    parser.add_argument("--tree", type=Path, help="compare with the checkout in this folder alone")
    parser.add_argument("--song", type=Path, help="an mp3 of about four minutes (default: one is made)")
    options = parser.parse_args()
    model = ["--model", options.model] if options.model else []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_mp3(folder / "track.mp3", length_s=TRACK_S)
        write_mp3(folder / "second.mp3", length_s=1)
        if options.song:
            shutil.copy(options.song, folder / "track.mp3")
        if options.tree:
            compare_trees(folder, options.tree, rounds=options.rounds)
            return
        if options.against:
            compare_bundles(folder, options.model, options.against, rounds=options.rounds)
            return
        compare_with_ffmpeg(folder, model, rounds=options.rounds)
        measure_start_up(rounds=options.rounds)
        measure_folder(folder, model)


def compare_with_ffmpeg(folder: Path, model: Sequence[str], *, rounds: int) -> None:
    """Processor time for the track on both sides, and their ratio."""
    ours_s, theirs_s = [], []
    has_ffmpeg = shutil.which("ffmpeg") is not None
    for _ in range(rounds):
        ours_s.append(cpu_s(listen(folder / "track.mp3", model)) - cpu_s(listen(folder / "second.mp3", model)))
        if has_ffmpeg:
            theirs_s.append(cpu_s(decode(folder / "track.mp3")) - cpu_s(decode(folder / "second.mp3")))
    print(f"earmark listen, {TRACK_S} s mp3:     {statistics.median(ours_s):.3f} s of processor time, start-up apart")
    if not has_ffmpeg:
        print("ffmpeg is not on this machine: no ratio.")
        return
    ratios = [ours / theirs for ours, theirs in zip(ours_s, theirs_s, strict=True)]
    print(f"ffmpeg to 22050 Hz mono:       {statistics.median(theirs_s):.3f} s")
    print(f"ratio:                         {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


def compare_bundles(folder: Path, model: str | None, others: Sequence[str], *, rounds: int) -> None:
    """Processor time of the track with each bundle, the shipped one (or --model) first, and the ratio to it."""
    listeners = [Listener(load_bundle(each)) for each in (model, *others)]
    for listener in listeners:
        listener.hear(folder / "second.mp3")  # the session starts with the first answer
    spent_s: list[list[float]] = [[] for _ in listeners]
    for _ in range(rounds):
        for times_s, listener in zip(spent_s, listeners, strict=True):
            start_s = time.process_time()
            listener.hear(folder / "track.mp3")
            times_s.append(time.process_time() - start_s)
    medians_s = [statistics.median(times_s) for times_s in spent_s]
    for listener, median_s in zip(listeners, medians_s, strict=True):
        ratio = medians_s[0] / median_s
        print(
            f"{listener.bundle.info.model:<14} {median_s:.3f} s of processor time; the first has {ratio:.2f} times that"
        )


def compare_trees(folder: Path, other: Path, *, rounds: int) -> None:
    """Processor time of the track and of its first second in this checkout and another, and the ratios."""
    sources = [Path(__file__).parents[1] / "src", other / "src"]
    spent_s: dict[str, list[list[float]]] = {"track": [[], []], "second": [[], []]}
    for _ in range(rounds):
        for name, both in spent_s.items():
            for times_s, source in zip(both, sources, strict=True):
                times_s.append(cpu_s(listen(folder / f"{name}.mp3", ()), {**os.environ, "PYTHONPATH": str(source)}))
    (track_s, other_track_s), (start_s, other_start_s) = (
        [statistics.median(times_s) for times_s in both] for both in spent_s.values()
    )
    ratio = (track_s - start_s) / (other_track_s - other_start_s)
    print(
        f"track, start-up apart: {track_s - start_s:.3f} s of processor time, {ratio:.2f} times that of the other tree"
    )
    print(f"start-up and a second: {start_s:.3f} s, {start_s / other_start_s:.2f} times that of the other tree")


def measure_start_up(*, rounds: int) -> None:
    """Wall time of what a person waits for before anything happens."""
    for name, arguments in {
        "earmark --help": ["-m", "earmark", "--help"],
        "import earmark": ["-c", "import earmark"],
    }.items():
        times_s = [wall_s([sys.executable, *arguments]) for _ in range(rounds)]
        print(f"{name + ':':<30} {statistics.median(times_s):.3f} s")


def measure_folder(folder: Path, model: Sequence[str]) -> None:
    """Music heard a second of wall time, on one core and on all."""
    album = folder / "album"
    album.mkdir()
    for number in range(FOLDER_TRACKS):
        shutil.copy(folder / "track.mp3", album / f"{number}.mp3")
    for jobs in sorted({1, cores()}):
        speed = FOLDER_TRACKS * TRACK_S / wall_s([*listen(album, model), "--jobs", str(jobs)])
        name = f"folder, {jobs} process{'es' if jobs > 1 else ''}:"
        print(f"{name:<30} {speed:.0f} times real time, {60 * speed / TRACK_S:.0f} tracks of four minutes a minute")


def listen(path: Path, model: Sequence[str]) -> list[str]:
    """The command that listens."""
    return [sys.executable, "-m", "earmark", "listen", str(path), "--json", "--quiet", *model]


def decode(path: Path) -> list[str]:
    """The command that only decodes and resamples."""
    return ["ffmpeg", "-v", "error", "-i", str(path), "-ac", "1", "-ar", "22050", "-f", "null", "-"]


def cpu_s(command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
    """User and system time of a child process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def wall_s(command: Sequence[str]) -> float:
    """Time on the clock of a child process."""
    start_s = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start_s


def write_mp3(path: Path, *, length_s: int) -> None:
    """Chords that change every two seconds, a beat, and noise: as hard to decode as music."""
    with soundfile.SoundFile(path, "w", RATE_HZ, 2, format="MP3") as file:
        for second in seconds(length_s):
            file.write(second)


def seconds(count: int) -> Iterator[np.ndarray]:
    """Seconds of stereo, (44100, 2) float32."""
    rng = np.random.default_rng(10)
    time_s = np.arange(RATE_HZ) / RATE_HZ
    beat = np.exp(-(time_s % 0.5) / 0.04)
    for second in range(count):
        if second % 2 == 0:
            pitches_hz = 110 * 2 ** (rng.integers(0, 36, 5) / 12)
        chord = sum(np.sin(2 * np.pi * pitch_hz * k * time_s) / k for pitch_hz in pitches_hz for k in range(1, 6))
        noise = rng.normal(size=(RATE_HZ, 2))
        yield (0.05 * chord[:, None] + (0.01 + 0.1 * beat[:, None]) * noise).astype(np.float32)


if __name__ == "__main__":
    main()
