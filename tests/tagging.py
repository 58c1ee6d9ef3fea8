"""Folders of files of every kind that nobody heard, and a collection that says what they are: to be tagged."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from earmark.label import sorted_labels
from earmark.library.collection import Collection
from earmark.library.store import FileFacts, Store
from earmark.library.tags.journal import WRITTEN, Journal, journal_file
from earmark.library.tags.writing import settle
from earmark.sound.identity import sound_id
from earmark.sound.tags import all_tags
from earmark.track import Track
from made_collection import GENRES, MODEL, NAMES, SHA256, Recipe, made_entry

SURE = {"metal": 0.6, "jazz": 0.35}


@dataclass(frozen=True)
class Shelf:
    """A folder of music and its collection."""

    folder: Path
    db: Path

    @property
    def files(self) -> list[Path]:
        """The music, in order."""
        return sorted(path for path in self.folder.iterdir() if not path.name.startswith("."))

    def contents(self) -> dict[str, bytes]:
        """All files of the folder, hidden ones too."""
        return {path.name: path.read_bytes() for path in sorted(self.folder.iterdir())}

    def journal(self) -> Journal:
        """As it is now."""
        return Journal(journal_file(self.db))

    def collection(self) -> Collection:
        """Opened."""
        return Collection.open(self.db)


def told(track: Track, genres: Mapping[str, float], mood: Mapping[str, float] | None = None) -> Track:
    """A track of which genres, and quadrants of mood, are so probable."""
    shares = {name: genres.get(name, 0.0) for name in GENRES}
    quadrants = sorted_labels({"serene": 0.7, "melancholic": 0.2, "joyful": 0.1, "tense": 0.0} | dict(mood or {}))
    assert track.mood is not None
    return replace(
        track,
        genres=sorted_labels(shares),
        genre_set=tuple(label.name for label in sorted_labels(shares) if label.probability > 0.1),
        outside=max(1 - sum(shares.values()), 0.0),
        mood=replace(track.mood, quadrants=quadrants, quadrant_set=(quadrants[0].name,)),
    )


def shelf(
    folder: Path, sources: Iterable[Path], *, copies: int = 1, genres: Mapping[str, float] | None = None
) -> Shelf:
    """Copies of files in `folder / "music"`, and a collection that says of all of them the same."""
    rng = np.random.default_rng(0)
    music = folder / "music"
    music.mkdir(parents=True)
    db = folder / "collection.db"
    ids = {source: (sound_id(source), all_tags(source)) for source in sources}
    with Store(db) as store, store.together():
        model_id = store.model(MODEL, SHA256, NAMES)
        for number in range(copies):
            for source, (sound, tags) in ids.items():
                path = music / (f"{number:04} {source.name}" if copies > 1 else source.name)
                shutil.copyfile(source, path)
                os.utime(path, ns=(10**18, 10**18 + number))
                facts = path.stat()
                _, heard = made_entry(0, rng, np.eye(5, 128), Recipe(1), folder)
                heard = replace(heard, track=told(replace(heard.track, path=str(path)), genres or SURE))
                heard = replace(heard, answers=NAMES.answers(heard.track))
                known = FileFacts(str(path), str(music), facts.st_size, facts.st_mtime_ns, sound, tags)
                store.keep_heard(store.keep_file(known), model_id, heard, NAMES)
    return Shelf(music, db)


@dataclass(frozen=True)
class Killed:
    """What came of runs that were killed: how many while they ran, how many files were tagged after each, faults."""

    while_running: int
    tagged: tuple[int, ...]
    faults: tuple[str, ...]


def run_tag(shelf: Shelf, *options: str) -> "subprocess.Popen[bytes]":
    """`earmark tag` as a process of its own."""
    command = [sys.executable, "-m", "earmark", "tag", *options, "--db", os.fspath(shelf.db), "--quiet"]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_runs(
    shelf: Shelf,
    options: Sequence[str],
    wanted: Mapping[str, tuple[bytes, bytes]],
    *,
    kills: int,
    longest_s: float,
    rng: np.random.Generator,
) -> Killed:
    """Start `earmark tag` and kill it so many times, each a random while after it began to write.

    Wrong is where a file is neither of the two that `wanted` has of it, or where the journal does not know which.
    """
    faults, tagged, while_running = list[str](), list[int](), 0
    for number in range(kills):
        before = _journal_bytes(shelf)
        process = run_tag(shelf, *options)
        while process.poll() is None and _journal_bytes(shelf) == before:
            time.sleep(0.002)
        time.sleep(float(rng.uniform(0, longest_s)))
        while_running += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        found = faults_of(shelf, wanted)
        faults += [f"kill {number + 1}: {fault}" for fault in found]
        tagged.append(sum(path.read_bytes() == wanted[path.name][1] for path in shelf.files))
    return Killed(while_running, tuple(tagged), tuple(faults))


def faults_of(shelf: Shelf, wanted: Mapping[str, tuple[bytes, bytes]]) -> list[str]:
    """Where a file is neither the old nor the new one, or the journal says otherwise, or something is left over."""
    faults = []
    with Store(shelf.db), shelf.journal() as journal:
        settle(journal)
        states: dict[str, str] = {}
        for run in journal.runs:
            states |= {Path(record.path).name: record.state for record in journal.of_run(run.number)}
    for name, content in shelf.contents().items():
        if name not in wanted:
            faults.append(f"{name} is left over")
        elif content not in wanted[name]:
            faults.append(f"{name} is neither the old nor the new one")
        elif (states.get(name) == WRITTEN) != (content == wanted[name][1]):
            faults.append(f"{name} is not what the journal says: {states.get(name)}")
    return faults


def _journal_bytes(shelf: Shelf) -> int:
    path = journal_file(shelf.db)
    return path.stat().st_size if path.exists() else 0
