"""Finding the sound files in folders: which are heard, and what is passed over, by kind.

In a folder the name decides what is tried, by its suffix in upper or lower case. What libsndfile reads always counts;
what PyAV alone reads counts where PyAV is installed, and is passed over where it is not. A file that is named by itself
is always tried, whatever it is called: its content decides.
"""

import importlib.util
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

# fmt: off
LIBSNDFILE_SUFFIXES = frozenset({
    ".8svx", ".aif", ".aifc", ".aiff", ".au", ".avr", ".bwf", ".caf", ".flac", ".ircam", ".mp1", ".mp2", ".mp3", ".mpa",
    ".mpga", ".nist", ".oga", ".ogg", ".opus", ".paf", ".pvf", ".rf64", ".snd", ".sph", ".svx", ".voc", ".w64", ".wav",
    ".wave", ".wve",
})
# Films are heard by their first sound stream. Left out are .ts and .mts, which are more often TypeScript than films.
PYAV_SUFFIXES = frozenset({
    ".3g2", ".3gp", ".aa3", ".aac", ".ac3", ".adts", ".amr", ".ape", ".asf", ".avi", ".awb", ".dsf", ".dts", ".eac3",
    ".ec3", ".f4a", ".f4v", ".flv", ".m2ts", ".m4a", ".m4b", ".m4r", ".m4v", ".mka", ".mkv", ".mov", ".mp+", ".mp4",
    ".mpc", ".mpeg", ".mpg", ".ogm", ".ogv", ".ogx", ".oma", ".qt", ".ra", ".rm", ".rmvb", ".spx", ".tak",
    ".tta", ".vob", ".weba", ".webm", ".wma", ".wmv", ".wv",
})
# fmt: on
AUDIO_SUFFIXES = LIBSNDFILE_SUFFIXES | PYAV_SUFFIXES

# What systems leave in folders, beside names that begin with a dot: pictures of folders, thumbnails, what was deleted.
_JUNK = frozenset({
    "@eadir", "#recycle", "$recycle.bin", "__macosx", "desktop.ini", "ehthumbs.db", "icon\r", "lost+found",
    "system volume information", "thumbs.db",
})  # fmt: skip
_KIND = re.compile(r"[\w+~-]{1,8}")
_KINDS_SAID = 8


@dataclass(frozen=True)
class Search:
    """What was found in files and folders.

    Attributes
    ----------
    paths:
        The files to hear, in order.
    passed_over:
        How many other files were in the folders, by kind: the suffix in small letters without its dot, "" where there
        is none that says something. What was excluded, is hidden or is a system's own is not counted.
    """

    paths: tuple[Path, ...]
    passed_over: Mapping[str, int]

    @property
    def passed_over_words(self) -> str:
        """Kinds and numbers, most first: "12 jpg, 3 pdf, 2 others"; empty where nothing was passed over."""
        named = sorted((-count, kind) for kind, count in self.passed_over.items() if kind)[:_KINDS_SAID]
        words = [f"{-count} {kind}" for count, kind in named]
        others = sum(self.passed_over.values()) + sum(count for count, _ in named)
        if others:
            words.append(f"{others} {'other' if others == 1 else 'others'}")
        return ", ".join(words)

    @property
    def hint(self) -> str:
        """How to hear what was passed over for want of PyAV; empty where there is no such file."""
        kinds = sorted(kind for kind in self.passed_over if f".{kind}" in PYAV_SUFFIXES)
        return f"To hear {_listed(kinds)}: pip install 'earmark[av]'" if kinds else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of what was passed over, a line each; none where nothing was."""
        said = f"Passed over: {self.passed_over_words}." if self.passed_over_words else ""
        return tuple(note for note in (said, self.hint) if note)


def search(paths: Iterable[str | os.PathLike[str]], *, exclude: Sequence[str] = ()) -> Search:
    """Look for sound in files and folders, as `find_audio` does, and keep count of what is passed over.

    Parameters
    ----------
    paths:
        Files and folders.
    exclude:
        Patterns of what to leave out, with `*`, `?` and `[...]`, in upper or lower case. One without a slash is held
        against the name of each file and folder, one with a slash against the path below the folder that is searched,
        where `*` stands for slashes, too; a slash at its end changes nothing. What is below a folder left out is left
        out, too. Folders that are named by themselves are searched all the same.
    """
    walk = _Walk(exclude)
    return Search(tuple(walk.find(paths)), walk.passed_over)


def joined(searches: Iterable[Search]) -> Search:
    """Several searches as one."""
    paths: list[Path] = []
    passed_over: Counter[str] = Counter()
    for each in searches:
        paths.extend(each.paths)
        passed_over.update(each.passed_over)
    return Search(tuple(paths), passed_over)


def find_audio(paths: Iterable[str | os.PathLike[str]]) -> Iterator[Path]:
    """The sound files in files and folders, one by one as they are found.

    A path that is no folder is given back whatever it is, so that hearing it says what is wrong. Folders are searched
    to their depths, sorted by name, for names that `is_audio` knows; hidden ones and those of systems are skipped.
    Links are followed, but no folder is entered twice. A folder that may not be searched is given back itself.
    """
    return _Walk(()).find(paths)


def is_audio(name: str) -> bool:
    """Whether a file of this name in a folder is taken for sound; a blank or dot behind its suffix is no matter."""
    return _suffix(name) in _heard_suffixes()


def kind_of_name(name: str) -> str:
    """What a file is counted as that is passed over: its suffix without the dot, "" where it says nothing."""
    kind = _suffix(name)[1:]
    return kind if _KIND.fullmatch(kind) else ""


def is_junk(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or a system's own, and so is passed over without a word."""
    return name.startswith(".") or name.casefold() in _JUNK


