"""A folder of genre folders, with any sound files in them: GENRE/TRACK, or GENRE/ARTIST/.../TRACK.

A folder inside a genre's is taken as the artist; other tracks' artists come from the files' tags, where there are any.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import count
from pathlib import Path

from earmark.data.sources import Catalogue, Item, Trouble, importer
from earmark.errors import DataError


def _genre_folders(folder: Path) -> list[Path]:
    from earmark.sound.search import is_junk

    return sorted(path for path in folder.iterdir() if path.is_dir() and not is_junk(path.name))


def _recognises(folder: Path) -> bool:
    from earmark.sound.search import find_audio

    return any(next(iter(find_audio([genre])), None) is not None for genre in _genre_folders(folder))


@importer("folder", describes="a folder of genre folders with sound files", recognises=_recognises, rank=9)
def catalogue(folder: Path) -> Catalogue:
    """Every sound file in a genre folder is a clip; sound files beside the genre folders are skipped by name.

    What else is in the genre folders is told by kind and number.
    """
    from earmark.sound.search import is_audio, joined, search

    searches = [(genre, search([genre])) for genre in _genre_folders(folder)]
    files = [(genre, file) for genre, found in searches for file in found.paths]
    if not files:
        raise DataError(f"{folder} has no genre folders with sound in them.")
    ids = unique_ids([file.relative_to(folder) for _, file in files])
    items = tuple(
        Item(clip_id, file, {"genre": genre.name, "artist": _artist_folder(genre, file)})
        for clip_id, (genre, file) in zip(ids, files, strict=True)
    )
    loose = sorted(path for path in folder.iterdir() if path.is_file() and is_audio(path.name))
    skipped = tuple(Trouble(path.name, "it is in no genre folder") for path in loose)
    return Catalogue(items, skipped, tuple(joined(found for _, found in searches).notes))


def _artist_folder(genre: Path, file: Path) -> str:
    below = file.relative_to(genre).parts
    return below[0] if len(below) > 1 else ""


def unique_ids(paths: Iterable[Path]) -> list[str]:
    """An id for each relative path that can be a file name on any system: `rock/a b.mp3` -> `rock.a b`.

    Paths that would share an id keep their suffix in it; those that still do (also by case) get a number.
    """
    paths = list(paths)
    stems = [_joined(path.with_suffix("")) for path in paths]
    counts = Counter(stem.casefold() for stem in stems)
    wanted = [stem if counts[stem.casefold()] == 1 else _joined(path) for stem, path in zip(stems, paths, strict=True)]
    taken: set[str] = set()
    ids = []
    for name in wanted:
        tries = (name if number == 1 else f"{name}~{number}" for number in count(1))
        clip_id = next(each for each in tries if each.casefold() not in taken)
        taken.add(clip_id.casefold())
        ids.append(clip_id)
    return ids


def _joined(path: Path) -> str:
    # A leading genre name is dropped from names that repeat it, as GTZAN's do: blues/blues.00000 -> blues.00000.
    parts = path.parts[1:] if len(path.parts) == 2 and path.name.startswith(f"{path.parts[0]}.") else path.parts
    return "".join("_" if letter in '<>:"/\\|?*' or ord(letter) < 32 else letter for letter in ".".join(parts))
