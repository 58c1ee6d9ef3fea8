"""The list of a music player: `library.csv` with columns Location, Artist and Genre, and the sound files that it names.

A location is relative to the folder. A row without a genre is a clip without a label, one without its file is no clip.
"""

import csv
from pathlib import Path

from earmark.data.sources import Catalogue, Item, Trouble, importer, unique_ids
from earmark.errors import DataError

LIST = "library.csv"
COLUMNS = {"Location", "Artist", "Genre"}


def _rows(folder: Path) -> list[dict[str, str]]:
    """The rows of the list; none where the folder has no such list."""
    file = folder / LIST
    if not file.is_file():
        return []
    with file.open(newline="", encoding="utf-8-sig", errors="replace") as lines:
        reader = csv.DictReader(lines, restval="")
        return list(reader) if set(reader.fieldnames or ()) >= COLUMNS else []


def _recognises(folder: Path) -> bool:
    return bool(_rows(folder))


@importer("library_csv", describes=f"a music player's {LIST} and its files", recognises=_recognises, rank=2)
def catalogue(folder: Path) -> Catalogue:
    """Every row whose file is there is a clip."""
    rows = _rows(folder)
    here = [row for row in rows if (folder / row["Location"]).is_file()]
    gone = [row["Location"] for row in rows if not (folder / row["Location"]).is_file()]
    if not here:
        raise DataError(f"{folder} has no {LIST} that names sound files in it.")
    items = [
        Item(clip_id, folder / row["Location"], {"genre": row["Genre"], "artist": row["Artist"]})
        for clip_id, row in zip(unique_ids(Path(row["Location"]) for row in here), here, strict=True)
    ]
    skipped = [Trouble(name, f"{LIST} names it, and there is no such file") for name in gone]
    return Catalogue(tuple(items), tuple(skipped))
