"""Real music in four formats through every verb of a collection, in one run, and what came of it.

Tracks of a folder of at most `--longest` seconds, evenly from its folders, are converted by ffmpeg: a quarter each to
mp3, m4a, flac and opus, some of them to all four. They are indexed, and asked by `similar`, `find`, `playlist`,
`duplicates`, `map`, `highlights` and `export`, each as a process. Printed are what each verb said, its processor time,
and what is wrong: a verb that fails, a copy that is not found, tracks that are taken for copies and are none, a copy
that `similar` or `playlist` names, a file that is missing in what was written. It may be stopped, and goes on with what
is converted and indexed. Exit code 1 if anything is wrong. Needs ffmpeg and, for m4a, the extra `av`.

    python benchmarks/whole_collection.py MUSIC SCRATCH [--tracks 120] [--in-all 12] [--longest 150]
"""

import argparse
import json
import re
import resource
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import soundfile

from earmark.sound.search import find_audio

FORMATS = {
    "mp3": ("-c:a", "libmp3lame", "-b:a", "192k"),
    "m4a": ("-c:a", "aac", "-b:a", "128k"),
    "flac": ("-c:a", "flac"),
    "opus": ("-c:a", "libopus", "-b:a", "96k"),
}
SHORTEST_S = 30.0
ASKED = 8
WISHES = ("calm piano", "electronic, no vocals, longer than 1 min", "drums, lively", "sad or dark, strings")
UNKNOWN = "calm, zesty"


def main() -> None:
    """Convert, run every verb, and say what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("music", type=Path)
    parser.add_argument("scratch", type=Path)
    parser.add_argument("--tracks", type=int, default=120)
    parser.add_argument("--in-all", type=int, default=12, help="tracks that are converted to all four formats")
    parser.add_argument("--longest", type=float, default=150.0, help="seconds of a track")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    tracks = chosen(options.music, options.tracks, options.longest)
    made = [each for each in convert(tracks, options.scratch / "music", options.in_all) if each]
    copies = [each for each in made if len(each) > 1]
    print(f"{len(made)} tracks in {sum(map(len, made))} files, {len(copies)} of them in all formats")
    run = Run(options.scratch, sum(map(len, made)))
    run.index(options.jobs)
    run.duplicates(copies)
    run.similar(copies)
    run.find()
    run.playlist()
    run.map()
    run.highlights()
    run.export(copies)
    print("\nwrong:" if run.faults else "\nNothing is wrong.", *run.faults, sep="\n  ")
    sys.exit(bool(run.faults))


def chosen(music: Path, count: int, longest_s: float) -> list[Path]:
    """So many tracks, in turn one of each folder."""
    folders: dict[Path, list[Path]] = {}
    for path in find_audio([music]):
        try:
            if SHORTEST_S <= soundfile.info(path).duration <= longest_s:
                folders.setdefault(Path(path).parent, []).append(Path(path))
        except soundfile.SoundFileError:
            continue
    turns = max(map(len, folders.values()), default=0)
    found = [paths[turn] for turn in range(turns) for paths in folders.values() if turn < len(paths)]
    return found[:count]


def convert(tracks: Sequence[Path], folder: Path, in_all: int) -> Iterator[set[str]]:
    """Write the tracks in their formats; gives the files of each, none of what ffmpeg cannot read."""
    for number, track in enumerate(tracks):
        kinds = list(FORMATS) if number < in_all else [list(FORMATS)[number % len(FORMATS)]]
        artist, title = track.parent.name, track.stem
        made = {kind: folder / kind / artist / f"{number:03} {title}.{kind}" for kind in kinds}
        tags = {"artist": artist, "title": title}
        yield {str(path.absolute()) for kind, path in made.items() if path.exists() or encode(track, path, kind, tags)}


def encode(track: Path, path: Path, kind: str, tags: dict[str, str]) -> bool:
    """One file by ffmpeg, whole or not at all; gives whether it could."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part.{kind}")
    said = [word for name, text in tags.items() for word in ("-metadata", f"{name}={text}")]
    command = ["ffmpeg", "-v", "quiet", "-y", "-i", str(track), "-map", "0:a:0", *FORMATS[kind], *said, str(part)]
    if subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode:
        part.unlink(missing_ok=True)
        return False
    part.replace(path)
    return True


