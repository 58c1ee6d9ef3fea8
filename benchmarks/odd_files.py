"""Odd files of every kind that people meet, heard by the command line: a table of what came of each, and what should.

The kinds and their promises stand in tests/odd. Each is made of 30 seconds of music (a synthetic band, or the first
track of a folder), heard with PyAV and without by `earmark listen --json` as a process in a folder of its own, under a
time limit. A kind whose promise is broken is named, and the exit code is 1. Kinds whose program is not installed are
left out, and said to be: Debian has all in ffmpeg, lame, vorbis-tools, flac, opus-tools, sox, speex and wavpack.

    PYTHONPATH=tests python benchmarks/odd_files.py [--music FOLDER] [--only WORDS] [--jobs 2]
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

import earmark
import odd
from odd.band import band
from odd.judge import Hearing, complaint, heard_as
from odd.kind import RATE_HZ, Desk, Kind, Sound, all_kinds, lacking

MUSIC_S = 30
LIMIT_S = 45
PATIENCE_S = 15
SUFFIXES = (".flac", ".mp3", ".ogg", ".wav")
# How many kinds may wait for their turn: each holds its file.
AHEAD = 4
WITHOUT_AV = Path(odd.__file__).parent / "without_av"
HEADING = f"""# Odd files

What `earmark listen` makes of odd files, each made of {MUSIC_S} seconds of {{music}}: the output of `make odd`.
The kinds and what is promised for them stand in `tests/odd`; "same answer" is that of the clean copy.
"""
COLUMNS = (
    "kind",
    "how it was made",
    "s in it",
    "with PyAV: s heard",
    "s unread",
    "same answer",
    "without: s heard",
    "s unread",
    "same answer",
    "said",
    "verdict",
)


@dataclass(frozen=True)
class Row:
    """What came of a kind, with PyAV and without, and the genre of the clean copy of its music."""

    kind: Kind
    with_av: Hearing
    without_av: Hearing
    clean: str

    @property
    def complaints(self) -> list[str]:
        """What is wrong, in words; none where all is as promised."""
        found = {
            name: complaint(self.kind, hearing, music_s=MUSIC_S, with_av=with_av, clean=self.clean)
            for name, hearing, with_av in (("", self.with_av, True), ("without PyAV: ", self.without_av, False))
        }
        return [name + words for name, words in found.items() if words]

    def cells(self) -> list[str]:
        """The row of the table."""
        said = self.with_av.said
        if self.without_av.said != said:
            said += f" / without PyAV: {self.without_av.said or 'nothing'}"
        lasts = "" if self.kind.outcome == "refused" else f"{self.kind.lasts_s(MUSIC_S):.1f}"
        figures = [*self._figures(self.with_av), *self._figures(self.without_av)]
        name, made = self.kind.name, self.kind.made
        return [name, made, lasts, *figures, said, "; ".join(self.complaints) or "as promised"]

    def _figures(self, hearing: Hearing) -> tuple[str, str, str]:
        if hearing.heard_s is None:
            return ("", "", "") if hearing.fault else ("refused", "", "")
        return f"{hearing.heard_s:.1f}", f"{hearing.unread_s:.1f}", "yes" if self.clean in hearing.heard_as else "no"


def main() -> int:
    """Make, hear and judge; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--music", type=Path, help="a folder of sound files; the first is what the files are made of")
    parser.add_argument("--only", default="", help="only kinds whose name holds these words")
    parser.add_argument("--jobs", type=int, default=2, help="how many are heard at once (default: 2)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        desk = Desk(band(MUSIC_S) if options.music is None else real(options.music), folder)
        kinds = [kind for kind in all_kinds() if options.only in kind.name]
        missing = {program for kind in kinds for program in lacking(kind.needs)}
        kinds = [kind for kind in kinds if not lacking(kind.needs)]
        music = "a synthetic band" if options.music is None else "a recording"
        print(HEADING.format(music=music), line(COLUMNS), line(["---"] * len(COLUMNS)), sep="\n")
        broken = []
        for row in heard(kinds, desk, folder, jobs=options.jobs):
            print(line(row.cells()), flush=True)
            if row.complaints:
                broken.append(row)
    print(f"\n{len(kinds)} kinds, {len(kinds) - len(broken)} as promised, {len(broken)} not.")
    if missing:
        print(f"Left out, since these programs are not installed: {', '.join(sorted(missing))}.")
    for row in broken:
        print(f"{row.kind.name}: {'; '.join(row.complaints)}", file=sys.stderr)
    return 1 if broken else 0


def real(folder: Path) -> Sound:
    """The middle of the first sound file in a folder that is long enough, `(samples, 2)` float32 at 44 100 Hz."""
    for path in sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES):
        info = soundfile.info(path)
        if info.duration >= MUSIC_S:
            start = int((info.duration - MUSIC_S) / 2 * info.samplerate)
            sound, rate_hz = soundfile.read(
                path, start=start, frames=MUSIC_S * info.samplerate, dtype="float32", always_2d=True
            )
            return soxr.resample(
                np.repeat(sound, 2, axis=1)[:, :2] if sound.shape[1] == 1 else sound[:, :2], rate_hz, RATE_HZ
            )
    raise SystemExit(f"No sound file of {MUSIC_S} s is in {folder}.")


