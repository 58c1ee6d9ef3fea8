"""A folder of any sound files without genres: music that a teacher has heard, or that is to be learned from as it is.

The folder of a track is no genre and no artist here; artists come from the files' tags, where there are any.
"""

from pathlib import Path

from earmark.data.sources import Catalogue, Item, importer, unique_ids
from earmark.errors import DataError

NO_GENRES = "These clips have no genres: a network learns from them what a teacher hears, or by [pretext]."


def _recognises(folder: Path) -> bool:
    from earmark.sound.search import find_audio

    return next(iter(find_audio([folder])), None) is not None


@importer("tracks", describes="a folder of any sound files, without genres", recognises=_recognises, rank=10)
def catalogue(folder: Path) -> Catalogue:
    """Every sound file, however deep, is a clip without a genre; what else is there is told by kind and number."""
    from earmark.sound.search import search

    found = search([folder])
    if not found.paths:
        raise DataError(f"{folder} has no sound files.")
    ids = unique_ids([file.relative_to(folder) for file in found.paths])
    items = tuple(Item(clip_id, file) for clip_id, file in zip(ids, found.paths, strict=True))
    return Catalogue(items, notes=(NO_GENRES, *found.notes))
