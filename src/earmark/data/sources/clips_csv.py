"""Earmark's own layout as a source: clips.csv with sound in column `path`, or with pictures alone, which are copied."""

from collections.abc import Mapping
from pathlib import Path

from earmark.data.layout import CLIPS_FILE, read_rows
from earmark.data.sources import Catalogue, Item, importer


def _recognises(folder: Path) -> bool:
    return (folder / CLIPS_FILE).is_file()


@importer("clips_csv", describes="earmark's layout, clips.csv with sound or pictures", recognises=_recognises, rank=0)
def catalogue(folder: Path) -> Catalogue:
    """Every row is a clip: its sound where that is there, else its picture; all columns are kept."""
    folder = folder.resolve()
    return Catalogue(tuple(_item(folder, row) for row in read_rows(folder / CLIPS_FILE)))


def _item(folder: Path, row: Mapping[str, str]) -> Item:
    sound = folder / row["path"] if row.get("path") else None
    picture = folder / "mel" / f"{row['id']}.png"
    file = sound if sound is not None and (sound.exists() or not picture.exists()) else picture
    return Item(row["id"], file, {name: value for name, value in row.items() if name not in {"id", "path"}})
