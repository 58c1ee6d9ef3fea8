"""A folder of genre folders, with any sound files in them: GENRE/TRACK, or GENRE/ARTIST/.../TRACK.

A folder inside a genre's is taken as the artist; other tracks' artists come from the files' tags, where there are any.
"""

from pathlib import Path

from earmark.data.sources import Catalogue, Item, Trouble, importer, unique_ids
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