def heard(kinds: list[Kind], desk: Desk, folder: Path, *, jobs: int) -> Iterator[Row]:
    """A row for each kind, in order; files are made one by one and heard side by side."""
    (folder / "clean").mkdir()
    (folder / "clean" / "clean.wav").write_bytes(desk.wav)
    clean = listen(folder / "clean", "clean.wav", with_av=True)
    if not clean.heard_as:
        raise SystemExit(f"Not even the clean copy is heard: {clean.fault or clean.said}")
    waiting: deque[tuple[Kind, Future[Hearing], Future[Hearing]]] = deque()
    with ThreadPoolExecutor(jobs) as pool:
        for number, kind in enumerate(kinds):
            content = kind.build(desk)
            with_av, without_av = (
                pool.submit(hear, kind, content, folder / f"{number}-{flag}", with_av=flag) for flag in (True, False)
            )
            waiting.append((kind, with_av, without_av))
            while len(waiting) > AHEAD:
                yield _row(*waiting.popleft(), clean.heard_as[0])
        while waiting:
            yield _row(*waiting.popleft(), clean.heard_as[0])


def _row(kind: Kind, with_av: "Future[Hearing]", without_av: "Future[Hearing]", clean: str) -> Row:
    return Row(kind, with_av.result(), without_av.result(), clean)


def hear(kind: Kind, content: bytes, folder: Path, *, with_av: bool) -> Hearing:
    """What the command line makes of a kind in a folder of its own, which is gone afterwards."""
    folder.mkdir()
    kind.put(folder / kind.file_name, content)
    hearing = listen(folder, kind.file_name, with_av=with_av)
    shutil.rmtree(folder)
    return hearing


def listen(folder: Path, file_name: str, *, with_av: bool) -> Hearing:
    """Run `earmark listen` on a file of the folder, from within it."""
    paths = [*([] if with_av else [WITHOUT_AV]), Path(earmark.__file__).parents[1]]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "earmark", "listen", "--json", "--patience", str(PATIENCE_S), "--", file_name]
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        out, err = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Hearing(fault=f"no end within {LIMIT_S} s")
    return hearing_of(process.returncode, out.decode(errors="replace"), err.decode(errors="replace"))


def hearing_of(code: int, out: str, err: str) -> Hearing:
    """What came of a file, from what the process printed."""
    lines = [line for line in err.splitlines() if line.strip()]
    if "Traceback" in err or code not in (0, 1):
        return Hearing(fault=f"exit code {code}: {lines[-1] if lines else 'nothing said'}")
    if code == 1:
        said = [line.removeprefix("earmark: ") for line in lines if " files heard" not in line]
        return Hearing(said=" ".join(said), fault="" if said else "exit code 1 and not a word")
    values: dict[str, Any] = json.loads(out.splitlines()[0])
    names = heard_as({**values["genres"], "none of these": values["outside"]})
    return Hearing(values["duration_s"], values["unread_s"], " ".join(values["notes"]), names)


def line(cells: Sequence[str]) -> str:
    """A line of a Markdown table."""
    return f"| {' | '.join(cell.replace('|', chr(92) + '|').replace(chr(10), ' ') for cell in cells)} |"


if __name__ == "__main__":
    sys.exit(main())