def is_left_out(path: str | os.PathLike[str], base: str | os.PathLike[str], *, exclude: Sequence[str] = ()) -> bool:
    """Whether a search of the folder `base` would not come to a path below it, because of a name or a pattern."""
    walk, below = _Walk(exclude), Path(path).relative_to(base)
    places = [*reversed(below.parents[:-1]), below] if below.parts else []
    return any(is_junk(place.name) or walk.excluded(place.name, place.as_posix()) for place in places)


class _Walk:
    """One search: where it was, and what it passed over so far."""

    def __init__(self, exclude: Sequence[str]) -> None:
        patterns = [pattern.rstrip("/").casefold() for pattern in exclude]
        self._names = [pattern for pattern in patterns if "/" not in pattern]
        self._paths = [pattern.removeprefix("./").lstrip("/") for pattern in patterns if "/" in pattern]
        self._suffixes = _heard_suffixes()
        self._entered: set[tuple[int, int]] = set()
        self.passed_over: Counter[str] = Counter()

    def find(self, paths: Iterable[str | os.PathLike[str]]) -> Iterator[Path]:
        for path in map(Path, paths):
            if path.is_dir():
                yield from self._in_folder(path, base=path)
            elif not self.excluded(path.name, path.as_posix()):
                yield path

    def _in_folder(self, folder: Path, *, base: Path) -> Iterator[Path]:
        try:
            facts = folder.stat()
            entries = sorted(folder.iterdir())
        except OSError:
            yield folder
            return
        if (facts.st_dev, facts.st_ino) in self._entered:
            return
        self._entered.add((facts.st_dev, facts.st_ino))
        for entry in entries:
            if not is_junk(entry.name) and not self.excluded(entry.name, entry.relative_to(base).as_posix()):
                yield from self._entry(entry, base=base)

    def _entry(self, entry: Path, *, base: Path) -> Iterator[Path]:
        mode = _mode(entry)
        if stat.S_ISDIR(mode):
            yield from self._in_folder(entry, base=base)
        elif mode and not stat.S_ISREG(mode):  # a pipe, a device: no file of sound, whatever it is called
            self.passed_over[""] += 1
        elif _suffix(entry.name) in self._suffixes:
            yield entry
        else:
            self.passed_over[kind_of_name(entry.name)] += 1

    def excluded(self, name: str, path: str) -> bool:
        """Whether a pattern leaves out a name, or a path below the folder that is searched."""
        name, path = name.casefold(), path.casefold()
        return any(fnmatchcase(name, pattern) for pattern in self._names) or any(
            fnmatchcase(path, pattern) for pattern in self._paths
        )


def _heard_suffixes() -> frozenset[str]:
    spec = importlib.util.find_spec("av")
    pyav_is_there = spec is not None and spec.has_location  # a folder called "av" has none
    return LIBSNDFILE_SUFFIXES | PYAV_SUFFIXES if pyav_is_there else LIBSNDFILE_SUFFIXES


def _mode(path: Path) -> int:
    """What a path is, as `stat` says it; 0 where it does not, as of a link to nothing."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _suffix(name: str) -> str:
    """The suffix in small letters with its dot; empty where there is none."""
    return Path(name.rstrip(" .")).suffix.lower()


def _listed(words: Sequence[str]) -> str:
    """Words as a person lists them: "a, b and c"."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