@dataclass
class Run:
    """One collection, and what was wrong with what verbs said of it."""

    scratch: Path
    files: int
    faults: list[str] = field(default_factory=list)

    def ask(self, *words: object, show: int = 6) -> str:
        """What a verb prints on stdout; some of its lines are shown."""
        before_s = children_s()
        arguments = [str(word) for word in words]
        command = [sys.executable, "-m", "earmark", *arguments, "--db", str(self.scratch / "collection.db")]
        done = subprocess.run(command, check=False, capture_output=True, text=True, errors="backslashreplace")
        print(f"\n$ earmark {' '.join(arguments)}   # {children_s() - before_s:.2f} s of processor time")
        for text in (done.stdout, done.stderr):
            lines = text.splitlines()
            print(*(f"  {line[:180]}" for line in lines[:show]), sep="\n")
            if len(lines) > show:
                print(f"  ... {len(lines)} lines")
        if done.returncode or "Traceback" in done.stderr:
            self.faults.append(f"earmark {' '.join(arguments)}: {done.returncode}, {done.stderr.strip()[-200:]}")
        return done.stdout

    def index(self, jobs: int) -> None:
        """Hear all, twice: the second time nothing is left to be done."""
        self.ask("index", self.scratch / "music", "--jobs", jobs)
        again = json.loads(self.ask("index", self.scratch / "music", "--json", "--quiet", show=1))
        self.expect(again["unchanged"] == self.files, f"unchanged are {again['unchanged']} of {self.files}")
        status = json.loads(self.ask("index", "--status", "--json", show=1))
        print(f"  {status['hours']} hours, {status['kinds']}, {status['bytes_a_track']} bytes a track")

    def duplicates(self, copies: Sequence[set[str]]) -> None:
        """Each group is one track in four formats, and none else."""
        groups = [
            {file["path"] for file in json.loads(line)["files"]}
            for line in self.ask("duplicates", "--json", show=0).splitlines()
        ]
        self.ask("duplicates", show=5)
        for group in copies:
            self.expect(group in groups, f"copies that were not found whole: {sorted(group)[0]}")
        others = [sorted(Path(path).name for path in group) for group in groups if group not in copies]
        print(f"  {sum(group in groups for group in copies)} of {len(copies)} groups found; other groups: {others}")

    def similar(self, copies: Sequence[set[str]]) -> None:
        """No copy of the song is named, numbers fall, and in each format the same tracks are found."""
        shared = []
        for group in copies[:ASKED]:
            titles = []
            for path in sorted(group):
                lines = self.ask("similar", path, "--json", "--all-kinds", show=0).splitlines()
                found = [json.loads(line) for line in lines]
                self.expect(not group & {each["path"] for each in found}, f"similar names a copy of {path}")
                told = [each["closer_than"] for each in found]
                self.expect(told == sorted(told, reverse=True), f"numbers do not fall for {path}: {told}")
                titles.append({re.sub(r"^\d+ ", "", Path(each["path"]).stem) for each in found})
            shared += [len(one & other) / len(one) for one in titles for other in titles if one is not other]
        same = 100 * sum(shared) / max(len(shared), 1)
        print(f"  of the tracks that are like one, {same:.0f} % are those that are like it in another format")
        self.ask("similar", min(copies[0]), "--all-kinds", "--html", self.scratch / "like.html", "--force", show=12)
        self.expect((self.scratch / "like.html").stat().st_size > 10_000, "like.html is hardly a page")

    def find(self) -> None:
        """Every wish is understood, and of what is not understood that is said."""
        for wish in WISHES:
            said = self.ask("find", wish, "-n", "3", "--all-kinds", show=9)
            self.expect("not understood" not in said, f"find did not understand '{wish}'")
        said = self.ask("find", UNKNOWN, "-n", "1", "--all-kinds", show=9)
        self.expect("not understood: zesty" in said, f"find pretends to know '{UNKNOWN}'")

    def playlist(self) -> None:
        """As long as asked for, and nothing twice."""
        target = self.scratch / "evening.m3u8"
        self.ask("playlist", "electronic - vocals", "--length", "20m", "--all-kinds", "--seed", 1,
                 "--out", target, "--force", show=8)  # fmt: skip
        lines = [line for line in target.read_text().splitlines() if line and not line.startswith("#")]
        names = [re.sub(r"^\d+ ", "", Path(line).stem) for line in lines]
        self.expect(len(set(names)) == len(names) > 3, f"the list is {names}")
        self.expect(all((target.parent / line).exists() for line in lines), "the list names what is not there")
        self.ask("playlist", "--arc", "calm, lively, calm", "-n", 6, "--all-kinds", "--seed", 1, show=8)

    def map(self) -> None:
        """All tracks are on it, and it keeps more neighbours than chance."""
        charted = json.loads(self.ask("map", "--json", show=0))
        self.expect(len(charted["tracks"]) == self.files, f"the map has {len(charted['tracks'])} tracks")
        self.expect(charted["kept"]["curved"] > 2 * charted["kept"]["chance"], f"the map keeps {charted['kept']}")
        self.ask("map", "--html", self.scratch / "map.html", "--force")

    def highlights(self) -> None:
        """Of every track, within it."""
        found = [json.loads(line) for line in self.ask("highlights", "--json", show=2).splitlines()]
        self.expect(len(found) == self.files, f"highlights of {len(found)} tracks")
        self.expect(all(0 <= each["start_s"] < each["end_s"] for each in found), "highlights that are no seconds")

    def export(self, copies: Sequence[set[str]]) -> None:
        """Every track in every format; a track has the same first genre whatever its format."""
        for kind, rows in (("jsonl", lines_in), ("csv", lines_in), ("jams", files_in)):
            target = self.scratch / (f"out.{kind}" if kind != "jams" else "jams")
            self.ask("export", "--format", kind, "--out", target, "--force", show=2)
            count = rows(target) - (kind == "csv")
            self.expect(count == self.files, f"{kind} has {count} of {self.files} tracks")

        told = map(json.loads, (self.scratch / "out.jsonl").read_text().splitlines())
        first = {each["path"]: next(iter(each["genres"])) for each in told}
        same = sum(len({first[path] for path in group}) == 1 for group in copies)
        print(f"  {same} of {len(copies)} tracks have the same first genre in all formats")

    def expect(self, holds: object, fault: str) -> None:
        """Note a fault where something does not hold."""
        if not holds:
            self.faults.append(fault)


def lines_in(file: Path) -> int:
    """How many lines a file has."""
    return len(file.read_text(errors="backslashreplace").splitlines())


def files_in(folder: Path) -> int:
    """How many JAMS files."""
    return sum(1 for _ in folder.rglob("*.jams"))


def children_s() -> float:
    """Processor time of processes that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
