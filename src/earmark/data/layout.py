"""What stands on the disk: clips.csv and pictures, read with care and written so that a crash leaves no half file.

A picture is 8-bit grey PNG, 128 rows, highest band on top; in memory (128, frames) uint8, band 0 the lowest.
dB = value / 255 * 80 - 80 under the clip's own maximum. The layout is described in docs/data.md.
"""

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from earmark.errors import DataError
from earmark.files import csv_text, write_whole
from earmark.sound.tokens import FRAME_S

PICTURE_BANDS = 128
PICTURE_RANGE_DB = 80.0
CLIPS_FILE = "clips.csv"
SET_FILE = "set.toml"
COARSE = 1.5  # columns that lie further apart than so many frames are coarse


@dataclass(frozen=True)
class Pitch:
    """Where the columns of a set's pictures lie in time: `column_s` from one to the next, `first_s` the first, seconds.

    By default that of the front end. A set with another says so in `set.toml`.
    """

    column_s: float = FRAME_S
    first_s: float = 0.0

    @classmethod
    def load(cls, folder: Path) -> "Pitch":
        """What the `set.toml` of the set in `folder` says, if there is one; raises DataError where it is wrong."""
        path = folder / SET_FILE
        if not path.exists():
            return OWN_PITCH
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as reason:
            raise DataError(f"{path} is not TOML: {reason}.") from reason
        known = [field.name for field in fields(cls)]
        for name, value in values.items():
            if name not in known:
                raise DataError(f"{path}: '{name}' is not known.", hint=f"Known are: {', '.join(known)}.")
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < LONGEST_S:
                raise DataError(f"{path}: '{name}' must be a number of seconds.")
        pitch = cls(**values)
        if not pitch.column_s:
            raise DataError(f"{path}: 'column_s' must be above 0.")
        return pitch

    @property
    def own(self) -> bool:
        """Whether it is the front end's, so that columns are frames."""
        return self == OWN_PITCH

    @property
    def coarse(self) -> bool:
        """Whether what lies between the columns, at the front end's pitch, is not known."""
        return self.column_s > COARSE * FRAME_S

    def to_frames(self, columns: NDArray[np.float32]) -> NDArray[np.float32]:
        """Columns (bands, n) at the front end's pitch, (bands, frames): straight lines between, the ends go on."""
        last_s = self.first_s + (columns.shape[1] - 1) * self.column_s
        frames_s = np.arange(int(last_s / FRAME_S) + 1) * FRAME_S
        places = ((frames_s - self.first_s) / self.column_s).clip(0, columns.shape[1] - 1)
        low = places.astype(np.int64)
        high = np.minimum(low + 1, columns.shape[1] - 1)
        share = (places - low).astype(np.float32)
        return columns[:, low] * (1 - share) + columns[:, high] * share


OWN_PITCH = Pitch()
LONGEST_S = 10.0  # a column that is further from the next is no spectrogram of music


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a clips.csv, each a dict by column; raises DataError where it is not in the layout."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            columns = reader.fieldnames or []
            rows = list(reader)
    except FileNotFoundError:
        hint = "Make one from sound with: earmark data prepare SOURCE OUT"
        raise DataError(f"{path.parent} has no {path.name}.", hint=hint) from None
    except (OSError, UnicodeDecodeError, csv.Error) as reason:
        raise DataError(f"{path} cannot be read: {reason}.") from reason
    if "id" not in columns:
        raise DataError(f"{path} has no column 'id'.", hint=f"The first column of {path.name} is the clip's id.")
    if not rows:
        raise DataError(f"{path} has no rows.")
    _refuse_bad_rows(path, rows)
    return rows


def _refuse_bad_rows(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    seen: set[str] = set()
    for line, row in enumerate(rows, start=2):
        if None in row:
            raise DataError(f"{path}, row {line}, has more cells than there are columns.")
        clip_id = row["id"]
        if not is_file_name(clip_id):
            raise DataError(f"{path}, row {line}: the id {clip_id!r} cannot be a file name.")
        if clip_id in seen:
            raise DataError(f"{path}, row {line}: the id {clip_id!r} is used twice.")
        seen.add(clip_id)


def is_file_name(text: str) -> bool:
    """Whether `text` is the name of a file in one folder: not empty, no separators, no way up."""
    return bool(text.strip()) and text not in {".", ".."} and not re.search(r"[/\\\x00]", text)


def write_rows(path: Path, rows: Iterable[Mapping[str, str]]) -> None:
    """Write a clips.csv whole or not at all; columns are those of all rows in the order they appear, `id` first."""
    rows = list(rows)
    columns = list(dict.fromkeys(["id", *(column for row in rows for column in row)]))
    write_whole(path, csv_text(columns, ([row.get(column) for column in columns] for row in rows)))


def read_picture(path: Path) -> NDArray[np.uint8]:
    """A picture file as (128, frames) uint8, band 0 lowest; raises DataError where it is missing or broken."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            values = np.asarray(image.convert("L") if image.mode != "L" else image, dtype=np.uint8)
    except FileNotFoundError:
        raise DataError(f"{path} is missing.") from None
    except (OSError, SyntaxError, ValueError) as reason:  # Pillow raises SyntaxError for some broken PNGs
        raise DataError(f"{path} is no picture that can be read.") from reason
    if values.shape[0] != PICTURE_BANDS:
        raise DataError(f"{path} is {values.shape[0]} rows high, where a picture has {PICTURE_BANDS}.")
    return np.ascontiguousarray(values[::-1])


def write_picture(path: Path, picture: NDArray[np.uint8]) -> None:
    """Write (128, frames) uint8, band 0 lowest, as a PNG: whole or not at all."""
    write_whole(path, png_of_picture(picture))


def png_of_picture(picture: NDArray[np.uint8]) -> bytes:
    """A picture file's content, from (128, frames) uint8, band 0 lowest."""
    from PIL import Image

    png = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture[::-1])).save(png, format="PNG")
    return png.getvalue()


def db_of_picture(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Values of any shape, uint8, as dB from -80 to 0, float32."""
    step_db, floor_db = np.float32(PICTURE_RANGE_DB / 255), np.float32(-PICTURE_RANGE_DB)
    db: NDArray[np.float32] = picture.astype(np.float32) * step_db + floor_db
    return db


def picture_of_db(db: NDArray[np.float32]) -> NDArray[np.uint8]:
    """DB under the maximum, any shape, as uint8 values: full 8-bit resolution, 0.31 dB a step."""
    values = np.rint((db + PICTURE_RANGE_DB) * (255 / PICTURE_RANGE_DB))
    picture: NDArray[np.uint8] = np.clip(values, 0, 255).astype(np.uint8)
    return picture
