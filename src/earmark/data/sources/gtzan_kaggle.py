"""GTZAN (Tzanetakis & Cook 2002) as Kaggle packs it: `genres_original/GENRE/GENRE.NNNNN.wav`, 1000 clips of 30 s.

The pack names no artists, and its `jazz.00054.wav` is not a sound file. B. Sturm's index (2013, arXiv 1306.1461) names
most artists; without it every clip counts as an artist of its own, and splits by artist are not what they seem.
"""

from pathlib import Path

from earmark.data.sources import Catalogue, Item, Trouble, importer
from earmark.errors import DataError

BROKEN = {"jazz.00054.wav": "it is broken in this pack for everyone: not a sound file"}
NO_ARTISTS = (
    "GTZAN as Kaggle packs it names no artists: every clip counts as an artist of its own, so splits by artist leak. "
    "Fill the column 'artist' of clips.csv to mend that; names you fill in stay when the set is prepared again."
)


def _genres_folder(folder: Path) -> Path | None:
    places = (folder, folder / "genres_original", folder / "Data" / "genres_original")
    return next((place for place in places if place.name == "genres_original" and place.is_dir()), None)


def _recognises(folder: Path) -> bool:
    return _genres_folder(folder.resolve()) is not None


@importer("gtzan_kaggle", describes="GTZAN as Kaggle packs it, genres_original/*/*.wav", recognises=_recognises, rank=1)
def catalogue(folder: Path) -> Catalogue:
    """Every wav in a genre folder but the broken one; artists unknown."""
    genres = _genres_folder(folder.resolve())
    files = [] if genres is None else sorted(path for path in genres.glob("*/*.wav") if not path.name.startswith("."))
    if not files:
        raise DataError(f"{folder} has no genres_original/*/*.wav.")
    items = tuple(
        Item(file.stem, file, {"genre": file.parent.name, "artist": ""}) for file in files if file.name not in BROKEN
    )
    skipped = tuple(Trouble(file.name, BROKEN[file.name]) for file in files if file.name in BROKEN)
    return Catalogue(items, skipped, (NO_ARTISTS,))
