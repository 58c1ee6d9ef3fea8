"""Files that are written one for each of many files: they lie in a folder as the many lie in theirs.

Below the folder that all of them have in common the way to a file is kept, and its name with another suffix; where two
would have one name, also on systems that know no case, both keep their suffix in front of the new one. Such a folder is
known by its list, a JSON file that is written before all others and again at the end: so a run that was cut off may be
repeated, and a folder of another's making is left alone.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import Any

from earmark.files import FolderKind, guard_folder, write_whole


class MirroredFolder:
    """A folder with a file for each of some paths, and a list of them.

    Parameters
    ----------
    folder:
        Where they go; it is looked at before anything is written.
    paths:
        The many files.
    suffix:
        Of what is written, such as ".ogg".
    listed:
        The name of the list.
    made_by:
        What the list says of who made it, by which the folder is known again.

    Attributes
    ----------
    told:
        What the list has of each file.

    Raises
    ------
    OutputError
        Something of another's making would be overwritten, or the folder is not writable.
    """

    def __init__(self, folder: Path, paths: Sequence[str], suffix: str, *, listed: str, made_by: str) -> None:
        self._folder, self._listed, self._made_by = folder, listed, made_by
        self._names = dict(zip(paths, mirrored_names(paths, suffix), strict=True))
        self.told: list[dict[str, Any]] = []
        writes = FolderKind((listed, *self._names.values()), known_by={listed: f'"made_by": "{made_by}"'.encode()})
        guard_folder(folder, writes, inputs=within(folder, paths))
        self.finish()

    def write(self, path: str, content: bytes | str) -> str:
        """Write the file of a path; gives its name in the folder."""
        name = self._names[path]
        write_whole(self._folder / name, content)
        return name

    def finish(self) -> None:
        """Write the list as it is now."""
        told = {"made_by": self._made_by, "tracks": self.told}
        write_whole(self._folder / self._listed, json.dumps(told, indent=1) + "\n")


def mirrored_names(paths: Sequence[str], suffix: str) -> list[str]:
    """A relative name for each path, ending in a suffix such as ".ogg"; no two alike."""
    ways = [PurePath(way) for way in _ways(paths)]
    short = [str(way.with_suffix(suffix)) for way in ways]
    often = Counter(name.casefold() for name in short)
    names = [
        name if often[name.casefold()] == 1 else str(way.with_name(way.name + suffix))
        for name, way in zip(short, ways, strict=True)
    ]
    return _numbered(names)


def within(folder: Path, paths: Iterable[str]) -> list[str]:
    """Those of the paths that lie in a folder: the only ones that what is written there could replace."""
    place = os.path.join(os.path.realpath(folder), "")  # noqa: PTH118 - for the separator at its end
    return [path for path in paths if os.path.realpath(path).startswith(place)]


def _ways(paths: Sequence[str]) -> list[str]:
    whole = [os.path.normpath(Path(path).absolute()) for path in paths]
    try:
        base = os.path.commonpath([Path(path).parent for path in whole]) if whole else ""
    except ValueError:  # several drives
        return [str(PurePath(path).relative_to(PurePath(path).anchor)) for path in whole]
    return [os.path.relpath(path, base) for path in whole]


def _numbered(names: list[str]) -> list[str]:
    """The names with a number where they come again: two drives may have the same way to a file."""
    seen: Counter[str] = Counter()
    found = []
    for name in names:
        seen[name.casefold()] += 1
        again = seen[name.casefold()]
        way = PurePath(name)
        found.append(name if again == 1 else str(way.with_name(f"{way.stem} {again}{way.suffix}")))
    return found
